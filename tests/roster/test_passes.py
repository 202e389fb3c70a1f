"""Passes for one entry on the roster, and a file from before there were any."""

import sqlite3
from pathlib import Path

from edge.roster import schema
from edge.roster.reader import RosterReader
from edge.roster.writer import BEFORE_ALL, Pull, RosterWriter
from tests.roster.support import CITY, DISTRICT, KEY, changes, hash_of, head, snapshot, upsert


def make_version_1(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE entry DROP COLUMN once")
    for table in ("pin", "code", "battery"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("PRAGMA user_version=1")
    connection.commit()
    connection.close()


def test_a_pass_is_told_from_a_membership(writer: RosterWriter, reader: RosterReader) -> None:
    writer.apply_head(head(1, city=2))
    writer.apply_page(changes(CITY, 0, upsert(1, 1, once=True), upsert(2, 2)))

    assert [member.once for number in (1, 2) if (member := reader.find(hash_of(number)))] == [True, False]


def test_who_is_a_member_somewhere_does_not_live_on_a_pass(writer: RosterWriter, reader: RosterReader) -> None:
    writer.apply_head(head(1, city=1, district=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1, once=True)))
    writer.apply_page(changes(DISTRICT, 0, upsert(1, 1)))

    found = reader.find(hash_of(1))
    assert found is not None
    assert not found.once


def test_a_file_from_before_passes_is_read_as_it_is_until_it_is_upgraded_and_taken_anew(path: Path) -> None:
    writer = RosterWriter(path, KEY)
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1)))
    writer.close()
    make_version_1(path)
    reader = RosterReader(path)
    found = reader.find(hash_of(1))
    assert found is not None
    assert not found.once

    again = RosterWriter(path, KEY)
    assert again.set_aside_reason == ""
    assert again.wanted() == (Pull(CITY, 0, BEFORE_ALL, 1),)
    assert reader.find(hash_of(1)) == found
    again.apply_page(snapshot(CITY, 1, [1], more=False))
    assert again.wanted() == ()
    again.apply_head(head(2, city=2))
    again.apply_page(changes(CITY, 1, upsert(2, 2, once=True)))
    assert reader.find(hash_of(1)) == found
    visitor = reader.find(hash_of(2))
    assert visitor is not None
    assert visitor.once
    reader.close()
    again.close()
    version = sqlite3.connect(path).execute("PRAGMA user_version").fetchone()[0]
    assert version == schema.SCHEMA_VERSION
