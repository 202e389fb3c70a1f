"""How far ahead a plan is known, and how exactly."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from contract.policy.plan import HORIZON_DAYS, MAX_PLANNED, Planned, PosturePlan, next_change
from contract.policy.schedule import Interval, Schedule
from contract.records import Posture

BEIJING = ZoneInfo("Asia/Shanghai")
DAY_MS = 24 * 3_600_000
NEVER = Schedule(((),) * 7)


def ms(text: str, zone: tzinfo) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1_000)


def only_on(weekday: int, interval: Interval) -> PosturePlan:
    week = tuple((interval,) if day == weekday else () for day in range(7))
    return PosturePlan((Planned(Posture.FREE_ACCESS, Schedule(week)),))


def test_a_plan_that_never_changes_is_looked_at_again_after_a_week() -> None:
    now_ms = ms("2026-03-02T12:34:56", BEIJING)

    assert PosturePlan().constant_until(now_ms, BEIJING) == now_ms + (HORIZON_DAYS - 1) * DAY_MS
    assert PosturePlan((Planned(Posture.FREE_ACCESS, NEVER),)).constant_until(now_ms, BEIJING) == now_ms + 7 * DAY_MS


def test_a_change_just_before_a_week_is_over_is_not_missed() -> None:
    """Mondays from 22:00 on, seen on a Monday after 23:00."""
    plan = only_on(0, Interval(22 * 60, 23 * 60))

    assert plan.constant_until(ms("2026-03-02T23:30", BEIJING), BEIJING) == ms("2026-03-09T22:00", BEIJING)


@pytest.mark.parametrize("days", range(1, 7))
def test_a_change_some_days_ahead_is_found(days: int) -> None:
    plan = only_on(days, Interval(8 * 60, 9 * 60))

    assert plan.constant_until(ms("2026-03-02T12:00", BEIJING), BEIJING) == ms(f"2026-03-{2 + days:02}T08:00", BEIJING)


def test_a_night_that_is_only_once_a_week_ends_on_the_morning_after() -> None:
    plan = only_on(0, Interval(22 * 60, 6 * 60))
    at_night = ms("2026-03-02T23:00", BEIJING)

    assert plan.posture_at(at_night, BEIJING) is Posture.FREE_ACCESS
    assert plan.constant_until(at_night, BEIJING) == ms("2026-03-03T06:00", BEIJING)


@pytest.mark.parametrize(
    ("zone", "before", "jump"),
    [
        ("Europe/Berlin", "2026-03-28T20:00", "2026-03-29T01:00:00"),
        ("Europe/Berlin", "2026-10-24T20:00", "2026-10-25T01:00:00"),
        ("America/New_York", "2026-03-07T20:00", "2026-03-08T07:00:00"),
        ("Australia/Lord_Howe", "2026-04-04T06:00", "2026-04-04T15:00:00"),
        ("Africa/Cairo", "2026-04-23T12:00", "2026-04-23T22:00:00"),
    ],
)
def test_the_moment_at_which_clocks_jump_is_known_to_the_second(zone: str, before: str, jump: str) -> None:
    jump_ms, here = ms(jump, UTC), ZoneInfo(zone)

    assert next_change(lambda at_ms: at_ms >= jump_ms, (), ms(before, UTC), here) == jump_ms


def test_a_plan_has_so_many_schedules_and_none_of_them_is_for_an_emergency() -> None:
    planned = Planned(Posture.FREE_ACCESS, NEVER)
    assert len(PosturePlan((planned,) * MAX_PLANNED).planned) == MAX_PLANNED
    with pytest.raises(ValueError, match="9 schedules; at most 8"):
        PosturePlan((planned,) * (MAX_PLANNED + 1))
    with pytest.raises(ValueError, match="lockdown"):
        PosturePlan((planned, Planned(Posture.LOCKDOWN, NEVER)))


@pytest.mark.parametrize(("wall_ms", "planned"), [(365 * DAY_MS - 1, False), (365 * DAY_MS, True)])
def test_nothing_is_planned_by_a_clock_before_1971(wall_ms: int, planned: bool) -> None:
    always = PosturePlan((Planned(Posture.FREE_ACCESS, Schedule(((Interval(0, 1_440),),) * 7)),))

    assert (always.posture_at(wall_ms, UTC) is Posture.FREE_ACCESS) is planned
