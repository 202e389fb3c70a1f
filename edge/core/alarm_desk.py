"""What people do about alarms: acknowledge and shelve them, at the station or from the cloud.

Both sides may say the same; the first counts, by its record, and what says nothing new leaves none. An acknowledgement
names the occurrence that it is about by the time at which that was raised, so one that comes late never takes an alarm
that nobody has seen.
"""

from typing import Final

from contract.records import LIFE_SAFETY, AlarmAcknowledged, AlarmShelved, AlarmUnshelved, MessageRefused
from edge.core import shelves
from edge.core.alarm_codes import TOLD_ONCE
from edge.core.alarm_state import (
    MAX_SHELVED,
    AlarmInput,
    AlarmKey,
    find,
    has_room,
    state_of,
    transition,
)
from edge.core.alarm_watch import known
from edge.core.changed import changed
from edge.core.events import AlarmAside, AlarmSeen
from edge.core.turn import Turn

MAX_BY_CHARACTERS: Final = 64
MAX_REASON_CHARACTERS: Final = 200
SLACK_MS: Final = 60_000
"""A shelf may be longer by this than the longest: two clocks and the way between them."""


def seen(turn: Turn, seen: AlarmSeen) -> None:
    """Somebody has seen an alarm."""
    alarm = find(turn.durable.alarms, (seen.code, seen.source))
    if alarm is None or alarm.since_ms != seen.raised_at_ms:
        return
    if transition(alarm.state, AlarmInput.SEEN).record is None:
        return
    turn.record(AlarmAcknowledged(seen.code, seen.source, seen.by[:MAX_BY_CHARACTERS], seen.raised_at_ms))
    if seen.code in TOLD_ONCE:
        turn.set_parts(**TOLD_ONCE[seen.code])


def put_aside(turn: Turn, aside: AlarmAside, *, topic: str = "console") -> None:
    """Somebody shelves an alarm, or takes it back. What cannot be shelved is refused; `topic` says who had asked."""
    key = aside.code, aside.source
    alarm = find(turn.durable.alarms, key)
    if aside.for_ms is None:
        until_ms, left_ms = aside.until_ms, shelves.left_ms(turn, aside.until_ms)
    else:
        until_ms, left_ms = turn.now.wall_ms + aside.for_ms, aside.for_ms
    if left_ms <= 0:
        if transition(state_of(turn.durable.alarms, key), AlarmInput.BACK).record is not None:
            turn.record(AlarmUnshelved(*key, shelves.TAKEN_BACK))
        return
    if alarm is not None and alarm.shelved_until_ms == until_ms:
        return
    trouble = _trouble(turn, key, left_ms)
    if trouble:
        said = f"{aside.code}/{aside.source} is not shelved: {trouble}"
        turn.record(MessageRefused(topic, said[:MAX_REASON_CHARACTERS]))
        return
    turn.record(AlarmShelved(*key, until_ms, aside.by[:MAX_BY_CHARACTERS], aside.reason[:MAX_REASON_CHARACTERS]))
    ends_ms = turn.mono_ms + min(left_ms, turn.config.alarms.longest_shelf_ms)
    now = turn.volatile.alarms
    turn.set_volatile(alarms=changed(now, shelf_ends_ms={**now.shelf_ends_ms, key: ends_ms}))


def _trouble(turn: Turn, key: AlarmKey, left_ms: int) -> str:
    """Why an alarm cannot be put aside; empty: it can."""
    alarms, longest_ms = turn.durable.alarms, turn.config.alarms.longest_shelf_ms
    alarm = find(alarms, key)
    if key[0] in LIFE_SAFETY:
        return "a life may hang on it"
    if turn.now.clock_trusted and left_ms > longest_ms + SLACK_MS:
        return f"no longer than {longest_ms // 60_000} minutes at a time"
    shelved = [each for each in alarms if each.shelved_until_ms is not None and each is not alarm]
    if len(shelved) >= MAX_SHELVED:
        return f"{MAX_SHELVED} are already"
    if alarm is None and not has_room(alarms):
        return "too many alarms stand"
    if alarm is None and key not in known(turn.config, turn.state):
        return "the station has no such alarm"
    return ""
