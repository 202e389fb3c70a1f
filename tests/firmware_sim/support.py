"""A running simulated station and the clients of its wires: gpiozero's pin factory and libosdp's control panel."""

import asyncio
import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import osdp_sys
from gpiozero.pins.pigpio import PiGPIOFactory
from osdp import Channel, LibFlag, LogLevel, PDInfo

from firmware_sim.config import (
    CardConfig,
    GpioConfig,
    LinkConfig,
    LockConfig,
    PanelConfig,
    PersonConfig,
    ReaderConfig,
    SimConfig,
    StoriesConfig,
    StoryName,
    WorldConfig,
)
from firmware_sim.fault_board import FaultBoard
from firmware_sim.faults import FaultArgs, FaultName
from firmware_sim.lock import LockKind
from firmware_sim.log import Json, WorldLog
from firmware_sim.people import CardFormat
from firmware_sim.station import Station
from firmware_sim.stories import Stories

T = TypeVar("T")

LIMIT_S = 5.0
RIDER = PersonConfig("rider-1", "王磊", CardConfig(26, "02b3c4c0", CardFormat.WIEGAND))
CLEANER = PersonConfig("cleaner-1", "李秀英", CardConfig(32, "04a1b2c3", CardFormat.RAW))


def wait_until(seen: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
    end = time.monotonic() + limit_s
    while not seen():
        assert time.monotonic() < end, f"not within {limit_s} s: {what}"
        time.sleep(0.002)


def make_config(
    directory: Path, *, broker_port: int | None = None, lock: LockKind = LockKind.FAIL_SAFE, readers: int = 1
) -> SimConfig:
    key_file = directory / "reader.key"
    if not key_file.exists():
        key_file.write_text(os.urandom(16).hex())
    number_file = directory / "rider.number"
    number_file.write_text("4711\n")
    return SimConfig(
        world=WorldConfig(log=directory / "world.jsonl", seed=7, pace=10.0),
        gpio=GpioConfig(port=0),
        lock=LockConfig(lock),
        link=None if broker_port is None else LinkConfig(listen_port=0, broker_port=broker_port),
        panel=PanelConfig(port=0, pages_dir=directory / "pages"),
        readers=tuple(
            ReaderConfig(id=f"reader-{number}", device=directory / f"reader-{number}", key_file=key_file)
            for number in range(1, readers + 1)
        ),
        people=(replace(RIDER, pin_file=number_file), CLEANER),
        stories=StoriesConfig(
            run=(StoryName.RIDER_AT_TWO,),
            pace=20.0,
            pause_ms=100,
            held_ms=200,
            still_ms=200,
            loiter_ms=200,
            smoke_ms=50,
            tamper_ms=50,
        ),
    )


class RunningStation:
    """A station on an event loop of its own, as in the simulator's process; acts are done on that loop."""

    def __init__(self, config: SimConfig) -> None:
        self.config = config
        self.log = WorldLog(config.world.log)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="station", daemon=True)

    def __enter__(self) -> "RunningStation":
        self._thread.start()
        self.wait(self._start())
        return self

    def __exit__(self, *failure: object) -> None:
        self.wait(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT_S)

    async def _start(self) -> None:
        self.station = Station(self.config, self.log)
        self.faults = FaultBoard(self.station)
        self.stories = Stories(self.station, self.config.stories)
        await self.station.start()

    async def _stop(self) -> None:
        await self.stories.stop()
        self.station.stop()
        # As asyncio.run does at its end: nothing is left behind on the loop.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def do(self, act: Callable[[], T]) -> T:
        async def run() -> T:
            return act()

        return self.wait(run())

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30.0)

    def fault(self, name: FaultName, on: bool = True, args: FaultArgs | None = None) -> None:
        self.wait(self.faults.set(name, on, args or FaultArgs()))

    def show(self, person: str = "rider-1", reader: str = "reader-1", visit: str = "v") -> None:
        self.do(lambda: self.station.present_card(reader, self.station.people[person], visit))

    def facts(self, kind: str, **fields: Json) -> list[dict[str, Json]]:
        """From the log's file: what a loss test would read."""
        lines = [json.loads(line) for line in self.config.world.log.read_text().splitlines()]
        return [
            line
            for line in lines
            if line["kind"] == kind and all(line.get(name) == value for name, value in fields.items())
        ]

    def wait_for(self, kind: str, count: int = 1, limit_s: float = LIMIT_S, **fields: Json) -> list[dict[str, Json]]:
        wait_until(lambda: len(self.facts(kind, **fields)) >= count, f"{count} of {kind} {fields}", limit_s)
        return self.facts(kind, **fields)


@contextlib.contextmanager
def pin_factory(running: RunningStation) -> Iterator[PiGPIOFactory]:
    factory = PiGPIOFactory(host="127.0.0.1", port=running.station.gpio.port)
    try:
        yield factory
    finally:
        factory.close()


class TerminalChannel(Channel):  # type: ignore[misc]  # libosdp ships no types
    def __init__(self, device: Path) -> None:
        super().__init__()
        self._file = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def read(self, max_bytes: int) -> bytes:
        try:
            return os.read(self._file, max_bytes)
        except BlockingIOError:
            return b""

    def write(self, packet: bytes) -> int:
        return os.write(self._file, packet)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        os.close(self._file)


class ControlPanel:
    """libosdp's control panel with one reader, refreshed every millisecond by a thread of its own."""

    def __init__(self, device: Path, key: bytes | None, enforce_secure: bool = True) -> None:
        osdp_sys.set_loglevel(LogLevel.Critical)
        flags = [LibFlag.EnableNotification, *([LibFlag.EnforceSecure] if enforce_secure else [])]
        self._channel = TerminalChannel(device)
        self._panel = osdp_sys.ControlPanel([PDInfo(1, self._channel, key, flags=flags).get()])
        self._panel.set_event_callback(self._on_event)
        self.cards: list[dict[str, Any]] = []
        self.keys = b""
        self.tampers: list[bool] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="control-panel", daemon=True)

    def __enter__(self) -> "ControlPanel":
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stopping.set()
        self._thread.join(LIMIT_S)
        self._channel.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._lock:
                self._panel.refresh()
            time.sleep(0.001)

    def _on_event(self, _pd: int, event: dict[str, Any]) -> int:
        if event["event"] == osdp_sys.EVENT_CARDREAD:
            self.cards.append(event)
        elif event["event"] == osdp_sys.EVENT_KEYPRESS:
            self.keys += event["data"]
        elif event["event"] == osdp_sys.EVENT_STATUS:
            self.tampers.append(bool(event["report"][0]))
        return 0

    def command(self, command: dict[str, Any]) -> None:
        with self._lock:
            self._panel.submit_command(0, command)

    def reconnect(self) -> None:
        """The cure of a reader that went offline: disable, wait, enable."""
        with self._lock:
            self._panel.disable_pd(0)
        time.sleep(0.05)
        with self._lock:
            self._panel.enable_pd(0)

    def is_secure(self) -> bool:
        with self._lock:
            return bool(self._panel.sc_status() & 1)

    def is_online(self) -> bool:
        with self._lock:
            return bool(self._panel.status() & 1)
