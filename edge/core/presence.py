"""How many people are inside, from everything that can tell: the door, the beams, the radars, the motion sensor.

*Who says what.* Beams (`doorway`) or the door alone (`occupancy`) count passings. Radars cannot count, but they know
the two ends of the scale: that nobody is inside, and that somebody is. So a count that has gone wrong, for whatever
reason, is right again once the room has been empty or occupied for long enough, and each such correction is recorded.

*Empty.* All radars are heard and see nobody, not even the still breath of a sleeper (that is what the radar's still
gate is for), no motion sensor is active, and neither door nor beams have moved, for `empty_after_ms`: nobody is inside,
and with the door closed that is sure.

*A radar that is stuck at "nobody"* looks just like that. But whoever comes in moves in front of it: a radar that has
not seen anybody since the last entry, or in this run, has not shown that it sees. It is believed only after
`unproved_empty_after_ms`, and what it shows is never sure, so that nobody's socket, heater or place in the
anti-passback list hangs on it. A radar that is silent shows nothing at all.

*Somebody.* Seen for `occupied_after_ms` where the count says nobody: at least one is inside, and no more is known.

*What is promised.* With beams and radars that are honest, whatever happened before (power cuts included): the count is
right ten minutes after the last person has left and things are quiet, and it says at least one ten minutes after
somebody stays alone. With radars only, the same; between those two ends it is as good as the door's guess. Without
radars nothing corrects the count, and what nobody could count leaves it unsure for good. A motion sensor alone shows
neither: a sleeper does not move, and a heater does.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from contract.ids import SensorId
from contract.records import AlarmCode
from edge.core import doorway, headcount, loitering, welfare
from edge.core.alarm_state import Condition
from edge.core.changed import changed
from edge.core.config import StationConfig
from edge.core.events import LevelsRead, Point, PointChanged, PresenceMeasured, SensorChanged
from edge.core.headcount import CONTRADICTED_PERCENT, SEEN_EMPTY_PERCENT, UNSURE_PERCENT
from edge.core.presence_state import RadarReport, Room, RoomNow
from edge.core.state import StationState
from edge.core.turn import Turn

EVIDENCE_EMPTY: Final = "radar_empty"
EVIDENCE_UNPROVED: Final = "radar_empty_unproved"
EVIDENCE_SOMEBODY: Final = "radar_occupied"


def seen(state: StationState) -> Room:
    """What the sensors inside see now."""
    return state.volatile.presence.room.seen


# ---------------------------------------------------------------- wires


def measured(turn: Turn, event: PresenceMeasured) -> None:
    """A radar reports."""
    if event.sensor not in turn.config.presence.radars:
        return
    room = turn.volatile.presence.room
    heard = {**room.radars, event.sensor: RadarReport(event.moving, event.still, turn.mono_ms)}
    _hear(turn, heard)


def sensor_changed(turn: Turn, event: SensorChanged) -> None:
    """A radar that does not answer is not believed any more."""
    radars = turn.volatile.presence.room.radars
    if not event.online and event.sensor in radars:
        _hear(turn, {sensor: report for sensor, report in radars.items() if sensor != event.sensor})


def point_changed(turn: Turn, event: PointChanged) -> None:
    """A beam or a motion sensor."""
    if event.point in doorway.BEAMS:
        doorway.beam_told(turn, event.point, event.active)
    elif event.point is Point.MOTION_OUTSIDE:
        loitering.motion(turn, event.active)
    elif event.active is (turn.volatile.presence.room.motion_since_ms is None):
        _set(turn, motion_since_ms=turn.mono_ms if event.active else None, motion_stuck=False)
        welfare.moved(turn)
        _look(turn)


def levels_read(turn: Turn, event: LevelsRead) -> None:
    """The wired inputs after a time in which nobody looked."""
    doorway.levels_read(turn, event.points.get(Point.BEAM_OUTER), event.points.get(Point.BEAM_INNER))
    for point in (Point.MOTION_INSIDE, Point.MOTION_OUTSIDE):
        if point in event.points:
            point_changed(turn, PointChanged(point, event.points[point]))


def inputs_lost(turn: Turn) -> None:
    """No wired input can be read: what they said last says nothing of now."""
    doorway.lost(turn)
    for point in (Point.MOTION_INSIDE, Point.MOTION_OUTSIDE):
        point_changed(turn, PointChanged(point, False))


# ---------------------------------------------------------------- what follows


def follow(turn: Turn, before: StationState) -> None:
    """What follows from a change elsewhere: the leaf, the beams, the count."""
    was, now = before.volatile, turn.volatile
    leaf_moved = now.inputs.contact_open is not was.inputs.contact_open
    if leaf_moved or turn.door is not before.durable.door:
        doorway.follow(turn, before)
    if not turn.config.presence.radars:
        return
    counted, occupancy = before.durable.occupancy, turn.durable.occupancy
    if occupancy is counted and not leaf_moved and now.presence is was.presence:
        return
    if occupancy.people > counted.people:
        _set(turn, proved=_is_seen(now.presence.room))
    if leaf_moved or _beams_moved(before, turn.state):
        _set(turn, quiet_since_ms=turn.mono_ms)
    _arm(turn)


def _beams_moved(before: StationState, after: StationState) -> bool:
    was, now = before.volatile.presence.doorway, after.volatile.presence.doorway
    return was.outer.broken is not now.outer.broken or was.inner.broken is not now.inner.broken


# ---------------------------------------------------------------- time


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""
    doorway.time_passed(turn)
    config, presence = turn.config.presence, turn.volatile.presence
    room = presence.room
    if room.silent_at_ms is not None and room.silent_at_ms <= turn.mono_ms:
        latest = turn.mono_ms - config.radar_silent_ms
        _hear(turn, {sensor: report for sensor, report in room.radars.items() if report.at_ms > latest})
    if _ends_at(room.motion_since_ms, config.motion_stuck_ms, turn.mono_ms) and not room.motion_stuck:
        _set(turn, motion_stuck=True)
        _look(turn)
    if _ends_at(room.moving_since_ms, config.movement_ms, turn.mono_ms) and not room.moved:
        _set(turn, moved=True)
        welfare.moved(turn)
    if presence.correct_at_ms is not None and presence.correct_at_ms <= turn.mono_ms:
        _correct(turn)


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    presence = state.volatile.presence
    yield from doorway.deadlines(state)
    for moment in (presence.room.silent_at_ms, presence.room.settles_at_ms, presence.correct_at_ms):
        if moment is not None:
            yield moment


def conditions(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """What may be an alarm here."""
    inside, capacity = state.durable.occupancy, config.access.capacity
    if capacity is not None:
        detail = f"{inside.people} inside, {capacity} allowed"
        yield Condition(AlarmCode.OVER_CAPACITY, "room", inside.sure and inside.people > capacity, detail)


def _ends_at(since_ms: int | None, lasts_ms: int, mono_ms: int) -> bool:
    return since_ms is not None and since_ms + lasts_ms <= mono_ms


# ---------------------------------------------------------------- the room


def _hear(turn: Turn, radars: Mapping[SensorId, RadarReport]) -> None:
    """What is known of the radars is new."""
    silent_at_ms = min((report.at_ms for report in radars.values()), default=None)
    if silent_at_ms is not None:
        silent_at_ms += turn.config.presence.radar_silent_ms
    _set(turn, radars=radars, silent_at_ms=silent_at_ms)
    _look(turn)


def _look(turn: Turn) -> None:
    """What do they see together?"""
    room = turn.volatile.presence.room
    moving = any(report.moving for report in room.radars.values())
    if moving is (room.moving_since_ms is None):
        if room.moved:
            welfare.moved(turn)
        _set(turn, moving_since_ms=turn.mono_ms if moving else None, moved=False)
    now = _seen(turn.config, room)
    if not room.proved and _is_seen(room):
        _set(turn, proved=True)
    if now is not room.seen:
        _set(turn, seen=now, quiet_since_ms=turn.mono_ms)
        _arm(turn)


def _is_seen(room: RoomNow) -> bool:
    """Whether a radar sees somebody; what a motion sensor sees says nothing of radars."""
    return any(report.moving or report.still for report in room.radars.values())


def _seen(config: StationConfig, room: RoomNow) -> Room:
    radars = config.presence.radars
    if not radars:
        return Room.UNKNOWN
    if _is_seen(room):
        return Room.SOMEBODY
    all_heard = len(room.radars) == len(radars)
    if room.motion_since_ms is not None and not (room.motion_stuck and all_heard):
        return Room.SOMEBODY
    return Room.EMPTY if all_heard else Room.UNKNOWN


def _arm(turn: Turn) -> None:
    """When will the count have been wrong for long enough?"""
    due_ms = _correct_at_ms(turn)
    if due_ms != turn.volatile.presence.correct_at_ms:
        turn.set_volatile(presence=changed(turn.volatile.presence, correct_at_ms=due_ms))


def _correct_at_ms(turn: Turn) -> int | None:
    config, room, counted = turn.config.presence, turn.volatile.presence.room, turn.durable.occupancy
    if room.seen is Room.SOMEBODY:
        return room.quiet_since_ms + config.occupied_after_ms if counted.people == 0 else None
    if room.seen is Room.UNKNOWN:
        return None
    if not room.proved:
        return room.quiet_since_ms + config.unproved_empty_after_ms if counted.people else None
    wrong = counted.people > 0 or (not counted.sure and turn.inputs.contact_open is False)
    return room.quiet_since_ms + config.empty_after_ms if wrong else None


def _correct(turn: Turn) -> None:
    room = turn.volatile.presence.room
    if room.seen is Room.SOMEBODY:
        headcount.correct(turn, 1, EVIDENCE_SOMEBODY, CONTRADICTED_PERCENT)
    elif not room.proved:
        headcount.correct(turn, 0, EVIDENCE_UNPROVED, UNSURE_PERCENT)
    else:
        closed = turn.inputs.contact_open is False
        headcount.correct(turn, 0, EVIDENCE_EMPTY, SEEN_EMPTY_PERCENT if closed else UNSURE_PERCENT)
    _arm(turn)


def _set(turn: Turn, **changes: object) -> None:
    presence, config = turn.volatile.presence, turn.config.presence
    room = changed(presence.room, **changes)
    settles_at_ms = None
    if room.motion_since_ms is not None and not room.motion_stuck:
        settles_at_ms = room.motion_since_ms + config.motion_stuck_ms
    if room.moving_since_ms is not None and not room.moved:
        moved_at_ms = room.moving_since_ms + config.movement_ms
        settles_at_ms = moved_at_ms if settles_at_ms is None else min(settles_at_ms, moved_at_ms)
    if settles_at_ms != room.settles_at_ms:
        room = changed(room, settles_at_ms=settles_at_ms)
    turn.set_volatile(presence=changed(presence, room=room))
