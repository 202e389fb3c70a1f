"""What operators ask of the API in tests, and the station that they ask about."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from cloud.api.app import create_app
from cloud.projector.round import Rounds
from cloud.roster.keys import Signer
from cloud.store.database import Database
from cloud.store.tables import audit
from contract.messages import Online, StandingAlarm
from contract.records import Priority
from tests.cloud.conftest import STATION
from tests.cloud.station_client import FakeJournal
from tests.cloud.test_projector import run, say, state_of

SESSION = "ab" * 8
BASE = f"/api/v1/stations/{STATION}"


class Api:
    """The API, asked from within the process. Each request has the same key unless it says another."""

    def __init__(self, database: Database, signer: Signer | None = None) -> None:
        self._app = create_app(database, Path("/nonexistent"), signer=signer)

    def get(self, path: str) -> httpx.Response:
        return self._ask("GET", path)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self._ask("POST", path, **more)

    def put(self, path: str, **more: Any) -> httpx.Response:
        return self._ask("PUT", path, **more)

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            headers = {"Idempotency-Key": "key-of-this-test"}
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1:8080", headers=headers
            ) as client:
                return await client.request(method, path, **more)

        return asyncio.run(ask())


def connect(rounds: Rounds, journal: FakeJournal, n: int = 1, **state: Any) -> None:
    """The station is there, connected for a minute."""
    online = Online.model_validate({"session": SESSION, "online": True})
    run(rounds, say(online, state_of(journal, n, session_age_ms=60_000, **state)))


def standing(code: str = "door_held", since_ms: int = 5_000, **changes: Any) -> StandingAlarm:
    values = {"code": code, "source": "door", "priority": Priority.HIGH, "detail": "", "since_ms": since_ms}
    return StandingAlarm.model_validate(values | changes)


def ask(**changes: Any) -> dict[str, Any]:
    return {"kind": "release", "by": "王芳", "reason": "会员忘带卡", **changes}


def seen(code: str = "door_held", since_ms: int = 5_000) -> dict[str, Any]:
    return {"code": code, "source": "door", "since_ms": since_ms, "by": "王芳"}


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": f"key-{name:_>8}"}


def detail(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.get(BASE).json()
    return found


def audited(database: Database) -> list[tuple[str, str]]:
    with database.read() as connection:
        return [(row.by, row.act) for row in connection.execute(select(audit).order_by(audit.c.id))]
