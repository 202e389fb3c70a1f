"""What the cloud wants of the cabinet: commands of one moment, and the standing will."""

import pytest

from contract.ids import BatteryId, MemberId, SlotNumber
from contract.records import (
    CabinetOrdered,
    CabinetTripReset,
    CommandAnswered,
    CommandBegun,
    Record,
    SlotAside,
    SlotCause,
    SlotGivenBack,
    SlotSetAside,
    SlotUnlocked,
    SwapKind,
    SwapStage,
    Trip,
)
from edge.core import events
from edge.core.cabinet.orders import CabinetCommand
from edge.core.cabinet.state import Aside, Swap, Tripped
from edge.core.effects import UnlockSlot
from edge.core.events import CabinetWill
from edge.core.state import MAX_COMMANDS_BEGUN
from tests.core.cabinet.safety_support import FIVE, FOUR, ONE, SLOTS, TWO, Cabinet, effects_of, every
from tests.core.support import CONFIG, WALL_MS, Life, only


def command(life: Life, kind: str, **args: object) -> list[Record]:
    number = len(life.state.durable.commands_seen)
    return life.do(events.CommandReceived(f"command-{number}", kind, "wang", {"reason": "checked by phone", **args}))


def answer(records: list[Record]) -> tuple[str, str]:
    answered = only(records, CommandAnswered)
    return answered.outcome, answered.reason


def will(life: Life, **said: object) -> list[Record]:
    revision = life.state.durable.desired_revision + 1
    return life.do(events.DesiredReceived(revision, None, cabinet=CabinetWill(**said), by="wang"))  # type: ignore[arg-type]


# ---------------------------------------------------------------- opening


def test_an_operator_opens_a_slot_and_is_answered_when_the_pulse_is_on_its_way() -> None:
    life = Cabinet()
    records = command(life, "open_slot", slot=4)
    assert only(records, CommandBegun).reason == "checked by phone"
    unlocked = only(records, SlotUnlocked)
    assert (unlocked.slot, unlocked.cause, unlocked.by) == (FOUR, SlotCause.COMMAND, "wang")
    assert every(records, CommandAnswered) == []
    effect = effects_of(life, UnlockSlot)[0]
    assert answer(life.do(events.EffectDone(effect))) == ("done", "")


def test_what_could_not_be_written_down_is_answered_as_refused_and_opens_nothing() -> None:
    life = Cabinet()
    command(life, "open_slot", slot=4)
    refused = life.do(events.EffectRefused(effects_of(life, UnlockSlot)[0], "storage_unavailable"))
    assert answer(refused) == ("refused", "storage_unavailable")
    assert not life.slot(FOUR).may_be_open


@pytest.mark.parametrize(
    ("case", "reason"),
    [("offline", "cabinet_offline"), ("unread", "cabinet_offline"), ("lost", "cabinet_offline"), ("service", "service"),
     ("swap", "swap_under_way"), ("open", "slot_open"), ("quarantine", "slot_tripped"), ("tripped", "slot_tripped"),
     ("cabinet tripped", "slot_tripped")],
)  # fmt: skip
def test_a_slot_opens_from_afar_only_when_nothing_else_moves(case: str, reason: str) -> None:
    life = Cabinet(read=case != "unread")
    match case:
        case "offline":
            life.do(events.CabinetChanged(online=False))
        case "unread":
            life.do(events.CabinetChanged(online=True))
        case "lost":
            life.do(events.SlotLost(FOUR))
        case "service":
            life.do(events.ServiceAsked("li", on=True))
        case "swap":
            life.remember(swap=Swap(1, MemberId("rider-1"), SwapKind.SWAP, SwapStage.PUT_IN, FIVE, ONE, WALL_MS))
        case "open":
            life.unlock(ONE)
        case "quarantine":
            life.remember(asides=(Aside(FOUR, SlotAside.QUARANTINE, 1),))
        case "tripped":
            life.remember(tripped=(Tripped(Trip.SMOKE, FOUR, 0),))
        case _:
            life.remember(tripped=(Tripped(Trip.WATER, None, 0),))
    assert answer(command(life, "open_slot", slot=4)) == ("refused", reason)
    assert every(life.records_of_all(), CommandBegun) == []


@pytest.mark.parametrize("kind", ["open_slot", "lock_out_slot", "give_back_slot"])
@pytest.mark.parametrize("slot", [99, 0, -1, True, "4", 4.0, None, [4]])
def test_a_command_about_no_slot_is_refused(kind: str, slot: object) -> None:
    assert answer(command(Cabinet(), kind, slot=slot)) == ("refused", "slot_unknown")


@pytest.mark.parametrize("kind", list(CabinetCommand))
def test_every_command_says_its_reason_and_needs_a_cabinet(kind: CabinetCommand) -> None:
    assert answer(command(Cabinet(), kind, reason=" ", slot=1)) == ("refused", "reason_missing")
    assert answer(command(Life(CONFIG), kind, slot=1)) == ("refused", "slot_unknown")


def test_commands_that_nobody_answers_are_bounded() -> None:
    life = Cabinet()
    life.do(events.CommandReceived("restart", "restart", "wang"))
    for number in range(MAX_COMMANDS_BEGUN):
        life.do(events.CommandReceived(f"restart-{number}", "restart", "wang"))
    assert answer(command(life, "lock_out_slot", slot=1)) == ("refused", "too_many_commands")


# ---------------------------------------------------------------- out of use, resets, charging


def test_an_operator_takes_a_slot_out_of_use_and_gives_it_back() -> None:
    life = Cabinet()
    records = command(life, "lock_out_slot", slot=1)
    assert only(records, SlotSetAside) == SlotSetAside(ONE, SlotAside.LOCKED_OUT, "wang")
    assert answer(records) == ("done", "")
    assert answer(command(life, "lock_out_slot", slot=1)) == ("refused", "locked_out_already")
    records = command(life, "give_back_slot", slot=1)
    assert only(records, SlotGivenBack).by == "wang"
    assert answer(records) == ("done", "")
    assert answer(command(life, "give_back_slot", slot=1)) == ("refused", "in_use_already")


@pytest.mark.parametrize("slot", [None, 1])
def test_an_operator_resets_a_trip_once_its_cause_is_over(slot: int | None) -> None:
    life = Cabinet()
    if slot is None:
        life.point(events.CabinetPoint.SMOKE)
    else:
        life.read(ONE, smoke=True)
    assert answer(command(life, "reset_trip", slot=slot, trip="smoke")) == ("refused", "cause_not_over")
    if slot is None:
        life.point(events.CabinetPoint.SMOKE, active=False)
    else:
        life.read(ONE, smoke=False)
    records = command(life, "reset_trip", slot=slot, trip="smoke")
    assert only(records, CabinetTripReset).by == "wang"
    assert answer(records) == ("done", "")
    assert answer(command(life, "reset_trip", slot=slot, trip="smoke")) == ("refused", "not_tripped")


@pytest.mark.parametrize("args", [{}, {"trip": 7}, {"trip": "fire"}, {"trip": "smoke", "slot": 99}])
def test_a_reset_of_something_that_cannot_trip_is_refused(args: dict[str, object]) -> None:
    assert answer(command(Cabinet(), "reset_trip", **args)) == ("refused", "not_tripped")


def test_charging_resumes_at_an_answering_cabinet_only() -> None:
    life = Cabinet()
    assert answer(command(life, "resume_charging")) == ("done", "")
    life.do(events.CabinetChanged(online=False))
    assert answer(command(life, "resume_charging")) == ("refused", "cabinet_offline")


# ---------------------------------------------------------------- the standing will


def test_the_standing_will_is_followed_once_and_outlasts_restarts() -> None:
    life = Cabinet()
    recalled = (BatteryId("B7"), BatteryId("B8"))
    said = {"recalled": recalled, "locked_out": (TWO,), "power_budget_w": 900, "keep_full": 3}
    records = will(life, **said)
    assert only(records, CabinetOrdered) == CabinetOrdered(recalled, (TWO,), 900, 3, "wang")
    assert only(records, SlotSetAside) == SlotSetAside(TWO, SlotAside.LOCKED_OUT, "wang")
    assert every(will(life, **said), CabinetOrdered) == []
    life.boot()
    memory = life.memory
    assert (memory.recalled, memory.locked_out, memory.power_budget_w, memory.keep_full) == (recalled, (TWO,), 900, 3)
    assert every(will(life, **said), CabinetOrdered) == []


def test_what_the_will_no_longer_names_ends_and_what_others_did_stays() -> None:
    life = Cabinet()
    command(life, "lock_out_slot", slot=5)
    will(life, locked_out=(ONE, TWO, FIVE))
    life.remember(asides=tuple(aside for aside in life.memory.asides if aside.slot != TWO))
    records = will(life, locked_out=(ONE,))
    assert [each.slot for each in every(records, SlotGivenBack)] == [FIVE]
    life.do(events.DesiredReceived(life.state.durable.desired_revision + 1, None))
    assert life.memory.asides == ()
    assert life.memory.locked_out == ()


def test_a_slot_that_the_cabinet_does_not_have_is_passed_over_and_lists_are_bounded() -> None:
    life = Cabinet()
    will(life, locked_out=(SlotNumber(99), ONE), recalled=tuple(BatteryId(f"R{n}") for n in range(2_000)))
    assert life.memory.locked_out == (ONE,)
    assert len(life.memory.recalled) == 1_000
    other = Life(CONFIG)
    assert every(will(other, locked_out=(ONE,)), CabinetOrdered) == []
    assert set(SLOTS) > set(life.memory.locked_out)
