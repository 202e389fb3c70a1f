"""Does somebody hang about before the closed door: seen by the motion sensor outside, or standing in the outer beam.

Whoever is let in, or finds the door open, does not loiter; nor does anybody while everybody may come in. A motion
sensor says only now and then that somebody is there, so that he has gone only after `loitering_gap_ms` out of sight.
"""

from collections.abc import Iterator

from contract.records import AlarmCode, Posture
from edge.core.alarm_state import Condition
from edge.core.changed import changed
from edge.core.config import StationConfig
from edge.core.presence_state import OutsideNow
from edge.core.state import StationState
from edge.core.turn import Turn


def motion(turn: Turn, active: bool) -> None:
    """The motion sensor outside."""
    if active is not turn.volatile.presence.outside.motion:
        _set(turn, motion=active)


def follow(turn: Turn, before: StationState) -> None:
    """The leaf, the lock, the posture or what is seen outside has changed."""
    if turn.config.presence.loitering_ms == 0:
        return
    now, was = turn.volatile, before.volatile
    same_door = turn.door is before.durable.door and turn.durable.posture is before.durable.posture
    same_leaf = now.inputs.contact_open is was.inputs.contact_open
    if now.presence is was.presence and same_door and same_leaf:
        return
    outside = now.presence.outside
    if not _may_loiter(turn):
        if outside.since_ms is not None:
            _set(turn, since_ms=None, gone_at_ms=None, due_at_ms=None, loiters=False)
    elif outside.motion or now.presence.doorway.outer.broken is True:
        if outside.since_ms is None:
            due_ms = turn.mono_ms + turn.config.presence.loitering_ms
            _set(turn, since_ms=turn.mono_ms, due_at_ms=due_ms)
        elif outside.gone_at_ms is not None:
            _set(turn, gone_at_ms=None)
    elif outside.since_ms is not None and outside.gone_at_ms is None:
        _set(turn, gone_at_ms=turn.mono_ms + turn.config.presence.loitering_gap_ms)


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""
    outside = turn.volatile.presence.outside
    if outside.gone_at_ms is not None and outside.gone_at_ms <= turn.mono_ms:
        _set(turn, since_ms=None, gone_at_ms=None, due_at_ms=None, loiters=False)
    elif outside.due_at_ms is not None and outside.due_at_ms <= turn.mono_ms:
        _set(turn, due_at_ms=None, loiters=True)


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    outside = state.volatile.presence.outside
    for moment in (outside.gone_at_ms, outside.due_at_ms):
        if moment is not None:
            yield moment


def conditions(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """What may be an alarm here."""
    known = state.volatile.parts.levels_read
    yield Condition(AlarmCode.LOITERING, "door", state.volatile.presence.outside.loiters if known else None)


def _may_loiter(turn: Turn) -> bool:
    closed = turn.inputs.contact_open is False and turn.door.release is None
    return closed and turn.durable.posture is not Posture.FREE_ACCESS


def _set(turn: Turn, **changes: object) -> None:
    presence = turn.volatile.presence
    outside: OutsideNow = changed(presence.outside, **changes)
    turn.set_volatile(presence=changed(presence, outside=outside))
