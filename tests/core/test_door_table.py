"""The door's table: every mode × every input, against an expectation written apart from it, and against the fold."""

import itertools

import pytest

from contract.ids import MemberId
from contract.records import (
    AccessNotTaken,
    DoorClosed,
    DoorForced,
    DoorHeld,
    DoorHeldCleared,
    DoorHeldPreAlarm,
    DoorMode,
    DoorOpened,
    DoorReleased,
    DoorRelocked,
    FireEnded,
    FireStarted,
    ReleaseCause,
    RelockCause,
    StationBooted,
)
from edge.core.door import CLOSED_MODES, TRANSITIONS, DoorInput, DoorRecord, Fact, fold, transition
from edge.core.state import Door, Release

SECURED, RELEASED, OPEN, PRE_ALARM, HELD, FORCED = DoorMode
RELEASE = Release(ReleaseCause.CARD, MemberId("rider-1"), 5_000)
SAME = None

# One row an input, one column a mode (in the enum's order): where the door must be afterwards.
EXPECTED: dict[DoorInput, tuple[DoorMode | None, ...]] = {
    DoorInput.RELEASE: (RELEASED, SAME, SAME, OPEN, SAME, SAME),
    DoorInput.RELEASE_STANDING: (RELEASED, SAME, SAME, OPEN, OPEN, SAME),
    DoorInput.RELOCK: (SAME, SECURED, SAME, SAME, SAME, SAME),
    DoorInput.TIMED_OUT: (SAME, SECURED, SAME, SAME, SAME, SAME),
    DoorInput.OPENED: (FORCED, OPEN, SAME, SAME, SAME, SAME),
    DoorInput.OPENED_EXCUSED: (OPEN, OPEN, SAME, SAME, SAME, SAME),
    DoorInput.CLOSED: (SAME, SAME, SECURED, SECURED, SECURED, SECURED),
    DoorInput.CLOSED_RELEASED: (SAME, SAME, RELEASED, RELEASED, RELEASED, RELEASED),
    DoorInput.PRE_ALARM_DUE: (SAME, SAME, PRE_ALARM, SAME, SAME, SAME),
    DoorInput.HELD_DUE: (SAME, SAME, SAME, HELD, SAME, SAME),
}
CELLS = list(itertools.product(DoorMode, DoorInput))

RECORDS: dict[Fact, DoorRecord | AccessNotTaken] = {
    Fact.RELEASED: DoorReleased(RELEASE.cause, RELEASE.member, RELEASE.hold_ms),
    Fact.RELOCKED: DoorRelocked(RelockCause.TIMED_OUT),
    Fact.NOT_TAKEN: AccessNotTaken(RELEASE.cause, RELEASE.member),
    Fact.OPENED: DoorOpened(),
    Fact.FORCED: DoorForced(),
    Fact.CLOSED: DoorClosed(),
    Fact.PRE_ALARM: DoorHeldPreAlarm(20_000),
    Fact.HELD: DoorHeld(30_000),
    Fact.HELD_CLEARED: DoorHeldCleared(31_000),
}


SAID: dict[DoorInput, tuple[Fact, frozenset[DoorMode]]] = {
    # What an input always leads to being recorded, and in which modes.
    DoorInput.RELEASE: (Fact.RELEASED, frozenset(DoorMode)),
    DoorInput.RELEASE_STANDING: (Fact.RELEASED, frozenset(DoorMode)),
    DoorInput.RELOCK: (Fact.RELOCKED, frozenset(DoorMode) - {SECURED}),
    DoorInput.TIMED_OUT: (Fact.RELOCKED, frozenset(DoorMode) - {SECURED}),
    DoorInput.CLOSED: (Fact.CLOSED, frozenset(DoorMode) - CLOSED_MODES),
    DoorInput.CLOSED_RELEASED: (Fact.CLOSED, frozenset(DoorMode) - CLOSED_MODES),
}


@pytest.mark.parametrize(("mode", "what"), CELLS)
def test_whatever_an_input_does_in_a_mode_is_said(mode: DoorMode, what: DoorInput) -> None:
    facts = transition(mode, what).facts

    if what in SAID:
        fact, modes = SAID[what]
        assert (fact in facts) is (mode in modes)
    assert (Fact.HELD_CLEARED in facts) is (mode is HELD and transition(mode, what).next is not HELD)


def test_the_expectation_names_every_mode_and_every_input() -> None:
    assert set(EXPECTED) == set(DoorInput)
    assert all(len(row) == len(DoorMode) for row in EXPECTED.values())


@pytest.mark.parametrize(("mode", "what"), CELLS)
def test_every_input_in_every_mode_leads_where_it_must(mode: DoorMode, what: DoorInput) -> None:
    expected = EXPECTED[what][list(DoorMode).index(mode)]

    assert transition(mode, what).next is (expected or mode)


@pytest.mark.parametrize(("mode", "what"), CELLS)
def test_folding_a_cells_records_leads_to_its_next_mode(mode: DoorMode, what: DoorInput) -> None:
    cell = transition(mode, what)
    lock_let_go = mode is RELEASED or what in (DoorInput.CLOSED_RELEASED, DoorInput.RELOCK, DoorInput.TIMED_OUT)
    held_for_ms = 30_000 if mode is HELD else None
    door = Door(mode, RELEASE if lock_let_go and mode is not SECURED else None, held_for_ms=held_for_ms)

    for fact in cell.facts:
        record = RECORDS[fact]
        if not isinstance(record, AccessNotTaken):
            door = fold(door, record)

    assert door.mode is cell.next


def test_a_mode_that_does_not_change_without_facts_is_left_out_of_the_table() -> None:
    assert all(cell.facts for row in TRANSITIONS.values() for cell in row.values())


@pytest.mark.parametrize(("mode", "what"), CELLS)
def test_leaving_held_always_says_that_it_is_over(mode: DoorMode, what: DoorInput) -> None:
    cell = transition(mode, what)

    assert (Fact.HELD_CLEARED in cell.facts) == (mode is HELD and cell.next is not HELD)


@pytest.mark.parametrize(("mode", "what"), CELLS)
def test_only_a_leaf_that_moves_changes_between_open_and_closed(mode: DoorMode, what: DoorInput) -> None:
    cell = transition(mode, what)
    opens = {Fact.OPENED, Fact.FORCED} & set(cell.facts)

    assert bool(opens) == (mode in CLOSED_MODES and cell.next not in CLOSED_MODES)
    assert (Fact.CLOSED in cell.facts) == (mode not in CLOSED_MODES and cell.next in CLOSED_MODES)


@pytest.mark.parametrize("mode", list(DoorMode))
def test_a_boot_leaves_a_secured_door_and_remembers_fire_and_an_uncleared_held(mode: DoorMode) -> None:
    door = Door(mode, RELEASE, fire=True, held_for_ms=30_000)

    booted = fold(door, StationBooted("1.0", "digest", False, 50, 0))

    assert booted == Door(SECURED, None, fire=True, held_for_ms=30_000)


def test_a_held_that_is_cleared_after_a_boot_keeps_the_door_where_it_is() -> None:
    assert fold(Door(held_for_ms=30_000), DoorHeldCleared(30_000)) == Door()


def test_fire_is_remembered_until_it_ends() -> None:
    burning = fold(Door(), FireStarted())

    assert burning.fire
    assert not fold(burning, FireEnded()).fire
