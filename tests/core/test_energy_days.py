"""Days of energy by clocks that are not right, and by clocks that change."""

from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.policy.plan import FIRST_MS, LAST_MS
from contract.records import EnergyUsed
from edge.core import events
from edge.core.config import StationConfig
from edge.core.load_state import LoadsConfig
from edge.core.state import Now
from edge.core.station import initial_state, step
from tests.core import support
from tests.core.energy_support import (
    DAY_MS,
    HOUR_MS,
    LIGHT,
    NO_METER,
    SIGN,
    TODAY,
    to_midnight,
    used,
)
from tests.core.support import WALL_MS, Life

# ---------------------------------------------------------------- clocks


def test_without_a_trusted_clock_the_day_goes_on() -> None:
    life = Life(NO_METER)
    life.clock_trusted = False
    life.do(events.ClockChanged(False))
    assert used(life.wait(3 * DAY_MS)) == {}
    assert life.state.durable.loads.energy_day == TODAY
    life.clock_trusted = True
    assert used(life.do(events.ClockChanged(True))) == {SIGN.id: 3 * 1_440, LIGHT.id: 0}
    assert life.state.durable.loads.energy_day == "2026-09-24"


def test_what_was_used_before_the_time_was_ever_known_counts_for_the_first_day() -> None:
    life = Life(NO_METER, booted=False)
    life.clock_trusted = False
    life.boot()
    life.levels()
    life.wait(HOUR_MS)
    assert (life.state.durable.loads.energy_day, life.state.durable.loads.energy_mwh) == ("", {SIGN.id: 60_000})
    life.clock_trusted = True
    assert used(life.do(events.ClockChanged(True))) == {}
    assert (life.state.durable.loads.energy_day, life.state.durable.loads.energy_mwh) == (TODAY, {SIGN.id: 60_000})


def test_a_clock_that_is_set_back_over_midnight_ends_the_day_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(NO_METER)
    first = used(to_midnight(life))
    life.wait(HOUR_MS)
    monkeypatch.setattr(support, "WALL_MS", WALL_MS - 2 * HOUR_MS)
    assert used(life.do(events.Tick())) == {SIGN.id: 60, LIGHT.id: 0}
    second = life.wait(HOUR_MS)
    assert {record.day for record in second if isinstance(record, EnergyUsed)} == {TODAY}
    assert first[SIGN.id] + used(second)[SIGN.id] == 587 + 60


@pytest.mark.parametrize(
    ("zone", "noon", "hours"),
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 12, tzinfo=UTC), 23),
        ("Europe/Berlin", datetime(2026, 10, 25, 12, tzinfo=UTC), 25),
        ("Europe/Berlin", datetime(2026, 6, 1, 12, tzinfo=UTC), 24),
        # Midnight itself is skipped: the day ends as the clocks go from 0:00 to 1:00 …
        ("Africa/Cairo", datetime(2026, 4, 23, 12, tzinfo=UTC), 24),
        ("Africa/Cairo", datetime(2026, 4, 24, 12, tzinfo=UTC), 23),
        # … and the hour before it is repeated: from 24:00 to 23:00.
        ("Africa/Cairo", datetime(2026, 10, 29, 12, tzinfo=UTC), 25),
        ("Asia/Shanghai", datetime(2026, 2, 16, 12, tzinfo=UTC), 24),
    ],
)
def test_a_day_lasts_as_long_as_it_does(monkeypatch: pytest.MonkeyPatch, zone: str, noon: datetime, hours: int) -> None:
    days = _days(monkeypatch, replace(NO_METER, timezone=ZoneInfo(zone)), noon)
    assert days[noon.astimezone(ZoneInfo(zone)).date().isoformat()] == 60 * hours


def _days(monkeypatch: pytest.MonkeyPatch, config: StationConfig, noon: datetime) -> dict[str, int]:
    monkeypatch.setattr(support, "WALL_MS", int(noon.timestamp()) * 1_000 - DAY_MS - 12 * HOUR_MS)
    life = Life(config)
    records = life.wait(4 * DAY_MS)
    return {r.day: r.energy_wh for r in records if isinstance(r, EnergyUsed) and r.source == SIGN.id}


@pytest.mark.parametrize("wall_ms", [FIRST_MS - 10 * DAY_MS, LAST_MS + DAY_MS])
def test_a_clock_that_is_none_begins_no_day(monkeypatch: pytest.MonkeyPatch, wall_ms: int) -> None:
    monkeypatch.setattr(support, "WALL_MS", wall_ms)
    life = Life(NO_METER)
    life.wait(2 * DAY_MS)
    assert life.state.durable.loads.energy_day == ""


def test_the_first_day_of_the_calendar_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support, "WALL_MS", FIRST_MS - 1_000)
    assert Life(NO_METER).state.durable.loads.energy_day == "1971-01-01"


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["Europe/Berlin", "Africa/Cairo", "Asia/Shanghai", "America/St_Johns", "Pacific/Apia", "UTC"]),
    st.integers(1_262_304_000, 1_900_000_000),
)
def test_whatever_the_zone_and_the_day_the_energy_of_the_days_is_that_of_the_time(zone: str, start_s: int) -> None:
    config = replace(NO_METER, timezone=ZoneInfo(zone), loads=LoadsConfig((replace(SIGN, power_w=3_600),)))
    state, wall_ms = initial_state(config), start_s * 1_000
    used_wh, mono_ms, records = 0, 0, 0
    for event in (events.Booted("1.0", "", True, 1, 0), events.LevelsRead(False, False, False)):
        state = step(config, state, event, Now(0, wall_ms, True)).state
    for _ in range(3 * 24):
        mono_ms += HOUR_MS
        result = step(config, state, events.Tick(), Now(mono_ms, wall_ms + mono_ms, True))
        state = result.state
        for record in result.records:
            if isinstance(record, EnergyUsed):
                used_wh += record.energy_wh
                records += 1
    rest_wh = state.durable.loads.energy_mwh.get(SIGN.id, 0) // 1_000
    # Within a rounded watt-hour a day, and what has not been written down yet.
    assert 0 <= 3 * 24 * 3_600 - used_wh - rest_wh <= 900 + 4
    assert records in (2, 3, 4)
    assert state.durable.loads.energy_day == _day(wall_ms + mono_ms, ZoneInfo(zone))


def _day(wall_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(wall_ms // 1_000, zone).date().isoformat()
