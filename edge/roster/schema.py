"""The roster's tables.

A *holding* is what the station has of one node at one version: the active one, and during a snapshot the staged one
that will take its place. Entries and credentials belong to a holding, so that switching is one update of two rows, and
what was replaced is cleared away afterwards, in small steps.
"""

import sqlite3
from pathlib import Path
from typing import Final

SCHEMA_VERSION: Final = 4
READABLE_VERSIONS: Final = frozenset({1, 2, 3, SCHEMA_VERSION})
"""1 knew no passes for one entry, 2 no numbers, 3 no batteries. The writer upgrades them; until then the door reads
them as they are."""
NUMBERS_SINCE: Final = 3
BATTERIES_SINCE: Final = 4
APPLICATION_ID: Final = 0x797A7231  # "yzr1"
PAGE_BYTES: Final = 4096
MAX_BYTES: Final = 512 * 1024 * 1024
"""More than a million members; SQLite refuses to grow beyond."""

WAL_BYTES: Final = 4 * 1024 * 1024

NUMBERS: Final = (
    # The number that goes with a member's card; verifiers are keyed hashes of scrypt's output.
    """CREATE TABLE pin (
        holding INTEGER NOT NULL, member_id TEXT NOT NULL,
        n INTEGER NOT NULL, r INTEGER NOT NULL, p INTEGER NOT NULL, salt BLOB NOT NULL,
        verifier BLOB NOT NULL, duress BLOB,
        PRIMARY KEY (holding, member_id)) STRICT, WITHOUT ROWID""",
    # Numbers that are credentials by themselves. `hash` is the credential's, as in `credential`.
    """CREATE TABLE code (
        hash BLOB NOT NULL, holding INTEGER NOT NULL, member_id TEXT NOT NULL,
        digits INTEGER NOT NULL, duress INTEGER NOT NULL,
        n INTEGER NOT NULL, r INTEGER NOT NULL, p INTEGER NOT NULL, salt BLOB NOT NULL,
        PRIMARY KEY (hash, holding, member_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX code_member ON code (holding, member_id)",
    "CREATE INDEX code_digits ON code (holding, digits)",
)
BATTERIES: Final = (
    # Batteries of the swap cabinets: what they are, and who has one, since when.
    """CREATE TABLE battery (
        serial TEXT NOT NULL, holding INTEGER NOT NULL, model TEXT NOT NULL,
        member_id TEXT, recalled INTEGER NOT NULL, as_of_ms INTEGER NOT NULL,
        PRIMARY KEY (serial, holding)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX battery_holding ON battery (holding)",
)
TABLES: Final = (
    """CREATE TABLE roster (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        key_fingerprint TEXT NOT NULL, head_revision INTEGER NOT NULL) STRICT""",
    # What the newest head says. `anew`: it went back behind an earlier one, so that the node is taken as a snapshot.
    """CREATE TABLE head_node (
        node TEXT PRIMARY KEY, version INTEGER NOT NULL, anew INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    # state: 'active' | 'staged' | 'replaced'
    """CREATE TABLE holding (
        id INTEGER PRIMARY KEY AUTOINCREMENT, node TEXT NOT NULL, state TEXT NOT NULL,
        version INTEGER NOT NULL, members INTEGER NOT NULL, cursor TEXT) STRICT""",
    "CREATE UNIQUE INDEX holding_node ON holding (node, state) WHERE state != 'replaced'",
    """CREATE TABLE entry (
        holding INTEGER NOT NULL, member_id TEXT NOT NULL, trade TEXT NOT NULL,
        valid_from_ms INTEGER, valid_until_ms INTEGER, extended_release INTEGER NOT NULL, revoked INTEGER NOT NULL,
        once INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (holding, member_id)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE credential (
        hash BLOB NOT NULL, holding INTEGER NOT NULL, member_id TEXT NOT NULL,
        PRIMARY KEY (hash, holding, member_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX credential_member ON credential (holding, member_id)",
    # Said by the head before the change itself has been pulled.
    "CREATE TABLE revocation (member_id TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    *NUMBERS,
    *BATTERIES,
)
OF_MEMBERS: Final = ("credential", "pin", "code")
"""What a holding has of its members beside their entries."""


def connect_writer(path: Path) -> sqlite3.Connection:
    """A writing connection with the roster's settings, in autocommit. Raises `sqlite3.Error`."""
    connection = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA journal_size_limit={WAL_BYTES}")
        connection.execute(f"PRAGMA max_page_count={MAX_BYTES // PAGE_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def create(connection: sqlite3.Connection, fingerprint: str) -> None:
    """All tables. Call it inside a transaction."""
    for table in TABLES:
        connection.execute(table)
    connection.execute("INSERT INTO roster VALUES (1, ?, -1)", (fingerprint,))
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def upgrade(connection: sqlite3.Connection) -> None:
    """A file of an earlier version becomes one of this. Raises `sqlite3.Error`; then nothing was changed.

    What the program of then left out of its pages is to be had anew: every node is taken as a snapshot again.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if version == 1:
            connection.execute("ALTER TABLE entry ADD COLUMN once INTEGER NOT NULL DEFAULT 0")
        for table in (*(NUMBERS if version < NUMBERS_SINCE else ()), *BATTERIES):
            connection.execute(table)
        connection.execute("UPDATE head_node SET anew = 1")
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def damage(connection: sqlite3.Connection, fingerprint: str) -> str:
    """Why an existing file cannot be used, or nothing. Raises `sqlite3.Error` where that is itself the reason."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        return "it is not a roster"
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in READABLE_VERSIONS:
        return f"its schema is version {version}, this program's {SCHEMA_VERSION}"
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        return f"quick_check says {found}"
    if connection.execute("SELECT key_fingerprint FROM roster").fetchone() != (fingerprint,):
        return "its hashes were made with another key"
    return ""
