"""The rider's swap: eight stages, one table.

*What a stage says.* Three times a slot is opened for the rider: an empty one to put the battery in, a full one to take
from, and, where that cannot be, the first one again, to take the own battery back. Each is a pair: `opening_…` (told to
open, not open yet) and `put_in`, `take_out`, `take_back` (it stands open, and the rider is wanted there). Between them
is `verifying`: something is in and the door closed, and now its BMS says who it is. `reconciling` is a swap that a
restart has met.

*What an input says.* Inputs are not raw: `edge.core.cabinet.swap` has looked at doors, contacts, BMS data, trips and
time. So `CLOSED_EMPTY` is a door that has been shut for long enough for an empty slot to be surely empty, and `TAKEN`
one whose battery is gone. A door alone never ends a swap well: `TAKEN`, `SOUND` and `RETURNED` are what batteries say.

*Three rules.* Until something of the rider's is inside, every way out ends at once, and nothing has moved. From then on
every way out gives something: the full one, the own one back, or a claim. And how it will end may be decided before it
ends (`SwapTransition.outcome` with a next stage): a refused battery is given back first, a cancelled swap too; only the
rider's own doing changes that (a full one that is taken after all, something else put in).

*Cells.* An input without a cell cannot happen there, or means nothing: the swap stays as it is.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from contract.records import SwapOutcome, SwapStage
from edge.core.cabinet.state import Swap


class SwapInput(Enum):
    """What has happened to the swap, all judgement made."""

    OPENED = "slot opened"
    NOT_OPENED = "slot did not open: once more"
    STUCK_NEXT = "slot does not open, another may"
    STUCK = "no slot opens, own battery is inside"
    NONE_OPENS = "no slot opens, nothing has moved"
    CLOSED_AGAIN = "closed with nothing done: once more"
    CLOSED_EMPTY = "closed with nothing put in"
    FILLED = "closed, something is in"
    SOUND = "sound, and a full one is there"
    RETURNED = "sound, nothing is wanted for it"
    GIVE_BACK = "to be given back"
    DANGEROUS = "hot, or smoking"
    TAKEN = "battery is gone"
    UNTAKEN = "closed, battery still inside"
    EXCHANGED = "closed, another one inside"
    LEFT_OPEN = "left open for too long"
    CANCELLED = "cancelled"
    GIVEN_UP = "closed, and not wanted any more"
    HAZARD = "hazard"
    LOST = "cabinet silent for too long"
    RESTARTED = "restarted"
    TRUTH = "cabinet has said what is true"


class Decided(Enum):
    """Where a cell does not say the outcome by itself."""

    AS_BEFORE = "as decided before"
    AS_FOUND = "as found"
    """What the input brings along: why it is given back, or what the truth is."""


@dataclass(frozen=True)
class SwapTransition:
    """`next` None: the swap ends, with `outcome`. Else it goes on, and `outcome` is how it is going to end."""

    next: SwapStage | None
    outcome: SwapOutcome | Decided = Decided.AS_BEFORE


def _to(stage: SwapStage, outcome: SwapOutcome | Decided = Decided.AS_BEFORE) -> SwapTransition:
    return SwapTransition(stage, outcome)


def _end(outcome: SwapOutcome | Decided) -> SwapTransition:
    return SwapTransition(None, outcome)


ANYWHERE: Final[dict[SwapInput, SwapTransition]] = {
    SwapInput.HAZARD: _end(SwapOutcome.HAZARD),
    SwapInput.LOST: _end(SwapOutcome.CABINET_LOST),
    SwapInput.RESTARTED: _to(SwapStage.RECONCILING),
}
"""Of every stage in which something may still move."""

TRANSITIONS: Final[dict[SwapStage, dict[SwapInput, SwapTransition]]] = {
    SwapStage.OPENING_IN: {
        SwapInput.OPENED: _to(SwapStage.PUT_IN),
        SwapInput.NOT_OPENED: _to(SwapStage.OPENING_IN),
        SwapInput.STUCK_NEXT: _to(SwapStage.OPENING_IN),
        SwapInput.NONE_OPENS: _end(SwapOutcome.SLOT_STUCK),
        SwapInput.CANCELLED: _to(SwapStage.OPENING_IN, SwapOutcome.CANCELLED),
        SwapInput.GIVEN_UP: _end(SwapOutcome.CANCELLED),
        **ANYWHERE,
    },
    SwapStage.PUT_IN: {
        SwapInput.FILLED: _to(SwapStage.VERIFYING),
        SwapInput.CLOSED_AGAIN: _to(SwapStage.OPENING_IN),
        SwapInput.CLOSED_EMPTY: _end(SwapOutcome.NOTHING_PUT_IN),
        SwapInput.LEFT_OPEN: _end(SwapOutcome.LEFT_OPEN),
        SwapInput.CANCELLED: _to(SwapStage.PUT_IN, SwapOutcome.CANCELLED),
        SwapInput.GIVEN_UP: _end(SwapOutcome.CANCELLED),
        **ANYWHERE,
    },
    SwapStage.VERIFYING: {
        SwapInput.SOUND: _to(SwapStage.OPENING_OUT),
        SwapInput.RETURNED: _end(SwapOutcome.DONE),
        SwapInput.GIVE_BACK: _to(SwapStage.OPENING_BACK, Decided.AS_FOUND),
        SwapInput.DANGEROUS: _end(SwapOutcome.KEPT),
        SwapInput.OPENED: _to(SwapStage.PUT_IN),
        SwapInput.CLOSED_EMPTY: _end(SwapOutcome.NOTHING_PUT_IN),
        SwapInput.CANCELLED: _to(SwapStage.VERIFYING, SwapOutcome.CANCELLED),
        SwapInput.GIVEN_UP: _end(SwapOutcome.CANCELLED),
        **ANYWHERE,
    },
    SwapStage.OPENING_OUT: {
        SwapInput.OPENED: _to(SwapStage.TAKE_OUT),
        SwapInput.NOT_OPENED: _to(SwapStage.OPENING_OUT),
        SwapInput.STUCK_NEXT: _to(SwapStage.OPENING_OUT),
        SwapInput.GIVE_BACK: _to(SwapStage.OPENING_BACK, Decided.AS_FOUND),
        SwapInput.STUCK: _end(SwapOutcome.CLAIM),
        SwapInput.NONE_OPENS: _end(SwapOutcome.SLOT_STUCK),
        SwapInput.CANCELLED: _to(SwapStage.OPENING_OUT, SwapOutcome.CANCELLED),
        SwapInput.GIVEN_UP: _end(SwapOutcome.CANCELLED),
        **ANYWHERE,
    },
    SwapStage.TAKE_OUT: {
        SwapInput.TAKEN: _end(SwapOutcome.DONE),
        SwapInput.UNTAKEN: _end(SwapOutcome.NOT_TAKEN),
        SwapInput.EXCHANGED: _end(SwapOutcome.EXCHANGED),
        SwapInput.CLOSED_AGAIN: _to(SwapStage.OPENING_OUT),
        SwapInput.LEFT_OPEN: _end(SwapOutcome.NOT_TAKEN),
        SwapInput.GIVE_BACK: _to(SwapStage.OPENING_BACK, Decided.AS_FOUND),
        SwapInput.CANCELLED: _to(SwapStage.TAKE_OUT, SwapOutcome.CANCELLED),
        SwapInput.GIVEN_UP: _end(SwapOutcome.CANCELLED),
        **ANYWHERE,
    },
    SwapStage.OPENING_BACK: {
        SwapInput.OPENED: _to(SwapStage.TAKE_BACK),
        SwapInput.NOT_OPENED: _to(SwapStage.OPENING_BACK),
        SwapInput.STUCK: _end(SwapOutcome.CLAIM),
        SwapInput.NONE_OPENS: _end(SwapOutcome.NOT_TAKEN_BACK),
        SwapInput.DANGEROUS: _end(SwapOutcome.KEPT),
        **ANYWHERE,
    },
    SwapStage.TAKE_BACK: {
        SwapInput.TAKEN: _end(Decided.AS_BEFORE),
        SwapInput.UNTAKEN: _end(SwapOutcome.NOT_TAKEN_BACK),
        SwapInput.EXCHANGED: _end(SwapOutcome.EXCHANGED),
        SwapInput.CLOSED_AGAIN: _to(SwapStage.OPENING_BACK),
        SwapInput.LEFT_OPEN: _end(SwapOutcome.NOT_TAKEN_BACK),
        SwapInput.DANGEROUS: _end(SwapOutcome.KEPT),
        **ANYWHERE,
    },
    SwapStage.RECONCILING: {
        SwapInput.TRUTH: _end(Decided.AS_FOUND),
        SwapInput.LOST: _end(SwapOutcome.CABINET_LOST),
    },
}

OPENING: Final = frozenset({SwapStage.OPENING_IN, SwapStage.OPENING_OUT, SwapStage.OPENING_BACK})
"""The stages in which a pulse is sent."""
OUT: Final = frozenset({SwapStage.OPENING_OUT, SwapStage.TAKE_OUT})
"""The stages at the full slot; all others are at the one for the rider's own battery."""
BACK: Final = frozenset({SwapStage.OPENING_BACK, SwapStage.TAKE_BACK})


def transition(stage: SwapStage, what: SwapInput) -> SwapTransition:
    """The table's cell; an empty one keeps the stage."""
    return TRANSITIONS[stage].get(what) or SwapTransition(stage)


def is_cancellable(swap: Swap) -> bool:
    """Whether the rider may still say no: nothing else has been decided yet."""
    return swap.outcome is None and SwapInput.CANCELLED in TRANSITIONS[swap.stage]


def resolve(
    outcome: SwapOutcome | Decided, before: SwapOutcome | None, found: SwapOutcome | None
) -> SwapOutcome | None:
    """The outcome that a cell leads to."""
    if outcome is Decided.AS_BEFORE:
        return before
    return found if outcome is Decided.AS_FOUND else outcome
