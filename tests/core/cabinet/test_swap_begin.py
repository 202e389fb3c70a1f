"""Why a swap does not begin: said before anybody's battery is taken."""

from dataclasses import replace

import pytest

from contract.ids import SlotNumber
from contract.policy.model import Antipassback
from contract.records import (
    AccessDenied,
    AccessGranted,
    Posture,
    ServiceBegan,
    SlotAside,
    SlotSetAside,
    SwapBegun,
    SwapKind,
    SwapOutcome,
    SwapRefusal,
    SwapRefused,
)
from edge.core import events
from edge.core.changed import changed
from edge.core.config import AccessConfig
from edge.core.effects import Feedback, ReaderFeedback, ReleaseLock
from edge.core.events import StorageStatus
from edge.core.fold import apply
from edge.core.state import RecordedAt
from tests.core.cabinet.swap_support import CABINET, LI, SWAP_CONFIG, WANG, World
from tests.core.support import only

ONE, FIVE, SIX = SlotNumber(1), SlotNumber(5), SlotNumber(6)


def refused(world: World, kind: SwapKind | None = None) -> SwapRefusal:
    """The one reason why a card now begins nothing."""
    records = world.card(kind=kind)
    assert not any(isinstance(record, SwapBegun) for record in records)
    assert world.effects[-1] == ReaderFeedback(CABINET, Feedback.DENIED)
    return only(records, SwapRefused).reason


def write(world: World, *records: object) -> None:
    for record in records:
        at = RecordedAt(world.mono_ms, world.now().wall_ms, 1)
        world.state = apply(world.state, record, at)  # type: ignore[arg-type]


def test_the_door_stays_shut_and_no_entry_is_written() -> None:
    world = World()
    records = world.card()
    assert only(records, SwapBegun).slot_in == FIVE
    assert not any(isinstance(record, AccessGranted | AccessDenied) for record in records)
    assert not any(isinstance(effect, ReleaseLock) for effect in world.effects)
    assert ReaderFeedback(CABINET, Feedback.GRANTED) in world.effects


@pytest.mark.parametrize(
    ("member", "detail"),
    [
        (None, "unknown_credential"),
        (replace(WANG, revoked=True), "revoked"),
        (replace(WANG, valid_until_ms=1), "expired"),
        (replace(WANG, by_pass=True), "pass_invalid"),
    ],
)
def test_who_may_not_come_in_may_not_swap_either(member: object, detail: str) -> None:
    world = World()
    world.card(member)  # type: ignore[arg-type]
    said = only([record for record, _ in world.records], SwapRefused)
    assert (said.reason, said.detail) == (SwapRefusal.DENIED, detail)


def test_who_tries_many_cards_gets_no_answer() -> None:
    world = World()
    for _ in range(8):
        world.card(None)
    before = len(world.effects)
    world.card(None)
    assert len(world.effects) == before


def test_neither_a_full_room_nor_having_come_in_already_keeps_a_rider_from_swapping() -> None:
    access = AccessConfig(capacity=1, antipassback=Antipassback.SOFT)
    world = World(replace(SWAP_CONFIG, access=access))
    durable = changed(world.state.durable, occupancy=changed(world.state.durable.occupancy, people=3))
    world.state = changed(world.state, durable=durable)
    world.card()
    assert world.swap.member == WANG.id


def test_two_proofs_were_shown_at_the_door_and_one_card_is_enough_inside() -> None:
    world = World(replace(SWAP_CONFIG, usual_posture=Posture.TWO_FACTOR))
    world.card()
    assert world.swap.member == WANG.id


@pytest.mark.parametrize("posture", [Posture.LOCKDOWN, Posture.OUT_OF_SERVICE])
def test_a_station_that_is_shut_swaps_nothing(posture: Posture) -> None:
    world = World(replace(SWAP_CONFIG, usual_posture=posture))
    assert refused(world) is SwapRefusal.OUT_OF_SERVICE


def test_somebody_elses_swap_is_waited_for_and_the_queue_is_counted() -> None:
    world = World()
    world.card()
    world.card(LI)
    world.card(LI)
    assert world.refusals() == [SwapRefusal.BUSY] * 2
    assert [*world.cabinet.waiting] == [LI.id]
    world.put(world.worn_out)
    world.shut()
    world.fetch()
    world.card(LI)
    assert world.swap.member == LI.id
    assert world.cabinet.waiting == ()


def test_the_queue_is_forgotten_when_nobody_comes() -> None:
    world = World()
    world.card()
    world.card(LI)
    world.put(world.worn_out)
    world.shut()
    world.fetch()
    world.wait(30_000)
    assert world.cabinet.waiting == ()
    assert world.cabinet.said is None


def test_what_was_said_to_somebody_else_does_not_forget_the_queue() -> None:
    world = World()
    world.card()
    world.card(LI)
    world.wait(15_000)
    assert world.cabinet.said is None
    assert world.cabinet.waiting == (LI.id,)


def test_the_riders_own_card_once_more_changes_nothing() -> None:
    world = World()
    world.card()
    assert world.card() == []
    assert world.refusals() == []


def test_nothing_begins_while_somebody_works_at_the_cabinet() -> None:
    world = World()
    write(world, ServiceBegan("chen"))
    assert refused(world) is SwapRefusal.SERVICE


def test_nothing_begins_before_everything_has_been_read() -> None:
    world = World(filled=False)
    assert refused(world) is SwapRefusal.OFFLINE
    world.do(events.CabinetChanged(True))
    world.tell(ONE)
    assert refused(world) is SwapRefusal.OFFLINE
    world.tell_all()
    world.card()
    assert world.swap.member == WANG.id


def test_nothing_begins_while_the_cabinet_does_not_answer() -> None:
    world = World()
    world.do(events.CabinetChanged(False))
    assert refused(world) is SwapRefusal.OFFLINE


@pytest.mark.parametrize("status", [StorageStatus.FULL, StorageStatus.UNAVAILABLE, StorageStatus.RECOVERING])
def test_nothing_begins_that_could_not_be_written_down(status: StorageStatus) -> None:
    world = World()
    world.do(events.StorageChanged(status))
    assert refused(world) is SwapRefusal.STORAGE_UNAVAILABLE


def test_nothing_begins_while_a_slot_stands_open_or_may() -> None:
    world = World()
    world.pry(SIX)
    assert refused(world) is SwapRefusal.SLOT_OPEN


def test_a_slot_of_which_nothing_is_known_counts_as_open_until_a_person_has_locked_it_out() -> None:
    world = World()
    world.slots[SIX].lost = True
    world.tell(SIX)
    assert refused(world) is SwapRefusal.SLOT_OPEN
    write(world, SlotSetAside(SIX, SlotAside.LOCKED_OUT, "chen"))
    world.card()
    assert world.swap.slot_in == FIVE


def test_fire_smoke_and_a_trip_of_the_cabinet_let_nobody_begin() -> None:
    world = World()
    world.do(events.FireChanged(True))
    assert refused(world) is SwapRefusal.HAZARD


def test_without_a_full_one_nobodys_battery_is_taken() -> None:
    world = World(full=0)
    assert refused(world) is SwapRefusal.NO_FULL
    world.bring(world.worn_out, kind=SwapKind.RETURN_ONLY)
    assert world.outcomes() == [SwapOutcome.DONE]


def test_without_an_empty_one_only_taking_is_possible() -> None:
    world = World(full=6)
    assert refused(world) is SwapRefusal.NO_EMPTY
    assert refused(world, SwapKind.RETURN_ONLY) is SwapRefusal.NO_EMPTY
    world.card(kind=SwapKind.TAKE_ONLY)
    world.fetch()
    assert world.outcomes() == [SwapOutcome.DONE]


def test_returning_only_keeps_a_slot_empty() -> None:
    world = World(full=5)
    assert refused(world, SwapKind.RETURN_ONLY) is SwapRefusal.NO_EMPTY
    world.bring(world.worn_out)
    world.fetch()
    assert world.outcomes() == [SwapOutcome.DONE]


def test_who_has_a_battery_and_no_claim_is_owed_nothing() -> None:
    world = World()
    world.bring(world.worn_out)
    world.fetch()
    assert refused(world, SwapKind.TAKE_ONLY) is SwapRefusal.NOTHING_OWED


def test_what_was_chosen_holds_for_ten_seconds() -> None:
    world = World()
    world.do(events.SwapChosen(SwapKind.RETURN_ONLY))
    world.wait(9_999)
    assert world.cabinet.chosen is SwapKind.RETURN_ONLY
    world.wait(1)
    world.card()
    assert world.swap.kind is SwapKind.SWAP


def test_a_station_without_a_cabinet_takes_no_notice() -> None:
    world = World()
    world.config = replace(SWAP_CONFIG, cabinet=replace(SWAP_CONFIG.cabinet, slots=(), reader=None))
    assert world.do(events.SwapChosen(SwapKind.SWAP)) == []
    assert world.cabinet.chosen is None
