"""What is written to a cabinet: pulses once, levels until they are so, and what switches off before everything else."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contract.records import SlotCause
from edge.core.effects import SetCharger, SetContactor, UnlockSlot
from edge.core.events import CabinetChanged, ChargerChecked, ContactorRead, PulseResult, SlotPulsed
from edge.drivers import cabinet_modbus, cabinet_modbus_orders
from edge.drivers.cabinet_modbus_fields import FieldName
from edge.drivers.cabinet_modbus_orders import Orders
from tests.drivers.cabinet_rig import BOARD, INTEGRATED, Rig, hurry, slot
from tests.drivers.cabinet_slave import Reply, framed, numbers

PULSES = itertools.count(1)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture(params=[INTEGRATED, BOARD])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, request.param)
    rig.settle()
    yield rig
    rig.stop()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, BOARD)
    rig.settle()
    yield rig
    rig.stop()


def unlock(number: int) -> UnlockSlot:
    return UnlockSlot(slot(number), next(PULSES), SlotCause.SWAP_IN)


def charger_writes(rig: Rig, number: int) -> list[int]:
    """What the slot's charger was told, in its own unit, in order."""
    charger = rig.map.writes.charger
    assert charger is not None
    address, index = rig.map.slave(charger.slave).place(number - 1)
    at = charger.at + index * charger.stride
    return [value for _, to, code, place, value in list(rig.slave.written) if (to, code, place) == (address, 6, at)]


# ------------------------------------------------ pulses


def test_a_pulse_is_written_once_and_told_as_sent(rig: Rig) -> None:
    effect = unlock(3)
    rig.cabinet.take(effect)
    rig.until(lambda: rig.of(SlotPulsed))
    rig.cycles(2)
    assert rig.of(SlotPulsed) == [SlotPulsed(slot(3), effect.pulse, PulseResult.SENT)]
    assert [rig.slave.pulses(number) for number in range(1, 5)] == [0, 0, 1, 0]


def test_a_pulse_without_an_answer_is_unconfirmed_and_never_written_again(rig: Rig) -> None:
    rig.slave.spoil = lambda request, reply: [] if request[1] == 5 else [(0.0, reply)]
    rig.cabinet.take(unlock(2))
    rig.until(lambda: rig.of(SlotPulsed))
    rig.cycles(3)
    assert [event.result for event in rig.of(SlotPulsed)] == [PulseResult.UNCONFIRMED]
    assert rig.slave.pulses(2) == 1


@pytest.mark.parametrize(
    ("code", "result"),
    [(2, PulseResult.REFUSED), (6, PulseResult.REFUSED), (4, PulseResult.UNCONFIRMED), (11, PulseResult.UNCONFIRMED)],
)
def test_a_cabinet_that_says_no_has_not_opened_and_one_that_failed_may_have(
    board: Rig, code: int, result: PulseResult
) -> None:
    def refuse(request: bytes, reply: bytes) -> Reply:
        return [(0.0, framed(bytes([request[0], 0x85, code])) if request[1] == 5 else reply)]

    board.slave.spoil = refuse
    board.cabinet.take(unlock(2))
    board.until(lambda: board.of(SlotPulsed))
    assert [event.result for event in board.of(SlotPulsed)] == [result]


def test_a_late_no_to_an_earlier_write_is_no_no_to_the_pulse(board: Rig) -> None:
    """The contactor's refusal comes late, into the pulse: the pulse was carried out, and must not be called refused."""
    board.slave.spoil = lambda request, reply: [] if request[1] == 5 else [(0.0, reply)]
    board.cabinet.take(SetContactor(closed=True))
    board.until(lambda: any(code == 5 for _, _, code, _, _ in board.slave.written))
    no = framed(bytes([1, 0x85, 2]))
    board.slave.spoil = lambda request, reply: [(0.0, no), (0.02, reply)] if request[1] == 5 else [(0.0, reply)]
    board.cabinet.take(unlock(2))
    board.until(lambda: board.of(SlotPulsed))
    assert [event.result for event in board.of(SlotPulsed)] == [PulseResult.UNCONFIRMED]
    assert board.slave.pulses(2) == 1


def test_the_echo_of_another_write_does_not_confirm_a_pulse(rig: Rig) -> None:
    def echo_another(request: bytes, reply: bytes) -> Reply:
        return [(0.0, framed(request[:3] + bytes([request[3] ^ 1]) + request[4:6]) if request[1] == 5 else reply)]

    rig.slave.spoil = echo_another
    rig.cabinet.take(unlock(2))
    rig.until(lambda: rig.of(SlotPulsed))
    assert [event.result for event in rig.of(SlotPulsed)] == [PulseResult.UNCONFIRMED]
    assert rig.slave.pulses(2) == 1


def test_a_pulse_for_a_line_that_is_down_was_surely_not_sent(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    (tmp_path / "cabinet").unlink()
    rig.cabinet.take(unlock(1))
    rig.until(lambda: rig.of(SlotPulsed))
    assert [event.result for event in rig.of(SlotPulsed)] == [PulseResult.REFUSED]
    rig.stop()


def test_a_pulse_with_a_number_that_was_there_is_not_written(rig: Rig) -> None:
    effect = unlock(1)
    rig.cabinet.take(effect)
    rig.cabinet.take(effect)
    rig.cycles(2)
    rig.cabinet.take(effect)
    rig.cycles(2)
    assert rig.slave.pulses(1) == 1
    assert len(rig.of(SlotPulsed)) == 1


def test_a_slot_that_is_not_there_is_refused(rig: Rig) -> None:
    rig.cabinet.take(unlock(9))
    rig.until(lambda: rig.of(SlotPulsed))
    assert rig.of(SlotPulsed)[0].result is PulseResult.REFUSED
    assert all(code != 5 for _, _, code, _, _ in rig.slave.written)


def test_a_pulse_that_has_waited_too_long_surprises_nobody(board: Rig) -> None:
    orders = Orders(board.map, numbers(4))
    orders.take(unlock(1))
    orders.stamp(1_000)
    assert orders.next_pulse(1_000 + cabinet_modbus_orders.PULSE_MS + 1) is None
    assert [event.result for event in orders.told if isinstance(event, SlotPulsed)] == [PulseResult.REFUSED]


def test_no_more_pulses_wait_than_are_told(board: Rig) -> None:
    orders = Orders(board.map, numbers(4))
    for _ in range(cabinet_modbus_orders.MAX_PULSES + 2):
        orders.take(unlock(1))
    assert [type(event) for event in orders.told] == [SlotPulsed, SlotPulsed]


# ------------------------------------------------ chargers


def test_a_charger_is_told_read_back_and_then_left_alone(rig: Rig) -> None:
    rig.cabinet.take(SetCharger(slot(2), 5_000))
    rig.until(lambda: rig.of(ChargerChecked))
    rig.cycles(3)
    charger = rig.map.writes.charger
    assert charger is not None
    assert charger_writes(rig, 2) == [5_000 // charger.unit_ma]
    assert rig.of(ChargerChecked) == [ChargerChecked(slot(2), obeys=True)]


def test_what_switches_off_overtakes_what_waits(rig: Rig) -> None:
    for number in (1, 2, 3):
        rig.cabinet.take(SetCharger(slot(number), 4_000))
    rig.until(lambda: len(rig.of(ChargerChecked)) == 3)
    rig.slave.written.clear()
    rig.cabinet.take(unlock(4))
    rig.cabinet.take(SetCharger(slot(1), 2_000))
    rig.cabinet.take(SetCharger(slot(3), 0))
    rig.until(lambda: rig.of(SlotPulsed))
    first = next(place for _, _, code, place, _ in rig.slave.written if code == 6 and place != 0x0300)
    charger = rig.map.writes.charger
    assert charger is not None
    assert first == charger.at + 2
    assert charger_writes(rig, 3)[0] == 0


def test_all_off_is_every_charger_at_once(rig: Rig) -> None:
    for number in (1, 2, 3):
        rig.cabinet.take(SetCharger(slot(number), 4_000))
    rig.until(lambda: len(rig.of(ChargerChecked)) == 3)
    rig.cabinet.all_off()
    rig.until(lambda: len(rig.of(ChargerChecked)) == 6)
    assert [charger_writes(rig, number)[-1] for number in (1, 2, 3)] == [0, 0, 0]


def test_an_off_that_is_lost_on_the_line_is_written_until_it_is_read_back(rig: Rig) -> None:
    rig.cabinet.take(SetCharger(slot(2), 5_000))
    rig.until(lambda: rig.of(ChargerChecked))
    rig.told.clear()
    losses = iter([True, False, False, False])
    rig.slave.obeys = lambda _address, _place, value: value != 0 or not next(losses, False)
    rig.cabinet.take(SetCharger(slot(2), 0))
    rig.until(lambda: rig.of(ChargerChecked))
    assert rig.of(ChargerChecked) == [ChargerChecked(slot(2), obeys=True)]
    assert charger_writes(rig, 2)[1:] == [0, 0]


def test_a_charger_that_does_not_go_off_costs_the_main_contactor(board: Rig) -> None:
    board.cabinet.take(SetContactor(closed=True))
    board.cabinet.take(SetCharger(slot(2), 5_000))
    board.until(lambda: board.of(ChargerChecked) and board.of(ContactorRead))
    board.told.clear()
    charger = board.map.writes.charger
    assert charger is not None
    board.slave.obeys = lambda _address, place, _value: place != charger.at + 1
    board.cabinet.take(SetCharger(slot(2), 0))
    board.until(lambda: board.of(ContactorRead))
    assert [(event.slot, event.obeys) for event in board.of(ChargerChecked)] == [(2, False)]
    assert "reads 5000 mA instead of 0" in board.of(ChargerChecked)[0].detail
    assert [event.closed for event in board.of(ContactorRead)] == [False]
    assert len(charger_writes(board, 2)[1:]) == cabinet_modbus_orders.TRIES
    # It is tried on, and told when it obeys again.
    board.slave.obeys = lambda _address, _place, _value: True
    board.until(lambda: len(board.of(ChargerChecked)) == 2)
    assert board.of(ChargerChecked)[1].obeys


def test_a_charger_that_does_not_go_off_starves_the_watchdog(tmp_path: Path) -> None:
    rig = Rig(tmp_path, INTEGRATED, speed=8.0)
    rig.settle()
    rig.cabinet.take(SetCharger(slot(2), 5_000))
    rig.until(lambda: rig.of(ChargerChecked))
    rig.told.clear()
    rig.slave.obeys = lambda _address, _place, value: value != 0
    rig.cabinet.take(SetCharger(slot(2), 0))
    rig.until(lambda: rig.of(ChargerChecked))
    assert not rig.of(ChargerChecked)[0].obeys
    before, since_ms = feeds(rig), rig.now_ms()
    rig.until(lambda: rig.now_ms() > since_ms + 5_000)
    assert feeds(rig) == before
    rig.stop()


def feeds(rig: Rig) -> int:
    return sum((code, place) == (6, 0x0300) for _, _, code, place, _ in list(rig.slave.written))


def test_a_charger_that_went_down_by_itself_is_not_switched_on_again(rig: Rig) -> None:
    rig.cabinet.take(SetCharger(slot(2), 5_000))
    rig.until(lambda: rig.of(ChargerChecked))
    rig.told.clear()
    rig.image.put(2, FieldName.CHARGER_LIMIT_MA, 0)
    rig.until(lambda: rig.of(ChargerChecked))
    assert not rig.of(ChargerChecked)[0].obeys
    rig.cycles(3)
    assert all(value == 0 for value in charger_writes(rig, 2)[1:])


def test_a_charger_that_goes_on_by_itself_is_switched_off(rig: Rig) -> None:
    rig.image.put(1, FieldName.CHARGER_LIMIT_MA, 3_000)
    rig.until(lambda: charger_writes(rig, 1))
    rig.cycles(2)
    assert charger_writes(rig, 1) == [0]
    reading = rig.reading(1)
    assert reading is None or reading.charger_on is False


def test_a_charger_that_does_not_go_on_is_told_and_stays_off(rig: Rig) -> None:
    rig.slave.obeys = lambda _address, _place, value: value == 0
    rig.cabinet.take(SetCharger(slot(2), 5_000))
    rig.until(lambda: len(rig.of(ChargerChecked)) == 2)
    assert [event.obeys for event in rig.of(ChargerChecked)] == [False, True]
    assert charger_writes(rig, 2)[-1] == 0
    assert rig.of(ContactorRead) == []


def test_a_make_without_chargers_says_so(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    orders = Orders(replace(rig.map, writes=replace(rig.map.writes, charger=None)), numbers(4))
    orders.take(SetCharger(slot(1), 1_000))
    orders.take(SetCharger(slot(1), 0))
    assert [event.obeys for event in orders.told if isinstance(event, ChargerChecked)] == [False, True]
    rig.stop()


def test_whoever_closes_the_line_leaves_no_charger_on(rig: Rig) -> None:
    for number in (1, 3):
        rig.cabinet.take(SetCharger(slot(number), 4_000))
    rig.until(lambda: len(rig.of(ChargerChecked)) == 2)
    rig.cabinet.all_off()
    rig.cabinet.close()
    assert [charger_writes(rig, number)[1:] for number in (1, 2, 3)] == [[0], [], [0]]


# ------------------------------------------------ the lease


def test_nobody_renews_and_every_charger_goes_off(tmp_path: Path) -> None:
    rig = Rig(tmp_path, BOARD, speed=12.0)
    rig.settle()
    rig.cabinet.take(SetContactor(closed=True))
    for number in (1, 2):
        rig.cabinet.take(SetCharger(slot(number), 5_000))
    rig.until(lambda: len(rig.of(ChargerChecked)) == 2)
    rig.renewing, since_ms = False, rig.now_ms()
    rig.until(lambda: charger_writes(rig, 1)[-1] == 0 and charger_writes(rig, 2)[-1] == 0)
    assert rig.now_ms() - since_ms >= cabinet_modbus.LEASE_MS - 100
    # And nothing that keeps the contactor closed is written any more.
    rig.cycles(1)
    written = len(rig.slave.written)
    rig.until(lambda: rig.now_ms() > since_ms + 12_000)
    assert all((code, place) != (5, 0x0030) for _, _, code, place, _ in rig.slave.written[written:])
    rig.stop()


def test_without_a_lease_no_charger_goes_on_and_no_watchdog_is_fed(tmp_path: Path) -> None:
    rig = Rig(tmp_path, INTEGRATED, speed=8.0)
    rig.renewing = False
    rig.cabinet.take(SetCharger(slot(1), 5_000))
    rig.settle()
    assert charger_writes(rig, 1) == []
    assert feeds(rig) == 0
    rig.renewing = True
    rig.until(lambda: charger_writes(rig, 1))
    since_ms = rig.now_ms()
    rig.until(lambda: rig.now_ms() > since_ms + 8_000)
    assert 4 <= feeds(rig) <= 6
    rig.stop()


def test_a_cabinet_that_was_away_charges_nothing_when_it_is_back(tmp_path: Path) -> None:
    rig = Rig(tmp_path, INTEGRATED, speed=8.0)
    rig.settle()
    rig.cabinet.take(SetCharger(slot(1), 5_000))
    rig.until(lambda: rig.of(ChargerChecked))
    rig.told.clear()
    rig.slave.powered = False
    rig.until(lambda: rig.of(CabinetChanged))
    assert rig.of(ChargerChecked) == []
    rig.slave.powered = True
    rig.until(lambda: rig.of(ChargerChecked))
    rig.cycles(2)
    assert charger_writes(rig, 1)[1:].count(0) == len(charger_writes(rig, 1)) - 1 > 0
    rig.stop()
