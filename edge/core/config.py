"""The part of a station's configuration that its decisions depend on. Built from the TOML model by the shell."""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum

from contract.ids import NodeId, ReaderId, StationId
from contract.policy.model import ANTIPASSBACK_FORGET_MS, STALE_AFTER_MS, Antipassback
from contract.policy.plan import PosturePlan
from contract.records import Direction, Posture
from edge.core.alarm_state import AlarmConfig
from edge.core.cabinet.config import CabinetConfig
from edge.core.environment_state import EnvironmentConfig
from edge.core.load_state import LoadsConfig
from edge.core.pin_state import PinConfig
from edge.core.presence_state import PresenceConfig
from edge.core.supervision_state import SupervisionConfig

MAX_READERS = 16
MAX_NODES = 16
DEBOUNCE_RANGE_MS = (10, 50)
"""A contact pulse of 10 ms is never taken for a movement, one of 50 ms always."""


class RelockOn(StrEnum):
    """When a release ends early: as the door opens (the bolt may drop behind the strike), or only as it closes."""

    OPEN = "open"
    CLOSE = "close"


class LockKind(StrEnum):
    """What the lock does without power."""

    FAIL_SAFE = "fail_safe"
    FAIL_SECURE = "fail_secure"


class ExitAction(StrEnum):
    """What the exit button means to the controller: let go, or only that the next opening is no forced entry."""

    RELEASE = "release"
    SHUNT = "shunt"


@dataclass(frozen=True)
class DoorConfig:
    """Times of the door in milliseconds, and how it is built."""

    release_ms: int = 5_000
    extended_release_ms: int = 15_000
    held_pre_alarm_ms: int = 20_000
    held_ms: int = 30_000
    held_long_after_ms: int = 60_000
    """A door held for this long after its alarm is one whose buzzer no longer lets up."""
    relock_on: RelockOn = RelockOn.OPEN
    lock_kind: LockKind = LockKind.FAIL_SAFE
    exit_action: ExitAction = ExitAction.RELEASE
    bounce_ms: int = 30
    release_grace_ms: int = 1_000
    """An opening this soon after a relock is a late hand, not a forced entry."""

    def __post_init__(self) -> None:
        least, most = DEBOUNCE_RANGE_MS
        if not least < self.bounce_ms < most:
            raise ValueError(f"bounce_ms = {self.bounce_ms}: must be above {least} and below {most}")
        if not 0 < self.release_ms <= self.extended_release_ms:
            raise ValueError(
                f"release_ms = {self.release_ms}: must be above 0 and at most "
                f"extended_release_ms = {self.extended_release_ms}"
            )
        if not 0 < self.held_pre_alarm_ms <= self.held_ms:
            raise ValueError(
                f"held_pre_alarm_ms = {self.held_pre_alarm_ms}: must be above 0 and at most held_ms = {self.held_ms}"
            )
        if self.held_long_after_ms < 1:
            raise ValueError(f"held_long_after_ms = {self.held_long_after_ms}: must be above 0")
        if self.release_grace_ms < 0:
            raise ValueError(f"release_grace_ms = {self.release_grace_ms}: must not be negative")


@dataclass(frozen=True)
class AccessConfig:
    """`capacity` None: no limit. `strict_clock`, `antipassback…`: see `contract.policy.model.Request`."""

    capacity: int | None = None
    strict_clock: bool = False
    stale_after_ms: int = STALE_AFTER_MS
    antipassback: Antipassback = Antipassback.OFF
    antipassback_forget_ms: int = ANTIPASSBACK_FORGET_MS

    def __post_init__(self) -> None:
        if self.capacity is not None and self.capacity < 1:
            raise ValueError(f"capacity = {self.capacity}: must be at least 1")
        if self.antipassback_forget_ms < 1:
            raise ValueError(f"antipassback_forget_ms = {self.antipassback_forget_ms}: must be above 0")


@dataclass(frozen=True)
class StationConfig:
    """`nodes` are the station's organisation node and its ancestors, whose rosters it follows."""

    station_id: StationId
    readers: tuple[ReaderId, ...]
    nodes: tuple[NodeId, ...] = ()
    door: DoorConfig = field(default_factory=DoorConfig)
    access: AccessConfig = field(default_factory=AccessConfig)
    timezone: tzinfo = UTC
    usual_posture: Posture = Posture.SECURE
    """Followed while the cloud wants nothing else and the plan says nothing."""
    plan: PosturePlan = field(default_factory=PosturePlan)
    readers_out: frozenset[ReaderId] = frozenset()
    """Those of `readers` that lead out; the others lead in."""
    pins: PinConfig = field(default_factory=PinConfig)
    presence: PresenceConfig = field(default_factory=PresenceConfig)
    environment: EnvironmentConfig = field(default_factory=EnvironmentConfig)
    loads: LoadsConfig = field(default_factory=LoadsConfig)
    supervision: SupervisionConfig = field(default_factory=SupervisionConfig)
    alarms: AlarmConfig = field(default_factory=AlarmConfig)
    cabinet: CabinetConfig = field(default_factory=CabinetConfig)

    def __post_init__(self) -> None:
        if len(self.readers) > MAX_READERS or len(set(self.readers)) != len(self.readers):
            raise ValueError(f"readers: at most {MAX_READERS}, each named once")
        if len(self.nodes) > MAX_NODES or len(set(self.nodes)) != len(self.nodes):
            raise ValueError(f"nodes: at most {MAX_NODES}, each named once")
        if not self.readers_out <= set(self.readers):
            raise ValueError(f"readers_out: {', '.join(sorted(self.readers_out - set(self.readers)))} is no reader")
        if not self.pins.keypads <= set(self.readers):
            raise ValueError(f"keypads: {', '.join(sorted(self.pins.keypads - set(self.readers)))} is no reader")
        if self.cabinet.reader is not None and self.cabinet.reader not in self.readers:
            raise ValueError(f"cabinet: {self.cabinet.reader} is no reader")
        if self.access.antipassback is Antipassback.HARD and not self.readers_out:
            raise ValueError("antipassback hard without a reader that leads out would let every member in only once")

    def direction(self, reader: ReaderId) -> Direction:
        """Which way a reader leads."""
        return Direction.OUT if reader in self.readers_out else Direction.IN
