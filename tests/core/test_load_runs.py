"""Loads over a station's runs: outputs at rest, pins that go away, stops, replay; and what cannot be configured."""

from dataclasses import replace

import pytest

from contract.ids import LoadId
from contract.records import AlarmCode, LoadSwitched
from edge.core import events
from edge.core.effects import SetLoad
from edge.core.load_state import MAX_LOADS, LoadCause, LoadsConfig
from edge.core.station import deadline, from_snapshot, initial_state, replay, snapshot, snapshot_json, view
from tests.core.load_support import (
    ALL,
    COOLER,
    HOUR_MS,
    LIGHT,
    MINUTE_MS,
    SECOND_MS,
    SIGN,
    SOCKETS,
    LoadLife,
    station,
    switched,
)
from tests.core.support import Life

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


def test_pins_that_are_back_are_not_driven_before_they_have_been_read() -> None:
    """A compressor that was started in between ran on while its record said that it rests."""
    life = LoadLife(station(COOLER))
    life.wait(180 * SECOND_MS)
    life.do(events.GpioChanged(False, "gone"))
    life.air(400)
    assert switched(life.do(events.GpioChanged(True))) == []
    assert life.on() == set()
    assert switched(life.levels()) == []
    assert (life.on(), life.cause(COOLER)) == (set(), LoadCause.RESTING)


def test_while_the_pins_are_away_nothing_is_switched() -> None:
    life = LoadLife(station(SOCKETS, LIGHT))
    life.do(events.GpioChanged(False, "gone"))
    before = len(life.effects)
    life.do(events.DesiredReceived(1, None, loads_cut=(SOCKETS.id,)))
    life.wait(HOUR_MS)
    assert not [effect for effect in life.effects[before:] if isinstance(effect, SetLoad)]
    life.do(events.GpioChanged(True))
    life.levels()
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
