"""The verdict finds each thing that can be wrong, and excuses only what died with the station."""

from dataclasses import replace
from typing import Any

import pytest

from yizhan.chaos.evidence import CloudRow, JournalRow
from yizhan.chaos.judge import Down, Evidence, judge
from yizhan.oracle import Fact

EPOCH = "e" * 32


def fact(kind: str, at_ms: float, **fields: Any) -> Fact:
    return Fact(kind, at_ms, 1_800_000_000_000 + at_ms, fields)


def card(at_ms: float, person: str = "rider-1") -> list[Fact]:
    """A card that is shown and goes over the wire 20 ms later."""
    shown = fact("card_shown", at_ms - 20, reader="entry", person=person)
    return [shown, fact("card_on_wire", at_ms, reader="entry", person=person)]


def pin(at_ms: float, level: bool) -> Fact:
    return fact("pin_edge", at_ms, wire="lock", level=level)


def row(seq: int, kind: str, at_ms: int, **body: Any) -> CloudRow:
    return CloudRow(EPOCH, "events", seq, 1_800_000_000_000 + at_ms, at_ms, kind, body, f"{seq:064x}")


def evidence(facts: list[Fact], rows: list[CloudRow], *downs: Down) -> Evidence:
    """Everything that the cloud has is in the journal and in the picture."""
    journal = [
        JournalRow(one.epoch, one.stream, one.seq, one.digest, True, one.mono_ms, one.kind, one.body) for one in rows
    ]
    return Evidence(facts, rows, [one.key for one in rows], journal, [], downs)


FACTS = [*card(1_000), pin(1_012, True), pin(1_612, False), *card(3_000, "stranger-1")]
ROWS = [
    row(1, "access.granted", 1_004, member="rider-1"),
    row(2, "door.released", 1_004),
    row(3, "door.relocked", 1_611),
    row(4, "access.denied", 3_005, member=None),
]
GOOD = evidence(FACTS, ROWS)
STATION_DOWN = Down(whole=True, from_ms=1_020, killed_ms=1_022, ready_ms=2_000)


def test_what_was_recorded_as_it_was_is_good() -> None:
    verdict = judge(GOOD)
    assert (verdict.lost, verdict.duplicated, verdict.excused) == ((), (), 0)
    assert (verdict.cards_shown, verdict.lock_edges, verdict.committed) == (2, 2, 4)


@pytest.mark.parametrize("missing", range(4))
def test_each_record_that_the_station_has_not_written_is_lost(missing: int) -> None:
    verdict = judge(evidence(FACTS, ROWS[:missing] + ROWS[missing + 1 :]))
    assert (len(verdict.lost), len(verdict.duplicated)) == (1, 0)


@pytest.mark.parametrize("missing", range(4))
def test_an_acknowledged_record_that_the_cloud_does_not_have_is_lost(missing: int) -> None:
    rows = ROWS[:missing] + ROWS[missing + 1 :]
    verdict = judge(replace(GOOD, rows=rows))
    assert f"record {EPOCH[:6]}/events/{missing + 1} is acknowledged and not in the cloud" in verdict.lost


def test_a_record_that_is_not_yet_acknowledged_need_not_be_in_the_cloud() -> None:
    new = JournalRow(EPOCH, "events", 5, "5" * 64, False, 9_000, "door.opened", {})
    assert judge(replace(GOOD, journal=[*GOOD.journal, new])).lost == ()


def test_another_record_under_the_same_place_is_a_loss() -> None:
    changed = [replace(ROWS[0], digest="f" * 64), *ROWS[1:]]
    assert judge(replace(GOOD, rows=changed)).lost == (f"record {EPOCH[:6]}/events/1 is another one in the cloud",)


@pytest.mark.parametrize("again", range(4))
def test_a_place_that_is_taken_twice_is_doubled(again: int) -> None:
    twin = replace(ROWS[again], recorded_at_ms=ROWS[again].recorded_at_ms + 1)
    assert len(judge(replace(GOOD, rows=[*ROWS, twin])).duplicated) == 1


@pytest.mark.parametrize("again", range(4))
def test_a_fact_that_is_told_under_a_second_place_is_doubled(again: int) -> None:
    twin = replace(ROWS[again], seq=9, digest="9" * 64)
    doubled = judge(evidence(FACTS, [*ROWS, twin])).duplicated
    # A second release while the lock is released moves nothing, and nobody can tell it from another card's.
    assert len(doubled) == (0 if again == 1 else 1)


def test_what_the_journal_never_had_is_doubled() -> None:
    assert len(judge(replace(GOOD, journal=GOOD.journal[:-1])).duplicated) == 1


def test_an_event_must_be_in_the_picture_exactly_once() -> None:
    assert len(judge(replace(GOOD, picture=GOOD.picture[1:])).lost) == 1
    assert len(judge(replace(GOOD, picture=[*GOOD.picture, GOOD.picture[0]])).duplicated) == 1


def test_a_broken_journal_is_a_loss() -> None:
    assert judge(replace(GOOD, journal_problems=["events 3: digest does not follow"])).lost


def test_a_card_on_its_way_when_the_controller_was_killed_is_excused() -> None:
    facts = [*card(1_000), pin(1_990, False)]
    verdict = judge(evidence(facts, [], STATION_DOWN))
    assert (verdict.lost, verdict.excused) == ((), 2)


@pytest.mark.parametrize("at_ms", [400, 1_300, 2_500])
def test_a_card_read_before_or_after_a_death_is_not_excused(at_ms: float) -> None:
    assert len(judge(evidence(card(at_ms), [], STATION_DOWN)).lost) == 1


def test_the_death_of_the_reader_excuses_no_movement_of_the_lock() -> None:
    reader_down = replace(STATION_DOWN, whole=False)
    verdict = judge(evidence([*card(1_000), pin(1_010, True)], [], reader_down))
    assert verdict.lost == ("lock pin up at 1010 ms has no record",)


def test_a_release_that_moved_the_lock_long_before_the_death_must_have_its_record() -> None:
    assert len(judge(evidence([pin(880, True)], [], STATION_DOWN)).lost) == 1
    assert judge(evidence([pin(980, True)], [], STATION_DOWN)).lost == ()


def test_a_release_that_was_recorded_and_died_before_it_acted_is_excused() -> None:
    written = [row(1, "door.released", 1_015)]
    assert judge(evidence([], written, STATION_DOWN)).duplicated == ()
    assert len(judge(evidence([], written)).duplicated) == 1


def test_cards_that_the_reader_was_never_asked_for_are_lost() -> None:
    assert judge(evidence(card(1_000)[:1], [])).lost == ("1 cards were shown and the reader was never asked for them",)


def test_a_record_of_another_member_does_not_stand_for_a_card() -> None:
    verdict = judge(evidence(card(1_000), [row(1, "access.granted", 1_004, member="courier-1")]))
    assert (len(verdict.lost), len(verdict.duplicated)) == (1, 1)


def test_a_record_whose_content_the_cloud_has_changed_is_lost_although_its_digest_is_right() -> None:
    changed = replace(ROWS[0], body={**ROWS[0].body, "rule": "another"})
    verdict = judge(replace(GOOD, rows=[changed, *ROWS[1:]]))
    assert (len(verdict.lost), len(verdict.duplicated)) == (1, 0)
