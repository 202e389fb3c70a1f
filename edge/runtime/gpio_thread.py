"""The one thread that touches the door's pins, and its deadline.

Pin calls can fail (server gone) and can hang (server stopped). Failing: the pins are let go, rebuilt every half second,
and all levels read anew, the lock output at rest: the core then says again what it wants. Hanging: `check`, called by
the controller's loop, sees that a call has been under way for longer than `CALL_DEADLINE_S`, aborts the pins, and if
even that does not free the thread, leaves it behind and starts another. Once a second the levels are read back, which
finds a dead pin server and a lock output that is not what it should be.

Whatever the thread has to say goes through `post`, which must be safe to call from any thread.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from edge.drivers.door_gpio import DoorPins, Input, Levels, OnChange, PinsUnavailable

log = logging.getLogger(__name__)

READ_BACK_S: Final = 1.0
REBUILD_S: Final = 0.5
CALL_DEADLINE_S: Final = 0.8
MAX_JOBS: Final = 64


@dataclass(frozen=True)
class InputChanged:
    """One edge at a pin. `mono_ns` is when it was seen."""

    input: Input
    value: bool
    mono_ns: int


@dataclass(frozen=True)
class PinsRead:
    """All levels after the pins were built, at start or anew. The lock output is at rest."""

    levels: Levels


@dataclass(frozen=True)
class PinsLost:
    detail: str


@dataclass(frozen=True)
class LockDriven:
    """The lock output has been set. `mono_ns` is when the pin call returned."""

    released: bool
    mono_ns: int


@dataclass(frozen=True)
class Pong:
    """Answer to `ping`: the thread lives."""

    token: int


PinReport = InputChanged | PinsRead | PinsLost | LockDriven | Pong


class GpioThread:
    """Owns the pins. `build` makes them, calling its argument for every edge."""

    def __init__(self, build: Callable[[OnChange], DoorPins], post: Callable[[PinReport], None]) -> None:
        self._build = build
        self._post = post
        self._worker: _Worker | None = None

    def start(self) -> None:
        self._worker = _Worker(self._build, self._post)
        self._worker.start()

    def set_lock(self, released: bool) -> None:
        """Ask for the lock output; `LockDriven` answers unless the pins are away."""
        if self._worker is not None:
            self._worker.ask(released)

    def ping(self, token: int) -> None:
        if self._worker is not None:
            self._worker.ask(token)

    def check(self) -> None:
        """To be called a few times a second: end what hangs."""
        worker = self._worker
        if worker is None or not worker.overdue():
            return
        log.error("a pin call has hung for more than %.1f s; the pins are rebuilt", CALL_DEADLINE_S)
        worker.abandon()
        self._post(PinsLost("a pin call hung"))
        self.start()

    def stop(self) -> None:
        """Lock to rest, pins let go; waits at most one deadline."""
        worker = self._worker
        self._worker = None
        if worker is not None:
            worker.finish()


class _Worker(threading.Thread):
    """One life of the thread. Jobs are: bool = drive the lock, int = answer a ping, None = finish."""

    def __init__(self, build: Callable[[OnChange], DoorPins], post: Callable[[PinReport], None]) -> None:
        super().__init__(name="gpio", daemon=True)
        self._build = build
        self._post_report = post
        self._jobs: queue.Queue[bool | int | None] = queue.Queue(MAX_JOBS)
        self._released = False
        self._pins: DoorPins | None = None
        self._told: Levels | None = None
        """What the last read-back or edge said of the inputs."""
        self._lost_told = False
        self._busy_since: float | None = None
        self._abandoned = False

    # ------------------------------------------------ called from the controller's thread

    def ask(self, job: bool | int | None) -> None:
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            log.error("the GPIO thread's queue is full; its deadline will replace it")

    def overdue(self) -> bool:
        since = self._busy_since
        return since is not None and time.monotonic() - since > CALL_DEADLINE_S

    def abandon(self) -> None:
        self._abandoned = True
        pins = self._pins
        if pins is not None:
            pins.abort()
        self.ask(None)

    def finish(self) -> None:
        self.ask(None)
        self.join(CALL_DEADLINE_S)
        if self.is_alive():
            self.abandon()

    # ------------------------------------------------ the thread

    def run(self) -> None:
        while not self._abandoned:
            try:
                self._live()
                return
            except PinsUnavailable as error:
                self._lose(str(error))
            if self._wait_to_rebuild():
                return

    def _live(self) -> None:
        """Build the pins and serve them until asked to finish. Raises `PinsUnavailable`."""
        self._busy_since = time.monotonic()
        self._pins = self._build(self._edge)
        self._released = False
        self._told = self._pins.read_levels()
        self._post(PinsRead(self._told))
        self._lost_told = False
        next_read = time.monotonic() + READ_BACK_S
        while True:
            self._busy_since = None
            try:
                job = self._jobs.get(timeout=max(0.0, next_read - time.monotonic()))
            except queue.Empty:
                self._busy_since = time.monotonic()
                self._read_back()
                next_read = time.monotonic() + READ_BACK_S
                continue
            self._busy_since = time.monotonic()
            if job is None:
                self._pins.close()
                return
            self._serve(job)

    def _serve(self, job: bool | int) -> None:
        if isinstance(job, bool):
            if self._pins is not None:
                self._pins.set_lock(job)
                self._released = job
                self._post(LockDriven(job, time.monotonic_ns()))
        else:
            self._post(Pong(job))

    def _read_back(self) -> None:
        """Compare the pins with what is known of them: an edge can be missed, an output can be lost."""
        assert self._pins is not None
        assert self._told is not None
        levels = self._pins.read_levels()
        if levels.lock_released != self._released:
            log.error("the lock output read back %s; it is set again", "released" if levels.lock_released else "rest")
            self._pins.set_lock(self._released)
        for name in Input:
            if getattr(levels, name) != getattr(self._told, name):
                self._post(InputChanged(name, getattr(levels, name), time.monotonic_ns()))
        self._told = levels

    def _lose(self, detail: str) -> None:
        self._busy_since = None
        pins, self._pins = self._pins, None
        if pins is not None:
            pins.abort()
        if not self._lost_told and not self._abandoned:
            self._lost_told = True
            log.error("pins lost: %s", detail)
            self._post(PinsLost(detail))

    def _wait_to_rebuild(self) -> bool:
        """Serve jobs without pins until the next try. True: asked to finish."""
        until = time.monotonic() + REBUILD_S
        while (left := until - time.monotonic()) > 0:
            try:
                job = self._jobs.get(timeout=left)
            except queue.Empty:
                break
            if job is None:
                return True
            self._serve(job)
        return False

    def _edge(self, name: Input, value: bool, mono_ns: int) -> None:
        if self._told is not None:
            self._told = replace(self._told, **{name.value: value})
        self._post(InputChanged(name, value, mono_ns))

    def _post(self, report: PinReport) -> None:
        if not self._abandoned:
            self._post_report(report)
