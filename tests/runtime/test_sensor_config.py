"""Sensors and loads in the configuration: a mistake is named by section and key, and the core knows what there is."""

from pathlib import Path

import pytest

from edge.cli import main
from edge.core.events import Point
from edge.runtime.config import load
from edge.runtime.core_config import core_config
from tests.runtime.test_config import GOOD, refusal

MAPS = Path(__file__).parents[2] / "config" / "sensors"
SENSORS = """
[gpio.points]
beam_outer = 5
[[sensors]]
id = "ceiling"
driver = "radar_ld2410"
device = "/dev/ttyAMA2"
[[sensors]]
id = "climate"
driver = "environment_modbus"
device = "/dev/ttyUSB1"
address = 1
map = "{maps}/xy_md02.toml"
[[sensors]]
id = "meter"
driver = "meter_modbus"
device = "/dev/ttyUSB1"
address = 4
map = "{maps}/sdm120.toml"
[[loads]]
id = "light"
kind = "light"
pin = 12
power_w = 40
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(GOOD.replace("{root}", str(tmp_path)) + SENSORS.replace("{maps}", str(MAPS)))
    return path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_core_knows_what_a_station_has(path: Path) -> None:
    core = core_config(load(path).config)
    assert core.presence.radars == ("ceiling",)
    assert (core.environment.sensors, core.environment.meters) == (("climate",), ("meter",))
    assert core.supervision.points == {Point.BEAM_OUTER}
    assert [load.id for load in core.loads.loads] == ["light"]


def test_a_radar_is_fast_and_modbus_slow_if_nothing_is_said(path: Path) -> None:
    assert [sensor.line_baud for sensor in load(path).config.sensors] == [256_000, 9_600, 9_600]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "ceiling"', 'id = "über"', "section [sensors], key 'id': 'über' must be"),
        ('id = "climate"', 'id = "ceiling"', "section [sensors[1]], key 'id': 'ceiling' is used twice"),
        ('"radar_ld2410"', '"radar_ld2420"', "section [sensors[0]], key 'driver': 'radar_ld2420' is not one of"),
        ('"/dev/ttyAMA2"', '"/dev/ttyUSB1"', "section [sensors 'climate'], key 'device': /dev/ttyUSB1 is that of"),
        ("address = 1\n", "", "section [sensors 'climate'], key 'address': None is no Modbus address"),
        ("address = 1\n", "address = 248\n", "section [sensors 'climate'], key 'address': 248 is no Modbus address"),
        ("address = 4", "address = 1", "section [sensors 'meter'], key 'address': 1 is that of 'climate' too"),
        ("address = 4", "address = 4\nbaud = 2400", "section [sensors 'meter'], key 'baud': 'climate' on the same"),
        ("address = 4", "address = 4\nbaud = 9601", "section [sensors 'meter'], key 'baud': 9601 is no line speed"),
        ("address = 4", "address = 4\nparity = 1", "section [sensors[2]], key 'parity': unknown key"),
        ('"/dev/ttyAMA2"', '"/dev/ttyAMA2"\naddress = 1', "section [sensors 'ceiling'], key 'address': a radar"),
        (
            "pin = 12",
            "pin = 5",
            "section [loads 'light'], key 'pin': pin 5 is used twice, by gpio.points.beam_outer too",
        ),
        ("pin = 12", "pin = 17", "section [loads 'light'], key 'pin': pin 17 is used twice, by gpio.lock_pin too"),
        ("pin = 12", "pin = 28", "section [loads 'light'], key 'pin': 28 is no BCM pin"),
    ],
)
def test_a_mistake_is_named_by_section_and_key(path: Path, old: str, new: str, message: str) -> None:
    change(path, old, new)
    assert message in refusal(path)


def test_a_modbus_sensor_without_a_map_is_refused(path: Path) -> None:
    change(path, f'map = "{MAPS}/xy_md02.toml"\n', "")
    assert "section [sensors 'climate'], key 'map': is missing" in refusal(path)


def test_checking_a_configuration_reads_the_maps_too(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", str(path)]) == 0
    change(path, "sdm120.toml", "none.toml")
    assert main(["check-config", str(path)]) == 2
    assert "section [sensors 'meter'], key 'map': " in capsys.readouterr().err
    change(path, "none.toml", "di8.toml")
    assert main(["check-config", str(path)]) == 2
    assert "measures smoke, water: not for a meter_modbus" in capsys.readouterr().err
