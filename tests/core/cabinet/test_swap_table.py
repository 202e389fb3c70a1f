"""The swap's table: every stage × every input, against an expectation written apart from it, and against the fold."""

import itertools

import pytest

from contract.ids import MemberId, SlotNumber
from contract.records import SwapBegun, SwapEnded, SwapKind, SwapOutcome, SwapStage, SwapStaged
from edge.core.cabinet.fold import fold
from edge.core.cabinet.state import CabinetMemory, Swap
from edge.core.cabinet.swap_table import (
    BACK,
    OPENING,
    OUT,
    TRANSITIONS,
    Decided,
    SwapInput,
    is_cancellable,
    resolve,
    transition,
)
from edge.core.stamp import RecordedAt

OPENING_IN, PUT_IN, VERIFYING, OPENING_OUT, TAKE_OUT, OPENING_BACK, TAKE_BACK, RECONCILING = SwapStage
SAME, END = "same", "end"

# One row an input, one column a stage (in the enum's order): where the swap must be afterwards.
EXPECTED: dict[SwapInput, tuple[SwapStage | str, ...]] = {
    SwapInput.OPENED: (PUT_IN, SAME, PUT_IN, TAKE_OUT, SAME, TAKE_BACK, SAME, SAME),
    SwapInput.NOT_OPENED: (SAME,) * 8,
    SwapInput.STUCK_NEXT: (SAME,) * 8,
    SwapInput.STUCK: (SAME, SAME, SAME, END, SAME, END, SAME, SAME),
    SwapInput.NONE_OPENS: (END, SAME, SAME, END, SAME, END, SAME, SAME),
    SwapInput.CLOSED_AGAIN: (SAME, OPENING_IN, SAME, SAME, OPENING_OUT, SAME, OPENING_BACK, SAME),
    SwapInput.CLOSED_EMPTY: (SAME, END, END, SAME, SAME, SAME, SAME, SAME),
    SwapInput.FILLED: (SAME, VERIFYING, SAME, SAME, SAME, SAME, SAME, SAME),
    SwapInput.SOUND: (SAME, SAME, OPENING_OUT, SAME, SAME, SAME, SAME, SAME),
    SwapInput.RETURNED: (SAME, SAME, END, SAME, SAME, SAME, SAME, SAME),
    SwapInput.GIVE_BACK: (SAME, SAME, OPENING_BACK, OPENING_BACK, OPENING_BACK, SAME, SAME, SAME),
    SwapInput.DANGEROUS: (SAME, SAME, END, SAME, SAME, END, END, SAME),
    SwapInput.TAKEN: (SAME, SAME, SAME, SAME, END, SAME, END, SAME),
    SwapInput.UNTAKEN: (SAME, SAME, SAME, SAME, END, SAME, END, SAME),
    SwapInput.EXCHANGED: (SAME, SAME, SAME, SAME, END, SAME, END, SAME),
    SwapInput.LEFT_OPEN: (SAME, END, SAME, SAME, END, SAME, END, SAME),
    SwapInput.CANCELLED: (SAME,) * 8,
    SwapInput.GIVEN_UP: (END, END, END, END, END, SAME, SAME, SAME),
    SwapInput.HAZARD: (END, END, END, END, END, END, END, SAME),
    SwapInput.LOST: (END,) * 8,
    SwapInput.RESTARTED: (RECONCILING,) * 8,
    SwapInput.TRUTH: (SAME, SAME, SAME, SAME, SAME, SAME, SAME, END),
}
CELLS = list(itertools.product(SwapStage, SwapInput))

# How the swap ends where the cell alone says it.
OUTCOMES: dict[tuple[SwapStage, SwapInput], SwapOutcome] = {
    (OPENING_IN, SwapInput.NONE_OPENS): SwapOutcome.SLOT_STUCK,
    (OPENING_OUT, SwapInput.NONE_OPENS): SwapOutcome.SLOT_STUCK,
    (OPENING_BACK, SwapInput.NONE_OPENS): SwapOutcome.NOT_TAKEN_BACK,
    (TAKE_OUT, SwapInput.TAKEN): SwapOutcome.DONE,
    (TAKE_OUT, SwapInput.UNTAKEN): SwapOutcome.NOT_TAKEN,
    (TAKE_BACK, SwapInput.UNTAKEN): SwapOutcome.NOT_TAKEN_BACK,
    (PUT_IN, SwapInput.LEFT_OPEN): SwapOutcome.LEFT_OPEN,
    (TAKE_OUT, SwapInput.LEFT_OPEN): SwapOutcome.NOT_TAKEN,
    (TAKE_BACK, SwapInput.LEFT_OPEN): SwapOutcome.NOT_TAKEN_BACK,
}
OUTCOME_OF_INPUT: dict[SwapInput, SwapOutcome] = {
    SwapInput.STUCK: SwapOutcome.CLAIM,
    SwapInput.CLOSED_EMPTY: SwapOutcome.NOTHING_PUT_IN,
    SwapInput.RETURNED: SwapOutcome.DONE,
    SwapInput.DANGEROUS: SwapOutcome.KEPT,
    SwapInput.EXCHANGED: SwapOutcome.EXCHANGED,
    SwapInput.GIVEN_UP: SwapOutcome.CANCELLED,
    SwapInput.HAZARD: SwapOutcome.HAZARD,
    SwapInput.LOST: SwapOutcome.CABINET_LOST,
}


def swap_at(stage: SwapStage, outcome: SwapOutcome | None = None) -> Swap:
    return Swap(1, MemberId("wang"), SwapKind.SWAP, stage, SlotNumber(5), SlotNumber(1), 0, outcome=outcome)


@pytest.mark.parametrize(("stage", "what"), CELLS)
def test_every_input_leads_from_every_stage_to_where_it_must(stage: SwapStage, what: SwapInput) -> None:
    expected = EXPECTED[what][list(SwapStage).index(stage)]
    if what is SwapInput.RESTARTED and stage is RECONCILING:
        expected = SAME
    after = transition(stage, what).next
    assert after is (None if expected == END else stage if expected == SAME else expected)


@pytest.mark.parametrize(("stage", "what"), [(stage, what) for stage, what in CELLS if what in TRANSITIONS[stage]])
def test_every_end_has_the_outcome_that_its_stage_and_input_say(stage: SwapStage, what: SwapInput) -> None:
    cell = transition(stage, what)
    if what is SwapInput.CANCELLED:
        assert cell.outcome is SwapOutcome.CANCELLED
    elif what in (SwapInput.GIVE_BACK, SwapInput.TRUTH):
        assert cell.outcome is Decided.AS_FOUND
    elif cell.next is None and (stage, what) != (TAKE_BACK, SwapInput.TAKEN):
        assert cell.outcome is (OUTCOMES.get((stage, what)) or OUTCOME_OF_INPUT[what])
    else:
        assert cell.outcome is Decided.AS_BEFORE


@pytest.mark.parametrize(("stage", "what"), CELLS)
def test_folding_what_a_cell_records_leads_to_its_next_stage(stage: SwapStage, what: SwapInput) -> None:
    memory, at = CabinetMemory(swaps=1, swap=swap_at(stage)), RecordedAt(0, 0, 1)
    cell = transition(stage, what)
    if cell.next is None:
        ended = SwapEnded(1, MemberId("wang"), SwapKind.SWAP, SwapOutcome.DONE, None, None, 0)
        assert fold(memory, ended, at).swap is None
        return
    slot = SlotNumber(1) if cell.next in OUT else SlotNumber(5)
    after = fold(memory, SwapStaged(1, cell.next, slot), at).swap
    assert after is not None
    assert after.stage is cell.next
    assert (after.slot_in, after.slot_out) == (5, 1)
    assert after.was is (stage if cell.next is RECONCILING and stage is not RECONCILING else None)


@pytest.mark.parametrize("stage", SwapStage)
def test_an_own_battery_once_inside_leads_nowhere_out_without_something_for_it(stage: SwapStage) -> None:
    nothing_for_it = {SwapOutcome.NOTHING_PUT_IN, SwapOutcome.LEFT_OPEN}
    if stage in OUT | BACK:
        ends = {cell.outcome for cell in TRANSITIONS[stage].values() if cell.next is None}
        assert not ends & nothing_for_it


def test_a_swap_can_be_cancelled_until_something_else_is_decided() -> None:
    assert {stage for stage in SwapStage if is_cancellable(swap_at(stage))} == {
        OPENING_IN,
        PUT_IN,
        VERIFYING,
        OPENING_OUT,
        TAKE_OUT,
    }
    assert not is_cancellable(swap_at(PUT_IN, SwapOutcome.CANCELLED))


def test_an_outcome_is_the_cells_or_the_one_before_or_what_was_found() -> None:
    before, found = SwapOutcome.CANCELLED, SwapOutcome.REFUSED_WORN
    assert resolve(Decided.AS_BEFORE, before, found) is before
    assert resolve(Decided.AS_FOUND, before, found) is found
    assert resolve(SwapOutcome.DONE, before, found) is SwapOutcome.DONE


def test_a_swap_begins_where_its_kind_does_and_only_its_own_records_move_it() -> None:
    at = RecordedAt(0, 7, 1)
    begun = fold(CabinetMemory(), SwapBegun(3, MemberId("wang"), SwapKind.TAKE_ONLY, None, SlotNumber(1)), at)
    assert begun.swap is not None
    assert (begun.swap.stage, begun.swap.begun_ms, begun.swaps) == (OPENING_OUT, 7, 3)
    assert fold(begun, SwapStaged(2, TAKE_OUT, SlotNumber(1)), at) is begun
    assert fold(CabinetMemory(), SwapStaged(2, TAKE_OUT, SlotNumber(1)), at) == CabinetMemory()


def test_the_stages_that_send_a_pulse_are_those_that_wait_for_a_door() -> None:
    assert {stage for stage in SwapStage if stage.value.startswith("opening")} == OPENING
