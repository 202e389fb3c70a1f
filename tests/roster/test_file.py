"""The roster's file: what is in it, damaged, locked, gone, and read while it changes."""

import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from edge.roster.errors import RosterNotWritten, RosterUnavailable
from edge.roster.reader import RosterReader
from edge.roster.writer import Pull, RosterWriter
from tests.roster.support import (
    CITY,
    KEY,
    card,
    changes,
    hash_of,
    head,
    snapshot,
    upsert,
)


def known(reader: RosterReader, *numbers: int) -> list[int]:
    """Those of the numbers that are on the roster and not revoked."""
    found = {number: reader.find(hash_of(number)) for number in numbers}
    return [number for number, who in found.items() if who is not None and not who.revoked]


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


@pytest.mark.alone
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
