"""`[[schedule]]` of a station's configuration: postures by the week, and the core's plan made of it.

[[schedule]]                                # the first one that is open decides
posture = "free_access"
holidays = [2026-10-01, 2026-10-02]         # nothing on these days
[schedule.weekly]
mon = ["06:00-22:00"]
sat = ["08:00-12:00", "22:00-02:00"]        # the last one runs past midnight, whatever Sunday says
[[schedule.exceptions]]                     # instead of the weekday's hours
date = 2026-12-31
hours = ["06:00-14:00"]
"""

import re
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Final

from contract.policy.plan import Planned, PosturePlan
from contract.policy.schedule import DayException, Interval, Schedule
from contract.records import Posture

HOURS: Final = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)", re.ASCII)
HOW: Final = "hours are written as HH:MM-HH:MM"


def interval(text: str) -> Interval:
    """One stretch of hours, HH:MM-HH:MM. Raises `ValueError`."""
    match = HOURS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r}: {HOW}")
    from_hour, from_minute, to_hour, to_minute = map(int, match.groups())
    try:
        return Interval(from_hour * 60 + from_minute, to_hour * 60 + to_minute)
    except ValueError:
        raise ValueError(f"{text!r}: {HOW}, from 00:00 up to 24:00") from None


def _day(day: date) -> date:
    if isinstance(day, datetime):
        raise ValueError(f"{day} is a moment; a date such as {day:%Y-%m-%d} is wanted")
    return day


@dataclass(frozen=True)
class WeekSection:
    """Hours of each weekday; a day without any is closed."""

    mon: tuple[str, ...] = ()
    tue: tuple[str, ...] = ()
    wed: tuple[str, ...] = ()
    thu: tuple[str, ...] = ()
    fri: tuple[str, ...] = ()
    sat: tuple[str, ...] = ()
    sun: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.intervals()

    def intervals(self) -> tuple[tuple[Interval, ...], ...]:
        """Seven days, Monday first. Raises `ValueError`."""
        days = ((each.name, getattr(self, each.name)) for each in fields(self))
        return tuple(tuple(map(interval, hours)) for _, hours in days)


@dataclass(frozen=True)
class ExceptionSection:
    """What holds on one date instead of its weekday's hours; no hours are closed all day."""

    date: date
    hours: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.exception()

    def exception(self) -> DayException:
        return DayException(_day(self.date), tuple(map(interval, self.hours)))


@dataclass(frozen=True)
class ScheduleSection:
    """One posture and when it is wanted, in the station's time zone."""

    posture: Posture
    weekly: WeekSection = field(default_factory=WeekSection)
    holidays: tuple[date, ...] = ()
    exceptions: tuple[ExceptionSection, ...] = ()

    def __post_init__(self) -> None:
        if self.posture is Posture.LOCKDOWN:
            raise ValueError("posture lockdown is for an emergency and is not planned")
        self.planned()

    def planned(self) -> Planned:
        """Raises `ValueError`."""
        closed = tuple(DayException(_day(day)) for day in self.holidays)
        exceptions = closed + tuple(section.exception() for section in self.exceptions)
        return Planned(self.posture, Schedule(self.weekly.intervals(), exceptions))


def plan_of(sections: tuple[ScheduleSection, ...]) -> PosturePlan:
    """The core's plan. Raises `ValueError`."""
    return PosturePlan(tuple(section.planned() for section in sections))
