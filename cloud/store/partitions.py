"""Months of the record table on PostgreSQL, so that old months can be moved or dropped whole.

A month's partition is made before its first record comes. What lies outside all of them, such as records of a station
whose clock was wrong, goes to the partition `record_other`; a month that already has rows there stays there.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import text

from cloud.store.database import Database

log = logging.getLogger(__name__)
MONTHS_AHEAD: Final = 3
_FIVE_DAYS: Final = timedelta(days=5)


def ensure_partitions(database: Database, now_ms: int) -> None:
    """Make this month's partition and the next ones; nothing on SQLite, nothing when they are there."""
    if database.is_sqlite:
        return
    month = datetime.fromtimestamp(now_ms / 1_000, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(MONTHS_AHEAD):
        following = (month.replace(day=28) + _FIVE_DAYS).replace(day=1)
        _ensure(database, f"record_{month:%Y_%m}", _ms(month), _ms(following))
        month = following


def _ensure(database: Database, name: str, first_ms: int, end_ms: int) -> None:
    with database.write() as connection:
        if connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
            return
        connection.execute(text("LOCK TABLE record IN SHARE ROW EXCLUSIVE MODE"))
        stray = text("SELECT 1 FROM record_other WHERE recorded_at_ms >= :first AND recorded_at_ms < :end LIMIT 1")
        if connection.scalar(stray, {"first": first_ms, "end": end_ms}) is not None:
            log.info("%s is not made: record_other has rows of that month", name)
            return
        # Names and bounds are our own numbers; DDL takes no parameters.
        connection.execute(
            text(f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF record FOR VALUES FROM ({first_ms}) TO ({end_ms})")
        )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000
