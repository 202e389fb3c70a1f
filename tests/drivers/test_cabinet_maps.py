"""Register maps of cabinets: those that ship can be used, and a mistake in one is named by file and key."""

from pathlib import Path

import pytest

from contract.ids import SlotNumber
from edge.core.effects import SlotLamp
from edge.drivers.cabinet_modbus_fields import Field, FieldName, FieldType, Impossible
from edge.drivers.cabinet_modbus_load import load_map
from edge.drivers.cabinet_modbus_map import CabinetMap, MapError
from edge.drivers.cabinet_modbus_plan import STALE_MS, Plan, Wire, wire_floor_ms
from tests.drivers.cabinet_slave import numbers

MAPS = Path(__file__).parents[2] / "config" / "cabinets"
INTEGRATED, BOARD = "integrated_12", "lock_board_24"


def shipped(name: str) -> CabinetMap:
    return load_map(MAPS / f"{name}.toml")


def changed(name: str, old: str, new: str, tmp_path: Path) -> Path:
    text = (MAPS / f"{name}.toml").read_text()
    assert old in text, f"{old!r} is not in {name}"
    path = tmp_path / "map.toml"
    path.write_text(text.replace(old, new, 1))
    return path


def test_every_map_that_ships_can_be_used_and_can_charge() -> None:
    maps = {path.stem: load_map(path) for path in MAPS.glob("*.toml")}
    assert {INTEGRATED, BOARD} <= set(maps)
    assert all(map_.chargeable and map_.source for map_ in maps.values())


@pytest.mark.parametrize(
    ("name", "old", "new", "key"),
    [
        (INTEGRATED, "max_slots = 12\n", "", "'max_slots': is missing"),
        (INTEGRATED, "max_slots = 12", "max_slots = 121", "'max_slots': 121 is outside 1–120"),
        (INTEGRATED, "max_slots = 12", "max_slots = 12\nslots = 3", "'slots': unknown key"),
        (INTEGRATED, "address = 1", "address = 248", "'slaves[0]': address must be 1–247"),
        (INTEGRATED, "address = 1\n", "address = 1.5\n", "'slaves[0].address': must be int"),
        (BOARD, "address = 101", "address = 200", "'slaves[1].address': the last of 'bms' would be 319"),
        (BOARD, "address = 101", "address = 5", "'slaves[1].address': 5 is one of 'board' already"),
        (INTEGRATED, "stride = 0x0020", "stride = 0x0014", "'blocks[1].stride': 20: the slots' blocks"),
        (INTEGRATED, "at = 0x0800", "at = 0x0102", "'blocks[2].at': input 0x0102 is read by another block too"),
        (INTEGRATED, "at = 0x0800", "at = 0xFFF0", "'blocks[2].at': 65536 with what follows is outside"),
        (INTEGRATED, "spare = 3", "spare = 0", "'blocks[0]': spare 0 is below 1: a late answer"),
        (INTEGRATED, "times_a_cycle = 4", "times_a_cycle = 4\nevery = 2", "'blocks[0]': every: a block is read"),
        (INTEGRATED, "every = 12", "every = 12\nsafety = true", "'blocks[2]': every: a safety block is"),
        (INTEGRATED, 'at = 1, type = "bit", bit = 0, step = 1', 'at = 1, type = "bit", bit = 0', "fields[1].step'"),
        (INTEGRATED, 'at = 2, type = "bit", bit = 0', 'at = 1, type = "bit", bit = 3', "[2].at': present lies on"),
        (INTEGRATED, "at = 9 }", "at = 8 }", "'blocks[1].fields[10].at': faults lies on another field"),
        (INTEGRATED, '"faults", at = 9 }', '"faults", at = 30 }', "fields[10].at': faults lies outside of the block"),
        (INTEGRATED, '    { field = "faults", at = 9 },\n', "", "'blocks[1].fields': nothing is said of offset 9"),
        (INTEGRATED, '"faults", at = 9', '"soc_percent", at = 9', "only temperature_decicelsius may be named more"),
        (INTEGRATED, '"faults", at = 9', '"humidity", at = 9', "fields[10].field': 'humidity' is not one of"),
        (INTEGRATED, '"faults", at = 9', '"model", at = 9', "fields[10]': model cannot be read from type u16"),
        (INTEGRATED, '"faults", at = 9', '"faults", at = 9, type = "bit"', "fields[10]': faults cannot be read from"),
        (INTEGRATED, '"faults", at = 9', '"faults", at = 9, type = "i8"', "'i8' is not one of bit, u16"),
        (INTEGRATED, '"faults", at = 9', '"faults", at = 9, divide = 0', "fields[10]': multiply and divide"),
        (INTEGRATED, '"faults", at = 9', '"soh_percent", at = 9', "'blocks[2].fields': soh_percent is in block"),
        (INTEGRATED, '"bms_answers", at = 1, type = "bit", bit = 0', '"bms_answers", at = 1, type = "bit"', "[1].bit'"),
        (INTEGRATED, '{ field = "identity", at = 0 }', '{ field = "unused", at = 0 }', "do not say whose they are"),
        (INTEGRATED, "spare = 6\nsafety = true", "spare = 6", "'blocks[1].safety': bms_age_ms may only be in a safety"),
        (INTEGRATED, '"charger_limit_ma", at = 10', '"unused", at = 10', "'writes.charger': cannot be read back"),
        (BOARD, '"contactor_closed", at = 7, type = "bit", bit = 4', '"unused", at = 7', "lies on another field"),
        (INTEGRATED, "at = 0x0020\n", "at = 0x0003\n", "'writes.fan.at': coil 0x0003 is written as unlock too"),
        (INTEGRATED, "at = 0x0000\nstride = 1\nvalue", "at = 0x0000\nvalue", "'writes.unlock.stride': is missing"),
        (INTEGRATED, "drops_after_ms = 8000", "", "'writes.watchdog.drops_after_ms': is missing"),
        (INTEGRATED, "drops_after_ms = 8000", "drops_after_ms = 30000", "'writes.watchdog': drops_after_ms 30000"),
        (INTEGRATED, 'name = "controller"', 'name = "main"', "'blocks[0].slave': 'controller' is none of main"),
        (INTEGRATED, "unit_ma = 10", "unit_ma = 0", "'writes.charger': unit_ma must be 1–10000"),
        (INTEGRATED, "danger = 5", "", "'writes.lamp.danger': is missing"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_file_and_key(name: str, old: str, new: str, key: str, tmp_path: Path) -> None:
    path = changed(name, old, new, tmp_path)
    with pytest.raises(MapError) as caught:
        load_map(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: key ")
    assert key in said


@pytest.mark.parametrize("text", ["[blocks", "\x00", ""])
def test_what_is_no_map_at_all_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(MapError, match=r"map\.toml"):
        load_map(path)
    with pytest.raises(MapError, match="cannot be read"):
        load_map(tmp_path / "none.toml")


def test_a_make_that_cuts_nothing_off_by_itself_is_not_chargeable(tmp_path: Path) -> None:
    """A contactor that stays as it is would go on feeding whatever burns when the station is dead."""
    assert not load_map(changed(BOARD, "drops_after_ms = 8000", "", tmp_path)).chargeable
    text = (MAPS / f"{INTEGRATED}.toml").read_text()
    begins, ends = text.index("[writes.watchdog]"), text.index("[writes.fan]")
    (tmp_path / "map.toml").write_text(text[:begins] + text[ends:])
    assert not load_map(tmp_path / "map.toml").chargeable


# ------------------------------------------------ the plan


def test_safety_comes_first_in_every_cycle_and_slow_things_last_in_turn() -> None:
    plan = Plan(shipped(INTEGRATED), numbers(12), Wire(115_200))
    about: list[int] = []
    for number in range(12):
        cycle = plan.cycle(number)
        names = [ask.block.name for ask in cycle]
        assert names.count("overview") == 4
        assert names[0] == "overview"
        assert sorted(ask.slots[0] for ask in cycle if ask.block.name == "battery") == list(range(1, 13))
        slow = [index for index, ask in enumerate(cycle) if not ask.block.safety]
        assert slow == list(range(len(cycle) - len(slow), len(cycle)))
        about += [ask.slots[0] for ask in cycle if ask.block.name == "about"]
    assert sorted(about) == list(range(1, 13))


def test_slots_are_asked_of_the_board_and_the_battery_that_have_them() -> None:
    plan = Plan(shipped(BOARD), numbers(50), Wire(115_200))
    (doors,) = plan.of_slot(SlotNumber(30), FieldName.DOOR_OPEN)
    assert (doors.address, doors.board, doors.slots[0], len(doors.slots)) == (2, 1, 25, 24)
    battery, about = plan.of_slot(SlotNumber(30), FieldName.SERIAL)
    assert {battery.address, about.address} == {130}
    third = plan.of_slot(SlotNumber(50), FieldName.DOOR_OPEN)[0]
    assert third.slots == (49, 50)


def test_a_request_takes_its_bits_its_silences_and_the_stated_delay() -> None:
    # 8 + 5 characters and two for each register, 10 bits each; twice 3.5 characters; 5 ms.
    (battery,) = Plan(shipped(INTEGRATED), numbers(1), Wire(9_600)).of_slot(SlotNumber(1), FieldName.SERIAL)
    count = battery.block.count
    assert battery.wire_ms(Wire(9_600)) == pytest.approx((8 + 5 + 2 * count + 7) * 10 / 9.6 + 5)
    # Above 19200 baud the silence is fixed.
    assert battery.wire_ms(Wire(115_200)) == pytest.approx((8 + 5 + 2 * count) * 10 / 115.2 + 3.5 + 5)


@pytest.mark.parametrize(
    ("name", "slots", "baud", "fits"),
    [(INTEGRATED, 12, 9_600, True), (BOARD, 24, 9_600, True), (BOARD, 48, 9_600, False), (BOARD, 120, 115_200, True)],
)
def test_a_cycle_longer_than_half_of_what_data_may_be_old_is_refused(
    name: str, slots: int, baud: int, fits: bool
) -> None:
    plan = Plan(shipped(name), numbers(slots), Wire(baud))
    assert (plan.cycle_ms <= STALE_MS / 2) is fits
    if fits:
        plan.check("map.toml")
        return
    with pytest.raises(MapError, match=r"^map\.toml: key 'blocks': reading 48 slots at 9600 baud takes \d+ ms"):
        plan.check("map.toml")


def test_more_slots_than_the_make_has_are_refused() -> None:
    with pytest.raises(MapError, match="'max_slots': this make has slots 1–12"):
        Plan(shipped(INTEGRATED), numbers(13), Wire(115_200)).check("map.toml")


@pytest.mark.parametrize("name", [INTEGRATED, BOARD])
def test_no_wire_is_faster_than_reading_the_battery_and_writing_the_pulse(name: str) -> None:
    map_ = shipped(name)
    slow, fast = wire_floor_ms(map_, 9_600), wire_floor_ms(map_, 115_200)
    assert 100 < slow < 200
    assert 20 < fast < 50
    assert wire_floor_ms(map_, None) < fast


# ------------------------------------------------ one field


def test_numbers_have_their_sign_their_scale_and_their_word_for_unknown() -> None:
    field = Field(FieldName.CURRENT, 0, FieldType.I16, multiply=10, missing=0x8000)
    assert field.read([500], 0) == 5_000
    assert field.read([0xFFFF], 0) == -10
    assert field.read([0x8000], 0) is None
    wide = Field(FieldName.FAULTS, 0, FieldType.U32)
    assert wide.read([1, 2], 0) == 0x1_0002
    halves = Field(FieldName.CURRENT, 0, FieldType.I16, divide=4)
    assert [halves.read([raw & 0xFFFF], 0) for raw in (7, -7)] == [1, -1]


@pytest.mark.parametrize(
    ("name", "raw"),
    [(FieldName.SOC, 101), (FieldName.TEMPERATURE, 2_001), (FieldName.VOLTAGE, 0xFFFF), (FieldName.SOH, 255)],
)
def test_what_cannot_be_is_impossible(name: FieldName, raw: int) -> None:
    field = Field(name, 0, multiply=10 if name is FieldName.VOLTAGE else 1)
    with pytest.raises(Impossible, match=name.value):
        field.read([raw], 0)


def test_a_name_of_zeros_or_ones_is_none_and_one_of_control_characters_is_impossible() -> None:
    field = Field(FieldName.SERIAL, 0, FieldType.STRING, count=2)
    assert field.read([0x4142, 0x4320], 0) == "ABC"
    assert field.read([0x4100, 0], 0) == "A"
    assert field.read([0, 0], 0) == ""
    assert field.read([0xFFFF, 0xFFFF], 0) == ""
    for words in ([0x0141, 0x4242], [0x41FF, 0x4242], [0x4100, 0x4242]):
        with pytest.raises(Impossible, match="serial is no text"):
            field.read(words, 0)


def test_a_boards_bits_and_registers_step_from_slot_to_slot() -> None:
    bit = Field(FieldName.DOOR_OPEN, 1, FieldType.BIT, bit=0, step=1)
    words = [0, 0x8001, 0x0001]
    assert [index for index in range(24) if bit.read(words, index)] == [0, 15, 16]
    turned = Field(FieldName.DOOR_OPEN, 1, FieldType.BIT, bit=0, step=1, active_low=True)
    assert [index for index in range(17) if not turned.read(words, index)] == [0, 15, 16]
    number = Field(FieldName.CHARGER_MA, 1, step=1, multiply=100)
    assert [number.read([9, 1, 2, 3], index) for index in range(3)] == [100, 200, 300]


def test_a_charger_is_never_told_more_than_was_allowed() -> None:
    charger = shipped(BOARD).writes.charger
    assert charger is not None
    assert [charger.raw(limit_ma) for limit_ma in (0, 99, 199, 5_000)] == [0, 0, 1, 50]


def test_every_lamp_has_a_number() -> None:
    lamp = shipped(INTEGRATED).writes.lamp
    assert lamp is not None
    assert sorted(lamp.raw(each) for each in SlotLamp) == [0, 1, 2, 3, 4, 5]
