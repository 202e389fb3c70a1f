"""Numbers are kept as what scrypt makes of them, and checked without a hint."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.pins import Kdf, Match, check_digits, matched, usual_duress

SALT = bytes(range(16))
QUICK = Kdf(SALT, n=2**12)


def test_a_verifier_is_scrypts_own() -> None:
    expected = hashlib.scrypt(b"2468", salt=SALT, n=8_192, r=8, p=1, dklen=16)
    assert Kdf(SALT).verifier("2468") == expected


@pytest.mark.parametrize(("n", "r", "p"), [(2**12, 1, 1), (2**15, 8, 4)])
def test_the_weakest_and_the_strongest_that_a_station_takes_can_be_computed(n: int, r: int, p: int) -> None:
    assert len(Kdf(SALT, n, r, p).verifier("2468")) == 16


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"salt": b"short"}, "salt"),
        ({"salt": bytes(33)}, "salt"),
        ({"n": 2**11}, "n = 2048"),
        ({"n": 2**16}, "n = 65536"),
        ({"n": 2**13 + 1}, "n = 8193"),
        ({"r": 0}, "r = 0"),
        ({"r": 9}, "r = 9"),
        ({"p": 0}, "p = 0"),
        ({"p": 5}, "p = 5"),
    ],
)
def test_parameters_that_are_too_weak_or_too_heavy_are_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Kdf(**{"salt": SALT, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("digits", ["", "123", "1" * 13, "12a4", "１２３４", " 1234", "-123"])
def test_what_is_no_number_is_refused_and_not_repeated(digits: str) -> None:
    with pytest.raises(ValueError, match="a number") as refused:
        QUICK.verifier(digits)
    assert not digits or digits not in str(refused.value)


@given(st.text(alphabet="0123456789", min_size=4, max_size=12))
def test_the_usual_duress_number_differs_in_its_last_digit_alone(digits: str) -> None:
    duress = usual_duress(digits)
    check_digits(duress)
    assert duress[:-1] == digits[:-1]
    assert int(duress[-1]) == (int(digits[-1]) + 1) % 10


def test_a_number_is_right_calls_for_help_or_is_wrong() -> None:
    right, duress, other = (QUICK.verifier(digits) for digits in ("2469", "2460", "1111"))

    assert matched(right, right, duress) is Match.RIGHT
    assert matched(duress, right, duress) is Match.DURESS
    assert matched(other, right, duress) is Match.WRONG
    assert matched(duress, right, None) is Match.WRONG
    assert matched(right, right, None) is Match.RIGHT
