"""Light, heat, sockets, sign: on when they serve somebody, off when they do not.

The rules are in `load_rules`; here is what they are asked about, and when. A load is switched when the answer is
another one, with one record and one effect. The outputs are at rest when a run begins and whenever the pins have been
away; they are driven again as soon as the inputs have been read.

*Somebody inside.* A release for a person counts, so that the light is on before the door is open; so do an open door,
and whatever sees people inside. Otherwise a count that is sure decides. One that is unsure leaves a room occupied until
nobody has been noticed for a while, and for hours where nothing but the door can notice anybody.

*Cut from afar.* The cloud's standing will names the loads that are cut off; that is remembered over restarts.
"""

from collections.abc import Iterator

from contract.ids import LoadId
from contract.records import AlarmCode, LoadCut, LoadSwitched, Posture
from edge.core import energy, environment, hours
from edge.core.alarm_state import Condition
from edge.core.changed import changed
from edge.core.config import StationConfig
from edge.core.door import CLOSED_MODES
from edge.core.doorkeeper import SHUT_POSTURES, STANDING
from edge.core.effects import SetLoad
from edge.core.events import Point
from edge.core.load_rules import Situation, Wish, settled
from edge.core.load_state import MAX_CUT, Load, LoadCause, LoadNow
from edge.core.presence_state import Room
from edge.core.state import Door, Durable, Health, StationState
from edge.core.turn import Turn

# ---------------------------------------------------------------- what is told


def desired(turn: Turn, cut: tuple[LoadId, ...], by: str) -> None:
    """The cloud wants exactly these loads cut off."""
    wanted = cut[:MAX_CUT]
    for load in turn.durable.loads.cut:
        if load not in wanted:
            turn.record(LoadCut(load, False, by))
    for load in wanted:
        if load not in turn.durable.loads.cut:
            turn.record(LoadCut(load, True, by))


def levels_read(turn: Turn) -> None:
    """The outputs have just been put to rest."""
    turn.set_volatile(loads=changed(turn.volatile.loads, driven=False, blind=False))


def inputs_lost(turn: Turn) -> None:
    """The pins are away: nothing is switched until the inputs have been read again, and the outputs are at rest."""
    turn.set_volatile(loads=changed(turn.volatile.loads, blind=True))


def stop(turn: Turn) -> None:
    """The run ends: the outputs go to rest, and what has been used is written down."""
    energy.count(turn)
    for load in turn.durable.loads.on:
        turn.record(LoadSwitched(load, False, LoadCause.STOPPED.value))
        turn.act(SetLoad(load, False))
    turn.set_volatile(loads=changed(turn.volatile.loads, stopping=True))


# ---------------------------------------------------------------- following


def follow(turn: Turn, before: StationState) -> None:
    """Switch what is to be switched after a change elsewhere."""
    config = turn.config
    if not config.loads.loads and not config.environment.meters:
        return
    day = hours.keep_up(turn).day
    if day is not None and day != turn.durable.loads.energy_day:
        energy.begin_day(turn, day)
    now = turn.volatile.loads
    if not config.loads.loads or now.stopping or now.blind or not turn.parts.levels_read:
        return
    if now.driven and _is_same(before, turn.state):
        return
    if not now.driven:
        _drive(turn)
    _look_inside(turn)
    _switch(turn)
    energy.arm(turn)
    turn.set_volatile(loads=changed(turn.volatile.loads, due_ms=_due_ms(turn)))


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`: `follow` then looks again."""
    now = turn.volatile.loads
    if now.due_ms is not None and now.due_ms <= turn.mono_ms:
        turn.set_volatile(loads=changed(now, due_ms=None))


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    if state.volatile.loads.due_ms is not None:
        yield state.volatile.loads.due_ms


def conditions(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """What may be an alarm here."""
    parts = state.volatile.parts
    for load in config.loads.loads:
        told = parts.loads.get(load.id, Health())
        stands = told.ok is False if parts.levels_read or told.ok is not None else None
        yield Condition(AlarmCode.LOAD_FAULT, load.id, stands, told.detail)


def _is_same(before: StationState, state: StationState) -> bool:
    """Whether nothing has changed that a load might depend on."""
    was, now = before.volatile, state.volatile
    return (
        was.loads is now.loads
        and was.hours is now.hours
        and was.parts.gpio is now.parts.gpio
        and (before.durable is state.durable or _is_same_memory(before.durable, state.durable))
        and was.presence.room.seen is now.presence.room.seen
        and _is_same_air(before, state)
        and was.supervision.points is now.supervision.points
    )


def _is_same_memory(was: Durable, now: Durable) -> bool:
    return (
        was.occupancy is now.occupancy
        and was.posture is now.posture
        and was.loads is now.loads
        and (was.door is now.door or (was.door.fire is now.door.fire and _calls(was.door) is _calls(now.door)))
    )


def _is_same_air(before: StationState, state: StationState) -> bool:
    was, now = before.volatile.environment, state.volatile.environment
    same_memory = before.durable.alarms is state.durable.alarms and before.durable.cabinet is state.durable.cabinet
    if was.findings is not now.findings or not same_memory:
        same_danger = environment.hazard(before) is environment.hazard(state)
        if not same_danger or environment.water(before) is not environment.water(state):
            return False
    elif was.sensors is now.sensors:
        return True
    return environment.temperature_decicelsius(before) == environment.temperature_decicelsius(state)


# ---------------------------------------------------------------- who is inside


def _look_inside(turn: Turn) -> None:
    """Note whether somebody is inside, and since when nobody is."""
    config, now, occupancy = turn.config.loads, turn.volatile.loads, turn.durable.occupancy
    noticing = _is_noticed(turn.state)
    noticed_ms = turn.mono_ms if noticing or now.noticing or now.noticed_ms is None else now.noticed_ms
    if noticing:
        occupied = True
    elif occupancy.sure:
        occupied = occupancy.people > 0
    else:
        occupied = turn.mono_ms < noticed_ms + _unsure_for_ms(turn)
    left_ms = None if occupied else turn.mono_ms if now.left_ms is None else now.left_ms
    if left_ms is not None and now.noticed_ms is None:
        # Nobody has left in this run: the room was empty before.
        left_ms = turn.mono_ms - config.light_off_delay_ms
    if (noticing, noticed_ms, left_ms) != (now.noticing, now.noticed_ms, now.left_ms):
        turn.set_volatile(loads=changed(now, noticing=noticing, noticed_ms=noticed_ms, left_ms=left_ms))


def _is_noticed(state: StationState) -> bool:
    """Whether something shows at this moment that somebody is inside, or about to be."""
    seen = state.volatile.presence.room.seen
    if seen is Room.SOMEBODY or _calls(state.durable.door):
        return True
    # In public hours a door that nothing watches lets anybody in and nobody know.
    return seen is Room.UNKNOWN and state.durable.posture is Posture.FREE_ACCESS


def _calls(door: Door) -> bool:
    """Whether the door says that somebody comes or goes: it stands open, or was released for a person."""
    return door.mode not in CLOSED_MODES or (door.release is not None and door.release.cause not in STANDING)


def _unsure_for_ms(turn: Turn) -> int:
    """How long a room may be occupied without a sign of it."""
    blind = turn.volatile.presence.room.seen is Room.UNKNOWN
    return turn.config.loads.blind_empty_after_ms if blind else turn.config.loads.empty_after_ms


# ---------------------------------------------------------------- switching


def _drive(turn: Turn) -> None:
    """The outputs were at rest until now: go on where the state is. A compressor has stopped by that, nobody knows for
    how long."""
    known = dict(turn.volatile.loads.loads)
    for load in turn.config.loads.loads:
        if load.min_off_ms:
            known[load.id] = LoadNow(LoadCause.RESTING, turn.mono_ms)
        if load.id in turn.durable.loads.on:
            if load.min_off_ms:
                energy.reckon(turn)
                turn.record(LoadSwitched(load.id, False, LoadCause.RESTING.value))
            else:
                turn.act(SetLoad(load.id, True))
    turn.set_volatile(loads=changed(turn.volatile.loads, driven=True, loads=known))


def _switch(turn: Turn) -> None:
    """Do what the rules say."""
    situation = _situation(turn)
    wishes = settled(turn.config.loads.loads, situation, turn.config.loads.budget_w)
    # First off, then on: the budget holds in between too.
    for load in sorted(turn.config.loads.loads, key=lambda load: wishes[load.id].on):
        _take(turn, load, wishes[load.id])


def _take(turn: Turn, load: Load, wish: Wish) -> None:
    known = turn.volatile.loads.loads.get(load.id)
    is_on = load.id in turn.durable.loads.on
    switched_ms, shed_until_ms = (None, None) if known is None else (known.switched_ms, known.shed_until_ms)
    if wish.on is not is_on:
        energy.reckon(turn)
        turn.record(LoadSwitched(load.id, wish.on, wish.cause.value))
        turn.act(SetLoad(load.id, wish.on))
        switched_ms = turn.mono_ms
    if wish.cause is not LoadCause.BUDGET:
        shed_until_ms = None
    elif shed_until_ms is None or is_on:
        shed_until_ms = turn.mono_ms + turn.config.loads.shed_ms
    fresh = wish.cause, switched_ms, shed_until_ms
    if known is None or fresh != (known.cause, known.switched_ms, known.shed_until_ms):
        now = turn.volatile.loads
        turn.set_volatile(loads=changed(now, loads={**now.loads, load.id: LoadNow(*fresh)}))


def _situation(turn: Turn) -> Situation:
    state, config, now = turn.state, turn.config.loads, turn.volatile.loads
    on, held = frozenset(turn.durable.loads.on), hours.keep_up(turn)
    occupied = now.left_ms is None
    lately = frozenset(load.id for load in config.loads if _is_late(turn, load, load.id in on))
    return Situation(
        fire=turn.door.fire,
        hazard=environment.hazard(state),
        water=environment.water(state),
        mains_lost=state.volatile.supervision.points.get(Point.MAINS_LOST) is True,
        shut=turn.durable.posture in SHUT_POSTURES,
        night=held.night,
        occupied=occupied,
        just_left=now.left_ms is not None and turn.mono_ms < now.left_ms + config.light_off_delay_ms,
        temperature_decicelsius=environment.temperature_decicelsius(state),
        band=config.occupied if occupied else config.empty,
        frost_decicelsius=config.frost_decicelsius,
        hysteresis_decicelsius=config.hysteresis_decicelsius,
        open=held.open,
        cut=frozenset(turn.durable.loads.cut),
        on=on,
        running=lately & on,
        resting=lately - on,
        shed=frozenset(name for name, load in now.loads.items() if turn.mono_ms < (load.shed_until_ms or 0)),
    )


def _is_late(turn: Turn, load: Load, is_on: bool) -> bool:
    """Whether a load was switched so lately that it had better stay as it is."""
    least_ms = load.min_on_ms if is_on else load.min_off_ms
    known = turn.volatile.loads.loads.get(load.id) if least_ms else None
    return known is not None and known.switched_ms is not None and turn.mono_ms < known.switched_ms + least_ms


def _due_ms(turn: Turn) -> int | None:
    """The next moment at which a time of this machine ends."""
    config, now, occupancy = turn.config.loads, turn.volatile.loads, turn.durable.occupancy
    moments: list[int] = []
    if now.left_ms is not None:
        moments.append(now.left_ms + config.light_off_delay_ms)
    elif not occupancy.sure and now.noticed_ms is not None and not now.noticing:
        moments.append(now.noticed_ms + _unsure_for_ms(turn))
    for load in config.loads:
        known = now.loads[load.id]
        if known.switched_ms is not None:
            is_on = load.id in turn.durable.loads.on
            moments.append(known.switched_ms + (load.min_on_ms if is_on else load.min_off_ms))
        if known.shed_until_ms is not None:
            moments.append(known.shed_until_ms)
    return min((moment for moment in moments if moment > turn.mono_ms), default=None)
