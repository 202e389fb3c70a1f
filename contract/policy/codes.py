"""Numbers that are credentials by themselves: how many of a length may be issued before one could be guessed."""

from dataclasses import dataclass
from typing import Final

POSSIBLE_PER_ISSUED: Final = 1_000
"""Of a length, so many codes are possible for each that is issued: with five tries before a lock-out, whoever guesses
gets in about once in 200 lock-outs."""


@dataclass(frozen=True)
class CodeSpace:
    """Whether a station takes numbers as credentials, and how many as long as the one typed are `issued` there."""

    allowed: bool
    digits: int
    issued: int

    @property
    def is_safe(self) -> bool:
        return self.issued <= most_codes(self.digits)


def most_codes(digits: int) -> int:
    """How many codes of so many digits may be issued. A duress code opens the door as well, and counts."""
    return int(10**digits) // POSSIBLE_PER_ISSUED
