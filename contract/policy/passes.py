"""A visit pass shown as a QR code, once its signature holds (`contract.passes`): whom it makes its holder.

Plain values, so that a station's decision needs no cryptography. A pass names nobody: its holder is the member
`pass:…`, who exists for this station only, and for as long as the pass says.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from contract.ids import MemberId, NodeId, StationId
from contract.policy.model import Member

MAX_VALID_MS: Final = 24 * 3_600_000
MAX_STATIONS: Final = 4
HOLDER: Final = "pass:"
LATEST_MS: Final = 2**53


@dataclass(frozen=True)
class VisitPass:
    """For some `stations`, or for all below a `node`. Times are Unix milliseconds, the end not included. `once`:
    for one entry at each of them, because stations do not ask each other.

    Raises:
        ValueError: not a pass that may be issued; the message says why.
    """

    id: str
    valid_from_ms: int
    valid_until_ms: int
    stations: tuple[StationId, ...] = ()
    node: NodeId | None = None
    once: bool = True

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Za-z0-9_-]{8,32}", self.id):
            raise ValueError("a pass's id is 8 to 32 letters, digits, - or _")
        if bool(self.stations) == (self.node is not None):
            raise ValueError("a pass is either for stations or for a node")
        if len(self.stations) > MAX_STATIONS:
            raise ValueError(f"a pass for {len(self.stations)} stations; at most {MAX_STATIONS} fit into the code")
        if any(not re.fullmatch("[a-z0-9-]{1,64}", station) for station in self.stations):
            raise ValueError("a station's id is 1 to 64 of a–z, 0–9 and -")
        if self.node is not None and not 1 <= len(self.node) <= 64:
            raise ValueError("a node's id has 1 to 64 characters")
        if not 0 <= self.valid_from_ms < self.valid_until_ms < LATEST_MS:
            raise ValueError("a pass ends after it begins")
        if self.valid_until_ms - self.valid_from_ms > MAX_VALID_MS:
            raise ValueError("a pass is valid for at most 24 hours")


def holder(shown: VisitPass, station: StationId, nodes: Collection[NodeId]) -> Member:
    """The member that a pass makes of its holder at a station, which belongs to `nodes`."""
    here = station in shown.stations or shown.node in nodes
    return Member(
        id=MemberId(f"{HOLDER}{shown.id}"),
        valid_from_ms=shown.valid_from_ms,
        valid_until_ms=shown.valid_until_ms,
        stations=frozenset({station}) if here else frozenset(),
        once=shown.once,
        by_pass=True,
    )
