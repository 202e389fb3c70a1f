"""What seldom meets a swap and its books: several things at once, and bounds."""

from dataclasses import replace

import pytest

from contract.ids import BatteryId, SlotNumber
from contract.records import BatteryGivenOut, CabinetTripped, Record, SlotAside, SwapKind, SwapOutcome, SwapStage, Trip
from edge.core import events
from edge.core.cabinet import swap
from edge.core.cabinet.swap_end import take_in
from edge.core.cabinet.swap_inputs import Found, look
from edge.core.cabinet.swap_table import SwapInput
from edge.core.cabinet.verify import MAX_FACTS
from edge.core.changed import changed
from edge.core.fold import apply
from edge.core.state import RecordedAt
from edge.core.turn import Turn
from tests.core.cabinet.swap_support import TIMES, WANG, Battery, World

ONE, TWO, SIX = SlotNumber(1), SlotNumber(2), SlotNumber(6)


def trip(world: World, slot: SlotNumber) -> None:
    at = RecordedAt(world.mono_ms, world.now().wall_ms, 1)
    world.state = apply(world.state, CabinetTripped(Trip.DATA_IMPOSSIBLE, slot), at)
    world.do(events.Tick())


def forget_cabinet(world: World, **changes: object) -> None:
    cabinet = changed(world.cabinet, **changes)
    world.state = changed(world.state, volatile=changed(world.state.volatile, cabinet=cabinet))


def test_a_full_slot_that_trips_while_another_one_holds_its_pulse_back_is_passed_over() -> None:
    world = World()
    world.card()
    world.put(world.worn_out)
    world.pry(SIX)
    world.shut(world.swap.slot_in)
    assert world.swap.slot_out == ONE
    trip(world, ONE)
    world.shut(SIX)
    assert world.swap.stage is SwapStage.TAKE_OUT
    assert world.at() == TWO
    assert world.slots[ONE].pulses == []


def test_a_rider_who_cancels_when_the_own_battery_may_not_go_back_has_a_claim() -> None:
    world = World()
    world.bring(world.worn_out)
    own = world.swap.slot_in
    assert own is not None
    world.cancel()
    trip(world, own)
    world.shut()
    world.wait(2_000)
    assert world.outcomes() == [SwapOutcome.NOT_TAKEN]
    assert world.claims() == [WANG.id]


def test_a_battery_that_becomes_hot_while_it_is_looked_at_is_kept_and_quarantined_once() -> None:
    world = World()
    world.worn_out.silent = True
    world.bring(world.worn_out)
    slot = world.at()
    world.worn_out.silent, world.worn_out.decicelsius = False, 600
    world.tell(slot)
    assert world.outcomes() == [SwapOutcome.KEPT]
    asides = [aside.why for aside in world.memory.asides if aside.slot == slot]
    assert asides.count(SlotAside.QUARANTINE) == 1
    assert world.claims() == [WANG.id]


def test_a_battery_taken_late_by_somebody_without_a_claim_uses_none_up() -> None:
    world = World()
    world.card(kind=SwapKind.TAKE_ONLY)
    slot = world.at()
    world.wait(TIMES.take_ms + TIMES.close_ms)
    assert world.outcomes() == [SwapOutcome.NOT_TAKEN]
    assert world.claims() == []
    given = world.take(slot)
    world.shut(slot)
    assert world.out() == {given.serial: WANG.id}


def test_a_roster_that_is_slow_after_a_restart_is_waited_for() -> None:
    world = World()
    world.card()
    slot, answer = world.at(), world.do
    held: list[events.BatteryLookedUp] = []

    def late(event: events.Event) -> list[Record]:
        if isinstance(event, events.BatteryLookedUp):
            held.append(event)
            return []
        return answer(event)

    world.do = late  # type: ignore[method-assign]

    def put_in() -> None:
        world.slots[slot].battery, world.slots[slot].open = world.worn_out, False

    world.power_cut(put_in)
    assert world.outcomes() == []
    answer(held[0])
    assert world.outcomes() == [SwapOutcome.INTERRUPTED_CLAIM]


def test_of_too_many_batteries_without_an_answer_the_newest_is_asked_about_later() -> None:
    world = World()
    many = frozenset(BatteryId(f"Q{number}") for number in range(MAX_FACTS))
    forget_cabinet(world, unanswered=many)
    world.do(events.BatteryLookedUp(BatteryId("X"), None, available=False))
    assert world.cabinet.unanswered == many


def test_more_moves_than_one_step_makes_are_made_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setattr(swap, "MOVES_PER_STEP", 1)
    world.card()
    world.put(world.worn_out)
    world.shut()
    stage = world.swap.stage
    for _ in range(4):
        world.do(events.Tick())
    assert world.swap.stage is SwapStage.TAKE_OUT
    assert stage is not SwapStage.TAKE_OUT


def test_a_swap_that_knows_no_slot_ends_as_lost() -> None:
    world = World()
    world.card(kind=SwapKind.TAKE_ONLY)
    nowhere = replace(world.swap, slot_out=None)
    flow = world.cabinet.swap
    assert flow is not None
    assert look(Turn(world.config, world.state, world.now()), nowhere, flow) == Found(SwapInput.LOST)


def test_a_pack_that_speaks_again_while_it_goes_back_is_still_the_same_pack() -> None:
    world = World()
    silent = replace(world.worn_out, silent=True)
    world.bring(silent)
    world.wait(TIMES.verify_ms)
    slot = world.at()
    silent.silent = False
    for _ in range(2):
        world.shut(slot)
        world.wait(2_000)
    assert world.outcomes() == [SwapOutcome.NOT_TAKEN_BACK]
    assert world.booked()[slot] == "W"
    assert world.claims() == [WANG.id]


def test_a_foreign_battery_put_where_a_refused_one_was_taken_from_is_named() -> None:
    world = World()
    world.bring(world.of_li)
    slot = world.at()
    world.take()
    world.put(Battery(BatteryId("X")))
    world.shut()
    assert world.outcomes() == [SwapOutcome.EXCHANGED]
    assert world.anomalies() == [("foreign_inside", "swap", "X", slot, WANG.id)]


def test_what_is_brought_back_late_and_for_nothing_gives_no_claim() -> None:
    world = World()
    world.card(kind=SwapKind.RETURN_ONLY)
    slot = world.at()
    world.wait(TIMES.put_in_ms + TIMES.close_ms)
    assert world.outcomes() == [SwapOutcome.LEFT_OPEN]
    world.put(world.worn_out, slot)
    world.shut(slot)
    assert world.booked()[slot] == "W"
    assert world.claims() == []
    assert world.memory.anomalies == ()


def test_a_journal_that_was_cut_between_the_move_and_the_end_still_says_done() -> None:
    world = World()
    world.bring(world.worn_out)
    given = BatteryGivenOut(BatteryId("F1"), ONE, WANG.id, world.swap.id)
    world.state = apply(world.state, given, RecordedAt(world.mono_ms, world.now().wall_ms, 1))

    def take() -> None:
        world.slots[ONE].battery, world.slots[ONE].open = None, False

    world.power_cut(take)
    assert world.outcomes() == [SwapOutcome.DONE]
    assert world.out() == {"F1": WANG.id}
    assert world.claims() == []


def test_nothing_is_booked_where_nothing_lies() -> None:
    world = World()
    world.card()
    turn = Turn(world.config, world.state, world.now())
    take_in(turn, world.swap)
    assert turn.records == []


def test_who_puts_the_full_one_back_into_the_slot_left_open_has_a_claim_again() -> None:
    world = World()
    world.bring(world.worn_out)
    slot = world.at()
    given = world.take(slot)
    world.wait(TIMES.take_ms + TIMES.close_ms)
    assert world.outcomes() == [SwapOutcome.DONE]
    world.put(given, slot)
    world.shut(slot)
    assert world.booked() == world.lying()
    assert world.out() == {}
    assert world.claims() == [WANG.id]
    assert world.memory.anomalies == ()


def test_what_was_only_presumed_to_lie_there_is_booked_where_it_speaks() -> None:
    world = World()
    world.bring(world.worn_out)
    world.fetch()
    brick, moved = Battery(BatteryId("?"), silent=True), world.slots[TWO].battery

    def exchange() -> None:
        world.slots[TWO].battery = brick

    world.power_cut(exchange)
    world.wait(60_000)
    assert world.booked()[TWO] == "F2"
    world.slots[SIX].battery = moved
    world.power_cut()
    world.wait(60_000)
    assert world.booked()[SIX] == "F2"
    assert TWO not in world.booked()
    assert {(kind, battery, slot) for kind, _, battery, slot, _ in world.anomalies()} == {
        ("appeared", "F2", SIX),
        ("unreadable_inside", None, TWO),
    }
