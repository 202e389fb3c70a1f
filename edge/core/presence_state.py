"""People inside and before the door, as sensors tell: what is configured, remembered and known now.

The machines are in `presence` (how many), `welfare` (is somebody in need) and `loitering`.
"""

from dataclasses import dataclass

from contract.ids import SensorId
from contract.records import OccupancyCorrected, StationBooted, WelfareAnswered, WelfareAsked
from edge.core.stamp import RecordedAt


@dataclass(frozen=True)
class PresenceConfig:
    """`radars` are those inside that see the whole room together. Times in milliseconds."""

    radars: tuple[SensorId, ...] = ()


@dataclass(frozen=True)
class PresenceMemory:
    """Durable."""

    welfare_asked: bool = False
    """The screen asks whether all is well, and nobody has answered yet."""


@dataclass(frozen=True)
class PresenceNow:
    """Volatile."""


def fold(
    memory: PresenceMemory, record: OccupancyCorrected | WelfareAsked | WelfareAnswered | StationBooted, at: RecordedAt
) -> PresenceMemory:
    """What is remembered after one more record."""
    return memory
