"""What a cabinet's configuration refuses: each with what is wrong."""

from dataclasses import replace

import pytest

from contract.ids import ReaderId, SlotNumber
from edge.core.cabinet.config import BatteryModel, CabinetConfig, SwapTimes
from tests.core.support import CONFIG

SLOTS = (SlotNumber(1), SlotNumber(2))
SOUND: dict[str, object] = {
    "name": "M48", "capacity_mah": 20_000, "empty_mv": 39_000, "full_mv": 54_600, "charge_ma": 8_000
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "complaint"),
    [({"empty_mv": 0}, "must rise"), ({"empty_mv": 54_600}, "must rise"), ({"full_mv": 120_001}, "must rise"),
     ({"charge_ma": 0}, "charge_ma"), ({"charge_ma": 100_001}, "charge_ma"), ({"wake_ma": 0}, "wake_ma"),
     ({"wake_ma": 8_001}, "wake_ma"), ({"capacity_mah": 0}, "capacity_mah = 0"),
     ({"capacity_mah": 1_000_001}, "capacity_mah = 1000001"), ({"charge_from_decicelsius": 49}, "narrow 50–450 only"),
     ({"charge_to_decicelsius": 451}, "narrow 50–450 only"),
     ({"charge_from_decicelsius": 300, "charge_to_decicelsius": 300}, "narrow 50–450 only")],
)  # fmt: skip
def test_a_model_that_no_battery_is_of_is_refused(said: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        BatteryModel(**{**SOUND, **said})  # type: ignore[arg-type]


def test_a_model_says_what_charging_one_takes() -> None:
    assert BatteryModel(**SOUND).charge_w == 436  # type: ignore[arg-type]


@pytest.mark.parametrize("said", [{"open_ms": 0}, {"reconcile_ms": 0}, {"tries": 0}, {"tries": 4}])
def test_a_swap_without_time_or_with_too_many_tries_is_refused(said: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="times of a swap must be above 0, and tries 1–3"):
        SwapTimes(**said)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [({"slots": (1, 1)}, "each once"), ({"slots": (0, 1)}, "numbered from 1"), ({"slots": tuple(range(1, 122))}, "120"),
     ({"models": (BatteryModel(**SOUND),) * 2}, "each named once"),  # type: ignore[arg-type]
     ({"keep_empty": 0}, "keep_empty = 0"), ({"keep_empty": 2}, "keep_empty = 2"),
     ({"full_soc_percent": 101}, "percentages"), ({"give_min_soh_percent": 0}, "percentages"),
     ({"rest_ms": -1}, "rest_ms"), ({"keep_full": -1}, "keep_full"), ({"stagger_ms": -1}, "stagger_ms"),
     ({"power_budget_w": 0}, "power_budget_w"), ({"charge_at_once": 0}, "charge_at_once")],
)  # fmt: skip
def test_a_cabinet_that_cannot_be_is_refused(said: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        CabinetConfig(**{"slots": SLOTS, **said})  # type: ignore[arg-type]


def test_a_model_is_found_by_its_name() -> None:
    model = BatteryModel(**SOUND)  # type: ignore[arg-type]
    config = CabinetConfig(slots=SLOTS, models=(model,))
    assert config.model("M48") is model
    assert config.model("X99") is None


def test_a_cabinet_without_its_reader_is_refused() -> None:
    with pytest.raises(ValueError, match="cabinet: nowhere is no reader"):
        replace(CONFIG, cabinet=replace(CONFIG.cabinet, reader=ReaderId("nowhere")))
