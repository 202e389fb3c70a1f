"""When the live state is published: the first change at once, changes at most once a second, else once a minute."""

from dataclasses import dataclass
from typing import Any, Final

CHANGES_APART_MS: Final = 1_000
REPEAT_MS: Final = 60_000


@dataclass
class StatePace:
    """Holds the newest state, and says when it is due."""

    state: dict[str, Any] | None = None
    _changed: bool = False
    _published_ms: int | None = None

    def change(self, state: dict[str, Any]) -> None:
        if state != self.state:
            self.state = state
            self._changed = True

    def new_session(self) -> None:
        """A new connection publishes at once: the retained state names an older session."""
        self._published_ms = None

    def due_ms(self) -> int | None:
        """When to publish; 0 for now, None while there is nothing."""
        if self.state is None:
            return None
        if self._published_ms is None:
            return 0
        return self._published_ms + (CHANGES_APART_MS if self._changed else REPEAT_MS)

    def published(self, now_ms: int) -> None:
        self._published_ms, self._changed = now_ms, False
