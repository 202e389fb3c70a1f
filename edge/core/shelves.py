"""Alarms put aside, and that each of them comes back.

A shelf ends at the wall time that it was given, by a clock that is trusted. Without one it ends after as long as
it had left when it was heard of, counted monotonically. In both cases it never lasts longer than `longest_shelf_ms`,
and in a run that never learns the time a shelf of an earlier run lasts `shelf_grace_ms`: what nobody can reckon
ends towards being seen.
"""

from contract.records import AlarmUnshelved
from edge.core.alarm_state import Alarm
from edge.core.changed import changed
from edge.core.turn import Turn

EXPIRED = "expired"
TAKEN_BACK = "taken_back"


def keep_up(turn: Turn) -> None:
    """End what is over, and remember until when the others last."""
    ends_ms = {}
    for alarm in turn.durable.alarms:
        if alarm.shelved_until_ms is None:
            continue
        end_ms = _ends_ms(turn, alarm, alarm.shelved_until_ms)
        if end_ms <= turn.mono_ms:
            turn.record(AlarmUnshelved(alarm.code, alarm.source, EXPIRED))
        else:
            ends_ms[alarm.key] = end_ms
    if ends_ms != turn.volatile.alarms.shelf_ends_ms:
        turn.set_volatile(alarms=changed(turn.volatile.alarms, shelf_ends_ms=ends_ms))


def left_ms(turn: Turn, until_ms: int) -> int:
    """How long it is until a wall time, as far as the station knows."""
    now = turn.now
    if now.clock_trusted:
        return until_ms - now.wall_ms + now.mono_ms - turn.mono_ms
    if now.latest_trusted_ms is not None:
        # It is at least as late as that.
        return until_ms - now.latest_trusted_ms
    return turn.config.alarms.longest_shelf_ms


def _ends_ms(turn: Turn, alarm: Alarm, until_ms: int) -> int:
    config, known_ms = turn.config.alarms, turn.volatile.alarms.shelf_ends_ms.get(alarm.key)
    if known_ms is None:
        earlier_run = alarm.shelved_boot != turn.boot and not turn.now.clock_trusted
        longest_ms = config.shelf_grace_ms if earlier_run else config.longest_shelf_ms
        known_ms = turn.mono_ms + longest_ms
        return min(known_ms, turn.mono_ms + left_ms(turn, until_ms))
    return min(known_ms, turn.mono_ms + left_ms(turn, until_ms)) if turn.now.clock_trusted else known_ms
