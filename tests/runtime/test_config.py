"""The configuration: each key has a bound, a refusal names file, section and key, and the last good one stands by."""

import json
import re
from pathlib import Path

import pytest

from edge.cli import main
from edge.core.events import Point
from edge.runtime.config import ConfigError, ReaderDriver, load
from edge.runtime.core_config import core_config
from edge.runtime.last_good import load_or_last_good
from edge.runtime.sensor_config import SensorDriver

GOOD = """
[station]
id = "station-1"
data_dir = "{root}/data"
run_dir = "{root}/run"
[gpio]
lock_pin = 17
contact_pin = 27
exit_pin = 22
fire_pin = 23
[door]
release_ms = 5000
[[readers]]
id = "entry"
device = "/dev/ttyUSB0"
key_file = "/etc/reader.key"
[uplink]
host = "cloud.test"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(GOOD.replace("{root}", str(tmp_path)))
    return path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


def test_a_good_file_is_taken(path: Path) -> None:
    loaded = load(path)
    assert (loaded.config.station_id, loaded.config.readers[0].baud, len(loaded.digest)) == ("station-1", 115_200, 16)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("station", "id", '"Not An Id"'),
        ("station", "timezone", '"Asia/Nowhere"'),
        ("station", "timezone", '"Asia"'),
        ("gpio", "lock_pin", "28"),
        ("gpio", "contact_pin", "-1"),
        ("gpio", "port", "0"),
        ("gpio", "port", "65536"),
        ("gpio", "pin_factory", '"guess"'),
        ("gpio", "lock_active_high", '"yes"'),
        ("door", "release_ms", "499"),
        ("door", "release_ms", "60001"),
        ("door", "release_ms", "true"),
        ("door", "extended_release_ms", "120001"),
        ("door", "debounce_ms", "9"),
        ("door", "debounce_ms", "51"),
        ("door", "held_ms", "3600001"),
        ("door", "held_pre_alarm_ms", "30000"),
        ("door", "relock_on", '"never"'),
        ("uplink", "port", "0"),
        ("uplink", "window_batches", "65"),
        ("uplink", "batch_records", "1001"),
        ("uplink", "ack_timeout_ms", "499"),
        ("uplink", "longest_retry_ms", "600001"),
        ("journal", "budget_mib", "15"),
        ("journal", "reserve_mib", "257"),
        ("door", "released_ms", "5000"),
    ],
)
def test_a_value_beyond_its_bound_is_refused_by_file_section_and_key(
    path: Path, section: str, key: str, value: str
) -> None:
    lines = [line for line in path.read_text().splitlines() if not line.startswith(f"{key} =")]
    if f"[{section}]" not in lines:
        lines.append(f"[{section}]")
    lines.insert(lines.index(f"[{section}]") + 1, f"{key} = {value}")
    path.write_text("\n".join(lines))
    said = refusal(path)
    assert said.startswith(f"{path}: section [{section}], key {key!r}: ")


@pytest.mark.parametrize(("key", "value"), [("address", "127"), ("baud", "12345"), ("driver", '"guess"')])
def test_a_readers_value_is_refused_by_the_readers_name(path: Path, key: str, value: str) -> None:
    change(path, 'id = "entry"\n', f'id = "entry"\n{key} = {value}\n')
    said = refusal(path)
    assert "readers" in said
    assert f"key {key!r}" in said


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "a.b"])
def test_a_readers_id_is_a_short_word(path: Path, name: str) -> None:
    change(path, '"entry"', f'"{name}"')
    assert "key 'id'" in refusal(path)


def test_one_reader_id_is_not_used_twice(path: Path) -> None:
    text = path.read_text()
    reader = text[text.index("[[readers]]") : text.index("[uplink]")]
    path.write_text(text.replace(reader, reader * 2))
    assert "'entry' is used twice" in refusal(path)


def test_an_unknown_section_a_missing_key_and_no_toml_are_named(path: Path) -> None:
    change(path, "[door]", "[doors]")
    assert "'doors'" in refusal(path)
    change(path, "[doors]\nrelease_ms = 5000\n", "")
    change(path, "lock_pin = 17\n", "")
    assert "section [gpio], key 'lock_pin': is missing" in refusal(path)
    path.write_text("[gpio\n")
    assert "is not TOML" in refusal(path)
    path.write_bytes(b"\xff\xfe")
    assert "is not TOML" in refusal(path)
    path.unlink()
    assert "cannot be read" in refusal(path)


def test_a_fail_secure_lock_needs_mechanical_egress(path: Path) -> None:
    change(path, "[door]\n", '[door]\nlock_kind = "fail_secure"\n')
    assert "key 'mechanical_egress'" in refusal(path)
    change(path, "[door]\n", "[door]\nmechanical_egress = true\n")
    load(path)


def test_a_run_dir_too_long_for_a_socket_is_refused(path: Path, tmp_path: Path) -> None:
    change(path, f'run_dir = "{tmp_path}/run"', f'run_dir = "/{"x" * 97}"')
    assert "key 'run_dir'" in refusal(path)
    change(path, "x" * 97, "x" * 93)
    load(path)


# ---------------------------------------------------------------- the last good one


def test_the_last_good_configuration_runs_when_the_new_one_is_wrong(path: Path) -> None:
    first, refused = load_or_last_good(path)
    assert refused is None
    change(path, "release_ms = 5000", "release_ms = 5")
    second, refused = load_or_last_good(path)
    assert second.config == first.config
    assert refused is not None
    assert "release_ms" in refused


def test_children_are_started_with_what_the_controller_runs(path: Path) -> None:
    loaded, _ = load_or_last_good(path)
    change(path, "release_ms = 5000", "release_ms = 6000")
    assert load(loaded.path).config.door.release_ms == 5_000


def test_a_new_good_configuration_becomes_the_last_good_one(path: Path) -> None:
    load_or_last_good(path)
    change(path, "release_ms = 5000", "release_ms = 6000")
    assert load_or_last_good(path)[0].config.door.release_ms == 6_000
    change(path, "release_ms = 6000", "release_ms = 6")
    assert load_or_last_good(path)[0].config.door.release_ms == 6_000


def test_two_wrong_configurations_are_both_named(path: Path) -> None:
    load_or_last_good(path)
    last_good = path.with_name("edge.toml.last-good")
    change(path, "release_ms = 5000", "release_ms = 5")
    last_good.write_text("[")
    with pytest.raises(ConfigError) as caught:
        load_or_last_good(path)
    assert "release_ms" in str(caught.value)
    assert f"{last_good}: is not TOML" in str(caught.value)


def test_without_a_last_good_one_a_wrong_configuration_is_the_end(path: Path) -> None:
    change(path, "release_ms = 5000", "release_ms = 5")
    with pytest.raises(ConfigError):
        load_or_last_good(path)


def test_a_last_good_one_that_cannot_be_kept_hinders_nobody(path: Path) -> None:
    path.with_name("edge.toml.last-good").mkdir()
    loaded, refused = load_or_last_good(path)
    assert (loaded.path, refused) == (path, None)


# ---------------------------------------------------------------- the command


def test_check_config_says_what_it_found(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", str(path)]) == 0
    assert "station station-1" in capsys.readouterr().out
    change(path, "release_ms = 5000", "release_ms = 5")
    assert main(["check-config", str(path)]) == 2
    said = capsys.readouterr().err
    assert f"{path}: section [door], key 'release_ms'" in said


def test_asking_a_station_that_does_not_run_is_a_failure_not_a_mistake(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--config", str(path)]) == 1
    assert "no station answers at" in capsys.readouterr().err


def test_the_example_is_a_station_that_could_run_and_its_comments_show_the_defaults() -> None:
    example = Path(__file__).resolve().parents[2] / "config" / "edge.example.toml"
    text = example.read_text(encoding="utf-8")
    said = dict(re.findall(r'^# (\w+) = ("?[\w./]+"?)', text.partition("# [[readers]]")[0], flags=re.MULTILINE))
    config = load(example).config
    for name, value in said.items():
        if name in frozenset(Point):
            continue
        sections = (config.station, config.gpio, config.door, *config.readers)
        section = next(section for section in sections if hasattr(section, name))
        assert json.dumps(getattr(section, name)) == value, name


def test_everything_in_the_example_can_be_used_at_once(tmp_path: Path) -> None:
    example = Path(__file__).resolve().parents[2] / "config" / "edge.example.toml"
    whole = tmp_path / "edge.toml"
    whole.write_text(re.sub(r"(?m)^# (?=\[|\w+ = )", "", example.read_text(encoding="utf-8")))
    config = load(whole).config
    assert core_config(config).loads.loads
    assert set(config.gpio.wired_points) == set(Point)
    assert {sensor.driver for sensor in config.sensors} == set(SensorDriver)
    assert {reader.driver for reader in config.readers} == set(ReaderDriver)
    assert config.console.is_on


def test_a_point_that_is_not_known_is_named_with_those_that_are(path: Path) -> None:
    change(path, "[door]", "[gpio.points]\nbeam = 5\n[door]")
    assert "section [gpio.points], key 'beam': unknown key; known are beam_outer, beam_inner" in refusal(path)


def test_a_pin_has_one_use(path: Path) -> None:
    change(path, "[door]", "[gpio.points]\nbeam_outer = 5\nbeam_inner = 5\n[door]")
    assert "section [gpio.points], key 'beam_inner': pin 5 is used twice, by gpio.points.beam_outer too" in refusal(
        path
    )
