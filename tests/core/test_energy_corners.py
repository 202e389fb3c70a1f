"""When energy is counted: with nothing but a meter, with nothing but loads, and what a counter may have done."""

from dataclasses import replace

import pytest

from contract.ids import LoadId, SensorId
from contract.records import EnergyCounted, LoadSwitched
from edge.core import events
from edge.core.energy import COUNT_EVERY_MS
from edge.core.environment_state import EnvironmentConfig
from edge.core.load_state import LoadsConfig
from tests.core.energy_support import LIGHT, METER, MINUTE_MS, NO_METER, SIGN, STATION, counted, read
from tests.core.load_support import COOLER, LoadLife, station
from tests.core.load_support import LIGHT as CEILING
from tests.core.support import Life

SECOND = SensorId("heat-pump")
METERS_ONLY = replace(STATION, loads=LoadsConfig(), environment=EnvironmentConfig((), (METER, SECOND)))


def test_what_a_meter_alone_has_counted_is_written_down_within_a_quarter_of_an_hour() -> None:
    life = Life(METERS_ONLY)
    read(life, 1_000)
    life.do(events.PowerMeasured(SECOND, 0, 70))
    life.wait(MINUTE_MS)
    read(life, 1_020)
    life.do(events.PowerMeasured(SECOND, 0, 70))
    written = [record for record in life.wait(COUNT_EVERY_MS) if isinstance(record, EnergyCounted)]

    assert [record.energy_mwh for record in written] == [{METER: 20_000}]
    assert [record.counters_wh for record in written] == [{METER: 1_020, SECOND: 70}]


def test_what_is_used_is_written_down_again_and_again_while_nothing_is_switched() -> None:
    life = Life(NO_METER)
    assert life.state.durable.loads.on == (SIGN.id,)
    written = [record for record in life.wait(4 * COUNT_EVERY_MS) if isinstance(record, EnergyCounted)]

    assert len(written) == 4


def test_two_loads_that_run_are_counted_each_with_its_power() -> None:
    life = Life(replace(NO_METER, loads=LoadsConfig((SIGN, replace(SIGN, id=LoadId("neon"), power_w=90), LIGHT))))
    life.wait(10 * MINUTE_MS)

    assert counted(life) == {SIGN.id: 10_000, "neon": 15_000}


@pytest.mark.parametrize(("risen_wh", "believed"), [(0, 0), (1, 1), (-1, None)])
def test_a_counter_that_stands_still_counts_nothing_and_one_that_falls_begins_anew(
    risen_wh: int, believed: int | None
) -> None:
    life = Life(METERS_ONLY)
    read(life, 5_000)
    read(life, 5_000 + risen_wh)
    read(life, 5_010 + risen_wh)

    assert counted(life) == {METER: ((believed or 0) + 10) * 1_000}


def test_the_light_goes_out_at_its_time_though_a_compressor_has_longer_to_rest() -> None:
    slow = replace(COOLER, min_on_ms=60 * MINUTE_MS, min_off_ms=60 * MINUTE_MS)
    life = LoadLife(station(CEILING, slow))
    life.wait(60 * MINUTE_MS)
    life.air(350)
    life.visit(for_ms=5_000)
    assert life.on() == {CEILING.id, slow.id}
    dark = life.wait(life.config.loads.light_off_delay_ms)

    assert (CEILING.id, False) in [(record.load, record.on) for record in dark if isinstance(record, LoadSwitched)]
