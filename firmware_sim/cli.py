"""`yizhan sim`: run the simulated hardware, check its configuration, or print the panel's OpenAPI document."""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from firmware_sim.config import ConfigError, SimConfig, StoryName, load
from firmware_sim.fault_board import FaultBoard
from firmware_sim.faults import schedule
from firmware_sim.log import WorldLog
from firmware_sim.panel import Panel, make_app, openapi_document
from firmware_sim.station import Station, WireBusy
from firmware_sim.stories import Stories

EXIT_LOG_FULL = 1
EXIT_CONFIG = 2
SHUTDOWN_S = 1


class PanelServer(uvicorn.Server):
    """uvicorn inside a process that handles its own signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="yizhan sim", description="A station's hardware on its real wires.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run until SIGTERM or Ctrl-C")
    run.add_argument("--config", type=Path, required=True)
    run.add_argument("--stories", help="comma-separated stories to play instead of the configured ones")
    run.add_argument("--seconds", type=float, help="how long to play them; 0 is until stopped")
    check = commands.add_parser("check-config", help="read the configuration and say what is wrong with it")
    check.add_argument("config", type=Path)
    commands.add_parser("openapi", help="print the panel's OpenAPI document")
    arguments = parser.parse_args(argv)
    if arguments.command == "openapi":
        print(openapi_document(), end="")
        return 0
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        config = load(arguments.config)
        if arguments.command == "check-config":
            return 0
        config = _with_stories(config, arguments.stories, arguments.seconds)
        return asyncio.run(serve(config))
    except (ConfigError, WireBusy) as error:
        print(f"yizhan sim: {error}", file=sys.stderr)
        return EXIT_CONFIG


def _with_stories(config: SimConfig, names: str | None, seconds: float | None) -> SimConfig:
    stories = config.stories
    if names is not None:
        try:
            stories = dataclasses.replace(stories, run=tuple(StoryName(name) for name in names.split(",") if name))
        except ValueError as error:
            raise ConfigError(f"--stories: {error}; known are {', '.join(StoryName)}") from None
    if seconds is not None:
        stories = dataclasses.replace(stories, seconds=seconds)
    return dataclasses.replace(config, stories=stories)


async def serve(config: SimConfig) -> int:
    """Run until a signal. Raises ConfigError or WireBusy before anything is ready."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    log = WorldLog(config.world.log)
    log.on_full = lambda: loop.call_soon_threadsafe(stopping.set)
    listening = _listen(config.panel.port)
    try:
        station = Station(config, log)
        await station.start()
    except (ConfigError, WireBusy):
        listening.close()
        log.close()
        raise
    faults = FaultBoard(station)
    stories = Stories(station, config.stories)
    panel = Panel(station, faults, stories)
    server = PanelServer(
        uvicorn.Config(
            make_app(panel, config.panel.pages_dir),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with asyncio.TaskGroup() as background:
            _announce(f"http://127.0.0.1:{listening.getsockname()[1]}/")
            tasks = []
            if config.stories.run:
                tasks.append(background.create_task(_play(stories)))
            if config.faults.names:
                plan = schedule(
                    config.faults.names,
                    tuple(station.readers),
                    config.faults.seed,
                    config.faults.every_ms,
                    config.faults.last_ms,
                )
                tasks.append(background.create_task(faults.run_schedule(plan)))
            await stopping.wait()
            for task in tasks:
                task.cancel()
    finally:
        await stories.stop()
        await panel.close()
        server.should_exit = True
        await serving
        station.stop()
        log.close()
    if log.full:
        print(f"yizhan sim: {config.world.log}: the world's log reached its limit; stopped", file=sys.stderr)
        return EXIT_LOG_FULL
    return 0


async def _play(stories: Stories) -> None:
    await stories.run()
    print(json.dumps({"stories_done": True, "visits": stories.visits, "admitted": stories.admitted}), flush=True)


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise WireBusy(f"[panel] port: port {port} cannot be opened: {error.strerror}") from None
    listening.listen()
    return listening


def _announce(panel: str) -> None:
    """Every wire is open: say so to whoever started us, on standard output and to the service manager."""
    print(json.dumps({"ready": True, "panel": panel}), flush=True)
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, contextlib.suppress(OSError):
            notify.sendto(b"READY=1", "\0" + address[1:] if address.startswith("@") else address)
