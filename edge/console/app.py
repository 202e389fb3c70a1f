"""The screen's API and page, for the browser of this machine alone.

`GET /api/screen` is a stream of the picture, one event for each change; `POST /api/screen/all-right` is the button. The
port is bound to a loopback address, other names for it are refused (a page of somebody else's that has its own name
point here), and the button wants a header that a page from elsewhere cannot send unasked.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import FastAPI, Header, HTTPException
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response

from edge.console.models import ScreenView, Sent, SwapChoice
from edge.console.screen import Screen
from edge.runtime.clock import monotonic_ms
from edge.runtime.ipc import SwapUnwanted, SwapWanted

KEEP_ALIVE_S: Final = 10.0
MAX_PAGES: Final = 4
MIN_INTERVAL_S: Final = 0.1
HERE: Final = ["127.0.0.1", "localhost", "[::1]"]


class Board:
    """The screen and the pages that look at it. `all_right` passes the button on, `say` what is pressed of a swap;
    False: nobody took it."""

    def __init__(
        self, screen: Screen, all_right: Callable[[], bool], say: Callable[[SwapWanted | SwapUnwanted], bool]
    ) -> None:
        self.screen = screen
        self.all_right = all_right
        self.say = say
        self.pages = 0
        self.closing = False
        self._changed = asyncio.Condition()

    async def changed(self) -> None:
        """Something is to be shown anew."""
        async with self._changed:
            self._changed.notify_all()

    async def close(self) -> None:
        self.closing = True
        await self.changed()

    async def live(self) -> AsyncIterator[bytes]:
        """Server-sent events: the picture now and whenever it is another one; a comment when nothing happens."""
        shown: ScreenView | None = None
        self.pages += 1
        try:
            while not self.closing:
                view = self.screen.view(monotonic_ms())
                if view != shown:
                    shown = view
                    yield b"data: " + view.model_dump_json().encode() + b"\n\n"
                    await asyncio.sleep(MIN_INTERVAL_S)
                elif not await self._wait():
                    yield b": still here\n\n"
        finally:
            self.pages -= 1

    async def _wait(self) -> bool:
        """For a change; False: nothing has happened for so long that the page is to hear that somebody is here."""
        ends_ms = self.screen.changes_at_ms()
        wait_s = KEEP_ALIVE_S if ends_ms is None else max(0.01, (ends_ms - monotonic_ms()) / 1_000)
        try:
            async with asyncio.timeout(min(wait_s, KEEP_ALIVE_S)), self._changed:
                await self._changed.wait()
        except TimeoutError:
            return wait_s < KEEP_ALIVE_S
        return True


class Pages(StaticFiles):
    """The built page; the browser asks again each time whether it is still the same."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def make_app(board: Board | None, pages_dir: Path | None = None) -> FastAPI:
    """Without a board only the OpenAPI document can be had."""
    app = FastAPI(title="Yizhan station screen", version="1", docs_url=None, redoc_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HERE)

    def running() -> Board:
        if board is None:
            raise HTTPException(503, "the screen is not running")
        return board

    @app.get(
        "/api/screen",
        operation_id="screen",
        response_class=StreamingResponse,
        responses={
            200: {
                "model": ScreenView,
                "description": "A stream of server-sent events; each one's data is a ScreenView.",
            }
        },
    )
    async def screen() -> StreamingResponse:
        if running().pages >= MAX_PAGES:
            raise HTTPException(503, f"{MAX_PAGES} screens are open already")
        return StreamingResponse(
            running().live(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"}
        )

    @app.post("/api/screen/all-right", operation_id="allRight")
    async def all_right(x_yizhan_screen: Annotated[str, Header()]) -> Sent:
        if not running().all_right():
            raise HTTPException(503, "the station does not answer; press the exit button or call for help")
        return Sent(sent=True)

    @app.post("/api/screen/swap", operation_id="chooseSwap")
    async def choose_swap(x_yizhan_screen: Annotated[str, Header()], choice: SwapChoice) -> Sent:
        if not running().say(SwapWanted(choice.kind)):
            raise HTTPException(503, "the station does not answer; try again")
        return Sent(sent=True)

    @app.post("/api/screen/swap/cancel", operation_id="cancelSwap")
    async def cancel_swap(x_yizhan_screen: Annotated[str, Header()]) -> Sent:
        if not running().say(SwapUnwanted()):
            raise HTTPException(503, "the station does not answer; try again")
        return Sent(sent=True)

    if pages_dir is not None and (pages_dir / "index.html").is_file():
        app.mount("/", Pages(directory=pages_dir, html=True))
    else:

        @app.get("/", include_in_schema=False)
        async def no_page() -> PlainTextResponse:
            why = f"The screen's page is not built: {pages_dir}/index.html is missing. Build it with `make pages`.\n"
            return PlainTextResponse(why, status_code=503)

    return app


def openapi_document() -> str:
    return json.dumps(make_app(None).openapi(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
