"""Events: committed records in the order in which they became part of the fleet's picture."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select

from cloud.api.models import Event, EventsPage
from cloud.domain.scope import Scope
from cloud.store.tables import change, member, organisation, record, station

MAX_EVENTS: Final = 1_000
_IDS_PER_QUERY: Final = 500


class NotInScope(LookupError):
    """No such station, or none that may be seen; the two are not told apart."""


def station_events(
    connection: Connection, scope: Scope, station_id: str, *, after: int | None, limit: int
) -> EventsPage:
    """Events of a station behind change `after`, oldest first; without `after` the newest `limit`, oldest first.

    Raises:
        NotInScope: the station cannot be seen.
    """
    place = select(organisation.c.path).join_from(station, organisation).where(station.c.id == station_id)
    if connection.scalar(place.where(scope.covers())) is None:
        raise NotInScope(station_id)
    query = _events().where(change.c.station == station_id)
    if after is None:
        events = newest(connection, query, limit)
    else:
        found = query.where(change.c.number > after).order_by(change.c.number).limit(limit)
        events = assemble(connection, connection.execute(found).all())
    return EventsPage(events=events, next_after=events[-1].change if events else after or 0)


def newest_events(connection: Connection, scope: Scope, limit: int) -> list[Event]:
    """The newest events of the fleet within the scope, oldest first."""
    if scope == Scope.whole():
        return newest(connection, _events(), limit)
    query = _events().join(station, station.c.id == change.c.station).join(organisation).where(scope.covers())
    return newest(connection, query, limit)


def events_between(connection: Connection, after: int, through: int) -> dict[int, Event]:
    """The events among the changes `after < number ≤ through`, by number, of all stations."""
    query = _events().where(change.c.number > after, change.c.number <= through).order_by(change.c.number)
    return {event.change: event for event in assemble(connection, connection.execute(query).all())}


def newest(connection: Connection, query: Select[Any], limit: int) -> list[Event]:
    rows = connection.execute(query.order_by(change.c.number.desc()).limit(limit)).all()
    return assemble(connection, list(reversed(rows)))


def assemble(connection: Connection, rows: Sequence[Row[Any]]) -> list[Event]:
    """Rows of `_events()` as events, the members' names filled in."""
    ids = sorted({row.body["member"] for row in rows if isinstance(row.body.get("member"), str)})
    names: dict[str, str] = {}
    for start in range(0, len(ids), _IDS_PER_QUERY):
        part = ids[start : start + _IDS_PER_QUERY]
        names.update((row.id, row.name) for row in connection.execute(select(member).where(member.c.id.in_(part))))
    return [
        Event(
            change=row.number,
            station=row.station,
            epoch=row.epoch,
            stream=row.stream,
            seq=row.seq,
            recorded_at_ms=row.recorded_at_ms,
            received_at_ms=row.received_at_ms,
            clock_trusted=row.clock_trusted,
            kind=row.kind,
            body=row.body,
            member_name=names.get(row.body["member"]) if isinstance(row.body.get("member"), str) else None,
        )
        for row in rows
    ]


def _events() -> Select[Any]:
    same = (
        (record.c.station == change.c.station)
        & (record.c.epoch == change.c.epoch)
        & (record.c.stream == change.c.stream)
        & (record.c.seq == change.c.seq)
        & (record.c.recorded_at_ms == change.c.recorded_at_ms)
    )
    return select(change.c.number, record).join_from(change, record, same)
