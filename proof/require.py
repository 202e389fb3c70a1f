"""The one way in which an invariant says that it does not hold."""


class Broken(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant
        self.detail = detail

    def __reduce__(self) -> tuple[type["Broken"], tuple[str, str]]:
        """Lives may be lived in processes of their own, and what broke comes back from there."""
        return Broken, (self.invariant, self.detail)


def require(holds: bool, invariant: str, detail: str) -> None:
    """Raise `Broken` unless it holds. `detail` is for whoever reads the failure."""
    if not holds:
        raise Broken(invariant, detail)
