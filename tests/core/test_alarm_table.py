"""An alarm's table: every state × every input, against an expectation written apart from it, and against the fold."""

import itertools

import pytest

from contract.records import (
    LIFE_SAFETY,
    AlarmAcknowledged,
    AlarmCleared,
    AlarmCode,
    AlarmRaised,
    AlarmShelved,
    AlarmUnshelved,
    Priority,
)
from edge.core.alarm_codes import (
    CONSEQUENCES,
    LATCHING,
    OFF_DELAY_MS,
    ON_DELAY_MS,
    PRIORITY,
    PRIORITY_OF_CHILD,
    SILENT,
    TOLD_ONCE,
)
from edge.core.alarm_state import (
    MAX_STANDING_ALARMS,
    TRANSITIONS,
    Alarm,
    AlarmConfig,
    AlarmInput,
    AlarmRecord,
    AlarmState,
    fold,
    state_of,
    transition,
)
from edge.core.state import RecordedAt

NORMAL, UNSEEN, SEEN, RETURNED, SHELVED, QUIET = AlarmState
SAME = None
AT = RecordedAt(1, 5_000, 3)
KEY = (AlarmCode.DOOR_FORCED, "door")

# One row an input, one column a state (in the enum's order): where the alarm must be afterwards.
EXPECTED: dict[AlarmInput, tuple[AlarmState | None, ...]] = {
    AlarmInput.BEGINS: (UNSEEN, SAME, SAME, UNSEEN, SAME, SHELVED),
    AlarmInput.ENDS: (SAME, NORMAL, NORMAL, SAME, QUIET, SAME),
    AlarmInput.ENDS_LATCHED: (SAME, RETURNED, NORMAL, SAME, QUIET, SAME),
    AlarmInput.SEEN: (SAME, SEEN, SAME, NORMAL, SAME, SAME),
    AlarmInput.PUT_ASIDE: (QUIET, SHELVED, SHELVED, QUIET, SAME, SAME),
    AlarmInput.BACK: (SAME, SAME, SAME, SAME, UNSEEN, NORMAL),
}
CELLS = list(itertools.product(AlarmState, AlarmInput))

ALARM = Alarm(*KEY, Priority.URGENT, "", 4_000)
LISTED: dict[AlarmState, tuple[Alarm, ...]] = {
    NORMAL: (),
    UNSEEN: (ALARM,),
    SEEN: (Alarm(*KEY, Priority.URGENT, "", 4_000, acknowledged=True),),
    RETURNED: (Alarm(*KEY, Priority.URGENT, "", 4_000, active=False),),
    SHELVED: (Alarm(*KEY, Priority.URGENT, "", 4_000, shelved_until_ms=9_000),),
    QUIET: (Alarm(*KEY, Priority.URGENT, "", 4_000, active=False, shelved_until_ms=9_000),),
}


def record_of(state: AlarmState, what: AlarmInput) -> AlarmRecord | None:
    cell = transition(state, what)
    made: dict[type[AlarmRecord] | None, AlarmRecord] = {
        AlarmRaised: AlarmRaised(*KEY, Priority.URGENT, "again"),
        AlarmCleared: AlarmCleared(*KEY, latched=cell.next is RETURNED),
        AlarmAcknowledged: AlarmAcknowledged(*KEY, "operator", 4_000),
        AlarmShelved: AlarmShelved(*KEY, 9_999, "operator", "noise"),
        AlarmUnshelved: AlarmUnshelved(*KEY, "expired"),
    }
    return made.get(cell.record)


def test_the_expectation_names_every_state_and_every_input() -> None:
    assert set(EXPECTED) == set(AlarmInput)
    assert all(len(row) == len(AlarmState) for row in EXPECTED.values())
    assert all(alarms == () or alarms[0].state is state for state, alarms in LISTED.items())


@pytest.mark.parametrize(("state", "what"), CELLS)
def test_every_input_in_every_state_leads_where_it_must(state: AlarmState, what: AlarmInput) -> None:
    expected = EXPECTED[what][list(AlarmState).index(state)]

    assert transition(state, what).next is (expected or state)


@pytest.mark.parametrize(("state", "what"), CELLS)
def test_folding_a_cells_record_leads_to_its_next_state(state: AlarmState, what: AlarmInput) -> None:
    record = record_of(state, what)
    alarms = LISTED[state] if record is None else fold(LISTED[state], record, AT)

    assert state_of(alarms, KEY) is transition(state, what).next


def test_a_cell_that_is_given_leaves_a_record() -> None:
    assert all(cell.record is not None for row in TRANSITIONS.values() for cell in row.values())


@pytest.mark.parametrize("state", AlarmState)
def test_from_everywhere_an_alarm_comes_to_rest_by_its_end_an_acknowledgement_and_the_end_of_its_shelf(
    state: AlarmState,
) -> None:
    for what in (AlarmInput.BACK, AlarmInput.ENDS_LATCHED, AlarmInput.SEEN):
        state = transition(state, what).next

    assert state is NORMAL


# ------------------------------------------------ the fold beyond the table


def test_an_acknowledgement_of_another_occurrence_changes_nothing() -> None:
    assert fold(LISTED[UNSEEN], AlarmAcknowledged(*KEY, "operator", 3_999), AT) == LISTED[UNSEEN]
    assert fold((), AlarmAcknowledged(*KEY, "operator", 4_000), AT) == ()


def test_an_acknowledgement_from_before_occurrences_were_named_counts() -> None:
    (alarm,) = fold(LISTED[UNSEEN], AlarmAcknowledged(*KEY, "operator"), AT)

    assert (alarm.acknowledged, alarm.acknowledged_by) == (True, "operator")


def test_a_journal_from_before_latching_clears_for_good() -> None:
    assert fold(LISTED[UNSEEN], AlarmCleared(*KEY), AT) == ()


@pytest.mark.parametrize(
    "record", [AlarmCleared(*KEY, latched=True), AlarmUnshelved(*KEY, "expired"), AlarmCleared(*KEY)]
)
def test_what_is_said_of_an_alarm_that_is_not_listed_changes_nothing(record: AlarmRecord) -> None:
    other = (Alarm(AlarmCode.FIRE, "fire", Priority.URGENT, "", 1),)

    assert fold(other, record, AT) == other


def test_an_alarm_that_comes_back_is_a_new_occurrence() -> None:
    (alarm,) = fold(LISTED[RETURNED], AlarmRaised(*KEY, Priority.LOW, "again", True, "mains_lost/station"), AT)

    assert alarm == Alarm(*KEY, Priority.LOW, "again", 5_000, first_out=True, cause="mains_lost/station")


def test_what_stands_is_never_pushed_out_and_of_the_others_the_shelved_go_last() -> None:
    standing = [Alarm(AlarmCode.LOITERING, str(number), Priority.LOW, "", 1) for number in range(MAX_STANDING_ALARMS)]
    raised = AlarmRaised(*KEY, Priority.URGENT, "")
    assert KEY not in {alarm.key for alarm in fold(tuple(standing), raised, AT)}

    shelved = Alarm(AlarmCode.LOITERING, "0", Priority.LOW, "", 1, active=False, shelved_until_ms=9)
    returned = Alarm(AlarmCode.LOITERING, "1", Priority.LOW, "", 1, active=False)
    first = fold((shelved, returned, *standing[2:]), raised, AT)
    assert len(first) == MAX_STANDING_ALARMS
    assert returned not in first
    assert shelved in first
    second = fold(first, AlarmRaised(AlarmCode.SMOKE, "air", Priority.URGENT, ""), AT)
    assert shelved not in second
    assert {KEY, (AlarmCode.SMOKE, "air")} <= {alarm.key for alarm in second}


# ------------------------------------------------ the tables of codes


def test_every_code_has_a_priority() -> None:
    assert set(PRIORITY) == set(AlarmCode)


def test_delays_are_above_nothing_and_no_life_waits_for_one() -> None:
    assert all(delay > 0 for table in (ON_DELAY_MS, OFF_DELAY_MS) for delay in table.values())
    urgent = {code for code, priority in PRIORITY.items() if priority is Priority.URGENT}
    assert not urgent & set(ON_DELAY_MS)


def test_what_touches_a_life_latches_and_cannot_be_put_aside() -> None:
    assert set(LATCHING) >= LIFE_SAFETY
    assert SILENT <= LIFE_SAFETY
    assert set(TOLD_ONCE) <= set(LATCHING), "a fact told once would be gone with its run otherwise"


def test_nothing_urgent_is_a_consequence_and_no_cause_is_of_less_priority_than_what_it_hides() -> None:
    rank = list(Priority)
    for rule in CONSEQUENCES:
        cause = PRIORITY_OF_CHILD.get(rule.source or "", PRIORITY[rule.cause])
        for code in rule.codes:
            assert PRIORITY[code] is not Priority.URGENT
            assert rank.index(cause) <= rank.index(PRIORITY[code]), f"{rule.cause} hides {code}"


def test_no_alarm_follows_from_one_that_follows_from_it() -> None:
    """Else two alarms would hide each other."""
    follows = {code: {rule.cause for rule in CONSEQUENCES if code in rule.codes} for code in AlarmCode}
    for code in AlarmCode:
        above, seen = set(follows[code]), set[AlarmCode]()
        while above:
            seen |= above
            above = set().union(*(follows[each] for each in above)) - seen
        assert code not in seen


@pytest.mark.parametrize(
    "values",
    [
        {"flood_alarms": 4},
        {"flood_over_alarms": 0},
        {"flood_alarms": MAX_STANDING_ALARMS},
        {"flood_ms": 0},
        {"group_ms": 0},
        {"longest_shelf_ms": 0},
        {"shelf_grace_ms": 0},
    ],
)
def test_numbers_that_cannot_be_lived_with_are_refused_and_named(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        AlarmConfig(**values)
