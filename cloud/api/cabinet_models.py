"""What the API says of a station's swap cabinet beside its live picture (`contract.cabinet_parts.CabinetState`).

Codes are those of `contract.records.swap_codes`; one that a newer station says is passed on as it is.
"""

from pydantic import BaseModel, ConfigDict


class CabinetModel(BaseModel):
    model_config = ConfigDict(frozen=True)


class SwapShown(CabinetModel):
    """A swap that has ended. `battery_in` and `battery_out` are what has really moved."""

    swap: int
    ended_at_ms: int
    duration_ms: int
    member: str
    member_name: str | None
    kind: str
    outcome: str
    battery_in: str | None
    battery_out: str | None


class ClaimShown(CabinetModel):
    """A battery that this station owes to a member, who may take it at any station."""

    claim: int
    member: str
    member_name: str | None
    why: str
    """The outcome of the swap that has led to it."""
    granted_at_ms: int


class BatteryOut(CabinetModel):
    """A battery that was given out here, and is with the member as far as anybody knows."""

    battery: str
    member: str
    member_name: str | None
    since_ms: int


class CabinetPage(CabinetModel):
    """Each list the newest first."""

    swaps: list[SwapShown]
    claims: list[ClaimShown]
    out: list[BatteryOut]
    out_count: int
    """All of them; `out` is the newest."""
