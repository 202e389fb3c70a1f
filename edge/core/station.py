"""The station: one event in, a new state, records and effects out. Composes the machines; decides nothing itself.

`step` first lives through every timer that ended up to the event's time, in the order in which they ended, then
takes the event, then lets the alarms and the readers' lasting signs follow. Its records are in order, belong into
the journal stamped with the same `now`, and applying them to the old durable state gives the new one.

*How a machine joins*: its events in `_HANDLERS`; `follow` in `_follow`, before those that go by what it says; its
timers in `MACHINES`; what may be an alarm in `alarm_watch`; its records in `fold`. A year is millions of steps, and
most change little: so parts of the state are compared by identity, `follow` returns at once where nothing that it goes
by is another one, nobody writes what is so already, and all timers of a machine stand in its own part of what is
volatile.
"""

from collections.abc import Callable
from typing import Any, Final

from contract.frozen import frozen
from contract.records import (
    ClockTrusted,
    DoorHeldCleared,
    MessageRefused,
    Record,
    RosterSwitched,
    StationBooted,
    StationHealth,
    StationStopped,
)
from edge.core import (
    alarm_desk,
    alarms,
    commands,
    doorkeeper,
    energy,
    environment,
    events,
    hours,
    loads,
    loitering,
    occupancy,
    pins,
    postures,
    presence,
    signs,
    supervision,
    welfare,
)
from edge.core.alarm_watch import WATCHES
from edge.core.cabinet import machine as cabinet
from edge.core.cabinet import swap
from edge.core.config import StationConfig
from edge.core.effects import Effect
from edge.core.fold import apply, replay
from edge.core.snapshot import SNAPSHOT_VERSION, SnapshotError, from_snapshot, snapshot, snapshot_json
from edge.core.state import (
    MAX_CHILDREN,
    MAX_LOADS_TOLD,
    Durable,
    Health,
    Now,
    Parts,
    RecordedAt,
    StationState,
    Volatile,
)
from edge.core.turn import Turn
from edge.core.view import StationView, view

__all__ = [
    "SNAPSHOT_VERSION",
    "Now",
    "RecordedAt",
    "SnapshotError",
    "StationConfig",
    "StationState",
    "StationView",
    "Step",
    "apply",
    "deadline",
    "from_snapshot",
    "initial_state",
    "replay",
    "snapshot",
    "snapshot_json",
    "step",
    "view",
]

UNRECORDED_RELEASE_WINDOW_MS: Final = 50
"""How long a budgeted release waits for its commit: what a run that crashed may have done without a record."""
NEVER_MS: Final = 2**63
MAX_TIMEOUTS_PER_STEP: Final = 64
"""More timers than a station has; what is still due then is due in the next step."""

MACHINES: Final = (
    (pins, "pins"),
    (presence, "presence"),
    (welfare, "presence"),
    (loitering, "presence"),
    (environment, "environment"),
    (loads, "loads"),
    (hours, "hours"),
    (energy, "energy"),
    (supervision, "supervision"),
    (cabinet, "cabinet"),
    (alarms, "alarms"),
)
"""Those with timers of their own, beside the door's and the plan's, in the order in which they live through a moment;
each with the part of the volatile state in which its timers stand, all of them."""

STAMPED: Final = (events.ContactChanged, events.PointChanged)
"""Those that say when they happened."""
POINTS_OF_PEOPLE: Final = frozenset(
    {events.Point.BEAM_OUTER, events.Point.BEAM_INNER, events.Point.MOTION_INSIDE, events.Point.MOTION_OUTSIDE}
)


@frozen
class Step:
    """What one event led to."""

    state: StationState
    records: tuple[Record, ...]
    effects: tuple[Effect, ...]


def initial_state(config: StationConfig) -> StationState:
    """The state of a station whose journal is empty."""
    return StationState(Durable(posture=config.usual_posture), _fresh(config, Health()))


def step(config: StationConfig, state: StationState, event: events.Event, now: Now) -> Step:
    """Take one event. After an orderly stop nothing happens any more in that run."""
    if state.volatile.stopped and not isinstance(event, events.Booted):
        return Step(state, (), ())
    turn = Turn(config, state, now)
    at_ms = _moment_of(event, now)
    if not isinstance(event, events.Booted):
        _catch_up(turn, at_ms)
    turn.mono_ms = at_ms
    before = turn.state
    _HANDLERS[type(event)](turn, event)
    postures.keep_up(turn)
    _follow(turn, before)
    if isinstance(event, events.StopRequested):
        turn.record(StationStopped(event.why))
        turn.set_volatile(stopped=True)
    return Step(turn.state, tuple(turn.records), tuple(turn.effects))


def deadline(state: StationState) -> int | None:
    """The moment, on this boot's monotonic clock, at which the next timer ends: send a `Tick` then."""
    asked, due_ms = _ASKED[0]
    if asked is not state.volatile:
        due_ms = None if state.volatile.stopped else _next_moment(state)
        _ASKED[0] = state.volatile, due_ms
    return due_ms


_ASKED: Final[list[tuple[Volatile, int | None]]] = [(Volatile(), None)]
"""The latest answer: every state is asked twice, by the shell and when its next step begins."""


def _next_moment(state: StationState) -> int | None:
    volatile = state.volatile
    inputs, plan, parts = volatile.inputs, volatile.plan, vars(volatile)
    first_ms = NEVER_MS if plan is None or plan.until_ms is None else plan.until_ms
    for moment in (inputs.settles_at_ms, inputs.released_until_ms, inputs.open_limit_at_ms):
        if moment is not None and moment < first_ms:
            first_ms = moment
    for number, (machine, name) in enumerate(MACHINES):
        part, due_ms = _TIMERS[number]
        if part is not parts[name]:
            due_ms = min(machine.deadlines(state), default=NEVER_MS)
            _TIMERS[number] = parts[name], due_ms
        if due_ms < first_ms:
            first_ms = due_ms
    return None if first_ms == NEVER_MS else first_ms


_TIMERS: Final[list[tuple[object, int]]] = [(None, NEVER_MS)] * len(MACHINES)
"""By machine, the latest part of the state that was asked about and the first of its timers: a step changes few."""


def _moment_of(event: events.Event, now: Now) -> int:
    """When the event happened: a contact's edge may have waited in a queue."""
    if isinstance(event, STAMPED) and event.at_mono_ms is not None:
        return min(event.at_mono_ms, now.mono_ms)
    return now.mono_ms


def _catch_up(turn: Turn, until_ms: int) -> None:
    """Live through the timers that have ended by `until_ms`, each at its own moment."""
    for _ in range(MAX_TIMEOUTS_PER_STEP):
        due_ms = deadline(turn.state)
        if due_ms is None or due_ms > until_ms:
            return
        before = turn.state
        turn.mono_ms = due_ms
        doorkeeper.time_passed(turn)
        for machine, _ in MACHINES:
            machine.time_passed(turn)
        postures.keep_up(turn)
        _follow(turn, before)


def _follow(turn: Turn, before: StationState) -> None:
    """What follows from a change: who is inside, what is switched, alarms, and the readers' lasting signs."""
    if turn.durable.pins is not before.durable.pins:
        pins.follow(turn)
    presence.follow(turn, before)
    welfare.follow(turn, before)
    loitering.follow(turn, before)
    # A battery that can burn switches the loads off: the cabinet comes before them.
    cabinet.follow(turn, before)
    loads.follow(turn, before)
    alarms.review(turn, before, WATCHES)
    signs.follow(turn, before)


def _fresh(config: StationConfig, clock: Health) -> Volatile:
    """Volatile state at the start of a run: the readers are known by name, and nothing is known of anything."""
    return Volatile(parts=Parts(clock=clock, readers=dict.fromkeys(config.readers, Health())))


# ---------------------------------------------------------------- one handler an event


def _booted(turn: Turn, event: events.Booted) -> None:
    turn.boot = event.boot
    turn.volatile = _fresh(turn.config, Health(turn.now.clock_trusted))
    turn.record(
        StationBooted(
            software=event.software,
            config_digest=event.config_digest,
            clean_stop=event.clean_stop,
            unrecorded_release_window_ms=0 if event.clean_stop else UNRECORDED_RELEASE_WINDOW_MS,
            records_replayed=event.records_replayed,
        )
    )
    if turn.door.held_for_ms is not None:
        turn.record(DoorHeldCleared(turn.door.held_for_ms))
    if not event.clean_stop and event.boot > 1:
        occupancy.doubt(turn, "crash")
    commands.answer_left_over(turn, event.clean_stop)
    cabinet.booted(turn)


def _card_presented(turn: Turn, card: events.CardPresented) -> None:
    if card.reader == turn.config.cabinet.reader:
        swap.presented(turn, card)
    else:
        pins.presented(turn, card)


def _levels_read(turn: Turn, event: events.LevelsRead) -> None:
    doorkeeper.levels_read(turn, event)
    supervision.levels_read(turn, event)
    environment.begin(turn)
    loads.levels_read(turn)
    presence.levels_read(turn, event)


def _contact_changed(turn: Turn, event: events.ContactChanged) -> None:
    supervision.contact_moved(turn, event)
    doorkeeper.contact_changed(turn, event)


def _point_changed(turn: Turn, event: events.PointChanged) -> None:
    supervision.point_changed(turn, event)
    if event.point in POINTS_OF_PEOPLE:
        presence.point_changed(turn, event)


def _stop_requested(turn: Turn, event: events.StopRequested) -> None:
    doorkeeper.stop(turn)
    loads.stop(turn)
    cabinet.stop(turn)


def _power_measured(turn: Turn, event: events.PowerMeasured) -> None:
    environment.power_measured(turn, event)
    energy.metered(turn, event)


def _gpio_changed(turn: Turn, event: events.GpioChanged) -> None:
    turn.set_parts(gpio=Health(event.available, event.detail))
    if not event.available:
        doorkeeper.contact_lost(turn)
        presence.inputs_lost(turn)
        supervision.points_lost(turn)
        loads.inputs_lost(turn)
        # A button that cannot be read must not keep the door released: it expires towards secure.
        doorkeeper.exit_changed(turn, pressed=False)


def _load_checked(turn: Turn, event: events.LoadChecked) -> None:
    health = Health(event.obeys, "" if event.obeys else "the output does not say what was set")
    if event.load in turn.parts.loads or len(turn.parts.loads) < MAX_LOADS_TOLD:
        turn.set_parts(loads={**turn.parts.loads, event.load: health})


def _sensor_changed(turn: Turn, event: events.SensorChanged) -> None:
    presence.sensor_changed(turn, event)
    environment.sensor_changed(turn, event)


def _reader_changed(turn: Turn, event: events.ReaderChanged) -> None:
    if event.reader in turn.config.readers:
        turn.set_parts(readers={**turn.parts.readers, event.reader: Health(event.online, event.detail)})


def _child(turn: Turn, name: str, health: Health) -> None:
    children = turn.parts.children
    if name in children or len(children) < MAX_CHILDREN:
        turn.set_parts(children={**children, name: health})


def _clock_changed(turn: Turn, event: events.ClockChanged) -> None:
    turn.set_parts(clock=Health(event.trusted))
    if event.trusted:
        turn.record(ClockTrusted(event.offset_ms))


def _storage_changed(turn: Turn, event: events.StorageChanged) -> None:
    turn.set_parts(storage=event.status, storage_detail=event.detail)
    if event.status is events.StorageStatus.OK:
        turn.set_parts(records_dropped=0)


def _health_measured(turn: Turn, event: events.HealthMeasured) -> None:
    turn.record(
        StationHealth(
            uptime_s=event.uptime_s,
            memory_kib=event.memory_kib,
            cpu_permille=event.cpu_permille,
            disk_free_mib=event.disk_free_mib,
            journal_unacknowledged=event.journal_unacknowledged,
            reader_resets=event.reader_resets,
        )
    )


_HANDLERS: Final[dict[type, Callable[[Turn, Any], None]]] = {
    events.Booted: _booted,
    events.Tick: lambda turn, event: None,
    events.StopRequested: _stop_requested,
    events.CardPresented: _card_presented,
    events.ContactChanged: _contact_changed,
    events.ContactLost: lambda turn, event: doorkeeper.contact_lost(turn),
    events.ExitChanged: lambda turn, event: doorkeeper.exit_changed(turn, event.pressed),
    events.FireChanged: lambda turn, event: doorkeeper.fire_changed(turn, event.active),
    events.LevelsRead: _levels_read,
    events.PointChanged: _point_changed,
    events.PinEntered: pins.entered,
    events.PinChecked: pins.checked,
    events.PresenceMeasured: presence.measured,
    events.EnvironmentMeasured: environment.measured,
    events.PowerMeasured: _power_measured,
    events.SensorChanged: _sensor_changed,
    events.WelfareAnswerGiven: welfare.answered,
    events.AcknowledgeRequested: lambda turn, event: alarm_desk.seen(turn, event.seen),
    events.ShelveRequested: lambda turn, event: alarm_desk.put_aside(turn, event.aside),
    events.ReaderChanged: _reader_changed,
    events.ReaderTampered: supervision.reader_tampered,
    events.GpioChanged: _gpio_changed,
    events.LoadChecked: _load_checked,
    events.UplinkChanged: lambda turn, event: turn.set_parts(uplink=Health(event.connected, event.detail)),
    events.ChildRestarting: lambda turn, event: _child(turn, event.name, Health(False, event.detail)),
    events.ChildRunning: lambda turn, event: _child(turn, event.name, Health(True)),
    events.ClockChanged: _clock_changed,
    events.ConfigRefused: lambda turn, event: turn.set_parts(config_refused=event.detail),
    events.HealthMeasured: _health_measured,
    events.StorageChanged: _storage_changed,
    events.RecordsDropped: lambda turn, event: turn.set_parts(records_dropped=turn.parts.records_dropped + event.count),
    events.JournalReset: lambda turn, event: turn.set_parts(journal_reset=event.detail),
    events.JournalForkDetected: lambda turn, event: turn.set_parts(
        journal_forked=f"epoch {event.previous_epoch}: {event.reason}"
    ),
    events.RosterSwitched: lambda turn, event: turn.record(RosterSwitched(event.node, event.version, event.members)),
    events.RosterChanged: lambda turn, event: turn.set_parts(roster=Health(event.available, event.detail)),
    events.DesiredReceived: commands.desired,
    events.CommandReceived: commands.receive,
    events.CommandInterrupted: commands.interrupted,
    events.MessageRefused: lambda turn, event: turn.record(MessageRefused(event.topic, event.reason)),
    events.EffectDone: lambda turn, event: commands.effect_done(turn, event.effect),
    **cabinet.HANDLERS,
    events.EffectRefused: lambda turn, event: commands.effect_refused(turn, event.effect, event.reason),
}
