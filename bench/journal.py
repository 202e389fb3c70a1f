"""Journal commits a second, one record each, beside plain SQLite with the same settings and row.

Both write in turn, so that a machine whose speed drifts slows both.
"""

import sqlite3
import time
from pathlib import Path
from typing import Any, Final

from bench.figures import ratio
from contract.ids import CredentialHash, MemberId, ReaderId
from contract.records import AccessGranted
from edge.journal.journal import Journal
from edge.journal.model import NewRecord

ROUNDS: Final = 10
COMMITS_PER_ROUND: Final = 300


def measure(directory: Path) -> dict[str, Any]:
    """`journal_commits_per_s`, `sqlite_commits_per_s` and their ratio."""
    journal = Journal.open(directory / "journal.db")
    plain = _plain_sqlite(directory / "plain.db")
    journal_s = plain_s = 0.0
    for _ in range(ROUNDS):
        plain_s += _time_plain(plain)
        journal_s += _time_journal(journal)
    journal.close()
    plain.close()
    commits = ROUNDS * COMMITS_PER_ROUND
    ours, theirs = commits / journal_s, commits / plain_s
    return {
        "journal_commits_per_s": round(ours),
        "sqlite_commits_per_s": round(theirs),
        "journal_to_sqlite": ratio(ours, theirs),
    }


def _plain_sqlite(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA page_size=4096")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE record (seq INTEGER PRIMARY KEY, kind TEXT, body TEXT, digest BLOB)")
    return connection


def _time_plain(connection: sqlite3.Connection) -> float:
    began = time.perf_counter()
    for _ in range(COMMITS_PER_ROUND):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO record (kind, body, digest) VALUES (?, ?, ?)", ("access.granted", "x" * 200, b"d" * 32)
        )
        connection.execute("COMMIT")
    return time.perf_counter() - began


def _time_journal(journal: Journal) -> float:
    record = AccessGranted(ReaderId("entry"), CredentialHash("0" * 32), MemberId("rider-1"), "member", 1, "外卖骑手")
    began = time.perf_counter()
    for number in range(COMMITS_PER_ROUND):
        journal.append([NewRecord(record, number, 1_700_000_000_000 + number, clock_trusted=True)])
    return time.perf_counter() - began
