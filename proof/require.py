"""The one way in which an invariant says that it does not hold."""


class Broken(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant
        self.detail = detail


def require(holds: bool, invariant: str, detail: str) -> None:
    """Raise `Broken` unless it holds. `detail` is for whoever reads the failure."""
    if not holds:
        raise Broken(invariant, detail)
