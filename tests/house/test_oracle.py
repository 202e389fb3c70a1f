"""The oracle finds what is lost and what is doubled, and excuses only what it must."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yizhan.oracle import Excuse, Fact, Row, judge, pair, percentile, read_world

WALL_MS = 1_800_000_000_000


def fact(kind: str, at_ms: float, **fields: Any) -> Fact:
    return Fact(kind, at_ms, WALL_MS + at_ms, fields)


def card(at_ms: float, person: str = "m-1") -> Fact:
    return fact("card_shown", at_ms, reader="entry", card=f"card-{person}", person=person, visit="v")


def edge(at_ms: float, level: bool) -> Fact:
    return fact("pin_edge", at_ms, wire="lock", pin=17, level=level)


def row(seq: int, kind: str, at_ms: float, epoch: str = "e" * 32, **body: Any) -> Row:
    return Row(epoch, "events", seq, int(WALL_MS + at_ms), kind, body)


def granted(seq: int, at_ms: float, member: str | None = "m-1") -> Row:
    return row(seq, "access.granted", at_ms, reader="entry", member=member, presented_mono_ms=int(at_ms))


def denied(seq: int, at_ms: float, member: str | None = None) -> Row:
    return row(seq, "access.denied", at_ms, reader="entry", member=member, presented_mono_ms=int(at_ms))


VISIT = [card(1000), edge(1030, True), edge(1900, False)]
ROWS = [granted(1, 1025), row(2, "door.released", 1026), row(3, "door.relocked", 1899), row(4, "door.opened", 1890)]


def test_a_visit_that_is_recorded_as_it_was_has_nothing_lost_or_doubled() -> None:
    verdict = judge(VISIT, ROWS)
    assert (verdict.lost, verdict.duplicated) == ((), ())
    assert (verdict.cards_shown, verdict.lock_edges, verdict.entries, verdict.denials) == (1, 2, 1, 0)
    assert verdict.card_to_lock_ms == (30,)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_each_missing_row_is_a_loss(missing: int) -> None:
    rows = ROWS[:missing] + ROWS[missing + 1 :]
    assert len(judge(VISIT, rows).lost) == 1


def test_a_code_at_a_scanner_is_judged_like_a_card() -> None:
    code = fact("code_shown", 1000, reader="scanner", code="pass-visit-1", visit="v", characters=200)
    passed = row(1, "access.granted", 1025, reader="scanner", member="pass:p-1")
    assert judge([code], [passed]).lost == ()
    assert judge([code], []).lost == ("code_shown pass-visit-1 at 1000 ms",)
    unread = fact("code_lost", 1001, reader="scanner", code="pass-visit-1", visit="v")
    assert judge([code, unread], []).lost == ()


@pytest.mark.parametrize("again", [0, 1, 2])
def test_each_row_under_a_second_key_is_a_duplicate(again: int) -> None:
    copy = ROWS[again]
    twin = Row("f" * 32, copy.stream, 77, copy.recorded_at_ms, copy.kind, copy.body)
    verdict = judge(VISIT, [*ROWS, twin])
    assert (len(verdict.lost), len(verdict.duplicated)) == (0, 1)


@pytest.mark.parametrize("again", range(4))
def test_one_key_given_twice_is_a_duplicate(again: int) -> None:
    assert len(judge(VISIT, [*ROWS, ROWS[again]]).duplicated) == 1


def test_a_decision_without_a_card_is_one_too_many() -> None:
    assert judge([], [denied(1, 500)]).duplicated == ("access.denied at eeeeee/events/1 belongs to no card",)


def test_a_relock_without_an_edge_is_one_too_many() -> None:
    assert len(judge(VISIT, [*ROWS, row(9, "door.relocked", 1950)]).duplicated) == 1


def test_a_second_card_that_prolongs_the_release_has_no_edge_of_its_own() -> None:
    facts = [card(1000), edge(1030, True), card(2000, "m-2"), edge(7000, False)]
    rows = [
        granted(1, 1025),
        row(2, "door.released", 1026),
        granted(3, 2020, "m-2"),
        row(4, "door.released", 2021),
        row(5, "door.relocked", 7001),
    ]
    verdict = judge(facts, rows)
    assert (verdict.lost, verdict.duplicated) == ((), ())


def test_a_row_of_another_member_does_not_stand_for_a_card() -> None:
    verdict = judge([card(1000, "m-1")], [granted(1, 1020, "m-2")])
    assert (len(verdict.lost), len(verdict.duplicated)) == (1, 1)


def test_a_loss_between_two_recorded_cards_is_found_where_it_is() -> None:
    verdict = judge([card(1000), card(2000), card(3000)], [granted(1, 1020), granted(2, 3020)])
    assert verdict.lost == ("card_shown card-m-1 at 2000 ms",)


def test_a_card_in_an_excuse_may_be_missing_or_late_but_not_twice() -> None:
    down = [Excuse(WALL_MS + 900, WALL_MS + 6_000)]
    assert judge([card(1000)], [], down).lost == ()
    late = denied(1, 6_500, "m-1")
    assert judge([card(1000)], [late], down).duplicated == ()
    assert len(judge([card(1000)], [late, denied(2, 6_600, "m-1")], down).duplicated) == 1


def test_a_card_after_an_excuse_is_not_excused() -> None:
    assert len(judge([card(9_000)], [], [Excuse(WALL_MS, WALL_MS + 6_000)]).lost) == 1


def test_without_power_nothing_need_be_written() -> None:
    off, on = fact("power", 1_500, on=False), fact("power", 4_000, on=True)
    assert judge([edge(1_000, True), off, edge(1_500, False), card(2_000), on], []).lost == ()
    assert len(judge([off, on, card(20_000)], []).lost) == 1


def test_a_card_that_the_reader_lost_by_the_worlds_word_is_not_asked_for() -> None:
    gone = fact("card_lost", 1_100, reader="entry", card="card-m-1", person="m-1", visit="v", reason="unplugged")
    assert judge([card(1_000), gone], []).lost == ()
    assert len(judge([card(1_000), gone, card(5_000)], []).lost) == 1


def test_the_worlds_log_is_read_from_a_position_and_an_unfinished_line_waits(tmp_path: Path) -> None:
    at = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    line = json.dumps({"mono_ms": 5.5, "at": at.isoformat(), "kind": "door", "open": True}) + "\n"
    path = tmp_path / "world.jsonl"
    path.write_text("{}\n" + line + '{"mono')
    assert read_world(path, from_byte=3) == [Fact("door", 5.5, at.timestamp() * 1000, {"open": True})]


@given(
    gaps=st.lists(st.integers(400, 20_000), min_size=1, max_size=12), drop=st.sets(st.integers(0, 11)), data=st.data()
)
def test_losses_and_copies_of_any_number_of_cards_are_counted_exactly(
    gaps: list[int], drop: set[int], data: st.DataObject
) -> None:
    moments = [sum(gaps[: index + 1]) for index in range(len(gaps))]
    rows = [denied(index + 1, moment + 27) for index, moment in enumerate(moments) if index not in drop]
    copied = data.draw(st.sets(st.sampled_from(range(len(rows))))) if rows else set()
    twins = [Row("f" * 32, "events", r.seq, r.recorded_at_ms, r.kind, r.body) for r in (rows[i] for i in copied)]
    verdict = judge([card(moment) for moment in moments], [*rows, *twins])
    assert len(verdict.lost) == len([index for index in drop if index < len(moments)])
    assert len(verdict.duplicated) == len(copied)


def test_pairs_are_the_nearest_and_each_is_used_once() -> None:
    assert pair([0, 10], [9, 11], lambda a, b: abs(a - b)) == {1: 0, 0: 1}


def test_percentiles_are_values_that_occurred() -> None:
    assert percentile([], 95) is None
    assert [percentile(range(1, 101), p) for p in (50, 95, 100)] == [50, 95, 100]
    assert percentile([7.0], 50) == 7.0
