"""The cabinet on its wire, read and written through the station's own maps: what one has, the other finds there."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ModbusException, ModbusIOException

from contract.ids import SlotNumber
from contract.records import SlotCause
from edge.core import effects, events
from edge.drivers.cabinet_modbus import Cabinet, CabinetEvent
from edge.drivers.cabinet_modbus_line import SerialPlace, TcpPlace
from firmware_sim.batteries import Battery
from firmware_sim.cabinet_slot import Point
from firmware_sim.config_cabinet import BatteryConfig, CabinetConfig
from firmware_sim.devices.cabinet_makes import MakeName
from firmware_sim.faults import FaultArgs, FaultError, FaultName
from firmware_sim.people import PersonId
from tests.firmware_sim.support import RunningStation, make_config, wait_until

MAPS = Path(__file__).parents[2] / "config" / "cabinets"
RIDER = PersonId("rider-1")
SLOTS = 5
AWAKE = {1, 2, 3, 5}
"""Of the others the station says only after a while that nobody answers there."""
BATTERIES = (
    BatteryConfig("YZB60A000001", slot=1, soc_percent=100, cycles=7),
    BatteryConfig("YZB60A000002", slot=2, soc_percent=40, soh_percent=88),
    BatteryConfig("YZB48A000003", slot=3, model="YZ48-20", soc_percent=60),
    BatteryConfig("YZB60A000004", slot=4, asleep=True),
    BatteryConfig("YZB60A000101", person=RIDER, soc_percent=20),
)


@dataclass
class Controller:
    """The station's driver, turned by hand; keeps the newest of everything it tells."""

    driver: Cabinet
    slots: dict[int, events.SlotRead] = field(default_factory=dict)
    lost: dict[int, events.SlotLost] = field(default_factory=dict)
    points: dict[str, bool | None] = field(default_factory=dict)
    told: list[CabinetEvent] = field(default_factory=list)

    def turn(self) -> None:
        self.driver.renew()
        for event in self.driver.poll(time.monotonic_ns() // 1_000_000):
            self.told.append(event)
            match event:
                case events.SlotRead():
                    self.slots[event.slot] = event
                    self.lost.pop(event.slot, None)
                case events.SlotLost():
                    self.lost[event.slot] = event
                case events.CabinetPointRead():
                    self.points[event.point] = event.active
                case _:
                    pass

    def until(self, seen: Callable[[], bool], what: str, limit_s: float = 8.0) -> None:
        def look() -> bool:
            self.turn()
            return seen()

        wait_until(look, what, limit_s)

    def unlock(self, slot: int, pulse: int = 1) -> None:
        self.driver.take(effects.UnlockSlot(SlotNumber(slot), pulse, SlotCause.SWAP_IN))

    def charge(self, slot: int, limit_ma: int) -> None:
        self.driver.take(effects.SetCharger(SlotNumber(slot), limit_ma))


def with_cabinet(directory: Path, make: MakeName, *, tcp: bool = False, baud: int = 115200) -> RunningStation:
    cabinet = CabinetConfig(
        make=make,
        slots=SLOTS,
        device=None if tcp else directory / "cabinet",
        port=0 if tcp else None,
        baud=baud,
        batteries=BATTERIES,
    )
    return RunningStation(replace(make_config(directory), cabinet=cabinet))


def controller_of(running: RunningStation) -> Controller:
    config = running.config.cabinet
    assert config is not None
    room = running.station.swap_cabinet()
    place = (
        SerialPlace(config.device, config.baud)
        if config.device is not None
        else TcpPlace("127.0.0.1", room.bus.port or 0)
    )
    slots = tuple(SlotNumber(number) for number in range(1, SLOTS + 1))
    return Controller(Cabinet(MAPS / f"{config.make}.toml", slots, place))


Wired = tuple[RunningStation, Controller]


@pytest.fixture(params=[(MakeName.INTEGRATED_12, False), (MakeName.LOCK_BOARD_24, True)])
def wired(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wired]:
    make, tcp = request.param
    with with_cabinet(tmp_path, make, tcp=tcp) as running:
        controller = controller_of(running)
        controller.until(lambda: controller.slots.keys() >= AWAKE, "all slots read")
        yield running, controller
        controller.driver.close()


def test_what_lies_in_the_slots_is_what_the_station_reads(wired: Wired) -> None:
    running, controller = wired
    cabinet = running.station.swap_cabinet().cabinet

    def as_it_is(number: int) -> bool:
        read, slot = controller.slots[number], cabinet.slots[number]
        if (read.door_open, read.present) != (slot.door_open, slot.thing is not None):
            return False
        told = slot.battery.told() if slot.battery is not None else None
        if told is None:
            return read.battery is None
        said = read.battery
        return said is not None and (
            said.serial, said.model, said.soc_percent, said.soh_percent, said.cycles, said.faults,
        ) == (
            told.serial, told.model, told.soc_percent, told.soh_percent, told.cycles, told.faults,
        ) and abs((said.voltage_mv or 0) - told.voltage_mv) <= 100 and said.temperature_decicelsius in range(
            told.temperature_decicelsius - 10, told.temperature_decicelsius + 11
        )  # fmt: skip

    controller.until(lambda: all(as_it_is(number) for number in AWAKE), "as it is")
    assert not any(controller.points.values())


def test_a_pulse_opens_its_slot_and_a_battery_that_comes_is_named(wired: Wired) -> None:
    running, controller = wired
    controller.unlock(5, pulse=17)
    controller.until(lambda: controller.slots[5].door_open is True, "open")
    assert events.SlotPulsed(SlotNumber(5), 17, events.PulseResult.SENT) in controller.told
    assert [(line["slot"], line["count"]) for line in running.facts("slot_pulse")] == [(5, 1)]
    cabinet = running.station.swap_cabinet().cabinet
    running.do(lambda: cabinet.put_in(5, RIDER, running.station.catch_up()))
    running.do(lambda: cabinet.close_door(5, running.station.catch_up()))
    controller.until(lambda: controller.slots[5].door_open is False, "shut")
    controller.until(
        lambda: (read := controller.slots[5].battery) is not None and read.serial == "YZB60A000101", "named"
    )
    (begun, moved) = running.facts("battery_moved", serial="YZB60A000101")
    assert (begun["from"], begun["to"]) == ("", "person:rider-1")
    assert (moved["from"], moved["to"]) == ("person:rider-1", "slot:5")


def test_a_charger_charges_while_it_is_renewed_and_not_much_longer(wired: Wired) -> None:
    running, controller = wired
    cabinet = running.station.swap_cabinet().cabinet
    controller.driver.take(effects.SetContactor(True))
    controller.charge(2, 4_000)
    controller.until(lambda: cabinet.takes_ma(cabinet.slots[2]) == 4_000, "current")
    controller.until(lambda: controller.slots[2].charger_ma == 4_000, "told")
    (on,) = running.facts("charger", on=True)
    assert (on["slot"], on["serial"]) == (2, "YZB60A000002")
    assert running.facts("watchdog") == []
    cabinet.watchdog_ms = 700.0
    last_ms = time.monotonic() * 1000.0
    (off,) = running.wait_for("charger", on=False)
    assert float(str(off["mono_ms"])) - last_ms < 800
    assert len(running.facts("watchdog")) == 1


def test_contacts_of_the_whole_cabinet_are_on_the_wire(wired: Wired) -> None:
    running, controller = wired
    cabinet = running.station.swap_cabinet().cabinet

    def becomes(point: Point, active: bool) -> None:
        running.do(lambda: cabinet.set_point(point, active, running.station.catch_up()))
        controller.until(lambda: controller.points.get(point.value) is active, point)

    for point in Point:
        becomes(point, True)
        becomes(point, False)
    controller.until(lambda: not any(controller.points.values()), "all quiet")
    running.do(lambda: cabinet.set_slot_smoke(3, True, running.station.catch_up()))
    controller.until(lambda: controller.slots[3].smoke is True and controller.points["smoke"] is True, "slot smoke")


@pytest.mark.parametrize("wired", [(MakeName.LOCK_BOARD_24, True)], indirect=True)
def test_a_silent_bms_is_something_inside_without_a_name(wired: Wired) -> None:
    running, controller = wired
    running.fault(FaultName.BMS_SILENT, args=FaultArgs(slot=1))

    def is_nameless(slot: int) -> bool:
        read = controller.slots.get(slot)
        return read is not None and read.present is True and read.battery is None

    controller.until(lambda: is_nameless(1), "silent")
    # A pack at 0 V looks no different.
    controller.until(lambda: is_nameless(4), "asleep")
    running.fault(FaultName.BMS_SILENT, on=False, args=FaultArgs(slot=1))
    controller.until(lambda: controller.slots[1].battery is not None, "healed")


def test_impossible_data_and_data_of_another_slot_are_not_taken(wired: Wired) -> None:
    running, controller = wired
    running.fault(FaultName.BMS_IMPOSSIBLE, args=FaultArgs(slot=1))
    controller.until(lambda: 1 in controller.lost, "impossible")
    running.fault(FaultName.CABINET_CONFUSED, args=FaultArgs(slot=2))
    controller.until(lambda: 2 in controller.lost, "another slot's")


@pytest.mark.parametrize("tcp", [False, True])
def test_a_cut_line_carries_nothing_until_it_is_whole_again(tmp_path: Path, tcp: bool) -> None:
    with with_cabinet(tmp_path, MakeName.INTEGRATED_12, tcp=tcp) as running:
        port = running.station.swap_cabinet().bus.port or 0
        device = str(tmp_path / "cabinet")

        def answers() -> bool:
            client: Any = (
                ModbusTcpClient("127.0.0.1", port=port, timeout=0.3, retries=0)
                if tcp
                else ModbusSerialClient(port=device, baudrate=115200, timeout=0.3, retries=0)
            )
            try:
                return client.connect() and not client.read_input_registers(0, count=5, device_id=1).isError()
            except (ModbusException, OSError):
                return False
            finally:
                client.close()

        assert answers()
        running.fault(FaultName.CABINET_LINE_CUT)
        assert not answers()
        running.fault(FaultName.CABINET_LINE_CUT, on=False)
        assert answers()


def test_an_answer_takes_its_time_at_9600_and_writing_several_works(tmp_path: Path) -> None:
    with with_cabinet(tmp_path, MakeName.INTEGRATED_12, baud=9600) as running:
        config = running.config.cabinet
        assert config is not None
        client = ModbusSerialClient(port=str(config.device), baudrate=9600, timeout=1, retries=0)
        assert client.connect()
        begun = time.monotonic()
        assert not client.read_input_registers(0x0100, count=20, device_id=1).isError()
        # 8 bytes of request, 45 of answer, 3.5 characters of silence, 5 ms until the board answers.
        assert (8 + 45 + 3.5) * 10 / 9600 + 0.004 < time.monotonic() - begun < 0.2
        assert not client.write_registers(0x0240, [1, 2, 3], device_id=1).isError()
        assert not client.write_coils(0x0000, [True, False, True], device_id=1).isError()
        running.wait_for("slot_door", 2, open=True)
        assert [line["slot"] for line in running.facts("slot_pulse")] == [1, 3]
        assert [line["lamp"] for line in running.facts("slot_lamp")] == [1, 2, 3]
        assert client.write_register(0x0999, 1, device_id=1).exception_code == 2
        assert client.write_coil(0x0900, True, device_id=1).exception_code == 2
        client.close()  # type: ignore[no-untyped-call]


def test_on_tcp_the_gateway_says_which_unit_does_not_answer_and_nobody_answers_for_none(tmp_path: Path) -> None:
    with with_cabinet(tmp_path, MakeName.LOCK_BOARD_24, tcp=True) as running:
        port = running.station.swap_cabinet().bus.port
        client = ModbusTcpClient("127.0.0.1", port=port or 0, timeout=0.2, retries=0)
        assert client.connect()  # type: ignore[no-untyped-call]
        assert not client.read_input_registers(0, count=8, device_id=1).isError()
        # Slot 5 is empty: no BMS is plugged in.
        assert client.read_holding_registers(0, count=12, device_id=105).exception_code == 11
        with pytest.raises(ModbusIOException):
            client.read_holding_registers(0, count=12, device_id=99)
        client.close()  # type: ignore[no-untyped-call]


def test_a_fault_of_a_slot_needs_one_that_is_there(tmp_path: Path) -> None:
    with with_cabinet(tmp_path, MakeName.INTEGRATED_12) as running:
        for name, slot in ((FaultName.CABINET_LOCK_STUCK, None), (FaultName.CABINET_LOCK_STUCK, 6)):
            with pytest.raises(FaultError, match="1 to 5"):
                running.fault(name, args=FaultArgs(slot=slot))
        with pytest.raises(FaultError, match="no battery in slot 5"):
            running.fault(FaultName.BMS_SILENT, args=FaultArgs(slot=5))
    with RunningStation(make_config(tmp_path)) as running, pytest.raises(FaultError, match="cabinet"):
        running.fault(FaultName.CABINET_NOISE)


@pytest.mark.parametrize("name", [FaultName.CABINET_LATE, FaultName.CABINET_NOISE])
def test_answers_that_come_late_or_broken_between_right_ones_never_tell_of_another_slot(
    wired: Wired, name: FaultName
) -> None:
    running, controller = wired
    own = {read.slot: read.battery.serial for read in controller.slots.values() if read.battery is not None}
    running.fault(name)
    controller.told.clear()
    end = time.monotonic() + 0.4
    controller.until(lambda: time.monotonic() > end, "a while")
    running.fault(name, on=False)
    controller.until(lambda: controller.slots.keys() >= AWAKE and not controller.lost.keys() & AWAKE, "well again")
    read = [event for event in controller.told if isinstance(event, events.SlotRead)]
    assert {(each.slot, each.battery.serial) for each in read if each.battery is not None} <= set(own.items())


def test_a_power_cut_leaves_doors_as_they_are_and_batteries_can_be_moved(wired: Wired) -> None:
    running, controller = wired
    cabinet = running.station.swap_cabinet().cabinet
    controller.unlock(1)
    controller.until(lambda: controller.slots[1].door_open is True, "open")
    running.wait(running.station.set_power(False))
    running.do(lambda: cabinet.take_out(1, RIDER, running.station.catch_up()))
    assert isinstance(cabinet.carried.of(RIDER)[-1], Battery)
    running.wait(running.station.set_power(True))
    controller.until(
        lambda: controller.slots[1].present is False and controller.slots[1].door_open is True, "as it is", 12
    )
