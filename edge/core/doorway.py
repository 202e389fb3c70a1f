"""The door way in time: raw beams become passings, and passings become the count of people inside.

*The leaf.* Nobody goes through a closed door. One person waiting outside in the outer beam and another one walking by
inside look like somebody who comes in; so a passing counts only if the door stood open (or nobody could tell) while
somebody was in the door way. Where the contact says closed all the time although the lock had been let go, the contact
may be what is wrong: then it counts, and the count is in doubt.

*Trust.* While the pair is blind the door's own guess counts, in doubt (`edge.core.occupancy`). A beam that stays broken
in an open door is a crate rather than a person: the pair is blind until both beams are free. A beam broken before the
closed door is somebody waiting, for as long as he likes.

*The other witness.* An opening that the door has a reason for, in which no beam has moved at all, says that the beams
are dead: doubt. One in which somebody turned round in the beams and nobody passed takes back what anti-passback
remembers of the member who had been let in.
"""

from collections.abc import Iterator
from typing import Final

from contract.policy.model import Antipassback
from contract.records import AccessTaken, Direction
from edge.core import headcount
from edge.core.beams import EMPTY, GAP_MS, GAPS, BeamFact, BeamInput, Place, beam_step
from edge.core.changed import changed
from edge.core.config import StationConfig
from edge.core.events import Point
from edge.core.headcount import BEAMS_PERCENT, UNSURE_PERCENT
from edge.core.presence_state import Beam, DoorwayNow, Opening
from edge.core.state import Release, StationState
from edge.core.turn import Turn

OPENING_ENDS_MS: Final = 3_000
"""Whoever went through a door that has closed since is out of the beams by then."""
MAX_LET_IN: Final = 16
BEAMS: Final = frozenset({Point.BEAM_OUTER, Point.BEAM_INNER})
BEFORE_THE_LEAF: Final = frozenset({Place.NEAR, Place.BETWEEN, Place.NEAR_AGAIN, Place.BETWEEN_AGAIN})
"""Where nobody is beyond the far beam: when the door closes he stands on the side that he came from."""


def has_beams(config: StationConfig) -> bool:
    return config.supervision.points >= BEAMS


def counts(turn: Turn) -> bool:
    """Whether the beams count now."""
    return turn.volatile.presence.doorway.place is not Place.BLIND


def expect(turn: Turn, release: Release, *, somebody: bool) -> None:
    """The door has a reason to think that somebody goes through; `somebody` false: it cannot say how many."""
    now = turn.volatile.presence.doorway
    opening = now.opening or Opening(moved=now.place is not Place.FREE)
    let_in = opening.let_in
    if release.member is not None and release.direction is Direction.IN:
        let_in = (*let_in, release.member)[-MAX_LET_IN:]
    guessed = min(opening.guessed + somebody, MAX_LET_IN)
    _set(turn, opening=changed(opening, guessed=guessed, let_in=let_in, ends_at_ms=None))


# ---------------------------------------------------------------- wires


def beam_told(turn: Turn, point: Point, broken: bool) -> None:
    """A raw edge of a beam."""
    name = "outer" if point is Point.BEAM_OUTER else "inner"
    beam: Beam = getattr(turn.volatile.presence.doorway, name)
    if not has_beams(turn.config) or broken == beam.raw:
        return
    settles = None if broken == beam.broken else turn.mono_ms + turn.config.presence.beam_settle_ms
    _set(turn, **{name: Beam(beam.broken, broken, settles)})


def levels_read(turn: Turn, outer: bool | None, inner: bool | None) -> None:
    """The beams' levels after a time in which nobody looked. None: not told, so not known."""
    if not has_beams(turn.config):
        return
    lost(turn)
    _set(turn, outer=Beam(outer, outer), inner=Beam(inner, inner))
    _trust_again(turn)


def lost(turn: Turn) -> None:
    """Nobody sees the beams any more."""
    _feed(turn, BeamInput.LOST)
    _set(turn, outer=Beam(), inner=Beam(), opening=None)


# ---------------------------------------------------------------- the door


def follow(turn: Turn, before: StationState) -> None:
    """The leaf has moved, or the lock has."""
    was_open, is_open = before.volatile.inputs.contact_open, turn.inputs.contact_open
    now = turn.volatile.presence.doorway
    if turn.door.release is not None and now.place not in EMPTY and not now.door_was_released:
        _set(turn, door_was_released=True)
    if is_open is was_open:
        return
    if is_open is False:
        _closed(turn)
    elif counts(turn):
        opening = now.opening or Opening(moved=now.place is not Place.FREE)
        _set(turn, opening=changed(opening, ends_at_ms=None))
        _see_leaf(turn)


def _closed(turn: Turn) -> None:
    now = turn.volatile.presence.doorway
    _set(turn, stuck_at_ms=None)
    if now.place in BEFORE_THE_LEAF:
        _set(turn, door_was_open=False, door_was_released=False)
    if now.opening is not None:
        _set(turn, opening=changed(now.opening, ends_at_ms=turn.mono_ms + OPENING_ENDS_MS))


def _see_leaf(turn: Turn) -> None:
    """Somebody is in the door way while the door is open, or may be."""
    now = turn.volatile.presence.doorway
    if now.place not in EMPTY and turn.inputs.contact_open is not False and not now.door_was_open:
        _set(turn, door_was_open=True)
    if now.place not in EMPTY and turn.inputs.contact_open is not False and now.stuck_at_ms is None:
        _set(turn, stuck_at_ms=turn.mono_ms + turn.config.presence.beam_stuck_ms)


# ---------------------------------------------------------------- time


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`, one thing at a time."""
    now = turn.volatile.presence.doorway
    due = [(beam.settles_at_ms, name) for beam, name in ((now.outer, "outer"), (now.inner, "inner"))]
    settled = sorted((at_ms, name) for at_ms, name in due if at_ms is not None and at_ms <= turn.mono_ms)
    if settled:
        _settled(turn, settled[0][1])
    elif now.gap_over_at_ms is not None and now.gap_over_at_ms <= turn.mono_ms:
        _feed(turn, BeamInput.GAP_OVER)
    elif now.stuck_at_ms is not None and now.stuck_at_ms <= turn.mono_ms:
        _feed(turn, BeamInput.LOST)
        _set(turn, opening=None)
    elif now.opening is not None and now.opening.ends_at_ms is not None and now.opening.ends_at_ms <= turn.mono_ms:
        _set(turn, opening=None)
        _conclude(turn, now.opening)


def deadlines(state: StationState) -> Iterator[int]:
    """The moments at which `time_passed` has something to do."""
    now = state.volatile.presence.doorway
    moments = [now.outer.settles_at_ms, now.inner.settles_at_ms, now.gap_over_at_ms, now.stuck_at_ms]
    if now.opening is not None:
        moments.append(now.opening.ends_at_ms)
    yield from (moment for moment in moments if moment is not None)


def _settled(turn: Turn, name: str) -> None:
    """A beam's raw level has been stable for long enough."""
    now = turn.volatile.presence.doorway
    beam: Beam = getattr(now, name)
    broken = beam.raw is True
    _set(turn, **{name: Beam(broken, broken)})
    if now.place is Place.BLIND:
        _trust_again(turn)
        return
    is_near = now.inward is (name == "outer")
    if now.place is Place.FREE:
        # Whoever breaks the first beam says by that where he comes from.
        _set(turn, inward=name == "outer")
        is_near = True
    if is_near:
        _feed(turn, BeamInput.NEAR_BROKEN if broken else BeamInput.NEAR_FREE)
    else:
        _feed(turn, BeamInput.FAR_BROKEN if broken else BeamInput.FAR_FREE)


def _trust_again(turn: Turn) -> None:
    now = turn.volatile.presence.doorway
    if now.outer.broken is False and now.inner.broken is False:
        _feed(turn, BeamInput.BOTH_FREE)


def _conclude(turn: Turn, opening: Opening) -> None:
    """The door has been closed for a while: what do the two witnesses say?"""
    if not opening.moved and opening.guessed:
        headcount.doubt(turn, "beams_silent")
    elif opening.moved and not opening.passed and turn.config.access.antipassback is not Antipassback.OFF:
        inside = {each.member for each in turn.durable.inside}
        for member in sorted(inside.intersection(opening.let_in)):
            turn.record(AccessTaken(member, Direction.OUT))


# ---------------------------------------------------------------- the machine


def _feed(turn: Turn, what: BeamInput) -> None:
    """Give the table one input and count what it says."""
    now = turn.volatile.presence.doorway
    step = beam_step(now.place, what)
    if step.next is now.place:
        return
    gap_over = turn.mono_ms + GAP_MS if step.next in GAPS else None
    opening = now.opening
    if opening is not None and not opening.moved:
        opening = changed(opening, moved=True)
    _set(turn, place=step.next, gap_over_at_ms=gap_over, opening=opening)
    for fact in step.facts:
        if fact is BeamFact.PASSED:
            _passed(turn, now)
        else:
            headcount.doubt(turn, "beams")
    if step.next in EMPTY:
        _set(turn, door_was_open=False, door_was_released=False, stuck_at_ms=None)
    else:
        if turn.door.release is not None:
            _set(turn, door_was_released=True)
        _see_leaf(turn)


def _passed(turn: Turn, now: DoorwayNow) -> None:
    if not (now.door_was_open or now.door_was_released):
        return
    opening = turn.volatile.presence.doorway.opening
    if opening is not None:
        _set(turn, opening=changed(opening, passed=min(opening.passed + 1, MAX_LET_IN)))
    people = turn.durable.occupancy.people + (1 if now.inward else -1)
    headcount.count(turn, people, "beams", BEAMS_PERCENT if now.door_was_open else UNSURE_PERCENT)


def _set(turn: Turn, **changes: object) -> None:
    presence = turn.volatile.presence
    turn.set_volatile(presence=changed(presence, doorway=changed(presence.doorway, **changes)))
