"""The `[alarms]` section: what it means and what is refused."""

from dataclasses import astuple, fields
from pathlib import Path

import pytest

from contract.plain import PlainError, build
from edge.cli import main
from edge.core.alarm_state import AlarmConfig
from edge.core.events import Point
from edge.core.supervision_state import SupervisionConfig
from edge.runtime.alarm_config import BOUNDS, AlarmSection, alarm_config, supervision_config
from edge.runtime.config import load
from edge.runtime.core_config import core_config

POINTS = frozenset({Point.MAINS_LOST})
STATION = """
[station]
id = "s-1"
data_dir = "/tmp/s-1/data"
run_dir = "/tmp/s-1/run"
[gpio]
lock_pin = 17
contact_pin = 27
exit_pin = 22
fire_pin = 23
[door]
[[readers]]
id = "entry"
device = "/dev/null"
key_file = "/dev/null"
[uplink]
host = "127.0.0.1"
[alarms]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "edge.toml"


def test_a_section_that_says_nothing_means_the_cores_own_defaults() -> None:
    assert alarm_config(AlarmSection()) == AlarmConfig()
    assert supervision_config(AlarmSection(), POINTS) == SupervisionConfig(POINTS)


def test_every_key_reaches_the_stations_decisions(path: Path) -> None:
    said = {"flood_alarms": 8, "flood_s": 300, "flood_over_alarms": 4, "group_s": 7, "longest_shelf_s": 3_600}
    said |= {"shelf_grace_s": 120, "flapping_edges": 30, "flapping_s": 9}
    assert set(said) == {field.name for field in fields(AlarmSection)}
    path.write_text(STATION + "".join(f"{key} = {value}\n" for key, value in said.items()), encoding="utf-8")

    core = core_config(load(path).config)
    assert astuple(core.alarms) == (8, 300_000, 4, 7_000, 3_600_000, 120_000)
    assert (core.supervision.flapping_edges, core.supervision.flapping_ms) == (30, 9_000)


@pytest.mark.parametrize("key", BOUNDS)
@pytest.mark.parametrize("end", [0, 1])
def test_the_ends_of_a_range_are_allowed_and_what_is_beyond_is_refused_by_its_key(key: str, end: int) -> None:
    others = {"flood_alarms": BOUNDS["flood_alarms"][1], "flood_over_alarms": 1}
    alarm_config(build(AlarmSection, others | {key: BOUNDS[key][end]}, where="alarms", unknown_ok=False))

    beyond = BOUNDS[key][end] + (1 if end else -1)
    with pytest.raises(PlainError, match=f"{beyond} is outside") as refused:
        build(AlarmSection, others | {key: beyond}, where="alarms", unknown_ok=False)
    assert refused.value.where == f"alarms.{key}"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("flood_over_alarms = 11", "key 'flood_over_alarms': 11 is more than flood_alarms = 10"),
        ("flood_s = 5", "key 'flood_s': 5 is outside 60–3600"),
        ('group_s = "5 s"', "key 'group_s'"),
        ("flood_minutes = 10", "key 'flood_minutes': unknown key"),
    ],
)
def test_check_config_names_file_section_and_key(
    path: Path, capsys: pytest.CaptureFixture[str], line: str, complaint: str
) -> None:
    path.write_text(STATION + line + "\n", encoding="utf-8")
    assert main(["check-config", str(path)]) == 2
    said = capsys.readouterr().err
    assert f"{path}: section [alarms], {complaint}" in said
