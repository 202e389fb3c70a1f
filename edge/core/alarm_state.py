"""An alarm's life after ISA-18.2, as a table; what is configured, remembered and waited for.

*What a state says.* `unacknowledged` and `acknowledged` stand: their condition does. `returned` is over and nobody has
seen it (only codes that latch come here). `shelved` stands, and somebody has put it aside for a while;
`shelved_quiet` is put aside and does not stand, so that an alarm that comes and goes stays aside. A `normal` one is
not listed at all.

*Three rules.* Whoever shelves an alarm has seen it. A shelf that ends brings a standing alarm back as if it were new.
And an input without a cell means nothing there.

*Suppressed* is no state of its own: an alarm that follows from another one lives its own life, listed under its cause
while that stands (`edge.core.alarm_group`).

A transition names the record that it leaves, and `fold` leads from the state to the cell's next one by that record
alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from typing import Final

from contract.frozen import frozen
from contract.records import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmCode,
    AlarmRaised,
    AlarmShelved,
    AlarmUnshelved,
    Priority,
)
from edge.core.stamp import RecordedAt

MAX_STANDING_ALARMS = 64
MAX_SHELVED = 32

AlarmKey = tuple[AlarmCode, str]
AlarmRecord = AlarmRaised | AlarmCleared | AlarmAcknowledged | AlarmShelved | AlarmUnshelved


class AlarmState(StrEnum):
    """Where an alarm is in its life."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    SHELVED = "shelved"
    SHELVED_QUIET = "shelved_quiet"


class AlarmInput(Enum):
    """What happens to an alarm, delays and rights judged."""

    BEGINS = "condition stands"
    ENDS = "condition is over"
    ENDS_LATCHED = "condition is over, latching code"
    SEEN = "acknowledged"
    PUT_ASIDE = "shelved"
    BACK = "shelf ends"


@dataclass(frozen=True)
class AlarmTransition:
    next: AlarmState
    record: type[AlarmRecord] | None = None


TRANSITIONS: Final[dict[AlarmState, dict[AlarmInput, AlarmTransition]]] = {
    AlarmState.NORMAL: {
        AlarmInput.BEGINS: AlarmTransition(AlarmState.UNACKNOWLEDGED, AlarmRaised),
        AlarmInput.PUT_ASIDE: AlarmTransition(AlarmState.SHELVED_QUIET, AlarmShelved),
    },
    AlarmState.UNACKNOWLEDGED: {
        AlarmInput.ENDS: AlarmTransition(AlarmState.NORMAL, AlarmCleared),
        AlarmInput.ENDS_LATCHED: AlarmTransition(AlarmState.RETURNED, AlarmCleared),
        AlarmInput.SEEN: AlarmTransition(AlarmState.ACKNOWLEDGED, AlarmAcknowledged),
        AlarmInput.PUT_ASIDE: AlarmTransition(AlarmState.SHELVED, AlarmShelved),
    },
    AlarmState.ACKNOWLEDGED: {
        AlarmInput.ENDS: AlarmTransition(AlarmState.NORMAL, AlarmCleared),
        AlarmInput.ENDS_LATCHED: AlarmTransition(AlarmState.NORMAL, AlarmCleared),
        AlarmInput.PUT_ASIDE: AlarmTransition(AlarmState.SHELVED, AlarmShelved),
    },
    AlarmState.RETURNED: {
        AlarmInput.BEGINS: AlarmTransition(AlarmState.UNACKNOWLEDGED, AlarmRaised),
        AlarmInput.SEEN: AlarmTransition(AlarmState.NORMAL, AlarmAcknowledged),
        AlarmInput.PUT_ASIDE: AlarmTransition(AlarmState.SHELVED_QUIET, AlarmShelved),
    },
    AlarmState.SHELVED: {
        AlarmInput.ENDS: AlarmTransition(AlarmState.SHELVED_QUIET, AlarmCleared),
        AlarmInput.ENDS_LATCHED: AlarmTransition(AlarmState.SHELVED_QUIET, AlarmCleared),
        AlarmInput.PUT_ASIDE: AlarmTransition(AlarmState.SHELVED, AlarmShelved),
        AlarmInput.BACK: AlarmTransition(AlarmState.UNACKNOWLEDGED, AlarmUnshelved),
    },
    AlarmState.SHELVED_QUIET: {
        AlarmInput.BEGINS: AlarmTransition(AlarmState.SHELVED, AlarmRaised),
        AlarmInput.PUT_ASIDE: AlarmTransition(AlarmState.SHELVED_QUIET, AlarmShelved),
        AlarmInput.BACK: AlarmTransition(AlarmState.NORMAL, AlarmUnshelved),
    },
}


@frozen
class Condition:
    """What may be an alarm, as a machine sees it now. `stands` None: not known yet in this run, so that its alarm stays
    as the last run left it. `priority` None: that of its code."""

    code: AlarmCode
    source: str
    stands: bool | None
    detail: str = ""
    priority: Priority | None = None


@dataclass(frozen=True)
class AlarmConfig:
    """How alarms behave; the numbers for floods are those of EEMUA 191 and ISA-18.2.

    `longest_shelf_ms`: somebody looks again at least this often. `shelf_grace_ms`: how long a shelf of an earlier run
    lasts in one that does not know the time.
    """

    flood_alarms: int = 10
    """More than so many in `flood_ms` are a flood …"""
    flood_ms: int = 600_000
    flood_over_alarms: int = 5
    """… until there are fewer than these."""
    group_ms: int = 5_000
    """Of alarms that begin within so long of one another the first is marked."""
    longest_shelf_ms: int = 24 * 3_600_000
    shelf_grace_ms: int = 600_000

    def __post_init__(self) -> None:
        if not 0 < self.flood_over_alarms <= self.flood_alarms < MAX_STANDING_ALARMS:
            raise ValueError(
                f"flood_alarms = {self.flood_alarms}: must be at least flood_over_alarms = {self.flood_over_alarms}, "
                f"that at least 1, and below {MAX_STANDING_ALARMS}"
            )
        for name in ("flood_ms", "group_ms", "longest_shelf_ms", "shelf_grace_ms"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)}: must be above 0")


@dataclass(frozen=True)
class Alarm:
    """An alarm that is listed. `since_ms` is the time of its `alarm.raised`, wall time, and what an acknowledgement
    names."""

    code: AlarmCode
    source: str
    priority: Priority
    detail: str
    since_ms: int
    active: bool = True
    """Its condition stands."""
    acknowledged: bool = False
    acknowledged_by: str = ""
    shelved_until_ms: int | None = None
    """Wall time; None: not put aside."""
    shelved_boot: int = 0
    """The run in which it was put aside."""
    first_out: bool = False
    cause: str = ""
    """Of what it was a consequence when it was raised: `code/source` of another alarm."""

    @property
    def key(self) -> AlarmKey:
        return self.code, self.source

    @property
    def state(self) -> AlarmState:
        if self.shelved_until_ms is not None:
            return AlarmState.SHELVED if self.active else AlarmState.SHELVED_QUIET
        if not self.active:
            return AlarmState.RETURNED
        return AlarmState.ACKNOWLEDGED if self.acknowledged else AlarmState.UNACKNOWLEDGED


@dataclass(frozen=True)
class AlarmsNow:
    """Volatile. Moments are on the monotonic clock."""

    due_ms: Mapping[AlarmKey, int] = field(default_factory=dict)
    """When an alarm that waits for its delay begins or ends: which of both, says whether it stands."""
    shelf_ends_ms: Mapping[AlarmKey, int] = field(default_factory=dict)
    announced_ms: tuple[int, ...] = ()
    """When the latest alarms were raised that somebody was to notice, oldest first; as many as make a flood."""
    flood_ends_ms: int | None = None
    """When the flood is over if nothing more comes; None: there is none."""


def transition(state: AlarmState, what: AlarmInput) -> AlarmTransition:
    """The table's cell; an empty one keeps the state and records nothing."""
    return TRANSITIONS[state].get(what) or AlarmTransition(state)


def find(alarms: tuple[Alarm, ...], key: AlarmKey) -> Alarm | None:
    """The listed alarm of a key."""
    return next((alarm for alarm in alarms if alarm.key == key), None)


def state_of(alarms: tuple[Alarm, ...], key: AlarmKey) -> AlarmState:
    """Where the alarm of a key is in its life."""
    alarm = find(alarms, key)
    return AlarmState.NORMAL if alarm is None else alarm.state


def has_room(alarms: tuple[Alarm, ...]) -> bool:
    """Whether one more can be listed without one that stands giving way."""
    return len(alarms) < MAX_STANDING_ALARMS or not all(alarm.active for alarm in alarms)


def less_than(alarms: tuple[Alarm, ...], priority: Priority) -> Alarm | None:
    """The standing alarm that gives way to one of this priority where there is no room: the oldest of the least."""
    rank = list(Priority)
    least = max((alarm for alarm in alarms if alarm.active), key=lambda alarm: rank.index(alarm.priority), default=None)
    return least if least is not None and rank.index(least.priority) > rank.index(priority) else None


def fold(alarms: tuple[Alarm, ...], record: AlarmRecord, at: RecordedAt) -> tuple[Alarm, ...]:
    """The listed alarms after one more record. One that fits none of them changes nothing."""
    before = find(alarms, (record.code, record.source))
    others = tuple(alarm for alarm in alarms if alarm is not before)
    after: Alarm | None
    match record:
        case AlarmRaised():
            after = Alarm(
                code=record.code,
                source=record.source,
                priority=record.priority,
                detail=record.detail,
                since_ms=at.wall_ms,
                shelved_until_ms=None if before is None else before.shelved_until_ms,
                shelved_boot=0 if before is None else before.shelved_boot,
                first_out=record.first_out,
                cause=record.cause,
            )
        case AlarmCleared():
            stays = before is not None and (record.latched or before.shelved_until_ms is not None)
            after = replace(before, active=False) if before is not None and stays else None
        case AlarmAcknowledged():
            if before is None or record.raised_at_ms not in (None, before.since_ms):
                return alarms
            stays = before.active or before.shelved_until_ms is not None
            after = replace(before, acknowledged=True, acknowledged_by=record.by) if stays else None
        case AlarmShelved():
            listed = before or Alarm(record.code, record.source, Priority.LOW, "", at.wall_ms, active=False)
            seen = replace(listed, acknowledged=True, acknowledged_by=record.by)
            after = replace(seen, shelved_until_ms=record.until_ms, shelved_boot=at.boot)
        case _:
            after = None
            if before is not None and before.active:
                unseen = replace(before, acknowledged=False, acknowledged_by="")
                after = replace(unseen, shelved_until_ms=None, shelved_boot=0)
    if before is not None and after is not None and not isinstance(record, AlarmRaised):
        return tuple(after if alarm is before else alarm for alarm in alarms)
    return others if after is None else _listed(others, after)


def _listed(others: tuple[Alarm, ...], alarm: Alarm) -> tuple[Alarm, ...]:
    if len(others) < MAX_STANDING_ALARMS:
        return (*others, alarm)
    over = next((other for other in others if not other.active and other.shelved_until_ms is None), None)
    over = over or next((other for other in others if not other.active), None)
    if over is None:
        return others
    return (*(other for other in others if other is not over), alarm)
