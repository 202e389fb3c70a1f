"""What a keyboard wedge types: whole lines, or nothing."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.evdev_keys import BETWEEN_KEYS_NS, EV_KEY, EV_SYN, EVENT, MAX_CHARACTERS, SYN_DROPPED, KeyLines
from firmware_sim.devices.scanner import keystrokes

TYPABLE = string.ascii_letters + string.digits + "-_.+/=!@#$%^&*()[]{};:'\"\\|,<>?`~ "
ENTER, LEFT_SHIFT, KEY_A, CAPS, PAD_7 = 28, 42, 30, 58, 71
NOW = 1_000_000_000


def typed(text: str) -> bytes:
    return b"".join(keystrokes(text))


def event(kind: int, code: int, value: int) -> bytes:
    return EVENT.pack(1, 2, kind, code, value)


def press(*codes: int) -> bytes:
    return b"".join(event(EV_KEY, code, 1) + event(EV_KEY, code, 0) for code in codes)


@given(st.text(TYPABLE, min_size=1, max_size=120))
@settings(max_examples=60, deadline=None)
def test_what_a_scanner_types_is_what_is_read(text: str) -> None:
    assert list(KeyLines().feed(typed(text), NOW)) == [text]


@given(st.integers(1, 60))
@settings(max_examples=20, deadline=None)
def test_events_may_come_in_any_pieces(size: int) -> None:
    data, keys = typed("YZ1.aB-9") + typed("0012345678"), KeyLines()
    lines = [line for at in range(0, len(data), size) for line in keys.feed(data[at : at + size], NOW)]
    assert lines == ["YZ1.aB-9", "0012345678"]


@given(st.lists(st.binary(min_size=1, max_size=100), max_size=8))
@settings(max_examples=60, deadline=None)
def test_no_bytes_whatever_end_the_reader(pieces: list[bytes]) -> None:
    keys = KeyLines()
    for piece in pieces:
        for line in keys.feed(piece, NOW):
            assert len(line) <= MAX_CHARACTERS
    assert len(keys._rest) < EVENT.size


def test_a_line_that_the_kernel_lost_keys_of_is_given_up_as_a_whole() -> None:
    keys = KeyLines()
    data = typed("12345678")
    half = len(data) // 2 // EVENT.size * EVENT.size
    assert list(keys.feed(data[:half] + event(EV_SYN, SYN_DROPPED, 0) + data[half:], NOW)) == []
    assert keys.given_up == 1
    assert list(keys.feed(typed("87654321"), NOW)) == ["87654321"]


def test_a_line_that_is_too_long_is_given_up_as_a_whole() -> None:
    keys = KeyLines()
    assert list(keys.feed(typed("7" * MAX_CHARACTERS), NOW)) == ["7" * MAX_CHARACTERS]
    assert list(keys.feed(typed("7" * (MAX_CHARACTERS + 1)), NOW)) == []
    assert list(keys.feed(typed("7"), NOW)) == ["7"]


def test_a_key_that_something_leaned_on_does_not_spoil_the_next_card() -> None:
    keys = KeyLines()
    assert list(keys.feed(press(KEY_A), NOW)) == []
    assert list(keys.feed(typed("123"), NOW + BETWEEN_KEYS_NS + 1)) == ["123"]


def test_a_repeat_and_a_lone_enter_type_nothing() -> None:
    keys = KeyLines()
    held = event(EV_KEY, KEY_A, 1) + event(EV_KEY, KEY_A, 2) * 5 + event(EV_KEY, KEY_A, 0)
    assert list(keys.feed(held + press(ENTER, ENTER), NOW)) == ["a"]


def test_capitals_and_the_number_pad() -> None:
    keys = KeyLines()
    shifted = event(EV_KEY, LEFT_SHIFT, 1) + press(KEY_A) + event(EV_KEY, LEFT_SHIFT, 0)
    assert list(keys.feed(shifted + press(CAPS, KEY_A, CAPS, KEY_A, PAD_7, ENTER), NOW)) == ["AAa7"]


def test_what_was_typed_is_not_shown() -> None:
    keys = KeyLines()
    list(keys.feed(press(2, 3, 4), NOW))
    assert "_line" not in repr(keys)


@pytest.mark.parametrize("size", [EVENT.size])
def test_an_event_is_as_large_as_the_kernels(size: int) -> None:
    assert size in (16, 24)
