"""What switches loads whatever comfort wants: fire, smoke, water, cold machines, orders from afar, the power budget."""

from dataclasses import replace

from contract.ids import LoadId, SensorId
from contract.records import LoadCut, LoadSwitched
from edge.core import events
from edge.core.effects import Feedback
from edge.core.environment_state import EnvironmentConfig
from edge.core.load_state import MAX_CUT, LoadCause
from edge.core.supervision_state import SupervisionConfig
from tests.core.load_support import (
    AIR,
    ALL,
    COOLER,
    HEATER,
    LIGHT,
    SECOND_MS,
    SIGN,
    SOCKETS,
    LoadLife,
    signs,
    station,
    switched,
)

# ---------------------------------------------------------------- danger


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
