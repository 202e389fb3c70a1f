"""The reader on its pseudo terminal, through libosdp's own control panel."""

import contextlib
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from osdp import Command, CommandLEDColor

from firmware_sim.devices.osdp_line import REPLY_CARD_RAW, OsdpLine, parse_reply
from firmware_sim.devices.reader_feedback import describe_command
from firmware_sim.faults import FaultArgs, FaultName
from firmware_sim.log import monotonic_ms
from tests.firmware_sim.support import ControlPanel, RunningStation, wait_until


def show_and_wait(running: RunningStation, controller: ControlPanel, person: str = "rider-1") -> dict[str, Any]:
    before = len(controller.cards)
    running.show(person)
    wait_until(lambda: len(controller.cards) > before, "card")
    return controller.cards[-1]


def test_a_card_arrives_with_its_bits_and_format(running: RunningStation, controller: ControlPanel) -> None:
    wiegand = show_and_wait(running, controller, "rider-1")
    assert (wiegand["format"], wiegand["length"], wiegand["data"]) == (1, 26, bytes.fromhex("02b3c4c0"))
    raw = show_and_wait(running, controller, "cleaner-1")
    assert (raw["format"], raw["length"], raw["data"]) == (0, 32, bytes.fromhex("04a1b2c3"))


def test_the_log_tells_when_a_card_was_shown_and_when_it_left_on_the_wire(
    running: RunningStation, controller: ControlPanel
) -> None:
    show_and_wait(running, controller)
    (shown,) = running.facts("card_shown")
    (on_wire,) = running.wait_for("card_on_wire")
    assert on_wire["shown_ms"] == shown["mono_ms"]
    assert isinstance(on_wire["wait_ms"], float)
    # libosdp polls every 50 ms; ten times that leaves room for a loaded machine.
    assert 0.0 < on_wire["wait_ms"] < 500.0
    assert (shown["person"], shown["visit"], shown["reader"]) == ("rider-1", "v", "reader-1")


def test_the_symlink_leads_to_the_line_and_goes_away_with_it(running: RunningStation) -> None:
    device = running.config.readers[0].device
    assert os.path.realpath(device).startswith("/dev/pts/")
    running.do(running.station.readers["reader-1"].line.publish)
    assert device.is_symlink()


def test_a_card_shown_while_nobody_polls_waits_in_the_reader(running: RunningStation, key: bytes) -> None:
    running.show()
    with ControlPanel(running.config.readers[0].device, key) as controller:
        wait_until(lambda: len(controller.cards) == 1, "the waiting card")
    assert not running.facts("card_lost")


def test_a_keyless_reader_is_refused_by_a_panel_that_enforces_the_secure_channel(
    running: RunningStation, key: bytes
) -> None:
    running.fault(FaultName.READER_KEYLESS)
    device = running.config.readers[0].device
    with ControlPanel(device, key) as strict:
        running.wait_for("reader_link", online=True)
        running.show()
        time.sleep(0.5)  # a bounded wait for something that must not happen
        assert not strict.is_secure()
        assert strict.cards == []


def test_a_keyless_reader_is_accepted_by_a_careless_panel(running: RunningStation) -> None:
    running.fault(FaultName.READER_KEYLESS)
    with ControlPanel(running.config.readers[0].device, None, enforce_secure=False) as careless:
        wait_until(careless.is_online, "online")
        assert show_and_wait(running, careless)["length"] == 26


def test_a_reader_with_another_key_never_gets_a_secure_channel(running: RunningStation, key: bytes) -> None:
    running.fault(FaultName.READER_WRONG_KEY)
    with ControlPanel(running.config.readers[0].device, key) as controller:
        running.show()
        time.sleep(0.5)  # a bounded wait for something that must not happen
        assert not controller.is_secure()
        assert controller.cards == []
        running.fault(FaultName.READER_WRONG_KEY, on=False)
        controller.reconnect()
        wait_until(controller.is_secure, "secure again with the right key")


def test_exactly_so_many_replies_are_lost_as_were_asked_for(running: RunningStation, controller: ControlPanel) -> None:
    running.fault(FaultName.READER_LOST_REPLIES, args=FaultArgs(count=1))
    running.wait_for("reply_lost")
    # Without the cure libosdp would stay away for 300 s.
    wait_until(lambda: not controller.is_online(), "offline after the lost reply")
    controller.reconnect()
    wait_until(controller.is_secure, "secure again")
    show_and_wait(running, controller)
    assert len(running.facts("reply_lost")) == 1


def test_noise_on_the_line_is_survived(running: RunningStation, controller: ControlPanel) -> None:
    # libosdp 3.2.9 repeats its request after one second, is refused (the secure session has moved on), and gives up.
    # Noise that falls between two exchanges does no harm, and is made again.
    for _ in range(10):
        running.fault(FaultName.READER_NOISE, args=FaultArgs(count=200))
        give_up = time.monotonic() + 2.0
        while controller.is_online() and time.monotonic() < give_up:
            time.sleep(0.002)
        if not controller.is_online():
            break
    assert not controller.is_online(), "no noise has done any harm"
    controller.reconnect()
    wait_until(controller.is_secure, "secure after noise")
    show_and_wait(running, controller)


def test_an_unplugged_reader_is_silent_loses_the_card_and_comes_back(
    running: RunningStation, controller: ControlPanel
) -> None:
    running.fault(FaultName.READER_UNPLUGGED)
    running.wait_for("reader_link", online=False)
    running.show()
    running.wait_for("card_lost", reason="reader without power or line")
    running.fault(FaultName.READER_UNPLUGGED, on=False)
    controller.reconnect()
    wait_until(controller.is_secure, "secure again")
    show_and_wait(running, controller)
    assert len(controller.cards) == 1


def test_the_reader_keeps_its_newest_light_and_logs_each_command(
    running: RunningStation, controller: ControlPanel
) -> None:
    command = {
        "command": Command.LED, "reader": 0, "led_number": 0, "control_code": 1, "temporary": False,
        "on_color": CommandLEDColor.Green, "off_color": CommandLEDColor.Black, "on_count": 2, "off_count": 1,
    }  # fmt: skip
    controller.command(command)
    (feedback,) = running.wait_for("reader_feedback", device="led")
    assert (feedback["color"], feedback["on_ms"], feedback["off_ms"]) == ("green", 200, 100)
    assert running.station.readers["reader-1"].state.feedback["led"]["color"] == "green"


def test_a_buzzer_command_is_described_in_milliseconds() -> None:
    command = {"command": Command.Buzzer, "on_count": 3, "off_count": 1, "rep_count": 2, "reader": 0, "control_code": 2}
    assert describe_command(command) == ("buzzer", {"on_ms": 300, "off_ms": 100, "repeats": 2})


FAULTY_LINE_BYTES = len(b"first") + 3 + len(b"third")


def sent_through_a_faulty_line(directory: Path, seed: int) -> bytes:
    line = OsdpLine(directory / "line", 115200, random.Random(seed))
    line.publish()
    far_end = os.open(directory / "line", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        line.corrupt_replies = 1
        line.write(b"first")
        line.lose_replies = 1
        line.write(b"second")
        line.inject_noise(3)
        line.delay_ms = 20.0
        line.write(b"third")
        begun_ms = monotonic_ms()
        due_ms = line.send_due(begun_ms)
        assert due_ms is not None
        assert due_ms > begun_ms
        assert line.send_due(due_ms) is None
        received = bytearray()

        def read_more() -> bool:
            with contextlib.suppress(BlockingIOError):  # the kernel passes a terminal's bytes on in its own time
                received.extend(os.read(far_end, 100))
            return len(received) >= FAULTY_LINE_BYTES

        wait_until(read_more, "all bytes")
        return bytes(received)
    finally:
        os.close(far_end)
        line.close()


def test_a_faulty_line_breaks_loses_and_delays_whole_replies_by_seed(tmp_path: Path) -> None:
    received = sent_through_a_faulty_line(tmp_path, 4)
    assert len(received) == FAULTY_LINE_BYTES
    assert sum((a ^ b).bit_count() for a, b in zip(received, b"first", strict=False)) == 1
    assert received.endswith(b"third")
    assert received == sent_through_a_faulty_line(tmp_path, 4)
    assert received != sent_through_a_faulty_line(tmp_path, 5)


def test_a_corrupted_reply_never_becomes_a_card(running: RunningStation, controller: ControlPanel) -> None:
    running.fault(FaultName.READER_CORRUPT, args=FaultArgs(count=1))
    wait_until(lambda: running.station.readers["reader-1"].line.corrupt_replies == 0, "a broken reply")
    wait_until(lambda: not controller.is_online(), "offline after a broken reply")
    controller.reconnect()
    wait_until(controller.is_secure, "secure again")
    assert controller.cards == []
    assert show_and_wait(running, controller)["data"] == bytes.fromhex("02b3c4c0")


@given(
    address=st.integers(0, 0x7E),
    sequence=st.integers(0, 3),
    block=st.one_of(st.none(), st.binary(min_size=0, max_size=10)),
    mark=st.booleans(),
    payload=st.binary(min_size=2, max_size=40),
)
def test_the_code_of_a_reply_is_found_with_and_without_a_security_block(
    address: int, sequence: int, block: bytes | None, mark: bool, payload: bytes
) -> None:
    security = b"" if block is None else bytes([len(block) + 1]) + block
    body = security + bytes([REPLY_CARD_RAW]) + payload
    control = sequence | 0x04 | (0x08 if block is not None else 0)
    head = bytes([0x53, address | 0x80]) + (len(body) + 5).to_bytes(2, "little") + bytes([control])
    reply = parse_reply((b"\xff" if mark else b"") + head + body)
    assert reply is not None
    assert (reply.code, reply.sequence) == (REPLY_CARD_RAW, sequence)


@given(st.binary(max_size=64))
def test_no_bytes_whatever_break_the_reading_of_a_reply(data: bytes) -> None:
    parse_reply(data)


def test_keys_arrive_as_they_are_pressed(running: RunningStation, controller: ControlPanel) -> None:
    running.do(lambda: running.station.press_keys("reader-1", "*90#"))
    wait_until(lambda: controller.keys == b"\x7f90\x0d", "keys")


def test_a_key_that_no_keypad_has_is_refused(running: RunningStation) -> None:
    with pytest.raises(ValueError, match="keypad"):
        running.do(lambda: running.station.press_keys("reader-1", "A"))


def test_a_reader_torn_off_says_so_on_its_line(running: RunningStation, controller: ControlPanel) -> None:
    running.do(lambda: running.station.set_tamper(of_reader=True, opened=True))
    wait_until(lambda: controller.tampers == [True], "tamper")
    running.do(lambda: running.station.set_tamper(of_reader=True, opened=False))
    wait_until(lambda: controller.tampers == [True, False], "no tamper")
