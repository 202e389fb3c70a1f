"""Alarms in company: which follows from which, which came first, and when there are too many.

*Cause.* An alarm is suppressed while what it follows from stands. It follows from what it was raised under, and from
whatever the table of consequences names, also when the cause shows itself later than its consequence.

*Flood.* More alarms than a person can take in call nobody, because nobody can hear. After EEMUA 191 and ISA-18.2 more
than ten in ten minutes are a flood, which lasts until there are fewer than five. While it lasts, what is of low
priority is raised under it: recorded, listed, counted, and silent.

*First-out.* When several begin together, the first tells what set off the others.
"""

from typing import Final

from contract.records import AlarmCode, Priority
from edge.core.alarm_codes import CONSEQUENCES
from edge.core.alarm_state import Alarm, AlarmConfig, AlarmKey, AlarmsNow, find

FLOOD: Final[AlarmKey] = (AlarmCode.ALARM_FLOOD, "station")


def name_of(key: AlarmKey) -> str:
    """As records and the state message write it."""
    return "/".join(key)


def suppressed_by(alarm: Alarm, alarms: tuple[Alarm, ...]) -> str:
    """The standing alarm beneath which this one is listed, as `code/source`; empty: none."""
    if not alarm.active:
        return ""
    if alarm.cause and any(other.active and name_of(other.key) == alarm.cause for other in alarms):
        return alarm.cause
    return cause_of(alarm.code, alarms)


def cause_of(code: AlarmCode, alarms: tuple[Alarm, ...]) -> str:
    """What an alarm of a code follows from, by the table of consequences."""
    for rule in CONSEQUENCES:
        if code in rule.codes:
            for other in alarms:
                if other.active and other.code is rule.cause and rule.source in (None, other.source):
                    return name_of(other.key)
    return ""


def is_flooded(config: AlarmConfig, now: AlarmsNow, alarms: tuple[Alarm, ...], mono_ms: int) -> bool:
    """Whether too many have come lately."""
    flood = find(alarms, FLOOD)
    enough = config.flood_over_alarms if flood is not None and flood.active else config.flood_alarms + 1
    return len(_lately(config, now, mono_ms)) >= enough


def flood_ends_ms(config: AlarmConfig, now: AlarmsNow) -> int | None:
    """When a flood that lasts will be over, if nothing more comes."""
    if len(now.announced_ms) < config.flood_over_alarms:
        return None
    return now.announced_ms[-config.flood_over_alarms] + config.flood_ms


def cause_when_raised(
    config: AlarmConfig, now: AlarmsNow, alarms: tuple[Alarm, ...], code: AlarmCode, priority: Priority, mono_ms: int
) -> str:
    """What an alarm that is about to be raised is recorded under; empty: nothing."""
    cause = cause_of(code, alarms)
    if not cause and priority is Priority.LOW and is_flooded(config, now, alarms, mono_ms):
        return name_of(FLOOD)
    return cause


def announced(config: AlarmConfig, now: AlarmsNow, mono_ms: int) -> tuple[int, ...]:
    """The moments to remember after one more alarm that somebody is to notice."""
    return (*_lately(config, now, mono_ms), mono_ms)[-(config.flood_alarms + 1) :]


def is_first_out(config: AlarmConfig, now: AlarmsNow, mono_ms: int) -> bool:
    """Whether an alarm raised now is the first of its group."""
    return not now.announced_ms or mono_ms - now.announced_ms[-1] > config.group_ms


def _lately(config: AlarmConfig, now: AlarmsNow, mono_ms: int) -> tuple[int, ...]:
    return tuple(moment for moment in now.announced_ms if moment > mono_ms - config.flood_ms)
