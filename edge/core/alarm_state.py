"""Alarms: what is configured and remembered. The machine is in `alarms`."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
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
    """How alarms behave."""


@dataclass(frozen=True)
class Condition:
    """What may be an alarm, as the state knows it. `stands` None: not known yet in this run."""

    code: AlarmCode
    source: str
    stands: bool | None
    detail: str = ""


@dataclass(frozen=True)
class Alarm:
    """An alarm that stands. `since_ms` is wall time."""

    code: AlarmCode
    source: str
    priority: Priority
    detail: str
    since_ms: int


def fold(
    alarms: tuple[Alarm, ...],
    record: AlarmRaised | AlarmCleared | AlarmAcknowledged | AlarmShelved | AlarmUnshelved,
    at: RecordedAt,
) -> tuple[Alarm, ...]:
    """The standing alarms after one more record."""
    others = tuple(alarm for alarm in alarms if (alarm.code, alarm.source) != (record.code, record.source))
    if isinstance(record, AlarmCleared):
        return others
    if not isinstance(record, AlarmRaised):
        return alarms
    if len(others) >= MAX_STANDING_ALARMS:
        return others
    return (*others, Alarm(record.code, record.source, record.priority, record.detail, at.wall_ms))
