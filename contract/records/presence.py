"""Who is inside, as far as the door and the sensors tell."""

from typing import ClassVar

from contract.frozen import frozen


@frozen
class OccupancyChanged:
    KIND: ClassVar[str] = "occupancy.changed"
    people: int
    sure: bool
    cause: str
    confidence_percent: int | None = None
    """How far the count is to be believed: 100 an empty room was seen, 95 counted by beams, 85 by the door alone, 50 or
    less in doubt; a count is sure from 85 upwards. None: written before this was told."""


@frozen
class OccupancyCorrected:
    """The sensors have shown that the count was wrong. `evidence` names what did (`radar_empty`, …)."""

    KIND: ClassVar[str] = "occupancy.corrected"
    previous: int
    people: int
    sure: bool
    evidence: str
    confidence_percent: int | None = None


@frozen
class WelfareAsked:
    """Somebody inside has not moved for so long that the screen asks whether all is well."""

    KIND: ClassVar[str] = "welfare.asked"
    still_ms: int


@frozen
class WelfareAnswered:
    """`how`: `screen`, `motion`, `left`, or `attended` by somebody who looked."""

    KIND: ClassVar[str] = "welfare.answered"
    how: str
