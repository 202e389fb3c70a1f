"""Is somebody in need: lies still inside for long, is asked, and does not answer.

*Still* is somebody whom a radar sees and who has not moved since: a radar that sees movement for `movement_ms` (not for
a blink: a curtain, a sleeper's sigh), the motion sensor, the inner beam, the leaf and the exit button all say that
somebody is up and about. How long that may last differs between day and night, when people sleep; without a trusted
clock it is day. That the radar loses a still person for moments changes nothing; once it has seen nobody for as long
as shows an empty room, he has left; and once no radar has been heard for so long, nobody has looked. In a new run
stillness begins anew: nobody knows what happened meanwhile.

*Asked*, the screen and the readers want to know whether all is well, and movement, a hand on the screen, leaving, or
somebody who looks after him answers. *Unanswered* for `welfare_answer_ms` it is an alarm, which ends only with the
answer. Of several people the radar tells only that somebody moves: a still one beside a lively one is not noticed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from contract.records import AlarmCode, WelfareAnswered, WelfareAsked
from edge.core.alarm_state import Condition
from edge.core.changed import changed
from edge.core.config import StationConfig
from edge.core.events import WelfareAnswerGiven
from edge.core.presence_state import Room, RoomNow
from edge.core.state import StationState
from edge.core.turn import Turn

LOOK_AGAIN_MS: Final = 300_000
"""Day or night may have begun meanwhile."""


# ---------------------------------------------------------------- answers


def answered(turn: Turn, event: WelfareAnswerGiven) -> None:
    """Somebody at the screen says that all is well, or somebody has looked."""
    _well(turn, "attended" if event.attended else "screen")


def moved(turn: Turn) -> None:
    """Somebody inside moves."""
    _well(turn, "motion")


def _well(turn: Turn, how: str) -> None:
    if turn.durable.presence.welfare_asked:
        turn.record(WelfareAnswered(how))
    now = turn.volatile.presence.welfare
    # Without a radar nobody is ever seen still.
    if turn.config.presence.radars or now.answer_due_at_ms is not None or now.unanswered:
        _set(turn, still_since_ms=turn.mono_ms, answer_due_at_ms=None, unanswered=False)


# ---------------------------------------------------------------- what follows


def follow(turn: Turn, before: StationState) -> None:
    """The room is seen anew, or the door has moved."""
    was, now = before.volatile, turn.volatile
    leaf_moved = now.inputs.contact_open is not was.inputs.contact_open
    pressed = now.inputs.exit_pressed and not was.inputs.exit_pressed
    same_room = now.presence is was.presence and now.parts.levels_read is was.parts.levels_read
    if same_room and not leaf_moved and not pressed:
        return
    inner_was, inner = was.presence.doorway.inner.broken, now.presence.doorway.inner.broken
    if pressed or (inner is not inner_was and inner_was is not None and inner is not None):
        moved(turn)
    elif leaf_moved and turn.config.presence.radars:
        _set(turn, still_since_ms=turn.mono_ms)
    _arm(turn)


# ---------------------------------------------------------------- time


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""
    now = turn.volatile.presence.welfare
    if now.answer_due_at_ms is not None and now.answer_due_at_ms <= turn.mono_ms:
        _set(turn, answer_due_at_ms=None, unanswered=True)
    if now.due_at_ms is not None and now.due_at_ms <= turn.mono_ms:
        _arm(turn)


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    now = state.volatile.presence.welfare
    for moment in (now.due_at_ms, now.answer_due_at_ms):
        if moment is not None:
            yield moment


def conditions(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """What may be an alarm here. While somebody is asked, nothing is known yet: an alarm of the run before stands."""
    stands: bool | None = False
    if state.durable.presence.welfare_asked:
        stands = state.volatile.presence.welfare.unanswered or None
    yield Condition(AlarmCode.WELFARE, "room", stands)


# ---------------------------------------------------------------- stillness


def _arm(turn: Turn) -> None:
    """Ask now, or when it will be time to."""
    room, now = turn.volatile.presence.room, turn.volatile.presence.welfare
    left_over = turn.durable.presence.welfare_asked and not now.unanswered and now.answer_due_at_ms is None
    if left_over and turn.parts.levels_read:
        # Asked in a run before: the answer has its full time again.
        _set(turn, answer_due_at_ms=turn.mono_ms + turn.config.presence.welfare_answer_ms)
    due_ms = None
    if _lies_still(room):
        due_ms = None if turn.durable.presence.welfare_asked else _ask_at_ms(turn)
    elif room.seen is not Room.SOMEBODY and _somebody_was_still(turn):
        due_ms = room.quiet_since_ms + turn.config.presence.empty_after_ms
        if due_ms <= turn.mono_ms:
            _lose_sight(turn)
            due_ms = None
    if due_ms != turn.volatile.presence.welfare.due_at_ms:
        _set(turn, due_at_ms=due_ms)


def _ask_at_ms(turn: Turn) -> int | None:
    """When to ask or to look at the hour again; asks at once if it is time, and then there is no such moment."""
    day_ms, night_ms = turn.config.presence.welfare_still_ms, turn.config.presence.welfare_night_still_ms
    if day_ms == 0:
        return None
    since_ms = turn.volatile.presence.welfare.still_since_ms
    if since_ms is None:
        since_ms = turn.mono_ms
        _set(turn, still_since_ms=since_ms)
    limit_ms = night_ms if _is_night(turn) else day_ms
    if turn.mono_ms >= since_ms + limit_ms:
        turn.record(WelfareAsked(turn.mono_ms - since_ms))
        _set(turn, answer_due_at_ms=turn.mono_ms + turn.config.presence.welfare_answer_ms, unanswered=False)
        return None
    earliest_ms = since_ms + min(day_ms, night_ms)
    if turn.mono_ms < earliest_ms:
        return earliest_ms
    return min(since_ms + limit_ms, turn.mono_ms + LOOK_AGAIN_MS)


def _somebody_was_still(turn: Turn) -> bool:
    asked = turn.durable.presence.welfare_asked and turn.volatile.presence.room.seen is Room.EMPTY
    return asked or turn.volatile.presence.welfare.still_since_ms is not None


def _lose_sight(turn: Turn) -> None:
    """Nobody is there who could be in need, or nobody looks: whoever is seen next begins anew."""
    _set(turn, still_since_ms=None)
    if turn.durable.presence.welfare_asked and turn.volatile.presence.room.seen is Room.EMPTY:
        turn.record(WelfareAnswered("left"))
        _set(turn, answer_due_at_ms=None, unanswered=False)


def _lies_still(room: RoomNow) -> bool:
    reports = room.radars.values()
    return any(report.still for report in reports) and not any(report.moving for report in reports)


def _is_night(turn: Turn) -> bool:
    if not turn.now.clock_trusted:
        return False
    wall = datetime.fromtimestamp(turn.now.wall_ms / 1_000, UTC).astimezone(turn.config.timezone)
    local = wall - timedelta(milliseconds=turn.now.mono_ms - turn.mono_ms)
    minute, night = local.hour * 60 + local.minute, turn.config.presence.night
    return night.covers_own_day(minute) or night.covers_next_day(minute)


def _set(turn: Turn, **changes: object) -> None:
    presence = turn.volatile.presence
    turn.set_volatile(presence=changed(presence, welfare=changed(presence.welfare, **changes)))
