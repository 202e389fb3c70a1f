"""Opening: new, as left, damaged, somebody else's, and from the future."""

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.ids import Stream
from edge.journal.aside import SET_ASIDE_KEPT
from edge.journal.errors import SchemaTooNew, StorageBroken, StorageLocked
from edge.journal.journal import Journal
from edge.journal.schema import SCHEMA_VERSION
from tests.journal.support import SMALL, event, numbers


def filled(path: Path, count: int = 200) -> None:
    journal = Journal.open(path, SMALL)
    journal.append([event(number) for number in range(count)])
    journal.close()


def change(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(sql)
    connection.commit()
    connection.close()


def test_a_new_journal_has_an_epoch_of_its_own_and_belongs_to_nobody_else(tmp_path: Path) -> None:
    one, other = Journal.open(tmp_path / "a" / "journal.db"), Journal.open(tmp_path / "b" / "journal.db")
    assert one.opened.fresh
    assert not one.opened.recovered
    assert len(one.epoch) == 32
    assert one.epoch != other.epoch
    for suffix in ("", "-wal", "-shm"):
        assert stat.S_IMODE((tmp_path / "a" / f"journal.db{suffix}").stat().st_mode) == 0o600
    one.close()
    other.close()


def test_a_journal_opens_as_it_was_left_and_counts_the_boot(path: Path) -> None:
    first = Journal.open(path, SMALL)
    first.append([event(1), event(2)])
    epoch, heads = first.epoch, first.heads()
    first.close()
    second = Journal.open(path, SMALL)
    assert (second.epoch, second.boot, second.heads()) == (epoch, 2, heads)
    assert not second.opened.fresh
    second.close()


def overwrite_start(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(4096))


def overwrite_all_but_the_start(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 8192 * 4096)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "the first page is noise": overwrite_start,
    "all other pages are noise": overwrite_all_but_the_start,
    "half of the file is gone": cut_in_half,
    "a body was changed": lambda path: change(path, "UPDATE record SET body = '{}' WHERE seq = 150"),
    "a record is missing": lambda path: change(path, "DELETE FROM record WHERE seq = 150"),
    "an epoch is missing": lambda path: change(path, "DELETE FROM epoch"),
    "a stream is missing": lambda path: change(path, "DELETE FROM stream"),
    "a table is missing": lambda path: change(path, "DROP TABLE stream"),
    "it is another program's": lambda path: change(path, "PRAGMA application_id = 7"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_set_aside_and_a_new_epoch_begun(path: Path, damage: Callable[[Path], None]) -> None:
    filled(path)
    before = Journal.open(path, SMALL)
    epoch = before.epoch
    before.close()
    damage(path)
    damaged = path.read_bytes()

    journal = Journal.open(path, SMALL)
    assert journal.opened.recovered
    assert journal.opened.reason
    assert journal.epoch != epoch
    assert journal.heads()[Stream.EVENTS].seq == 0
    assert journal.opened.set_aside is not None
    assert journal.opened.set_aside.name.startswith("journal-")
    assert len(journal.opened.set_aside.read_bytes()) == len(damaged)
    journal.append([event(1)])
    assert numbers(journal) == [1]
    journal.close()


def test_only_the_newest_few_damaged_files_are_kept(path: Path) -> None:
    for _ in range(SET_ASIDE_KEPT + 3):
        path.write_bytes(os.urandom(8192))
        Journal.open(path, SMALL).close()
    assert len(list(path.parent.glob("journal-*.corrupt"))) == SET_ASIDE_KEPT


def test_a_journal_of_a_newer_version_is_named_and_left_as_it_is(path: Path) -> None:
    filled(path)
    change(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(SchemaTooNew, match=f"schema {SCHEMA_VERSION + 1} is newer than {SCHEMA_VERSION}"):
        Journal.open(path, SMALL)
    assert path.read_bytes() == before


def test_a_log_without_its_database_is_not_swallowed_by_a_new_one(path: Path) -> None:
    journal = Journal.open(path, SMALL)
    journal.append([event(1)])
    left_behind = path.with_name("journal.db-wal").read_bytes()
    journal.close()
    path.unlink()
    path.with_name("journal.db-wal").write_bytes(left_behind)
    again = Journal.open(path, SMALL)
    assert again.opened.fresh
    assert numbers(again) == []
    again.close()


def test_a_locked_file_is_not_taken_for_a_damaged_one(path: Path) -> None:
    filled(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageLocked):
        Journal.open(path, SMALL)
    other.close()
    journal = Journal.open(path, SMALL)
    assert not journal.opened.recovered
    journal.close()


def test_a_place_that_cannot_be_written_is_told_as_broken_storage(tmp_path: Path) -> None:
    (tmp_path / "journal.db").mkdir()
    with pytest.raises(StorageBroken):
        Journal.open(tmp_path / "journal.db", SMALL)
