"""Riders at the cabinet: what they do, right and wrong, and how each swap ends."""

from dataclasses import replace

import pytest

from contract.ids import BatteryId, SlotNumber
from contract.records import (
    SlotCause,
    SwapEnded,
    SwapOutcome,
    SwapStage,
)
from edge.core import events
from tests.core.cabinet.swap_support import LI, TIMES, WANG, Battery, World, assert_books_balance
from tests.core.support import only

FIVE = SlotNumber(5)


def test_a_swap_that_goes_well_ends_done_with_the_full_one_out_and_the_own_one_in() -> None:
    world = World()
    world.card()
    slot_in = world.at()
    world.put(world.worn_out)
    world.shut()
    assert world.swap.stage is SwapStage.TAKE_OUT
    given = world.fetch()
    assert world.outcomes() == [SwapOutcome.DONE]
    assert world.booked()[slot_in] == "W"
    assert world.out() == {given.serial: WANG.id}
    assert world.causes() == [SlotCause.SWAP_IN, SlotCause.SWAP_OUT]
    assert world.memory.anomalies == ()
    assert world.memory.claims == ()
    assert world.booked() == world.lying()
    assert world.most_open == 1
    assert_books_balance(world)


def test_the_end_says_what_has_really_moved_and_how_long_it_took() -> None:
    world = World()
    world.bring(world.worn_out)
    world.wait(7_000)
    given = world.fetch()
    ended = only([record for record, _ in world.records], SwapEnded)
    assert (ended.battery_in, ended.battery_out, ended.duration_ms) == ("W", given.serial, 7_000)


def test_a_shut_door_alone_gives_no_full_battery() -> None:
    world = World()
    world.card()
    world.shut()
    world.wait(1_500)
    assert SlotCause.SWAP_OUT not in world.causes()


def test_who_closes_an_empty_slot_gets_one_more_chance_and_then_nothing_has_moved() -> None:
    world = World()
    world.card()
    world.shut()
    world.wait(2_000)
    assert world.swap.stage is SwapStage.PUT_IN
    assert world.slots[world.at()].open
    world.shut()
    world.wait(2_000)
    assert world.outcomes() == [SwapOutcome.NOTHING_PUT_IN]
    assert world.memory.claims == ()
    assert world.booked() == world.lying()


def test_the_second_chance_is_as_good_as_the_first() -> None:
    world = World()
    world.card()
    world.shut()
    world.wait(2_000)
    world.put(world.worn_out)
    world.shut()
    world.fetch()
    assert world.outcomes() == [SwapOutcome.DONE]


def test_an_empty_slot_left_open_ends_the_swap_after_a_warning() -> None:
    world = World()
    world.card()
    world.wait(TIMES.put_in_ms // 2)
    flow = world.cabinet.swap
    assert flow is not None
    assert flow.warned
    assert not flow.overdue
    world.wait(TIMES.put_in_ms // 2)
    flow = world.cabinet.swap
    assert flow is not None
    assert flow.overdue
    world.wait(TIMES.close_ms)
    assert world.outcomes() == [SwapOutcome.LEFT_OPEN]
    assert world.memory.claims == ()


def test_what_is_put_into_a_slot_that_was_left_open_is_the_riders_and_gives_a_claim() -> None:
    world = World()
    world.card()
    world.wait(TIMES.put_in_ms + TIMES.close_ms)
    slot = world.at()
    world.put(world.worn_out)
    world.shut()
    assert world.booked()[slot] == "W"
    assert world.claims() == [WANG.id]
    assert world.memory.anomalies == ()
    assert_books_balance(world)


def test_what_somebody_else_is_bound_to_gives_no_claim_from_a_slot_left_open() -> None:
    world = World()
    world.card()
    world.wait(TIMES.put_in_ms + TIMES.close_ms)
    slot = world.at()
    world.put(world.of_li)
    world.shut()
    assert world.claims() == []
    assert world.anomalies() == [("appeared", "swap", "L", slot, WANG.id)]


@pytest.mark.parametrize(
    ("outcome", "battery"),
    [
        (SwapOutcome.REFUSED_FOREIGN, Battery(BatteryId("X"))),
        (SwapOutcome.REFUSED_NOT_YOURS, "L"),
        (SwapOutcome.REFUSED_WORN, {"soh_percent": 30}),
        (SwapOutcome.REFUSED_FAULTY, {"faults": 4}),
        (SwapOutcome.REFUSED_FAULTY, {"voltage_mv": 0}),
        (SwapOutcome.REFUSED_SILENT, {"silent": True}),
        (SwapOutcome.REFUSED_SILENT, {"soh_percent": None}),
        (SwapOutcome.REFUSED_SILENT, {"serial": ""}),
    ],
    ids=lambda value: str(value),
)
def test_a_refused_battery_goes_back_from_the_same_slot(
    outcome: SwapOutcome, battery: Battery | str | dict[str, object]
) -> None:
    world = World()
    own = battery if isinstance(battery, Battery) else world.of_li
    if isinstance(battery, dict):
        own = replace(world.worn_out, **battery)  # type: ignore[arg-type]
    world.bring(own)
    slot = world.at()
    world.wait(TIMES.verify_ms)
    assert world.swap.stage is SwapStage.TAKE_BACK
    assert world.causes() == [SlotCause.SWAP_IN, SlotCause.SWAP_BACK]
    assert world.at() == slot
    assert world.fetch() is own
    assert world.outcomes() == [outcome]
    assert world.booked() == world.lying()
    assert world.out() == {}
    assert world.memory.anomalies == ()
    assert world.memory.claims == ()


def test_a_recalled_battery_is_refused_by_the_roster_and_by_the_clouds_order() -> None:
    world = World()
    world.roster["W"] = events.BatteryFacts("M60", WANG.id, recalled=True)
    world.bring(world.worn_out)
    world.fetch()
    assert world.outcomes() == [SwapOutcome.REFUSED_RECALLED]


def test_a_roster_that_cannot_say_whose_it_is_refuses_what_the_station_did_not_give_out_itself() -> None:
    world = World()
    world.roster_answers = False
    world.bring(world.worn_out)
    world.fetch()
    assert world.outcomes() == [SwapOutcome.REFUSED_UNKNOWN]


def test_without_the_roster_the_station_takes_back_what_it_gave_out() -> None:
    world = World()
    world.bring(world.worn_out)
    own = world.fetch()
    world.roster_answers = False
    world.wait(120_000)
    world.bring(own)
    assert world.swap.stage is SwapStage.TAKE_OUT


def test_a_roster_that_never_answers_gives_the_battery_back_in_time() -> None:
    world = World()
    world.do(events.Tick())
    world.roster["W"] = None
    world.card()
    world.put(replace(world.worn_out, serial=BatteryId("W")))
    asked = world.do
    world.do = lambda event: asked(event) if not isinstance(event, events.BatteryLookedUp) else []  # type: ignore[method-assign]
    world.shut()
    world.wait(TIMES.verify_ms)
    world.fetch()
    assert world.outcomes() == [SwapOutcome.REFUSED_UNKNOWN]


def test_the_newer_of_roster_and_own_books_says_whose_a_battery_is() -> None:
    world = World()
    world.bring(world.worn_out)
    given = world.fetch()
    now_ms = world.now().wall_ms
    world.roster[given.serial] = events.BatteryFacts("M60", LI.id, as_of_ms=now_ms - 5_000)
    world.bring(given)
    assert world.swap.stage is SwapStage.TAKE_OUT
    given = world.fetch()
    world.roster[given.serial] = events.BatteryFacts("M60", LI.id, as_of_ms=now_ms + 60_000)
    world.wait(90_000)
    world.bring(given)
    assert world.swap.outcome is SwapOutcome.REFUSED_NOT_YOURS


def test_a_refused_battery_that_is_not_taken_back_is_an_anomaly_with_the_riders_name() -> None:
    world = World()
    world.bring(Battery(BatteryId("X")))
    slot = world.at()
    for _ in range(2):
        world.shut(slot)
        world.wait(2_000)
    assert world.outcomes() == [SwapOutcome.NOT_TAKEN_BACK]
    assert world.anomalies() == [("foreign_inside", "swap", "X", slot, WANG.id)]
    assert world.claims() == []


def test_an_own_battery_that_is_refused_and_left_behind_is_booked_and_owed() -> None:
    world = World()
    world.bring(replace(world.worn_out, faults=1))
    slot = world.at()
    world.wait(TIMES.take_ms + TIMES.close_ms)
    assert world.outcomes() == [SwapOutcome.NOT_TAKEN_BACK]
    world.shut(slot)
    assert world.booked()[slot] == "W"
    assert world.claims() == [WANG.id]


def test_something_else_put_where_the_own_one_was_is_exchanged() -> None:
    world = World()
    world.bring(world.of_li)
    slot = world.at()
    world.take()
    world.put(Battery(BatteryId("brick"), silent=True))
    world.shut()
    world.wait(TIMES.verify_ms)
    assert world.outcomes() == [SwapOutcome.EXCHANGED]
    world.wait(60_000)
    assert world.anomalies() == [("unreadable_inside", "swap", None, slot, WANG.id)]


def test_a_full_one_that_is_not_taken_stays_and_the_rider_has_a_claim() -> None:
    world = World()
    world.bring(world.worn_out)
    slot = world.at()
    for _ in range(2):
        world.shut(slot)
        world.wait(2_000)
    assert world.outcomes() == [SwapOutcome.NOT_TAKEN]
    assert world.claims() == [WANG.id]
    assert world.booked() == world.lying()


def test_a_full_one_taken_late_from_the_open_slot_uses_the_claim_up() -> None:
    world = World()
    world.bring(world.worn_out)
    world.wait(TIMES.take_ms + TIMES.close_ms)
    assert world.outcomes() == [SwapOutcome.NOT_TAKEN]
    assert world.claims() == [WANG.id]
    slot = world.at()
    given = world.take(slot)
    world.shut(slot)
    assert world.claims() == []
    assert world.out() == {given.serial: WANG.id}
    assert world.memory.anomalies == ()


def test_a_rider_who_takes_the_full_one_and_leaves_the_door_open_is_done() -> None:
    world = World()
    world.bring(world.worn_out)
    given = world.take()
    assert world.outcomes() == []
    world.wait(TIMES.take_ms + TIMES.close_ms)
    assert world.outcomes() == [SwapOutcome.DONE]
    assert world.out() == {given.serial: WANG.id}


@pytest.mark.parametrize("instead", ["L", "brick"])
def test_another_battery_in_the_emptied_full_slot_is_exchanged_and_named(instead: str) -> None:
    world = World()
    world.bring(world.worn_out)
    slot = world.at()
    given = world.take()
    world.put(world.of_li if instead == "L" else Battery(BatteryId("brick"), silent=True))
    world.shut()
    world.wait(TIMES.verify_ms)
    assert world.outcomes() == [SwapOutcome.EXCHANGED]
    assert world.out()[given.serial] == WANG.id
    world.wait(60_000)
    expected = ("exchanged", "swap", "L") if instead == "L" else ("unreadable_inside", "swap", None)
    assert world.anomalies() == [(*expected, slot, WANG.id)]
    assert world.claims() == []


def test_a_full_one_that_only_fell_silent_is_found_again_and_owed() -> None:
    world = World()
    world.bring(world.worn_out)
    slot = world.at()
    battery = world.slots[slot].battery
    assert battery is not None
    battery.silent = True
    world.shut(slot)
    world.wait(TIMES.verify_ms + 60_000)
    assert world.outcomes() == [SwapOutcome.EXCHANGED]
    battery.silent = False
    world.tell(slot)
    assert world.booked()[slot] == battery.serial
    assert world.claims() == [WANG.id]
    assert world.memory.anomalies == ()
    assert world.out() == {}
