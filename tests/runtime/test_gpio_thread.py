"""The GPIO thread over the real pigpio protocol: dead, hung and lying pin servers."""

import gc
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contract.ids import LoadId
from edge.core.events import Point
from edge.drivers.door_gpio import DoorPins, GpiozeroDoorPins, Input, Levels, OnChange, PinsUnavailable
from edge.runtime import gpio_thread
from edge.runtime.config import GpioSection, PinFactory
from edge.runtime.gpio_thread import GpioThread, InputChanged, LockDriven, PinReport, PinsLost, PinsRead, Pong
from firmware_sim.devices.pins import PinNumber
from firmware_sim.log import monotonic_ms
from tests.firmware_sim.support import RunningStation, make_config
from tests.runtime.waiting import open_descriptors, threads_like, wait_until


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningStation]:
    with RunningStation(make_config(tmp_path)) as station:
        yield station


def section_of(running: RunningStation) -> GpioSection:
    pins = running.config.pins
    return GpioSection(
        lock_pin=pins.lock,
        contact_pin=pins.contact,
        exit_pin=pins.exit,
        fire_pin=pins.fire,
        pin_factory=PinFactory.PIGPIO,
        port=running.station.gpio.port,
    )


class Pins:
    """A running thread, everything it said, and the controller's rounds of checks."""

    def __init__(self, build: Callable[[OnChange], DoorPins]) -> None:
        self.said: list[PinReport] = []
        self.thread = GpioThread(build, self.said.append)
        self.thread.start()

    def wait_for(self, wanted: PinReport | type, count: int = 1) -> None:
        def there() -> bool:
            self.thread.check()
            return sum(report == wanted or type(report) is wanted for report in list(self.said)) >= count

        wait_until(there, f"{count} of {wanted}, said {self.said}")

    def forget(self) -> None:
        self.said.clear()

    def lives(self) -> None:
        token = time.monotonic_ns()
        self.thread.ping(token)
        self.wait_for(Pong(token))


@contextmanager
def pins_on(running: RunningStation) -> Iterator[Pins]:
    section = section_of(running)
    pins = Pins(lambda on_change: GpiozeroDoorPins(section, on_change))
    try:
        pins.wait_for(PinsRead)
        yield pins
    finally:
        pins.thread.stop()


def lock_level(running: RunningStation) -> bool:
    return running.do(lambda: running.station.gpio._bank.level(PinNumber(running.config.pins.lock)))


def write_lock(running: RunningStation, level: bool) -> None:
    pin = PinNumber(running.config.pins.lock)
    running.do(lambda: running.station.gpio._bank.write(pin, level, monotonic_ms()))


# ---------------------------------------------------------------- in order


def test_levels_are_read_first_and_the_lock_is_at_rest(running: RunningStation) -> None:
    write_lock(running, True)
    with pins_on(running) as pins:
        assert pins.said[0] == PinsRead(Levels(False, False, False, False))
        assert not lock_level(running)


def test_the_lock_goes_out_and_back(running: RunningStation) -> None:
    with pins_on(running) as pins:
        pins.thread.set_lock(True)
        wait_until(lambda: lock_level(running), "released")
        pins.thread.set_lock(False)
        wait_until(lambda: not lock_level(running), "at rest")
        pins.wait_for(LockDriven, 2)


def test_stopping_puts_the_lock_to_rest(running: RunningStation) -> None:
    with pins_on(running) as pins:
        pins.thread.set_lock(True)
        wait_until(lambda: lock_level(running), "released")
    assert not lock_level(running)


def test_edges_are_told_with_the_value_that_they_mean(running: RunningStation) -> None:
    def newest_is(pressed: bool) -> bool:
        # The button bounces: the last edge counts.
        edges = [(report.input, report.value) for report in list(pins.said) if isinstance(report, InputChanged)]
        return edges[-1:] == [(Input.EXIT_PRESSED, pressed)]

    with pins_on(running) as pins:
        running.do(lambda: running.station.press_exit(True))
        wait_until(lambda: newest_is(True), "pressed")
        running.do(lambda: running.station.press_exit(False))
        wait_until(lambda: newest_is(False), "let go")


# ---------------------------------------------------------------- lying


def test_a_lock_output_that_was_lost_is_set_again(running: RunningStation) -> None:
    with pins_on(running) as pins:
        pins.thread.set_lock(True)
        wait_until(lambda: lock_level(running), "released")
        write_lock(running, False)
        wait_until(lambda: lock_level(running), "set again")
        pins.thread.set_lock(False)
        wait_until(lambda: not lock_level(running), "at rest")
        write_lock(running, True)
        wait_until(lambda: not lock_level(running), "set again")


def test_a_missed_edge_is_found_by_reading_back(running: RunningStation) -> None:
    with pins_on(running) as pins:
        # A hung server reports no edges and does not make up for them; hung for less than the deadline it loses nothing
        # else.
        running.do(lambda: running.station.gpio.set_hung(True))
        running.do(lambda: running.station.press_exit(True))
        running.do(lambda: running.station.gpio.set_hung(False))
        pins.wait_for(InputChanged)
        assert not [report for report in pins.said if isinstance(report, PinsLost)]
        found = next(report for report in pins.said if isinstance(report, InputChanged))
        assert (found.input, found.value) == (Input.EXIT_PRESSED, True)


# ---------------------------------------------------------------- dead and hung


def test_a_dead_server_is_told_once_and_a_rebuild_releases_nothing(running: RunningStation) -> None:
    with pins_on(running) as pins:
        pins.thread.set_lock(True)
        wait_until(lambda: lock_level(running), "released")
        pins.forget()
        running.do(running.station.gpio.stop)
        pins.wait_for(PinsLost)
        pins.lives()
        pins.thread.set_lock(True)
        running.wait(running.station.gpio.start())
        pins.wait_for(PinsRead)
        pins.lives()
        assert not lock_level(running), "the core has not asked for it since the pins are back"
        assert not [report for report in pins.said if isinstance(report, LockDriven)]
        assert sum(isinstance(report, PinsLost) for report in pins.said) == 1
        pins.thread.set_lock(True)
        wait_until(lambda: lock_level(running), "the core says it again")


def test_a_server_that_hangs_in_the_middle_of_a_call_costs_a_rebuild(running: RunningStation) -> None:
    with pins_on(running) as pins:
        running.do(lambda: running.station.gpio.set_hung(True))
        pins.forget()
        pins.thread.set_lock(True)
        pins.wait_for(PinsLost)
        pins.lives()
        running.do(lambda: running.station.gpio.set_hung(False))
        pins.wait_for(PinsRead)
        wait_until(lambda: not lock_level(running), "what the hung server still had to do is undone")
        pins.lives()


def test_what_has_hung_leaves_no_thread_that_spins(running: RunningStation) -> None:
    with pins_on(running) as pins:
        for _ in range(2):
            running.do(running.station.gpio.stop)
            pins.forget()
            pins.wait_for(PinsLost)
            running.wait(running.station.gpio.start())
            pins.wait_for(PinsRead)
        # One worker, one notification thread of pigpio's.
        wait_until(lambda: len(threads_like("_callback_thread")) == 1, "one listener")
        assert len(threads_like("_Worker(gpio")) == 1
        before, began = time.process_time(), time.monotonic()
        while time.monotonic() - began < 0.5:
            pins.lives()
            time.sleep(0.1)  # idle on purpose: what is measured is who spins meanwhile
        assert time.process_time() - before < 0.25


def test_rebuilding_leaks_no_descriptor(running: RunningStation) -> None:
    section = section_of(running)

    def rebuild(times: int) -> int:
        for _ in range(times):
            pins = GpiozeroDoorPins(section, lambda name, value, at_ns: None)
            pins.open()
            pins.abort()
        gc.collect()
        wait_until(lambda: running.station.gpio.client_count == 0, "all connections closed")
        wait_until(lambda: not threads_like("_callback_thread"), "no listener")
        gc.collect()
        return open_descriptors()

    first = rebuild(5)
    assert rebuild(40) <= first


# ---------------------------------------------------------------- the thread alone, over pins that misbehave


class ScriptedPins:
    """Pins whose calls wait for a gate; what was driven is kept."""

    def __init__(self, on_change: OnChange, board: "Board") -> None:
        self._on_change, self._board = on_change, board
        self._aborted = threading.Event()
        self.closed = False

    def _pass(self, gate: threading.Event) -> None:
        while not gate.wait(0.01):
            if self._aborted.is_set() and not self._board.deaf:
                raise PinsUnavailable("aborted")
        if self._aborted.is_set():
            raise PinsUnavailable("aborted")

    def open(self) -> None:
        self._pass(self._board.opening)
        if self._board.while_opening is not None:
            self._board.while_opening(self._on_change)
        self._board.driven.append("rest")

    def set_lock(self, released: bool) -> None:
        self._pass(self._board.driving)
        self._board.driven.append("released" if released else "rest")
        self._board.level = released

    def set_load(self, load: LoadId, on: bool) -> None:
        raise AssertionError("no loads here")

    def read_point(self, point: Point) -> bool:
        raise AssertionError("no points here")

    def read_load(self, load: LoadId) -> bool:
        raise AssertionError("no loads here")

    def read_levels(self) -> Levels:
        levels = Levels(self._board.contact_open, False, False, self._board.level)
        if (act := self._board.while_reading) is not None:
            self._board.while_reading = None
            act(self._on_change)
        return levels

    def abort(self) -> None:
        self._aborted.set()

    def close(self) -> None:
        self.closed = True
        self._board.driven.append("closed")


class Board:
    def __init__(self) -> None:
        self.opening, self.driving = threading.Event(), threading.Event()
        self.opening.set()
        self.driving.set()
        self.driven: list[str] = []
        self.level = False
        self.contact_open = False
        self.deaf = False
        """An abort does not end what hangs."""
        self.while_reading: Callable[[OnChange], None] | None = None
        self.while_opening: Callable[[OnChange], None] | None = None

    def build(self, on_change: OnChange) -> ScriptedPins:
        return ScriptedPins(on_change, self)


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    monkeypatch.setattr(gpio_thread, "CALL_DEADLINE_S", 0.1)
    monkeypatch.setattr(gpio_thread, "READ_BACK_S", 0.05)
    monkeypatch.setattr(gpio_thread, "REBUILD_S", 0.02)
    return Board()


def test_a_thread_left_behind_in_opening_does_not_touch_the_pins_later(board: Board) -> None:
    board.deaf = True
    board.opening.clear()
    pins = Pins(board.build)
    pins.wait_for(PinsLost)
    board.opening.set()
    pins.wait_for(PinsRead)
    pins.thread.set_lock(True)
    wait_until(lambda: board.level, "released by the new thread")
    wait_until(lambda: len(threads_like("_Worker(gpio")) == 1, "the old thread has ended")
    assert board.driven == ["rest", "released"]
    pins.thread.stop()


def test_a_pin_that_floats_while_it_is_claimed_is_nobodys_hand(board: Board) -> None:
    board.while_opening = lambda on_change: on_change(Input.EXIT_PRESSED, True, time.monotonic_ns())
    pins = Pins(board.build)
    pins.wait_for(PinsRead)
    assert not [report for report in pins.said if isinstance(report, InputChanged)]
    pins.thread.stop()


def test_a_first_reading_during_which_an_input_moves_is_made_again(board: Board) -> None:
    def opens(on_change: OnChange) -> None:
        board.contact_open = True
        on_change(Input.CONTACT_OPEN, True, time.monotonic_ns())

    board.while_reading = opens
    pins = Pins(board.build)
    pins.wait_for(PinsRead(Levels(True, False, False, False)))
    assert not [report for report in pins.said if isinstance(report, InputChanged)]
    pins.thread.stop()


def test_the_last_wanted_level_is_driven_however_many_were_asked_for(board: Board) -> None:
    pins = Pins(board.build)
    pins.wait_for(PinsRead)
    board.driving.clear()
    for number in range(500):
        pins.thread.set_lock(number % 2 == 0)
        pins.thread.ping(number)
    board.driving.set()
    wait_until(lambda: board.driven[-1] == "rest" and not board.level, "rest, as asked last")
    pins.wait_for(Pong(499))
    assert len(board.driven) < 10
    pins.thread.stop()


def test_an_edge_in_the_middle_of_a_read_back_is_not_taken_back_by_it(board: Board) -> None:
    pins = Pins(board.build)
    pins.wait_for(PinsRead)
    told: queue.Queue[int] = queue.Queue()

    def opens(on_change: OnChange) -> None:
        board.contact_open = True
        on_change(Input.CONTACT_OPEN, True, time.monotonic_ns())
        told.put(1)

    board.while_reading = opens
    told.get(timeout=5.0)
    reads = threading.Event()
    board.while_reading = lambda on_change: reads.set()
    assert reads.wait(5.0), "another read-back"
    changes = [report.value for report in pins.said if isinstance(report, InputChanged)]
    assert changes == [True]
    pins.thread.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_driver_that_breaks_in_an_unforeseen_way_is_replaced(board: Board) -> None:
    broken = [True]

    def build(on_change: OnChange) -> ScriptedPins:
        if broken:
            broken.clear()
            raise ZeroDivisionError("a driver's own mistake")
        return board.build(on_change)

    pins = Pins(build)
    pins.wait_for(PinsRead)
    pins.lives()
    pins.thread.stop()
