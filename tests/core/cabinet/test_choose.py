"""Which battery is given, and which slot one is put into."""

from dataclasses import replace

import pytest

from contract.ids import BatteryId, SlotNumber
from contract.records import (
    AnomalyCause,
    AnomalyKind,
    AnomalyOpened,
    CabinetOrdered,
    CabinetTripped,
    ChargeEnd,
    Record,
    SlotAside,
    SlotSetAside,
    SwapKind,
    Trip,
)
from edge.core.cabinet.charge_rules import case_of, objection
from edge.core.cabinet.choose import empty_slots, full_slots
from edge.core.cabinet.state import ChargeNow
from edge.core.changed import changed
from edge.core.fold import apply
from edge.core.state import RecordedAt
from tests.core.cabinet.swap_support import SWAP_CONFIG, Battery, World

ONE, TWO, THREE, FOUR, FIVE, SIX = (SlotNumber(number) for number in range(1, 7))


def full(world: World) -> list[SlotNumber]:
    return full_slots(world.config.cabinet, world.state, world.mono_ms)


def empty(world: World) -> list[SlotNumber]:
    return empty_slots(world.config.cabinet, world.state)


def say(world: World, slot: SlotNumber, **said: object) -> None:
    """The battery in a slot says something else."""
    battery = world.slots[slot].battery
    assert battery is not None
    world.slots[slot].battery = replace(battery, **said)  # type: ignore[arg-type]
    world.tell(slot)


def write(world: World, record: Record) -> None:
    world.state = apply(world.state, record, RecordedAt(world.mono_ms, world.now().wall_ms, 1))


def charge(world: World, slot: SlotNumber, charger: ChargeNow) -> None:
    cabinet = changed(world.cabinet, charge={**world.cabinet.charge, slot: charger})
    world.state = changed(world.state, volatile=changed(world.state.volatile, cabinet=cabinet))


def test_the_fullest_goes_first_then_the_healthiest_then_the_coolest() -> None:
    world = World()
    assert full(world) == [ONE, TWO, THREE, FOUR]
    say(world, THREE, soc_percent=100)
    say(world, TWO, soh_percent=99)
    say(world, FOUR, decicelsius=200)
    assert full(world) == [THREE, TWO, FOUR, ONE]


@pytest.mark.parametrize(
    "said",
    [
        {"soc_percent": 89},
        {"soh_percent": 69},
        {"soh_percent": None},
        {"decicelsius": None},
        {"faults": 1},
        {"silent": True},
        {"serial": BatteryId("other")},
    ],
)
def test_what_is_not_full_sound_cool_and_itself_is_not_given(said: dict[str, object]) -> None:
    world = World()
    say(world, ONE, **said)
    assert ONE not in full(world)


def test_at_its_borders_a_battery_is_still_given() -> None:
    world = World(replace(SWAP_CONFIG, cabinet=replace(SWAP_CONFIG.cabinet, give_max_decicelsius=250)))
    say(world, ONE, soc_percent=90, soh_percent=70)
    assert ONE in full(world)
    say(world, ONE, decicelsius=251)
    assert ONE not in full(world)


def test_what_is_being_charged_or_has_not_rested_for_a_minute_is_not_given() -> None:
    world = World()
    world.wait(100_000)
    charge(world, ONE, ChargeNow(limit_ma=5_000))
    charge(world, TWO, ChargeNow(rested_since_ms=world.mono_ms - 59_999))
    charge(world, THREE, ChargeNow(rested_since_ms=world.mono_ms - 60_000))
    charge(world, FOUR, ChargeNow())
    assert full(world) == [FOUR, THREE]


def test_recalled_set_aside_tripped_open_and_unexplained_ones_are_not_given() -> None:
    world = World(full=6)
    world.pry(SIX)
    write(world, CabinetOrdered((BatteryId("F1"),), ()))
    write(world, SlotSetAside(TWO, SlotAside.UNCOMMANDED))
    write(world, CabinetTripped(Trip.TOO_HOT, THREE))
    unreadable = AnomalyKind.UNREADABLE_INSIDE
    write(world, AnomalyOpened(1, unreadable, AnomalyCause.UNKNOWN, BatteryId("F4"), FOUR, None, None))
    assert full(world) == [FIVE]


def test_the_slot_used_longest_ago_takes_the_next_battery_so_that_locks_wear_evenly() -> None:
    world = World()
    assert empty(world) == [FIVE, SIX]
    world.card(kind=SwapKind.RETURN_ONLY)
    world.cancel()
    world.shut()
    world.wait(2_000)
    assert empty(world) == [SIX, FIVE]


def test_a_slot_is_empty_only_when_it_is_shut_read_in_order_and_in_no_books() -> None:
    world = World(full=2)
    write(world, SlotSetAside(THREE, SlotAside.STUCK))
    world.slots[FOUR].lost = True
    world.tell(FOUR)
    world.pry(FIVE)
    world.slots[ONE].lost = True
    world.slots[SIX].battery = Battery(BatteryId("X"), silent=True)
    world.tell(SIX)
    assert empty(world) == []


def test_what_is_kept_for_a_rider_is_not_charged_meanwhile() -> None:
    world = World()
    for slot in (ONE, TWO, THREE, FOUR):
        say(world, slot, soc_percent=91)
    before = case_of(world.config.cabinet, world.state, ONE, world.mono_ms)
    assert objection(before) is None
    world.card()
    assert world.swap.slot_out == ONE
    assert objection(case_of(world.config.cabinet, world.state, ONE, world.mono_ms)) is ChargeEnd.ORDERED
    assert objection(case_of(world.config.cabinet, world.state, TWO, world.mono_ms)) is None
