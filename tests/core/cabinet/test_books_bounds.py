"""The books: how much they remember, how often they ask, and what happens at the limit."""

from contract.ids import BatteryId, SlotNumber
from contract.records import (
    AnomalyCause,
    AnomalyEnd,
    AnomalyKind,
    AnomalyOpened,
    BatteryGivenOut,
    BatteryTakenIn,
)
from edge.core.cabinet.state import MAX_ANOMALIES
from edge.core.fold import apply
from edge.core.state import RecordedAt
from tests.core.cabinet.swap_support import LI, TIMES, Battery, Slot
from tests.core.cabinet.test_books import ends, gone, lived, service

ONE, TWO, FIVE, SIX = (SlotNumber(number) for number in (1, 2, 5, 6))

# ---------------------------------------------------------------- bounds


def test_of_too_many_anomalies_the_oldest_is_forgotten_and_said_to_be() -> None:
    world = lived()
    at = RecordedAt(0, 0, 1)
    for number in range(1, MAX_ANOMALIES + 1):
        kind, cause = AnomalyKind.VANISHED, AnomalyCause.UNKNOWN
        opened = AnomalyOpened(number, kind, cause, BatteryId(f"G{number}"), None, None, None)
        world.state = apply(world.state, opened, at)
    gone(world, TWO)
    world.tell(TWO)
    assert len(world.memory.anomalies) == MAX_ANOMALIES
    assert ends(world) == [AnomalyEnd.FORGOTTEN]


def test_a_move_is_two_records_and_the_vanished_one_goes_out_to_nobody() -> None:
    world = lived()
    gone(world, TWO)
    records = world.tell(TWO)
    given = [record for record in records if isinstance(record, BatteryGivenOut)]
    assert [(record.battery, record.member) for record in given] == [("F2", None)]
    assert not any(isinstance(record, BatteryTakenIn) for record in records)


def test_the_roster_is_asked_once_and_again_after_a_minute_without_an_answer() -> None:
    world = lived()
    world.roster_answers = False
    world.slots[SIX].battery = Battery(BatteryId("X"))
    world.power_cut()
    asked = len(world.effects)
    world.tell(SIX)
    assert len(world.effects) == asked
    world.wait(60_000)
    assert len(world.effects) > asked


def test_a_slot_out_of_which_a_battery_has_vanished_gives_the_next_one_that_is_full() -> None:
    world = lived(full=1)
    slot = next(iter(world.booked()))
    world.power_cut(lambda: world.slots.update({slot: Slot()}))
    assert [one[0] for one in world.anomalies()] == [AnomalyKind.VANISHED]
    service(world, on=True)
    world.slots[slot].battery = world.ours("N1")
    service(world, on=False)
    assert world.booked() == {slot: "N1"}
    world.bring(world.of_li, LI)
    assert world.fetch().serial == "N1"


def test_what_changed_while_a_slot_did_not_answer_happened_offline() -> None:
    world = lived()
    world.slots[TWO].lost = True
    world.tell(TWO)
    gone(world, TWO)
    world.slots[TWO].lost = False
    world.tell(TWO)
    assert world.anomalies() == [("vanished", "offline", "F2", TWO, None)]


def test_what_a_rider_left_behind_an_open_door_is_the_riders_after_service_and_a_restart_too() -> None:
    world = lived()
    world.card(LI)
    slot = world.at()
    world.put(world.of_li)
    world.wait(TIMES.put_in_ms + TIMES.close_ms)
    service(world, on=True)
    world.shut(slot)
    world.power_cut()
    service(world, on=False)
    assert world.booked()[slot] == "L"
    assert world.claims() == [LI.id]
    assert world.anomalies() == []
