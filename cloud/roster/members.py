"""Members of an organisation and the versioned log of their changes.

Each organisation has its own log: version 1, 2, 3 … without gaps. A station follows the logs of its organisation and of
all above it, so that a change at a province is one row and not one per station. Whoever changes members holds the
organisation's row locked, and marks the stations below as due for a new head in the same transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from cloud.clock import now_ms
from cloud.store.tables import issued_code, member, organisation, roster_change, station
from contract.ids import MemberId, NodeId
from contract.messages import WireMember

LOG_LIMIT: Final = 200_000
"""Older changes of an organisation are forgotten beyond this many; stations further behind take a snapshot."""


class UnknownOrganisation(LookupError):
    """No such organisation."""


class UnknownMember(LookupError):
    """No such member."""


@dataclass(frozen=True)
class Outcome:
    """What an import did."""

    added: int
    changed: int
    removed: int
    unchanged: int
    version: int


@dataclass
class Log:
    """Appends to one organisation's log."""

    node: NodeId
    version: int
    oldest: int
    rows: list[dict[str, Any]]

    def append(self, op: str, member_id: str, wire: dict[str, Any] | None) -> None:
        self.version += 1
        values = {"organisation": self.node, "version": self.version, "op": op, "member_id": member_id}
        self.rows.append(values | {"wire": wire, "at_ms": now_ms()})


def import_members(connection: Connection, node: NodeId, wanted: Iterable[WireMember], *, replace: bool) -> Outcome:
    """Make the organisation's members what `wanted` says; those not named stay unless `replace`.

    Importing the same twice changes nothing. A revoked member who is named again is admitted again. Numbers, and
    what somebody is owed, are no part of what is imported: a member keeps theirs.
    """
    log = lock_log(connection, node)
    people = select(member).where(member.c.organisation == node, member.c.id.not_like("battery/%"))
    held = {row.id: row for row in connection.execute(people)}
    added = changed = unchanged = 0
    named: set[str] = set()
    for person in wanted:
        named.add(person.id)
        known = held.get(person.id)
        wire = person.model_dump(mode="json") | _kept_of(known)
        if known is not None and known.wire == wire and not known.revoked:
            unchanged += 1
            continue
        values = {"name": person.name, "trade": person.trade, "revoked": False, "wire": wire}
        if known is None:
            added += 1
            connection.execute(insert(member).values(organisation=node, id=person.id, **values))
        else:
            changed += 1
            connection.execute(update(member).where(is_entry(node, person.id)).values(**values))
        log.append("upsert", person.id, wire)
    gone = sorted(set(held) - named) if replace else []
    for member_id in gone:
        connection.execute(delete(member).where(is_entry(node, member_id)))
        log.append("remove", member_id, None)
    _forget_codes(connection, gone)
    save_log(connection, log)
    return Outcome(added, changed, len(gone), unchanged, log.version)


def revoke(connection: Connection, member_id: MemberId) -> list[NodeId]:
    """Shut a member out everywhere. Returns the organisations concerned. Raises `UnknownMember`."""
    query = select(member.c.organisation, member.c.revoked).where(member.c.id == member_id)
    found = connection.execute(query.order_by(member.c.organisation)).all()
    if not found:
        raise UnknownMember(f"no member {member_id!r}")
    concerned = [NodeId(row.organisation) for row in found if not row.revoked]
    for node in concerned:
        log = lock_log(connection, node)
        connection.execute(update(member).where(is_entry(node, member_id)).values(revoked=True))
        log.append("revoke", member_id, None)
        save_log(connection, log)
    return concerned


def change_everywhere(
    connection: Connection, member_id: MemberId, change: Callable[[WireMember], WireMember]
) -> list[NodeId]:
    """Change what stations are told of a member, in every organisation that has them.

    Raises:
        UnknownMember: none has.
    """
    query = select(member.c.organisation, member.c.revoked, member.c.wire).where(member.c.id == member_id)
    found = connection.execute(query.order_by(member.c.organisation)).all()
    if not found:
        raise UnknownMember(f"no member {member_id!r}")
    for row in found:
        node = NodeId(row.organisation)
        log = lock_log(connection, node)
        wire = change(WireMember.model_validate(row.wire)).model_dump(mode="json")
        connection.execute(update(member).where(is_entry(node, member_id)).values(wire=wire))
        if not row.revoked:
            log.append("upsert", member_id, wire)
        save_log(connection, log)
    return [NodeId(row.organisation) for row in found]


def next_revision(previous: int) -> int:
    """A revision above `previous`, and above any that a cloud restored from an older backup has forgotten."""
    return max(previous + 1, now_ms())


def mark_stations_below(connection: Connection, path: str) -> None:
    """Every station in the subtree is due for a new roster head."""
    below = select(organisation.c.id).where(organisation.c.path.startswith(path, autoescape=True))
    greatest = func.max if connection.dialect.name == "sqlite" else func.greatest
    revision = greatest(station.c.roster_revision + 1, now_ms())
    connection.execute(update(station).where(station.c.organisation.in_(below)).values(roster_revision=revision))


def _kept_of(known: Row[Any] | None) -> dict[str, Any]:
    names = ("pin", "codes", "batteries_owed")
    return {} if known is None else {name: known.wire[name] for name in names if name in known.wire}


def _forget_codes(connection: Connection, gone: Sequence[str]) -> None:
    """Codes of those who are nobody's member any more count no longer."""
    for member_id in gone:
        if connection.scalar(select(member.c.id).where(member.c.id == member_id).limit(1)) is None:
            connection.execute(delete(issued_code).where(issued_code.c.member == member_id))


def is_entry(node: NodeId, member_id: str) -> Any:
    """The condition for one row of an organisation."""
    return (member.c.organisation == node) & (member.c.id == member_id)


def lock_log(connection: Connection, node: NodeId) -> Log:
    """An organisation's log, locked until the transaction ends. Raises `UnknownOrganisation`."""
    row = connection.execute(select(organisation).where(organisation.c.id == node).with_for_update()).one_or_none()
    if row is None:
        raise UnknownOrganisation(f"no organisation {node!r}")
    return Log(node, row.roster_version, row.roster_oldest, [])


def save_log(connection: Connection, log: Log) -> None:
    """Write what was appended, and mark the stations below as due for a new head."""
    if not log.rows:
        return
    connection.execute(insert(roster_change), log.rows)
    oldest = max(log.oldest, log.version - LOG_LIMIT)
    if oldest > log.oldest:
        connection.execute(
            delete(roster_change).where(roster_change.c.organisation == log.node, roster_change.c.version <= oldest)
        )
    connection.execute(
        update(organisation)
        .where(organisation.c.id == log.node)
        .values(roster_version=log.version, roster_oldest=oldest)
    )
    path = connection.scalar(select(organisation.c.path).where(organisation.c.id == log.node))
    mark_stations_below(connection, str(path))


def nodes_above(path: str) -> Sequence[NodeId]:
    """The organisations on a path, from the top down, the last included."""
    return [NodeId(part) for part in path.strip("/").split("/")]
