"""One request at a time over lines on which answers come late, cut short, twice, for others, or not at all."""

import itertools
import random
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contract.records import SlotCause
from edge.core.effects import SetCharger, SetContactor, SetLamp, SlotLamp, UnlockSlot
from edge.core.events import PulseResult, SlotPulsed, SlotRead
from edge.drivers import cabinet_modbus_line
from edge.drivers.cabinet_modbus_fields import FieldName
from edge.drivers.cabinet_modbus_line import Line, Missed, SerialPlace, TcpPlace
from edge.drivers.cabinet_modbus_load import load_map
from edge.drivers.cabinet_modbus_map import Function, WriteFunction
from edge.drivers.cabinet_modbus_plan import Ask, Plan, Wire
from tests.drivers.cabinet_rig import BOARD, INTEGRATED, MAPS, Rig, hurry, slot
from tests.drivers.cabinet_slave import CabinetSlave, Image, Reply, framed, numbers

SLOTS = 6


class Wired:
    """A line to slaves whose every register of slot n's battery block says n: what comes back says whose it is."""

    def __init__(self, directory: Path, *, tcp: bool = False) -> None:
        map_ = load_map(MAPS / f"{INTEGRATED}.toml")
        self.plan = Plan(map_, numbers(SLOTS), Wire(115_200))
        self.asks = [ask for ask in self.plan.asks if ask.block.name == "battery"]
        image = Image(map_, SLOTS)
        for ask in self.asks:
            for offset in range(ask.block.count + ask.block.spare):
                image.words[1, 4, ask.first + offset] = ask.slots[0]
        self.slave = CabinetSlave(image, None, None if tcp else directory / "line")
        place = TcpPlace("127.0.0.1", self.slave.port) if tcp else SerialPlace(directory / "line", 115_200)
        self.line = Line(place)

    def stop(self) -> None:
        self.line.close()
        self.slave.stop()

    def whose(self, ask: Ask) -> int | None:
        """Whose words have come; None: it was missed."""
        try:
            words = self.line.read(ask)
        except Missed:
            return None
        assert len(words) == ask.block.count
        assert len(set(words)) == 1, words
        return words[0]


@pytest.fixture(params=[False, True], ids=["serial", "tcp"])
def wired(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wired]:
    monkeypatch.setattr(cabinet_modbus_line, "PATIENCE_S", 0.02)
    monkeypatch.setattr(cabinet_modbus_line, "TCP_PATIENCE_S", 0.02)
    monkeypatch.setattr(cabinet_modbus_line, "LATE_S", 0.4)
    wired = Wired(tmp_path, tcp=request.param)
    yield wired
    wired.stop()


@pytest.fixture
def serial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wired]:
    monkeypatch.setattr(cabinet_modbus_line, "PATIENCE_S", 0.02)
    monkeypatch.setattr(cabinet_modbus_line, "TCP_PATIENCE_S", 0.02)
    monkeypatch.setattr(cabinet_modbus_line, "LATE_S", 0.4)
    wired = Wired(tmp_path)
    yield wired
    wired.stop()


def test_each_slot_gets_its_own_words(wired: Wired) -> None:
    assert [wired.whose(ask) for ask in wired.asks] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("late_ms", [45, 85, 140])
def test_an_answer_of_equal_length_that_comes_late_is_nobodys(wired: Wired, late_ms: int) -> None:
    """Late into the drain, into the silence after it, into the next request to the same slave."""
    late = iter([True, False, False, True, True, False])
    wired.slave.spoil = lambda request, reply: [(late_ms / 1_000 if next(late, False) else 0.0, reply)]
    right: set[int] = set()
    end_s = time.monotonic() + 6.0
    while len(right) < SLOTS or next(late, None) is not None:
        assert time.monotonic() < end_s
        for ask in wired.asks:
            whose = wired.whose(ask)
            assert whose in (None, ask.slots[0])
            right |= {whose} - {None}  # type: ignore[arg-type]
            time.sleep(0.005 if whose is None else 0.0)


def test_after_a_time_out_the_same_slave_is_asked_for_another_length(
    serial: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cabinet_modbus_line, "LATE_S", 1.0)
    monkeypatch.setattr(cabinet_modbus_line, "QUIET_S", 0.001)
    serial.slave.spoil = lambda request, reply: []
    count, spare = serial.asks[0].block.count, serial.asks[0].block.spare
    for ask in (serial.asks * 2)[: spare + 3]:
        assert serial.whose(ask) is None
    # Then every length is owed, and nothing at all is asked.
    assert [request[5] for _, request in serial.slave.requests] == list(range(count, count + spare + 1))
    serial.slave.spoil = None
    end_s = time.monotonic() + 4.0
    while (whose := serial.whose(serial.asks[3])) is None:
        assert time.monotonic() < end_s
        time.sleep(0.02)
    assert whose == 4


def test_an_answer_after_its_whole_time_is_not_waited_for_again(serial: Wired, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first slot's answer comes while the fourth request waits, as long as the first one's would be."""
    monkeypatch.setattr(cabinet_modbus_line, "QUIET_S", 0.01)
    first = iter([0.16])
    serial.slave.spoil = lambda request, reply: [(next(first), reply)] if request[3] == 0x00 else []
    got = [serial.whose(ask) for ask in serial.asks[:1] + serial.asks[1:5] * 2]
    assert set(got) <= {None}, got


@pytest.mark.parametrize(
    "spoil",
    [
        lambda request, reply: [],
        lambda request, reply: [(0.0, reply[:-3])],
        lambda request, reply: [(0.0, reply[:-1] + bytes([reply[-1] ^ 1]))],
        lambda request, reply: [(0.0, framed(bytes([9]) + reply[1:-2]))],
        lambda request, reply: [(0.0, framed(bytes([reply[0], 3]) + reply[2:-2]))],
        lambda request, reply: [(0.0, framed(reply[:2] + bytes([reply[2] - 2]) + reply[3:-4]))],
        lambda request, reply: [(0.0, framed(bytes([reply[0], reply[1] | 0x80, 2])))],
        lambda request, reply: [(0.0, b"\xff" * 40)],
        lambda request, reply: [(0.0, framed(bytes([reply[0], 0x2B]) + b"\x0e\x01\x00"))],
    ],
    ids=["nothing", "cut short", "checksum", "slave", "function", "length", "exception", "noise", "other function"],
)
def test_an_answer_that_is_none_is_missed_and_the_next_one_taken(serial: Wired, spoil: object) -> None:
    serial.slave.spoil = spoil  # type: ignore[assignment]
    assert serial.whose(serial.asks[0]) is None
    serial.slave.spoil = None
    assert serial.whose(serial.asks[1]) == 2


def test_an_answer_that_comes_byte_by_byte_is_taken(serial: Wired) -> None:
    serial.slave.spoil = lambda request, reply: [(n * 0.0002, reply[n : n + 1]) for n in range(len(reply))]
    assert [serial.whose(ask) for ask in serial.asks] == [1, 2, 3, 4, 5, 6]


def test_the_rest_of_a_broken_answer_does_not_spoil_the_next_one(serial: Wired) -> None:
    """It comes while the next request would wait for its own, and looks like the beginning of a long one."""
    ask = serial.asks[0]
    time_out_s = (ask.wire_ms(serial.line.wire) + ask.answer_ms) / 1_000 + cabinet_modbus_line.PATIENCE_S
    first = iter([True])
    serial.slave.spoil = lambda request, reply: (
        [(0.0, reply[:10]), (time_out_s + 0.02, b"\x01\x04\xc8")] if next(first, False) else [(0.028, reply)]
    )
    assert [serial.whose(each) for each in serial.asks[:3]] == [None, 2, 3]


def test_bytes_behind_an_answer_are_nobodys(serial: Wired) -> None:
    serial.slave.spoil = lambda request, reply: [(0.0, reply + b"\x01\x04\x02\x00\x07"), (0.003, b"\x99" * 9)]
    got = [serial.whose(ask) for ask in serial.asks * 2]
    assert all(whose in (None, number) for number, whose in zip([1, 2, 3, 4, 5, 6] * 2, got, strict=True))


def test_an_answer_with_another_number_is_not_taken_over_tcp(tmp_path: Path) -> None:
    wired = Wired(tmp_path, tcp=True)
    wired.slave.spoil = lambda request, reply: [(0.0, struct.pack(">H", request[1] + 7) + reply[2:])]
    assert wired.whose(wired.asks[0]) is None
    wired.slave.spoil = None
    assert wired.whose(wired.asks[1]) == 2
    wired.stop()


def test_a_connection_that_fails_is_opened_again_ever_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cabinet_modbus_line, "REOPEN_FIRST_S", 0.01)
    monkeypatch.setattr(cabinet_modbus_line, "REOPEN_LAST_S", 0.08)
    wired = Wired(tmp_path, tcp=True)
    assert wired.whose(wired.asks[0]) == 1
    wired.slave.stop()
    tried_s: list[float] = []
    while len(tried_s) < 7:
        with pytest.raises(Missed) as missed:
            wired.line.read(wired.asks[0])
        if "cannot be opened" in str(missed.value):
            tried_s.append(time.monotonic())
        time.sleep(0.001)
    waited_s = [after - before for before, after in itertools.pairwise(tried_s)]
    assert waited_s[0] < 0.05
    assert min(waited_s[-2:]) >= 0.08
    wired.line.close()


def test_a_device_that_is_pulled_out_is_opened_again(tmp_path: Path) -> None:
    wired = Wired(tmp_path)
    assert wired.whose(wired.asks[0]) == 1
    wired.slave.stop()
    (tmp_path / "line").unlink()
    assert wired.whose(wired.asks[0]) is None
    assert wired.whose(wired.asks[0]) is None
    (tmp_path / "again").mkdir()
    again = Wired(tmp_path / "again")
    (tmp_path / "line").symlink_to((tmp_path / "again" / "line").readlink())
    end_s = time.monotonic() + 5.0
    while wired.whose(wired.asks[1]) is None:
        assert time.monotonic() < end_s
        time.sleep(0.02)
    wired.line.close()
    again.stop()


def test_bits_are_read_as_bits(tmp_path: Path) -> None:
    wired = Wired(tmp_path)
    block = replace(wired.asks[0].block, function=Function.DISCRETE_INPUTS, count=20, spare=8)
    for place in (3, 17, 25):
        wired.slave.image.words[1, 2, place] = 1
    ask = Ask(block, 1, 0, 0, numbers(1), 5)
    assert [index for index, bit in enumerate(wired.line.read(ask)) if bit] == [3, 17]
    wired.slave.spoil = lambda request, reply: []
    with pytest.raises(Missed):
        wired.line.read(ask)
    wired.slave.spoil = None
    assert len(wired.line.read(ask)) == 20
    assert [request[5] for _, request in wired.slave.requests] == [20, 20, 28]
    wired.stop()


def test_a_register_is_written_and_its_echo_checked(wired: Wired) -> None:
    wired.line.write(1, WriteFunction.REGISTER, 0x0200, 500, 5)
    assert [entry[1:] for entry in wired.slave.written] == [(1, 6, 0x0200, 500)]


# ------------------------------------------------ everything at once


def spoiler(seed: int) -> object:
    """Right most of the time, and else wrong in every way, by seed."""
    rng = random.Random(seed)

    def spoil(request: bytes, reply: bytes) -> Reply:
        kind = rng.randrange(16)
        if kind == 0:
            return []
        if kind == 1:
            return [(0.0, reply[: rng.randrange(len(reply))])]
        if kind == 2:
            return [(0.0, rng.randbytes(rng.randrange(1, 60)))]
        if kind == 3:
            return [(rng.uniform(0.03, 0.2), reply)]
        if kind == 4:
            return [(0.0, reply + rng.randbytes(rng.randrange(1, 30)))]
        if kind == 5:
            return [(0.0, reply), (rng.uniform(0.0, 0.1), reply)]
        if kind == 6:
            return [(0.0, framed(bytes([request[0] % 247 + 1]) + reply[1:-2]))]
        if kind == 7:
            return [(0.0, framed(bytes([reply[0], reply[1] | 0x80, rng.randrange(12)])))]
        return [(0.0, reply)]

    return spoil


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_line_does_no_slot_gets_anothers_data_and_no_pulse_is_written_twice(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    monkeypatch.setattr(cabinet_modbus_line, "PATIENCE_S", 0.02)
    monkeypatch.setattr(cabinet_modbus_line, "QUIET_S", 0.01)
    rng = random.Random(seed)
    rig = Rig(tmp_path, INTEGRATED if seed % 2 else BOARD, slots=5)
    for number in range(1, 5):
        rig.image.battery(number, f"B{number:02}", soc_percent=10 * number, temperature_decicelsius=200 + 10 * number)
    rig.slave.spoil = spoiler(seed)  # type: ignore[assignment]
    pulses = 0
    end_s = time.monotonic() + 0.5
    while time.monotonic() < end_s:
        rig.poll()
        if rng.random() < 0.1 and pulses < 12:
            pulses += 1
            rig.cabinet.take(UnlockSlot(slot(rng.randrange(1, 6)), pulses, SlotCause.SWAP_IN))
        if rng.random() < 0.05:
            rig.cabinet.take(SetCharger(slot(rng.randrange(1, 6)), rng.choice([0, 3_000])))
            rig.cabinet.take(SetContactor(closed=rng.random() < 0.5))
            rig.cabinet.take(SetLamp(slot(rng.randrange(1, 6)), SlotLamp.HERE))
    for event in rig.of(SlotRead):
        battery = event.battery
        if battery is not None:
            assert (battery.serial, battery.soc_percent, battery.temperature_decicelsius) == (
                f"B{event.slot:02}",
                10 * event.slot,
                200 + 10 * event.slot,
            )
        assert (event.door_open, event.smoke) == (False, False)
    rig.slave.spoil = None
    rig.until(lambda: len(rig.of(SlotPulsed)) == pulses)
    results = [event.result for event in rig.of(SlotPulsed)]
    on_the_wire = sum(rig.slave.pulses(number) for number in range(1, 6))
    assert len(results) - results.count(PulseResult.REFUSED) >= on_the_wire
    assert results.count(PulseResult.SENT) <= on_the_wire <= pulses
    rig.stop()


@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_registers_hold_nothing_escapes(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    rng = random.Random(seed)
    rig = Rig(tmp_path, INTEGRATED if seed % 2 else BOARD)
    rig.until(lambda: rig.cabinet.cycles > 1)
    for _ in range(6):
        for key in list(rig.image.words):
            if rng.random() < 0.3:
                rig.image.words[key] = rng.choice([0, 0xFFFF, 0x8000, 0x7FFF, rng.randrange(0x10000)])
        rig.cycles(1)
    for event in rig.of(SlotRead):
        battery = event.battery
        if battery is not None:
            assert battery.soc_percent is None or 0 <= battery.soc_percent <= 100
            assert battery.temperature_decicelsius is None or -500 <= battery.temperature_decicelsius <= 2_000
            assert battery.serial.isascii()
    assert FieldName.SERIAL in rig.map.blocks[1].names() | rig.map.blocks[2].names()
    rig.stop()
