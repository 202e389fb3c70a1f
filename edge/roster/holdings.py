"""Statements on one holding: members in, members out. Called inside the writer's transactions.

What the page models cannot check for themselves is checked here, before anything is applied.
"""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contract.ids import MemberId, NodeId
from contract.messages import RosterChange, RosterPage, WireMember
from edge.roster import batteries, numbers
from edge.roster.credential import credential_hash
from edge.roster.errors import PageRefused
from edge.roster.schema import OF_MEMBERS

MAX_TIME_MS: Final = 2**62


class HoldingState(StrEnum):
    """As it stands in the table `holding`."""

    ACTIVE = "active"
    STAGED = "staged"
    REPLACED = "replaced"


@dataclass(frozen=True)
class Holding:
    """What is held of one node. `members` are those not revoked; `cursor` is a staged one's last member received."""

    id: int
    version: int
    members: int
    cursor: MemberId | None


def find(connection: sqlite3.Connection, node: NodeId, state: HoldingState) -> Holding | None:
    """The node's holding in that state; there is at most one that is active and one that is staged."""
    row = connection.execute(
        "SELECT id, version, members, cursor FROM holding WHERE node = ? AND state = ?", (node, state)
    ).fetchone()
    return Holding(*row) if row else None


def begin(connection: sqlite3.Connection, node: NodeId, state: HoldingState, version: int) -> Holding:
    """A new, empty holding."""
    identity = connection.execute(
        "INSERT INTO holding (node, state, version, members) VALUES (?, ?, ?, 0)", (node, state, version)
    ).lastrowid
    assert identity is not None
    return Holding(identity, version, 0, None)


def advance(connection: sqlite3.Connection, holding: Holding, version: int, cursor: MemberId | None = None) -> None:
    """Notes how far the holding has come."""
    connection.execute(
        "UPDATE holding SET version = ?, cursor = ?, "
        "members = (SELECT count(*) FROM entry WHERE holding = ? AND revoked = 0) WHERE id = ?",
        (version, cursor, holding.id, holding.id),
    )


def replace(connection: sqlite3.Connection, node: NodeId, state: HoldingState) -> None:
    """Takes the node's holding in that state out of use; `purge_some` clears it away."""
    connection.execute(
        "UPDATE holding SET state = ? WHERE node = ? AND state = ?", (HoldingState.REPLACED, node, state)
    )


def purge_some(connection: sqlite3.Connection, rows: int) -> bool:
    """Clears away up to `rows` members of a holding out of use; whether there may be more."""
    found = connection.execute("SELECT id FROM holding WHERE state = ? LIMIT 1", (HoldingState.REPLACED,)).fetchone()
    if found is None:
        return False
    last = connection.execute(
        "SELECT max(member_id) FROM (SELECT member_id FROM entry WHERE holding = ? ORDER BY member_id LIMIT ?)",
        (found[0], rows),
    ).fetchone()[0]
    if last is None:
        for table in OF_MEMBERS:
            connection.execute(f"DELETE FROM {table} WHERE holding = ?", found)
        connection.execute("DELETE FROM battery WHERE holding = ?", found)
        connection.execute("DELETE FROM holding WHERE id = ?", found)
    else:
        for table in OF_MEMBERS:
            connection.execute(f"DELETE FROM {table} WHERE holding = ? AND member_id <= ?", (found[0], last))
        connection.execute("DELETE FROM entry WHERE holding = ? AND member_id <= ?", (found[0], last))
    return True


def check_page(page: RosterPage) -> None:
    """Raises `PageRefused` for a page that contradicts itself."""
    where = f"roster page of {page.node} through {page.through_version}"
    if not page.snapshot and page.through_version < page.after_version:
        raise PageRefused(f"{where}: begins behind {page.after_version}")
    if page.snapshot and page.more and not page.changes:
        raise PageRefused(f"{where}: says that more follows, and holds nothing to go on from")
    previous = page.after_version
    for change in page.changes:
        if change.op == "upsert" and (change.member is None or change.member.id != change.member_id):
            raise PageRefused(f"{where}: an upsert without its member")
        if page.snapshot:
            if change.op == "remove":
                raise PageRefused(f"{where}: a snapshot removes nobody")
        elif not previous <= change.version <= page.through_version:
            raise PageRefused(f"{where}: change {change.version} is out of order behind {previous}")
        else:
            previous = change.version
        if change.member and not (_storable(change.member.valid_from_ms) and _storable(change.member.valid_until_ms)):
            raise PageRefused(f"{where}: a validity does not fit into 64 bits")


def _storable(time_ms: int | None) -> bool:
    return time_ms is None or abs(time_ms) < MAX_TIME_MS


def apply_change(connection: sqlite3.Connection, key: bytes, holding: Holding, change: RosterChange) -> int:
    """Applies one change to a holding; how many of the member's credentials could not be read and were skipped, the
    number that goes with a card among them."""
    if batteries.is_battery(change.member_id):
        batteries.apply_change(connection, holding.id, change)
        return 0
    place = holding.id, change.member_id
    if change.op == "revoke":
        # Kept with the cards, so that the answer at the door is "revoked" rather than "unknown"; and noted for a member
        # that this node does not hold, because revoked on one node is revoked on all.
        connection.execute(
            "INSERT INTO entry VALUES (?, ?, '', NULL, NULL, 0, 1, 0) "
            "ON CONFLICT (holding, member_id) DO UPDATE SET revoked = 1",
            place,
        )
        return 0
    for table in OF_MEMBERS:
        connection.execute(f"DELETE FROM {table} WHERE holding = ? AND member_id = ?", place)
    if change.op == "remove" or change.member is None:
        connection.execute("DELETE FROM entry WHERE holding = ? AND member_id = ?", place)
        return 0
    member = change.member
    connection.execute(
        "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
        (
            *(*place, member.trade, member.valid_from_ms, member.valid_until_ms),
            *(int(member.extended_release), int(member.once)),
        ),
    )
    hashes, skipped = _hashes(key, member)
    connection.executemany("INSERT OR IGNORE INTO credential VALUES (?, ?, ?)", [(each, *place) for each in hashes])
    return skipped + numbers.put(connection, key, holding.id, member)


def _hashes(key: bytes, member: WireMember) -> tuple[list[bytes], int]:
    hashes, skipped = [], 0
    for card in member.credentials:
        try:
            hashes.append(bytes.fromhex(credential_hash(key, card.format, card.bits, bytes.fromhex(card.data))))
        except ValueError:
            # One unreadable card must not keep the page, and everybody on it, out.
            skipped += 1
    return hashes, skipped
