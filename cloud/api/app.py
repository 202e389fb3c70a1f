"""The HTTP API, and the built pages beside it.

There are no accounts yet: everybody who reaches it sees the whole tree, which is why `cloud.config` refuses any address
but a loopback one unless told otherwise.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException, Query, Response
from fastapi.responses import FileResponse, PlainTextResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from cloud.api.acting import add_acting
from cloud.api.asking import OwnPagesOnly
from cloud.api.cabinet_models import CabinetPage
from cloud.api.feed import MAX_CLIENTS, LiveFeed
from cloud.api.models import (
    ActsPage,
    EnergyPage,
    EventsPage,
    Health,
    LiveChange,
    LiveReset,
    LiveSnapshot,
    StationDetail,
    StationsPage,
)
from cloud.domain import audit, cabinet, events, fleet, health
from cloud.domain.scope import Scope
from cloud.nudge import Nudge
from cloud.roster.keys import Signer
from cloud.store.database import Database
from contract.topics import STATION_ID

NOT_BUILT = "The pages are not built: run `make pages`, or set [api] pages_dir. The API is at /api/v1/, see /docs.\n"
_LIVE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `snapshot`, `change` (its id is the change's number) and `reset`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


def create_app(
    database: Database | None,
    pages_dir: Path,
    changed: Nudge | None = None,
    *,
    names: tuple[str, ...] = (),
    signer: Signer | None = None,
) -> FastAPI:
    """The application. Without a database it only describes itself (`yizhan cloud openapi`).

    `names`: by which it may be addressed for acting, beside numbers and `localhost`. `signer`: signs passes; None where
    the key is not at hand.
    """
    feed = LiveFeed(database, changed or Nudge()) if database is not None else None

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        poller = asyncio.create_task(feed.run()) if feed is not None else None
        yield
        if poller is not None:
            poller.cancel()

    app = FastAPI(title="Yizhan", version="1", lifespan=lifespan)
    app.add_middleware(OwnPagesOnly, names=names)
    if database is not None and feed is not None:
        _add_live(app, feed)
        _add_fleet(app, database)
        _add_acts(app, database)
        add_acting(app, database, signer)
        _add_operations(app, database)
        _add_pages(app, pages_dir)
    return app


def openapi() -> dict[str, Any]:
    """The API's OpenAPI document, the live messages' schemas included."""
    database = Database("sqlite:////nonexistent/openapi.db")
    app = create_app(database, Path("/nonexistent"))
    document: dict[str, Any] = app.openapi()
    schemas = document["components"]["schemas"]
    for model in (LiveSnapshot, LiveChange, LiveReset):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    return document


def _add_fleet(app: FastAPI, database: Database) -> None:
    scope = Scope.whole()

    @app.get("/api/v1/stations")
    def stations() -> StationsPage:
        """All stations that the caller may see."""
        with database.read() as connection:
            found = [item.detail for item in fleet.station_details(connection, scope)]
            return StationsPage(change=fleet.newest_change(connection), stations=list(found))

    @app.get("/api/v1/stations/{station_id}")
    def station(station_id: str) -> StationDetail:
        """One station."""
        with database.read() as connection:
            found = fleet.station_details(connection, scope, [_possible(station_id)])
        if not found:
            raise HTTPException(404, f"no station {station_id[:64]!r}")
        return found[0].detail

    @app.get("/api/v1/stations/{station_id}/events")
    def station_events(
        station_id: str,
        after: Annotated[int | None, Query(ge=0, lt=2**63, description="Events behind this change")] = None,
        limit: Annotated[int, Query(ge=1, le=events.MAX_EVENTS)] = 100,
    ) -> EventsPage:
        """A station's events behind a change, oldest first; without `after` the newest ones."""
        with database.read() as connection:
            try:
                return events.station_events(connection, scope, _possible(station_id), after=after, limit=limit)
            except events.NotInScope:
                raise HTTPException(404, f"no station {station_id[:64]!r}") from None

    @app.get("/api/v1/stations/{station_id}/energy")
    def station_energy(station_id: str) -> EnergyPage:
        """What a station's loads and meters have used per day, the newest day first."""
        with database.read() as connection:
            if not fleet.is_visible(connection, scope, _possible(station_id)):
                raise HTTPException(404, f"no station {station_id[:64]!r}")
            return fleet.energy(connection, station_id)

    @app.get("/api/v1/stations/{station_id}/cabinet")
    def station_cabinet(station_id: str) -> CabinetPage:
        """The ledger of a station's swap cabinet: the latest swaps, what is owed, and who has which battery."""
        with database.read() as connection:
            if not fleet.is_visible(connection, scope, _possible(station_id)):
                raise HTTPException(404, f"no station {station_id[:64]!r}")
            return cabinet.page(connection, station_id)


def _add_acts(app: FastAPI, database: Database) -> None:
    @app.get("/api/v1/acts")
    def acts(
        station: Annotated[str | None, Query(max_length=64)] = None,
        before: Annotated[int | None, Query(ge=1, lt=2**63, description="Acts older than this one")] = None,
        limit: Annotated[int, Query(ge=1, le=audit.MAX_ACTS)] = 50,
    ) -> ActsPage:
        """What people have done, of one station or of all, the newest first."""
        wanted = _possible(station) if station is not None else None
        with database.read() as connection:
            return audit.page(connection, Scope.whole(), station_id=wanted, before=before, limit=limit)


def _possible(station_id: str) -> str:
    """The id, when there can be such a station: PostgreSQL does not even compare with NUL."""
    if STATION_ID.fullmatch(station_id) is None:
        raise HTTPException(404, f"no station {station_id[:64]!r}")
    return station_id


def _add_live(app: FastAPI, feed: LiveFeed) -> None:
    @app.get("/api/v1/live", responses=_LIVE_RESPONSES, response_class=StreamingResponse)
    async def live(
        last_event_id: Annotated[str | None, Query(max_length=32)] = None,
        header: Annotated[str | None, Header(alias="Last-Event-ID", max_length=32)] = None,
    ) -> StreamingResponse:
        """The fleet's live picture; `Last-Event-ID` (or `last_event_id`) goes on behind that change."""
        if feed.is_full:
            raise HTTPException(503, f"{MAX_CLIENTS} live clients are served already")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        stream = feed.stream(Scope.whole(), header or last_event_id)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


def _add_operations(app: FastAPI, database: Database) -> None:
    @app.get("/healthz")
    def healthz() -> Health:
        """The process lives."""
        return Health(ok=True, checks={"process": "ok"})

    @app.get("/readyz", responses={503: {"model": Health}})
    def readyz(response: Response) -> Health:
        """Database, projector and broker do their work; 503 when one does not."""
        found = health.readiness(database)
        if not found.ok:
            response.status_code = 503
        return found

    @app.get("/metrics", response_class=PlainTextResponse)
    def prometheus() -> Response:
        """Counters in Prometheus' text form."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class _Assets(StaticFiles):
    """The pages' files, which may be built while the API runs."""

    async def check_config(self) -> None:
        if self.directory is None or not os.path.isdir(self.directory):  # noqa: ASYNC240 (local, asked once)
            raise HTTPException(404, "the pages are not built")
        await super().check_config()


def _add_pages(app: FastAPI, pages_dir: Path) -> None:
    index = pages_dir / "index.html"
    app.mount("/assets", _Assets(directory=pages_dir / "assets", check_dir=False))

    @app.get("/{path:path}", include_in_schema=False)
    def page(path: str) -> Response:
        if path.startswith("api/"):
            raise HTTPException(404, "no such resource")
        # Files at the top by name; every other address is a view of the single page.
        top = next((item for item in pages_dir.glob("*") if item.name == path and item.is_file()), None)
        if top is not None:
            return FileResponse(top)
        if not index.is_file():
            return PlainTextResponse(NOT_BUILT, status_code=200 if path == "" else 404)
        return FileResponse(index, headers={"Cache-Control": "no-cache"})
