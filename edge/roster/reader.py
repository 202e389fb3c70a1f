"""The controller's view of the roster: who holds this card?

Read-only and quick: two index look-ups per question. It never waits for the writer longer than `BUSY_TIMEOUT_MS`, and
when the file is replaced under its name the next question opens the new one.

A full disk has no room for the index of SQLite's log, without which a file in WAL mode cannot be opened as usual. Then
it is read as a file that nobody changes, which is true: the writer has no room either, and copies its log back after
each change. The usual way is tried again every few seconds.
"""

import math
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from contract.ids import BatteryId, CredentialHash, MemberId, NodeId
from contract.policy.model import BatteryFacts, Member
from edge.roster.errors import RosterUnavailable
from edge.roster.schema import BATTERIES_SINCE, READABLE_VERSIONS, SCHEMA_VERSION

BUSY_TIMEOUT_MS: Final = 20
TRY_AGAIN_S: Final = 5.0
NO_ROOM: Final = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN})

# CROSS JOIN fixes the order of the loops: the card's few rows first, then the few holdings. Left to itself SQLite walks
# all members of the one active holding.
CARD_HOLDERS: Final = """
    SELECT DISTINCT credential.member_id FROM credential CROSS JOIN holding ON holding.id = credential.holding
    WHERE credential.hash = ? AND holding.state = 'active' ORDER BY credential.member_id"""

ENTRIES: Final = """
    SELECT entry.trade, entry.valid_from_ms, entry.valid_until_ms, entry.extended_release, entry.revoked, {once}
    FROM holding CROSS JOIN entry ON entry.holding = holding.id AND entry.member_id = ?
    WHERE holding.state = 'active' ORDER BY holding.node"""

BATTERIES: Final = """
    SELECT battery.model, battery.member_id, battery.as_of_ms, battery.recalled
    FROM battery JOIN holding ON holding.id = battery.holding
    WHERE battery.serial = ? AND holding.state = 'active'"""

ENTRIES_BY_VERSION: Final = {
    version: ENTRIES.format(once="entry.once" if version > 1 else "0") for version in READABLE_VERSIONS
}


class RosterReader:
    """Every method raises `RosterUnavailable` when the roster cannot be read now. One thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._try_again_at = math.inf

    def find(self, credential: CredentialHash) -> Member | None:
        """The member who holds this card, or None.

        A member on several nodes counts once: revoked on any is revoked; validity reaches from the earliest beginning
        to the latest end. Should one card be on the roster for two members (handed on after a revocation), the one who
        is not revoked holds it; among equals the first by id.
        """
        with self._reading() as connection:
            holders = connection.execute(CARD_HOLDERS, (bytes.fromhex(credential),)).fetchall()
            members = [member_of(connection, MemberId(member_id)) for (member_id,) in holders]
        return min(members, key=lambda member: (member.revoked, member.id), default=None)

    def versions(self) -> dict[NodeId, int]:
        """The version held of each node."""
        with self._reading() as connection:
            held = connection.execute("SELECT node, version FROM holding WHERE state = 'active'").fetchall()
        return {NodeId(node): version for node, version in held}

    def nodes(self) -> frozenset[NodeId]:
        """The nodes that the station belongs to, as the newest head says."""
        with self._reading() as connection:
            return frozenset(NodeId(node) for (node,) in connection.execute("SELECT node FROM head_node"))

    def battery(self, serial: BatteryId) -> BatteryFacts | None:
        """What the roster knows of a battery; None: it is not one of ours.

        On several nodes it is with whoever has it since last; recalled on any is recalled.
        """
        with self._reading() as connection:
            if connection.execute("PRAGMA user_version").fetchone()[0] < BATTERIES_SINCE:
                return None
            rows = connection.execute(BATTERIES, (serial,)).fetchall()
        if not rows:
            return None
        model, member, as_of_ms = max(rows, key=lambda row: row[2])[:3]
        held_by = None if member is None else MemberId(member)
        return BatteryFacts(model, held_by, recalled=any(row[3] for row in rows), as_of_ms=as_of_ms)

    def close(self) -> None:
        """Closes the file; the next question opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._current()
            # One transaction, so that both look-ups see the same roster while the writer switches.
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            try:
                self.close()
            finally:
                self._connection = None
            raise RosterUnavailable(f"roster {self._path}: {error}") from error

    def _current(self) -> sqlite3.Connection:
        status = os.stat(self._path)
        identity = status.st_dev, status.st_ino
        if self._connection is None or self._identity != identity or time.monotonic() >= self._try_again_at:
            self.close()
            self._connection, self._identity = self._open(), identity
        return self._connection

    def _open(self) -> sqlite3.Connection:
        try:
            connection = _connect(self._path, "mode=ro")
            self._try_again_at = math.inf
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in NO_ROOM:
                raise
            connection = _connect(self._path, "mode=ro&immutable=1")
            self._try_again_at = time.monotonic() + TRY_AGAIN_S
        return connection


def _connect(path: Path, options: str) -> sqlite3.Connection:
    """A connection that has read something. Raises `sqlite3.Error`."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}",
        uri=True,
        timeout=BUSY_TIMEOUT_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in READABLE_VERSIONS:
            raise sqlite3.OperationalError(f"schema version {version}, not {SCHEMA_VERSION}")
    except BaseException:
        connection.close()
        raise
    return connection


def member_of(connection: sqlite3.Connection, member_id: MemberId) -> Member:
    """The member over all nodes. An entry without limit on one side makes the whole without limit there."""
    # Asked each time: the writer may upgrade the file while it is open here.
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    entries: list[tuple[Any, ...]] = connection.execute(ENTRIES_BY_VERSION[version], (member_id,)).fetchall()
    if not entries:
        raise sqlite3.DatabaseError("a card whose holder is not there")
    trades, begins, ends, extended, revoked, once = zip(*entries, strict=True)
    ahead = connection.execute("SELECT 1 FROM revocation WHERE member_id = ?", (member_id,)).fetchone()
    return Member(
        id=member_id,
        trade=next((trade for trade in trades if trade), ""),
        valid_from_ms=None if None in begins else min(begins),
        valid_until_ms=None if None in ends else max(ends),
        revoked=any(revoked) or ahead is not None,
        extended_release=any(extended),
        # Whoever is a member somewhere does not live on a pass.
        once=all(once),
    )
