"""`[access]` and a reader's direction in a station's TOML."""

from pathlib import Path

import pytest

from contract.ids import ReaderId
from contract.policy.model import Antipassback
from contract.records import Direction
from edge.core.config import StationConfig
from edge.core.pin_state import PinConfig
from edge.runtime.config import ConfigError, load
from edge.runtime.core_config import core_config
from tests.runtime.test_explaining import STATION

OUT = '[[readers]]\nid = "way-out"\ndevice = "/dev/null"\nkey_file = "/dev/null"\ndirection = "out"\n'


def core(tmp_path: Path, more: str) -> StationConfig:
    path = tmp_path / "edge.toml"
    path.write_text(STATION.format(root=tmp_path) + more, encoding="utf-8")
    return core_config(load(path).config)


def test_access_reaches_the_core(tmp_path: Path) -> None:
    access = '[access]\ncapacity = 12\nstrict_clock = true\nantipassback = "hard"\nantipassback_forget_s = 7200\n'
    config = core(tmp_path, access + OUT)

    assert (config.access.capacity, config.access.strict_clock) == (12, True)
    assert (config.access.antipassback, config.access.antipassback_forget_ms) == (Antipassback.HARD, 7_200_000)
    assert [config.direction(reader) for reader in config.readers] == [Direction.IN, Direction.OUT]


def test_without_a_section_there_is_no_limit_and_every_reader_leads_in(tmp_path: Path) -> None:
    config = core(tmp_path, "")

    assert (config.access.capacity, config.access.antipassback) == (None, Antipassback.OFF)
    assert config.readers_out == frozenset()


def test_keypads_and_numbers_reach_the_core(tmp_path: Path) -> None:
    keypad = OUT.replace('"out"', '"in"').replace("way-out", "second") + "keypad = true\n"
    config = core(tmp_path, "[access]\ncodes_alone = true\nnumber_wait_s = 20\n" + keypad)

    assert config.pins == PinConfig(pairing_ms=20_000, keypads=frozenset({ReaderId("second")}), codes_alone=True)
    assert core(tmp_path, "").pins == PinConfig()


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ("[access]\nnumber_wait_s = 2", "section [access], key 'number_wait_s': 2 is outside"),
        ("[access]\ncodes_alone = true", "section [access], key 'codes_alone': needs a reader with keypad"),
        (OUT + 'keypad = "yes"', "section [readers[1]], key 'keypad': must be bool"),
        ("[access]\ncapacity = 0", "section [access], key 'capacity': 0 is outside"),
        ("[access]\nantipassback_forget_s = 1", "section [access], key 'antipassback_forget_s': 1 is outside"),
        ('[access]\nantipassback = "sometimes"', "section [access], key 'antipassback': 'sometimes' is not one of"),
        ('[access]\nantipassback = "hard"', "section [access], key 'antipassback': hard needs a reader"),
        ("[access]\nseats = 3", "section [access], key 'seats': unknown key"),
        (OUT.replace('"out"', '"up"'), "section [readers[1]], key 'direction': 'up' is not one of"),
    ],
)
def test_what_cannot_be_is_refused_by_section_and_key(tmp_path: Path, more: str, place: str) -> None:
    with pytest.raises(ConfigError) as refused:
        core(tmp_path, more)
    assert place in str(refused.value)
