"""`[[schedule]]` in a station's TOML: what it means, and what is refused by section and key."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from contract.records import Posture
from edge.core.config import StationConfig
from edge.runtime.config import ConfigError, load
from edge.runtime.core_config import core_config
from tests.runtime.test_explaining import STATION

BEIJING = ZoneInfo("Asia/Shanghai")
WEEK = """
[[schedule]]
posture = "free_access"
holidays = [2026-10-01, 2026-10-02]
[schedule.weekly]
mon = ["06:00-12:00", "13:00-24:00"]
sat = ["22:00-02:00"]
[[schedule.exceptions]]
date = 2026-10-05
hours = ["09:00-10:00"]
"""


def core(tmp_path: Path, schedule: str) -> StationConfig:
    path = tmp_path / "edge.toml"
    path.write_text(STATION.format(root=tmp_path) + schedule, encoding="utf-8")
    return core_config(load(path).config)


def test_weekdays_holidays_and_exceptions_become_the_cores_plan(tmp_path: Path) -> None:
    config = core(tmp_path, WEEK)

    def said(local: str) -> Posture | None:
        at = datetime.fromisoformat(local).replace(tzinfo=BEIJING)
        return config.plan.posture_at(int(at.timestamp() * 1_000), config.timezone)

    free = Posture.FREE_ACCESS
    # 2026-09-28 and 2026-10-05 are Mondays, 2026-10-03 is a Saturday.
    assert [said(f"2026-09-28T{at}") for at in ("06:00", "12:00", "23:59")] == [free, None, free]
    assert [said("2026-10-03T23:00"), said("2026-10-04T01:59"), said("2026-10-04T02:00")] == [free, free, None]
    assert [said("2026-10-05T06:00"), said("2026-10-05T09:00")] == [None, free]


def test_without_a_schedule_there_is_no_plan(tmp_path: Path) -> None:
    assert core(tmp_path, "").plan.planned == ()


@pytest.mark.parametrize(
    ("schedule", "place"),
    [
        ('[[schedule]]\nposture = "party"', "section [schedule[0]], key 'posture': 'party' is not one of"),
        ('[[schedule]]\nposture = "lockdown"', "'schedule[0]': posture lockdown is for an emergency"),
        ('[[schedule]]\nposture = "secure"\nweekday = 1', "section [schedule[0]], key 'weekday': unknown key"),
        ('[[schedule]]\nposture = "secure"\nweekly.moon = []', "section [schedule[0].weekly], key 'moon': unknown key"),
        ('[[schedule]]\nposture = "secure"\nweekly.mon = ["6-22"]', "key 'weekly': '6-22': hours are written as"),
        ('[[schedule]]\nposture = "secure"\nweekly.mon = ["24:00-25:00"]', "key 'weekly': '24:00-25:00'"),
        ('[[schedule]]\nposture = "secure"\nholidays = ["2026-10-01"]', "key 'holidays[0]': must be date, not str"),
        (
            '[[schedule]]\nposture = "secure"\nholidays = [2026-10-01T00:00:00]',
            "is a moment; a date such as 2026-10-01",
        ),
        (
            '[[schedule]]\nposture = "secure"\nholidays = [2026-10-01]\nexceptions = [{date = 2026-10-01}]',
            "two exceptions for one day",
        ),
        ('[[schedule]]\nposture = "secure"\n' * 9, "'schedule': 9 schedules; at most 8"),
    ],
)
def test_what_cannot_be_a_schedule_is_refused_by_section_and_key(tmp_path: Path, schedule: str, place: str) -> None:
    with pytest.raises(ConfigError) as refused:
        core(tmp_path, schedule)
    assert place in str(refused.value)
