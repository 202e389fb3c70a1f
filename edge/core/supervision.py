"""The station's guard over itself: tamper, mains, battery, the lock's own feedback, a contact that cannot be true.

Levels are kept as they are told; debouncing is the alarms' on- and off-delay (`edge.core.alarm_codes`).

*Tamper.* A lid is opened by whoever services the station as well: while it is out of service that is recorded all the
same, with low priority.

*The lock.* Its feedback is compared with what it was told only while the leaf is shut: behind an open one the bolt
meets nothing. A pressed exit button cuts the lock's power in wiring, whether or not the software follows, so that the
bolt is no fault then either way.

*The contact.* More edges than a leaf can make, or both beams broken at once in a doorway whose door is said to be shut
(nobody stands in a shut door, so contact or beams are wrong). It is the contact that is doubted: the door is judged by
it all the same, because there is no other.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from contract.records import AlarmCode, Posture, Priority
from edge.core.alarm_state import Condition
from edge.core.changed import changed
from edge.core.config import StationConfig
from edge.core.events import ContactChanged, LevelsRead, Point, PointChanged, ReaderTampered
from edge.core.state import StationState
from edge.core.turn import Turn

SIMPLE: Final = {
    Point.ENCLOSURE_TAMPER: AlarmCode.ENCLOSURE_TAMPER,
    Point.MAINS_LOST: AlarmCode.MAINS_LOST,
    Point.BATTERY_LOW: AlarmCode.BATTERY_LOW,
}
"""Inputs that say by themselves what is wrong."""
LIDS_AND_POWER: Final = frozenset({*SIMPLE, Point.READER_TAMPER})
DOORWAY: Final = frozenset({Point.LOCK_SECURED, Point.BEAM_OUTER, Point.BEAM_INNER})
"""Inputs that mean something beside others. They move with every visit, the ones above hardly ever: so each are kept by
themselves."""


# ---------------------------------------------------------------- what is told


def point_changed(turn: Turn, event: PointChanged) -> None:
    """One of the supervised inputs, or a beam."""
    now = turn.volatile.supervision
    if event.point not in turn.config.supervision.points:
        return
    if event.point in DOORWAY:
        _set(turn, doorway={**now.doorway, event.point: event.active})
    elif event.point in LIDS_AND_POWER:
        _set(turn, points={**now.points, event.point: event.active})


def levels_read(turn: Turn, event: LevelsRead) -> None:
    """The levels of all wired points, read in one go."""
    told = [(point, level) for point, level in event.points.items() if point in turn.config.supervision.points]
    _set(
        turn,
        points={point: level for point, level in told if point in LIDS_AND_POWER},
        doorway={point: level for point, level in told if point in DOORWAY},
    )


def points_lost(turn: Turn) -> None:
    """The inputs cannot be read: what they said last is no longer known."""
    now = turn.volatile.supervision
    if now.points or now.doorway:
        _set(turn, points={}, doorway={})


def reader_tampered(turn: Turn, event: ReaderTampered) -> None:
    """A reader says whether its own lid is off."""
    told = turn.volatile.supervision.readers_tampered
    if event.reader in turn.config.readers and told.get(event.reader) is not event.tampered:
        _set(turn, readers_tampered={**told, event.reader: event.tampered})


def contact_moved(turn: Turn, event: ContactChanged) -> None:
    """A raw edge of the door's contact, before the door has taken it."""
    if event.open == turn.inputs.raw_open:
        return
    config, now = turn.config.supervision, turn.volatile.supervision
    lately, since_ms = now.edges_ms, turn.mono_ms - config.flapping_ms
    if lately and lately[0] <= since_ms:
        lately = tuple(moment for moment in lately if moment > since_ms)
    _set_edges(turn, (*lately, turn.mono_ms)[-(config.flapping_edges + 1) :])


# ---------------------------------------------------------------- time


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`: an edge that no longer counts."""
    now = turn.volatile.supervision
    if now.edges_over_ms is not None and now.edges_over_ms <= turn.mono_ms:
        since_ms = turn.mono_ms - turn.config.supervision.flapping_ms
        _set_edges(turn, tuple(moment for moment in now.edges_ms if moment > since_ms))


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    over_ms = state.volatile.supervision.edges_over_ms
    if over_ms is not None:
        yield over_ms


def _set_edges(turn: Turn, edges_ms: tuple[int, ...]) -> None:
    config = turn.config.supervision
    flaps = len(edges_ms) > config.flapping_edges
    _set(turn, edges_ms=edges_ms, edges_over_ms=edges_ms[0] + config.flapping_ms if flaps else None)


def _set(turn: Turn, **changes: object) -> None:
    turn.set_volatile(supervision=changed(turn.volatile.supervision, **changes))


# ---------------------------------------------------------------- what it means


def of_station(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """What may be an alarm here: lids, mains and battery."""
    wired, now = config.supervision.points, state.volatile.supervision
    for point, code in SIMPLE.items():
        if point in wired:
            priority = _serviced(state) if point is Point.ENCLOSURE_TAMPER else None
            yield Condition(code, "station", now.points.get(point), priority=priority)
    if Point.READER_TAMPER in wired:
        stands = now.points.get(Point.READER_TAMPER)
        yield Condition(AlarmCode.READER_TAMPER, "door", stands, priority=_serviced(state))
    for reader in config.readers:
        yield Condition(AlarmCode.READER_TAMPER, reader, now.readers_tampered.get(reader), priority=_serviced(state))


def of_doorway(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """What may be an alarm here: lock, contact and beams that contradict one another."""
    wired, now = config.supervision.points, state.volatile.supervision
    if Point.LOCK_SECURED in wired:
        fault = lock_fault(state)
        yield Condition(AlarmCode.LOCK_FAULT, "lock", None if fault is None else bool(fault), fault or "")
    seen = state.volatile.parts.levels_read
    flaps = len(now.edges_ms) > config.supervision.flapping_edges
    yield Condition(AlarmCode.CONTACT_IMPLAUSIBLE, "door", flaps if seen else None, "more edges than a leaf can make")
    if Point.BEAM_OUTER in wired and Point.BEAM_INNER in wired:
        detail = "both beams are broken in a door that is said to be shut"
        yield Condition(AlarmCode.CONTACT_IMPLAUSIBLE, "beams", _beams_contradict(state, now.doorway), detail)


def lock_fault(state: StationState) -> str | None:
    """How the lock's feedback contradicts what it was told; empty: it does not, None: nobody knows."""
    home, inputs = state.volatile.supervision.doorway.get(Point.LOCK_SECURED), state.volatile.inputs
    if home is None or inputs.contact_open is None:
        return None
    if inputs.contact_open or inputs.exit_pressed:
        return ""
    released = state.durable.door.release is not None
    if home and released:
        return "told to let go, and the bolt is home"
    return "" if home or released else "told to lock, and the bolt is not home"


def _beams_contradict(state: StationState, points: Mapping[Point, bool]) -> bool | None:
    outer, inner = points.get(Point.BEAM_OUTER), points.get(Point.BEAM_INNER)
    contact_open = state.volatile.inputs.contact_open
    if outer is None or inner is None or contact_open is None:
        return None
    return outer and inner and not contact_open


def _serviced(state: StationState) -> Priority | None:
    return Priority.LOW if state.durable.posture is Posture.OUT_OF_SERVICE else None
