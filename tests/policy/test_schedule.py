"""The week with its edges: midnight, exceptions, clocks that jump."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.policy.schedule import DayException, Interval, Schedule, is_within

BEIJING = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
DAY = Interval(8 * 60, 18 * 60)
NIGHT = Interval(22 * 60, 6 * 60)
SATURDAY, SUNDAY, MONDAY = date(2026, 9, 26), date(2026, 9, 27), date(2026, 9, 28)


def weekly(**days: Interval) -> tuple[tuple[Interval, ...], ...]:
    """Intervals by weekday name, three letters."""
    return tuple((days[name],) if name in days else () for name in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))


def at(day: date, hour: int, minute: int = 0, zone: ZoneInfo = BEIJING) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


def test_an_interval_includes_its_start_and_excludes_its_end() -> None:
    schedule = Schedule(weekly(mon=DAY))

    assert not is_within(schedule, at(MONDAY, 7, 59))
    assert is_within(schedule, at(MONDAY, 8))
    assert is_within(schedule, at(MONDAY, 17, 59))
    assert not is_within(schedule, at(MONDAY, 18))
    assert not is_within(schedule, at(SUNDAY, 12))


def test_a_night_belongs_to_the_day_it_starts_on() -> None:
    schedule = Schedule(weekly(sat=NIGHT))

    assert is_within(schedule, at(SATURDAY, 23))
    assert is_within(schedule, at(SUNDAY, 5, 59))
    assert not is_within(schedule, at(SUNDAY, 6))
    assert not is_within(schedule, at(SATURDAY, 3))
    assert not is_within(schedule, at(MONDAY, 3))


def test_equal_ends_are_a_full_day() -> None:
    schedule = Schedule(weekly(sat=Interval(9 * 60, 9 * 60)))

    assert is_within(schedule, at(SATURDAY, 9))
    assert is_within(schedule, at(SUNDAY, 8, 59))
    assert not is_within(schedule, at(SUNDAY, 9))


def test_an_interval_to_midnight_ends_there() -> None:
    schedule = Schedule(weekly(sat=Interval(0, 24 * 60)))

    assert is_within(schedule, at(SATURDAY, 23, 59))
    assert not is_within(schedule, at(SUNDAY, 0))


def test_an_exception_replaces_the_weekday_and_leaves_last_night_alone() -> None:
    schedule = Schedule(weekly(sat=NIGHT, sun=DAY), (DayException(SUNDAY),))

    assert is_within(schedule, at(SUNDAY, 5))
    assert not is_within(schedule, at(SUNDAY, 12))
    assert is_within(Schedule(weekly(), (DayException(SUNDAY, (DAY,)),)), at(SUNDAY, 12))


def test_in_the_hour_that_clocks_repeat_an_interval_applies_both_times() -> None:
    schedule = Schedule(weekly(sun=Interval(2 * 60, 3 * 60)))
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    for instant in (first, first + timedelta(hours=1)):
        assert is_within(schedule, instant.astimezone(BERLIN))
    assert not is_within(schedule, (first + timedelta(hours=2)).astimezone(BERLIN))


def test_an_interval_in_a_skipped_hour_does_not_happen() -> None:
    schedule = Schedule(weekly(sun=Interval(2 * 60, 3 * 60)))
    midnight = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)

    assert not any(
        is_within(schedule, (midnight + timedelta(minutes=minute)).astimezone(BERLIN)) for minute in range(24 * 60)
    )


@given(start=st.integers(0, 1_439), end=st.integers(0, 1_440), minute=st.integers(0, 2 * 1_440 - 1))
def test_an_interval_covers_exactly_the_minutes_from_its_start_on(start: int, end: int, minute: int) -> None:
    length = end - start if end > start else end + 1_440 - start
    instant = at(SATURDAY, 0).replace(tzinfo=UTC) + timedelta(minutes=minute)

    covered = is_within(Schedule(weekly(sat=Interval(start, end))), instant)

    assert covered == (start <= minute < start + length)


@pytest.mark.parametrize(("start", "end"), [(-1, 60), (1_440, 60), (0, -1), (0, 1_441)])
def test_an_interval_outside_the_day_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="outside a day"):
        Interval(start, end)


def test_a_schedule_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="7 days"):
        Schedule(weekly()[:6])
    with pytest.raises(ValueError, match="for one day"):
        Schedule(weekly(), (DayException(SUNDAY), DayException(SUNDAY)))
    with pytest.raises(ValueError, match="intervals in a day"):
        Schedule(weekly(), (DayException(SUNDAY, (DAY,) * 17),))
    with pytest.raises(ValueError, match="exceptions"):
        Schedule(weekly(), tuple(DayException(SUNDAY + timedelta(days=n)) for n in range(401)))
