"""The door: six modes, ten inputs, one table.

*What a mode says.* `secured` and `released` are a closed door whose lock is at rest or let go. `open` is a door
that opened because it might; left open it becomes `held_pre_alarm` (a warning to whoever stands in it) and then
`held` (an alarm). `forced` is a door that opened although nothing had let it. While the door is open the lock is a
matter by itself: it may be at rest already (relock on open) or still let go (relock on close); `Door.release`
tells.

*What an input says.* Inputs are not raw: bounce, causes and time have been judged by `edge.core.doorkeeper`, which
also holds what keeps a door released (fire, free access, a pressed exit button). So `CLOSED` is a door that closed
with its lock at rest, `CLOSED_RELEASED` one whose lock is still let go.

*Three rules.* A release never changes what an open door has done: a forced door stays forced, and a held one held,
until it closes; only fire and public hours (`RELEASE_STANDING`), in which nobody is asked to close the door, end
`held`. Every `HELD` is followed by a `HELD_CLEARED`. And an input without a cell cannot happen or means nothing:
the door stays as it is.

*Facts.* A transition names the facts that become records, and the fold below gives the mode back from those records
alone: for every cell, folding its facts leads from the mode to the cell's next one.
"""

from dataclasses import dataclass
from enum import Enum
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
    FireEnded,
    FireStarted,
    StationBooted,
)
from edge.core.changed import changed
from edge.core.state import Door, Release


class DoorInput(Enum):
    """What has happened to the door, all judgement made."""

    RELEASE = "released for a while"
    RELEASE_STANDING = "released by fire or free access"
    RELOCK = "release ends"
    TIMED_OUT = "release timed out"
    """Or was cut short: nobody has used it, unless the door stands open."""
    OPENED = "opened"
    OPENED_EXCUSED = "opened, excused"
    CLOSED = "closed"
    CLOSED_RELEASED = "closed, still released"
    PRE_ALARM_DUE = "open too long: warn"
    HELD_DUE = "open too long: alarm"


class Fact(Enum):
    """What a transition has to record."""

    RELEASED = DoorReleased
    RELOCKED = DoorRelocked
    """Skipped when the lock is at rest already."""
    NOT_TAKEN = AccessNotTaken
    """Skipped when nobody in particular was let in (exit button, fire, public hours)."""
    OPENED = DoorOpened
    FORCED = DoorForced
    CLOSED = DoorClosed
    PRE_ALARM = DoorHeldPreAlarm
    HELD = DoorHeld
    HELD_CLEARED = DoorHeldCleared


@dataclass(frozen=True)
class Transition:
    next: DoorMode
    facts: tuple[Fact, ...]


def _to(mode: DoorMode, *facts: Fact) -> Transition:
    return Transition(mode, facts)


TRANSITIONS: Final[dict[DoorMode, dict[DoorInput, Transition]]] = {
    DoorMode.SECURED: {
        DoorInput.RELEASE: _to(DoorMode.RELEASED, Fact.RELEASED),
        DoorInput.RELEASE_STANDING: _to(DoorMode.RELEASED, Fact.RELEASED),
        DoorInput.OPENED: _to(DoorMode.FORCED, Fact.FORCED),
        DoorInput.OPENED_EXCUSED: _to(DoorMode.OPEN, Fact.OPENED),
    },
    DoorMode.RELEASED: {
        DoorInput.RELEASE: _to(DoorMode.RELEASED, Fact.RELEASED),
        DoorInput.RELEASE_STANDING: _to(DoorMode.RELEASED, Fact.RELEASED),
        DoorInput.RELOCK: _to(DoorMode.SECURED, Fact.RELOCKED),
        DoorInput.TIMED_OUT: _to(DoorMode.SECURED, Fact.NOT_TAKEN, Fact.RELOCKED),
        DoorInput.OPENED: _to(DoorMode.OPEN, Fact.OPENED),
        DoorInput.OPENED_EXCUSED: _to(DoorMode.OPEN, Fact.OPENED),
    },
    DoorMode.OPEN: {
        DoorInput.RELEASE: _to(DoorMode.OPEN, Fact.RELEASED),
        DoorInput.RELEASE_STANDING: _to(DoorMode.OPEN, Fact.RELEASED),
        DoorInput.RELOCK: _to(DoorMode.OPEN, Fact.RELOCKED),
        DoorInput.TIMED_OUT: _to(DoorMode.OPEN, Fact.RELOCKED),
        DoorInput.CLOSED: _to(DoorMode.SECURED, Fact.CLOSED),
        DoorInput.CLOSED_RELEASED: _to(DoorMode.RELEASED, Fact.CLOSED),
        DoorInput.PRE_ALARM_DUE: _to(DoorMode.HELD_PRE_ALARM, Fact.PRE_ALARM),
    },
    DoorMode.HELD_PRE_ALARM: {
        DoorInput.RELEASE: _to(DoorMode.OPEN, Fact.RELEASED),
        DoorInput.RELEASE_STANDING: _to(DoorMode.OPEN, Fact.RELEASED),
        DoorInput.RELOCK: _to(DoorMode.HELD_PRE_ALARM, Fact.RELOCKED),
        DoorInput.TIMED_OUT: _to(DoorMode.HELD_PRE_ALARM, Fact.RELOCKED),
        DoorInput.CLOSED: _to(DoorMode.SECURED, Fact.CLOSED),
        DoorInput.CLOSED_RELEASED: _to(DoorMode.RELEASED, Fact.CLOSED),
        DoorInput.HELD_DUE: _to(DoorMode.HELD, Fact.HELD),
    },
    DoorMode.HELD: {
        DoorInput.RELEASE: _to(DoorMode.HELD, Fact.RELEASED),
        DoorInput.RELEASE_STANDING: _to(DoorMode.OPEN, Fact.HELD_CLEARED, Fact.RELEASED),
        DoorInput.RELOCK: _to(DoorMode.HELD, Fact.RELOCKED),
        DoorInput.TIMED_OUT: _to(DoorMode.HELD, Fact.RELOCKED),
        DoorInput.CLOSED: _to(DoorMode.SECURED, Fact.HELD_CLEARED, Fact.CLOSED),
        DoorInput.CLOSED_RELEASED: _to(DoorMode.RELEASED, Fact.HELD_CLEARED, Fact.CLOSED),
    },
    DoorMode.FORCED: {
        DoorInput.RELEASE: _to(DoorMode.FORCED, Fact.RELEASED),
        DoorInput.RELEASE_STANDING: _to(DoorMode.FORCED, Fact.RELEASED),
        DoorInput.RELOCK: _to(DoorMode.FORCED, Fact.RELOCKED),
        DoorInput.TIMED_OUT: _to(DoorMode.FORCED, Fact.RELOCKED),
        DoorInput.CLOSED: _to(DoorMode.SECURED, Fact.CLOSED),
        DoorInput.CLOSED_RELEASED: _to(DoorMode.RELEASED, Fact.CLOSED),
    },
}

CLOSED_MODES: Final = frozenset({DoorMode.SECURED, DoorMode.RELEASED})


def transition(mode: DoorMode, what: DoorInput) -> Transition:
    """The table's cell; an empty one keeps the mode and records nothing."""
    return TRANSITIONS[mode].get(what) or Transition(mode, ())


DoorRecord = (
    StationBooted | DoorReleased | DoorRelocked | DoorOpened | DoorForced | DoorClosed
    | DoorHeldPreAlarm | DoorHeld | DoorHeldCleared | FireStarted | FireEnded
)  # fmt: skip


def fold(door: Door, record: DoorRecord) -> Door:
    """The door after one more record."""
    match record:
        case StationBooted():
            # A release never outlives its run: the outputs went to rest. What the leaf does is read anew.
            return Door(fire=door.fire, held_for_ms=door.held_for_ms)
        case DoorReleased():
            release = Release(record.cause, record.member, record.hold_ms, record.direction, record.reason)
            return changed(door, mode=_MODE_AFTER_RELEASE.get(door.mode, door.mode), release=release)
        case DoorRelocked():
            mode = DoorMode.SECURED if door.mode is DoorMode.RELEASED else door.mode
            return changed(door, mode=mode, release=None)
        case DoorOpened():
            return changed(door, mode=DoorMode.OPEN)
        case DoorForced():
            return changed(door, mode=DoorMode.FORCED)
        case DoorClosed():
            return changed(door, mode=DoorMode.SECURED if door.release is None else DoorMode.RELEASED)
        case DoorHeldPreAlarm():
            return changed(door, mode=DoorMode.HELD_PRE_ALARM)
        case DoorHeld():
            return changed(door, mode=DoorMode.HELD, held_for_ms=record.open_ms)
        case DoorHeldCleared():
            return changed(door, mode=DoorMode.OPEN if door.mode is DoorMode.HELD else door.mode, held_for_ms=None)
        case _:
            return changed(door, fire=isinstance(record, FireStarted))


_MODE_AFTER_RELEASE: Final = {
    DoorMode.SECURED: DoorMode.RELEASED,
    DoorMode.HELD_PRE_ALARM: DoorMode.OPEN,
}
