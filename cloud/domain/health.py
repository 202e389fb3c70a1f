"""Whether the cloud does its work."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from cloud.api.models import Health
from cloud.clock import now_ms
from cloud.store.database import Database
from cloud.store.tables import projector_head

STALE_MS: Final = 10_000


def readiness(database: Database) -> Health:
    """Database, projector and its session with the broker; each `ok` or what is wrong."""
    try:
        with database.read() as connection:
            row = connection.execute(select(projector_head)).one()
    except DBAPIError as error:
        return Health(
            ok=False, checks={"database": str(error).splitlines()[0], "projector": "unknown", "broker": "unknown"}
        )
    age_ms = now_ms() - row.heartbeat_ms
    checks = {
        "database": "ok",
        "projector": "ok" if age_ms <= STALE_MS else f"last round {age_ms // 1_000} s ago",
        "broker": "ok" if row.broker_connected else "the projector has no session with the broker",
    }
    return Health(ok=all(value == "ok" for value in checks.values()), checks=checks)
