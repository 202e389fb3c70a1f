"""Locks that do not open while a rider waits before them."""

from contract.ids import BatteryId, SlotNumber
from contract.records import (
    SlotAside,
    SwapOutcome,
    SwapStage,
    SwapStaged,
)
from tests.core.cabinet.swap_support import TIMES, WANG, Battery, World

FIVE = SlotNumber(5)


def test_a_lock_that_does_not_open_is_tried_three_times_and_then_set_aside_for_the_next_best() -> None:
    world = World()
    best = SlotNumber(1)
    world.slots[best].stuck = True
    world.bring(world.worn_out)
    world.wait(20_000)
    assert len(world.slots[best].pulses) == 3
    assert [(aside.slot, aside.why) for aside in world.memory.asides] == [(best, SlotAside.STUCK)]
    assert world.at() != best
    assert world.slots[world.at()].open
    world.fetch()
    assert world.outcomes() == [SwapOutcome.DONE]
    assert world.most_open == 1


def test_when_no_full_slot_opens_the_rider_gets_the_own_battery_back() -> None:
    world = World()
    world.bring(world.worn_out)
    for slot in range(1, 5):
        world.slots[SlotNumber(slot)].stuck = True
        world.slots[SlotNumber(slot)].open = False
        world.tell(SlotNumber(slot))
    world.wait(120_000)
    assert world.swap.stage is SwapStage.TAKE_BACK
    assert world.swap.outcome is SwapOutcome.OWN_RETURNED
    assert world.fetch() is world.worn_out
    assert world.outcomes() == [SwapOutcome.OWN_RETURNED]
    assert world.out() == {"W": WANG.id}
    assert world.claims() == []


def test_when_not_even_the_own_battery_comes_out_there_is_a_claim() -> None:
    world = World()
    world.card()
    slot_in = world.at()
    for slot in world.slots.values():
        slot.stuck = True
    world.put(world.worn_out)
    world.shut()
    world.wait(300_000)
    assert world.outcomes() == [SwapOutcome.CLAIM]
    assert world.claims() == [WANG.id]
    assert world.booked()[slot_in] == "W"


def test_a_foreign_battery_behind_a_stuck_lock_is_named() -> None:
    world = World()
    world.card()
    slot_in = world.at()
    world.slots[slot_in].stuck = True
    world.put(Battery(BatteryId("X")))
    world.shut()
    world.wait(120_000)
    assert world.outcomes() == [SwapOutcome.NOT_TAKEN_BACK]
    assert world.anomalies() == [("foreign_inside", "swap", "X", slot_in, WANG.id)]


def test_when_no_empty_slot_opens_nothing_has_moved() -> None:
    world = World()
    world.slots[FIVE].stuck = world.slots[SlotNumber(6)].stuck = True
    world.card()
    world.wait(60_000)
    assert world.outcomes() == [SwapOutcome.SLOT_STUCK]
    assert world.claims() == []


def test_a_pulse_without_an_answer_is_never_followed_by_another_slots() -> None:
    world = World()
    for slot in world.slots.values():
        slot.pulse_result, slot.stuck = None, True
    world.card()
    world.wait(TIMES.reconcile_ms + 1_000)
    assert len(world.causes()) == 1
    assert world.outcomes() == [SwapOutcome.CABINET_LOST]


def test_each_try_is_a_record_of_its_own_with_a_number_of_its_own() -> None:
    world = World()
    world.slots[FIVE].stuck = True
    world.card()
    world.wait(30_000)
    staged = [record for record, _ in world.records if isinstance(record, SwapStaged)]
    assert [(record.slot, record.attempt) for record in staged][:3] == [(5, 2), (5, 3), (6, 1)]
    assert world.slots[FIVE].pulses == [1, 2, 3]
