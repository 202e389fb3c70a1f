"""Riders who do not want it any more, or want only one half of it."""

from dataclasses import replace

from contract.ids import SlotNumber
from contract.records import (
    BatteryTakenIn,
    ClaimGranted,
    ClaimUsed,
    SwapKind,
    SwapOutcome,
    SwapStage,
)
from edge.core.effects import SetLamp, SlotLamp
from tests.core.cabinet.swap_support import WANG, World
from tests.core.support import only

FIVE = SlotNumber(5)


def test_a_rider_who_cancels_before_putting_anything_in_only_shuts_the_door() -> None:
    world = World()
    world.card()
    world.cancel()
    world.shut()
    world.wait(2_000)
    assert world.outcomes() == [SwapOutcome.CANCELLED]
    assert world.booked() == world.lying()


def test_a_rider_who_cancels_with_the_battery_inside_gets_it_back() -> None:
    world = World()
    world.card()
    world.put(world.worn_out)
    world.cancel()
    world.shut()
    assert world.swap.stage is SwapStage.TAKE_BACK
    assert world.fetch() is world.worn_out
    assert world.outcomes() == [SwapOutcome.CANCELLED]
    assert world.out() == {}


def test_a_rider_who_cancels_before_the_open_full_slot_gets_the_own_battery_back() -> None:
    world = World()
    world.bring(world.worn_out)
    world.cancel()
    world.shut()
    world.wait(2_000)
    assert world.fetch() is world.worn_out
    assert world.outcomes() == [SwapOutcome.CANCELLED]
    assert world.out() == {"W": WANG.id}
    assert world.booked() == world.lying()


def test_a_rider_who_cancels_and_takes_the_full_one_all_the_same_is_done() -> None:
    world = World()
    world.bring(world.worn_out)
    world.cancel()
    world.fetch()
    assert world.outcomes() == [SwapOutcome.DONE]


def test_a_rider_who_cancels_while_the_lock_does_not_open_is_not_made_to_wait_for_three_tries() -> None:
    world = World()
    world.slots[FIVE].stuck = True
    world.card()
    world.cancel()
    world.wait(6_000)
    assert world.outcomes() == [SwapOutcome.CANCELLED]
    assert len(world.causes()) == 1


def test_a_rider_who_cancels_while_the_full_slot_does_not_open_gets_the_own_battery_back() -> None:
    world = World()
    for slot in range(1, 5):
        world.slots[SlotNumber(slot)].stuck = True
    world.bring(world.worn_out)
    world.cancel()
    world.wait(6_000)
    world.fetch()
    assert world.outcomes() == [SwapOutcome.CANCELLED]


def test_nothing_can_be_cancelled_twice_or_once_it_is_decided_or_when_nothing_is_under_way() -> None:
    world = World()
    assert world.cancel() == []
    world.bring(world.of_li)
    assert world.cancel() == []


def test_a_silent_battery_can_be_had_back_without_waiting_for_it_to_speak() -> None:
    world = World()
    world.bring(replace(world.worn_out, silent=True))
    world.cancel()
    world.fetch()
    assert world.outcomes() == [SwapOutcome.CANCELLED]


def test_a_battery_gone_from_a_shut_slot_before_it_was_looked_at_is_nothing_put_in() -> None:
    for cancelled, outcome in ((False, SwapOutcome.NOTHING_PUT_IN), (True, SwapOutcome.CANCELLED)):
        world = World()
        world.bring(replace(world.worn_out, silent=True))
        slot = world.at()
        world.slots[slot].battery = None
        if cancelled:
            record = world.swap
            assert record.outcome is None
        world.tell(slot)
        if cancelled:
            world.cancel()
        world.wait(2_000)
        assert world.outcomes() == [outcome]


def test_a_door_that_springs_open_again_is_still_the_riders() -> None:
    world = World()
    world.bring(replace(world.worn_out, silent=True))
    slot = world.at()
    world.pry(slot)
    assert world.swap.stage is SwapStage.PUT_IN
    battery = world.slots[slot].battery
    assert battery is not None
    battery.silent = False
    world.shut(slot)
    world.fetch()
    assert world.outcomes() == [SwapOutcome.DONE]


def test_returning_only_takes_the_battery_and_owes_nothing() -> None:
    world = World()
    world.bring(replace(world.worn_out, soh_percent=20), kind=SwapKind.RETURN_ONLY)
    assert world.outcomes() == [SwapOutcome.DONE]
    assert world.booked() == world.lying()
    assert world.claims() == []
    assert world.out() == {}


def test_a_rider_with_a_claim_shows_the_card_and_takes_a_full_one() -> None:
    world = World()
    world.bring(world.worn_out)
    for _ in range(2):
        world.shut()
        world.wait(2_000)
    assert world.claims() == [WANG.id]
    world.card()
    assert world.swap.kind is SwapKind.TAKE_ONLY
    world.fetch()
    assert world.outcomes() == [SwapOutcome.NOT_TAKEN, SwapOutcome.DONE]
    assert world.claims() == []
    records = [record for record, _ in world.records]
    assert only(records, ClaimUsed).claim == only(records, ClaimGranted).claim


def test_a_rider_without_a_battery_by_the_books_may_take_one_only() -> None:
    world = World()
    world.card(kind=SwapKind.TAKE_ONLY)
    given = world.fetch()
    assert world.outcomes() == [SwapOutcome.DONE]
    assert world.out() == {given.serial: WANG.id}


def test_a_take_only_that_is_cancelled_or_finds_no_lock_that_opens_has_moved_nothing() -> None:
    world = World()
    world.card(kind=SwapKind.TAKE_ONLY)
    world.cancel()
    world.shut()
    world.wait(2_000)
    for slot in world.slots.values():
        slot.stuck = True
    world.card(kind=SwapKind.TAKE_ONLY)
    world.wait(300_000)
    assert world.outcomes() == [SwapOutcome.CANCELLED, SwapOutcome.SLOT_STUCK]
    assert world.booked() == world.lying()
    assert world.claims() == []


def test_the_slot_to_go_to_is_lit_and_no_other() -> None:
    world = World()
    world.bring(world.worn_out)
    world.fetch()
    lamps = [(effect.slot, effect.lamp) for effect in world.effects if isinstance(effect, SetLamp)]
    here, off = SlotLamp.HERE, SlotLamp.OFF
    assert lamps == [(5, here), (5, off), (1, here), (1, off)]


def test_the_battery_is_written_down_as_it_was_when_it_came() -> None:
    world = World()
    world.bring(world.worn_out)
    taken = [record for record, _ in world.records if isinstance(record, BatteryTakenIn)][-1]
    assert (taken.battery, taken.member, taken.swap, taken.model) == ("W", WANG.id, 1, "M60")
    assert (taken.soc_percent, taken.soh_percent, taken.cycles, taken.temperature_decicelsius) == (8, 95, 120, 250)
