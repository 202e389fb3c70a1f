"""The simulator's process: every wire opened in order, told to whoever started it, and closed again at a signal.

It ends by itself, with exit code 1, when its log is full or a reader's thread failed: an oracle that goes on half blind
would make loss tests lie.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator

import uvicorn

from firmware_sim.config import ConfigError, SimConfig
from firmware_sim.fault_board import FaultBoard
from firmware_sim.faults import schedule
from firmware_sim.log import WorldLog
from firmware_sim.panel import Panel, make_app
from firmware_sim.station import Station, WireBusy
from firmware_sim.stories import Stories
from firmware_sim.wires import Wire

logger = logging.getLogger(__name__)

EXIT_FAILED = 1
SHUTDOWN_S = 1
SWITCH_INTERVAL_S = 0.0005
"""Threads hand over ten times as often as by default: a reader must not wait 5 ms for the panel to draw the world."""


class PanelServer(uvicorn.Server):
    """uvicorn inside a process that handles its own signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Stop:
    """Why and when to end: a signal is no failure, anything else is."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._event = asyncio.Event()
        self.failure: str | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._event.set)
        threading.excepthook = self._on_thread_failure

    def fail(self, why: str) -> None:
        """May be called from any thread; the first reason counts."""
        self.failure = self.failure or why
        self._loop.call_soon_threadsafe(self._event.set)

    def _on_thread_failure(self, failure: threading.ExceptHookArgs) -> None:
        logger.error(
            "%s failed", failure.thread.name if failure.thread else "a thread",
            exc_info=(failure.exc_type, failure.exc_value or failure.exc_type(), failure.exc_traceback),
        )  # fmt: skip
        self.fail(f"a thread failed: {failure.exc_value}")

    async def wait(self) -> None:
        await self._event.wait()


async def serve(config: SimConfig) -> int:
    """Run until a signal; returns the exit code. Raises ConfigError or WireBusy before anything is ready."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    stop = Stop(asyncio.get_running_loop())
    log = WorldLog(config.world.log)
    log.on_full = lambda: stop.fail(f"{config.world.log}: the world's log reached its limit")
    listening = listen(config.panel.port)
    try:
        station = Station(config, log)
        await station.start()
    except (ConfigError, WireBusy):
        listening.close()
        log.close()
        raise
    faults, stories = FaultBoard(station), Stories(station, config.stories)
    panel = Panel(station, faults, stories)
    app = make_app(panel, config.panel.pages_dir)
    server = PanelServer(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=SHUTDOWN_S))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    announce(f"http://127.0.0.1:{listening.getsockname()[1]}/")
    try:
        await live(config, stop, faults, stories)
    finally:
        await stories.stop()
        await panel.close()
        server.should_exit = True
        await serving
        station.stop()
        log.close()
    if stop.failure is not None:
        logger.error("stopped: %s", stop.failure)
    return 0 if stop.failure is None else EXIT_FAILED


async def live(config: SimConfig, stop: Stop, faults: FaultBoard, stories: Stories) -> None:
    """Until the end: what is configured to happen by itself."""
    async with asyncio.TaskGroup() as group:
        tasks = []
        if config.stories.run:
            tasks.append(group.create_task(play(stories)))
        if config.faults.names:
            readers = tuple(reader.id for reader in config.readers)
            plan = schedule(
                config.faults.names,
                readers,
                config.faults.seed,
                config.faults.every_ms,
                config.faults.last_ms,
                tuple(Wire(name) for name in config.points),
                {
                    "radar": tuple(radar.id for radar in config.radars),
                    "slave": tuple(slave.id for line in config.modbus for slave in line.slaves),
                    "scanner": tuple(scanner.id for scanner in config.scanners),
                },
                0 if config.cabinet is None else config.cabinet.slots,
            )
            tasks.append(group.create_task(faults.run_schedule(plan)))
        await stop.wait()
        for task in tasks:
            task.cancel()


async def play(stories: Stories) -> None:
    await stories.run()
    say({"stories_done": True, "visits": stories.visits, "admitted": stories.admitted})


def listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise WireBusy(f"[panel] port: port {port} cannot be opened: {error.strerror}") from None
    return listening


def announce(panel: str) -> None:
    """Every wire is open: say so to whoever started us, on standard output and to the service manager."""
    say({"ready": True, "panel": panel})
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, contextlib.suppress(OSError):
            notify.sendto(b"READY=1", "\0" + address[1:] if address.startswith("@") else address)


def say(line: dict[str, object]) -> None:
    """One line of JSON for the program that started us; a reader that went away is no reason to end."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()
