"""The console process: the controller's channel on one side, the screen's web server on the other."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn

from edge.console.app import Board, make_app
from edge.console.screen import Screen
from edge.runtime.child_process import HEARTBEAT_S, ChildStart
from edge.runtime.clock import monotonic_ms, wall_ms
from edge.runtime.ipc import (
    AllRight,
    BadMessage,
    ChannelClosed,
    ChannelFull,
    DoorNotice,
    Heartbeat,
    Message,
    StateChanged,
    StopChild,
)

log = logging.getLogger(__name__)

GRACE_S: Final = 1
PRESSED_AGAIN_MS: Final = 1_000
"""A wet glove presses twice: once is enough."""
MAX_MESSAGES_PER_TURN: Final = 64


class ScreenServer(uvicorn.Server):
    """uvicorn inside a process that handles its own signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Console:
    """Serves the screen until the controller says stop or has gone."""

    def __init__(self, start: ChildStart) -> None:
        self._channel = start.channel
        self._config = start.config
        self._screen = Screen(start.config.access.capacity)
        self._board = Board(self._screen, self.all_right, self._say)
        self._stop = asyncio.Event()
        self._pressed_ms: int | None = None

    async def run(self) -> None:
        """Raises `OSError` when the port cannot be had."""
        section = self._config.console
        app = make_app(self._board, section.pages_dir)
        listening = _listen(section.host, section.port)
        server = ScreenServer(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_S))
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        loop.add_reader(self._channel.fileno(), self._readable)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        log.info("the screen is at http://%s:%d/", *listening.getsockname()[:2])
        heartbeat = asyncio.create_task(self._heartbeat())
        stopping = asyncio.create_task(self._stop.wait())
        # A server that ends by itself ends the process: the controller starts another one.
        await asyncio.wait({serving, heartbeat, stopping}, return_when=asyncio.FIRST_COMPLETED)
        heartbeat.cancel()
        await self._board.close()
        server.should_exit = True
        await serving

    def all_right(self) -> bool:
        """The button. False: the controller does not listen."""
        now_ms = monotonic_ms()
        if self._pressed_ms is not None and now_ms - self._pressed_ms < PRESSED_AGAIN_MS:
            return True
        self._pressed_ms = now_ms
        return self._say(AllRight())

    async def _heartbeat(self) -> None:
        while True:
            self._say(Heartbeat())
            await asyncio.sleep(HEARTBEAT_S)

    def _say(self, message: Message) -> bool:
        try:
            self._channel.send(message)
        except ChannelFull:
            log.warning("the controller does not read: %s is dropped", type(message).__name__)
            return False
        except ChannelClosed:
            self._stop.set()
            return False
        return True

    def _readable(self) -> None:
        for _ in range(MAX_MESSAGES_PER_TURN):
            try:
                message = self._channel.receive()
            except BadMessage as error:
                log.error("the controller said something unknown: %s", error)
                continue
            except ChannelClosed:
                asyncio.get_running_loop().remove_reader(self._channel.fileno())
                self._stop.set()
                return
            if message is None:
                return
            self._heard(message)

    def _heard(self, message: Message) -> None:
        match message:
            case StateChanged(state):
                self._screen.told(state, wall_ms())
            case DoorNotice():
                self._screen.noticed(message, monotonic_ms())
            case StopChild():
                self._stop.set()
            case _:
                return
        self._shown = asyncio.get_running_loop().create_task(self._board.changed())


def _listen(host: str, port: int) -> socket.socket:
    """At once, so that a port which is taken ends the process with a word in the log."""
    listening = socket.create_server((host, port))
    listening.setblocking(False)
    return listening
