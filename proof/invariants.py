"""What must hold, one named function each, checked against the world's truth and not against the core's own words.

A check that fails raises `Broken` with the function's name. When they run:

- `step_is_sound`: after each step that wrote or asked for something. `after_step`: after each step, once the core has
  heard everything that there is. `audit`: every two minutes, for what must have happened by now.
- The others: where the thing they watch happens (an effect acts, an acknowledgement arrives, a run begins or ends).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from contract.records import (
    AccessDenied,
    AccessGranted,
    AccessNotTaken,
    AccessTaken,
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    AlarmShelved,
    Direction,
    DoorHeld,
    DoorHeldCleared,
    DoorMode,
    DoorReleased,
    DoorRelocked,
    EnergyCounted,
    EnergyUsed,
    OccupancyChanged,
    OccupancyCorrected,
    Posture,
    ReleaseCause,
    StationBooted,
    WelfareAnswered,
    WelfareAsked,
)
from edge.core import events
from edge.core.config import RelockOn
from edge.core.effects import ReleaseLock
from edge.core.state import Durable, StationState
from edge.core.station import Step, replay
from edge.runtime.actuation import BUDGET_MS
from proof import (
    access_invariants,
    alarm_invariants,
    company_invariants,
    energy_invariants,
    guard_invariants,
    load_invariants,
    presence_invariants,
    swap_invariants,
)
from proof.access_invariants import SHUT
from proof.alarm_invariants import door_alarms_stand_as_the_door_does
from proof.require import Broken, require

if TYPE_CHECKING:
    from proof.life import Life

SETTLE_MS: Final = 150
"""A contact's bounce, its debouncing, and a wire's way."""
PEOPLE: Final = frozenset({ReleaseCause.CARD, ReleaseCause.FACE, ReleaseCause.PIN})
AT_ONCE: Final = frozenset({ReleaseCause.EXIT, ReleaseCause.FIRE})
BUDGETED: Final = PEOPLE | {ReleaseCause.FREE_ACCESS}
CLOSED: Final = frozenset({DoorMode.SECURED, DoorMode.RELEASED})


# ---------------------------------------------------------------- after a step


def step_is_sound(life: "Life", event: events.Event, before: StationState, step: Step) -> None:
    """Everything that one step's records and effects must be."""
    judged, lived = before, 0
    for number, record in enumerate(step.records):
        check = _OF_RECORD.get(type(record))
        if check is not None:
            if lived < number:
                # What the station remembered then: timers may have ended earlier in the same step.
                at = life.shell.stamp()
                judged, lived = replay(judged, ((each, at) for each in step.records[lived:number])), number
            check(life, event, judged, record)
    for effect in step.effects:
        if isinstance(effect, ReleaseLock):
            no_release_without_a_cause(life, event, step.state, effect)
    durable = life.latest_durable = step.state.durable
    access_invariants.numbers_are_checked_rightly(life, step)
    access_invariants.duress_is_heard_and_not_seen(life, step)
    if durable.cabinet is not before.durable.cabinet or life.config.cabinet.slots:
        swap_invariants.step_is_sound(life, before, step)
    if durable.posture is not before.durable.posture:
        life.posture_ms = life.timeline.now_ms
    if durable.occupancy is not before.durable.occupancy:
        life.guard.counted_ms = life.timeline.now_ms
        require(durable.occupancy.people >= 0, "count_is_never_negative", f"{durable.occupancy.people} people")
    if durable.posture in SHUT:
        release = durable.door.release
        require(
            release is None
            or release.cause in AT_ONCE
            or release.direction is Direction.OUT
            or _by_technician(durable),
            "lockdown_keeps_shut",
            f"{durable.posture} with a release by {release and release.cause}",
        )
    if isinstance(event, events.Booted):
        commands_are_answered(step.state)
        a_run_begins_at_rest(step.state)
    if isinstance(event, events.DesiredReceived) and event.revision > before.durable.desired_revision:
        wanted = event.posture or durable.posture
        require(durable.posture is wanted, "desired_posture_is_followed", f"{durable.posture}, wanted {wanted}")
        load_invariants.cut_is_what_is_wanted(life, event, step)
    if step.state.volatile.parts.levels_read and durable.door is not before.durable.door:
        door_alarms_stand_as_the_door_does(step.state)


def _by_technician(durable: Durable) -> bool:
    """A station out of service is opened by command, so that somebody can mend it."""
    release = durable.door.release
    by_command = release is not None and release.cause is ReleaseCause.COMMAND
    return by_command and durable.posture is Posture.OUT_OF_SERVICE


def no_release_without_a_cause(life: "Life", event: events.Event, after: StationState, effect: ReleaseLock) -> None:
    """Whoever let the lock go did so in the world."""
    now_ms, world = life.timeline.now_ms, life.world
    recent_ms = now_ms - life.shell.lag_ms - SETTLE_MS
    cause = effect.cause
    if cause in PEOPLE:
        by_person = isinstance(event, events.CardPresented | events.PinChecked)
        require(by_person, "no_release_without_a_cause", f"{cause} by {event}")
    elif cause is ReleaseCause.EXIT:
        pressed = world.exit_closed or world.exit_button or world.exit_ms >= recent_ms
        require(pressed, "no_release_without_a_cause", "exit, and nobody presses the button")
    elif cause is ReleaseCause.FIRE:
        require(world.fire or world.fire_ms >= recent_ms, "no_release_without_a_cause", "fire, and there is none")
    elif cause is ReleaseCause.COMMAND:
        known = any(command.id == effect.command_id and command.kind == "release" for command in life.cloud.commands)
        require(known, "no_release_without_a_cause", f"command {effect.command_id} was never given")
    else:
        posture = after.durable.posture
        require(posture is Posture.FREE_ACCESS, "no_release_without_a_cause", f"free access in posture {posture}")


def nobody_is_inside(
    life: "Life", event: events.Event, before: StationState, record: OccupancyChanged | OccupancyCorrected
) -> None:
    """Not a check: where surely nobody is, nobody is still inside."""
    if record.sure and not record.people:
        life.access.inside.clear()


def held_is_answered(life: "Life", event: events.Event, before: StationState, record: DoorHeld) -> None:
    """Held and its end alternate, and no door is held before its time."""
    require(not life.held, "held_is_followed_by_held_cleared", "held twice")
    life.held = True
    open_ms = life.timeline.now_ms - life.world.opened_ms
    bad_ms = max(life.world.flicker_ms, life.world.contact_bad_ms)
    sure = bad_ms < life.world.opened_ms - SETTLE_MS and life.contact_is_sound
    early = sure and open_ms < life.config.door.held_ms
    require(not early, "held_only_when_it_is", f"open for {open_ms} ms")


def held_cleared_after_held(life: "Life", event: events.Event, before: StationState, record: DoorHeldCleared) -> None:
    require(life.held, "held_is_followed_by_held_cleared", "cleared without held")
    life.held = False


def alarm_raised(life: "Life", event: events.Event, before: StationState, record: AlarmRaised) -> None:
    """Each alarm in its time and place; and counted, so that it shows that there are some."""
    life.met[record.code] += 1
    life.met["under_a_cause"] += bool(record.cause)
    life.met["first_out"] += record.first_out
    guard_invariants.raised_for_a_reason(life, event, before, record)
    company_invariants.raised_in_its_place(life, event, before, record)


def released_now(life: "Life", event: events.Event, before: StationState, record: DoorReleased) -> None:
    """Not a check: when the door was released last, for those that are."""
    life.released_ms = life.timeline.now_ms
    if before.durable.door.release is None:
        life.guard.lock_told_ms = life.timeline.now_ms
    _look_at_the_lock_soon(life)


def relocked_now(life: "Life", event: events.Event, before: StationState, record: DoorRelocked) -> None:
    """Not a check: when the lock went to rest last."""
    life.relocked_ms = life.guard.lock_told_ms = life.timeline.now_ms
    _look_at_the_lock_soon(life)


def _look_at_the_lock_soon(life: "Life") -> None:
    if events.Point.LOCK_SECURED in life.city.points:
        wait_ms = guard_invariants.LOCK_ON_MS + 2 * SETTLE_MS
        life.timeline.after(wait_ms, guard_invariants.look_at_lock, life, life.shell.run)


def boot_record_says_so(life: "Life", event: events.Event, before: StationState, record: StationBooted) -> None:
    """After a run that may have released without a record, the boot record admits it."""
    said = record.unrecorded_release_window_ms >= BUDGET_MS or not life.shell.missing_release
    if life.stopped_in_order is None:
        return
    require(said, "boot_record_tells_of_unrecorded_releases", f"window {record.unrecorded_release_window_ms} ms")
    require(record.clean_stop == life.stopped_in_order, "clean_stop_is_true", f"clean_stop = {record.clean_stop}")


_OF_RECORD: Final[dict[type, Callable[..., None]]] = {
    AccessGranted: access_invariants.granted_to_the_right,
    AccessDenied: access_invariants.denied_for_a_reason,
    AccessTaken: access_invariants.went_through,
    AccessNotTaken: access_invariants.not_taken,
    OccupancyChanged: nobody_is_inside,
    OccupancyCorrected: nobody_is_inside,
    AlarmRaised: alarm_raised,
    AlarmCleared: alarm_invariants.what_nobody_has_seen_stays,
    AlarmAcknowledged: alarm_invariants.an_acknowledgement_takes_its_own,
    AlarmShelved: alarm_invariants.nobody_shelves_a_life,
    WelfareAsked: presence_invariants.asked_when_still,
    WelfareAnswered: presence_invariants.answer_noted,
    EnergyCounted: energy_invariants.counted_exactly,
    EnergyUsed: energy_invariants.used_exactly,
    DoorHeld: held_is_answered,
    DoorHeldCleared: held_cleared_after_held,
    DoorReleased: released_now,
    DoorRelocked: relocked_now,
    StationBooted: boot_record_says_so,
}


def after_step(life: "Life", event: events.Event) -> None:
    """The core has heard everything: lock and state agree, and who must be let out is."""
    shell, world, state = life.shell, life.world, life.shell.state
    release = state.durable.door.release
    presence_invariants.after_every_step(life, state)
    if not shell.pins_ok or state.volatile.stopped:
        return
    if world.pin and release is None:
        raise Broken("no_release_after_a_secure", "the pin is high and the door is secured")
    if not state.volatile.parts.levels_read:
        return
    if world.fire and (release is None or not world.pin):
        raise Broken("fire_and_exit_always_release", f"fire, and the release is {release}, the pin {world.pin}")
    if not world.exit_closed or not life.exit_releases:
        return
    # In public hours the core's release may still wait for its commit; the wiring does not.
    waits = release is not None and release.cause is ReleaseCause.FREE_ACCESS and world.lock.released
    if not waits and (release is None or not world.pin):
        raise Broken("fire_and_exit_always_release", f"exit pressed, and the release is {release}, the pin {world.pin}")


# ---------------------------------------------------------------- every two minutes


def audit(life: "Life") -> None:
    """What must have happened by now."""
    state = life.shell.state
    if not state.volatile.parts.levels_read or state.volatile.stopped:
        return
    alarm_invariants.alarms_stand_within_their_delays(life, state)
    alarm_invariants.every_shelf_ends(life, state)
    alarm_invariants.guessing_is_told(life, state)
    company_invariants.company_is_right(life, state)
    presence_invariants.whoever_lies_still_is_asked(life, state)
    the_plan_is_followed(life, state)
    energy_invariants.energy_counts_for_its_day(life, state)
    swap_invariants.audit(life)
    if life.shell.pins_ok:
        presence_invariants.the_count_is_right(life, state)
        presence_invariants.whoever_hangs_about_is_seen(life, state)
        load_invariants.loads_obey(life, state)
        guard_invariants.guard_is_right(life, state)
        the_lock_obeys_wiring(life)
        releases_end(life, state)
        if life.contact_is_sound:
            a_door_left_open_is_held(life, state)


def the_plan_is_followed(life: "Life", state: StationState) -> None:
    """By a clock that is trusted, and while the cloud wants nothing else."""
    shell, durable = life.shell, state.durable
    if durable.desired_posture is not None or not shell.clock_trusted:
        return
    wall_ms = shell.wall_ms()
    planned = life.city.planned_posture(wall_ms)
    right = durable.posture is planned or durable.posture is life.city.planned_posture(wall_ms - 1_500)
    require(right, "the_plan_is_followed", f"{durable.posture}, planned {planned}")


def the_lock_obeys_wiring(life: "Life") -> None:
    """Exit button and fire panel release in the wiring, whatever the controller does."""
    world = life.world
    if world.exit_button or world.fire:
        require(world.lock.released, "fire_and_exit_release_in_the_wiring", f"inputs {world.lock.inputs}")


def releases_end(life: "Life", state: StationState) -> None:
    """The lock does not stay released when nothing keeps it so."""
    world, now_ms, door = life.world, life.timeline.now_ms, life.config.door
    kept = world.fire or world.exit_closed or state.durable.posture is Posture.FREE_ACCESS
    if not world.pin or kept or (door.relock_on is RelockOn.CLOSE and (world.leaf.open or not life.contact_is_sound)):
        return
    since_ms = max(world.pin_high_ms, world.exit_ms, world.fire_ms, world.closed_ms, life.released_ms)
    over_ms = now_ms - max(since_ms, life.shell.stalled_ms) - door.extended_release_ms
    require(over_ms < 1_000, "releases_end", f"released {over_ms} ms too long")


def a_door_left_open_is_held(life: "Life", state: StationState) -> None:
    """Whoever props the door is seen, and is not seen any more once it is shut."""
    world, now_ms, mode = life.world, life.timeline.now_ms, state.durable.door.mode
    if not world.leaf.open:
        if now_ms - world.closed_ms > SETTLE_MS:
            require(mode in CLOSED, "the_mode_is_the_leaf", f"shut, and the mode is {mode}")
        return
    if now_ms - world.opened_ms > SETTLE_MS:
        require(mode not in CLOSED, "the_mode_is_the_leaf", f"open, and the mode is {mode}")
    if world.fire or state.durable.posture is Posture.FREE_ACCESS or mode is DoorMode.FORCED:
        return
    since_ms = max(world.opened_ms, world.fire_ms, life.released_ms, life.posture_ms, life.shell.pins_since_ms)
    # A wire that was loose has told of openings that were none.
    over_ms = now_ms - max(since_ms, world.contact_bad_ms, life.shell.stalled_ms) - life.config.door.held_ms
    require(over_ms < SETTLE_MS or mode is DoorMode.HELD, "a_door_left_open_is_held", f"{mode} for {over_ms} ms more")


# ---------------------------------------------------------------- the leaf


def an_opening_is_judged_right(life: "Life", how: str) -> None:
    """`how` the leaf opened a moment ago in the world: "forced" or "released"."""
    mode = life.shell.state.durable.door.mode
    if how == "forced":
        require(mode is DoorMode.FORCED, "a_forced_door_is_an_alarm", f"opened by violence, and the mode is {mode}")
    else:
        require(mode is not DoorMode.FORCED, "a_released_door_is_never_forced", "opened while released")
        release = life.shell.state.durable.door.release
        if release is not None and release.cause in PEOPLE and not life.world.fire:
            load_invariants.light_before_the_door(life)


# ---------------------------------------------------------------- effects and runs


def effect_may_act(life: "Life", effect: ReleaseLock, ticket: int | None, at_ms: int, now_ms: int) -> None:
    """Commit, then act: by the class of the effect."""
    if effect.cause in AT_ONCE:
        return
    kept = ticket is not None and ticket <= life.storage.committed
    if effect.cause not in BUDGETED:
        require(kept, "commands_wait_for_their_commit", f"{effect} acted without its record")
        require(effect.command_id not in life.executed, "a_command_runs_once", f"{effect.command_id} ran again")
        life.executed.add(effect.command_id)
        return
    in_budget = kept or ticket is None or now_ms - at_ms >= BUDGET_MS
    require(in_budget, "a_release_waits_its_budget", f"acted {now_ms - at_ms} ms after the step, unrecorded")


def unrecorded_releases_were_in_their_budget(life: "Life", acted: list[tuple[ReleaseLock, int | None, int]]) -> bool:
    """A run has ended: whether a release that acted has no record. Such a one used its budget, or had no room."""
    # What found no room in the queue is missing too, but that is told by a record of its own.
    missing = [one for one in acted if one[1] is not None and one[1] > life.storage.committed]
    for effect, _, _ in missing:
        require(effect.cause in BUDGETED, "commands_wait_for_their_commit", f"{effect} unrecorded")
    return bool(missing)


def restart_equals_replay(life: "Life", state: StationState) -> None:
    """Snapshot and journal give the state that the live steps had when their records were committed."""
    if not life.replay_is_exact:
        life.replay_is_exact, life.storage.expected = True, state.durable
    else:
        expected = life.storage.expected
        require(state.durable == expected, "restart_equals_replay", _difference(expected, state.durable))
    life.held = state.durable.door.held_for_ms is not None
    life.swaps.run_begins(state.durable.cabinet)
    # Power that goes with an effect takes the step's records along before the storage hears of them.
    kept = state.durable == life.latest_durable
    life.access.run_begins(state, life.shell.wall_offset_ms, everything_kept=kept)
    life.energy.run_begins(life, state.durable, everything_kept=kept)
    # A storage of another time knows nothing of the run before.
    life.stopped_in_order = life.shell.ended_in_order if life.storage.intact else None
    life.storage.intact = True


def snapshot_is_the_state(state: StationState, read: StationState) -> None:
    """A snapshot that is read again is the state that was written."""
    require(read.durable == state.durable, "snapshot_is_the_state", _difference(state.durable, read.durable))


def a_run_begins_at_rest(state: StationState) -> None:
    """No release outlives its run: the outputs went to rest."""
    require(state.durable.door.release is None, "a_run_begins_at_rest", str(state.durable.door.release))


def commands_are_answered(state: StationState) -> None:
    """A new run has answered what the one before had begun."""
    require(not state.durable.commands_begun, "begun_commands_are_answered", str(state.durable.commands_begun))


def _difference(expected: Any, found: Any) -> str:
    names = [name for name in vars(expected) if getattr(expected, name) != getattr(found, name)]
    return "; ".join(f"{name} is {getattr(found, name)}, lived {getattr(expected, name)}" for name in names)[:500]
