"""What the cabinet is asked for: how long each may wait for storage, and which actuator obeys it."""

import pytest

from contract.ids import BatteryId, SlotNumber
from contract.records import SlotCause
from edge.core.effects import (
    Effect,
    Extinguish,
    LookUpBattery,
    SetCharger,
    SetContactor,
    SetFan,
    SetLamp,
    SlotLamp,
    UnlockSlot,
    Urgency,
)

SLOT = SlotNumber(3)


def test_a_slot_opens_only_after_its_record_is_kept() -> None:
    opened = UnlockSlot(SLOT, 7, next(iter(SlotCause)))
    assert (opened.urgency, opened.actuator) == (Urgency.AFTER_COMMIT, "slot:3")


@pytest.mark.parametrize(
    ("effect", "actuator"),
    [
        (SetCharger(SLOT, 0), "charger:3"),
        (SetContactor(False), "contactor"),
        (SetFan(True), "fan"),
        (Extinguish(SLOT), "extinguisher:3"),
        (SetLamp(SLOT, next(iter(SlotLamp))), "lamp:3"),
        (LookUpBattery(BatteryId("B-1")), "roster"),
    ],
)
def test_whatever_makes_a_cabinet_safer_waits_for_nothing(effect: Effect, actuator: str) -> None:
    assert (effect.urgency, effect.actuator) == (Urgency.AT_ONCE, actuator)
