"""Somebody tries cards: unknown ones in a row slow a reader's answers to them, and nobody else is kept waiting.

The first `TRIES` unknown cards at a reader are answered as they come. From then on one in `ANSWER_EVERY_MS` is; the
others are denied `locked_out` in silence, recorded like any denial, so that trying all numbers takes as long as it
should and leaves its trace. A known card is never slowed, and one that is let in ends the row; so do `FORGOTTEN_MS`
without an unknown card. A row is forgotten with the run: a restart takes longer than the wait.
"""

from typing import Final

from contract.ids import ReaderId
from contract.policy.model import Decision, Factor
from contract.records import Reason
from edge.core.events import CardPresented
from edge.core.state import GuessRow, StationState
from edge.core.turn import Turn

TRIES: Final = 5
ANSWER_EVERY_MS: Final = 2_000
FORGOTTEN_MS: Final = 60_000


def is_slowed(state: StationState, reader: ReaderId, mono_ms: int) -> bool:
    """Whether an unknown card at this reader gets no answer now."""
    row = _row(state, reader, mono_ms)
    return row is not None and row.tries >= TRIES and mono_ms - row.answered_at_ms < ANSWER_EVERY_MS


def note(turn: Turn, event: CardPresented, decision: Decision) -> None:
    """Remember what was decided on a card."""
    if decision.granted:
        if event.reader in turn.volatile.guesses:
            others = {reader: row for reader, row in turn.volatile.guesses.items() if reader != event.reader}
            turn.set_volatile(guesses=others)
    elif (
        event.member is None
        and event.roster_available
        and Factor.PIN not in event.factors
        and event.reader in turn.config.readers
    ):
        row = _row(turn.state, event.reader, turn.mono_ms)
        if row is None:
            row = GuessRow(0, turn.mono_ms, turn.mono_ms)
        answered_at_ms = row.answered_at_ms if decision.reason is Reason.LOCKED_OUT else turn.mono_ms
        row = GuessRow(min(TRIES, row.tries + 1), turn.mono_ms, answered_at_ms)
        turn.set_volatile(guesses={**turn.volatile.guesses, event.reader: row})


def _row(state: StationState, reader: ReaderId, mono_ms: int) -> GuessRow | None:
    row = state.volatile.guesses.get(reader)
    return None if row is None or mono_ms - row.latest_ms >= FORGOTTEN_MS else row
