"""The cabinet's driver before real lines: what it tells, and how fast."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.core.events import (
    BatteryReading,
    CabinetChanged,
    CabinetPoint,
    CabinetPointRead,
    SlotLost,
    SlotRead,
)
from edge.drivers import cabinet_modbus_slots
from edge.drivers.cabinet_modbus import Cabinet, MapError, SerialPlace
from edge.drivers.cabinet_modbus_fields import FieldName
from tests.drivers.cabinet_rig import BOARD, INTEGRATED, MAPS, Rig, hurry
from tests.drivers.cabinet_slave import Reply, numbers

WIRES = [(INTEGRATED, 115_200), (BOARD, 115_200), (INTEGRATED, None), (BOARD, None)]


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture(params=[INTEGRATED, BOARD])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, request.param)
    yield rig
    rig.stop()


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Rig]:
    """Its clock runs eight times as fast as the wall's, so that data grows old soon."""
    rig = Rig(tmp_path, BOARD, speed=8.0)
    yield rig
    rig.stop()


@pytest.mark.parametrize(("make", "baud"), WIRES)
def test_what_is_in_a_cabinet_is_told_once(make: str, baud: int | None, tmp_path: Path) -> None:
    rig = Rig(tmp_path, make, baud=baud)
    rig.image.battery(2, "B02", soc_percent=55, voltage_mv=48_120, current_ma=-1_230, temperature_decicelsius=-55)
    rig.until(lambda: all(rig.reading(number) for number in range(1, 5)))
    rig.until(lambda: (reading := rig.reading(2)) is not None and reading.battery is not None)
    rig.cycles(2)
    reading = rig.reading(2)
    assert reading is not None
    assert reading.battery == BatteryReading("B02", "LFP-48-20", 55, 95, 48_120, -1_230, -55, 120, 0)  # type: ignore[arg-type]
    assert (reading.door_open, reading.present, reading.smoke, reading.charger_on) == (False, True, False, False)
    empty = rig.reading(4)
    assert empty is not None
    assert (empty.door_open, empty.present, empty.battery) == (False, False, None)
    assert rig.of(CabinetChanged) == [CabinetChanged(online=True)]
    assert sorted(event.point for event in rig.of(CabinetPointRead)) == sorted(CabinetPoint)
    assert not any(event.active for event in rig.of(CabinetPointRead))
    rig.told.clear()
    rig.cycles(3)
    assert rig.told == []
    rig.stop()


def test_a_slot_is_told_first_with_its_battery_and_one_with_a_silent_thing_later(tmp_path: Path) -> None:
    """What is in the cabinet after a restart is not to look like four unreadable things first."""
    rig = Rig(tmp_path, BOARD, speed=2.0)
    rig.image.silent.add(102)
    rig.until(lambda: rig.reading(2))
    assert all(event.battery for event in rig.of(SlotRead) if event.slot in (1, 3))
    reading = rig.reading(2)
    assert reading is not None
    assert (reading.present, reading.battery) == (True, None)
    assert rig.now_ms() - 1_000_000 >= cabinet_modbus_slots.WHOLE_MS
    rig.stop()


def test_a_reading_is_told_again_when_it_has_moved_by_its_step(rig: Rig) -> None:
    rig.settle()
    for name, value in (("temperature_decicelsius", 259), ("voltage_mv", 50_090), ("current_ma", 90)):
        rig.image.put(2, FieldName(name), value)
    rig.cycles(2)
    assert rig.told == []
    rig.image.put(2, FieldName.TEMPERATURE, 260)
    rig.until(lambda: rig.reading(2))
    assert [event.slot for event in rig.of(SlotRead)] == [2]
    reading = rig.reading(2)
    assert reading is not None
    assert reading.battery is not None
    assert (reading.battery.temperature_decicelsius, reading.battery.current_ma) == (260, 90)


@pytest.mark.parametrize("name", [FieldName.DOOR_OPEN, FieldName.SMOKE])
def test_a_contact_is_told_at_once(rig: Rig, name: FieldName) -> None:
    rig.settle()
    rig.image.put(3, name, True)
    rig.until(lambda: rig.reading(3), 2.0)
    assert [event.slot for event in rig.of(SlotRead)] == [3]


@pytest.mark.parametrize("point", list(CabinetPoint))
def test_the_cabinets_own_contacts_are_told(rig: Rig, point: CabinetPoint) -> None:
    rig.settle()
    rig.image.put(None, FieldName(f"cabinet_{point.value}"), True)
    rig.until(lambda: rig.told, 2.0)
    assert rig.told == [CabinetPointRead(point, True)]


def test_of_several_sensors_the_hottest_counts(rig: Rig) -> None:
    rig.settle()
    block = next(block for block in rig.map.blocks if FieldName.TEMPERATURE in block.names())
    hottest = [field for field in block.fields if field.field is FieldName.TEMPERATURE][-1]
    rig.image._put(block, hottest, 1, 431)
    rig.until(lambda: rig.reading(1))
    reading = rig.reading(1)
    assert reading is not None
    assert reading.battery is not None
    assert reading.battery.temperature_decicelsius == 431


def test_a_battery_that_comes_is_told_with_its_health_and_model_and_soon(rig: Rig) -> None:
    rig.settle()
    rig.image.put(4, FieldName.DOOR_OPEN, True)
    rig.until(lambda: (reading := rig.reading(4)) is not None and reading.door_open)
    rig.told.clear()
    before = len(rig.slave.requests)
    rig.image.battery(4, "NEW", soc_percent=17)
    rig.image.put(4, FieldName.DOOR_OPEN, False)
    rig.until(lambda: (reading := rig.reading(4)) is not None and reading.battery is not None)
    reading = rig.reading(4)
    assert reading is not None
    assert reading.battery is not None
    assert (reading.battery.serial, reading.battery.model, reading.battery.soh_percent) == ("NEW", "LFP-48-20", 95)
    assert all(event.battery is None or event.battery.model for event in rig.of(SlotRead))
    # Read at once after the door, not when the cycle comes to it.
    later = [request for _, request in rig.slave.requests[before:]]
    door = rig.cabinet.plan.of_slot(numbers(4)[-1], FieldName.DOOR_OPEN)[0]
    seen = next(n for n, request in enumerate(later) if request[:4] == bytes([door.address, 4, 0, door.first]))
    assert _asks_battery(rig, later[seen + 1], 4)


def test_a_battery_never_inherits_what_the_one_before_it_said(rig: Rig) -> None:
    rig.settle()
    rig.image.empty(2)
    rig.until(lambda: (reading := rig.reading(2)) is not None and reading.present is False)
    # A brick: something is there, and says nothing.
    rig.image.put(2, FieldName.PRESENT, True)
    rig.cycles(3)
    reading = rig.reading(2)
    assert reading is not None
    assert (reading.present, reading.battery) == (True, None)


def test_an_empty_slots_battery_is_not_asked_for(tmp_path: Path) -> None:
    rig = Rig(tmp_path, BOARD)
    rig.settle()
    rig.image.put(4, FieldName.DOOR_OPEN, True)
    rig.cycles(1)
    rig.image.put(4, FieldName.DOOR_OPEN, False)
    rig.cycles(2)
    assert not [request for _, request in rig.slave.requests if request[0] == 104]
    rig.stop()


def test_a_bms_that_falls_silent_leaves_a_slot_without_battery_and_the_others_alone(fast: Rig) -> None:
    fast.settle()
    fast.image.silent.add(102)
    fast.until(lambda: fast.reading(2))
    reading = fast.reading(2)
    assert reading is not None
    assert (reading.door_open, reading.present, reading.battery) == (False, True, None)
    fast.image.silent.discard(102)
    fast.until(lambda: (reading := fast.reading(2)) is not None and reading.battery is not None)
    assert {event.slot for event in fast.of(SlotRead)} == {2}
    assert fast.of(SlotLost) == []


def test_a_controllers_old_copy_is_no_data(tmp_path: Path) -> None:
    rig = Rig(tmp_path, INTEGRATED)
    rig.settle()
    rig.image.put(1, FieldName.BMS_AGE_MS, 3_500)
    rig.cycles(2)
    assert rig.told == []
    rig.image.put(1, FieldName.BMS_AGE_MS, 4_700)
    rig.until(lambda: rig.reading(1))
    reading = rig.reading(1)
    assert reading is not None
    assert (reading.present, reading.battery) == (True, None)
    rig.stop()


def test_a_cabinet_that_does_not_answer_is_offline_once_and_everything_is_told_again_when_it_does(fast: Rig) -> None:
    fast.settle()
    fast.slave.powered = False
    fast.until(lambda: fast.of(CabinetChanged))
    fast.until(lambda: fast.now_ms() > 1_000_000 + 12_000, 15.0)
    assert [event.online for event in fast.of(CabinetChanged)] == [False]
    assert not fast.of(SlotLost) + fast.of(SlotRead)
    fast.told.clear()
    fast.slave.powered = True
    fast.until(lambda: all(fast.reading(number) for number in range(1, 5)))
    assert fast.told[0] == CabinetChanged(online=True)


def test_one_that_has_never_answered_is_offline_after_its_time(tmp_path: Path) -> None:
    cabinet = Cabinet(MAPS / f"{INTEGRATED}.toml", numbers(4), SerialPlace(tmp_path / "none", 9_600))
    told = [event for ms in range(0, 6_000, 500) for event in cabinet.poll(ms)]
    assert [(type(event), getattr(event, "online", None)) for event in told] == [(CabinetChanged, False)]
    cabinet.close()


def test_a_map_that_cannot_be_read_in_time_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(MapError, match=r"lock_board_24\.toml: key 'blocks': reading 60 slots at 9600 baud"):
        Cabinet(MAPS / f"{BOARD}.toml", numbers(60), SerialPlace(tmp_path / "none", 9_600))


# ------------------------------------------------ another slot's data


def test_an_answer_that_names_another_slot_is_dropped_and_told(tmp_path: Path) -> None:
    rig = Rig(tmp_path, INTEGRATED)
    rig.settle()
    rig.image.put(2, FieldName.IDENTITY, 3, next(block for block in rig.map.blocks if block.name == "battery"))
    rig.image.battery(2, "B03", soc_percent=33)
    rig.until(lambda: rig.lost(2))
    assert [(event.slot, event.impossible) for event in rig.of(SlotLost)] == [(2, True)]
    assert "3 answered for 2" in rig.of(SlotLost)[0].detail
    assert rig.of(SlotRead) == []
    rig.stop()


def test_a_serial_that_answers_in_a_second_slot_is_not_believed_there(tmp_path: Path) -> None:
    rig = Rig(tmp_path, BOARD, speed=20.0)
    rig.settle()
    rig.until(lambda: rig.now_ms() > 1_000_000 + 25_000)
    rig.image.battery(2, "B03")
    rig.until(lambda: rig.lost(2))
    rig.cycles(3)
    assert [(event.slot, event.impossible) for event in rig.of(SlotLost)] == [(2, True)]
    assert rig.of(SlotRead) == []
    rig.image.battery(2, "B02")
    rig.until(lambda: rig.reading(2))
    rig.stop()


def test_of_two_slots_with_one_serial_from_the_beginning_neither_is_believed(tmp_path: Path) -> None:
    rig = Rig(tmp_path, BOARD)
    rig.image.battery(2, "B03")
    rig.until(lambda: rig.lost(2) and rig.lost(3))
    assert not any(event.battery for event in rig.of(SlotRead) if event.slot in (2, 3))
    rig.stop()


def test_what_cannot_be_is_asked_for_again_at_once_and_then_lost_as_impossible(rig: Rig) -> None:
    rig.settle()
    before = len(rig.slave.requests)
    rig.image.put(2, FieldName.TEMPERATURE, 3_000)
    rig.until(lambda: rig.lost(2))
    lost = rig.lost(2)
    assert lost is not None
    assert lost.impossible
    assert "temperature_decicelsius is 3000" in lost.detail
    first, second = [request for _, request in rig.slave.requests[before:]][-2:]
    assert _asks_battery(rig, first, 2)
    assert _asks_battery(rig, second, 2)
    rig.image.put(2, FieldName.TEMPERATURE, 300)
    rig.until(lambda: rig.reading(2))
    assert rig.of(SlotLost) == [lost]


def _asks_battery(rig: Rig, request: bytes, number: int) -> bool:
    ask = rig.cabinet.plan.of_slot(numbers(number)[-1], FieldName.TEMPERATURE)[0]
    return request[0] == ask.address and int.from_bytes(request[2:4], "big") == ask.first


def test_what_the_slow_block_says_of_another_battery_is_not_taken(tmp_path: Path) -> None:
    rig = Rig(tmp_path, BOARD)
    rig.settle()
    about = next(block for block in rig.map.blocks if FieldName.MODEL in block.names())
    rig.image.put(2, FieldName.SERIAL, "OTHER", about)
    rig.image.put(2, FieldName.MODEL, "ANOTHER")
    before = len(rig.slave.requests)
    asked = (102, about.at)
    rig.until(
        lambda: any((sent[0], int.from_bytes(sent[2:4], "big")) == asked for _, sent in rig.slave.requests[before:])
    )
    rig.cycles(1)
    assert rig.told == []
    rig.stop()


def test_an_answer_that_is_lost_is_asked_for_again_within_the_cycle(rig: Rig) -> None:
    rig.settle()
    lost_in: list[int] = []

    def lose_one(request: bytes, reply: bytes) -> Reply:
        if lost_in or not _asks_battery(rig, request, 2):
            return [(0.0, reply)]
        lost_in.append(rig.cabinet.cycles)
        return []

    rig.slave.spoil = lose_one
    rig.until(lambda: lost_in)
    before = len(rig.slave.requests)
    rig.until(lambda: any(_asks_battery(rig, request, 2) for _, request in rig.slave.requests[before:]))
    assert rig.cabinet.cycles == lost_in[0]
    assert rig.told == []
