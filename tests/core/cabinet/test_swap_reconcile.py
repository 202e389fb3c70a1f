"""A power cut in every stage of a swap: one outcome by the cabinet's truth, before anything moves."""

from collections.abc import Callable

import pytest

from contract.ids import BatteryId, SlotNumber
from contract.records import SlotUnlocked, SwapKind, SwapOutcome, SwapStage, SwapStaged
from edge.core import events
from tests.core.cabinet.swap_support import TIMES, WANG, Battery, World, assert_books_balance

Meanwhile = Callable[[World, SlotNumber], None]


def leave(world: World, slot: SlotNumber) -> None:
    """Nobody does anything while the power is away."""


def shut_empty(world: World, slot: SlotNumber) -> None:
    world.slots[slot].open = False


def put_own(world: World, slot: SlotNumber) -> None:
    world.slots[slot].battery, world.slots[slot].open = world.worn_out, False


def put_foreign(world: World, slot: SlotNumber) -> None:
    world.slots[slot].battery, world.slots[slot].open = Battery(BatteryId("X")), False


def put_silent(world: World, slot: SlotNumber) -> None:
    world.slots[slot].battery, world.slots[slot].open = Battery(BatteryId("X"), silent=True), False


def take(world: World, slot: SlotNumber) -> None:
    world.slots[slot].battery, world.slots[slot].open = None, False


def cut(world: World, meanwhile: Meanwhile) -> SlotNumber:
    """Power away, somebody's hands at the slot, power back, time enough."""
    slot, pulses = world.at(), len(world.causes())
    world.power_cut(lambda: meanwhile(world, slot))
    world.wait(TIMES.reconcile_ms + 61_000)
    assert len(world.causes()) == pulses, "something moved"
    assert_books_balance(world)
    return slot


@pytest.mark.parametrize(
    ("meanwhile", "outcome", "claims", "anomaly"),
    [
        (leave, SwapOutcome.INTERRUPTED, 0, None),
        (shut_empty, SwapOutcome.INTERRUPTED, 0, None),
        (put_own, SwapOutcome.INTERRUPTED_CLAIM, 1, None),
        (put_foreign, SwapOutcome.INTERRUPTED, 0, "foreign_inside"),
        (put_silent, SwapOutcome.INTERRUPTED, 0, "unreadable_inside"),
    ],
)
def test_the_power_goes_while_the_empty_slot_is_open(
    meanwhile: Meanwhile, outcome: SwapOutcome, claims: int, anomaly: str | None
) -> None:
    world = World()
    world.card()
    slot = cut(world, meanwhile)
    assert world.outcomes() == [outcome]
    assert world.claims() == [WANG.id] * claims
    named = [(kind, cause, at, member) for kind, cause, _, at, member in world.anomalies()]
    assert named == ([] if anomaly is None else [(anomaly, "swap", slot, WANG.id)])
    if claims:
        assert world.booked()[slot] == "W"


def test_what_is_put_into_the_slot_after_the_restart_is_still_the_riders() -> None:
    world = World()
    world.card()
    slot = cut(world, leave)
    world.put(world.worn_out, slot)
    world.shut(slot)
    assert world.booked()[slot] == "W"
    assert world.claims() == [WANG.id]
    assert world.memory.anomalies == ()


@pytest.mark.parametrize(
    ("meanwhile", "outcome", "claims", "out"),
    [
        (leave, SwapOutcome.INTERRUPTED_CLAIM, 1, 0),
        (shut_empty, SwapOutcome.INTERRUPTED_CLAIM, 1, 0),
        (take, SwapOutcome.DONE, 0, 1),
        (put_foreign, SwapOutcome.EXCHANGED, 0, 1),
        (put_silent, SwapOutcome.EXCHANGED, 0, 1),
    ],
)
def test_the_power_goes_while_the_full_slot_is_open(
    meanwhile: Meanwhile, outcome: SwapOutcome, claims: int, out: int
) -> None:
    world = World()
    world.bring(world.worn_out)
    cut(world, meanwhile)
    assert world.outcomes() == [outcome]
    assert (len(world.claims()), len(world.out())) == (claims, out)


def test_the_full_one_taken_after_the_restart_uses_the_claim_up() -> None:
    world = World()
    world.bring(world.worn_out)
    slot = cut(world, leave)
    assert world.claims() == [WANG.id]
    given = world.take(slot)
    world.shut(slot)
    assert world.claims() == []
    assert world.out() == {given.serial: WANG.id}


@pytest.mark.parametrize(
    ("meanwhile", "outcome", "claims"),
    [
        (leave, SwapOutcome.INTERRUPTED_CLAIM, 1),
        (take, SwapOutcome.CANCELLED, 0),
        (put_foreign, SwapOutcome.EXCHANGED, 0),
    ],
)
def test_the_power_goes_while_an_own_battery_that_was_taken_in_goes_back(
    meanwhile: Meanwhile, outcome: SwapOutcome, claims: int
) -> None:
    world = World()
    world.bring(world.worn_out)
    world.cancel()
    world.shut()
    world.wait(2_000)
    assert world.swap.stage is SwapStage.TAKE_BACK
    cut(world, meanwhile)
    assert world.outcomes() == [outcome]
    assert len(world.claims()) == claims


@pytest.mark.parametrize(
    ("meanwhile", "outcome"), [(leave, SwapOutcome.NOT_TAKEN_BACK), (take, SwapOutcome.REFUSED_NOT_YOURS)]
)
def test_the_power_goes_while_a_refused_battery_goes_back(meanwhile: Meanwhile, outcome: SwapOutcome) -> None:
    world = World()
    world.bring(world.of_li)
    slot = cut(world, meanwhile)
    assert world.outcomes() == [outcome]
    assert world.claims() == []
    if meanwhile is leave:
        world.shut(slot)
        assert world.anomalies() == [("appeared", "swap", "L", slot, WANG.id)]


@pytest.mark.parametrize("kind", [SwapKind.RETURN_ONLY, SwapKind.TAKE_ONLY])
def test_half_a_swap_that_was_finished_in_the_dark_is_done(kind: SwapKind) -> None:
    world = World()
    world.card(kind=kind)
    cut(world, put_own if kind is SwapKind.RETURN_ONLY else take)
    assert world.outcomes() == [SwapOutcome.DONE]
    assert world.claims() == []


def test_taking_only_that_was_cut_short_has_moved_nothing() -> None:
    world = World()
    world.card(kind=SwapKind.TAKE_ONLY)
    cut(world, shut_empty)
    assert world.outcomes() == [SwapOutcome.INTERRUPTED]


def test_a_battery_that_says_nothing_before_it_was_told_to_open_is_taken_to_be_the_one() -> None:
    world = World()
    world.slots[SlotNumber(1)].stuck = True
    world.bring(world.worn_out)
    full = world.slots[SlotNumber(1)].battery
    assert full is not None
    full.silent = True
    world.power_cut()
    world.wait(TIMES.reconcile_ms)
    assert world.outcomes() == [SwapOutcome.INTERRUPTED_CLAIM]


def test_nothing_is_said_before_every_slot_has_been_read_or_time_is_over() -> None:
    world = World()
    world.card()
    slot = world.at()
    world.power_cut(reads=False)
    world.do(events.CabinetChanged(True))
    world.tell(slot)
    assert world.outcomes() == []
    assert world.swap.stage is SwapStage.RECONCILING
    world.wait(TIMES.reconcile_ms)
    assert world.outcomes() == [SwapOutcome.INTERRUPTED]


def test_a_cabinet_that_never_comes_back_ends_the_swap_by_the_books() -> None:
    world = World()
    world.bring(world.worn_out)
    world.power_cut(reads=False)
    world.wait(TIMES.reconcile_ms)
    assert world.outcomes() == [SwapOutcome.CABINET_LOST]
    assert world.claims() == [WANG.id]


def test_a_roster_that_does_not_answer_after_the_restart_leaves_it_to_the_books() -> None:
    world = World()
    world.card()
    world.roster_answers = False
    slot = cut(world, put_own)
    assert world.outcomes() == [SwapOutcome.INTERRUPTED]
    world.roster_answers = True
    world.wait(60_000)
    assert world.booked()[slot] == "W"
    assert world.claims() == [WANG.id]


def test_a_second_restart_is_no_second_stage() -> None:
    world = World()
    world.card()
    world.power_cut(reads=False)
    world.power_cut()
    staged = [record for record, _ in world.records if isinstance(record, SwapStaged)]
    assert [record.stage for record in staged].count(SwapStage.RECONCILING) == 1
    assert world.outcomes() == [SwapOutcome.INTERRUPTED]


def test_a_restart_before_the_first_pulse_was_sent_opens_nothing() -> None:
    world = World()
    world.commits = False
    world.slots[SlotNumber(5)].stuck = True
    records = world.card()
    assert sum(isinstance(record, SlotUnlocked) for record in records) == 1
    cut(world, leave)
    assert world.outcomes() == [SwapOutcome.INTERRUPTED]


def test_a_swap_that_had_ended_stays_ended() -> None:
    world = World()
    world.bring(world.worn_out)
    world.fetch()
    world.power_cut()
    assert world.outcomes() == [SwapOutcome.DONE]
    assert world.memory.anomalies == ()
