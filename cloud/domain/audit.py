"""What people have done, as the API shows it: read from the append-only audit log, newest first, page by page.

A line says what was asked. What became of a command stands with the command, so that it is looked up there; everything
else was done, or stands as an order, as soon as its line was written.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from cloud.api.models import ActShown, ActsPage
from cloud.clock import now_ms
from cloud.domain import commands
from cloud.domain.scope import Scope
from cloud.store.tables import audit, command, organisation, station

MAX_ACTS: Final = 200


def page(connection: Connection, scope: Scope, *, station_id: str | None, before: int | None, limit: int) -> ActsPage:
    """At most `limit` acts older than the act `before`, of one station or of all within the scope.

    What concerns no station (members' numbers, passes for several) is shown only to whoever sees the whole tree.
    """
    query = (
        select(audit, station.c.name.label("station_name"), station.c.timezone)
        .select_from(audit.outerjoin(station, station.c.id == audit.c.station).outerjoin(organisation))
        .order_by(audit.c.id.desc())
        .limit(limit + 1)
    )
    if scope != Scope.whole():
        query = query.where(scope.covers())
    if station_id is not None:
        query = query.where(audit.c.station == station_id)
    if before is not None:
        query = query.where(audit.c.id < before)
    rows = connection.execute(query).all()
    shown = rows[:limit]
    answers = _answers(connection, shown)
    return ActsPage(
        acts=[_shown(row, answers) for row in shown],
        next_before=shown[-1].id if len(rows) > limit else None,
    )


def _answers(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, Row[Any]]:
    ids = [row.detail["id"] for row in rows if row.act.startswith("command.")]
    found = connection.execute(select(command).where(command.c.id.in_(ids))).all() if ids else []
    return {row.id: row for row in found}


def _shown(row: Row[Any], answers: Mapping[str, Row[Any]]) -> ActShown:
    detail: dict[str, Any] = dict(row.detail)
    reason = detail.pop("reason", None)
    asked = answers.get(str(detail.get("id"))) if row.act.startswith("command.") else None
    return ActShown(
        id=row.id,
        at_ms=row.at_ms,
        by=row.by,
        act=row.act,
        station=row.station,
        station_name=row.station_name,
        timezone=row.timezone,
        reason=reason or None,
        detail=detail,
        command_status=commands.status(asked, now_ms()) if asked is not None else None,
        command_answer=asked.answer if asked is not None else None,
    )
