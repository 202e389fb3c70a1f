"""A technician at the cabinet: service mode, two steps where it may burn, slots taken out of use and given back."""

import pytest

from contract.ids import MemberId, SlotNumber
from contract.records import (
    MessageRefused,
    Record,
    ServiceBegan,
    ServiceEnded,
    SlotAside,
    SlotCause,
    SlotGivenBack,
    SlotUnlocked,
    SwapKind,
    SwapStage,
    Trip,
)
from edge.core import events
from edge.core.cabinet.asides import QUARANTINE_MS, UNKNOWN_MS
from edge.core.cabinet.service import FORGOTTEN, IDLE_MS, SECOND_STEP_MS
from edge.core.cabinet.state import Aside, Swap
from tests.core.cabinet.safety_support import FOUR, MINUTE_MS, ONE, SECOND_MS, THREE, TWO, Cabinet, every
from tests.core.support import CONFIG, WALL_MS, Life, only

STRANGER = SlotNumber(99)


def at_work(life: Cabinet | None = None) -> Cabinet:
    life = life or Cabinet()
    life.do(events.ServiceAsked("li", on=True))
    assert life.memory.service_by == "li"
    return life


def ask(life: Cabinet, slot: SlotNumber, *, by: str = "li", confirmed: bool = False) -> list[Record]:
    return life.do(events.SlotOpenAsked(slot, by, confirmed))


def aside(life: Cabinet, slot: SlotNumber, on: bool) -> list[Record]:
    return life.do(events.SlotAsideAsked(slot, "li", on))


# ---------------------------------------------------------------- service mode


def test_work_begins_and_ends_by_the_technicians_word_and_once() -> None:
    life = Cabinet()
    assert only(life.do(events.ServiceAsked("li", on=True)), ServiceBegan) == ServiceBegan("li")
    assert life.do(events.ServiceAsked("wang", on=True)) == []
    assert only(life.do(events.ServiceAsked("wang", on=False)), ServiceEnded) == ServiceEnded("wang", "")
    assert life.do(events.ServiceAsked("li", on=False)) == []


def test_whoever_does_not_say_who_they_are_does_not_work_here() -> None:
    life = Cabinet()
    assert life.do(events.ServiceAsked("", on=True)) == []
    other = Life(CONFIG)
    assert other.do(events.ServiceAsked("li", on=True)) == []


def test_a_riders_swap_goes_before() -> None:
    life = Cabinet()
    life.remember(swap=Swap(1, MemberId("rider-1"), SwapKind.SWAP, SwapStage.PUT_IN, FOUR, ONE, WALL_MS))
    assert "swap is under way" in every(life.do(events.ServiceAsked("li", on=True)), MessageRefused)[0].reason
    assert life.memory.service_by == ""


def test_work_that_was_forgotten_ends_by_itself_and_what_is_done_prolongs_it() -> None:
    life = at_work()
    life.wait(IDLE_MS - 1)
    ask(life, ONE)
    life.wait(IDLE_MS - 1)
    assert life.memory.service_by == "li"
    assert only(life.wait(1), ServiceEnded) == ServiceEnded("li", FORGOTTEN)
    life.wait(2 * IDLE_MS)
    assert life.memory.service_by == ""


def test_work_goes_on_over_a_restart_for_half_an_hour() -> None:
    life = at_work()
    life.boot(clean_stop=False)
    life.come_online()
    life.wait(IDLE_MS - 1)
    assert life.memory.service_by == "li"
    life.wait(1)
    assert life.memory.service_by == ""


# ---------------------------------------------------------------- opening


def test_in_service_mode_slots_open_as_they_are_asked_for_also_several() -> None:
    life = at_work()
    for slot in (ONE, TWO):
        unlocked = only(ask(life, slot), SlotUnlocked)
        assert (unlocked.slot, unlocked.cause, unlocked.by) == (slot, SlotCause.SERVICE, "li")
        life.answer(slot)
        life.read(slot, open=True)
    assert life.memory.asides == ()


@pytest.mark.parametrize("why", ["no service", "no slot", "offline", "pulsed"])
def test_a_slot_is_not_opened_for_a_technician_where_that_makes_no_sense(why: str) -> None:
    life = Cabinet() if why == "no service" else at_work()
    if why == "offline":
        life.do(events.CabinetChanged(online=False))
    elif why == "pulsed":
        ask(life, ONE)
    records = ask(life, STRANGER if why == "no slot" else ONE)
    only(records, MessageRefused)
    assert every(records, SlotUnlocked) == []


@pytest.mark.parametrize("danger", ["tripped", "quarantine"])
def test_where_it_may_burn_the_technician_asks_twice(danger: str) -> None:
    life = Cabinet()
    if danger == "tripped":
        life.read(ONE, soc_percent=200)
        life.wait(5 * SECOND_MS)
    else:
        life.remember(asides=(Aside(ONE, SlotAside.QUARANTINE, UNKNOWN_MS),))
    at_work(life)
    assert every(ask(life, ONE), SlotUnlocked) == []
    unlocked = only(ask(life, ONE, confirmed=True), SlotUnlocked)
    assert (unlocked.slot, unlocked.cause) == (ONE, SlotCause.QUARANTINE)
    life.answer(ONE, events.PulseResult.REFUSED)
    assert every(ask(life, ONE, confirmed=True), SlotUnlocked) == [], "the next time again in two steps"


@pytest.mark.parametrize(
    "second", ["late", "another slot", "somebody else", "not confirmed", "first of all", "work over"]
)
def test_the_second_step_is_the_same_persons_for_the_same_slot_within_a_minute(second: str) -> None:
    life = Cabinet()
    life.remember(asides=tuple(Aside(slot, SlotAside.QUARANTINE, UNKNOWN_MS) for slot in (ONE, TWO)))
    at_work(life)
    if second != "first of all":
        ask(life, ONE)
    if second == "late":
        life.wait(SECOND_STEP_MS + 1)
    elif second == "work over":
        life.do(events.ServiceAsked("li", on=False))
        at_work(life)
    slot, by = TWO if second == "another slot" else ONE, "wang" if second == "somebody else" else "li"
    assert every(ask(life, slot, by=by, confirmed=second != "not confirmed"), SlotUnlocked) == []


def test_a_minute_is_time_enough_for_the_second_step() -> None:
    life = Cabinet()
    life.remember(asides=(Aside(ONE, SlotAside.QUARANTINE, UNKNOWN_MS),))
    at_work(life)
    ask(life, ONE)
    life.wait(SECOND_STEP_MS)
    only(ask(life, ONE, confirmed=True), SlotUnlocked)


# ---------------------------------------------------------------- out of use


def test_a_slot_is_taken_out_of_use_and_given_back() -> None:
    life = at_work()
    aside(life, ONE, True)
    assert life.memory.is_aside(ONE)
    assert only(aside(life, ONE, True), MessageRefused).reason == "slot 1: locked_out_already"
    assert only(aside(life, ONE, False), SlotGivenBack) == SlotGivenBack(ONE, SlotAside.LOCKED_OUT, "li")
    assert only(aside(life, ONE, False), MessageRefused).reason == "slot 1: in_use_already"
    assert only(aside(life, STRANGER, True), MessageRefused).reason == "slot 99: slot_unknown"


def test_a_slot_is_given_back_from_everything_it_was_out_for() -> None:
    life = at_work()
    life.remember(asides=tuple(Aside(ONE, why) for why in (SlotAside.STUCK, SlotAside.UNCOMMANDED)))
    life.remember(asides=(*life.memory.asides, Aside(TWO, SlotAside.STUCK)))
    aside(life, ONE, False)
    assert [each.slot for each in life.memory.asides] == [TWO]


def test_a_quarantine_lasts_its_day_by_a_clock_that_can_be_trusted() -> None:
    life = Cabinet()
    life.tell(ONE, 560)
    life.tell(ONE, 300)
    assert only(aside(life, ONE, False), MessageRefused).reason == "slot 1: slot_tripped"
    for tripped in life.memory.tripped:
        life.do(events.TripResetAsked(ONE, tripped.trip, "li"))
    assert life.memory.tripped == ()
    life.wait(QUARANTINE_MS - 1)
    assert only(aside(life, ONE, False), MessageRefused).reason == "slot 1: in_quarantine"
    life.wait(1)
    life.clock_trusted = False
    assert only(aside(life, ONE, False), MessageRefused).reason == "slot 1: time_unknown"
    life.clock_trusted = True
    only(aside(life, ONE, False), SlotGivenBack)


def test_a_quarantine_that_began_when_nobody_knew_the_time_counts_from_when_somebody_does() -> None:
    life = Cabinet()
    life.clock_trusted = False
    life.read(THREE, smoke=True)
    assert life.memory.asides[0].until_ms == UNKNOWN_MS
    life.wait(MINUTE_MS)
    life.clock_trusted = True
    life.do(events.ClockChanged(True, 0))
    assert life.memory.asides[0].until_ms == WALL_MS + life.mono_ms + QUARANTINE_MS
    assert [each.trip for each in life.memory.tripped] == [Trip.SMOKE]


def test_what_an_operator_has_locked_out_by_a_standing_order_is_not_given_back_on_site() -> None:
    life = Cabinet()
    life.do(events.DesiredReceived(1, None, cabinet=events.CabinetWill(locked_out=(ONE,))))
    assert only(aside(life, ONE, False), MessageRefused).reason == "slot 1: locked_out_by_order"
