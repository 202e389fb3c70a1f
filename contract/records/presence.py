"""Who is inside, as far as the door and the sensors tell."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class OccupancyChanged:
    KIND: ClassVar[str] = "occupancy.changed"
    people: int
    sure: bool
    cause: str


@dataclass(frozen=True)
class OccupancyCorrected:
    """The sensors have shown that the count was wrong. `evidence` names what did (`radar_empty`, …)."""

    KIND: ClassVar[str] = "occupancy.corrected"
    previous: int
    people: int
    sure: bool
    evidence: str


@dataclass(frozen=True)
class WelfareAsked:
    """Somebody inside has not moved for so long that the screen asks whether all is well."""

    KIND: ClassVar[str] = "welfare.asked"
    still_ms: int


@dataclass(frozen=True)
class WelfareAnswered:
    """`how`: `screen`, `motion`, `left`, or `attended` by somebody who looked."""

    KIND: ClassVar[str] = "welfare.answered"
    how: str
