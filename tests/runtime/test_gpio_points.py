"""Points and loads through the GPIO thread, over the real pigpio protocol: their sense, their rest, their read-back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from contract.ids import LoadId
from edge.core import events
from edge.core.events import Point
from edge.drivers.door_gpio import GpiozeroDoorPins, LoadPin
from edge.runtime.gpio_thread import GpioThread, InputChanged, LoadChecked, PinReport, PinsLost, PinsRead
from edge.runtime.reports import pin_events
from firmware_sim.devices.pins import PinMode, PinNumber
from firmware_sim.log import monotonic_ms
from tests.firmware_sim.support import RunningStation, make_config
from tests.runtime.test_gpio_thread import section_of
from tests.runtime.waiting import wait_until

POINTS = {Point.BEAM_OUTER: 5, Point.MOTION_INSIDE: 6, Point.ENCLOSURE_TAMPER: 12, Point.LOCK_SECURED: 13}
LIGHT, HEATER = LoadId("light"), LoadId("heater")
LOADS = (LoadPin(LIGHT, 19), LoadPin(HEATER, 26, active_high=False))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningStation]:
    with RunningStation(make_config(tmp_path)) as station:
        yield station


def ground(running: RunningStation, pin: int, grounded: bool) -> None:
    running.do(lambda: running.station.gpio._bank.wire(PinNumber(pin), grounded, monotonic_ms()))


def write(running: RunningStation, pin: int, level: bool) -> None:
    running.do(lambda: running.station.gpio._bank.write(PinNumber(pin), level, monotonic_ms()))


def level(running: RunningStation, pin: int) -> bool:
    return running.do(lambda: running.station.gpio._bank.level(PinNumber(pin)))


class Pins:
    def __init__(self, running: RunningStation) -> None:
        section = replace(section_of(running), points={str(point): pin for point, pin in POINTS.items()})
        self.said: list[PinReport] = []
        self.thread = GpioThread(
            lambda on_change: GpiozeroDoorPins(section, on_change, LOADS),
            self.said.append,
            tuple(POINTS),
            (LIGHT, HEATER),
        )
        self.thread.start()

    def count(self, kind: type) -> int:
        self.thread.check()
        return sum(type(report) is kind for report in list(self.said))

    def wait_for(self, kind: type, count: int = 1) -> None:
        wait_until(lambda: self.count(kind) >= count, f"{count} of {kind.__name__}")

    def newest(self, point: Point) -> bool | None:
        changes = [report for report in list(self.said) if isinstance(report, InputChanged)]
        values = [change.value for change in changes if change.input is point]
        return values[-1] if values else None

    def loads(self) -> list[LoadChecked]:
        return [report for report in list(self.said) if isinstance(report, LoadChecked)]


@contextmanager
def pins_on(running: RunningStation) -> Iterator[Pins]:
    pins = Pins(running)
    try:
        pins.wait_for(PinsRead)
        yield pins
    finally:
        pins.thread.stop()


def test_a_cut_wire_at_a_point_reads_as_the_careful_answer(running: RunningStation) -> None:
    for pin in POINTS.values():
        ground(running, pin, False)
    with pins_on(running) as pins:
        (read,) = [report for report in pins.said if isinstance(report, PinsRead)]
        assert dict(read.points) == {
            Point.BEAM_OUTER: True,
            Point.MOTION_INSIDE: True,
            Point.ENCLOSURE_TAMPER: True,
            Point.LOCK_SECURED: False,
        }


def test_a_point_that_moves_is_told_with_the_time_of_its_edge(running: RunningStation) -> None:
    for pin in POINTS.values():
        ground(running, pin, True)
    with pins_on(running) as pins:
        ground(running, POINTS[Point.BEAM_OUTER], False)
        wait_until(lambda: pins.newest(Point.BEAM_OUTER) is True, "broken")
        ground(running, POINTS[Point.BEAM_OUTER], True)
        wait_until(lambda: pins.newest(Point.BEAM_OUTER) is False, "whole again")
        ground(running, POINTS[Point.LOCK_SECURED], False)
        wait_until(lambda: pins.newest(Point.LOCK_SECURED) is False, "the bolt is not home")
        edge = next(report for report in pins.said if isinstance(report, InputChanged))
        assert pin_events(edge) == (events.PointChanged(Point.BEAM_OUTER, True, edge.mono_ns // 1_000_000),)


def test_a_missed_edge_of_a_point_is_found_by_reading_back(running: RunningStation) -> None:
    for pin in POINTS.values():
        ground(running, pin, True)
    with pins_on(running) as pins:
        running.do(lambda: running.station.gpio.set_hung(True))
        ground(running, POINTS[Point.ENCLOSURE_TAMPER], False)
        running.do(lambda: running.station.gpio.set_hung(False))
        wait_until(lambda: pins.newest(Point.ENCLOSURE_TAMPER) is True, "found")


def test_loads_are_at_rest_from_the_start_and_after_the_end(running: RunningStation) -> None:
    for load in LOADS:
        write(running, load.pin, load.active_high)
    with pins_on(running) as pins:
        assert (level(running, 19), level(running, 26)) == (False, True), (
            "a heater by a relay that a low level switches"
        )
        pins.thread.set_load(LIGHT, True)
        pins.thread.set_load(HEATER, True)
        wait_until(lambda: (level(running, 19), level(running, 26)) == (True, False), "both on")
        pins.thread.set_load(LoadId("unknown"), True)
    assert (level(running, 19), level(running, 26)) == (False, True)


def test_a_load_output_that_was_lost_is_set_again_and_told(running: RunningStation) -> None:
    with pins_on(running) as pins:
        pins.thread.set_load(LIGHT, True)
        wait_until(lambda: level(running, 19), "on")
        wait_until(lambda: {LoadChecked(LIGHT, True), LoadChecked(HEATER, True)} <= set(pins.loads()), "told at first")
        write(running, 19, False)
        wait_until(lambda: level(running, 19), "set again")
        wait_until(lambda: pins.loads()[-2:] == [LoadChecked(LIGHT, False), LoadChecked(LIGHT, True)], "told and over")


def test_after_a_rebuild_loads_are_at_rest_until_the_core_speaks(running: RunningStation) -> None:
    with pins_on(running) as pins:
        pins.thread.set_load(LIGHT, True)
        wait_until(lambda: level(running, 19), "on")
        running.do(running.station.gpio.stop)
        pins.wait_for(PinsLost)
        pins.thread.set_load(LIGHT, True)
        running.wait(running.station.gpio.start())
        pins.wait_for(PinsRead, 2)
        assert running.do(lambda: running.station.gpio._bank.mode(PinNumber(19))) is PinMode.OUTPUT
        assert not level(running, 19)
        pins.thread.set_load(LIGHT, True)
        wait_until(lambda: level(running, 19), "the core says it again")
