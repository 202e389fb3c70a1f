"""When: a week of opening intervals with exceptions for single days.

Intervals are local wall time in whole minutes since midnight, `start` included, `end` not. An interval whose end is
not after its start runs past midnight and belongs to the day it starts on, so "Saturday 22:00–06:00" is one
interval and a holiday on Sunday does not cut it. Wall time decides: in the hour that the clocks repeat, an interval
applies both times, and one that lies in a skipped hour does not happen.

Whoever asks passes the instant as a `datetime` in the station's zone; reading zone data is not done here.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

MINUTES_PER_DAY = 24 * 60
DAYS_PER_WEEK = 7
MAX_INTERVALS_PER_DAY = 16
MAX_EXCEPTIONS = 400


@dataclass(frozen=True)
class Interval:
    """`start_minute` in 0…1439, `end_minute` in 0…1440; equal ones are a full day from `start_minute`."""

    start_minute: int
    end_minute: int

    def __post_init__(self) -> None:
        if not (0 <= self.start_minute < MINUTES_PER_DAY and 0 <= self.end_minute <= MINUTES_PER_DAY):
            raise ValueError(f"interval {self.start_minute}–{self.end_minute} is outside a day")

    @property
    def past_midnight(self) -> bool:
        return self.end_minute <= self.start_minute

    def covers_own_day(self, minute: int) -> bool:
        """Whether it covers this minute of the day that it starts on."""
        return self.start_minute <= minute and (self.past_midnight or minute < self.end_minute)

    def covers_next_day(self, minute: int) -> bool:
        """Whether it covers this minute of the day after."""
        return self.past_midnight and minute < self.end_minute


@dataclass(frozen=True)
class DayException:
    """What holds on one date instead of its weekday's intervals; none is closed all day."""

    day: date
    intervals: tuple[Interval, ...] = ()


@dataclass(frozen=True)
class Schedule:
    """`weekly` holds seven days, Monday first."""

    weekly: tuple[tuple[Interval, ...], ...]
    exceptions: tuple[DayException, ...] = ()

    def __post_init__(self) -> None:
        if len(self.weekly) != DAYS_PER_WEEK:
            raise ValueError(f"a week has {DAYS_PER_WEEK} days, not {len(self.weekly)}")
        if len(self.exceptions) > MAX_EXCEPTIONS:
            raise ValueError(f"{len(self.exceptions)} exceptions; at most {MAX_EXCEPTIONS} are kept")
        if len({exception.day for exception in self.exceptions}) != len(self.exceptions):
            raise ValueError("two exceptions for one day")
        days = (*self.weekly, *(exception.intervals for exception in self.exceptions))
        if any(len(day) > MAX_INTERVALS_PER_DAY for day in days):
            raise ValueError(f"more than {MAX_INTERVALS_PER_DAY} intervals in a day")

    def intervals_on(self, day: date) -> tuple[Interval, ...]:
        """The intervals that start on `day`."""
        for exception in self.exceptions:
            if exception.day == day:
                return exception.intervals
        return self.weekly[day.weekday()]


def is_within(schedule: Schedule, local: datetime) -> bool:
    """Whether the schedule is open at `local`, a time in the station's zone."""
    minute = local.hour * 60 + local.minute
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    return any(interval.covers_own_day(minute) for interval in schedule.intervals_on(today)) or any(
        interval.covers_next_day(minute) for interval in schedule.intervals_on(yesterday)
    )
