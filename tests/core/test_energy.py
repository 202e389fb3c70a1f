"""What a day has used: over midnight, counters that fall and leap, restarts."""

from dataclasses import replace

import pytest

from contract.ids import SensorId
from contract.records import EnergyCounted, EnergyUsed, Record
from edge.core import events
from edge.core.energy import COUNT_EVERY_MS, COUNTER_STEP_WH, LONGEST_AWAY_MS, MOST_W
from edge.core.environment_state import EnvironmentConfig
from edge.core.load_state import LoadsConfig
from edge.core.state import Now, RecordedAt
from edge.core.station import from_snapshot, initial_state, replay, snapshot, snapshot_json, step, view
from tests.core import support
from tests.core.energy_support import (
    DAY_MS,
    HOUR_MS,
    LIGHT,
    METER,
    MINUTE_MS,
    NO_METER,
    SECOND_MS,
    SIGN,
    STATION,
    TODAY,
    TOMORROW,
    UNTIL_MIDNIGHT_MS,
    counted,
    read,
    to_midnight,
    used,
)
from tests.core.support import WALL_MS, Life

# ---------------------------------------------------------------- a day


def test_a_day_ends_with_what_every_meter_and_load_has_used() -> None:
    life = Life(STATION)
    read(life, 50_000)
    life.wait(HOUR_MS)
    read(life, 51_250)
    before = life.wait(UNTIL_MIDNIGHT_MS - life.mono_ms - 1)
    assert used(before) == {}
    records = life.wait(1)
    # The sign has been on since the start: 9 h 46 min 39 s at 60 W.
    assert used(records) == {METER: 1_250, SIGN.id: 587, LIGHT.id: 0}
    assert {record.day for record in records if isinstance(record, EnergyUsed)} == {TODAY}
    assert life.state.durable.loads.energy_day == TOMORROW
    assert life.state.durable.loads.energy_mwh == {}
    assert life.state.durable.loads.counters_wh == {METER: 51_250}


def test_the_next_day_begins_at_nothing() -> None:
    life = Life(NO_METER)
    to_midnight(life)
    records = life.wait(DAY_MS)
    assert used(records) == {SIGN.id: 1_440, LIGHT.id: 0}
    assert {record.day for record in records if isinstance(record, EnergyUsed)} == {TOMORROW}


def test_what_is_used_is_written_down_every_quarter_of_an_hour_if_there_is_anything() -> None:
    life = Life(NO_METER)
    records = [record for record in life.wait(HOUR_MS) if isinstance(record, EnergyCounted)]
    assert [record.energy_mwh for record in records] == [{SIGN.id: 15_000 * n} for n in (1, 2, 3, 4)]
    life.do(events.DesiredReceived(1, None, loads_cut=(SIGN.id,)))
    life.wait(COUNT_EVERY_MS)
    assert [record for record in life.wait(3 * HOUR_MS) if isinstance(record, EnergyCounted)] == []


def test_only_the_time_on_counts() -> None:
    life = Life(NO_METER)
    life.do(events.DesiredReceived(1, None, loads_cut=(SIGN.id,)))
    life.wait(HOUR_MS)
    life.do(events.DesiredReceived(2, None))
    life.wait(30 * MINUTE_MS)
    life.do(events.DesiredReceived(3, None, loads_cut=(SIGN.id,)))
    life.wait(HOUR_MS)
    assert counted(life) == {SIGN.id: 30_000}


def test_fractions_are_not_lost_by_counting_often() -> None:
    odd = replace(SIGN, power_w=1)
    life = Life(replace(NO_METER, loads=LoadsConfig((odd,))))
    # A milliwatt-hour takes 3.6 s at 1 W; a quarter of an hour and 1 s is no whole number of them.
    for number in range(1, 11):
        life.wait(COUNT_EVERY_MS + SECOND_MS)
        life.do(events.DesiredReceived(number, None))
    assert counted(life) == {SIGN.id: (10 * (COUNT_EVERY_MS + SECOND_MS)) // 3_600}


def test_people_see_the_day_so_far() -> None:
    life = Life(STATION)
    read(life, 0)
    read(life, 999)
    life.wait(COUNT_EVERY_MS)
    assert (view(life.state).energy_day, view(life.state).energy_today_wh) == (TODAY, {METER: 999, SIGN.id: 15})


# ---------------------------------------------------------------- counters


def test_the_first_reading_ever_counts_nothing() -> None:
    life = Life(STATION)
    read(life, 123_456)
    assert METER not in counted(life)
    assert life.state.durable.loads.counters_wh == {METER: 123_456}


def test_a_counter_that_falls_begins_anew() -> None:
    life = Life(STATION)
    for energy_wh in (5_000, 5_300, 10, 210, 0):
        read(life, energy_wh)
    assert counted(life)[METER] == 500_000


def test_a_new_meter_counts_from_nothing() -> None:
    life = Life(STATION)
    for energy_wh in (0, 100):
        read(life, energy_wh)
    assert counted(life)[METER] == 100_000


def test_a_negative_counter_is_no_reading() -> None:
    life = Life(STATION)
    for energy_wh in (100, -5, 200):
        read(life, energy_wh)
    assert counted(life)[METER] == 100_000


@pytest.mark.parametrize(("more_wh", "counts"), [(0, True), (1, False)])
def test_a_counter_that_leaps_beyond_what_the_connection_carries_is_another_meters(more_wh: int, counts: bool) -> None:
    life = Life(STATION)
    read(life, 1_000)
    life.wait(6 * MINUTE_MS)
    read(life, 1_000 + COUNTER_STEP_WH + MOST_W // 10 + more_wh)
    assert (METER in counted(life)) is counts
    assert life.state.durable.loads.counters_wh[METER] == 1_000 + COUNTER_STEP_WH + MOST_W // 10 + more_wh


def test_two_meters_are_counted_apart() -> None:
    other = SensorId("solar")
    life = Life(replace(STATION, environment=EnvironmentConfig((), (METER, other))))
    for energy_wh in (0, 10):
        read(life, energy_wh)
        life.do(events.PowerMeasured(other, 1, 5 * energy_wh))
    assert counted(life) == {METER: 10_000, other: 50_000}


def test_a_stranger_is_not_counted() -> None:
    life = Life(STATION)
    life.do(events.PowerMeasured(SensorId("stranger"), 1, 0))
    life.do(events.PowerMeasured(SensorId("stranger"), 1, 50))
    assert life.state.volatile.energy.meters == {}


# ---------------------------------------------------------------- restarts


def restart(life: Life, *, away_ms: int = 0, clean_stop: bool = False) -> list[Record]:
    life.mono_ms += away_ms
    return [*life.boot(clean_stop=clean_stop), *life.levels()]


def test_an_orderly_stop_loses_nothing() -> None:
    life = Life(NO_METER)
    life.wait(10 * MINUTE_MS)
    life.do(events.StopRequested("update"))
    restart(life, away_ms=10 * MINUTE_MS, clean_stop=True)
    life.wait(10 * MINUTE_MS)
    assert counted(life) == {SIGN.id: 20_000}


def test_a_power_cut_loses_at_most_a_quarter_of_an_hour_of_what_is_reckoned() -> None:
    life = Life(NO_METER)
    life.wait(COUNT_EVERY_MS + COUNT_EVERY_MS - 1)
    restart(life)
    assert life.state.durable.loads.energy_mwh == {SIGN.id: 15_000}


def test_a_meter_counts_on_while_the_station_is_off() -> None:
    life = Life(STATION)
    read(life, 1_000)
    life.wait(COUNT_EVERY_MS)
    read(life, 1_100)
    restart(life, away_ms=HOUR_MS)
    read(life, 2_100)
    assert counted(life)[METER] == 1_100_000


def test_what_a_meter_counted_over_a_midnight_without_us_counts_for_the_day_of_our_return() -> None:
    life = Life(STATION)
    read(life, 1_000)
    read(life, 1_100)
    life.wait(COUNT_EVERY_MS)
    closed = restart(life, away_ms=DAY_MS)
    assert used(closed) == {METER: 100, SIGN.id: 15, LIGHT.id: 0}
    read(life, 1_600)
    assert counted(life)[METER] == 500_000
    assert life.state.durable.loads.energy_day == TOMORROW


@pytest.mark.parametrize(("more_wh", "counts"), [(0, True), (1, False)])
def test_a_meter_exchanged_while_the_station_was_off_counts_nothing(more_wh: int, counts: bool) -> None:
    life = Life(STATION)
    read(life, 1_000)
    life.do(events.StopRequested("exchange"))
    restart(life, away_ms=HOUR_MS, clean_stop=True)
    read(life, 1_000 + COUNTER_STEP_WH + MOST_W + more_wh)
    assert (METER in counted(life)) is counts


def test_a_counter_that_leaps_while_the_station_blinks_is_another_meters() -> None:
    life = Life(STATION)
    read(life, 1_000)
    life.do(events.StopRequested("update"))
    restart(life, clean_stop=True)
    read(life, 1_001 + COUNTER_STEP_WH)
    assert METER not in counted(life)


@pytest.mark.parametrize("away_ms", [-DAY_MS, LONGEST_AWAY_MS + 1])
@pytest.mark.parametrize(("more_wh", "counts"), [(0, True), (1, False)])
def test_after_a_time_that_nobody_knows_a_counter_is_believed_for_a_month(
    monkeypatch: pytest.MonkeyPatch, away_ms: int, more_wh: int, counts: bool
) -> None:
    life = Life(STATION)
    read(life, 1_000)
    life.do(events.StopRequested("holidays"))
    monkeypatch.setattr(support, "WALL_MS", WALL_MS + away_ms)
    restart(life, clean_stop=True)
    read(life, 1_000 + COUNTER_STEP_WH + MOST_W * LONGEST_AWAY_MS // HOUR_MS + more_wh)
    assert (METER in counted(life)) is counts


def test_a_crash_between_closing_a_day_and_beginning_the_next_closes_nothing_twice() -> None:
    life = Life(STATION)
    read(life, 0)
    read(life, 100)
    to_midnight(life)
    at = next(n for n, (record, _) in enumerate(life.records) if isinstance(record, EnergyUsed))
    cut = replay(initial_state(STATION), life.records[: at + 1])
    assert METER not in cut.durable.loads.energy_mwh
    boot = cut.durable.boot + 1
    result = step(STATION, cut, events.Booted("1.0", "", False, boot, 0), Now(5, WALL_MS + DAY_MS, True))
    assert used(list(result.records)) == {METER: 0, SIGN.id: 587, LIGHT.id: 0}


def test_what_left_the_configuration_during_the_day_is_closed_too() -> None:
    life = Life(STATION)
    read(life, 0)
    read(life, 100)
    life.wait(COUNT_EVERY_MS)
    life.do(events.StopRequested("refitted"))
    life.config = replace(STATION, loads=LoadsConfig((LIGHT,)), environment=EnvironmentConfig())
    restart(life, clean_stop=True)
    assert used(to_midnight(life)) == {LIGHT.id: 0, METER: 100, SIGN.id: 15}
    assert life.state.durable.loads.counters_wh == {}


def test_a_meter_that_was_silent_longer_than_another_is_given_its_own_time() -> None:
    other = SensorId("solar")
    config = replace(STATION, environment=EnvironmentConfig((), (METER, other)))
    life = Life(config)
    read(life, 0)
    life.do(events.PowerMeasured(other, 1, 0))
    life.wait(10 * HOUR_MS)
    read(life, 5)
    restart(life)
    life.do(events.PowerMeasured(other, 1, 9 * MOST_W))
    assert counted(life)[other] == 9 * MOST_W * 1_000


def test_the_replay_of_the_records_is_what_is_remembered() -> None:
    life = Life(STATION)
    for hour in range(40):
        read(life, hour * 100)
        life.wait(HOUR_MS)
    replayed = replay(initial_state(STATION), life.records)
    assert snapshot_json(replayed) == snapshot_json(life.state)
    assert from_snapshot(snapshot(life.state)).durable == life.state.durable


def test_a_day_is_closed_in_whole_watt_hours_the_nearer_ones() -> None:
    counted_so = EnergyCounted(TODAY, {SIGN.id: 1_499, LIGHT.id: 1_500}, {})
    state = replay(initial_state(NO_METER), [(counted_so, RecordedAt(1, WALL_MS, 1))])
    result = step(NO_METER, state, events.Booted("1.0", "", True, 2, 0), Now(5, WALL_MS + DAY_MS, True))
    assert used(list(result.records)) == {SIGN.id: 1, LIGHT.id: 2}
