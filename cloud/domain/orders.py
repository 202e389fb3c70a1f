"""What was ordered of a station, as the API shows it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from cloud.api.models import AsideAtCloud, CommandShown, OrderedBy, Orders, SeenAtCloud
from cloud.clock import now_ms
from cloud.domain import commands
from cloud.store.tables import command
from contract.messages import Desired

RECENT_MS: Final = 10 * 60_000


def orders_shown(
    desired: Mapping[str, Any] | None, notes: Mapping[str, Any] | None, followed_revision: int | None
) -> Orders | None:
    """A station's standing orders; None when none were ever given."""
    if desired is None:
        return None
    orders = Desired.model_validate(desired)
    return Orders(
        revision=orders.revision,
        followed=followed_revision is not None and followed_revision >= orders.revision,
        posture=orders.posture,
        posture_ordered=_ordered(notes, "posture"),
        loads_cut=orders.loads_cut,
        loads_ordered=_ordered(notes, "loads_cut"),
        cabinet=orders.cabinet,
        cabinet_ordered=_ordered(notes, "cabinet"),
        acknowledged=[
            SeenAtCloud(code=str(seen.code), source=seen.source, since_ms=seen.raised_at_ms, by=seen.by)
            for seen in orders.acknowledged
        ],
        shelved=[
            AsideAtCloud(
                code=str(item.code), source=item.source, until_ms=item.until_ms, by=item.by, reason=item.reason
            )
            for item in orders.shelved
        ],
    )


def command_shown(row: Row[Any]) -> CommandShown:
    """One command."""
    return CommandShown(
        id=row.id,
        station=row.station,
        kind=commands.CommandKind(row.kind),
        slot=(row.args or {}).get("slot"),
        trip=(row.args or {}).get("trip"),
        reason=row.reason,
        by=row.issued_by,
        issued_at_ms=row.issued_at_ms,
        expires_at_ms=row.expires_at_ms,
        status=commands.status(row, now_ms()),
        answer=row.answer,
        answered_at_ms=row.answered_at_ms,
    )


def commands_shown(connection: Connection, ids: Sequence[str] | None) -> dict[str, list[CommandShown]]:
    """The commands of the last minutes by station, newest first."""
    query = select(command).where(command.c.issued_at_ms > now_ms() - RECENT_MS)
    if ids is not None:
        query = query.where(command.c.station.in_(ids))
    found: dict[str, list[CommandShown]] = {}
    for row in connection.execute(query.order_by(command.c.issued_at_ms.desc(), command.c.id)):
        found.setdefault(row.station, []).append(command_shown(row))
    return found


def _ordered(notes: Mapping[str, Any] | None, part: str) -> OrderedBy | None:
    held = (notes or {}).get(part)
    return None if held is None else OrderedBy.model_validate(held)
