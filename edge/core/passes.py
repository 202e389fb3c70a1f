"""Passes for one entry: written down first, then let in.

A member's card may open on a full disk; a pass may not, because what is not recorded could be used again. So its
release is an `AFTER_COMMIT` effect, the reader says yes only when that was carried out, and a release that was not is
answered with a denial that gives the pass back. One that nobody opens the door on is given back as well (see `fold`).
"""

from typing import Final

from contract.policy.model import Member
from contract.records import AccessDenied, AccessGranted, Direction, Reason
from edge.core import doorkeeper
from edge.core.effects import Effect, Feedback, ReaderFeedback, ReleaseLock
from edge.core.state import MAX_PASSES_WAITING
from edge.core.turn import Turn

RULE: Final = "pass_recorded_first"


def uses_up(turn: Turn, member: Member, direction: Direction) -> bool:
    """Whether letting this member through uses a pass: not on the way out, nor while the door is open to everybody."""
    return member.once and direction is Direction.IN and doorkeeper.keeper(turn) is None


def wait(turn: Turn, granted: AccessGranted) -> None:
    """The answer at the reader waits for the release."""
    turn.set_volatile(passes_waiting=(*turn.volatile.passes_waiting, granted)[-MAX_PASSES_WAITING:])


def done(turn: Turn, effect: Effect) -> None:
    """The shell carried out an effect."""
    granted = _taken_off(turn, effect)
    if granted is not None:
        turn.act(ReaderFeedback(granted.reader, Feedback.GRANTED))


def refused(turn: Turn, effect: Effect) -> None:
    """The shell did not carry out an effect."""
    granted = _taken_off(turn, effect)
    if granted is not None:
        turn.record(
            AccessDenied(
                reader=granted.reader,
                credential=granted.credential,
                member=granted.member,
                reason=Reason.STORAGE_UNAVAILABLE,
                rule=RULE,
                presented_mono_ms=granted.presented_mono_ms,
                pass_returned=True,
                factors=granted.factors,
            )
        )
        turn.act(ReaderFeedback(granted.reader, Feedback.DENIED))


def _taken_off(turn: Turn, effect: Effect) -> AccessGranted | None:
    """The waiting grant that an effect belongs to, which waits no longer."""
    if not isinstance(effect, ReleaseLock) or not effect.one_use:
        return None
    waiting = turn.volatile.passes_waiting
    granted = next((each for each in waiting if each.member == effect.member), None)
    turn.set_volatile(passes_waiting=tuple(each for each in waiting if each is not granted))
    return granted
