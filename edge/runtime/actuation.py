"""Carrying out effects by their three classes of urgency (see `edge.core.effects`).

- At once: before and regardless of the journal; cancels what it opposes.
- Budgeted: when its step's records are committed, or after `BUDGET_MS`, whichever comes first.
- After commit: only when committed; refused when storage has failed or has not answered within `REFUSE_AFTER_MS`.

No clock and no I/O of its own: the controller calls `at_once` and `take` for a step's effects, then `committed`,
`failed` and `due`, and gets the effects that are to be carried out, or refused, now.
"""

from typing import Final

from contract.frozen import frozen
from edge.core.effects import Effect, Urgency, opposes

BUDGET_MS: Final = 50
REFUSE_AFTER_MS: Final = 2_000
MAX_WAITING: Final = 256


@frozen
class Waiting:
    effect: Effect
    ticket: int
    until_ms: int


@frozen
class Verdict:
    """What is to happen to effects now, in order."""

    do: tuple[Effect, ...] = ()
    refuse: tuple[tuple[Effect, str], ...] = ()


NOTHING: Final = Verdict()


class Actuation:
    """The effects that wait for a commit."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._storage_failed = False

    def at_once(self, effects: tuple[Effect, ...]) -> Verdict:
        """Of a step's effects those that wait for nothing; what they oppose of earlier steps is void."""
        do: list[Effect] = []
        refuse: list[tuple[Effect, str]] = []
        for effect in effects:
            if effect.urgency is Urgency.AT_ONCE:
                refuse += self._cancel_opposed(effect)
                do.append(effect)
        return Verdict(tuple(do), tuple(refuse))

    def take(self, effects: tuple[Effect, ...], ticket: int | None, now_ms: int) -> Verdict:
        """Of the same effects the others. `ticket` is that of the step's records; None: no commit is to come, because
        there were no records or no room for them."""
        do: list[Effect] = []
        refuse: list[tuple[Effect, str]] = []
        for index, effect in enumerate(effects):
            if effect.urgency is Urgency.AT_ONCE:
                continue
            after_commit = effect.urgency is Urgency.AFTER_COMMIT
            refuse += self._cancel_opposed(effect)
            if any(opposes(later, effect) for later in effects[index + 1 :] if later.urgency is Urgency.AT_ONCE):
                # The same step has taken it back, and that has been carried out already.
                refuse += [(effect, "overtaken")] if after_commit else []
            elif after_commit and (ticket is None or self._storage_failed):
                refuse.append((effect, "storage_unavailable"))
            elif ticket is None:
                do.append(effect)
            elif len(self._waiting) >= MAX_WAITING:
                refuse.append((effect, "overloaded"))
            else:
                patience_ms = REFUSE_AFTER_MS if after_commit else BUDGET_MS
                self._waiting.append(Waiting(effect, ticket, now_ms + patience_ms))
        return Verdict(tuple(do), tuple(refuse))

    def committed(self, ticket: int, unkept: frozenset[int] = frozenset()) -> Verdict:
        """The journal has everything up to `ticket`, but for records of the tickets in `unkept`."""
        self._storage_failed = False
        if not self._waiting:
            return NOTHING
        ended = [waiting for waiting in self._waiting if waiting.ticket <= ticket]
        self._waiting = [waiting for waiting in self._waiting if waiting.ticket > ticket]
        refused = [
            waiting for waiting in ended if waiting.ticket in unkept and waiting.effect.urgency is Urgency.AFTER_COMMIT
        ]
        return Verdict(
            tuple(waiting.effect for waiting in ended if waiting not in refused),
            tuple((waiting.effect, "storage_unavailable") for waiting in refused),
        )

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
        return min([waiting.until_ms for waiting in self._waiting]) if self._waiting else None

    def _cancel_opposed(self, effect: Effect) -> list[tuple[Effect, str]]:
        void = [waiting for waiting in self._waiting if opposes(effect, waiting.effect)]
        self._waiting = [waiting for waiting in self._waiting if waiting not in void]
        return [(waiting.effect, "overtaken") for waiting in void if waiting.effect.urgency is Urgency.AFTER_COMMIT]
