"""Which posture the station's own plan has for a moment: a list of schedules, the first that is open decides.

A plan is constant between moments. `constant_until` finds the next one at which it may change, so that a timer can
stand there: the borders of intervals in wall time, an hour that the clocks repeat seen twice, and the instants at which
the clocks jump, because an interval's border may lie in the hour that they skip.

Time zones are asked through the `tzinfo` that is passed in; reading zone data is not done here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from contract.policy.schedule import Schedule, is_within
from contract.records import Posture

MAX_PLANNED: Final = 8
HORIZON_DAYS: Final = 8
"""So far the next change is looked for: a week and a day. A plan that does not change until then is looked at again."""

FIRST_MS: Final = 365 * 24 * 3_600_000
LAST_MS: Final = 8_000 * FIRST_MS
"""A clock outside the years 1971 to 9964 is no clock; nothing is planned there, and no date overflows."""


@dataclass(frozen=True)
class Planned:
    """A posture and when it is wanted."""

    posture: Posture
    schedule: Schedule


@dataclass(frozen=True)
class PosturePlan:
    """The first of `planned` whose schedule is open decides; none: the plan says nothing."""

    planned: tuple[Planned, ...] = ()

    def __post_init__(self) -> None:
        if len(self.planned) > MAX_PLANNED:
            raise ValueError(f"{len(self.planned)} schedules; at most {MAX_PLANNED} are kept")
        if any(planned.posture is Posture.LOCKDOWN for planned in self.planned):
            raise ValueError("lockdown is for an emergency and is not planned")

    def posture_at(self, wall_ms: int, zone: tzinfo) -> Posture | None:
        """What is planned for a moment; None: nothing."""
        if not FIRST_MS <= wall_ms < LAST_MS:
            return None
        local = datetime.fromtimestamp(wall_ms // 1_000, zone)
        return next((planned.posture for planned in self.planned if is_within(planned.schedule, local)), None)

    def constant_until(self, wall_ms: int, zone: tzinfo) -> int:
        """The moment, after `wall_ms`, until which the plan surely stays as it is."""
        schedules = [planned.schedule for planned in self.planned]
        return next_change(lambda at_ms: self.posture_at(at_ms, zone), schedules, wall_ms, zone)


def is_open_at(schedule: Schedule, wall_ms: int, zone: tzinfo) -> bool:
    """Whether a schedule is open at a moment; never when the clock is none."""
    return FIRST_MS <= wall_ms < LAST_MS and is_within(schedule, datetime.fromtimestamp(wall_ms // 1_000, zone))


def next_change(judge: Callable[[int], object], schedules: Iterable[Schedule], wall_ms: int, zone: tzinfo) -> int:
    """The moment, after `wall_ms`, until which `judge` surely says the same; it may depend on `schedules` alone."""
    later_ms = wall_ms + (HORIZON_DAYS - 1) * 24 * 3_600_000
    if not FIRST_MS <= wall_ms < LAST_MS:
        return later_ms
    now = judge(wall_ms)
    today = datetime.fromtimestamp(wall_ms // 1_000, zone).date()
    for moment_ms in sorted(_moments(tuple(schedules), today, zone)):
        if moment_ms > wall_ms and judge(moment_ms) != now:
            return moment_ms
    return later_ms


def _moments(schedules: tuple[Schedule, ...], today: date, zone: tzinfo) -> Iterator[int]:
    """Every moment at which one of the schedules may open or close, from yesterday to the horizon."""
    for number in range(-1, HORIZON_DAYS + 1):
        day = today + timedelta(days=number)
        jump_ms = _jump_on(day, zone)
        if jump_ms is not None:
            yield jump_ms
        for schedule in schedules:
            for interval in schedule.intervals_on(day):
                ends_on = day + timedelta(days=1) if interval.past_midnight else day
                for border_day, minute in ((day, interval.start_minute), (ends_on, interval.end_minute)):
                    yield from _instants(border_day, minute, zone)


def _instants(day: date, minute: int, zone: tzinfo) -> tuple[int, int]:
    """A local time as moments: two different ones where the clocks repeat it."""
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    return _milliseconds(local.replace(tzinfo=zone)), _milliseconds(local.replace(tzinfo=zone, fold=1))


def _jump_on(day: date, zone: tzinfo) -> int | None:
    """The moment within a day at which the zone's offset changes, to the second; None on an ordinary day."""
    before_s, after_s = (
        _milliseconds(datetime.combine(day + timedelta(days=n), time(), zone)) // 1_000 for n in (0, 1)
    )
    offset = _offset_at(before_s, zone)
    if offset == _offset_at(after_s, zone):
        return None
    while after_s - before_s > 1:
        middle_s = (before_s + after_s) // 2
        if _offset_at(middle_s, zone) == offset:
            before_s = middle_s
        else:
            after_s = middle_s
    return after_s * 1_000


def _offset_at(second: int, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(second, zone).utcoffset()


def _milliseconds(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp()) * 1_000
