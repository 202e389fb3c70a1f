"""Modbus sensors over a real serial line: slaves that answer late, wrongly, for others, too long, or not at all."""

import asyncio
import random
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contract.ids import SensorId
from edge.drivers import sensors_modbus
from edge.drivers.register_map import Value, load_map
from edge.drivers.sensors_modbus import Readings, SensorLine, Slave
from firmware_sim.devices import modbus_line
from firmware_sim.devices.modbus_answers import Function, Registers
from firmware_sim.devices.modbus_line import Fault, ModbusLine
from tests.runtime.waiting import wait_until

MAPS = Path(__file__).parents[2] / "config" / "sensors"
CLIMATE, METER = SensorId("climate"), SensorId("meter")
BAUD = 115_200
METER_ADDRESS = 4


def meter_words(power_w: int) -> dict[tuple[Function, int], int]:
    words = {(Function.READ_INPUT, 0x000C + n): 0 for n in range(0x60)}
    for at, value in ((0x000C, float(power_w)), (0x0048, 1.5)):
        high, low = struct.unpack(">HH", struct.pack(">f", value))
        words[Function.READ_INPUT, at], words[Function.READ_INPUT, at + 1] = high, low
    return words


class Wire:
    """Two slaves on a line of their own loop, and the driver asking them in a thread."""

    def __init__(self, directory: Path) -> None:
        self.device = directory / "rs485"
        self.climate: Registers = {(Function.READ_INPUT, 1): 215, (Function.READ_INPUT, 2): 480}
        self.power_w = 100
        self.slaves = {
            CLIMATE: modbus_line.Slave("climate", 1, lambda: self.climate),
            METER: modbus_line.Slave("meter", METER_ADDRESS, lambda: meter_words(self.power_w)),
        }
        self.line = ModbusLine(self.device, BAUD, list(self.slaves.values()), seed=7)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.do(self.line.start)
        self.read: list[tuple[SensorId, Readings]] = []
        self.told: list[tuple[SensorId, bool, str]] = []
        self.asked = [
            Slave(CLIMATE, 1, load_map(MAPS / "xy_md02.toml")),
            Slave(METER, METER_ADDRESS, load_map(MAPS / "sdm120.toml")),
        ]
        self.driver = SensorLine(
            str(self.device),
            BAUD,
            self.asked,
            on_readings=lambda sensor, readings: self.read.append((sensor, readings)),
            on_status=lambda sensor, online, detail: self.told.append((sensor, online, detail)),
        )
        self._driving = threading.Thread(target=self.driver.run, daemon=True)
        self._driving.start()

    def do(self, act: object) -> None:
        done = threading.Event()

        def run() -> None:
            act()  # type: ignore[operator]
            done.set()

        self.loop.call_soon_threadsafe(run)
        assert done.wait(5.0)

    def fault(self, sensor: SensorId, fault: Fault | None, late_ms: float = 0.0) -> None:
        def change() -> None:
            self.slaves[sensor].fault, self.slaves[sensor].late_ms = fault, late_ms

        self.do(change)

    def wait_for(self, sensor: SensorId, **values: int) -> None:
        wanted = {Value(name): value for name, value in values.items()}
        self.wait(lambda: any(who == sensor and wanted.items() <= what.items() for who, what in list(self.read)))

    def wait(self, true: object) -> None:
        wait_until(true, f"read {self.read[-3:]}, told {self.told}")  # type: ignore[arg-type]

    def is_online(self, sensor: SensorId) -> bool | None:
        states = [online for who, online, _ in list(self.told) if who == sensor]
        return states[-1] if states else None

    def stop(self) -> None:
        self.driver.stop()
        self._driving.join(5.0)
        self.do(self.line.stop)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5.0)


@contextmanager
def wired(directory: Path, monkeypatch: pytest.MonkeyPatch, answer_s: float) -> Iterator[Wire]:
    """A line that is asked in a hurry."""
    monkeypatch.setattr(sensors_modbus, "POLL_S", 0.02)
    monkeypatch.setattr(sensors_modbus, "OFFLINE_POLL_S", 0.05)
    monkeypatch.setattr(sensors_modbus, "ANSWER_S", answer_s)
    wire = Wire(directory)
    try:
        yield wire
    finally:
        wire.stop()


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    with wired(tmp_path, monkeypatch, 0.1) as wire:
        yield wire


def test_what_sensors_hold_is_read_and_each_is_told_online_once(wire: Wire) -> None:
    wire.wait_for(CLIMATE, temperature_decicelsius=215, humidity_percent=48)
    wire.wait_for(METER, power_w=100, energy_wh=1_500)
    wire.power_w = 250
    wire.wait_for(METER, power_w=250)
    assert sorted(wire.told) == [(CLIMATE, True, ""), (METER, True, "")]


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.GARBAGE, Fault.FOREIGN])
def test_a_slave_that_answers_wrongly_goes_offline_and_comes_back_while_the_other_is_read(
    wire: Wire, fault: Fault
) -> None:
    wire.wait_for(METER, power_w=100)
    wire.fault(CLIMATE, fault)
    wire.wait(lambda: wire.is_online(CLIMATE) is False)
    wire.power_w = 300
    wire.wait_for(METER, power_w=300)
    wire.fault(CLIMATE, None)
    wire.wait(lambda: wire.is_online(CLIMATE) is True)


def test_bytes_behind_an_answer_never_become_a_reading(wire: Wire) -> None:
    wire.fault(METER, Fault.LONG)
    wire.wait(lambda: sum(who == CLIMATE for who, _ in list(wire.read)) > 20)
    readings = [what for who, what in list(wire.read) if who == METER]
    assert all(what == {Value.POWER: 100, Value.ENERGY: 1_500} for what in readings)


def test_an_answer_that_comes_while_the_line_is_drained_is_nobodys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer is 60 ms late. Without the drain it would come to the same slave's next request, and count as
    the answer to that one, for ever."""
    monkeypatch.setattr(sensors_modbus, "QUIET_S", 0.15)
    with wired(tmp_path, monkeypatch, answer_s=0.1) as wire:
        wire.wait_for(CLIMATE, temperature_decicelsius=215)
        wire.fault(CLIMATE, Fault.LATE, 160.0)
        wire.wait(lambda: wire.asked[0].counts["silent"] >= 1)
        read_before = len(wire.read)
        wire.wait(lambda: wire.asked[0].counts["silent"] >= 5)
        assert [who for who, _ in wire.read[read_before:] if who == CLIMATE] == []
        wire.climate = {(Function.READ_INPUT, 1): 230, (Function.READ_INPUT, 2): 480}
        wire.fault(CLIMATE, None)
        wire.wait_for(CLIMATE, temperature_decicelsius=230)


def test_the_late_answer_to_a_slaves_second_request_is_not_taken_for_its_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The meter's second answer comes when the line was drained and its first request is on the way again, which it
    answers slowly as well. Only the lengths tell the two answers apart."""
    send, second_bytes = ModbusLine._send, 13

    def late(self: ModbusLine, reply: bytes) -> None:
        assert self._loop is not None
        if reply[0] == METER_ADDRESS:
            self._loop.call_later(0.33 if len(reply) == second_bytes else 0.12, send, self, reply)
        else:
            send(self, reply)

    with wired(tmp_path, monkeypatch, answer_s=0.2) as wire:
        wire.wait_for(METER, power_w=100)
        monkeypatch.setattr(ModbusLine, "_send", late)
        wire.wait(lambda: wire.asked[1].counts["length"] >= 2)
        assert all(what == {Value.POWER: 100, Value.ENERGY: 1_500} for who, what in list(wire.read) if who == METER)


def test_a_register_that_a_slave_does_not_have_is_an_exception(wire: Wire) -> None:
    wire.climate = {(Function.READ_INPUT, 1): 215}
    wire.wait(lambda: wire.is_online(CLIMATE) is False)
    assert wire.asked[0].counts["exception"] >= 3
    assert "exception 2" in wire.told[-1][2]


def test_what_cannot_be_is_not_told_and_is_an_outage_if_it_lasts(wire: Wire) -> None:
    wire.wait_for(CLIMATE, temperature_decicelsius=215)
    wire.climate = {(Function.READ_INPUT, 1): 0x7FFF, (Function.READ_INPUT, 2): 480}
    wire.wait(lambda: wire.is_online(CLIMATE) is False)
    assert "temperature_decicelsius is 32767" in wire.told[-1][2]
    assert all(what.get(Value.TEMPERATURE) in (None, 215) for _, what in wire.read)


def test_one_miss_is_no_outage(wire: Wire) -> None:
    wire.wait_for(CLIMATE, temperature_decicelsius=215)
    wire.fault(CLIMATE, Fault.SILENT)
    wire.wait(lambda: wire.asked[0].misses >= 1)
    wire.fault(CLIMATE, None)
    wire.wait(lambda: wire.asked[0].misses == 0)
    assert wire.asked[0].counts
    if wire.asked[0].counts.total() < 3:
        assert wire.told.count((CLIMATE, True, "")) == 1


def test_a_line_that_is_pulled_out_and_put_back_is_opened_again(wire: Wire) -> None:
    wire.wait_for(METER, power_w=100)
    wire.do(lambda: wire.line._line.withdraw())
    wire.do(lambda: wire.line.set_powered(False))
    wire.wait(lambda: wire.is_online(METER) is False)
    wire.do(lambda: wire.line._line.publish())
    wire.do(lambda: wire.line.set_powered(True))
    wire.wait(lambda: wire.is_online(METER) is True)


@pytest.mark.parametrize("seed", range(2))
def test_no_bytes_however_wild_end_the_line_or_become_a_wrong_reading(
    wire: Wire, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    right = ModbusLine._send

    def wild(self: ModbusLine, reply: bytes) -> None:
        broken = bytearray(reply)
        match dice.randrange(6):
            case 0:
                broken = bytearray(dice.randbytes(dice.randrange(1, 300)))
            case 1:
                del broken[dice.randrange(len(broken)) :]
            case 2:
                broken[dice.randrange(len(broken))] ^= 1 << dice.randrange(8)
            case 3:
                broken = bytearray(dice.randbytes(dice.randrange(1, 8))) + broken
            case 4:
                broken += broken
            case _:
                pass
        right(self, bytes(broken))

    monkeypatch.setattr(ModbusLine, "_send", wild)
    wire.wait(lambda: sum(sum(slave.counts.values()) for slave in wire.asked) > 12)
    for _, what in list(wire.read):
        assert what in (
            {Value.TEMPERATURE: 215, Value.HUMIDITY: 48},
            {Value.POWER: 100, Value.ENERGY: 1_500},
        )
    monkeypatch.setattr(ModbusLine, "_send", right)
    wire.power_w = 777
    wire.wait_for(METER, power_w=777)
