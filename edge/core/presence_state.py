"""People inside and before the door, as sensors tell: what is configured, remembered and known now.

The machines are in `doorway` (who went through), `presence` (how many are inside), `welfare` (is somebody in need)
and `loitering` (does somebody hang about before the door).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from contract.ids import MemberId, SensorId
from contract.policy.schedule import Interval
from contract.records import OccupancyCorrected, StationBooted, WelfareAnswered, WelfareAsked
from edge.core.beams import Place
from edge.core.changed import changed
from edge.core.stamp import RecordedAt

MAX_RADARS: Final = 8
MOST_MS: Final = 24 * 3_600_000


@dataclass(frozen=True)
class PresenceConfig:
    """`radars` are those inside that see the whole room together. Times in milliseconds."""

    radars: tuple[SensorId, ...] = ()
    radar_silent_ms: int = 5_000
    """A radar that has said nothing for so long is not believed any more; it reports once a second."""
    empty_after_ms: int = 60_000
    """Nobody seen by any radar for so long: nobody is inside."""
    unproved_empty_after_ms: int = 300_000
    """The same for radars that have not shown since the last entry that they see."""
    occupied_after_ms: int = 10_000
    """Somebody seen for so long where nobody should be: somebody is inside."""
    motion_stuck_ms: int = 240_000
    """A motion sensor that says so without a break, while radars see nobody, is stuck."""
    beam_settle_ms: int = 20
    """A beam's level is believed once it has been stable for so long."""
    beam_stuck_ms: int = 60_000
    """Somebody in an open door way for so long: rather a thing in front of a beam."""
    movement_ms: int = 2_000
    """A radar's "moving" for so long is movement; shorter, it may be a curtain or a sleeper's sigh."""
    welfare_still_ms: int = 45 * 60_000
    """Somebody inside has not moved for so long: ask. 0: never."""
    welfare_night_still_ms: int = 120 * 60_000
    """The same at night, when people sleep."""
    night: Interval = field(default_factory=lambda: Interval(22 * 60, 6 * 60))
    welfare_answer_ms: int = 120_000
    """Nobody has answered for so long: call for help."""
    loitering_ms: int = 180_000
    """Somebody has been before the closed door for so long. 0: that is nobody's business."""
    loitering_gap_ms: int = 20_000
    """Out of sight for so long, somebody has gone."""

    def __post_init__(self) -> None:
        if len(self.radars) > MAX_RADARS or len(set(self.radars)) != len(self.radars):
            raise ValueError(f"radars: at most {MAX_RADARS}, each named once")
        for name, value in vars(self).items():
            if name.endswith("_ms"):
                least = 0 if name in ("welfare_still_ms", "welfare_night_still_ms", "loitering_ms") else 1
                if not least <= value <= MOST_MS:
                    raise ValueError(f"{name} = {value}: must be {least} to {MOST_MS}")
        if self.unproved_empty_after_ms < self.empty_after_ms:
            raise ValueError("unproved_empty_after_ms must be at least empty_after_ms")
        if (self.welfare_still_ms == 0) != (self.welfare_night_still_ms == 0):
            raise ValueError("welfare_still_ms and welfare_night_still_ms are both 0 (never ask) or both not")
        if 0 < self.loitering_ms <= self.loitering_gap_ms:
            raise ValueError("loitering_ms must be above loitering_gap_ms: whoever passes by would loiter")


# ---------------------------------------------------------------- durable


@dataclass(frozen=True)
class PresenceMemory:
    """Durable."""

    welfare_asked: bool = False
    """The screen asks whether all is well, and nobody has answered yet."""


def fold(
    memory: PresenceMemory, record: OccupancyCorrected | WelfareAsked | WelfareAnswered | StationBooted, at: RecordedAt
) -> PresenceMemory:
    """What is remembered after one more record."""
    match record:
        case WelfareAsked():
            return changed(memory, welfare_asked=True)
        case WelfareAnswered():
            return changed(memory, welfare_asked=False)
        case _:
            return memory


# ---------------------------------------------------------------- volatile


@dataclass(frozen=True)
class Beam:
    """One beam: `broken` as believed, `raw` as last told. None: not known."""

    broken: bool | None = None
    raw: bool | None = None
    settles_at_ms: int | None = None


@dataclass(frozen=True)
class Opening:
    """What has been seen since the door opened, until it has been closed for a while."""

    moved: bool = False
    """A beam has been broken."""
    passed: int = 0
    guessed: int = 0
    """People who had reason to go through, as the door alone would count them."""
    let_in: tuple[MemberId, ...] = ()
    ends_at_ms: int | None = None
    """None while the door is open."""


@dataclass(frozen=True)
class DoorwayNow:
    """The door way with its beams. `…_at_ms` are moments at which something is due."""

    outer: Beam = field(default_factory=Beam)
    inner: Beam = field(default_factory=Beam)
    place: Place = Place.BLIND
    inward: bool = True
    """Whoever is in the door way came from outside."""
    gap_over_at_ms: int | None = None
    stuck_at_ms: int | None = None
    door_was_open: bool = False
    """The door has been open (or nobody could tell) while whoever is in the door way was in it."""
    door_was_released: bool = False
    opening: Opening | None = None


class Room(StrEnum):
    """What the sensors inside see."""

    UNKNOWN = "unknown"
    EMPTY = "empty"
    SOMEBODY = "somebody"


@dataclass(frozen=True)
class RadarReport:
    moving: bool
    still: bool
    at_ms: int


@dataclass(frozen=True)
class RoomNow:
    """What is seen inside. `radars` has those that are heard; `…_since_ms` says since when something is so."""

    radars: Mapping[SensorId, RadarReport] = field(default_factory=dict)
    silent_at_ms: int | None = None
    """When the radar that was heard longest ago is not believed any more."""
    motion_since_ms: int | None = None
    """None: the motion sensor inside rests, or there is none."""
    motion_stuck: bool = False
    seen: Room = Room.UNKNOWN
    quiet_since_ms: int = 0
    """Since when `seen` is so and neither door nor beams have moved."""
    proved: bool = False
    """The radars have seen somebody since the last entry of this run: they are not blind."""
    moving_since_ms: int | None = None
    """Since when a radar has seen movement without a break."""
    moved: bool = False
    """… which has lasted for long enough to be believed."""
    settles_at_ms: int | None = None
    """When movement or a motion sensor will have lasted for long enough to be something else."""


@dataclass(frozen=True)
class WelfareNow:
    """`still_since_ms`: when somebody inside was last seen to move, or looked for the first time."""

    still_since_ms: int | None = None
    due_at_ms: int | None = None
    answer_due_at_ms: int | None = None
    unanswered: bool = False


@dataclass(frozen=True)
class OutsideNow:
    """Before the closed door. `motion`: the sensor there sees somebody now."""

    motion: bool = False
    since_ms: int | None = None
    gone_at_ms: int | None = None
    """Somebody was there a moment ago; at this moment he has gone."""
    due_at_ms: int | None = None
    loiters: bool = False


@dataclass(frozen=True)
class PresenceNow:
    """Volatile."""

    doorway: DoorwayNow = field(default_factory=DoorwayNow)
    room: RoomNow = field(default_factory=RoomNow)
    correct_at_ms: int | None = None
    """When the count will have been wrong for long enough to be corrected."""
    welfare: WelfareNow = field(default_factory=WelfareNow)
    outside: OutsideNow = field(default_factory=OutsideNow)
