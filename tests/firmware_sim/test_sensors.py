"""The measuring devices, byte for byte: the makers' own examples, and other people's clients on the real wire."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pymodbus.client import ModbusSerialClient

from firmware_sim.config import SimConfig
from firmware_sim.config_sensors import LoadConfig, ModbusConfig, RadarConfig, ScannerConfig, SlaveConfig
from firmware_sim.crowd import Doing
from firmware_sim.devices.modbus_answers import answer, crc
from firmware_sim.devices.radar import Targets, data_frame
from firmware_sim.devices.scanner import EV_KEY, EVENT, KEY_ENTER, key_of, keystrokes
from firmware_sim.devices.slaves import SlaveModel, reading
from firmware_sim.faults import FaultArgs, FaultName
from firmware_sim.people import PersonId
from firmware_sim.room import Load, LoadKind, Room
from tests.firmware_sim.support import RunningStation, make_config, pin_factory, wait_until

RIDER = PersonId("rider-1")
CLIMATE, GAS, CONTACTS, METER = 1, 2, 3, 4


def with_sensors(directory: Path) -> SimConfig:
    slaves = (
        SlaveConfig("climate", SlaveModel.XY_MD02, CLIMATE),
        SlaveConfig("gas", SlaveModel.CMD5B4, GAS),
        SlaveConfig("contacts", SlaveModel.DI8, CONTACTS),
        SlaveConfig("meter", SlaveModel.SDM120, METER),
    )
    return replace(
        make_config(directory),
        points={"beam_outer": 5, "beam_inner": 6, "enclosure_tamper": 13},
        loads=(LoadConfig("light", LoadKind.LIGHT, pin=12, power_w=40),),
        radars=(RadarConfig("ceiling", directory / "radar"),),
        modbus=(ModbusConfig(directory / "modbus", slaves, baud=115200),),
        scanners=(ScannerConfig("scanner", directory / "scanner"),),
    )


@pytest.fixture
def equipped(tmp_path: Path) -> Iterator[RunningStation]:
    with RunningStation(with_sensors(tmp_path)) as station:
        yield station


@pytest.fixture
def modbus(equipped: RunningStation) -> Iterator[ModbusSerialClient]:
    client = ModbusSerialClient(port=str(equipped.config.modbus[0].device), baudrate=115200, timeout=0.3, retries=0)
    assert client.connect()
    yield client
    client.close()  # type: ignore[no-untyped-call]


class Wire:
    """The raw far end of a line."""

    def __init__(self, device: Path) -> None:
        self._file = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def send(self, data: bytes) -> None:
        os.write(self._file, data)

    def receive(self, seconds: float) -> bytes:
        data, end = b"", time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                data += os.read(self._file, 4096)
            except BlockingIOError:
                time.sleep(0.002)
        return data

    def receive_until(self, part: bytes) -> bytes:
        data, end = b"", time.monotonic() + 5.0
        while part not in data:
            assert time.monotonic() < end, f"{part.hex()} did not come: {data.hex()}"
            data += self.receive(0.01)
        return data

    def close(self) -> None:
        os.close(self._file)


# ------------------------------------------------ the radar


def test_a_radar_frame_is_built_as_its_paper_says() -> None:
    still = data_frame(Targets(still_cm=0x51))
    assert still[:10].hex() == "f4f3f2f10d0002aa0200"
    assert still[12:14].hex() == "5100"
    assert still[-6:].hex() == "5500f8f7f6f5"
    assert len(still) == 23
    assert [data_frame(seen)[8] for seen in (Targets(), Targets(1), Targets(None, 1), Targets(1, 1))] == [0, 1, 2, 3]


def test_a_radar_sends_ten_frames_a_second_of_who_is_inside(equipped: RunningStation) -> None:
    radar = Wire(equipped.config.radars[0].device)
    radar.receive_until(data_frame(Targets()))
    assert 8 <= radar.receive(1.0).count(data_frame(Targets())) <= 12
    premises = equipped.station.world.premises
    equipped.do(lambda: premises.put_inside(RIDER, equipped.station.catch_up()))
    radar.receive_until(data_frame(equipped.station.sensors.radars["ceiling"].targets))
    equipped.do(lambda: premises.do(RIDER, Doing.LYING, equipped.station.catch_up()))
    assert equipped.station.sensors.radars["ceiling"].targets.moving_cm is None
    radar.receive_until(data_frame(equipped.station.sensors.radars["ceiling"].targets))
    radar.close()


def test_a_radar_answers_commands_only_while_it_is_being_configured(equipped: RunningStation) -> None:
    radar = Wire(equipped.config.radars[0].device)
    read_firmware = bytes.fromhex("fdfcfbfa0200a00004030201")
    radar.send(read_firmware)
    radar.receive_until(bytes.fromhex("fdfcfbfa0400a001010004030201"))
    radar.send(bytes.fromhex("fdfcfbfa0400ff00010004030201"))
    radar.receive_until(bytes.fromhex("fdfcfbfa0800ff0100000100400004030201"))
    radar.send(read_firmware)
    radar.receive_until(bytes.fromhex("fdfcfbfa0c00a00100000001070116150922"))
    assert data_frame(Targets()) not in radar.receive(0.3)
    radar.send(bytes.fromhex("fdfcfbfa0200fe0004030201"))
    radar.receive_until(data_frame(Targets()))
    radar.close()


def test_a_silent_radar_says_nothing_and_a_lying_one_sees_ghosts(equipped: RunningStation) -> None:
    radar = Wire(equipped.config.radars[0].device)
    equipped.fault(FaultName.RADAR_SILENT)
    radar.receive(0.15)
    assert radar.receive(0.3) == b""
    equipped.fault(FaultName.RADAR_SILENT, on=False)
    equipped.fault(FaultName.RADAR_LYING)
    radar.receive_until(data_frame(Targets(still_cm=200)))
    radar.close()


def test_a_radar_nobody_listens_to_keeps_no_old_frames(equipped: RunningStation) -> None:
    line = equipped.station.sensors.radars["ceiling"]._line
    equipped.do(lambda: line.write(bytes(1200)))
    wait_until(lambda: line.unread_bytes() < 200, "old frames forgotten")


# ------------------------------------------------ the Modbus slaves


def test_the_checksum_and_the_answer_are_those_of_the_makers_example() -> None:
    """XY-MD02: 30.5 °C."""
    request = bytes.fromhex("010400010001600a")
    assert crc(request[:-2]) == request[-2:]
    room = Room([], celsius=30.5)
    assert answer(request, reading(SlaveModel.XY_MD02, room, 0.0)).hex() == "01040201317974"


def test_a_frost_reads_as_a_negative_number() -> None:
    room = Room([], celsius=-20.5)
    request = bytes.fromhex("010400010001600a")
    assert answer(request, reading(SlaveModel.XY_MD02, room, 0.0))[3:5].hex() == "ff33"


def test_a_client_reads_every_slave_of_the_line(equipped: RunningStation, modbus: ModbusSerialClient) -> None:
    station = equipped.station
    premises = station.world.premises

    def happen() -> None:
        now_ms = station.catch_up()
        premises.set_air("humidity_percent", 61.0, now_ms)
        premises.set_air("carbon_monoxide_ppm", 80.0, now_ms)
        premises.set_smoke(True, now_ms)

    equipped.do(happen)
    climate = modbus.read_input_registers(1, count=2, device_id=CLIMATE).registers
    assert climate == [200, 610]
    assert modbus.read_holding_registers(0, count=2, device_id=GAS).registers == [1, 80]
    assert modbus.read_discrete_inputs(0, count=2, device_id=CONTACTS).bits[:2] == [True, False]
    power = modbus.read_input_registers(0x0C, count=2, device_id=METER).registers
    assert modbus.convert_from_registers(power, modbus.DATATYPE.FLOAT32) == 25.0


def test_what_a_slave_does_not_have_is_refused_with_its_code(
    equipped: RunningStation, modbus: ModbusSerialClient
) -> None:
    assert modbus.read_input_registers(3, count=1, device_id=CLIMATE).exception_code == 2
    assert modbus.read_coils(0, count=1, device_id=CLIMATE).exception_code == 1


def test_the_answer_takes_as_long_as_its_bytes_on_the_line(tmp_path: Path) -> None:
    config = with_sensors(tmp_path)
    config = replace(config, modbus=(replace(config.modbus[0], baud=9600),))
    with RunningStation(config):
        line = Wire(config.modbus[0].device)
        begun = time.monotonic()
        line.send(bytes.fromhex("010400010001600a"))
        line.receive_until(bytes.fromhex("010402"))
        assert time.monotonic() - begun >= (8 + 7) * 10 / 9600
        line.close()


@pytest.mark.parametrize(
    ("fault", "seen"),
    [(FaultName.SLAVE_SILENT, b""), (FaultName.SLAVE_LATE, b"")],
)
def test_a_silent_or_late_slave_says_nothing_in_time(equipped: RunningStation, fault: FaultName, seen: bytes) -> None:
    equipped.fault(fault, args=FaultArgs(sensor="climate", ms=600.0))
    line = Wire(equipped.config.modbus[0].device)
    line.send(bytes.fromhex("010400010001600a"))
    assert line.receive(0.3) == seen
    if fault is FaultName.SLAVE_LATE:
        line.receive_until(bytes.fromhex("010402"))
    line.close()


def test_a_slave_of_garbage_is_garbage_by_seed(equipped: RunningStation) -> None:
    equipped.fault(FaultName.SLAVE_GARBAGE, args=FaultArgs(sensor="climate"))
    line = Wire(equipped.config.modbus[0].device)
    line.send(bytes.fromhex("010400010001600a"))
    data = line.receive(0.3)
    assert data
    assert crc(data[:-2]) != data[-2:]
    line.close()


def test_a_lying_slave_answers_rightly_and_measures_wrongly(
    equipped: RunningStation, modbus: ModbusSerialClient
) -> None:
    equipped.fault(FaultName.SLAVE_LYING, args=FaultArgs(sensor="contacts"))
    assert modbus.read_discrete_inputs(0, count=2, device_id=CONTACTS).bits[:2] == [True, True]
    assert not equipped.station.world.premises.room.smoke


# ------------------------------------------------ pins, scanner


def test_a_load_follows_its_pin_and_the_meter_counts_it(equipped: RunningStation) -> None:
    from gpiozero import OutputDevice

    with pin_factory(equipped) as factory, OutputDevice(12, pin_factory=factory) as light:
        light.on()
        (on,) = equipped.wait_for("load", on=True)
        assert on["power_w"] == 65
        light.off()
        equipped.wait_for("load", on=False)


def test_a_walk_breaks_the_beams_on_the_wire(equipped: RunningStation) -> None:
    station = equipped.station
    equipped.do(lambda: station.push_door(force=True))
    wait_until(lambda: station.world.leaf.open, "open")
    wait_until(lambda: station.world.leaf.angle(time.monotonic() * 1000) > 30, "wide open")
    equipped.do(lambda: station.world.premises.walk(RIDER, True, None, station.catch_up()))
    edges = equipped.wait_for("beam", 4)
    assert [(edge["beam"], edge["broken"]) for edge in edges] == [
        ("outer", True), ("inner", True), ("outer", False), ("inner", False),
    ]  # fmt: skip
    equipped.wait_for("person", place="inside", inside=1)


def test_a_scanner_types_its_text_and_enter(equipped: RunningStation) -> None:
    line = Wire(equipped.config.scanners[0].device)
    equipped.do(lambda: equipped.station.show_code(None, "YZ1.aB-_9"))
    expected = b"".join(keystrokes("YZ1.aB-_9"))
    data = line.receive(0.5)
    assert len(data) == len(expected)
    events = [EVENT.unpack(data[at : at + EVENT.size]) for at in range(0, len(data), EVENT.size)]
    pressed = [code for _, _, kind, code, value in events if kind == EV_KEY and value == 1]
    assert pressed[-1] == KEY_ENTER
    assert [key_of(character)[0] for character in "aB"] == [30, 48]
    (shown,) = equipped.facts("code_shown")
    assert "YZ1" not in str(shown)
    line.close()


def test_a_text_that_no_keyboard_has_is_refused(equipped: RunningStation) -> None:
    with pytest.raises(ValueError, match="US keyboard"):
        equipped.do(lambda: equipped.station.show_code(None, "驿站"))


def test_a_load_without_mains_is_dark_whatever_its_pin_says() -> None:
    room = Room([Load("light", LoadKind.LIGHT, 40.0, wanted=True)])
    room.mains = False
    assert not room.is_on(room.loads["light"])
