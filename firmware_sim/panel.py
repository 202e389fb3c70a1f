"""The panel's API and pages: a person plays with the station in a browser.

`GET /api/world` is the whole state, `GET /api/world/live` the same as a stream (one event for each change, at most 20
a second), `POST /api/act` does one thing. The pages are the built ones of `web/`, served as they are.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

from firmware_sim import panel_acts as acts
from firmware_sim import panel_models as models
from firmware_sim.cabinet_acts import act_on_cabinet
from firmware_sim.fault_board import FaultBoard
from firmware_sim.faults import FaultError
from firmware_sim.log import monotonic_ms
from firmware_sim.people import PersonId
from firmware_sim.premises import WorldError
from firmware_sim.snapshot import snapshot
from firmware_sim.station import ActError, Station
from firmware_sim.stories import Stories

logger = logging.getLogger(__name__)

MIN_INTERVAL_S = 0.05
IDLE_S = 5.0
MAX_LIVE_PAGES = 16


class Panel:
    """What the API acts on. Without a station (`make_app(None)`) only the OpenAPI document can be had."""

    def __init__(self, station: Station, faults: FaultBoard, stories: Stories) -> None:
        self.station, self.faults, self.stories = station, faults, stories
        self._changed = asyncio.Condition()
        self._version = 0
        self._notifier: asyncio.Task[None] | None = None
        self.live_pages = 0
        self.closing = False
        station.on_change = self._on_change

    def view(self) -> models.WorldView:
        return snapshot(self.station, self.faults, self.stories)

    def _on_change(self) -> None:
        self._version += 1
        if self._notifier is None or self._notifier.done():
            self._notifier = asyncio.get_running_loop().create_task(self._notify())

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def close(self) -> None:
        self.closing = True
        await self._notify()

    async def live(self) -> AsyncIterator[bytes]:
        """Server-sent events: the present state, then one event for each change; when nothing happens, what changes by
        itself (the room's air) now and then."""
        seen = -1
        self.live_pages += 1
        try:
            while not self.closing:
                if seen != self._version or self._door_moves():
                    seen = self._version
                    yield b"data: " + self.view().model_dump_json().encode() + b"\n\n"
                    await asyncio.sleep(MIN_INTERVAL_S)
                    continue
                try:
                    async with asyncio.timeout(IDLE_S), self._changed:
                        if seen == self._version and not self.closing:
                            await self._changed.wait()
                except TimeoutError:
                    seen = -1
        finally:
            self.live_pages -= 1

    def _door_moves(self) -> bool:
        leaf, now_ms = self.station.world.leaf, monotonic_ms()
        return leaf.angle(now_ms) != leaf.angle(now_ms + 1.0)

    async def act(self, act: acts.Act) -> models.ActDone:
        """Raises ActError, FaultError or WorldError with a sentence for the person who asked."""
        station = self.station
        match act:
            case acts.PresentCard():
                reader = station.reader(act.reader)
                station.present_card(reader.id, station.person_with_card(act.card_id))
            case acts.PushDoor():
                return models.ActDone(opened=station.push_door(act.force, act.from_inside))
            case acts.LetGo():
                station.let_go()
            case acts.HoldDoor():
                station.wedge_door(act.on)
            case acts.ExitButton():
                await self._press_exit(act)
            case acts.Fire():
                station.set_fire(act.active)
            case acts.Network():
                await station.set_network(act.on)
            case acts.Power():
                return models.ActDone(warning=await station.set_power(act.on))
            case acts.Fault():
                await self.faults.set(act.name, act.on, act.args)
            case acts.Story():
                self.stories.start(act.name)
            case (
                acts.SlotPut()
                | acts.SlotTake()
                | acts.SlotShut()
                | acts.SlotForce()
                | acts.SlotSmoke()
                | acts.SlotBurn()
                | acts.SlotRenew()
                | acts.CabinetPoint()
                | acts.Bring()
                | acts.Ride()
            ):
                return act_on_cabinet(station, act)
            case _:
                self._act_on_premises(act)
        return models.ActDone()

    def _act_on_premises(self, act: acts.PremisesAct) -> None:
        station, now_ms = self.station, self.station.catch_up()
        premises = station.world.premises
        match act:
            case acts.Come():
                premises.come(PersonId(act.person), now_ms)
            case acts.Go():
                premises.go(PersonId(act.person), now_ms)
            case acts.Walk():
                premises.walk(PersonId(act.person), act.inward, act.turn, now_ms)
            case acts.Do():
                premises.do(PersonId(act.person), act.doing, now_ms)
            case acts.Air():
                premises.set_air(act.what, act.value, now_ms)
            case acts.Smoke():
                premises.set_smoke(act.there, now_ms)
            case acts.Water():
                premises.set_water(act.there, now_ms)
            case acts.Mains():
                station.set_mains(act.on)
            case acts.Battery():
                premises.set_battery_low(act.low, now_ms)
            case acts.Tamper():
                station.set_tamper(act.what == "reader", act.open)
            case acts.Keys():
                station.press_keys(station.reader(act.reader).id, act.keys)
            case acts.ShowCode():
                station.show_code(act.scanner, act.text)

    async def _press_exit(self, act: acts.ExitButton) -> None:
        if (act.pressed is None) == (act.press_ms is None):
            raise ActError("exit_button: give either pressed or press_ms")
        if act.press_ms is None:
            self.station.press_exit(bool(act.pressed))
            return
        self.station.press_exit(True)
        try:
            await asyncio.sleep(act.press_ms / 1000.0)
        finally:
            self.station.press_exit(False)


class Pages(StaticFiles):
    """The built pages. They carry no secrets but change with each build, so the browser asks again each time."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def make_app(panel: Panel | None, pages_dir: Path | None = None) -> FastAPI:
    app = FastAPI(title="Yizhan simulator panel", version="1", docs_url=None, redoc_url=None)

    def running() -> Panel:
        if panel is None:
            raise HTTPException(503, "the simulator is not running")
        return panel

    @app.get("/api/world", operation_id="getWorld")
    async def world() -> models.WorldView:
        return running().view()

    @app.get(
        "/api/world/live",
        operation_id="liveWorld",
        response_class=StreamingResponse,
        responses={200: {"description": "Each event's data is a WorldView.", "content": {"text/event-stream": {}}}},
    )
    async def live() -> StreamingResponse:
        if running().live_pages >= MAX_LIVE_PAGES:
            raise HTTPException(503, f"{MAX_LIVE_PAGES} live pages are open already; close one")
        return StreamingResponse(
            running().live(),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )

    @app.post("/api/act", operation_id="act")
    async def act(body: acts.Act) -> models.ActDone:
        try:
            return await running().act(body)
        except (ActError, FaultError, WorldError) as error:
            raise HTTPException(422, str(error)) from None

    if pages_dir is not None and (pages_dir / "index.html").is_file():
        app.mount("/", Pages(directory=pages_dir, html=True))
    else:

        @app.get("/", include_in_schema=False)
        async def no_pages() -> PlainTextResponse:
            return PlainTextResponse(
                f"The panel's pages are not built: {pages_dir}/index.html is missing. "
                "Build them with `make pages`. The API is at /api/world.\n",
                status_code=503,
            )

    return app


def openapi_document() -> str:
    return json.dumps(make_app(None).openapi(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
