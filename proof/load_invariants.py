"""Loads: what is switched on, against what is so in the room and what somebody far away wants."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from edge.core import events
from edge.core.door import CLOSED_MODES
from edge.core.load_state import LoadKind
from edge.core.state import StationState
from edge.core.station import Step
from proof.building import AIR
from proof.city import EMPTY_MS
from proof.presence_invariants import undisturbed_ms
from proof.require import require
from proof.room import RADAR

if TYPE_CHECKING:
    from proof.life import Life

SETTLE_MS: Final = 500
NIGHT: Final = (22, 6)
CLIMATE: Final = frozenset({LoadKind.HEATING, LoadKind.COOLING})


def the_budget_holds(life: "Life") -> None:
    """At every moment, also between two switches."""
    budget_w = life.config.loads.budget_w
    if budget_w is not None:
        require(life.building.power_w <= budget_w, "the_budget_holds", f"{life.building.power_w} W of {budget_w}")


def cut_is_what_is_wanted(life: "Life", event: events.DesiredReceived, step: Step) -> None:
    """Exactly what the cloud wants cut off is."""
    cut = set(step.state.durable.loads.cut)
    require(cut == set(event.loads_cut), "cut_loads_stay_off", f"{sorted(cut)}, wanted {sorted(event.loads_cut)}")


def loads_obey(life: "Life", state: StationState) -> None:
    """What must be on is, and what must be off is not."""
    config, shell, building = life.config.loads, life.shell, life.building
    now_ms, door = life.timeline.now_ms, state.durable.door
    if not config.loads or now_ms - max(shell.pins_since_ms, shell.stalled_ms) < SETTLE_MS:
        return
    on = {load for load, is_on in building.loads.items() if is_on}
    require(on == set(state.durable.loads.on), "outputs_are_the_state", f"{on}, recorded {state.durable.loads.on}")
    fire = life.world.fire and now_ms - life.world.fire_ms > SETTLE_MS
    told = shell.told.get(f"sensor_offline/{AIR}")
    blind = told is not None and told.bad and now_ms - told.since_ms > SETTLE_MS
    for load in config.loads:
        is_on = load.id in on
        if fire:
            is_light = load.kind is LoadKind.LIGHT
            require(is_on == is_light, "in_a_fire_only_light", f"{load.id} is {'on' if is_on else 'off'} in a fire")
        elif load.id in state.durable.loads.cut and not _danger(state):
            require(not is_on, "cut_loads_stay_off", f"{load.id} is on")
        if load.kind in CLIMATE and blind:
            require(not is_on, "nothing_heats_on_a_guess", f"{load.id} is on, and nobody knows how warm it is")
        if load.kind is LoadKind.SOCKETS and is_on and door.mode in CLOSED_MODES:
            sockets_off_when_empty(life, state)


def _danger(state: StationState) -> bool:
    return any(alarm.code in ("smoke", "carbon_monoxide") and alarm.active for alarm in state.durable.alarms)


def sockets_off_when_empty(life: "Life", state: StationState) -> None:
    """At night, once nobody is inside: known by the count, or seen by an honest radar for long enough."""
    shell, room, now_ms = life.shell, life.room, life.timeline.now_ms
    hour = datetime.fromtimestamp(life.true_wall_ms / 1_000, life.city.zone).hour
    minutes_ago = datetime.fromtimestamp(life.true_wall_ms / 1_000 - 5, life.city.zone).hour
    night = all(each >= NIGHT[0] or each < NIGHT[1] for each in (hour, minutes_ago))
    if not night or not shell.clock_trusted or state.durable.door.release is not None:
        return
    seen = [*room.inside, *room.crossing] or room.stuck or room.radar_says is not None
    counted = state.durable.occupancy
    surely = counted.sure and not counted.people and not seen
    quiet_ms = now_ms - max(
        room.count_ms, room.began_ms, room.beam_ms, life.world.opened_ms, life.world.closed_ms, undisturbed_ms(life),
        life.relocked_ms,
    )  # fmt: skip
    settled = now_ms - max(room.moved_ms, life.relocked_ms, life.world.closed_ms, undisturbed_ms(life)) > SETTLE_MS * 4
    require(not (surely and settled), "nobody_charges_at_night_where_nobody_is", "the sockets are on, surely empty")
    by_radar = RADAR in life.city.sensors and not seen and quiet_ms > EMPTY_MS + 300_000
    require(not by_radar, "nobody_charges_at_night_where_nobody_is", f"the sockets are on, empty for {quiet_ms} ms")


def light_before_the_door(life: "Life") -> None:
    """Whoever was let in and opens the door does not step into the dark."""
    state = life.shell.state
    for load in life.config.loads.loads:
        if load.kind is LoadKind.LIGHT and load.id not in state.durable.loads.cut:
            lit = life.building.loads.get(load.id, False)
            require(lit, "nobody_comes_into_the_dark", f"{load.id} is off, and the door stands open")
