"""The controller's loop around the core, in virtual time: `edge.runtime.controller` with the real `Actuation`.

The real one lives on asyncio, threads and sockets, which are neither deterministic nor a thousand times faster than
time. Here an inbox takes the place of the loop's queue, so that a stalled controller finds late what has happened.
"""

import json
from collections import deque
from typing import TYPE_CHECKING, Final

from contract.ids import ReaderId
from edge.core import events, station
from edge.core.effects import (
    CabinetEffect,
    CheckPin,
    Effect,
    LookUpBattery,
    ReaderFeedback,
    ReleaseLock,
    SecureLock,
    SetLoad,
    Stop,
    Urgency,
)
from edge.core.events import Point, StorageStatus
from edge.core.snapshot import from_snapshot, snapshot_json
from edge.core.state import Now, RecordedAt, StationState
from edge.core.station import Step, deadline
from edge.runtime.actuation import Actuation, Verdict
from proof import invariants, load_invariants
from proof.told import TOLD, Told

if TYPE_CHECKING:
    from proof.life import Life

SNAPSHOT_EVERY: Final = 500
ROUND_MS: Final = 120_000
COMMANDS: Final = ("release", "restart", "dance")
MAX_DRAIN: Final = 10_000
TICK: Final = events.Tick()


class Shell:
    """One controller process at a time; `run` counts them. `told` is what it has told the core of each part: bad or
    not, and since when."""

    def __init__(self, life: "Life") -> None:
        self._life = life
        self.state: StationState = life.fresh
        self.up = False
        self.run = 0
        self.events = 0
        self.pins_ok = False
        self.stalled = False
        self.told: dict[str, Told] = {}
        self.lag_ms = 0
        self.since_ms = 0
        self.pins_since_ms = 0
        self.clock_trusted = False
        self.wall_offset_ms = 0
        self.latest_trusted_ms: int | None = None
        self.acted: list[tuple[ReleaseLock, int | None, int]] = []
        self.missing_release = False
        self.ended_in_order = True
        self.stalled_ms = -(10**9)
        self._power_ms = 0
        self._actuation = Actuation()
        self._steps: list[tuple[Effect, int | None, int]] = []
        self._inbox: deque[tuple[events.Event, int]] = deque()
        self._draining = False
        self._tick_ms: int | None = None
        self._since_snapshot = 0

    # ------------------------------------------------ clock

    @property
    def mono_ms(self) -> int:
        return self._life.timeline.now_ms - self._power_ms

    def wall_ms(self) -> int:
        return self._life.true_wall_ms + self.wall_offset_ms

    def _now(self) -> Now:
        life = self._life
        now_ms = life.timeline.now_ms
        wall_ms = life.city.wall_0_ms + now_ms + self.wall_offset_ms
        if self.clock_trusted:
            self.latest_trusted_ms = wall_ms
        return Now(now_ms - self._power_ms, wall_ms, self.clock_trusted, self.latest_trusted_ms)

    def stamp(self) -> RecordedAt:
        return RecordedAt(self.mono_ms, self.wall_ms(), self._life.storage.journal.boot)

    def power_came(self) -> None:
        """The machine starts: its clock says nothing that can be trusted."""
        self._power_ms = self._life.timeline.now_ms
        self.clock_trusted = False
        self.wall_offset_ms = -self._life.draw(86_400_000)

    def set_clock(self, trusted: bool, offset_ms: int) -> None:
        changed, self.wall_offset_ms = offset_ms - self.wall_offset_ms, offset_ms
        self.clock_trusted = trusted
        self.tell(events.ClockChanged(trusted, changed if trusted else 0))

    def clock_may_be_set(self) -> None:
        """A network is there: the time soon is."""
        if not self.clock_trusted and not self._life.clock_broken:
            self._life.timeline.after(self._life.draw(60_000), self._clock_found, self.run)

    def _clock_found(self, run: int) -> None:
        if run == self.run and self.up and not self.clock_trusted and not self._life.clock_broken:
            self.set_clock(True, 0)

    # ------------------------------------------------ life

    def start(self) -> None:
        """Outputs to rest, the journal replayed, the parts started."""
        life = self._life
        storage = life.storage
        self.run += 1
        life.world.set_pin(False)
        state_json, rows = storage.journal.load()
        begun = life.fresh if state_json is None else from_snapshot(json.loads(state_json))
        self.state = station.replay(begun, ((row.record, row.at) for row in rows))
        invariants.restart_equals_replay(life, self.state)
        storage.journal.boot += 1
        self.latest_trusted_ms = storage.journal.latest_trusted_ms
        # Nothing recorded is no proof of a first run: a run may have ended before its storage took anything.
        begins = storage.journal.boot == 1 and not storage.reset_found
        stopped = self.state.durable.stopped and self.state.durable.boot == storage.journal.boot - 1
        clean = stopped or begins
        self._actuation = Actuation()
        self.up, self.stalled, self.pins_ok = True, False, False
        self.told.clear()
        self.since_ms = life.timeline.now_ms
        self._tick_ms = None
        # What was replayed counts, or a station that restarts often would never take a snapshot.
        self._since_snapshot = len(rows)
        self.tell(events.Booted("1.0", "digest", clean, storage.journal.boot, len(rows)))
        if storage.reset_found:
            self.tell(events.JournalReset(storage.reset_found))
            storage.reset_found = ""
        self.tell(events.ClockChanged(self.clock_trusted))
        life.timeline.after(50 + life.draw(300), self._pins_built, self.run)
        for reader in life.config.readers:
            life.timeline.after(200 + life.draw(2_500), self._reader_found, reader, self.run)
        if life.city.sensors:
            life.timeline.after(500 + life.draw(4_000), self._sensors_found, self.run)
        if life.config.cabinet.slots:
            life.driver.start()
        life.timeline.after(ROUND_MS, self._round, self.run, 1)
        life.uplink.start()

    def end(self, *, in_order: bool) -> None:
        """The process is gone, in order or not; the pin falls to rest."""
        if not self.up:
            return
        life = self._life
        self.up = False
        life.restarts += 1
        life.uplink.end()
        self.ended_in_order = life.storage.end_run(in_order=in_order)
        self.missing_release = invariants.unrecorded_releases_were_in_their_budget(life, self.acted)
        self.acted.clear()
        self._steps.clear()
        self._inbox.clear()
        life.world.set_pin(False)
        life.building.loads_to_rest()
        if life.config.cabinet.slots:
            life.driver.end()

    def _pins_built(self, run: int) -> None:
        if run == self.run and self.up and not self._life.pins_away:
            self.pins_ok = True
            self.pins_since_ms = self._life.timeline.now_ms
            world = self._life.world
            world.set_pin(False)
            self._life.building.loads_to_rest()
            # Both in one turn of the loop.
            self._inbox.append((events.GpioChanged(True), self._life.timeline.now_ms))
            points = self._life.room.levels() | self._life.building.levels()
            self.tell(events.LevelsRead(world.contact_level, world.exit_closed, world.fire, points))

    def _reader_found(self, reader: ReaderId, run: int) -> None:
        if run == self.run:
            self.tell(events.ReaderChanged(reader, reader not in self._life.dead_readers))

    def _sensors_found(self, run: int) -> None:
        if run == self.run:
            life = self._life
            for sensor in sorted(life.city.sensors):
                life.sensor_told(sensor, sensor not in life.building.dead)
            life.sensors_report()

    def _round(self, run: int, number: int) -> None:
        if run == self.run and self.up and not self._life.quiet:
            self._life.timeline.after(ROUND_MS, self._round, run, number + 1)
            if number % self._life.city.health_every_rounds == 0:
                unacknowledged = self._life.storage.journal.unacknowledged
                self.tell(events.HealthMeasured(self.mono_ms // 1_000, 60_000, 20, 4_000, unacknowledged, 0))
            if not self.stalled and not self._inbox:
                invariants.audit(self._life)

    # ------------------------------------------------ parts

    def wire_changed(self, wire: str, level: bool) -> None:
        if not self.pins_ok or not self.up:
            return
        if wire == "contact":
            self.tell(events.ContactChanged(level, self.mono_ms))
        elif wire == "exit":
            self.tell(events.ExitChanged(level))
        else:
            self.tell(events.FireChanged(level))

    def point_changed(self, point: Point, level: bool) -> None:
        if self.pins_ok and self.up:
            self.tell(events.PointChanged(point, level, self.mono_ms))

    def pins_lost(self, stays: bool) -> None:
        """The pin server is gone: the pin falls to rest with it, or stays until the pins are built again."""
        if not self.up:
            return
        self.pins_ok = False
        if not stays:
            self._life.world.set_pin(False)
            self._life.building.loads_to_rest()
        self.tell(events.GpioChanged(False, "pin server gone"))
        self.tell(events.ContactLost())

    def pins_back(self) -> None:
        self._pins_built(self.run)

    def stall(self, stalled: bool) -> None:
        self.stalled = stalled
        if not stalled and self.up:
            self.stalled_ms = self._life.timeline.now_ms
            self._drain()
            self._tick(self.run, None)

    # ------------------------------------------------ the core

    def tell(self, event: events.Event) -> None:
        """An event for the core, now or when the controller runs again."""
        if not self.up:
            return
        self._inbox.append((event, self._life.timeline.now_ms))
        if not self._draining and not self.stalled:
            self._drain()

    def _drain(self) -> None:
        self._draining = True
        run, inbox = self.run, self._inbox
        for _ in range(MAX_DRAIN):
            if not inbox or not self.up or run != self.run or self.stalled:
                break
            event, happened_ms = inbox.popleft()
            self.lag_ms = self._life.timeline.now_ms - happened_ms
            self._happen(event)
        self._draining = False

    def _happen(self, event: events.Event) -> None:
        """One step, as the controller takes it: the lock at once, the records on their way, then the rest."""
        life = self._life
        self.events += 1
        now = self._now()
        before = self.state
        step = station.step(life.config, before, event, now)
        self.state = step.state
        remember = TOLD.get(type(event))
        if remember is not None:
            remember(self.told, event, life.timeline.now_ms)
        if step.records or step.effects:
            self._follow(event, before, step, now)
            if not self.up:
                return
        due_ms = deadline(self.state)
        if due_ms is not None:
            self._wake_at(due_ms)
        if not self._inbox:
            invariants.after_step(life, event)

    def _follow(self, event: events.Event, before: StationState, step: Step, now: Now) -> None:
        effects = tuple(effect for effect in step.effects if not isinstance(effect, ReaderFeedback))
        invariants.step_is_sound(self._life, event, before, step)
        run = self.run
        if effects:
            self._obey(self._actuation.at_once(effects), None, now.mono_ms)
        if run != self.run or not self.up:
            return
        ticket = None
        if step.records:
            at = RecordedAt(now.mono_ms, now.wall_ms, step.state.durable.boot)
            ticket = self._life.storage.submit(step.records, at, now.clock_trusted, step.state.durable)
            self._since_snapshot += len(step.records)
        if effects:
            # Looked up when they act: `Actuation` gives back the effect alone.
            self._steps += [(effect, ticket, now.mono_ms) for effect in effects]
            del self._steps[:-256]
            self._obey(self._actuation.take(effects, ticket, now.mono_ms), ticket, now.mono_ms)
            due_ms = self._actuation.deadline_ms()
            if due_ms is not None:
                self._wake_at(due_ms)
        if self._since_snapshot >= SNAPSHOT_EVERY and self.up:
            self.snapshot()

    def snapshot(self) -> None:
        self._since_snapshot = 0
        state_json = snapshot_json(self.state)
        invariants.snapshot_is_the_state(self.state, from_snapshot(json.loads(state_json)))
        self._life.storage.save_snapshot(state_json, self.state.durable)

    def _wake_at(self, due_ms: int) -> None:
        moment_ms = due_ms + self._power_ms
        if self._tick_ms is None or moment_ms < self._tick_ms:
            self._tick_ms = moment_ms
            self._life.timeline.at(moment_ms, self._tick, self.run, moment_ms)

    def _tick(self, run: int, moment_ms: int | None) -> None:
        if run != self.run or not self.up or (moment_ms is not None and moment_ms != self._tick_ms) or self.stalled:
            return
        self._tick_ms = None
        mono_ms = self.mono_ms
        waiting_ms, core_ms = self._actuation.deadline_ms(), deadline(self.state)
        if waiting_ms is not None and waiting_ms <= mono_ms:
            self._obey(self._actuation.due(mono_ms), None, mono_ms)
            waiting_ms = self._actuation.deadline_ms()
        if core_ms is not None and core_ms <= mono_ms:
            self.tell(TICK)
            waiting_ms, core_ms = self._actuation.deadline_ms(), deadline(self.state)
        for due_ms in (core_ms, waiting_ms):
            if due_ms is not None:
                self._wake_at(max(due_ms, mono_ms + 1))

    # ------------------------------------------------ effects

    def committed(self, ticket: int) -> None:
        """Storage has everything up to `ticket`."""
        if self.acted:
            self.acted = [one for one in self.acted if one[1] is None or one[1] > ticket]
        self._obey(self._actuation.committed(ticket), ticket, self.mono_ms)
        self._life.uplink.grew(self._life.storage.journal.epoch)

    def storage_failed(self, status: StorageStatus) -> None:
        self._obey(self._actuation.failed(), None, self.mono_ms)
        self.tell(events.StorageChanged(status, "no room"))

    def _obey(self, verdict: Verdict, ticket: int | None, now_ms: int) -> None:
        for effect, reason in verdict.refuse:
            self._life.timeline.after(0, self._later, events.EffectRefused(effect, reason), self.run)
        for effect in verdict.do:
            self._carry_out(effect)
            if not self.up:
                return
            if effect.urgency is Urgency.AFTER_COMMIT:
                self._life.timeline.after(0, self._later, events.EffectDone(effect), self.run)

    def _asked(self, effect: Effect) -> tuple[int | None, int]:
        """With which ticket an effect was asked for, and when."""
        _, ticket, at_ms = next((one for one in reversed(self._steps) if one[0] is effect), (effect, None, -1))
        return ticket, at_ms

    def _later(self, event: events.Event, run: int) -> None:
        """The next turn of the loop."""
        if run == self.run:
            self.tell(event)

    def _carry_out(self, effect: Effect) -> None:
        life = self._life
        if isinstance(effect, ReleaseLock):
            ticket, at_ms = self._asked(effect)
            invariants.effect_may_act(life, effect, ticket, at_ms, self.mono_ms)
            if effect.cause in invariants.BUDGETED and (ticket is None or ticket > life.storage.committed):
                self.acted.append((effect, ticket, at_ms))
                del self.acted[:-256]
            if self.pins_ok:
                life.world.set_pin(True)
        elif isinstance(effect, SecureLock):
            if self.pins_ok:
                life.world.set_pin(False)
        elif isinstance(effect, SetLoad):
            if self.pins_ok:
                life.building.switch(effect.load, effect.on)
                load_invariants.the_budget_holds(life)
        elif isinstance(effect, CabinetEffect | LookUpBattery):
            life.driver.carry_out(effect, self._asked(effect)[0])
        elif isinstance(effect, CheckPin):
            life.keypads.check(effect)
            return
        elif isinstance(effect, Stop):
            life.timeline.after(0, life.power.stop_in_order, self.run)
            return
        life.power.effect_was_carried_out()
