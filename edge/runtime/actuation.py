"""Carrying out effects by their three classes of urgency (see `edge.core.effects`).

- At once: before and regardless of the journal; cancels what it opposes.
- Budgeted: when its step's records are committed, or after `BUDGET_MS`, whichever comes first.
- After commit: only when committed; refused when storage has failed or has not answered within `REFUSE_AFTER_MS`.

No clock and no I/O of its own: the controller calls `take`, `committed`, `failed` and `due` and gets the effects that
are to be carried out, or refused, now.
"""

from dataclasses import dataclass
from typing import Final

from edge.core.effects import Effect, Urgency, opposes

BUDGET_MS: Final = 50
REFUSE_AFTER_MS: Final = 2_000
MAX_WAITING: Final = 256


@dataclass(frozen=True)
class Waiting:
    effect: Effect
    ticket: int
    until_ms: int


@dataclass(frozen=True)
class Verdict:
    """What is to happen to effects now, in order."""

    do: tuple[Effect, ...] = ()
    refuse: tuple[tuple[Effect, str], ...] = ()


class Actuation:
    """The effects that wait for a commit."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._storage_failed = False

    def take(self, effects: tuple[Effect, ...], ticket: int | None, now_ms: int) -> Verdict:
        """New effects of a step whose records have `ticket` (None: it had none)."""
        do: list[Effect] = []
        refuse: list[tuple[Effect, str]] = []
        for effect in effects:
            refuse += self._cancel_opposed(effect)
            if effect.urgency is Urgency.AT_ONCE or ticket is None:
                do.append(effect)
            elif effect.urgency is Urgency.AFTER_COMMIT and self._storage_failed:
                refuse.append((effect, "storage_unavailable"))
            elif len(self._waiting) >= MAX_WAITING:
                refuse.append((effect, "overloaded"))
            else:
                patience_ms = BUDGET_MS if effect.urgency is Urgency.BUDGETED else REFUSE_AFTER_MS
                self._waiting.append(Waiting(effect, ticket, now_ms + patience_ms))
        return Verdict(tuple(do), tuple(refuse))

    def committed(self, ticket: int) -> Verdict:
        """The journal has everything up to `ticket`."""
        self._storage_failed = False
        do = tuple(waiting.effect for waiting in self._waiting if waiting.ticket <= ticket)
        self._waiting = [waiting for waiting in self._waiting if waiting.ticket > ticket]
        return Verdict(do)

    def failed(self) -> Verdict:
        """Storage has failed: what only a commit allows is refused; the budgeted go on waiting for their budget."""
        self._storage_failed = True
        after = [waiting for waiting in self._waiting if waiting.effect.urgency is Urgency.AFTER_COMMIT]
        self._waiting = [waiting for waiting in self._waiting if waiting not in after]
        return Verdict(refuse=tuple((waiting.effect, "storage_unavailable") for waiting in after))

    def due(self, now_ms: int) -> Verdict:
        """Patience has ended for some: budgeted ones act all the same, the others are refused."""
        late = [waiting for waiting in self._waiting if waiting.until_ms <= now_ms]
        self._waiting = [waiting for waiting in self._waiting if waiting.until_ms > now_ms]
        return Verdict(
            tuple(waiting.effect for waiting in late if waiting.effect.urgency is Urgency.BUDGETED),
            tuple(
                (waiting.effect, "storage_unavailable")
                for waiting in late
                if waiting.effect.urgency is Urgency.AFTER_COMMIT
            ),
        )

    def deadline_ms(self) -> int | None:
        """When `due` is to be called next."""
        return min((waiting.until_ms for waiting in self._waiting), default=None)

    def _cancel_opposed(self, effect: Effect) -> list[tuple[Effect, str]]:
        void = [waiting for waiting in self._waiting if opposes(effect, waiting.effect)]
        self._waiting = [waiting for waiting in self._waiting if waiting not in void]
        return [(waiting.effect, "overtaken") for waiting in void if waiting.effect.urgency is Urgency.AFTER_COMMIT]
