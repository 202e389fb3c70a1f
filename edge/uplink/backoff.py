"""Waiting before another attempt: exponential, with full jitter, so that a fleet does not come back in step."""

import random
from dataclasses import dataclass, field
from typing import Final

FIRST_MS: Final = 500
LONGEST_MS: Final = 60_000


@dataclass
class Backoff:
    """`next_ms` is anything from 0 to a ceiling, which doubles with each attempt up to `longest_ms`."""

    first_ms: int = FIRST_MS
    longest_ms: int = LONGEST_MS
    chance: random.Random = field(default_factory=random.Random)
    attempts: int = 0

    def next_ms(self) -> int:
        ceiling_ms = doubled(self.first_ms, self.attempts, self.longest_ms)
        self.attempts += 1
        return self.chance.randint(0, ceiling_ms)

    def reset(self) -> None:
        """After an attempt that held."""
        self.attempts = 0


def doubled(first_ms: int, times: int, longest_ms: int = LONGEST_MS) -> int:
    """`first_ms` doubled `times` times, at most `longest_ms`."""
    return min(longest_ms, first_ms << min(times, 30))
