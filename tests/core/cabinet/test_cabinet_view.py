"""What the screen, the state message and the console are told of the cabinet."""

from dataclasses import replace

from contract.ids import BatteryId, SlotNumber
from contract.records import SlotAside, SwapKind, SwapOutcome, SwapRefusal, SwapStage
from edge.core import events
from edge.core.cabinet.config import CabinetConfig
from edge.core.cabinet.view import CabinetView, cabinet_view
from tests.core.cabinet.swap_support import LI, TIMES, WANG, Battery, World


def seen(world: World) -> CabinetView:
    view = cabinet_view(world.config.cabinet, world.state, world.mono_ms)
    assert view is not None
    return view


def test_a_station_without_a_cabinet_shows_none() -> None:
    world = World()
    assert cabinet_view(CabinetConfig(), world.state, 0) is None


def test_before_anything_was_read_nothing_is_known() -> None:
    view = seen(World(filled=False))
    assert (view.online, view.ready, view.full, view.empty, view.swap, view.said) == (None, False, 0, 0, None, None)
    assert {slot.door_open for slot in view.slots} == {None}
    assert all(slot.may_be_open for slot in view.slots)


def test_a_quiet_cabinet_shows_what_lies_where() -> None:
    view = seen(World())
    assert (view.ready, view.full, view.empty, view.hazard) == (True, 4, 2, False)
    first, last = view.slots[0], view.slots[-1]
    assert (first.slot, first.battery, first.booked, first.model, first.full) == (1, "F1", "F1", "M60", True)
    assert (first.soc_percent, first.soh_percent, first.voltage_mv, first.current_ma) == (98, 95, 60_000, 0)
    assert (first.temperature_decicelsius, first.cycles, first.charging) == (250, 120, False)
    assert (last.slot, last.present, last.battery, last.booked, last.full) == (6, False, None, None, False)


def test_the_rider_sees_where_to_go_and_how_long_is_left() -> None:
    world = World()
    world.card()
    swap = seen(world).swap
    assert swap is not None
    assert (swap.member, swap.kind, swap.stage, swap.slot) == (WANG.id, SwapKind.SWAP, SwapStage.PUT_IN, 5)
    assert swap.ends_mono_ms == world.mono_ms + TIMES.put_in_ms
    assert (swap.warned, swap.overdue, swap.again, swap.held, swap.cancellable) == (False, False, False, False, True)


def test_a_step_that_is_overdue_has_no_time_left_and_says_so() -> None:
    world = World()
    world.card()
    world.wait(TIMES.put_in_ms)
    swap = seen(world).swap
    assert swap is not None
    assert (swap.warned, swap.overdue, swap.ends_mono_ms) == (True, True, None)


def test_a_second_chance_and_a_silent_cabinet_are_said() -> None:
    world = World()
    world.card()
    world.shut()
    world.wait(1_500)
    swap = seen(world).swap
    assert swap is not None
    assert swap.again
    world.do(events.CabinetChanged(False))
    view = seen(world)
    assert view.swap is not None
    assert view.swap.held
    assert view.swap.ends_mono_ms is None


def test_the_lock_has_no_time_that_the_rider_counts_down() -> None:
    world = World()
    world.slots[SlotNumber(5)].stuck = True
    world.card()
    world.wait(6_000)
    swap = seen(world).swap
    assert swap is not None
    assert (swap.stage, swap.attempt, swap.ends_mono_ms) == (SwapStage.OPENING_IN, 2, None)


def test_a_decided_outcome_is_shown_while_the_battery_goes_back() -> None:
    world = World()
    world.bring(world.of_li)
    swap = seen(world).swap
    assert swap is not None
    assert (swap.outcome, swap.cancellable) == (SwapOutcome.REFUSED_NOT_YOURS, False)


def test_how_it_ended_is_said_for_a_while_with_the_claim_and_the_door() -> None:
    world = World()
    world.bring(world.worn_out)
    world.wait(TIMES.take_ms + TIMES.close_ms)
    said = seen(world).said
    assert said is not None
    assert (said.outcome, said.refusal, said.claim, said.slot) == (SwapOutcome.NOT_TAKEN, None, True, 1)
    world.wait(20_000)
    assert seen(world).said is None
    assert seen(world).claims == 1


def test_why_it_did_not_begin_is_said_with_the_queue() -> None:
    world = World()
    world.card()
    world.card(LI)
    world.card(replace(LI, revoked=True))
    view = seen(world)
    assert view.said is not None
    assert (view.said.refusal, view.said.detail, view.said.outcome) == (SwapRefusal.DENIED, "revoked", None)
    assert view.waiting == 1


def test_what_was_chosen_is_shown_until_it_is_over() -> None:
    world = World()
    world.do(events.SwapChosen(SwapKind.TAKE_ONLY))
    view = seen(world)
    assert (view.chosen, view.chosen_until_mono_ms) == (SwapKind.TAKE_ONLY, world.mono_ms + 10_000)


def test_anomalies_numbers_and_slots_out_of_use_are_shown() -> None:
    world = World()
    world.bring(world.worn_out)
    world.fetch()
    world.slots[SlotNumber(6)].battery = Battery(BatteryId("X"))
    world.power_cut()
    world.pry(SlotNumber(2))
    view = seen(world)
    (anomaly,) = view.anomalies
    assert (anomaly.anomaly, anomaly.kind, anomaly.battery, anomaly.slot) == (1, "foreign_inside", "X", 6)
    assert (view.swaps, view.out) == (1, 1)
    assert view.slots[1].asides == (SlotAside.UNCOMMANDED,)
