"""When to ask for which page of the roster. No I/O and no clock.

What is wanted is the roster file's own word (`RosterWriter.wanted`). One page is asked for at a time. What was asked
for and is still wanted afterwards counts as unanswered, also after a page that led nowhere: it is asked for again ever
less often, in turn with the other nodes, so that one which cannot be had does not keep the others waiting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge.roster.writer import Pull
from edge.uplink.backoff import doubled

ANSWER_TIMEOUT_MS: Final = 10_000
LONGEST_TIMEOUT_MS: Final = 160_000


@dataclass
class PullPace:
    """Tell it what is wanted, and it says what to ask for now."""

    _asked: Pull | None = None
    _asked_ms: int = 0
    _unanswered: int = 0
    _turn: int = 0

    def new_session(self) -> None:
        """Pages of the old connection will not come."""
        self._asked, self._unanswered = None, 0

    def next_pull(self, wanted: Sequence[Pull], now_ms: int) -> Pull | None:
        """What to ask for now; the caller does ask for it."""
        if self._asked is not None and self._asked in wanted:
            if now_ms < self._due_ms():
                return None
            self._unanswered += 1
            self._turn += 1
        elif self._asked is not None:
            self._unanswered = 0
        if not wanted:
            self._asked = None
            return None
        self._asked, self._asked_ms = wanted[self._turn % len(wanted)], now_ms
        return self._asked

    def deadline_ms(self) -> int | None:
        """When to look again, should nothing come."""
        return None if self._asked is None else self._due_ms()

    def _due_ms(self) -> int:
        return self._asked_ms + doubled(ANSWER_TIMEOUT_MS, self._unanswered, LONGEST_TIMEOUT_MS)
