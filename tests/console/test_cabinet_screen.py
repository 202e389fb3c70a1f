"""What the rider's screen shows of the swap cabinet: steps and words by their codes, and nobody's name."""

from typing import Any

import pytest

from contract.records import Reason, SwapKind, SwapOutcome, SwapRefusal, SwapStage
from edge.console.cabinet_screen import cabinet_shown
from edge.console.models import CabinetShown, Emergency, SlotLook
from edge.console.screen import Screen
from edge.runtime.cabinet_picture import cabinet_message
from tests.console.console_child import picture
from tests.runtime.test_cabinet_picture import SAID, SWAP, cabinet

NOW_MS = 1_700_000_000_000


def told(**changes: Any) -> dict[str, Any]:
    return cabinet_message(cabinet(), 1_000) | changes


def shown(**changes: Any) -> CabinetShown:
    found = cabinet_shown(told(**changes), NOW_MS)
    assert found is not None
    return found


def test_a_station_without_a_cabinet_shows_none() -> None:
    assert cabinet_shown(None, NOW_MS) is None


def test_a_step_says_where_what_and_until_when() -> None:
    step = shown().step

    assert step is not None
    assert (step.stage, step.slot, step.cancellable) == (SwapStage.PUT_IN, 4, True)
    assert step.ends_at_ms == NOW_MS + 60_000


def test_a_slot_that_was_left_open_is_to_be_closed_first() -> None:
    left_open = told()["slots"][0] | {"may_be_open": True, "door_open": True}
    found = shown(swap=None, slots=[left_open])
    assert (found.why, found.open_slot) == (SwapRefusal.SLOT_OPEN, 3)
    assert shown(slots=[left_open]).why is None, "in a swap it is the swap's own"


def test_nobody_is_named_on_a_screen_that_everybody_sees() -> None:
    assert SWAP.member not in shown().model_dump_json()


def test_what_is_said_afterwards_comes_with_the_claim() -> None:
    words = shown(swap=None).words

    assert words is not None
    assert (words.outcome, words.claim, words.refusal) == (SAID.outcome, True, None)


def test_a_refusal_by_the_roster_says_why() -> None:
    said = {"outcome": None, "refusal": "denied", "detail": "expired", "claim": False, "slot": None}
    words = shown(said=said).words

    assert words is not None
    assert (words.refusal, words.denied) == (SwapRefusal.DENIED, Reason.EXPIRED)


def test_codes_of_a_newer_station_are_left_out() -> None:
    assert shown(swap=told()["swap"] | {"stage": "dance"}).step is None
    assert shown(said={"outcome": "danced", "refusal": None, "detail": "", "claim": False, "slot": None}).words is None
    assert shown(chosen="dance").chosen is None
    assert shown().chosen is SwapKind.TAKE_ONLY


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"online": None}, SwapRefusal.OFFLINE),
        ({"ready": False}, SwapRefusal.OFFLINE),
        ({"service_by": "li"}, SwapRefusal.SERVICE),
        ({"hazard": True}, SwapRefusal.HAZARD),
    ],
)
def test_whether_anybody_can_swap_now(changes: dict[str, Any], why: SwapRefusal | None) -> None:
    found = shown(**changes)
    assert (found.ready, found.why) == (why is None, why)


@pytest.mark.parametrize(
    ("changes", "look"),
    [
        ({"trips": ["too_hot"], "asides": []}, SlotLook.DANGER),
        ({"trips": [], "asides": ["quarantine"]}, SlotLook.DANGER),
        ({"trips": [], "asides": ["stuck"]}, SlotLook.OUT_OF_SERVICE),
        ({"trips": [], "asides": [], "lost": "too old"}, SlotLook.UNKNOWN),
        ({"trips": [], "asides": [], "present": None}, SlotLook.UNKNOWN),
        ({"trips": [], "asides": [], "present": False}, SlotLook.EMPTY),
        ({"trips": [], "asides": []}, SlotLook.FULL),
        ({"trips": [], "asides": [], "full": False, "charging": True}, SlotLook.CHARGING),
        ({"trips": [], "asides": [], "full": False}, SlotLook.OCCUPIED),
    ],
)
def test_how_a_slot_looks(changes: dict[str, Any], look: SlotLook) -> None:
    slot = told()["slots"][0] | changes
    assert [each.look for each in shown(slots=[slot]).slots] == [look]


def test_a_burning_battery_sends_everybody_out() -> None:
    screen = Screen(capacity=None)
    screen.told(picture(hazard=True, alarms=[{"code": "cabinet_tripped"}]) | {"cabinet": told(hazard=True)})
    assert screen.view(0).emergency is Emergency.BATTERY

    screen.told(picture(hazard=True, alarms=[{"code": "cabinet_tripped"}, {"code": "smoke"}]))
    assert screen.view(0).emergency is Emergency.SMOKE


def test_every_outcome_can_be_said() -> None:
    for outcome in SwapOutcome:
        words = shown(said={"outcome": outcome, "refusal": None, "detail": "", "claim": False, "slot": 3}).words
        assert words is not None
        assert (words.outcome, words.slot) == (outcome, 3)
