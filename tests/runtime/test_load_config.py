"""[[loads]], [comfort] and [environment]: what is read, and what is refused by file, section and key."""

from pathlib import Path

import pytest

from contract.ids import LoadId
from edge.core.environment_state import EnvironmentConfig
from edge.core.load_state import NIGHT, Band, LoadKind, LoadsConfig
from edge.runtime.config import ConfigError, load
from edge.runtime.core_config import core_config
from edge.runtime.load_config import STEADY_S, ComfortSection
from tests.runtime.test_config import GOOD, change, refusal

LOADS = """
[[loads]]
id = "ceiling"
kind = "light"
pin = 12
power_w = 40
priority = 9
[[loads]]
id = "cooler"
kind = "cooling"
pin = 13
power_w = 1200
active_high = false
[[loads]]
id = "sign"
kind = "sign"
pin = 16
power_w = 60
min_on_s = 10
min_off_s = 5
[loads.hours]
mon = ["17:00-23:00"]
[comfort]
budget_w = 3500
sockets_off = "23:00-05:30"
light_off_delay_s = 60
unsure_s = 300
blind_s = 7200
heat_to_celsius = 21
cool_to_celsius = 27
empty_heat_to_celsius = 10
empty_cool_to_celsius = 35
frost_celsius = 4
[environment]
too_hot_celsius = 40
too_cold_celsius = -5
silent_s = 60
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(GOOD.replace("{root}", str(tmp_path)) + LOADS)
    return path


def test_the_sections_make_the_cores_own(path: Path) -> None:
    config = core_config(load(path).config)
    light, cooler, sign = config.loads.loads
    assert (light.id, light.kind, light.power_w, light.priority) == (LoadId("ceiling"), LoadKind.LIGHT, 40, 9)
    assert (light.min_on_ms, light.min_off_ms, light.schedule) == (0, 0, None)
    assert cooler.min_on_ms == cooler.min_off_ms == STEADY_S[LoadKind.COOLING] * 1_000
    assert (sign.min_on_ms, sign.min_off_ms) == (10_000, 5_000)
    assert sign.schedule is not None
    assert [len(day) for day in sign.schedule.weekly] == [1, 0, 0, 0, 0, 0, 0]
    loads = config.loads
    assert (loads.budget_w, loads.occupied, loads.empty) == (3_500, Band(210, 270), Band(100, 350))
    assert (loads.light_off_delay_ms, loads.empty_after_ms, loads.blind_empty_after_ms) == (60_000, 300_000, 7_200_000)
    assert (loads.frost_decicelsius, loads.night.weekly[6][0].end_minute) == (40, 5 * 60 + 30)
    limits = config.environment
    assert (limits.too_hot_decicelsius, limits.too_cold_decicelsius, limits.silent_ms) == (400, -50, 60_000)


def test_what_is_not_said_is_as_in_the_core(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(GOOD.replace("{root}", str(tmp_path)))
    config = core_config(load(path).config)
    assert (config.loads, config.environment) == (LoadsConfig(), EnvironmentConfig())
    assert ComfortSection().night() == NIGHT


@pytest.mark.parametrize(
    ("old", "new", "section", "key", "says"),
    [
        ('id = "ceiling"', 'id = "a b"', "loads", "id", "1–64 letters"),
        ('id = "ceiling"', 'id = "sign"', "loads[0]", "id", "used twice"),
        ('kind = "light"', 'kind = "lamp"', "loads[0]", "kind", "'lamp' is not one of light"),
        ("pin = 12", "pin = 28", "loads 'ceiling'", "pin", "no BCM pin"),
        ("pin = 12", "pin = 17", "loads 'ceiling'", "pin", "used twice, by gpio.lock_pin"),
        ("pin = 12", "pin = 13", "loads 'cooler'", "pin", "used twice"),
        ("power_w = 40", "power_w = 0", "loads 'ceiling'", "power_w", "0 is outside 1–50000"),
        ("priority = 9", "priority = 10", "loads 'ceiling'", "priority", "outside 0–9"),
        ("min_on_s = 10", "min_on_s = -1", "loads 'sign'", "min_on_s", "outside 0–3600"),
        ("min_off_s = 5", "min_off_s = 3601", "loads 'sign'", "min_off_s", "outside 0–3600"),
        ('kind = "sign"', 'kind = "sockets"', "loads 'sign'", "hours", "only a sign has hours"),
        ('"17:00-23:00"', '"17-23"', "loads[2]", "hours", "HH:MM-HH:MM"),
        ("budget_w = 3500", "budget_w = 0", "comfort", "budget_w", "outside 1–800000"),
        ("budget_w = 3500", "budget_w = 39", "comfort", "budget_w", "less than the 40 of the lights"),
        ('"23:00-05:30"', '"night"', "comfort", "sockets_off", "HH:MM-HH:MM"),
        ("light_off_delay_s = 60", "light_off_delay_s = 3601", "comfort", "light_off_delay_s", "outside 0–3600"),
        ("unsure_s = 300", "unsure_s = 9", "comfort", "unsure_s", "outside 10–86400"),
        ("blind_s = 7200", "blind_s = 9", "comfort", "blind_s", "outside 10–86400"),
        ("frost_celsius = 4", "frost_celsius = 1", "comfort", "frost_celsius", "outside 2–15"),
        ("heat_to_celsius = 21", "heat_to_celsius = 41", "comfort", "heat_to_celsius", "outside 2–40"),
        ("heat_to_celsius = 21", "heat_to_celsius = 26", "comfort", "cool_to_celsius", "work against each other"),
        ("empty_cool_to_celsius = 35", "empty_cool_to_celsius = 11", "comfort", "empty_cool_to_celsius", "at least 2"),
        ("too_hot_celsius = 40", "too_hot_celsius = 71", "environment", "too_hot_celsius", "outside 20–70"),
        ("too_cold_celsius = -5", "too_cold_celsius = 16", "environment", "too_cold_celsius", "outside -40–15"),
        ("silent_s = 60", "silent_s = 1", "environment", "silent_s", "outside 2–3600"),
        ("silent_s = 60", "quiet_s = 1", "environment", "quiet_s", "unknown key"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_section_and_key(
    path: Path, old: str, new: str, section: str, key: str, says: str
) -> None:
    change(path, old, new)
    said = refusal(path)
    assert str(path) in said
    assert section in said
    assert key in said
    assert says in said


def test_more_loads_than_are_kept_are_refused(path: Path) -> None:
    more = "".join(f'[[loads]]\nid = "more-{n}"\nkind = "sockets"\npin = 20\npower_w = 1\n' for n in range(14))
    path.write_text(path.read_text() + more)
    with pytest.raises(ConfigError, match="17 loads; a station has at most 16"):
        load(path)
