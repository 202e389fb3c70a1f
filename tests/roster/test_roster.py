"""Heads and pages from the cloud, and who may enter after each of them."""

import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from contract.messages import RosterChange, RosterPage, WireCredential, WireMember
from edge.roster.errors import PageRefused, RosterNotWritten, RosterUnavailable
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


# ------------------------------------------------ the file


def test_card_numbers_are_not_in_the_file(path: Path, writer: RosterWriter) -> None:
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 0x2ABCDEF0, name="王小明")))
    writer.close()
    content = path.read_bytes()
    for secret in (card(0x2ABCDEF0).data.encode(), bytes.fromhex(card(0x2ABCDEF0).data), "王小明".encode()):
        assert secret not in content
    RosterWriter(path, KEY)


@pytest.mark.parametrize("damage", ["noise", "other key", "other program", "missing table"])
def test_an_unusable_file_is_set_aside_told_and_pulled_anew(
    path: Path, writer: RosterWriter, reader: RosterReader, damage: str
) -> None:
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1)))
    assert known(reader, 1) == [1]
    writer.close()
    key = KEY
    if damage == "noise":
        path.write_bytes(os.urandom(path.stat().st_size))
    elif damage == "other key":
        key = bytes(32)
    else:
        statement = "PRAGMA application_id = 5" if damage == "other program" else "DROP TABLE roster"
        sqlite3.connect(path, isolation_level=None).execute(statement)
    anew = RosterWriter(path, key)
    assert anew.set_aside_reason
    assert len(list(path.parent.glob("roster-*.corrupt"))) == 1
    assert reader.find(hash_of(1)) is None
    assert reader.versions() == {}
    anew.apply_head(head(1, city=1))
    assert anew.wanted() == (Pull(CITY, 0),)
    anew.close()


def test_without_a_file_the_roster_is_unavailable_until_there_is_one(path: Path) -> None:
    reader = RosterReader(path)
    with pytest.raises(RosterUnavailable):
        reader.find(hash_of(1))
    RosterWriter(path, KEY).close()
    assert reader.find(hash_of(1)) is None
    reader.close()


def test_a_damaged_file_makes_the_roster_unavailable_and_not_the_door(path: Path, writer: RosterWriter) -> None:
    writer.close()
    path.write_bytes(os.urandom(8192))
    with pytest.raises(RosterUnavailable):
        RosterReader(path).find(hash_of(1))


def test_a_file_locked_by_somebody_else_is_told_by_the_writer_and_not_noticed_by_the_reader(
    path: Path, writer: RosterWriter, reader: RosterReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1)))
    writer._connection.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(RosterNotWritten, match="locked"):
        writer.apply_head(head(2, city=2))
    began = time.perf_counter()
    assert known(reader, 1) == [1]
    assert time.perf_counter() - began < 0.02
    other.execute("ROLLBACK")
    assert writer.apply_head(head(2, city=2))
    other.close()


def test_a_reader_sees_the_old_or_the_new_and_never_a_mix(path: Path, writer: RosterWriter) -> None:
    writer.apply_head(head(1, city=1))
    writer.apply_page(snapshot(CITY, 1, [1], more=False))
    seen: set[tuple[int, ...]] = set()
    done = threading.Event()

    def watch() -> None:
        reader = RosterReader(path)
        while not done.is_set():
            with reader._reading() as connection:
                rows = connection.execute(
                    "SELECT entry.member_id FROM holding JOIN entry ON entry.holding = holding.id "
                    "WHERE holding.state = 'active' ORDER BY 1"
                ).fetchall()
            seen.add(tuple(int(row[0][1:]) for row in rows))
        reader.close()

    thread = threading.Thread(target=watch)
    thread.start()
    wholes: set[tuple[int, ...]] = {(1,)}
    for version in range(2, 40):
        whole = tuple(range(version, version + 6))
        wholes.add(whole)
        writer.apply_head(head(version, city=version))
        writer.apply_page(snapshot(CITY, version, whole[:3], more=True))
        writer.apply_page(snapshot(CITY, version, whole[3:], more=False))
    done.set()
    thread.join()
    assert len(seen) > 1
    assert seen <= wholes
