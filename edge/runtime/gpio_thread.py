"""The one thread that touches the station's pins, and its deadline.

Pin calls can fail (server gone) and can hang (server stopped). Failing: the pins are let go, rebuilt every half second,
and all levels read anew, the lock output at rest: the core then says again what it wants. Hanging: `check`, called by
the controller's loop, sees that a call has been under way for longer than `CALL_DEADLINE_S`, aborts the pins, and if
even that does not free the thread, leaves it behind and starts another. Once a second the levels are read back, which
finds a dead pin server and an output that is not what it should be. The door's are read in one go, points and loads one
by one, so that a wish for the lock never waits for more than a single pin.

What is asked of the thread has no queue that could run full: lock and loads are levels, so the newest wish replaces one
that has not been carried out yet, and so does the newest ping.

Whatever the thread has to say goes through `post`, which must be safe to call from any thread.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from contract.ids import LoadId
from edge.core.events import Point
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

    input: Input | Point
    value: bool
    mono_ns: int


@dataclass(frozen=True)
class PinsRead:
    """All levels after the pins were built, at start or anew. All outputs are at rest."""

    levels: Levels
    points: Mapping[Point, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class PinsLost:
    detail: str


@dataclass(frozen=True)
class LockDriven:
    """The lock output has been set. `mono_ns` is when the pin call returned."""

    released: bool
    mono_ns: int


@dataclass(frozen=True)
class LoadChecked:
    """Whether the output of a load, read back, says what was set: told at first, and when it changes. One that does not
    has been set again."""

    load: LoadId
    obeys: bool


@dataclass(frozen=True)
class Pong:
    """Answer to `ping`: the thread lives."""

    token: int


PinReport = InputChanged | PinsRead | PinsLost | LockDriven | LoadChecked | Pong


class GpioThread:
    """Owns the pins. `build` makes them, calling its argument for every edge; `points` and `loads` are those they have
    beside the door's own."""

    def __init__(
        self,
        build: Callable[[OnChange], DoorPins],
        post: Callable[[PinReport], None],
        points: Sequence[Point] = (),
        loads: Sequence[LoadId] = (),
    ) -> None:
        self._build = build
        self._post = post
        self._points, self._loads = tuple(points), tuple(loads)
        self._worker: _Worker | None = None

    def start(self) -> None:
        self._worker = _Worker(self._build, self._post, self._points, self._loads)
        self._worker.start()

    def set_lock(self, released: bool) -> None:
        """Ask for the lock output; `LockDriven` answers unless the pins are away."""
        if self._worker is not None:
            self._worker.want_lock(released)

    def set_load(self, load: LoadId, on: bool) -> None:
        """Ask for the output of a load. Void when the pins are built anew: `PinsRead` says so."""
        if self._worker is not None and load in self._loads:
            self._worker.want_load(load, on)

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
        """Outputs to rest, pins let go; waits at most one deadline."""
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
    loads: Mapping[LoadId, bool] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.finish or self.lock is not None or self.ping is not None or bool(self.loads)


NOTHING: Final = _Wishes()


class _Worker(threading.Thread):
    """One life of the thread."""

    def __init__(
        self,
        build: Callable[[OnChange], DoorPins],
        post: Callable[[PinReport], None],
        points: tuple[Point, ...],
        loads: tuple[LoadId, ...],
    ) -> None:
        super().__init__(name="gpio", daemon=True)
        self._build = build
        self._post_report = post
        self._wake = threading.Condition()
        self._wishes = NOTHING
        self._released = False
        self._points = points
        self._driven = dict.fromkeys(loads, False)
        self._obeys: dict[LoadId, bool | None] = dict.fromkeys(loads)
        self._pins: DoorPins | None = None
        self._inputs = threading.Lock()
        self._told: Levels | None = None
        """What the last read-back or edge said of the door's inputs, …"""
        self._told_points: dict[Point, bool] = {}
        """… and of the points."""
        self._edges: Counter[Input | Point] = Counter()
        self._lost_told = False
        self._busy_since: float | None = None
        self._abandoned = False

    # ------------------------------------------------ called from the controller's thread

    def want_lock(self, released: bool) -> None:
        self._wish(lock=released)

    def want_load(self, load: LoadId, on: bool) -> None:
        with self._wake:
            self._wishes = replace(self._wishes, loads={**self._wishes.loads, load: on})
            self._wake.notify()

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

    def _wish(self, **wish: Any) -> None:
        with self._wake:
            self._wishes = replace(self._wishes, **wish)
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
        self._driven = dict.fromkeys(self._driven, False)
        self._read_all(pins)
        next_read = time.monotonic() + READ_BACK_S
        to_read: deque[Callable[[], None]] = deque()
        while True:
            self._busy_since = None
            wishes = self._take_wishes(0.0 if to_read else next_read)
            self._busy_since = time.monotonic()
            if self._abandoned:
                return
            if wishes.lock is not None:
                pins.set_lock(wishes.lock)
                self._released = wishes.lock
                self._post(LockDriven(wishes.lock, time.monotonic_ns()))
            for load, on in wishes.loads.items():
                pins.set_load(load, on)
                self._driven[load] = on
            if wishes.ping is not None:
                self._post(Pong(wishes.ping))
            if wishes.finish:
                pins.close()
                return
            if to_read:
                to_read.popleft()()
            elif time.monotonic() >= next_read:
                self._read_back(pins)
                to_read += [partial(self._read_back_point, pins, point) for point in self._points]
                to_read += [partial(self._read_back_load, pins, load) for load in self._driven]
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
            edges = self._edges.total()
            levels = pins.read_levels()
            points = {point: pins.read_point(point) for point in self._points}
            if edges == self._edges.total():
                break
        with self._wake:
            # Void, as in `_wait_to_rebuild`.
            self._wishes = replace(self._wishes, lock=None, loads={})
        with self._inputs:
            self._told, self._told_points = levels, points
            self._post(PinsRead(levels, dict(points)))
        self._lost_told = False

    def _read_back(self, pins: DoorPins) -> None:
        """Compare the pins with what is known of them: an edge can be missed, an output can be lost."""
        edges = self._door_edges()
        levels = pins.read_levels()
        if levels.lock_released != self._released:
            log.error("the lock output read back %s; it is set again", "released" if levels.lock_released else "rest")
            pins.set_lock(self._released)
        with self._inputs:
            if self._told is None or self._door_edges() != edges:
                # An input moved while they were read one after the other: the edge is newer than the reading.
                return
            for name in Input:
                if getattr(levels, name) != getattr(self._told, name):
                    self._post(InputChanged(name, getattr(levels, name), time.monotonic_ns()))
            self._told = levels

    def _door_edges(self) -> int:
        return sum(self._edges[name] for name in Input)

    def _read_back_point(self, pins: DoorPins, point: Point) -> None:
        edges = self._edges[point]
        active = pins.read_point(point)
        with self._inputs:
            if self._edges[point] == edges and self._told_points[point] is not active:
                self._told_points[point] = active
                self._post(InputChanged(point, active, time.monotonic_ns()))

    def _read_back_load(self, pins: DoorPins, load: LoadId) -> None:
        wanted = self._driven[load]
        obeys = pins.read_load(load) is wanted
        if not obeys:
            pins.set_load(load, wanted)
        if obeys is not self._obeys[load]:
            self._obeys[load] = obeys
            log.log(logging.INFO if obeys else logging.ERROR, "load %s %s", load, "obeys" if obeys else "does not obey")
            self._post(LoadChecked(load, obeys))

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

    def _edge(self, name: Input | Point, value: bool, mono_ns: int) -> None:
        with self._inputs:
            self._edges[name] += 1
            if self._told is None:
                return
            if isinstance(name, Point):
                self._told_points[name] = value
            else:
                self._told = replace(self._told, **{name.value: value})
            self._post(InputChanged(name, value, mono_ns))

    def _post(self, report: PinReport) -> None:
        if not self._abandoned:
            self._post_report(report)
