"""Loads in a station's life: who comes, what burns, what is cut, what restarts; and the record of it."""

from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest

from contract.ids import LoadId, SensorId
from contract.policy.schedule import Interval, Schedule
from contract.records import AlarmCode, LoadCut, LoadSwitched, Posture, Record
from edge.core import events
from edge.core.config import StationConfig
from edge.core.effects import Effect, Feedback, ReaderFeedback, SetLoad, Urgency
from edge.core.environment_state import EnvironmentConfig
from edge.core.load_state import MAX_CUT, MAX_LOADS, Load, LoadCause, LoadKind, LoadsConfig
from edge.core.presence_state import PresenceConfig
from edge.core.station import deadline, from_snapshot, initial_state, replay, snapshot, snapshot_json, view
from edge.core.supervision_state import SupervisionConfig
from tests.core.support import CONFIG, RIDER, WALL_MS, Life

BEIJING = timezone(timedelta(hours=8))
SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000
# WALL_MS is 14:13:20 in UTC and 22:13:20 in Beijing, where it is night.
LIGHT = Load(LoadId("ceiling"), LoadKind.LIGHT, 40, priority=9)
SOCKETS = Load(LoadId("sockets"), LoadKind.SOCKETS, 1_500, priority=3)
COOLER = Load(LoadId("cooler"), LoadKind.COOLING, 1_200, priority=6, min_on_ms=180_000, min_off_ms=180_000)
HEATER = Load(LoadId("heater"), LoadKind.HEATING, 2_000, priority=5)
SIGN = Load(LoadId("sign"), LoadKind.SIGN, 60, priority=1)
AIR = SensorId("air")
RADAR = SensorId("radar")


def station(*loads: Load, budget_w: int | None = None, night: bool = False, radar: bool = False) -> StationConfig:
    return replace(
        CONFIG,
        timezone=BEIJING if night else UTC,
        loads=LoadsConfig(loads, budget_w),
        environment=EnvironmentConfig((AIR,)),
        presence=PresenceConfig((RADAR,) if radar else ()),
    )


class LoadLife(Life):
    """A life that knows which outputs are driven."""

    def __init__(self, config: StationConfig) -> None:
        self.driven: dict[LoadId, bool] = {}
        super().__init__(config)

    def do(self, event: events.Event) -> list[Record]:
        seen: list[Effect] = self.effects
        count = len(seen)
        records = super().do(event)
        if isinstance(event, events.LevelsRead):
            self.driven = {}
        self.driven |= {effect.load: effect.on for effect in seen[count:] if isinstance(effect, SetLoad)}
        assert set(self.state.durable.loads.on) == {load for load, on in self.driven.items() if on} or (
            not self.state.volatile.loads.driven
        )
        return records

    def on(self) -> set[LoadId]:
        return {load for load, on in self.driven.items() if on}

    def cause(self, load: Load) -> LoadCause:
        return self.state.volatile.loads.loads[load.id].cause

    def air(self, decicelsius: int | None = None, **readings: object) -> list[Record]:
        return self.do(events.EnvironmentMeasured(AIR, decicelsius, **readings))  # type: ignore[arg-type]

    def radar(self, *, sees: bool) -> list[Record]:
        return self.do(events.PresenceMeasured(RADAR, moving=sees, still=False))

    def visit(self, for_ms: int = 60_000) -> None:
        """Somebody comes in, stays for a while, and leaves."""
        self.card(RIDER)
        self.open()
        self.wait(2_000)
        self.close()
        self.wait(for_ms)
        self.press_exit()
        self.open()
        self.wait(2_000)
        self.close()


def switched(records: list[Record]) -> list[LoadSwitched]:
    return [record for record in records if isinstance(record, LoadSwitched)]


def signs(life: Life) -> list[Feedback]:
    return [effect.outcome for effect in life.effects if isinstance(effect, ReaderFeedback)]


# ---------------------------------------------------------------- people


def test_the_light_is_on_before_the_door_is_open() -> None:
    life = LoadLife(station(LIGHT, night=True))
    assert life.on() == set()
    assert switched(life.card()) == [LoadSwitched(LIGHT.id, True, "occupied")]
    assert life.on() == {LIGHT.id}
    assert SetLoad(LIGHT.id, True).urgency is Urgency.AT_ONCE


def test_the_light_goes_out_some_time_after_the_last_one_left() -> None:
    life = LoadLife(station(LIGHT))
    life.visit()
    assert life.people() == (0, True)
    assert (life.on(), life.cause(LIGHT)) == ({LIGHT.id}, LoadCause.JUST_LEFT)
    # The door has just closed, and its contact has settled by then.
    assert switched(life.wait(120 * SECOND_MS - 1)) == []
    assert switched(life.wait(1)) == [LoadSwitched(LIGHT.id, False, "empty")]
    assert life.on() == set()


def test_who_comes_back_in_time_finds_the_light_on_and_the_delay_begins_anew() -> None:
    life = LoadLife(station(LIGHT))
    life.visit()
    life.wait(100 * SECOND_MS)
    life.visit()
    assert switched(life.wait(120 * SECOND_MS - 1)) == []
    assert life.on() == {LIGHT.id}
    assert switched(life.wait(1)) != []


def test_a_release_that_nobody_takes_leaves_the_light_on_for_its_delay_only() -> None:
    life = LoadLife(station(LIGHT))
    life.card()
    life.wait(life.config.door.release_ms + 120 * SECOND_MS)
    assert life.on() == set()


def test_a_count_that_is_sure_keeps_the_light_on_however_long_it_takes() -> None:
    life = LoadLife(station(LIGHT))
    life.card()
    life.open()
    life.close()
    life.wait(12 * HOUR_MS)
    assert life.on() == {LIGHT.id}
    assert life.people() == (1, True)


def test_an_unsure_room_that_only_the_door_watches_is_empty_after_hours() -> None:
    life = LoadLife(station(LIGHT))
    life.open()
    life.close()
    assert not life.people()[1]
    life.wait(4 * HOUR_MS + 120 * SECOND_MS - 1)
    assert life.on() == {LIGHT.id}
    life.wait(1)
    assert life.on() == set()


def test_where_sensors_see_the_room_an_unsure_one_is_empty_after_minutes() -> None:
    life = LoadLife(replace(station(LIGHT, radar=True), presence=PresenceConfig((RADAR,), empty_after_ms=3 * HOUR_MS,
                    unproved_empty_after_ms=3 * HOUR_MS)))  # fmt: skip
    life.radar(sees=False)
    life.open()
    life.close()
    for _ in range(600 + 120):
        assert life.on() == {LIGHT.id}
        life.radar(sees=False)
        life.wait(SECOND_MS)
    assert (life.on(), life.people()[1]) == (set(), False)


def test_whoever_the_radar_sees_has_light() -> None:
    life = LoadLife(station(LIGHT, radar=True))
    life.radar(sees=False)
    assert life.on() == set()
    life.radar(sees=True)
    assert life.on() == {LIGHT.id}


def test_in_public_hours_a_door_that_nothing_watches_keeps_the_light_on() -> None:
    life = LoadLife(station(LIGHT))
    life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))
    life.wait(24 * HOUR_MS)
    assert life.on() == {LIGHT.id}


# ---------------------------------------------------------------- the night


def test_at_night_the_sockets_are_off_as_soon_as_surely_nobody_is_inside() -> None:
    life = LoadLife(station(SOCKETS, night=True))
    assert life.on() == set()
    life.card()
    life.open()
    life.close()
    assert life.on() == {SOCKETS.id}
    life.press_exit()
    life.open()
    assert life.on() == {SOCKETS.id}
    life.close()
    life.wait(life.config.door.release_ms)
    assert (life.on(), life.cause(SOCKETS)) == (set(), LoadCause.NIGHT)


def test_the_sockets_go_off_at_the_hour_when_nobody_is_inside_and_come_back_in_the_morning() -> None:
    life = LoadLife(station(SOCKETS))
    until_ten_ms = (7 * 60 + 46) * MINUTE_MS + 40 * SECOND_MS - life.mono_ms
    assert life.on() == {SOCKETS.id}
    assert switched(life.wait(until_ten_ms - 1)) == []
    assert switched(life.wait(1)) == [LoadSwitched(SOCKETS.id, False, "night")]
    assert switched(life.wait(8 * HOUR_MS - 1)) == []
    assert switched(life.wait(1)) == [LoadSwitched(SOCKETS.id, True, "always")]


def test_without_a_trusted_clock_it_may_be_night() -> None:
    life = LoadLife(station(SOCKETS))
    life.clock_trusted = False
    life.do(events.ClockChanged(False))
    assert life.on() == set()
    life.clock_trusted = True
    life.do(events.ClockChanged(True))
    assert life.on() == {SOCKETS.id}


# ---------------------------------------------------------------- the sign's hours


EVENING = Schedule(((Interval(18 * 60, 23 * 60),),) * 7)


def test_a_sign_keeps_its_hours() -> None:
    life = LoadLife(station(replace(SIGN, schedule=EVENING)))
    until_six_ms = (3 * 60 + 46) * MINUTE_MS + 40 * SECOND_MS - life.mono_ms
    assert life.on() == set()
    assert switched(life.wait(until_six_ms)) == [LoadSwitched(SIGN.id, True, "schedule")]
    assert switched(life.wait(5 * HOUR_MS)) == [LoadSwitched(SIGN.id, False, "schedule")]


def test_a_clock_that_is_set_into_the_hours_switches_the_sign_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    life = LoadLife(station(replace(SIGN, schedule=EVENING)))
    monkeypatch.setattr("tests.core.support.WALL_MS", WALL_MS + 4 * HOUR_MS)
    life.do(events.Tick())
    assert life.on() == {SIGN.id}


def test_without_a_trusted_clock_the_sign_stays_as_at_the_latest_trusted_time_or_on() -> None:
    life = LoadLife(station(replace(SIGN, schedule=EVENING)))
    life.clock_trusted = False
    life.latest_trusted_ms = WALL_MS
    life.do(events.Tick())
    life.wait(24 * HOUR_MS)
    assert life.on() == set()

    never = LoadLife(station(replace(SIGN, schedule=EVENING)))
    never.clock_trusted = False
    never.do(events.Tick())
    assert never.on() == {SIGN.id}


# ---------------------------------------------------------------- danger


ALL = (LIGHT, SOCKETS, COOLER, HEATER, SIGN)


def test_in_a_fire_the_lights_are_on_and_everything_else_is_off() -> None:
    life = LoadLife(station(*ALL))
    life.air(0)
    assert life.on() == {SOCKETS.id, HEATER.id, SIGN.id}
    seen = switched(life.do(events.FireChanged(True)))
    assert {record.cause for record in seen} == {"fire"}
    assert life.on() == {LIGHT.id}
    life.do(events.FireChanged(False))
    assert life.on() >= {SOCKETS.id, HEATER.id, SIGN.id}


def test_smoke_and_carbon_monoxide_switch_off_what_may_burn_and_say_so_at_the_readers() -> None:
    life = LoadLife(station(*ALL))
    life.air(0, smoke=True)
    assert HEATER.id in life.on()
    life.air(0, smoke=True)
    assert (life.on(), life.cause(HEATER)) == ({LIGHT.id}, LoadCause.HAZARD)
    assert signs(life)[-1] is Feedback.EVACUATE
    assert not life.lock_released
    for _ in range(2):
        life.air(0, smoke=False)
    assert life.on() == {SOCKETS.id, HEATER.id, SIGN.id}
    assert signs(life)[-1] is Feedback.IDLE


def test_a_hazard_of_the_run_before_holds_until_its_sensor_has_spoken() -> None:
    life = LoadLife(station(*ALL))
    for _ in range(2):
        life.air(0, smoke=True)
    life.boot()
    life.levels()
    assert life.on() == {LIGHT.id}
    life.air(0, smoke=False)
    assert life.on() == {LIGHT.id}
    life.air(0, smoke=False)
    assert life.on() == {SOCKETS.id, HEATER.id, SIGN.id}


def test_water_takes_the_sockets_off() -> None:
    life = LoadLife(station(SOCKETS, SIGN))
    for _ in range(2):
        life.air(water=True)
    assert (life.on(), life.cause(SOCKETS)) == ({SIGN.id}, LoadCause.WATER)


# ---------------------------------------------------------------- temperature


def test_a_compressor_rests_after_each_stop_and_runs_for_a_while_after_each_start() -> None:
    life = LoadLife(station(COOLER))
    life.air(400)
    # Nobody knows when it stopped: the station has just started.
    assert (life.on(), life.cause(COOLER)) == (set(), LoadCause.RESTING)
    life.wait(180 * SECOND_MS - 1)
    life.air(400)
    assert life.on() == set()
    assert switched(life.wait(1)) == [LoadSwitched(COOLER.id, True, "too_hot")]
    life.air(200)
    assert (life.on(), life.cause(COOLER)) == ({COOLER.id}, LoadCause.RUNNING)
    for _ in range(9):
        life.wait(20 * SECOND_MS - 1)
        life.air(200)
    assert life.on() == {COOLER.id}
    assert switched(life.wait(9)) == [LoadSwitched(COOLER.id, False, "cool_enough")]
    life.air(400)
    assert life.on() == set()
    for _ in range(9):
        life.wait(20 * SECOND_MS)
        life.air(400)
    assert life.on() == {COOLER.id}


def test_the_least_time_on_and_the_least_time_off_are_each_its_own() -> None:
    life = LoadLife(station(replace(HEATER, min_on_ms=20_000, min_off_ms=5_000)))
    life.wait(5 * SECOND_MS)
    life.air(0)
    assert life.on() == {HEATER.id}
    life.air(300)
    life.wait(20 * SECOND_MS - 1)
    assert life.on() == {HEATER.id}
    life.wait(1)
    assert life.on() == set()
    life.air(0)
    life.wait(5 * SECOND_MS - 1)
    assert life.on() == set()
    life.wait(1)
    assert life.on() == {HEATER.id}


def test_an_empty_room_is_kept_less_warm() -> None:
    life = LoadLife(station(HEATER))
    life.air(170)
    assert (life.on(), life.cause(HEATER)) == (set(), LoadCause.WARM_ENOUGH)
    life.card()
    assert (life.on(), life.cause(HEATER)) == ({HEATER.id}, LoadCause.TOO_COLD)


def test_a_heater_goes_off_when_nobody_knows_how_warm_it_is() -> None:
    life = LoadLife(station(HEATER))
    life.air(0)
    assert life.on() == {HEATER.id}
    life.wait(30 * SECOND_MS)
    assert (life.on(), life.cause(HEATER)) == (set(), LoadCause.NO_READING)
    life.air(0)
    assert life.on() == {HEATER.id}
    life.do(events.SensorChanged(AIR, online=False))
    assert life.on() == set()


def test_the_room_is_as_warm_as_the_mean_of_what_answers() -> None:
    other = SensorId("other")
    config = station(HEATER)
    life = LoadLife(replace(config, environment=EnvironmentConfig((AIR, other))))
    life.air(300)
    life.do(events.EnvironmentMeasured(other, 0))
    assert life.on() == set()
    life.do(events.SensorChanged(AIR, online=False))
    assert life.on() == {HEATER.id}


# ---------------------------------------------------------------- cut from afar, budget, mains


def test_a_cut_is_remembered_over_restarts_and_given_back() -> None:
    life = LoadLife(station(SOCKETS, SIGN))
    seen = life.do(events.DesiredReceived(1, None, loads_cut=(SOCKETS.id,), by="zhou"))
    assert LoadCut(SOCKETS.id, True, "zhou") in seen
    assert switched(seen) == [LoadSwitched(SOCKETS.id, False, "cut")]
    life.boot(clean_stop=False)
    life.levels()
    assert life.on() == {SIGN.id}
    seen = life.do(events.DesiredReceived(2, None, by="li"))
    assert LoadCut(SOCKETS.id, False, "li") in seen
    assert life.on() == {SOCKETS.id, SIGN.id}


def test_a_cut_light_shines_in_a_fire() -> None:
    life = LoadLife(station(LIGHT))
    life.do(events.DesiredReceived(1, None, loads_cut=(LIGHT.id,)))
    life.card()
    assert (life.on(), life.cause(LIGHT)) == (set(), LoadCause.CUT)
    life.do(events.FireChanged(True))
    assert life.on() == {LIGHT.id}


def test_more_cuts_than_are_kept_are_not_written_down() -> None:
    life = LoadLife(station(SOCKETS))
    names = tuple(LoadId(f"load-{number}") for number in range(MAX_CUT + 5))
    life.do(events.DesiredReceived(1, None, loads_cut=names))
    assert life.state.durable.loads.cut == names[:MAX_CUT]
    assert life.do(events.DesiredReceived(2, None, loads_cut=names)) == life.last
    assert not [record for record in life.last if isinstance(record, LoadCut)]


def test_a_load_that_the_budget_has_put_out_stays_out_for_a_while() -> None:
    life = LoadLife(station(SOCKETS, HEATER, budget_w=2_000))
    life.air(300)
    assert life.on() == {SOCKETS.id}
    seen = switched(life.air(0))
    # First off, then on: the budget holds in between too.
    assert seen == [LoadSwitched(SOCKETS.id, False, "budget"), LoadSwitched(HEATER.id, True, "frost")]
    life.wait(10 * SECOND_MS)
    life.air(300)
    assert (life.on(), life.cause(SOCKETS)) == (set(), LoadCause.BUDGET)
    life.wait(50 * SECOND_MS - 1)
    assert life.on() == set()
    life.wait(1)
    assert life.on() == {SOCKETS.id}


def test_on_battery_only_the_light_is_left() -> None:
    wired = SupervisionConfig(frozenset({events.Point.MAINS_LOST}))
    life = LoadLife(replace(station(LIGHT, SOCKETS), supervision=wired))
    life.card()
    life.do(events.PointChanged(events.Point.MAINS_LOST, True))
    life.wait(10 * SECOND_MS)
    assert life.on() == {LIGHT.id}
    assert life.cause(SOCKETS) is LoadCause.MAINS_LOST


# ---------------------------------------------------------------- runs and outputs


def test_nothing_is_switched_before_the_inputs_have_been_read() -> None:
    life = Life(station(SOCKETS), booted=False)
    life.boot()
    assert not [effect for effect in life.effects if isinstance(effect, SetLoad)]
    life.levels()
    assert [effect for effect in life.effects if isinstance(effect, SetLoad)] == [SetLoad(SOCKETS.id, True)]


def test_outputs_that_were_at_rest_are_driven_again_without_a_record() -> None:
    life = LoadLife(station(SOCKETS, SIGN))
    life.do(events.GpioChanged(False, "gone"))
    before = len(life.effects)
    life.do(events.GpioChanged(True))
    assert switched(life.levels()) == []
    assert life.on() == {SOCKETS.id, SIGN.id}
    assert {effect.load for effect in life.effects[before:] if isinstance(effect, SetLoad)} == life.on()


def test_a_compressor_whose_output_was_at_rest_rests() -> None:
    life = LoadLife(station(COOLER))
    life.wait(180 * SECOND_MS)
    life.air(400)
    assert life.on() == {COOLER.id}
    life.wait(18 * SECOND_MS)
    assert switched(life.levels()) == [LoadSwitched(COOLER.id, False, "resting")]
    assert life.on() == set()
    life.wait(18 * SECOND_MS)
    life.do(events.StopRequested("looked at"))
    # Eighteen seconds of 1200 W are six watt-hours.
    assert life.state.durable.loads.energy_mwh == {COOLER.id: 6_000}


def test_while_the_pins_are_away_nothing_is_switched() -> None:
    life = LoadLife(station(SOCKETS, LIGHT))
    life.do(events.GpioChanged(False, "gone"))
    before = len(life.effects)
    life.do(events.DesiredReceived(1, None, loads_cut=(SOCKETS.id,)))
    life.wait(HOUR_MS)
    assert not [effect for effect in life.effects[before:] if isinstance(effect, SetLoad)]
    life.do(events.GpioChanged(True))
    assert life.on() == set()


def test_a_stop_puts_every_load_to_rest() -> None:
    life = LoadLife(station(SOCKETS, SIGN, LIGHT))
    seen = switched(life.do(events.StopRequested("update")))
    assert seen == [LoadSwitched(SOCKETS.id, False, "stopped"), LoadSwitched(SIGN.id, False, "stopped")]
    assert life.on() == set()


def test_an_output_that_does_not_obey_is_an_alarm_while_it_does_not() -> None:
    life = LoadLife(station(SOCKETS))
    life.do(events.LoadChecked(SOCKETS.id, obeys=False))
    life.wait(MINUTE_MS)
    assert AlarmCode.LOAD_FAULT in life.alarms()
    life.do(events.LoadChecked(SOCKETS.id, obeys=True))
    life.wait(MINUTE_MS)
    assert AlarmCode.LOAD_FAULT not in life.alarms()
    life.do(events.LoadChecked(LoadId("no such"), obeys=False))
    life.wait(MINUTE_MS)
    assert AlarmCode.LOAD_FAULT not in life.alarms()


def test_a_station_without_loads_has_no_timer_for_them() -> None:
    life = Life()
    life.wait(48 * HOUR_MS)
    assert deadline(life.state) is None
    assert life.state.volatile.hours is None


def test_what_is_remembered_is_the_replay_of_the_records() -> None:
    life = LoadLife(station(*ALL))
    life.air(0)
    life.visit()
    life.do(events.DesiredReceived(1, None, loads_cut=(SIGN.id,)))
    life.wait(24 * HOUR_MS)
    replayed = replay(initial_state(life.config), life.records)
    assert snapshot_json(replayed) == snapshot_json(life.state)
    assert from_snapshot(snapshot(life.state)).durable == life.state.durable


def test_people_see_every_load_with_its_cause() -> None:
    life = LoadLife(station(LIGHT, SOCKETS))
    shown = {load.id: (load.on, load.cause) for load in view(life.state).loads}
    assert shown == {LIGHT.id: (False, LoadCause.EMPTY), SOCKETS.id: (True, LoadCause.ALWAYS)}


# ---------------------------------------------------------------- what cannot be configured


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"loads": (LIGHT, LIGHT)}, "each named once"),
        ({"loads": tuple(replace(SIGN, id=LoadId(str(n))) for n in range(MAX_LOADS + 1))}, "at most 16"),
        ({"budget_w": 39, "loads": (LIGHT, SOCKETS)}, "the lights alone take 40"),
        ({"shed_ms": -1}, "must not be negative"),
        ({"hysteresis_decicelsius": -1}, "must not be negative"),
        ({"hysteresis_decicelsius": 30}, "occupied: heating and cooling"),
        ({"empty": LoadsConfig().empty.__class__(300, 310)}, "empty: heating and cooling"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(LoadsConfig(), **changes)  # type: ignore[arg-type]


def test_the_limits_themselves_are_accepted() -> None:
    loads = tuple(replace(SIGN, id=LoadId(str(n))) for n in range(MAX_LOADS))
    assert LoadsConfig(loads).loads == loads
    assert LoadsConfig((LIGHT,), budget_w=40).budget_w == 40
    assert LoadsConfig(empty_after_ms=0, blind_empty_after_ms=0, light_off_delay_ms=0, shed_ms=0).shed_ms == 0
    assert LoadsConfig(hysteresis_decicelsius=0).hysteresis_decicelsius == 0
    assert LoadsConfig(hysteresis_decicelsius=29).hysteresis_decicelsius == 29
