"""Keys become numbers, and nothing shows a digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.keypad import BETWEEN_KEYS_NS, Ended, Keypad, TypedNumber


def typed(keys: str | bytes, *, keypad: Keypad | None = None, now_ns: int = 10) -> list[str | Ended]:
    """What some keys end."""
    data = keys.encode() if isinstance(keys, str) else keys
    ends = (keypad or Keypad()).press(data, 3, now_ns)
    return [end.digits if isinstance(end, TypedNumber) else end for end in ends]


@pytest.mark.parametrize(
    ("keys", "ends"),
    [
        ("2468#", ["2468"]),
        ("2468\r", ["2468"]),
        ("123456789012#", ["123456789012"]),
        ("99*2468#", ["2468"]),
        ("99\x7f2468#", ["2468"]),
        ("2468#1357#", ["2468", "1357"]),
        ("2468", []),
        ("*", []),
        ("24ab68#", ["2468"]),
        ("#", [Ended.NO_NUMBER]),
        ("123#", [Ended.NO_NUMBER]),
        ("1234567890123#", [Ended.NO_NUMBER]),
        ("1" * 1_000 + "#2468#", [Ended.NO_NUMBER, "2468"]),
        ("1" * 13 + "*2468#", ["2468"]),
    ],
)
def test_keys_end_in_numbers(keys: str, ends: list[str | Ended]) -> None:
    assert typed(keys) == ends


@pytest.mark.parametrize(("pause_ns", "ends"), [(BETWEEN_KEYS_NS, ["2468"]), (BETWEEN_KEYS_NS + 1, [Ended.NO_NUMBER])])
def test_a_number_that_nobody_goes_on_with_is_forgotten(pause_ns: int, ends: list[str | Ended]) -> None:
    keypad = Keypad()
    assert typed("24", keypad=keypad) == []
    assert typed("68#", keypad=keypad, now_ns=10 + pause_ns) == ends


def test_a_number_too_long_is_forgotten_as_well() -> None:
    keypad = Keypad()
    typed("1" * 13, keypad=keypad)
    keypad.forget(11 + BETWEEN_KEYS_NS)
    assert typed("2468#", keypad=keypad, now_ns=12 + BETWEEN_KEYS_NS) == ["2468"]


def test_a_number_knows_how_old_it_may_be() -> None:
    (number,) = Keypad().press(b"2468#", 3, 10)
    assert isinstance(number, TypedNumber)
    assert (number.not_before_mono_ns, number.received_mono_ns) == (3, 10)


def test_nothing_shows_a_digit() -> None:
    keypad = Keypad()
    (number,) = keypad.press(b"864209#86420", 0, 0)
    assert "8642" not in repr(number) + repr(keypad)


@given(st.lists(st.tuples(st.binary(max_size=30), st.integers(0, 2 * BETWEEN_KEYS_NS)), max_size=10))
def test_any_keys_at_any_pace_give_numbers_of_four_to_twelve_digits(presses: list[tuple[bytes, int]]) -> None:
    keypad, now_ns = Keypad(), 0
    for keys, pause_ns in presses:
        now_ns += pause_ns
        for end in typed(keys, keypad=keypad, now_ns=now_ns):
            assert end is Ended.NO_NUMBER or (isinstance(end, str) and end.isdigit() and 4 <= len(end) <= 12)
