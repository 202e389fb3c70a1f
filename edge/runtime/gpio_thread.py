"""The one thread that touches the door's pins, and its deadline.

Pin calls can fail (server gone) and can hang (server stopped). Failing: the pins are let go, rebuilt every half second,
and all levels read anew, the lock output at rest: the core then says again what it wants. Hanging: `check`, called by
the controller's loop, sees that a call has been under way for longer than `CALL_DEADLINE_S`, aborts the pins, and if
even that does not free the thread, leaves it behind and starts another. Once a second the levels are read back, which
finds a dead pin server and a lock output that is not what it should be.

What is asked of the thread has no queue that could run full: the lock is a level, so the newest wish replaces one that
has not been carried out yet, and so does the newest ping.

Whatever the thread has to say goes through `post`, which must be safe to call from any thread.
"""

import logging
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
MAX_READINGS: Final = 10
"""More than a bouncing contact spoils."""


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
            self._worker.want_lock(released)

    def ping(self, token: int) -> None:
        if self._worker is not None:
            self._worker.want_pong(token)

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


@dataclass(frozen=True)
class _Wishes:
    """What is asked of the thread and not done yet."""

    lock: bool | None = None
    ping: int | None = None
    finish: bool = False

    def __bool__(self) -> bool:
        return self.finish or self.lock is not None or self.ping is not None


NOTHING: Final = _Wishes()


class _Worker(threading.Thread):
    """One life of the thread."""

    def __init__(self, build: Callable[[OnChange], DoorPins], post: Callable[[PinReport], None]) -> None:
        super().__init__(name="gpio", daemon=True)
        self._build = build
        self._post_report = post
        self._wake = threading.Condition()
        self._wishes = NOTHING
        self._released = False
        self._pins: DoorPins | None = None
        self._inputs = threading.Lock()
        self._told: Levels | None = None
        """What the last read-back or edge said of the inputs."""
        self._edges = 0
        self._lost_told = False
        self._busy_since: float | None = None
        self._abandoned = False

    # ------------------------------------------------ called from the controller's thread

    def want_lock(self, released: bool) -> None:
        self._wish(lock=released)

    def want_pong(self, token: int) -> None:
        self._wish(ping=token)

    def overdue(self) -> bool:
        since = self._busy_since
        return since is not None and time.monotonic() - since > CALL_DEADLINE_S

    def abandon(self) -> None:
        self._abandoned = True
        pins = self._pins
        if pins is not None:
            pins.abort()
        self._wish(finish=True)

    def finish(self) -> None:
        self._wish(finish=True)
        self.join(CALL_DEADLINE_S)
        if self.is_alive():
            self.abandon()

    def _wish(self, **wish: bool | int) -> None:
        with self._wake:
            self._wishes = replace(self._wishes, **wish)  # type: ignore[arg-type]
            self._wake.notify()

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
        self._pins = pins = self._build(self._edge)
        if self._abandoned:
            return
        with self._inputs:
            self._told = None
        pins.open()
        self._released = False
        self._read_all(pins)
        next_read = time.monotonic() + READ_BACK_S
        while True:
            self._busy_since = None
            wishes = self._take_wishes(next_read)
            self._busy_since = time.monotonic()
            if self._abandoned:
                return
            if wishes.lock is not None:
                pins.set_lock(wishes.lock)
                self._released = wishes.lock
                self._post(LockDriven(wishes.lock, time.monotonic_ns()))
            if wishes.ping is not None:
                self._post(Pong(wishes.ping))
            if wishes.finish:
                pins.close()
                return
            if time.monotonic() >= next_read:
                self._read_back(pins)
                next_read = time.monotonic() + READ_BACK_S

    def _take_wishes(self, until: float) -> _Wishes:
        with self._wake:
            self._wake.wait_for(lambda: self._wishes, max(0.0, until - time.monotonic()))
            wishes, self._wishes = self._wishes, NOTHING
        return wishes

    def _read_all(self, pins: DoorPins) -> None:
        """The first word on the inputs. What seemed to move while they were claimed, floating until they were pulled
        up, was nobody's hand and has been passed over; a reading during which one moves is made again."""
        for _ in range(MAX_READINGS):
            edges = self._edges
            levels = pins.read_levels()
            if edges == self._edges:
                break
        with self._wake:
            # Void, as in `_wait_to_rebuild`.
            self._wishes = replace(self._wishes, lock=None)
        with self._inputs:
            self._told = levels
            self._post(PinsRead(levels))
        self._lost_told = False

    def _read_back(self, pins: DoorPins) -> None:
        """Compare the pins with what is known of them: an edge can be missed, an output can be lost."""
        edges = self._edges
        levels = pins.read_levels()
        if levels.lock_released != self._released:
            log.error("the lock output read back %s; it is set again", "released" if levels.lock_released else "rest")
            pins.set_lock(self._released)
        with self._inputs:
            if self._told is None or self._edges != edges:
                # An input moved while they were read one after the other: the edge is newer than the reading.
                return
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
        """Answer pings until the next try. True: asked to finish. A lock wish of this time is void: the output comes
        back at rest, and then the core says what it wants."""
        until = time.monotonic() + REBUILD_S
        while time.monotonic() < until:
            wishes = self._take_wishes(until)
            if wishes.finish:
                return True
            if wishes.ping is not None:
                self._post(Pong(wishes.ping))
        return False

    def _edge(self, name: Input, value: bool, mono_ns: int) -> None:
        with self._inputs:
            self._edges += 1
            if self._told is not None:
                self._told = replace(self._told, **{name.value: value})
                self._post(InputChanged(name, value, mono_ns))

    def _post(self, report: PinReport) -> None:
        if not self._abandoned:
            self._post_report(report)
