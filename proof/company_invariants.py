"""Alarms in company: each under what it follows from, the first of a group marked, and a flood when nobody can hear.

Reckoned again from the records of a run and from tables that are written down here once more. An alarm *calls* when
somebody is to notice it: it follows from nothing, and nobody has put it aside. What has called is forgotten with the
run, as the station forgets it.
"""

from collections import deque
from typing import TYPE_CHECKING, Final

from contract.records import AlarmCode, AlarmRaised, Priority
from edge.core import events
from edge.core.state import Alarm, StationState
from edge.core.view import alarm_views
from proof.require import require

if TYPE_CHECKING:
    from proof.life import Life

FLOOD: Final = "alarm_flood/station"
FLOOD_MS: Final = 600_000
BEGINS_WITH: Final = 11
"""So many calls in ten minutes are more than anybody can take in …"""
LASTS_WITH: Final = 5
"""… until there are fewer than these."""
GROUP_MS: Final = 5_000
SETTLE_MS: Final = 150
FOLLOWS_FROM: Final[dict[AlarmCode, tuple[str, ...]]] = {
    AlarmCode.SENSOR_OFFLINE: ("mains_lost/station", "child_restarting/sensors"),
    AlarmCode.READER_OFFLINE: ("mains_lost/station", "child_restarting/reader"),
    AlarmCode.UPLINK_DOWN: ("mains_lost/station", "child_restarting/uplink"),
    AlarmCode.LOAD_FAULT: ("mains_lost/station", "gpio_lost/gpio"),
    AlarmCode.CABINET_OFFLINE: ("mains_lost/station", "child_restarting/cabinet"),
    AlarmCode.CONTACT_IMPLAUSIBLE: ("gpio_lost/gpio",),
    AlarmCode.LOCK_FAULT: ("gpio_lost/gpio",),
    AlarmCode.TOO_HOT: ("fire/fire", "smoke/air-1"),
}
"""What takes each of these along with it."""


class CompanyTruth:
    """When alarms called in this run; those since the controller last stood still have moments that are sure."""

    def __init__(self) -> None:
        self.called_ms: deque[int] = deque(maxlen=BEGINS_WITH)
        self._run = 0

    def of_run(self, run: int) -> deque[int]:
        if run != self._run:
            self._run = run
            self.called_ms.clear()
        return self.called_ms


def raised_in_its_place(life: "Life", event: events.Event, before: StationState, record: AlarmRaised) -> None:
    """What it follows from is said with it, and whether it is the first of its group."""
    name, now_ms = f"{record.code}/{record.source}", life.timeline.now_ms
    if name == FLOOD:
        require(not (record.cause or record.first_out), "each_alarm_under_its_cause", f"{record}")
        return
    listed = before.durable.alarms
    standing = {f"{alarm.code}/{alarm.source}" for alarm in listed if alarm.active}
    causes = [cause for cause in FOLLOWS_FROM.get(record.code, ()) if cause in standing]
    if record.cause == FLOOD:
        hidden = record.priority is Priority.LOW and FLOOD in standing and not causes
        require(hidden, "a_flood_hides_only_what_can_wait", f"{record}")
    elif record.priority is not Priority.LOW or FLOOD not in standing or causes:
        said = record.cause in causes if causes else not record.cause
        require(said, "each_alarm_under_its_cause", f"{name} under {record.cause!r}, and {sorted(standing)} stand")
    else:
        sure = now_ms == life.shell.stalled_ms or len(_lately(life, now_ms + SETTLE_MS)) < LASTS_WITH
        require(sure, "a_flood_hides_only_what_can_wait", f"{record} calls in a flood")
    calls = not record.cause and not _is_aside(listed, record)
    if _is_clear(life, GROUP_MS):
        called_ms = life.company.of_run(life.shell.run)
        for_ms = now_ms - called_ms[-1] if called_ms else GROUP_MS + 1
        first = calls and for_ms > GROUP_MS
        require(record.first_out == first, "the_first_of_a_group_is_marked", f"{record}, {for_ms} ms after the last")
    if calls:
        life.company.of_run(life.shell.run).append(now_ms)


def _is_aside(listed: tuple[Alarm, ...], record: AlarmRaised) -> bool:
    key = record.code, record.source
    return any(alarm.shelved_until_ms is not None for alarm in listed if alarm.key == key)


def _is_clear(life: "Life", for_ms: int) -> bool:
    """Whether the moments of the last while are those of the core: after a stall it lives through what was due."""
    return life.timeline.now_ms - life.shell.stalled_ms > for_ms


def _lately(life: "Life", now_ms: int) -> list[int]:
    return [moment for moment in life.company.of_run(life.shell.run) if moment > now_ms - FLOOD_MS]


def company_is_right(life: "Life", state: StationState) -> None:
    """Every two minutes: the flood stands while it lasts, and everything is listed under what it follows from."""
    alarms = state.durable.alarms
    if _is_clear(life, FLOOD_MS + SETTLE_MS):
        now_ms = life.timeline.now_ms
        flooded = any(alarm.code is AlarmCode.ALARM_FLOOD and alarm.active for alarm in alarms)
        lately = len(_lately(life, now_ms))
        must = lately >= BEGINS_WITH and len(_lately(life, now_ms + SETTLE_MS)) >= BEGINS_WITH
        may = lately >= LASTS_WITH or len(_lately(life, now_ms - SETTLE_MS)) >= LASTS_WITH
        require(flooded or not must, "a_flood_is_told", f"{lately} alarms in ten minutes, and no flood")
        require(may or not flooded, "a_flood_is_told", f"a flood, of {lately} alarms in ten minutes")
    if any(alarm.active and (alarm.cause or alarm.code in FOLLOWS_FROM) for alarm in alarms):
        _each_is_listed_under_its_cause(state)


def _each_is_listed_under_its_cause(state: StationState) -> None:
    """Exactly while that stands."""
    standing = {f"{alarm.code}/{alarm.source}" for alarm in state.durable.alarms if alarm.active}
    raised_under = {alarm.key: alarm.cause for alarm in state.durable.alarms}
    for shown in alarm_views(state):
        causes = {cause for cause in FOLLOWS_FROM.get(shown.code, ()) if cause in standing}
        causes |= {raised_under[shown.code, shown.source]} & standing
        right = shown.suppressed_by in causes if causes and shown.active else shown.suppressed_by is None
        require(
            right, "each_alarm_under_its_cause", f"{shown.code} under {shown.suppressed_by}, {sorted(causes)} stand"
        )
