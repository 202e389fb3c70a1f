"""`[cabinet]` of the configuration: what it becomes, and that what is wrong is named."""

from pathlib import Path

import pytest

from contract.plain import PlainError, build
from edge.core.cabinet.config import CabinetConfig
from edge.runtime.cabinet_config import CabinetSection, cabinet_config

MODEL = {"name": "LFP-48", "capacity_mah": 20_000, "empty_mv": 40_000, "full_mv": 54_600, "charge_ma": 5_000}
WHOLE = {"map": "/etc/m.toml", "device": "/dev/ttyUSB2", "slots": 12, "reader": "cabinet", "models": [MODEL]}


def section(**changes: object) -> CabinetSection:
    return build(CabinetSection, {**WHOLE, **changes}, where="cabinet", unknown_ok=False)


def test_a_station_without_the_section_has_no_cabinet() -> None:
    assert not CabinetSection().is_on
    assert cabinet_config(CabinetSection(), chargeable=True) == CabinetConfig()


def test_what_is_written_is_what_decisions_are_made_from() -> None:
    config = cabinet_config(section(rest_s=5, times={"verify_s": 8}, resume="operator", keep_full=2), chargeable=True)

    assert config.slots == tuple(range(1, 13))
    assert (config.reader, config.rest_ms, config.times.verify_ms) == ("cabinet", 5_000, 8_000)
    assert (config.resume_checked, config.keep_full, config.chargeable) == (False, 2, True)
    assert [model.charge_w for model in config.models] == [273]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"map": None}, "cabinet.map"),
        ({"device": None}, "cabinet.device"),
        ({"host": "192.168.7.20"}, "cabinet.device"),
        ({"device": None, "host": "no host!"}, "cabinet.host"),
        ({"device": None, "host": "a", "port": 0}, "cabinet.port"),
        ({"baud": 1_234}, "cabinet.baud"),
        ({"reader": None}, "cabinet.reader"),
        ({"slots": 1}, "cabinet.slots"),
        ({"slots": 121}, "cabinet.slots"),
        ({"resume": "soon"}, "cabinet.resume"),
        ({"keep_empty": 0}, "cabinet"),
        ({"power_budget_w": 0}, "cabinet"),
        ({"times": {"take_s": 1}}, "cabinet.times.take_s"),
        ({"models": [{**MODEL, "charge_to_decicelsius": 460}]}, "cabinet.models"),
        ({"models": [{**MODEL, "name": ""}]}, "cabinet.models.name"),
        ({"models": [{**MODEL, "colour": "red"}]}, "cabinet.models[0].colour"),
        ({"slot": 3}, "cabinet.slot"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_named(changes: dict[str, object], key: str) -> None:
    given = {name: value for name, value in {**WHOLE, **changes}.items() if value is not None}
    with pytest.raises(PlainError) as refused:
        build(CabinetSection, given, where="cabinet", unknown_ok=False)
    assert refused.value.where == key


def test_a_model_may_narrow_what_every_battery_may_and_not_widen_it() -> None:
    narrow = section(models=[{**MODEL, "charge_from_decicelsius": 100, "charge_to_decicelsius": 400}])
    assert cabinet_config(narrow, chargeable=False).models[0].charge_to_decicelsius == 400
    assert Path("/etc/m.toml") == narrow.map
