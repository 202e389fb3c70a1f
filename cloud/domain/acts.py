"""What people do is done once and written down.

*Once.* Who asks names the request by a key of their own choice. The key is kept with the answer in the transaction that
does what was asked, so that a double click or a retry after a lost answer is given the first one's answer and does
nothing. A refused request leaves no key: it may be tried again.

*Written down.* Every act adds a line to `audit` in the same transaction. The database refuses to change or remove one.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from cloud.clock import now_ms
from cloud.domain.refusal import Refusal, RefusalCode
from cloud.store.database import Database
from cloud.store.tables import act, audit, request

KEPT_MS: Final = 24 * 3_600_000
"""So long an answer can be asked for again."""


@dataclass(frozen=True)
class Request:
    """`key` names it, `asked` is everything that it asks for, `by` is who does."""

    key: str
    by: str
    asked: Mapping[str, Any]

    @property
    def digest(self) -> str:
        text = json.dumps([self.by, self.asked], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def once(database: Database, wanted: Request, do: Callable[[Connection], Mapping[str, Any]]) -> dict[str, Any]:
    """What `do` answers, or what it answered to the same request before.

    Raises:
        Refusal: the key was used for something else, or whatever `do` raises.
    """
    with database.write() as connection:
        held = _claim(connection, wanted)
        if held is not None:
            return held
        answer = dict(do(connection))
        connection.execute(update(request).where(request.c.key == wanted.key).values(answer=answer))
        return answer


def note(connection: Connection, by: str, what: str, *, station: str | None = None, **detail: Any) -> None:
    """Write down who did what."""
    values = {"at_ms": now_ms(), "by": by, "act": what, "station": station, "detail": detail}
    connection.execute(insert(audit).values(**values))


def show_anew(connection: Connection, station: str) -> None:
    """Have the projector number a change of the station's picture, so that every page follows."""
    connection.execute(insert(act).values(station=station))


def _claim(connection: Connection, wanted: Request) -> dict[str, Any] | None:
    """None: it is ours to do. A second request with the key waits here until the first one has ended."""
    now = now_ms()
    connection.execute(delete(request).where(request.c.at_ms < now - KEPT_MS))
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(request).values(key=wanted.key, digest=wanted.digest, at_ms=now)
    ours = row.on_conflict_do_nothing(index_elements=["key"]).returning(request.c.key)
    if connection.execute(ours).first() is not None:
        return None
    held = connection.execute(select(request).where(request.c.key == wanted.key)).one()
    if held.digest != wanted.digest:
        raise Refusal(RefusalCode.KEY_REUSED, "this Idempotency-Key named another request")
    return dict(held.answer)
