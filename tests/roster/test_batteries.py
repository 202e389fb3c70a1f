"""Batteries on the roster: what each is, who has it, and whether it was recalled."""

import sqlite3
from pathlib import Path

from contract.ids import BatteryId, MemberId
from contract.messages import RosterChange, RosterPage, WireBattery, WireMember
from contract.policy.model import BatteryFacts
from edge.roster.reader import RosterReader
from edge.roster.writer import RosterWriter
from tests.roster.support import CITY, DISTRICT, KEY, changes, head, upsert

B7 = BatteryId("B-7")
RIDER = MemberId("rider-1")


def battery(version: int, serial: BatteryId = B7, *, member: MemberId | None = None, as_of_ms: int = 0) -> RosterChange:
    entry = MemberId(f"battery/{serial}")
    on_wire = WireBattery(serial=serial, model="LFP-48", member_id=member, as_of_ms=as_of_ms)
    return RosterChange(version=version, op="upsert", member_id=entry, member=WireMember(id=entry, battery=on_wire))


def test_whose_a_battery_is(writer: RosterWriter, reader: RosterReader) -> None:
    writer.apply_head(head(1, city=3))
    result = writer.apply_page(changes(CITY, 0, upsert(1, 1), battery(2), battery(3, member=RIDER, as_of_ms=9)))

    assert reader.battery(B7) == BatteryFacts("LFP-48", RIDER, as_of_ms=9)
    assert reader.battery(BatteryId("X-1")) is None
    assert result.members == 1, "a battery is nobody"


def test_on_two_nodes_it_is_with_whoever_has_it_since_last(writer: RosterWriter, reader: RosterReader) -> None:
    writer.apply_head(head(1, city=1, district=1))
    writer.apply_page(changes(CITY, 0, battery(1, member=RIDER, as_of_ms=9)))
    writer.apply_page(changes(DISTRICT, 0, battery(1, member=None, as_of_ms=10)))

    assert reader.battery(B7) == BatteryFacts("LFP-48", None, as_of_ms=10)


def test_one_that_is_revoked_was_recalled_and_one_that_is_removed_is_not_ours(
    writer: RosterWriter, reader: RosterReader
) -> None:
    entry = MemberId(f"battery/{B7}")
    writer.apply_head(head(1, city=3))
    writer.apply_page(
        changes(CITY, 0, battery(1, member=RIDER, as_of_ms=9), RosterChange(version=2, op="revoke", member_id=entry))
    )
    assert reader.battery(B7) == BatteryFacts("LFP-48", RIDER, recalled=True, as_of_ms=9)

    writer.apply_page(changes(CITY, 2, RosterChange(version=3, op="remove", member_id=entry)))
    assert reader.battery(B7) is None


def test_what_a_snapshot_replaced_is_cleared_away(path: Path, writer: RosterWriter, reader: RosterReader) -> None:
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, battery(1)))
    writer.apply_head(head(2, city=2))
    entry = battery(2, BatteryId("B-8"))
    page = RosterPage(
        session="ab" * 16, node=CITY, snapshot=True, after_version=0, through_version=2, more=False, changes=[entry]
    )
    writer.apply_page(page)

    assert (reader.battery(B7), reader.battery(BatteryId("B-8"))) == (None, BatteryFacts("LFP-48"))
    rows = sqlite3.connect(path).execute("SELECT serial FROM battery").fetchall()
    assert rows == [("B-8",)]


def test_a_file_from_before_batteries_knows_none_until_it_is_upgraded(path: Path) -> None:
    writer = RosterWriter(path, KEY)
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1)))
    writer.close()
    connection = sqlite3.connect(path)
    connection.executescript("DROP TABLE battery; PRAGMA user_version=3;")
    connection.close()

    reader = RosterReader(path)
    assert reader.battery(B7) is None
    writer = RosterWriter(path, KEY)
    assert [pull.node for pull in writer.wanted()] == [CITY], "what its pages left out is to be had anew"
    assert reader.battery(B7) is None
    writer.close()
    reader.close()
