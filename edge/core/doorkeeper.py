"""From wires and wishes to the door's inputs, and from the door's facts to records, effects and timers.

*Keepers.* Three things keep a door released for as long as they stand: fire, public hours (posture `free_access`)
and a pressed exit button, in this order of rank. While one does, no timer runs and nobody needs a release of their
own; when it ends, the next one in rank takes over, or the door relocks.

*Bounce.* A contact level is believed once it has been stable for `bounce_ms`. Since a late edge carries its own time,
a busy shell makes no pulse look shorter or longer than it was.

*Excuses.* A secured door that opens is forced, unless a release ended no longer than `release_grace_ms` ago, the
exit button is or was just pressed, or nobody was looking (the level was unknown before).
"""

from typing import Final

from contract.records import (
    AccessNotTaken,
    DoorClosed,
    DoorForced,
    DoorHeld,
    DoorHeldCleared,
    DoorHeldPreAlarm,
    DoorMode,
    DoorOpened,
    DoorReleased,
    DoorRelocked,
    ExitPressed,
    FireEnded,
    FireStarted,
    Posture,
    ReleaseCause,
    RelockCause,
)
from edge.core import occupancy
from edge.core.config import ExitAction, RelockOn
from edge.core.door import CLOSED_MODES, DoorInput, Fact, transition
from edge.core.effects import ReleaseLock, SecureLock
from edge.core.events import ContactChanged, LevelsRead
from edge.core.state import Release
from edge.core.turn import Turn

STANDING: Final = frozenset({ReleaseCause.FIRE, ReleaseCause.FREE_ACCESS})
NOBODY: Final = Release(ReleaseCause.EXIT)
"""Stands in for a release with inputs that release nothing, and for that of an exit button, which is nobody's."""
SHUT_POSTURES: Final = frozenset({Posture.LOCKDOWN, Posture.OUT_OF_SERVICE})


def keeper(turn: Turn) -> ReleaseCause | None:
    """What keeps the door released now."""
    if turn.inputs.fire_active:
        return ReleaseCause.FIRE
    if turn.durable.posture is Posture.FREE_ACCESS and turn.parts.levels_read:
        return ReleaseCause.FREE_ACCESS
    if turn.inputs.exit_pressed and turn.config.door.exit_action is ExitAction.RELEASE:
        return ReleaseCause.EXIT
    return None


# ---------------------------------------------------------------- wishes


def release(turn: Turn, wanted: Release, command_id: str | None = None, *, one_use: bool = False) -> bool:
    """Let somebody in. False: the door is kept released anyway, so nothing was done."""
    if keeper(turn) is not None:
        return False
    through_open_door = turn.door.mode not in CLOSED_MODES
    if through_open_door:
        occupancy.passed(turn, wanted, through_open_door=True)
    running_until_ms = turn.inputs.released_until_ms
    _feed(turn, DoorInput.RELEASE, wanted=wanted, command_id=command_id, one_use=one_use)
    until_ms = turn.inputs.released_until_ms
    if running_until_ms is not None and until_ms is not None:
        # A short release does not cut short a longer one that runs.
        until_ms = max(running_until_ms, until_ms)
    turn.set_inputs(released_until_ms=until_ms, counted_at_open_door=through_open_door)
    return True


def relock(turn: Turn, cause: RelockCause) -> None:
    """End a release that nothing keeps; one that is kept goes on."""
    if keeper(turn) is None:
        _feed(turn, DoorInput.RELOCK, relock_cause=cause)


def posture_changed(turn: Turn) -> None:
    """The posture in the durable state is new."""
    released = turn.door.release
    if keeper(turn) is not None:
        _keep(turn)
    elif released is not None and released.cause is ReleaseCause.FREE_ACCESS:
        _end_standing(turn, RelockCause.POSTURE)
    elif released is not None and turn.durable.posture in SHUT_POSTURES and released.cause is not ReleaseCause.EXIT:
        _feed(turn, DoorInput.TIMED_OUT, relock_cause=RelockCause.POSTURE)


def stop(turn: Turn) -> None:
    """The run ends: the outputs go to rest, whatever keeps the door released (the wiring goes on doing so)."""
    _feed(turn, DoorInput.TIMED_OUT, relock_cause=RelockCause.RESTART)


# ---------------------------------------------------------------- wires


def contact_changed(turn: Turn, event: ContactChanged) -> None:
    """A raw edge of the contact."""
    inputs = turn.inputs
    if event.open == inputs.raw_open:
        return
    settles_at_ms = None if event.open == inputs.contact_open else turn.mono_ms + turn.config.door.bounce_ms
    turn.set_inputs(raw_open=event.open, raw_since_ms=turn.mono_ms, settles_at_ms=settles_at_ms)


def contact_lost(turn: Turn) -> None:
    """Nothing is known of the leaf: how long it has been open cannot be judged either."""
    turn.set_inputs(contact_open=None, raw_open=None, settles_at_ms=None, open_limit_at_ms=None)


def exit_changed(turn: Turn, pressed: bool) -> None:
    """The exit button. Pressing acts at once; a chattering button is written down once."""
    inputs, door = turn.inputs, turn.config.door
    if pressed == inputs.exit_pressed:
        return
    shunt = {}
    if door.exit_action is ExitAction.SHUNT:
        shunt = {"excused_until_ms": turn.mono_ms + door.release_ms, "excused_by": NOBODY}
    if pressed:
        turn.set_inputs(exit_pressed=True, **shunt)
        if inputs.exit_let_go_ms is None or turn.mono_ms - inputs.exit_let_go_ms >= door.bounce_ms:
            turn.record(ExitPressed())
        _keep(turn)
        return
    turn.set_inputs(exit_pressed=False, exit_let_go_ms=turn.mono_ms, **shunt)
    released = turn.door.release
    if released is not None and released.cause is ReleaseCause.EXIT:
        _time_release(turn, door.release_ms)


def fire_changed(turn: Turn, active: bool) -> None:
    """The fire panel's input."""
    turn.set_inputs(fire_active=active)
    if active:
        if not turn.door.fire:
            turn.record(FireStarted())
        _keep(turn)
        return
    if turn.door.fire:
        turn.record(FireEnded())
    released = turn.door.release
    if released is not None and released.cause is ReleaseCause.FIRE:
        _end_standing(turn, RelockCause.FIRE_ENDED)


def levels_read(turn: Turn, event: LevelsRead) -> None:
    """The inputs' levels after a time in which nobody looked; the outputs have just been put to rest."""
    running = turn.door.release
    turn.set_parts(levels_read=True)
    # The button first: when the fire is over, a button that is no longer pressed must not take over from it.
    exit_changed(turn, event.exit_pressed)
    fire_changed(turn, event.fire_active)
    turn.set_inputs(
        contact_open=event.contact_open, raw_open=event.contact_open, raw_since_ms=turn.mono_ms, settles_at_ms=None
    )
    if running is not None and turn.door.release == running:
        # The state says released and the pin is at rest: a release for somebody has ended, one that is kept is renewed.
        kept_by = keeper(turn)
        if kept_by is None:
            _feed(turn, DoorInput.RELOCK, relock_cause=RelockCause.RESTART)
        elif kept_by is running.cause:
            turn.act(ReleaseLock(running.cause, running.member))
    _keep(turn)
    if not event.contact_open:
        if turn.door.mode not in CLOSED_MODES:
            _closed(turn, found=True)
    elif turn.door.mode in CLOSED_MODES:
        _opened(turn, found=True)
    else:
        _arm_open_limit(turn)


# ---------------------------------------------------------------- time


def time_passed(turn: Turn) -> None:
    """`turn.mono_ms` is a moment at which one or more of the door's timers end."""
    inputs = turn.inputs
    if inputs.settles_at_ms is not None and inputs.settles_at_ms <= turn.mono_ms:
        _contact_settled(turn)
    elif inputs.released_until_ms is not None and inputs.released_until_ms <= turn.mono_ms:
        _feed(turn, DoorInput.TIMED_OUT, relock_cause=RelockCause.TIMED_OUT)
    elif inputs.open_limit_at_ms is not None and inputs.open_limit_at_ms <= turn.mono_ms:
        turn.set_inputs(open_limit_at_ms=None)
        if turn.door.mode is DoorMode.HELD:
            turn.set_inputs(held_long=True)
        else:
            _feed(turn, DoorInput.PRE_ALARM_DUE if turn.door.mode is DoorMode.OPEN else DoorInput.HELD_DUE)


def _contact_settled(turn: Turn) -> None:
    found, is_open = turn.inputs.contact_open is None, turn.inputs.raw_open
    turn.set_inputs(contact_open=is_open, settles_at_ms=None)
    if is_open:
        _opened(turn, found)
    else:
        _closed(turn, found)


# ---------------------------------------------------------------- the leaf


def _opened(turn: Turn, found: bool) -> None:
    released = turn.door.release
    if released is not None:
        _feed(turn, DoorInput.OPENED, found=found)
        if not turn.inputs.counted_at_open_door:
            occupancy.passed(turn, released)
        if turn.config.door.relock_on is RelockOn.OPEN:
            relock(turn, RelockCause.OPENED)
        else:
            turn.set_inputs(released_until_ms=None)
    elif found:
        _feed(turn, DoorInput.OPENED_EXCUSED, found=True)
        occupancy.doubt(turn, "found_open")
    elif _is_excused(turn):
        _feed(turn, DoorInput.OPENED_EXCUSED)
        excuse = NOBODY if turn.inputs.exit_pressed else turn.inputs.excused_by
        if excuse is not None:
            occupancy.passed(turn, excuse)
    else:
        _feed(turn, DoorInput.OPENED)
        occupancy.doubt(turn, "forced")


def _closed(turn: Turn, found: bool) -> None:
    if turn.door.release is None:
        _feed(turn, DoorInput.CLOSED, found=found)
        return
    _feed(turn, DoorInput.CLOSED_RELEASED, found=found)
    # A release whose time still runs was granted while the leaf stood open: for the next person, who finds it shut now.
    if turn.inputs.released_until_ms is None:
        relock(turn, RelockCause.CLOSED)


def _is_excused(turn: Turn) -> bool:
    """Whether the secured door might open at the moment its contact moved."""
    inputs = turn.inputs
    in_time = inputs.excused_until_ms is not None and inputs.raw_since_ms <= inputs.excused_until_ms
    return inputs.exit_pressed or in_time


# ---------------------------------------------------------------- keepers and the machine


def _keep(turn: Turn) -> None:
    """Make the release in force that of the keeper, if there is one."""
    cause = keeper(turn)
    if cause is None:
        return
    if turn.door.release is not None and turn.door.release.cause is cause:
        turn.set_inputs(released_until_ms=None)
        return
    what = DoorInput.RELEASE_STANDING if cause in STANDING else DoorInput.RELEASE
    _feed(turn, what, wanted=Release(cause))


def _end_standing(turn: Turn, cause: RelockCause) -> None:
    """Fire or public hours are over: what is open now has its full time from now."""
    if keeper(turn) is not None:
        _keep(turn)
    else:
        _feed(turn, DoorInput.RELOCK, relock_cause=cause)
    if keeper(turn) not in STANDING and turn.door.mode is DoorMode.OPEN:
        turn.set_inputs(open_since_ms=turn.mono_ms)
        _arm_open_limit(turn)


def _arm_open_limit(turn: Turn) -> None:
    """Start the timer of an open door, in full. Nobody is asked to close it during fire and public hours."""
    door, limit_ms = turn.config.door, None
    if turn.inputs.contact_open and keeper(turn) not in STANDING:
        if turn.door.mode is DoorMode.OPEN:
            limit_ms = turn.mono_ms + door.held_pre_alarm_ms
        elif turn.door.mode is DoorMode.HELD_PRE_ALARM:
            limit_ms = turn.mono_ms + door.held_ms - door.held_pre_alarm_ms
        elif turn.door.mode is DoorMode.HELD and not turn.inputs.held_long:
            limit_ms = turn.mono_ms + door.held_long_after_ms
    held_long = turn.inputs.held_long and turn.door.mode is DoorMode.HELD
    if limit_ms != turn.inputs.open_limit_at_ms or held_long is not turn.inputs.held_long:
        turn.set_inputs(open_limit_at_ms=limit_ms, held_long=held_long)


def _feed(
    turn: Turn,
    what: DoorInput,
    *,
    wanted: Release = NOBODY,
    command_id: str | None = None,
    one_use: bool = False,
    relock_cause: RelockCause = RelockCause.TIMED_OUT,
    found: bool = False,
) -> None:
    """Give the machine one input and write down what the table says."""
    for fact in transition(turn.door.mode, what).facts:
        match fact:
            case Fact.RELEASED:
                _write_released(turn, wanted, command_id, one_use)
            case Fact.RELOCKED:
                _write_relocked(turn, relock_cause)
            case Fact.NOT_TAKEN:
                _write_not_taken(turn)
            case _:
                _write_leaf(turn, fact, found)


def _write_released(turn: Turn, wanted: Release, command_id: str | None, one_use: bool) -> None:
    turn.record(DoorReleased(wanted.cause, wanted.member, wanted.hold_ms, wanted.direction, wanted.reason))
    turn.act(ReleaseLock(wanted.cause, wanted.member, command_id, one_use))
    _time_release(turn, wanted.hold_ms)
    if turn.door.mode is DoorMode.OPEN:
        turn.set_inputs(open_since_ms=turn.mono_ms)
        _arm_open_limit(turn)


def _time_release(turn: Turn, hold_ms: int) -> None:
    """Start the release's timer. There is none for what stands (`hold_ms` 0), nor for an open door that relocks when it
    closes: its bolt must not be thrown into the air."""
    waits_for_closing = turn.config.door.relock_on is RelockOn.CLOSE and turn.door.mode not in CLOSED_MODES
    until_ms = turn.mono_ms + hold_ms if hold_ms and not waits_for_closing else None
    turn.set_inputs(released_until_ms=until_ms)


def _write_relocked(turn: Turn, cause: RelockCause) -> None:
    ended, was_closed = turn.door.release, turn.door.mode is DoorMode.RELEASED
    if ended is None:
        return
    turn.record(DoorRelocked(cause))
    turn.act(SecureLock(cause))
    excused_until_ms, excused_by = turn.inputs.excused_until_ms, turn.inputs.excused_by
    if was_closed:
        # A late hand, or a leaf that springs back. Whoever came with a door that has just closed is counted already.
        excused_until_ms = turn.mono_ms + turn.config.door.release_grace_ms
        excused_by = None if cause is RelockCause.CLOSED or turn.inputs.counted_at_open_door else ended
    turn.set_inputs(
        released_until_ms=None,
        counted_at_open_door=False,
        excused_until_ms=excused_until_ms,
        excused_by=excused_by,
    )


def _write_not_taken(turn: Turn) -> None:
    released = turn.door.release
    taken = turn.inputs.counted_at_open_door
    if released is not None and released.cause not in STANDING | {ReleaseCause.EXIT} and not taken:
        turn.record(AccessNotTaken(released.cause, released.member))


def _write_leaf(turn: Turn, fact: Fact, found: bool) -> None:
    since_ms = turn.inputs.open_since_ms
    open_ms = turn.mono_ms - since_ms if since_ms is not None else turn.door.held_for_ms or 0
    match fact:
        case Fact.OPENED:
            turn.record(DoorOpened(found))
            turn.set_inputs(open_since_ms=turn.mono_ms)
        case Fact.FORCED:
            turn.record(DoorForced())
            turn.set_inputs(open_since_ms=turn.mono_ms)
        case Fact.CLOSED:
            turn.record(DoorClosed(found))
            turn.set_inputs(open_since_ms=None)
        case Fact.PRE_ALARM:
            turn.record(DoorHeldPreAlarm(open_ms))
        case Fact.HELD:
            turn.record(DoorHeld(open_ms))
        case _:
            turn.record(DoorHeldCleared(open_ms))
    _arm_open_limit(turn)
