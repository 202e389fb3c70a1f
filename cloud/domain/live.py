"""The live picture: a snapshot at a change number, and the changes behind one."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from cloud.api.models import LiveChange, LiveSnapshot
from cloud.domain.events import events_between, newest_events
from cloud.domain.fleet import newest_change, station_details
from cloud.domain.scope import Scope
from cloud.store.database import Database
from cloud.store.tables import change

SNAPSHOT_EVENTS: Final = 100
RESUME_CHANGES: Final = 10_000
"""Whoever is further behind gets a snapshot, which is then the shorter way."""
CHANGES_PER_READ: Final = 200


@dataclass(frozen=True)
class Numbered:
    """A change, and where its station stands in the tree."""

    path: str
    change: LiveChange


def snapshot(database: Database, scope: Scope) -> LiveSnapshot:
    """Everything within the scope, at one moment."""
    with database.read() as connection:
        number = newest_change(connection)
        stations = [item.detail for item in station_details(connection, scope)]
        return LiveSnapshot(change=number, stations=stations, events=newest_events(connection, scope, SNAPSHOT_EVENTS))


def head(database: Database) -> int:
    """The number of the newest change."""
    with database.read() as connection:
        return newest_change(connection)


def changes_after(database: Database, after: int) -> list[Numbered]:
    """The next changes behind `after`, of all stations, oldest first; at most `CHANGES_PER_READ`.

    Each carries its station's picture of now, which is at least as new as the change; a station that has been removed
    leaves its numbers out.
    """
    with database.read() as connection:
        return _changes(connection, after)


def _changes(connection: Connection, after: int) -> list[Numbered]:
    query = select(change.c.number, change.c.station).where(change.c.number > after)
    rows = connection.execute(query.order_by(change.c.number).limit(CHANGES_PER_READ)).all()
    if not rows:
        return []
    details = {
        item.detail.id: item
        for item in station_details(connection, Scope.whole(), sorted({row.station for row in rows}))
    }
    events = events_between(connection, after, rows[-1].number)
    return [
        Numbered(
            path=details[row.station].path,
            change=LiveChange(change=row.number, station=details[row.station].detail, event=events.get(row.number)),
        )
        for row in rows
        if row.station in details
    ]
