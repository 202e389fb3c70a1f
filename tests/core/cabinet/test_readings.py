"""What the cabinet's driver reads: doors, pulses, silence, and when everything has been read."""

import pytest

from contract.ids import SlotNumber
from contract.records import SlotAside, SlotDoorClosed, SlotDoorOpened, SlotSetAside
from edge.core import events
from edge.core.cabinet.readings import LATE_HAND_MS, STALE_MS
from edge.core.effects import UnlockSlot
from edge.core.events import PulseResult
from tests.core.cabinet.safety_support import CABINET, ONE, SECOND_MS, SLOTS, TWO, Cabinet, every
from tests.core.support import CONFIG, Life, only

OPEN_MS = CABINET.cabinet.times.open_ms


# ---------------------------------------------------------------- doors


def test_a_slot_that_was_told_to_opens_and_closes_with_one_record_each() -> None:
    life = Cabinet()
    life.unlock(ONE)
    life.answer(ONE)
    opened = only(life.read(ONE, open=True), SlotDoorOpened)
    assert opened == SlotDoorOpened(ONE, commanded=True)
    assert life.read(ONE, open=True, soc_percent=51) == []
    life.wait(5 * SECOND_MS)
    assert only(life.read(ONE), SlotDoorClosed) == SlotDoorClosed(ONE, open_ms=5 * SECOND_MS)
    assert not life.slot(ONE).may_be_open
    assert not life.memory.is_aside(ONE)


def test_a_slot_that_nobody_had_told_to_open_is_set_aside_and_an_alarm_once() -> None:
    life = Cabinet()
    records = life.read(ONE, open=True)
    assert only(records, SlotDoorOpened) == SlotDoorOpened(ONE, commanded=False)
    assert only(records, SlotSetAside).why is SlotAside.UNCOMMANDED
    life.read(ONE)
    assert every(life.read(ONE, open=True), SlotSetAside) == []


def test_a_technician_at_work_has_keys() -> None:
    life = Cabinet()
    life.remember(service_by="li")
    records = life.read(ONE, open=True)
    assert only(records, SlotDoorOpened) == SlotDoorOpened(ONE, commanded=False)
    assert every(records, SlotSetAside) == []


def test_a_lock_that_sticks_until_somebody_pulls_was_opened_by_the_order() -> None:
    life = Cabinet()
    life.unlock(ONE)
    life.answer(ONE)
    life.wait(LATE_HAND_MS)
    assert not life.slot(ONE).may_be_open
    assert only(life.read(ONE, open=True), SlotDoorOpened).commanded
    other = Cabinet()
    other.unlock(ONE)
    other.answer(ONE)
    other.wait(LATE_HAND_MS + 1)
    assert not only(other.read(ONE, open=True), SlotDoorOpened).commanded


def test_a_door_that_stands_open_over_a_restart_is_one_opening() -> None:
    life = Cabinet()
    life.unlock(ONE)
    life.answer(ONE)
    life.read(ONE, open=True)
    life.boot(clean_stop=False)
    life.do(events.CabinetChanged(online=True))
    assert every(life.read(ONE, open=True), SlotDoorOpened) == []
    assert only(life.read(ONE), SlotDoorClosed).open_ms is None


def test_a_door_that_closed_while_nobody_looked_is_recorded_when_it_is_seen() -> None:
    life = Cabinet()
    life.unlock(ONE)
    life.answer(ONE)
    life.read(ONE, open=True)
    life.do(events.SlotLost(ONE, "no data"))
    assert life.slot(ONE).may_be_open
    assert only(life.read(ONE), SlotDoorClosed).open_ms is None
    assert not life.slot(ONE).may_be_open


def test_a_door_found_open_was_opened_by_the_order_if_that_was_the_last_one() -> None:
    life = Cabinet()
    life.unlock(ONE)
    life.boot(clean_stop=False)
    life.do(events.CabinetChanged(online=True))
    assert only(life.read(ONE, open=True), SlotDoorOpened).commanded
    assert not only(life.read(TWO, open=True), SlotDoorOpened).commanded
    assert life.memory.is_aside(TWO)


def test_a_door_that_the_cabinet_cannot_tell_counts_as_open_and_is_no_movement() -> None:
    life = Cabinet()
    assert every(life.read(ONE, open=None), SlotDoorOpened) == []
    assert life.slot(ONE).may_be_open
    assert every(life.read(ONE), SlotDoorClosed) == []
    assert not life.slot(ONE).may_be_open


# ---------------------------------------------------------------- pulses


@pytest.mark.parametrize(
    ("result", "ends_ms"), [(PulseResult.SENT, max(OPEN_MS, STALE_MS)), (PulseResult.UNCONFIRMED, OPEN_MS + STALE_MS)]
)
def test_a_pulse_that_opened_nothing_ends_once_the_door_was_surely_read_shut(result: PulseResult, ends_ms: int) -> None:
    life = Cabinet()
    life.unlock(ONE)
    life.answer(ONE, result)
    life.wait(ends_ms - 1)
    assert life.slot(ONE).may_be_open
    life.wait(1)
    assert not life.slot(ONE).may_be_open


def test_a_refused_pulse_opens_nothing() -> None:
    life = Cabinet()
    life.unlock(ONE)
    assert life.slot(ONE).may_be_open
    life.answer(ONE, PulseResult.REFUSED)
    assert not life.slot(ONE).may_be_open


def test_a_pulse_whose_record_was_not_committed_has_not_left_the_station() -> None:
    life = Cabinet()
    life.unlock(ONE)
    told = [effect for effect in life.effects if isinstance(effect, UnlockSlot)]
    life.unlock(ONE)
    life.do(events.EffectRefused(told[0], "storage_unavailable"))
    assert life.slot(ONE).may_be_open, "that was the pulse before"
    told = [effect for effect in life.effects if isinstance(effect, UnlockSlot)]
    life.do(events.EffectRefused(told[1], "storage_unavailable"))
    assert not life.slot(ONE).may_be_open


def test_an_answer_to_an_earlier_pulse_means_nothing() -> None:
    life = Cabinet()
    first = life.unlock(ONE)
    life.unlock(ONE)
    life.do(events.SlotPulsed(ONE, first, PulseResult.REFUSED))
    assert life.slot(ONE).may_be_open
    life.do(events.SlotPulsed(TWO, first, PulseResult.REFUSED))
    assert not life.slot(TWO).may_be_open


def test_a_pulse_that_nobody_answers_never_ends_by_itself() -> None:
    life = Cabinet()
    life.unlock(ONE)
    life.wait(60 * SECOND_MS)
    life.read(ONE, soc_percent=51)
    life.wait(60 * SECOND_MS)
    assert life.slot(ONE).may_be_open


def test_a_pulse_that_the_driver_took_along_ends_when_the_door_is_read_shut_again() -> None:
    life = Cabinet()
    life.unlock(ONE)
    life.do(events.CabinetChanged(online=False, detail="gone"))
    life.do(events.CabinetChanged(online=True))
    life.read(ONE)
    assert life.slot(ONE).may_be_open
    life.wait(OPEN_MS)
    assert not life.slot(ONE).may_be_open


def test_a_pulse_counts_while_the_door_is_not_read() -> None:
    life = Cabinet()
    life.unlock(ONE)
    life.answer(ONE)
    life.read(ONE, open=None)
    life.wait(60 * SECOND_MS)
    assert life.slot(ONE).pulsed_ms is not None
    life.read(ONE)
    life.wait(OPEN_MS - 1)
    assert life.slot(ONE).may_be_open
    life.wait(1)
    assert not life.slot(ONE).may_be_open


def test_an_open_door_ends_no_pulse_before_it_is_shut() -> None:
    life = Cabinet()
    life.unlock(ONE)
    life.answer(ONE)
    life.read(ONE, open=True)
    life.wait(60 * SECOND_MS)
    assert life.slot(ONE).pulsed_ms is not None
    life.read(ONE)
    assert life.slot(ONE).pulsed_ms is None


# ---------------------------------------------------------------- what is known


def test_a_battery_that_answers_is_there_whatever_the_contact_says() -> None:
    life = Cabinet()
    life.read(ONE, present=False)
    assert life.slot(ONE).present is True


def test_everything_is_read_once_every_slot_is() -> None:
    life = Cabinet(read=False)
    life.do(events.CabinetChanged(online=True))
    for slot in SLOTS:
        assert not life.cabinet.all_read
        life.read(slot)
    assert life.cabinet.all_read


def test_a_slot_that_stays_lost_is_given_up_and_the_others_move() -> None:
    life = Cabinet(read=False)
    life.do(events.CabinetChanged(online=True))
    for slot in SLOTS[:4]:
        life.read(slot)
    life.do(events.SlotLost(SLOTS[4], "no data"))
    life.wait(SECOND_MS)
    life.do(events.SlotLost(SLOTS[4], "still no data"))
    life.wait(CABINET.cabinet.times.reconcile_ms - SECOND_MS - 1)
    assert not life.cabinet.all_read
    life.wait(1)
    assert life.cabinet.all_read


def test_of_a_cabinet_that_does_not_answer_nothing_is_known() -> None:
    life = Cabinet()
    life.point(events.CabinetPoint.WATER, active=False)
    life.do(events.ContactorRead(closed=False))
    life.do(events.CabinetChanged(online=False, detail="the line is cut"))
    now = life.cabinet
    assert (now.online, now.all_read, dict(now.points), now.contactor_closed) == (False, False, {}, None)
    assert {slot.lost for slot in now.slots.values()} == {"the line is cut"}
    since_ms = now.offline_since_ms
    life.wait(SECOND_MS)
    life.do(events.CabinetChanged(online=False, detail="the line is cut"))
    assert life.cabinet.offline_since_ms == since_ms
    life.wait(10 * 60 * SECOND_MS)
    life.do(events.CabinetChanged(online=True))
    assert not life.cabinet.all_read, "a long silence says nothing of what is in the slots"
    for slot in SLOTS:
        life.read(slot)
    assert life.cabinet.all_read


def test_what_is_not_configured_is_not_listened_to() -> None:
    life, stranger = Cabinet(), SlotNumber(99)
    before = life.state
    life.do(events.SlotRead(stranger, door_open=True, present=True))
    life.do(events.SlotLost(stranger))
    life.do(events.SlotPulsed(stranger, 1, PulseResult.SENT))
    life.do(events.ChargerChecked(stranger, obeys=False))
    assert life.state == before


def test_a_station_without_a_cabinet_has_none_whatever_is_told() -> None:
    life = Life(CONFIG)
    before = life.state
    life.do(events.CabinetChanged(online=True))
    life.do(events.SlotRead(ONE, door_open=True, present=True))
    life.do(events.ContactorRead(closed=False))
    life.do(events.CabinetPointRead(events.CabinetPoint.SMOKE, active=True))
    assert life.state == before
