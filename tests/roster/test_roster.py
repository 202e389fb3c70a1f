"""Heads and pages from the cloud, and who may enter after each of them."""

import sqlite3
from pathlib import Path

import pytest

from contract.messages import RosterChange, RosterPage, WireCredential, WireMember
from edge.roster.errors import PageRefused
from edge.roster.reader import RosterReader
from edge.roster.writer import PageOutcome, Pull, RosterWriter
from tests.roster.support import (
    CITY,
    DISTRICT,
    KEY,
    SESSION,
    card,
    changes,
    hash_of,
    head,
    member,
    member_id,
    remove,
    revoke,
    snapshot,
    upsert,
)


def known(reader: RosterReader, *numbers: int) -> list[int]:
    """Those of the numbers that are on the roster and not revoked."""
    found = {number: reader.find(hash_of(number)) for number in numbers}
    return [number for number, who in found.items() if who is not None and not who.revoked]


# ------------------------------------------------ changes


def test_a_member_is_found_by_card_with_everything_that_a_decision_needs(
    writer: RosterWriter, reader: RosterReader
) -> None:
    writer.apply_head(head(1, city=1))
    fields = {"trade": "courier", "valid_from_ms": 5, "valid_until_ms": 9, "extended_release": True}
    result = writer.apply_page(changes(CITY, 0, upsert(1, 7, **fields)))
    assert (result.outcome, result.version, result.members) == (PageOutcome.APPLIED, 1, 1)
    who = reader.find(hash_of(7))
    assert who is not None
    assert (who.id, who.trade, who.valid_from_ms, who.valid_until_ms) == (member_id(7), "courier", 5, 9)
    assert who.extended_release
    assert not who.revoked
    assert reader.find(hash_of(8)) is None
    assert reader.versions() == {CITY: 1}


def test_pages_are_applied_only_onto_the_version_that_they_follow(writer: RosterWriter, reader: RosterReader) -> None:
    writer.apply_head(head(1, city=9))
    writer.apply_page(changes(CITY, 0, upsert(1, 1), upsert(2, 2)))
    assert writer.wanted() == (Pull(CITY, 2),)
    ahead = writer.apply_page(changes(CITY, 4, upsert(5, 5)))
    again = writer.apply_page(changes(CITY, 0, upsert(1, 1), upsert(2, 2)))
    overlapping = writer.apply_page(changes(CITY, 1, remove(2, 1), upsert(3, 3)))
    assert [ahead.outcome, again.outcome] == [PageOutcome.NEEDS_PULL, PageOutcome.ALREADY]
    assert overlapping.outcome is PageOutcome.NEEDS_PULL
    assert known(reader, 1, 2, 3, 5) == [1, 2]


def test_a_new_card_replaces_the_old_one_and_a_removed_member_is_unknown(
    writer: RosterWriter, reader: RosterReader
) -> None:
    writer.apply_head(head(1, city=3))
    writer.apply_page(changes(CITY, 0, upsert(1, 1), upsert(1, 2)))
    writer.apply_page(changes(CITY, 1, upsert(2, 1, credentials=[card(100), card(101)]), remove(3, 2)))
    assert known(reader, 1, 2) == []
    for number in (100, 101):
        who = reader.find(hash_of(number))
        assert who is not None
        assert who.id == member_id(1)


def test_a_revoked_member_is_told_apart_from_an_unknown_one_and_may_come_back(
    writer: RosterWriter, reader: RosterReader
) -> None:
    writer.apply_head(head(1, city=2))
    writer.apply_page(changes(CITY, 0, upsert(1, 1), revoke(2, 1)))
    who = reader.find(hash_of(1))
    assert who is not None
    assert who.revoked
    writer.apply_head(head(2, city=3))
    writer.apply_page(changes(CITY, 2, upsert(3, 1)))
    assert known(reader, 1) == [1]


def test_a_card_handed_on_after_a_revocation_opens_for_its_new_holder(
    writer: RosterWriter, reader: RosterReader
) -> None:
    writer.apply_head(head(1, city=3))
    writer.apply_page(changes(CITY, 0, upsert(1, 1), revoke(2, 1), upsert(3, 2, credentials=[card(1)])))
    who = reader.find(hash_of(1))
    assert who is not None
    assert (who.id, who.revoked) == (member_id(2), False)


# ------------------------------------------------ several nodes


def test_revoked_on_one_node_is_revoked_on_all(writer: RosterWriter, reader: RosterReader) -> None:
    writer.apply_head(head(1, city=1, district=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1)))
    writer.apply_page(changes(DISTRICT, 0, revoke(1, 1)))
    assert known(reader, 1) == []


def test_removed_from_one_node_a_member_stays_on_the_other(writer: RosterWriter, reader: RosterReader) -> None:
    writer.apply_head(head(1, city=2, district=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1)))
    writer.apply_page(changes(DISTRICT, 0, upsert(1, 1)))
    assert writer.status().members == 1
    writer.apply_page(changes(CITY, 1, remove(2, 1)))
    assert known(reader, 1) == [1]


def test_validity_on_two_nodes_reaches_from_the_earliest_to_the_latest(
    writer: RosterWriter, reader: RosterReader
) -> None:
    writer.apply_head(head(1, city=1, district=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1, valid_from_ms=10, valid_until_ms=20)))
    writer.apply_page(changes(DISTRICT, 0, upsert(1, 1, valid_from_ms=5, trade="sanitation")))
    who = reader.find(hash_of(1))
    assert who is not None
    assert (who.valid_from_ms, who.valid_until_ms, who.trade) == (5, None, "sanitation")


def test_a_node_that_is_no_longer_followed_goes_and_its_late_pages_are_not_taken(
    writer: RosterWriter, reader: RosterReader
) -> None:
    writer.apply_head(head(1, city=1, district=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1)))
    writer.apply_page(changes(DISTRICT, 0, upsert(1, 2)))
    writer.apply_head(head(2, city=1))
    assert known(reader, 1, 2) == [1]
    assert writer.apply_page(changes(DISTRICT, 0, upsert(1, 2))).outcome is PageOutcome.NOT_FOLLOWED
    assert writer.status().versions == {CITY: 1}


# ------------------------------------------------ the head's own revocations


def test_a_revocation_in_the_head_counts_before_any_page(writer: RosterWriter, reader: RosterReader) -> None:
    writer.apply_head(head(1, city=2))
    writer.apply_page(changes(CITY, 0, upsert(1, 1), upsert(2, 2)))
    writer.apply_head(head(2, revoked=[1], city=3))
    assert known(reader, 1, 2) == [2]


def test_a_revocation_that_the_head_no_longer_says_holds_until_its_change_has_come(
    writer: RosterWriter, reader: RosterReader
) -> None:
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1)))
    writer.apply_head(head(2, revoked=[1], city=2))
    writer.apply_head(head(3, city=3))
    assert known(reader, 1) == []
    writer.apply_page(changes(CITY, 1, revoke(2, 1)))
    assert known(reader, 1) == []
    writer.apply_page(changes(CITY, 2, upsert(3, 1)))
    assert known(reader, 1) == [1]


def test_an_older_head_is_refused_so_that_nobody_can_play_back_a_revocation(
    writer: RosterWriter, reader: RosterReader
) -> None:
    assert writer.apply_head(head(5, revoked=[1], city=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1)))
    assert not writer.apply_head(head(4, city=1))
    assert writer.apply_head(head(5, revoked=[1], city=1))
    assert known(reader, 1) == []


# ------------------------------------------------ snapshots


def test_a_snapshot_is_seen_all_at_once_at_its_last_page(writer: RosterWriter, reader: RosterReader) -> None:
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1), upsert(1, 2)))
    writer.apply_head(head(2, city=50))
    first = writer.apply_page(snapshot(CITY, 50, [2, 3], more=True))
    assert (first.outcome, first.version) == (PageOutcome.STAGED, 1)
    assert known(reader, 1, 2, 3, 4) == [1, 2]
    assert writer.wanted() == (Pull(CITY, 0, member_id(3), 50),)
    last = writer.apply_page(snapshot(CITY, 50, [4], more=False))
    assert (last.outcome, last.version, last.members) == (PageOutcome.SWITCHED, 50, 3)
    assert known(reader, 1, 2, 3, 4) == [2, 3, 4]
    assert writer.wanted() == ()


def test_a_snapshot_goes_on_after_a_restart(path: Path, writer: RosterWriter, reader: RosterReader) -> None:
    writer.apply_head(head(1, city=50))
    writer.apply_page(snapshot(CITY, 50, [1, 2], more=True))
    again = RosterWriter(path, KEY)
    assert again.wanted() == (Pull(CITY, 0, member_id(2), 50),)
    assert again.apply_page(snapshot(CITY, 50, [3], more=False)).outcome is PageOutcome.SWITCHED
    assert known(reader, 1, 2, 3) == [1, 2, 3]
    again.close()


def test_a_page_that_comes_twice_does_no_harm(writer: RosterWriter, reader: RosterReader) -> None:
    writer.apply_head(head(1, city=50))
    writer.apply_page(snapshot(CITY, 50, [1, 2], more=True))
    writer.apply_page(snapshot(CITY, 50, [3, 4], more=True))
    writer.apply_page(snapshot(CITY, 50, [1, 2], more=True))
    assert writer.wanted() == (Pull(CITY, 0, member_id(2), 50),)
    writer.apply_page(snapshot(CITY, 50, [3, 4], more=True))
    writer.apply_page(snapshot(CITY, 50, [5], more=False))
    assert writer.apply_page(snapshot(CITY, 50, [5], more=False)).outcome is PageOutcome.ALREADY
    assert known(reader, 1, 2, 3, 4, 5) == [1, 2, 3, 4, 5]


def test_a_snapshot_of_another_version_begins_again_from_its_first_page(
    writer: RosterWriter, reader: RosterReader
) -> None:
    writer.apply_head(head(1, city=50))
    writer.apply_page(snapshot(CITY, 50, [1, 2], more=True))
    assert writer.apply_page(snapshot(CITY, 60, [3], more=False)).outcome is PageOutcome.NEEDS_PULL
    assert writer.wanted() == (Pull(CITY, 0),)
    assert known(reader, 1, 2, 3) == []


def test_a_cloud_that_goes_on_from_an_older_state_is_followed_by_a_snapshot(
    writer: RosterWriter, reader: RosterReader
) -> None:
    writer.apply_head(head(1, city=120))
    writer.apply_page(snapshot(CITY, 120, [1, 2, 3], more=False))
    writer.apply_head(head(2, city=100))
    assert writer.wanted() == (Pull(CITY, 0, member_id(0)[:0], 100),)  # type: ignore[arg-type]
    assert writer.apply_page(changes(CITY, 120, upsert(121, 4))).outcome is PageOutcome.NEEDS_PULL
    assert known(reader, 1, 2, 3) == [1, 2, 3]
    writer.apply_page(snapshot(CITY, 100, [1, 2], more=False))
    assert known(reader, 1, 2, 3) == [1, 2]
    assert writer.wanted() == ()


def test_a_page_that_is_ahead_of_the_head_is_no_reason_to_start_anew(writer: RosterWriter) -> None:
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, upsert(5, 1)))
    writer.apply_head(head(2, city=3))
    assert writer.wanted() == ()


def test_an_empty_node_is_held_and_not_pulled_again(writer: RosterWriter) -> None:
    writer.apply_head(head(1, city=0))
    assert writer.wanted() == (Pull(CITY, 0),)
    assert writer.apply_page(changes(CITY, 0)).outcome is PageOutcome.APPLIED
    assert writer.wanted() == ()


def test_what_was_replaced_is_cleared_away(path: Path, writer: RosterWriter) -> None:
    for version in range(1, 6):
        writer.apply_head(head(version, city=version * 10))
        writer.apply_page(snapshot(CITY, version * 10, range(50), more=False))
    rows = sqlite3.connect(path).execute("SELECT count(*) FROM entry UNION ALL SELECT count(*) FROM credential")
    assert [count for (count,) in rows] == [50, 50]


# ------------------------------------------------ pages that are wrong

BROKEN_PAGES = {
    "an upsert without its member": RosterChange(version=1, op="upsert", member_id=member_id(1)),
    "an upsert of somebody else": RosterChange(version=1, op="upsert", member_id=member_id(1), member=member(2)),
    "a time beyond 64 bits": upsert(1, 1, valid_until_ms=2**63),
    "a version beyond the page": upsert(99, 1),
}


@pytest.mark.parametrize("change", BROKEN_PAGES.values(), ids=BROKEN_PAGES.keys())
def test_a_page_that_contradicts_itself_is_refused_whole(
    writer: RosterWriter, reader: RosterReader, change: RosterChange
) -> None:
    writer.apply_head(head(1, city=2))
    page = RosterPage(
        session=SESSION,
        node=CITY,
        snapshot=False,
        after_version=0,
        through_version=2,
        more=False,
        changes=[upsert(1, 5), change],
    )
    with pytest.raises(PageRefused):
        writer.apply_page(page)
    assert known(reader, 5) == []


def test_a_snapshot_page_that_leads_nowhere_is_refused(writer: RosterWriter) -> None:
    writer.apply_head(head(1, city=2))
    with pytest.raises(PageRefused):
        writer.apply_page(snapshot(CITY, 2, [], more=True))


def test_one_card_that_cannot_be_read_does_not_keep_the_others_out(writer: RosterWriter, reader: RosterReader) -> None:
    writer.apply_head(head(1, city=1))
    bad = WireCredential(format="wiegand", bits=34, data="00")
    both = WireMember(id=member_id(1), credentials=[bad, card(1)])
    page = changes(CITY, 0, RosterChange(version=1, op="upsert", member_id=member_id(1), member=both))
    assert writer.apply_page(page).skipped_credentials == 1
    assert known(reader, 1) == [1]
