"""The uplink's side of the roster: applies heads and pages. One process, one thread.

What to pull next is `wanted()`; what a page did is its `PageResult`. Pages may come twice or late: one that does not
fit changes nothing. A snapshot is taken page by page into a staged holding, which survives a restart, and goes on from
its cursor.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from contract.ids import MemberId, NodeId
from contract.messages import RosterHead, RosterPage
from edge.journal.aside import remove_orphans, set_aside
from edge.journal.errors import StorageBroken
from edge.roster import holdings, schema
from edge.roster.credential import key_fingerprint
from edge.roster.errors import RosterNotWritten
from edge.roster.holdings import HoldingState

PURGE_ROWS: Final = 5_000
BEFORE_ALL: Final = MemberId("")
"""The cursor that asks for a snapshot from its beginning."""

DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""SQLITE_ERROR at opening: a table or column is not there."""


@dataclass(frozen=True)
class Pull:
    """What to ask the cloud for next about one node (the fields of `RosterPull`)."""

    node: NodeId
    after_version: int
    snapshot_cursor: MemberId | None = None
    snapshot_version: int | None = None


class PageOutcome(Enum):
    """What a page did."""

    APPLIED = "applied"
    STAGED = "staged"
    """A page of a snapshot that is not complete yet; readers see nothing of it."""
    SWITCHED = "switched"
    """The last page of a snapshot: readers see it from now on."""
    ALREADY = "already"
    NEEDS_PULL = "needs_pull"
    """It does not follow from what is held. `wanted()` says what does."""
    NOT_FOLLOWED = "not_followed"
    """The newest head does not name this node."""


@dataclass(frozen=True)
class PageResult:
    """`version` and `members` are the node's, as readers see them now. `skipped_credentials` could not be read."""

    outcome: PageOutcome
    node: NodeId
    version: int
    members: int
    skipped_credentials: int = 0


@dataclass(frozen=True)
class RosterStatus:
    """The version held per node, and how many members may enter by them, each counted once."""

    versions: dict[NodeId, int]
    members: int


class RosterWriter:
    """Opening creates the file, or sets a damaged one aside (`set_aside_reason` says why) to be pulled anew.

    Every method raises `RosterNotWritten` when the disk does not do it. Nothing is half applied.
    """

    def __init__(self, path: Path, hash_key: bytes) -> None:
        self._path = path
        self._key = hash_key
        self.set_aside_reason = ""
        self._connection = self._open()
        self._purge()

    # ------------------------------------------------------------ the head

    def apply_head(self, head: RosterHead) -> bool:
        """Follows a head: its revocations count at once, nodes no longer followed go. False: it is an older one.

        A revocation said here stays until a later head no longer says it and all that this later head names is held.
        """
        with self._writing() as connection:
            if head.revision < connection.execute("SELECT head_revision FROM roster").fetchone()[0]:
                return False
            connection.execute("UPDATE roster SET head_revision = ?", (head.revision,))
            connection.executemany(
                "INSERT INTO revocation VALUES (?, ?) "
                "ON CONFLICT (member_id) DO UPDATE SET revision = excluded.revision",
                [(member, head.revision) for member in head.revoked],
            )
            before = {n: (v, anew) for n, v, anew in connection.execute("SELECT node, version, anew FROM head_node")}
            connection.execute("DELETE FROM head_node")
            for node in head.nodes:
                earlier, anew = before.get(node.node, (0, 0))
                # Back behind an earlier head: the cloud goes on from an older state of its own, and what it counts now
                # are other changes.
                anew = int(anew or node.version < earlier)
                connection.execute("INSERT INTO head_node VALUES (?, ?, ?)", (node.node, node.version, anew))
            connection.execute(
                "UPDATE holding SET state = ? WHERE node NOT IN (SELECT node FROM head_node)", (HoldingState.REPLACED,)
            )
            _forget_settled_revocations(connection)
        self._purge()
        return True

    def wanted(self) -> tuple[Pull, ...]:
        """What to pull to reach the newest head: one `Pull` per node that is behind, none when all is held."""
        with self._transaction("BEGIN") as connection:
            nodes = connection.execute("SELECT node, version, anew FROM head_node ORDER BY node").fetchall()
            pulls = (_pull(connection, NodeId(node), version, bool(anew)) for node, version, anew in nodes)
            return tuple(pull for pull in pulls if pull is not None)

    # ------------------------------------------------------------ pages

    def apply_page(self, page: RosterPage) -> PageResult:
        """Applies a page in one transaction.

        Raises:
            PageRefused: it contradicts itself; nothing was applied.
            RosterNotWritten
        """
        holdings.check_page(page)
        with self._writing() as connection:
            followed = connection.execute("SELECT anew FROM head_node WHERE node = ?", (page.node,)).fetchone()
            if followed is None:
                return _result(connection, PageOutcome.NOT_FOLLOWED, page.node)
            apply = self._apply_snapshot if page.snapshot else self._apply_changes
            result = apply(connection, page, bool(followed[0]))
            _forget_settled_revocations(connection)
        self._purge()
        return result

    def _apply_changes(self, connection: sqlite3.Connection, page: RosterPage, anew: bool) -> PageResult:
        active = holdings.find(connection, page.node, HoldingState.ACTIVE)
        held = active.version if active else 0
        if active and page.through_version <= held and not anew:
            return _result(connection, PageOutcome.ALREADY, page.node)
        if page.after_version != held or anew:
            return _result(connection, PageOutcome.NEEDS_PULL, page.node)
        # Changes that follow from what is held are news enough: a snapshot under way is given up for them.
        holdings.replace(connection, page.node, HoldingState.STAGED)
        active = active or holdings.begin(connection, page.node, HoldingState.ACTIVE, 0)
        skipped = sum(holdings.apply_change(connection, self._key, active, change) for change in page.changes)
        holdings.advance(connection, active, page.through_version)
        return _result(connection, PageOutcome.APPLIED, page.node, skipped)

    def _apply_snapshot(self, connection: sqlite3.Connection, page: RosterPage, anew: bool) -> PageResult:
        active = holdings.find(connection, page.node, HoldingState.ACTIVE)
        if active and page.through_version <= active.version and not anew:
            return _result(connection, PageOutcome.ALREADY, page.node)
        staged = holdings.find(connection, page.node, HoldingState.STAGED)
        if staged and staged.version != page.through_version:
            # The cloud began another snapshot; whether this is its first page cannot be seen, so it is asked for.
            holdings.replace(connection, page.node, HoldingState.STAGED)
            return _result(connection, PageOutcome.NEEDS_PULL, page.node)
        staged = staged or holdings.begin(connection, page.node, HoldingState.STAGED, page.through_version)
        # A page that comes twice is applied twice, to the same end, and moves the cursor back at worst.
        skipped = sum(holdings.apply_change(connection, self._key, staged, change) for change in page.changes)
        cursor = page.changes[-1].member_id if page.changes else staged.cursor
        if page.more:
            holdings.advance(connection, staged, page.through_version, cursor)
            return _result(connection, PageOutcome.STAGED, page.node, skipped)
        holdings.advance(connection, staged, page.through_version)
        holdings.replace(connection, page.node, HoldingState.ACTIVE)
        connection.execute("UPDATE holding SET state = ? WHERE id = ?", (HoldingState.ACTIVE, staged.id))
        connection.execute("UPDATE head_node SET anew = 0 WHERE node = ?", (page.node,))
        return _result(connection, PageOutcome.SWITCHED, page.node, skipped)

    # ------------------------------------------------------------ state and storage

    def status(self) -> RosterStatus:
        """What is held. Counts all members (tens of milliseconds for 100,000): ask after a change, not all the time."""
        with self._transaction("BEGIN") as connection:
            held = connection.execute("SELECT node, version FROM holding WHERE state = 'active'").fetchall()
            members = connection.execute(
                "SELECT count(DISTINCT entry.member_id) FROM holding JOIN entry ON entry.holding = holding.id "
                "WHERE holding.state = 'active' AND entry.revoked = 0"
            ).fetchone()[0]
        return RosterStatus({NodeId(node): version for node, version in held}, members)

    def close(self) -> None:
        """Closes the file. The writer is not used after this."""
        self._connection.close()

    def _open(self) -> sqlite3.Connection:
        fingerprint = key_fingerprint(self._key)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            for _ in range(2):
                connection, damage = _connect(self._path, fingerprint)
                if connection is not None:
                    return connection
                set_aside(self._path)
                self.set_aside_reason = damage
        except (sqlite3.Error, OSError, StorageBroken) as error:
            raise RosterNotWritten(f"roster {self._path}: {error}") from error
        raise RosterNotWritten(f"roster {self._path}: a new one is damaged too: {self.set_aside_reason}")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection
        # Copied back at once: a reader that finds no room for the log's index reads the file without it. What is
        # committed stands all the same, and the next change tries again.
        with suppress(sqlite3.OperationalError):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        try:
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise RosterNotWritten(f"roster {self._path}: {error}") from error

    def _purge(self) -> None:
        """Clears away what was replaced, in steps that let a reader in between."""
        more = True
        while more:
            with self._writing() as connection:
                more = holdings.purge_some(connection, PURGE_ROWS)


def _connect(path: Path, fingerprint: str) -> tuple[sqlite3.Connection | None, str]:
    """A connection to a usable roster, or None and what is wrong with the file. Raises `sqlite3.Error`, `OSError`."""
    fresh = not path.exists() or path.stat().st_size == 0
    if fresh:
        remove_orphans(path)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    try:
        connection = schema.connect_writer(path)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED:
            return None, str(error)
        raise
    try:
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            connection.execute("BEGIN IMMEDIATE")
            schema.create(connection, fingerprint)
            connection.execute("COMMIT")
        damage = schema.damage(connection, fingerprint)
        if not damage:
            schema.upgrade(connection)
    except sqlite3.Error as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF in DAMAGED:
            return None, str(error)
        raise
    if damage:
        connection.close()
        return None, damage
    return connection, ""


def _pull(connection: sqlite3.Connection, node: NodeId, newest: int, anew: bool) -> Pull | None:
    active = holdings.find(connection, node, HoldingState.ACTIVE)
    if active and active.version >= newest and not anew:
        return None
    staged = holdings.find(connection, node, HoldingState.STAGED)
    if staged:
        return Pull(node, 0, staged.cursor, staged.version)
    if anew:
        return Pull(node, 0, BEFORE_ALL, newest)
    return Pull(node, active.version if active else 0)


def _result(connection: sqlite3.Connection, outcome: PageOutcome, node: NodeId, skipped: int = 0) -> PageResult:
    active = holdings.find(connection, node, HoldingState.ACTIVE)
    return PageResult(outcome, node, active.version if active else 0, active.members if active else 0, skipped)


def _forget_settled_revocations(connection: sqlite3.Connection) -> None:
    """Drops what earlier heads revoked and the newest does not, once everything up to the newest is held."""
    connection.execute(
        "DELETE FROM revocation WHERE revision < (SELECT head_revision FROM roster) AND NOT EXISTS ("
        "SELECT 1 FROM head_node LEFT JOIN holding ON holding.node = head_node.node AND holding.state = 'active' "
        "WHERE head_node.anew OR coalesce(holding.version, -1) < head_node.version)"
    )
