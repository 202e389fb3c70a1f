"""Register maps: those that ship say what their makers say, and a mistake in one is named by file and key."""

import struct
from pathlib import Path

import pytest

from edge.drivers.register_map import Function, Implausible, MapError, Read, RegisterMap, Value, load_map

MAPS = Path(__file__).parents[2] / "config" / "sensors"
GOOD = """
name = "a transmitter"
source = "its paper"
[[reads]]
function = "input"
first = 1
count = 2
[[values]]
value = "temperature_decicelsius"
function = "input"
at = 1
type = "int16"
low = -400
high = 800
[[values]]
value = "humidity_percent"
function = "input"
at = 2
divide = 10
low = 0
high = 100
"""


def answers(mapped: RegisterMap, held: dict[int, int]) -> list[tuple[Read, list[int]]]:
    return [(read, [held.get(read.first + n, 0) for n in range(read.count)]) for read in mapped.reads]


def float_words(value: float) -> tuple[int, int]:
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return high, low


def test_every_map_that_ships_can_be_used_and_names_its_source() -> None:
    maps = {path.stem: load_map(path) for path in MAPS.glob("*.toml")}
    assert set(maps) == {"xy_md02", "cmd5b4", "di8", "sdm120"}
    assert all(mapped.source for mapped in maps.values())
    assert [name for name, mapped in maps.items() if mapped.is_meter] == ["sdm120"]


def test_the_makers_examples_of_temperature_and_humidity() -> None:
    # XY-MD02: 0x0131 is 30.5 °C, 0xFF33 is -20.5 °C, 0x0222 is 54.6 %.
    mapped = load_map(MAPS / "xy_md02.toml")
    warm = mapped.readings(answers(mapped, {1: 0x0131, 2: 0x0222}))
    assert warm == {Value.TEMPERATURE: 305, Value.HUMIDITY: 55}
    assert mapped.readings(answers(mapped, {1: 0xFF33, 2: 0}))[Value.TEMPERATURE] == -205


def test_a_meters_floats_are_watts_and_watt_hours() -> None:
    mapped = load_map(MAPS / "sdm120.toml")
    (p1, p0), (e1, e0) = float_words(1234.4), float_words(17.25)
    held = {0x0C: p1, 0x0D: p0, 0x48: e1, 0x49: e0}
    assert mapped.readings(answers(mapped, held)) == {Value.POWER: 1234, Value.ENERGY: 17_250}


@pytest.mark.parametrize("power", [float("nan"), float("inf"), -5.0, 1e9])
def test_what_cannot_be_is_implausible(power: float) -> None:
    mapped = load_map(MAPS / "sdm120.toml")
    high, low = float_words(power)
    with pytest.raises(Implausible, match="power_w"):
        mapped.readings(answers(mapped, {0x0C: high, 0x0D: low}))


def test_contacts_may_open_instead_of_close(tmp_path: Path) -> None:
    text = (MAPS / "di8.toml").read_text().replace('type = "bit"', 'type = "bit"\nactive_low = true')
    path = tmp_path / "di8.toml"
    path.write_text(text)
    mapped = load_map(path)
    assert mapped.readings(answers(mapped, {0: 1, 1: 0})) == {Value.SMOKE: False, Value.WATER: True}


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('name = "a transmitter"', "", "'name': is missing"),
        ("count = 2", "count = 2\nsize = 2", "'reads[0].size': unknown key"),
        ("count = 2", "count = 1", "'values[1].at': humidity_percent lies outside of every read"),
        ("count = 2", "count = 3", "'values': nothing is said of input 0x0003"),
        ("count = 2", "count = 126", "'reads[0]': count 126 is outside"),
        ("first = 1", "first = 65535", "'reads[0]': first 65535"),
        ("at = 2", "at = 1", "'values[1].at': humidity_percent lies on another"),
        ('type = "int16"', 'type = "int8"', "'values[0].type': 'int8' is not one of bit, int16"),
        ('type = "int16"', 'type = "bit"', "'values[0]': type bit does not fit function input"),
        ('type = "int16"', 'type = "float32"', "'values[1].at': humidity_percent lies on another"),
        ('"humidity_percent"', '"smoke"', "'values[1]': smoke cannot be read from type uint16"),
        ('"humidity_percent"', '"moisture"', "'values[1].value': 'moisture' is not one of"),
        ('"humidity_percent"', '"temperature_decicelsius"', "'values': nothing is measured, or one thing twice"),
        ('"humidity_percent"', '"power_w"', "'values': a meter measures power_w and energy_wh"),
        ("low = -400", "low = 800", "'values[0]': low 800 must be below high 800"),
        ("divide = 10", "divide = 0", "'values[1]': multiply and divide"),
        ("divide = 10", "divide = 10.5", "'values[1].divide': must be int"),
    ],
)
def test_a_mistake_is_named_by_file_and_key(old: str, new: str, key: str, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(MapError) as caught:
        load_map(path)
    assert str(caught.value).startswith(f"{path}: key ")
    assert key in str(caught.value)


def test_two_reads_in_a_row_must_not_expect_the_same_length(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    more = GOOD.replace("[[values]]", '[[reads]]\nfunction = "holding"\nfirst = 9\ncount = 2\n[[values]]', 1)
    path.write_text(more + '[[values]]\nvalue = "unused"\nfunction = "holding"\nat = 9\ncount = 2\n')
    with pytest.raises(MapError, match=r"'reads\[0\]\.count': its answer is as long as that of the read before it"):
        load_map(path)


def test_a_read_that_repeats_another_is_refused() -> None:
    read = Read(Function.INPUT, 1, 2)
    with pytest.raises(ValueError, match="asks for what another read asks for too"):
        RegisterMap("name", "source", (read, Read(Function.INPUT, 2, 3)), ())


@pytest.mark.parametrize("text", ["[reads", "\x00", ""])
def test_what_is_no_map_at_all_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(MapError, match=r"map\.toml"):
        load_map(path)
    with pytest.raises(MapError, match="cannot be read"):
        load_map(tmp_path / "none.toml")
