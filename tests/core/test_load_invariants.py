"""Whatever happens in whatever order, some things hold of the loads. Hypothesis looks for an order in which they do
not."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contract.ids import LoadId, SensorId
from contract.policy.schedule import Interval, Schedule, is_within
from contract.records import EnergyUsed, LoadSwitched, Posture
from edge.core import environment, events
from edge.core.effects import SetLoad
from edge.core.environment_state import EnvironmentConfig
from edge.core.load_state import NIGHT, Load, LoadKind, LoadsConfig
from edge.core.station import from_snapshot, initial_state, replay, snapshot, snapshot_json
from tests.core.support import CONFIG, WALL_MS, Life

AIR, METER = SensorId("air"), SensorId("mains")
# A life begins at 21:43:21 here: the night is near.
ZONE = timezone(timedelta(hours=7, minutes=30))
HOURS = Schedule(((Interval(18 * 60, 23 * 60),),) * 7)
LIGHT = Load(LoadId("light"), LoadKind.LIGHT, 40, priority=1)
HEATER = Load(LoadId("heater"), LoadKind.HEATING, 2_000, priority=6, min_on_ms=60_000, min_off_ms=60_000)
COOLER = Load(LoadId("cooler"), LoadKind.COOLING, 1_200, priority=6, min_on_ms=180_000, min_off_ms=180_000)
SOCKETS = Load(LoadId("sockets"), LoadKind.SOCKETS, 1_500, priority=4)
SIGN = Load(LoadId("sign"), LoadKind.SIGN, 60, priority=8, schedule=HOURS)
LOADS = {load.id: load for load in (LIGHT, HEATER, COOLER, SOCKETS, SIGN)}


class LoadsLife(RuleBasedStateMachine):
    """A room lived at random: people, weather, danger, orders from afar, crashes and pins that go away."""

    @initialize(budget_w=st.sampled_from([None, 40, 100, 2_000, 3_600, 6_000]))
    def begin(self, budget_w: int | None) -> None:
        self.budget_w = budget_w
        self.life = Life(
            replace(
                CONFIG,
                timezone=ZONE,
                loads=LoadsConfig(tuple(LOADS.values()), budget_w),
                environment=EnvironmentConfig((AIR,), (METER,)),
            )
        )
        self.revision = 0
        self.seen = 0
        self.driven: dict[LoadId, bool] = {}

    # ------------------------------------------------ what happens

    @rule(ms=st.sampled_from([1, 1_000, 20_000, 70_000, 200_000, 3_600_000, 40_000_000]))
    def wait(self, ms: int) -> None:
        self.life.wait(ms)

    @rule(is_open=st.booleans())
    def leaf(self, is_open: bool) -> None:
        self.life.leaf(is_open)

    @rule()
    def card(self) -> None:
        self.life.card()

    @rule()
    def leave(self) -> None:
        self.life.press_exit()

    @rule(active=st.booleans())
    def fire(self, active: bool) -> None:
        self.life.do(events.FireChanged(active))

    @rule(celsius=st.none() | st.integers(-10, 45), smoke=st.booleans(), water=st.none() | st.booleans())
    def air(self, celsius: int | None, smoke: bool, water: bool | None) -> None:
        decicelsius = None if celsius is None else 10 * celsius
        self.life.do(events.EnvironmentMeasured(AIR, decicelsius, smoke=smoke, water=water))

    @rule(energy_wh=st.integers(0, 5_000))
    def meter(self, energy_wh: int) -> None:
        self.life.do(events.PowerMeasured(METER, 100, energy_wh))

    @rule(cut=st.frozensets(st.sampled_from(sorted(LOADS))), posture=st.none() | st.sampled_from(Posture))
    def desire(self, cut: frozenset[LoadId], posture: Posture | None) -> None:
        self.revision += 1
        self.life.do(events.DesiredReceived(self.revision, posture, loads_cut=tuple(sorted(cut))))

    @rule(trusted=st.booleans())
    def clock(self, trusted: bool) -> None:
        self.life.clock_trusted = trusted
        self.life.do(events.ClockChanged(trusted))

    @rule()
    def pins_go_and_come(self) -> None:
        self.life.do(events.GpioChanged(False, "gone"))
        self.life.wait(5_000)
        self.life.do(events.GpioChanged(True))
        self.read_levels()

    @rule(clean=st.booleans())
    def restart(self, clean: bool) -> None:
        if clean:
            self.life.do(events.StopRequested("update"))
        self.watch()
        self.driven = {}
        self.life.boot(clean_stop=clean)
        self.read_levels()

    def read_levels(self) -> None:
        self.watch()
        self.driven = {}
        is_open = self.life.state.volatile.inputs.raw_open
        self.life.levels(contact_open=bool(is_open), fire=self.life.state.durable.door.fire)

    # ------------------------------------------------ what holds

    def watch(self) -> None:
        """Follow the outputs; at no moment is more on than the budget allows."""
        for effect in self.life.effects[self.seen :]:
            if isinstance(effect, SetLoad):
                self.driven[effect.load] = effect.on
                assert self.budget_w is None or self.power_w() <= self.budget_w
        self.seen = len(self.life.effects)

    def power_w(self) -> int:
        return sum(LOADS[load].power_w for load, on in self.driven.items() if on)

    @invariant()
    def outputs_are_as_the_state_says(self) -> None:
        self.watch()
        assert {load for load, on in self.driven.items() if on} == set(self.life.state.durable.loads.on)

    @invariant()
    def in_danger_nothing_but_light_is_on(self) -> None:
        state = self.life.state
        if state.durable.door.fire or environment.hazard(state):
            assert set(state.durable.loads.on) == {LIGHT.id}

    @invariant()
    def what_is_cut_is_off_but_for_a_light_in_danger(self) -> None:
        state = self.life.state
        in_danger = state.durable.door.fire or environment.hazard(state)
        assert set(state.durable.loads.on) & set(state.durable.loads.cut) <= ({LIGHT.id} if in_danger else set())

    @invariant()
    def at_night_no_socket_is_on_where_surely_nobody_is(self) -> None:
        life = self.life
        local = datetime.fromtimestamp((WALL_MS + life.mono_ms) // 1_000, ZONE)
        night = is_within(NIGHT, local) or not life.clock_trusted
        if night and life.people() == (0, True) and not life.state.volatile.loads.noticing:
            assert SOCKETS.id not in life.state.durable.loads.on

    @invariant()
    def without_a_reading_nothing_heats_or_cools(self) -> None:
        if environment.temperature_decicelsius(self.life.state) is None:
            assert not {HEATER.id, COOLER.id} & set(self.life.state.durable.loads.on)

    @invariant()
    def a_compressor_rests_between_two_runs(self) -> None:
        off_ms: dict[str, int] = {}
        for record, at in self.life.records[-200:]:
            if isinstance(record, LoadSwitched) and LOADS[record.load].min_off_ms:
                if record.on and record.load in off_ms:
                    assert at.mono_ms - off_ms[record.load] >= LOADS[record.load].min_off_ms
                elif not record.on:
                    off_ms[record.load] = at.mono_ms

    @invariant()
    def energy_is_never_negative(self) -> None:
        assert all(mwh >= 0 for mwh in self.life.state.durable.loads.energy_mwh.values())
        assert all(record.energy_wh >= 0 for record, _ in self.life.records if isinstance(record, EnergyUsed))

    @invariant()
    def the_replay_of_the_journal_is_what_is_remembered(self) -> None:
        replayed = replay(initial_state(self.life.config), self.life.records)
        assert snapshot_json(replayed) == snapshot_json(self.life.state)
        assert from_snapshot(snapshot(self.life.state)).durable.loads == self.life.state.durable.loads


TestLoadsLife = LoadsLife.TestCase
TestLoadsLife.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
