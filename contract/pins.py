"""Numbers (PINs) as cloud and station hold them: scrypt verifiers, never digits.

Two kinds. A *member's number* goes with their card: it has a salt of its own and is asked for by member. A *code* is a
credential by itself: all codes of an installation share a salt, so that one look-up costs one scrypt however many codes
there are. Each may have a second, *duress* number: it does what the first does, and calls for help without a sign.

What scrypt can and cannot do for so few digits is reckoned in docs/adr/0007. Standard library only: the station's
controller checks numbers without loading a validation library.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import Enum
from typing import Final

MIN_DIGITS: Final = 4
MAX_DIGITS: Final = 12
VERIFIER_BYTES: Final = 16
SALT_BYTES: Final = 16

N_RANGE: Final = (2**12, 2**15)
R_RANGE: Final = (1, 8)
P_RANGE: Final = (1, 4)
"""What a station takes: less is too weak, more would let a bad page hold up its door (32 MiB, some 0.3 s on a Pi 4)."""


@dataclass(frozen=True)
class Kdf:
    """scrypt (RFC 7914) with its salt. The default takes 8 MiB and about 13 ms of a desktop's core, 50 ms of a Pi 4's.

    Raises:
        ValueError: parameters that a station does not take.
    """

    salt: bytes
    n: int = 2**13
    r: int = 8
    p: int = 1

    def __post_init__(self) -> None:
        if not SALT_BYTES <= len(self.salt) <= 2 * SALT_BYTES:
            raise ValueError(f"a salt has {SALT_BYTES}–{2 * SALT_BYTES} bytes, not {len(self.salt)}")
        if not N_RANGE[0] <= self.n <= N_RANGE[1] or self.n & (self.n - 1):
            raise ValueError(f"scrypt n = {self.n}: must be a power of two from {N_RANGE[0]} to {N_RANGE[1]}")
        for name, value, (least, most) in (("r", self.r, R_RANGE), ("p", self.p, P_RANGE)):
            if not least <= value <= most:
                raise ValueError(f"scrypt {name} = {value}: must be from {least} to {most}")

    def verifier(self, digits: str) -> bytes:
        """What is kept of a number. Raises `ValueError` for what is no number; the message does not repeat it."""
        check_digits(digits)
        room = 128 * self.n * self.r + 128 * self.r * (self.p + 2) + 2**16
        return hashlib.scrypt(
            digits.encode("ascii"), salt=self.salt, n=self.n, r=self.r, p=self.p, dklen=VERIFIER_BYTES, maxmem=room
        )


class Match(Enum):
    """What a number is to a member."""

    RIGHT = "right"
    DURESS = "duress"
    WRONG = "wrong"


def matched(found: bytes, right: bytes, duress: bytes | None) -> Match:
    """Which of the two it is. Both are always compared, in constant time: how long the answer takes says nothing."""
    is_right = hmac.compare_digest(found, right)
    is_duress = hmac.compare_digest(found, duress if duress is not None else b"")
    return Match.RIGHT if is_right else Match.DURESS if is_duress else Match.WRONG


def check_digits(digits: str) -> None:
    """Raises `ValueError` for what is no number; the message does not repeat it."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("a number consists of digits")
    if not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
        raise ValueError(f"a number has {MIN_DIGITS} to {MAX_DIGITS} digits, not {len(digits)}")


def usual_duress(digits: str) -> str:
    """The duress number unless its issuer says otherwise: the last digit one higher, 9 becoming 0."""
    check_digits(digits)
    return digits[:-1] + str((int(digits[-1]) + 1) % 10)
