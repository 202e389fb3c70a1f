"""The station's plan of postures: what it says, and until when it surely says so."""

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.policy.plan import HORIZON_DAYS, LAST_MS, Planned, PosturePlan
from contract.policy.schedule import DayException, Interval, Schedule
from contract.records import Posture

BERLIN, BEIJING = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
"""Its clocks jump by half an hour."""
MINUTE_MS, DAY_MS = 60_000, 24 * 3_600_000


def hours(start: str, end: str) -> Interval:
    (from_hour, from_minute), (to_hour, to_minute) = (map(int, text.split(":")) for text in (start, end))
    return Interval(from_hour * 60 + from_minute, to_hour * 60 + to_minute)


def daily(*intervals: Interval, closed: tuple[date, ...] = ()) -> Schedule:
    return Schedule((intervals,) * 7, tuple(DayException(day) for day in closed))


def ms(text: str, zone: tzinfo, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp() * 1_000)


FREE_BY_DAY = PosturePlan((Planned(Posture.FREE_ACCESS, daily(hours("08:00", "20:00"))),))


def test_the_first_schedule_that_is_open_decides() -> None:
    plan = PosturePlan(
        (
            Planned(Posture.OUT_OF_SERVICE, daily(hours("12:00", "12:30"))),
            Planned(Posture.FREE_ACCESS, daily(hours("08:00", "20:00"))),
        )
    )

    said = [plan.posture_at(ms(f"2026-03-02T{at}", BEIJING), BEIJING) for at in ("07:59:59", "08:00", "12:00", "12:30")]
    assert said == [None, Posture.FREE_ACCESS, Posture.OUT_OF_SERVICE, Posture.FREE_ACCESS]


def test_the_next_change_is_found_to_the_millisecond() -> None:
    assert FREE_BY_DAY.constant_until(ms("2026-03-02T07:00", BEIJING), BEIJING) == ms("2026-03-02T08:00", BEIJING)
    assert FREE_BY_DAY.constant_until(ms("2026-03-02T08:00", BEIJING), BEIJING) == ms("2026-03-02T20:00", BEIJING)
    assert FREE_BY_DAY.constant_until(ms("2026-03-02T20:00", BEIJING), BEIJING) == ms("2026-03-03T08:00", BEIJING)


def test_two_intervals_that_meet_at_midnight_are_no_change() -> None:
    plan = PosturePlan((Planned(Posture.FREE_ACCESS, daily(hours("20:00", "24:00"), hours("00:00", "06:00"))),))

    assert plan.constant_until(ms("2026-03-02T21:00", BEIJING), BEIJING) == ms("2026-03-03T06:00", BEIJING)


def test_a_holiday_and_the_night_before_it_are_kept_apart() -> None:
    schedule = daily(hours("22:00", "06:00"), closed=(date(2026, 10, 1),))
    plan = PosturePlan((Planned(Posture.TWO_FACTOR, schedule),))

    assert plan.constant_until(ms("2026-09-30T23:00", BEIJING), BEIJING) == ms("2026-10-01T06:00", BEIJING)
    assert plan.constant_until(ms("2026-10-01T06:00", BEIJING), BEIJING) == ms("2026-10-02T22:00", BEIJING)


def test_a_plan_that_never_changes_is_looked_at_again_within_the_horizon() -> None:
    for plan in (PosturePlan(), PosturePlan((Planned(Posture.FREE_ACCESS, daily(Interval(0, 0))),))):
        now = ms("2026-03-02T07:00", BEIJING)
        assert now < plan.constant_until(now, BEIJING) <= now + HORIZON_DAYS * DAY_MS


def test_a_border_in_the_hour_that_the_clocks_skip_is_where_they_jump() -> None:
    plan = PosturePlan((Planned(Posture.FREE_ACCESS, daily(hours("01:00", "02:30"))),))
    jump = ms("2026-03-29T03:00", BERLIN)

    assert plan.constant_until(ms("2026-03-29T01:30", BERLIN), BERLIN) == jump
    assert plan.posture_at(jump - 1, BERLIN) is Posture.FREE_ACCESS
    assert plan.posture_at(jump, BERLIN) is None


def test_an_interval_in_the_hour_that_the_clocks_repeat_opens_twice() -> None:
    plan = PosturePlan((Planned(Posture.FREE_ACCESS, daily(hours("02:15", "02:45"))),))
    moment, seen = ms("2026-10-25T00:00", BERLIN), []
    for _ in range(4):
        moment = plan.constant_until(moment, BERLIN)
        seen.append(datetime.fromtimestamp(moment / 1_000, UTC).strftime("%H:%M"))

    assert seen == ["00:15", "00:45", "01:15", "01:45"]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        (BERLIN, "2026-03-28"),
        (BERLIN, "2026-10-24"),
        (LORD_HOWE, "2026-04-04"),
        (LORD_HOWE, "2026-10-03"),
        (BEIJING, "2026-12-31"),
    ],
    ids=str,
)
@settings(max_examples=25, deadline=None)
@given(
    borders=st.lists(st.tuples(st.integers(0, 287), st.integers(0, 288)), min_size=1, max_size=3),
    after_minutes=st.integers(0, 2 * 1_440),
)
def test_between_now_and_the_next_change_nothing_changes_and_then_it_does(
    zone: ZoneInfo, day: str, borders: list[tuple[int, int]], after_minutes: int
) -> None:
    plan = PosturePlan(
        (Planned(Posture.FREE_ACCESS, daily(*(Interval(5 * start, 5 * end) for start, end in borders))),)
    )
    now = ms(f"{day}T00:00", zone) + after_minutes * MINUTE_MS
    until = plan.constant_until(now, zone)
    said = plan.posture_at(now, zone)

    assert until > now
    assert {plan.posture_at(moment, zone) for moment in range(now, until, 5 * MINUTE_MS)} == {said}
    assert plan.posture_at(until - 1, zone) is said
    assert plan.posture_at(until, zone) is not said or until - now > (HORIZON_DAYS - 2) * DAY_MS


@pytest.mark.parametrize("wall_ms", [-1, 0, LAST_MS, 2**62])
def test_a_clock_that_is_none_finds_nothing_planned_and_breaks_nothing(wall_ms: int) -> None:
    assert FREE_BY_DAY.posture_at(wall_ms, BEIJING) is None
    assert FREE_BY_DAY.constant_until(wall_ms, BEIJING) > wall_ms
    assert FREE_BY_DAY.constant_until(LAST_MS - 1, BEIJING) >= LAST_MS - 1


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(ValueError, match="emergency"):
        PosturePlan((Planned(Posture.LOCKDOWN, daily()),))
    with pytest.raises(ValueError, match="at most 8"):
        PosturePlan((Planned(Posture.SECURE, daily()),) * 9)
