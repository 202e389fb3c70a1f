"""Fire, heat, silence and open slots in the middle of a swap."""

from contract.ids import SlotNumber
from contract.records import CabinetTripped, SlotAside, SlotCause, SwapKind, SwapOutcome, SwapRefusal, SwapStage, Trip
from edge.core import events
from edge.core.events import StorageStatus
from edge.core.fold import apply
from edge.core.state import RecordedAt
from tests.core.cabinet.swap_support import TIMES, WANG, World, assert_books_balance

SIX = SlotNumber(6)


def trip(world: World, slot: SlotNumber | None, what: Trip = Trip.DATA_IMPOSSIBLE) -> None:
    """As if it had tripped; the next event shows what follows."""
    world.state = apply(world.state, CabinetTripped(what, slot), RecordedAt(world.mono_ms, world.now().wall_ms, 1))
    world.do(events.Tick())


def test_fire_ends_the_swap_where_it_is_and_nothing_opens_any_more() -> None:
    world = World()
    world.card()
    world.do(events.FireChanged(True))
    assert world.outcomes() == [SwapOutcome.HAZARD]
    assert world.claims() == []
    world.put(world.worn_out)
    world.shut()
    world.wait(60_000)
    assert world.causes() == [SlotCause.SWAP_IN]
    assert world.booked() == world.lying()
    assert world.claims() == [WANG.id]


def test_fire_with_the_own_battery_inside_and_the_full_one_not_taken_gives_a_claim() -> None:
    world = World()
    world.bring(world.worn_out)
    world.do(events.FireChanged(True))
    assert world.outcomes() == [SwapOutcome.HAZARD]
    assert world.claims() == [WANG.id]
    given = world.take()
    world.shut()
    assert world.claims() == []
    assert world.out() == {given.serial: WANG.id}
    assert_books_balance(world)


def test_a_trip_of_the_whole_cabinet_is_a_hazard_to_the_swap() -> None:
    world = World()
    world.card()
    trip(world, None, Trip.EMERGENCY_STOP)
    assert world.outcomes() == [SwapOutcome.HAZARD]
    world.shut()
    world.card()
    assert world.refusals() == [SwapRefusal.HAZARD]


def test_a_hot_battery_is_kept_in_quarantine_and_its_rider_has_a_claim() -> None:
    world = World()
    world.card()
    slot = world.at()
    world.worn_out.decicelsius = 600
    world.put(world.worn_out)
    world.shut()
    assert world.outcomes()[0] in {SwapOutcome.KEPT, SwapOutcome.HAZARD}
    world.wait(10_000)
    assert world.booked()[slot] == "W"
    assert world.claims() == [WANG.id]
    assert (slot, SlotAside.QUARANTINE) in {(aside.slot, aside.why) for aside in world.memory.asides}
    assert SlotCause.SWAP_BACK not in world.causes()


def test_a_slot_that_trips_around_the_own_battery_keeps_it() -> None:
    world = World()
    world.card()
    slot = world.at()
    world.worn_out.silent = True
    world.put(world.worn_out)
    world.shut()
    trip(world, slot)
    assert world.outcomes() == [SwapOutcome.KEPT]
    world.worn_out.silent = False
    world.tell(slot)
    assert world.booked()[slot] == "W"
    assert world.claims() == [WANG.id]


def test_a_full_slot_that_trips_before_it_opens_is_passed_over() -> None:
    world = World()
    world.slots[SlotNumber(1)].stuck = True
    world.bring(world.worn_out)
    trip(world, SlotNumber(1))
    world.wait(6_000)
    assert world.at() != SlotNumber(1)
    assert world.swap.stage is SwapStage.TAKE_OUT
    assert not world.memory.is_aside(SlotNumber(1))


def test_when_every_full_one_has_tripped_the_own_battery_is_given_back() -> None:
    world = World()
    world.card()
    for number in range(1, 5):
        trip(world, SlotNumber(number))
    world.put(world.worn_out)
    world.shut()
    assert world.swap.outcome is SwapOutcome.OWN_RETURNED
    assert world.swap.stage is SwapStage.TAKE_BACK


def test_a_silent_cabinet_stops_the_riders_time_and_the_swap_goes_on_afterwards() -> None:
    world = World()
    world.bring(world.worn_out)
    world.wait(10_000)
    world.do(events.CabinetChanged(False))
    world.wait(TIMES.reconcile_ms - 1)
    assert world.outcomes() == []
    world.come_online()
    world.wait(TIMES.take_ms - 10_001)
    flow = world.cabinet.swap
    assert flow is not None
    assert not flow.overdue
    world.fetch()
    assert world.outcomes() == [SwapOutcome.DONE]


def test_a_cabinet_that_stays_silent_ends_the_swap_by_the_books_with_a_claim() -> None:
    world = World()
    world.bring(world.worn_out)
    slot = world.at()
    world.do(events.CabinetChanged(False))
    world.wait(TIMES.reconcile_ms)
    assert world.outcomes() == [SwapOutcome.CABINET_LOST]
    assert world.claims() == [WANG.id]
    given = world.slots[slot].battery
    world.slots[slot].battery, world.slots[slot].open = None, False
    world.come_online()
    assert given is not None
    assert world.out() == {given.serial: WANG.id}
    assert world.claims() == []
    assert world.memory.anomalies == ()


def test_another_slot_that_is_opened_by_hand_holds_the_pulse_back() -> None:
    world = World()
    world.card()
    world.put(world.worn_out)
    world.pry(SIX)
    world.shut()
    assert SlotCause.SWAP_OUT not in world.causes()
    world.wait(5_000)
    world.shut(SIX)
    assert world.swap.stage is SwapStage.TAKE_OUT


def test_another_slot_that_stays_open_ends_the_swap_with_the_claim() -> None:
    world = World()
    world.card()
    world.put(world.worn_out)
    world.pry(SIX)
    world.shut()
    world.wait(3 * TIMES.reconcile_ms)
    assert world.outcomes() == [SwapOutcome.CLAIM]
    assert world.claims() == [WANG.id]


def test_without_storage_no_slot_opens_and_the_swap_goes_on_when_it_is_back() -> None:
    world = World()
    world.card()
    world.put(world.worn_out)
    world.do(events.StorageChanged(StorageStatus.FULL))
    world.shut()
    world.wait(10_000)
    assert SlotCause.SWAP_OUT not in world.causes()
    world.do(events.StorageChanged(StorageStatus.OK))
    assert world.swap.stage is SwapStage.TAKE_OUT


def test_a_pulse_whose_record_was_not_committed_is_tried_again() -> None:
    world = World()
    world.commits = False
    world.card()
    assert world.slots[SlotNumber(5)].pulses == []
    world.commits = True
    world.wait(10_000)
    assert world.swap.stage is SwapStage.PUT_IN


def test_a_full_slot_that_opens_only_when_pulled_is_not_opened_twice() -> None:
    world = World()
    world.slots[SlotNumber(1)].stuck = True
    world.bring(world.worn_out, kind=SwapKind.SWAP)
    world.pry(SlotNumber(1))
    assert world.swap.stage is SwapStage.TAKE_OUT
    assert world.at() == SlotNumber(1)


def test_the_own_battery_taken_out_by_force_while_the_full_one_is_open_is_two_for_one() -> None:
    world = World()
    world.card()
    slot_in = world.at()
    world.put(world.worn_out)
    world.shut()
    full = world.at()
    world.wait(11_000)
    world.pry(slot_in)
    world.take(slot_in)
    world.shut(slot_in)
    world.take(full)
    world.shut(full)
    assert world.outcomes() == [SwapOutcome.DONE]
    assert world.anomalies() == [("took_two", "forced", "W", slot_in, WANG.id)]
    assert_books_balance(world)
