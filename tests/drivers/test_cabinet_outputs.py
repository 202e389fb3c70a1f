"""What a cabinet has beside locks and chargers: the main contactor, the fan, lamps, the extinguisher."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.records import SlotCause
from edge.core.effects import Extinguish, SetContactor, SetFan, SetLamp, SlotLamp, UnlockSlot
from edge.core.events import ContactorRead, SlotRead
from edge.drivers.cabinet_modbus_fields import FieldName
from tests.drivers.cabinet_rig import BOARD, INTEGRATED, Rig, hurry, slot

PULSES = itertools.count(1)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, BOARD)
    rig.settle()
    yield rig
    rig.stop()


def unlock(number: int) -> UnlockSlot:
    return UnlockSlot(slot(number), next(PULSES), SlotCause.SWAP_IN)


def test_the_contactor_is_told_when_it_has_moved_and_is_held(tmp_path: Path) -> None:
    rig = Rig(tmp_path, BOARD, speed=8.0)
    rig.until(lambda: rig.of(ContactorRead))
    assert [event.closed for event in rig.of(ContactorRead)] == [False]
    rig.cabinet.take(SetContactor(closed=True))
    since_ms = rig.now_ms()
    rig.until(lambda: rig.now_ms() > since_ms + 8_000)
    assert [event.closed for event in rig.of(ContactorRead)] == [False, True]
    held = [value for _, _, code, place, value in rig.slave.written if (code, place) == (5, 0x0030)]
    assert 4 <= len(held) <= 7
    assert all(held)
    rig.stop()


def test_a_contactor_that_opens_by_itself_stays_open(board: Rig) -> None:
    board.cabinet.take(SetContactor(closed=True))
    board.until(lambda: board.of(ContactorRead))
    board.cycles(1)
    board.told.clear()
    board.slave.written.clear()
    board.image.put(None, FieldName.CONTACTOR_CLOSED, False)
    board.until(lambda: board.of(ContactorRead))
    assert board.of(ContactorRead) == [ContactorRead(False, "it opened by itself, or by hand")]
    board.cycles(3)
    assert board.slave.written == []


def test_a_contactor_that_sticks_is_told(board: Rig) -> None:
    board.cabinet.take(SetContactor(closed=True))
    board.until(lambda: board.of(ContactorRead))
    board.told.clear()
    board.slave.obeys = lambda _address, place, _value: place != 0x0030
    board.cabinet.take(SetContactor(closed=False))
    board.until(lambda: board.of(ContactorRead))
    assert board.of(ContactorRead) == [ContactorRead(True, "it reads closed")]


def test_fan_lamp_and_extinguisher_are_written_where_the_make_has_them(tmp_path: Path) -> None:
    rig = Rig(tmp_path, INTEGRATED)
    rig.settle()
    for effect in (SetFan(True), SetLamp(slot(2), SlotLamp.DANGER), Extinguish(slot(3))):
        rig.cabinet.take(effect)
    rig.cycles(3)
    written = [(code, place, value) for _, _, code, place, value in rig.slave.written if place != 0x0300]
    assert sorted(written) == [(5, 0x0020, 1), (5, 0x0042, 1), (6, 0x0241, 5)]
    rig.stop()


def test_what_the_make_does_not_have_is_passed_over(board: Rig) -> None:
    for effect in (
        SetFan(True),
        SetLamp(slot(2), SlotLamp.DANGER),
        Extinguish(slot(3)),
        SetLamp(slot(9), SlotLamp.OFF),
    ):
        board.cabinet.take(effect)
    board.cycles(2)
    assert board.slave.written == []


def test_a_lamp_waits_for_the_pulse(tmp_path: Path) -> None:
    rig = Rig(tmp_path, INTEGRATED)
    rig.settle()
    rig.cabinet.take(SetLamp(slot(2), SlotLamp.HERE))
    rig.cabinet.take(unlock(2))
    rig.cycles(2)
    first, second = [code for _, _, code, place, _ in rig.slave.written if place != 0x0300]
    assert (first, second) == (5, 6)
    assert rig.of(SlotRead) == []
    rig.stop()
