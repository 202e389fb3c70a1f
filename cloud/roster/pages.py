"""What a station is told about its roster: which versions there are, and the pages it pulls.

A station behind the log's beginning, one ahead of it (the cloud was restored from a backup), or a new one facing a long
log takes a snapshot: all members in order of their id, in pages, at the version that the first page names. Changes made
while it pulls have higher versions and reach it as changes afterwards; each is complete in itself, so it does no harm
that a later page of the snapshot may show them already.
"""

from typing import Final

from sqlalchemy import Connection, select

from cloud.roster.members import nodes_above
from cloud.store.tables import member, organisation, roster_change, station
from contract.ids import MemberId, NodeId, StationId
from contract.messages import NodeHead, RosterChange, RosterHead, RosterPage, RosterPull, WireMember

PAGE_CHANGES: Final = 500
SNAPSHOT_FROM_CHANGES: Final = 1_000
"""A new station takes a snapshot of a log longer than this."""
REVOKED_IN_HEAD: Final = 200


def head(connection: Connection, station_id: StationId) -> RosterHead | None:
    """The newest versions of all organisations that the station follows; None for an unknown station."""
    query = select(organisation.c.path, station.c.roster_revision).join_from(station, organisation)
    row = connection.execute(query.where(station.c.id == station_id)).one_or_none()
    if row is None:
        return None
    nodes = nodes_above(row.path)
    versions = connection.execute(
        select(organisation).where(organisation.c.id.in_(nodes)).order_by(organisation.c.path)
    )
    revoked = (
        select(roster_change.c.member_id)
        .join(
            member, (member.c.organisation == roster_change.c.organisation) & (member.c.id == roster_change.c.member_id)
        )
        .where(roster_change.c.organisation.in_(nodes), roster_change.c.op == "revoke", member.c.revoked)
        .order_by(roster_change.c.at_ms.desc())
        .limit(REVOKED_IN_HEAD)
    )
    return RosterHead(
        revision=row.roster_revision,
        nodes=[
            NodeHead(node=NodeId(found.id), version=found.roster_version, oldest_version=found.roster_oldest)
            for found in versions
        ],
        revoked=[MemberId(member_id) for member_id in dict.fromkeys(connection.scalars(revoked))],
    )


def page(connection: Connection, station_id: StationId, pull: RosterPull) -> RosterPage | None:
    """The next page for a pull; None when the node is not one that the station follows."""
    query = select(organisation.c.path).join_from(station, organisation).where(station.c.id == station_id)
    path = connection.scalar(query)
    if path is None or pull.node not in nodes_above(path):
        return None
    node = connection.execute(select(organisation).where(organisation.c.id == pull.node)).one()
    within = pull.snapshot_version is not None and node.roster_oldest <= pull.snapshot_version <= node.roster_version
    far_behind = pull.after_version < node.roster_oldest or pull.after_version > node.roster_version
    is_new = pull.after_version == 0 and node.roster_version > SNAPSHOT_FROM_CHANGES
    if within or far_behind or is_new:
        version = pull.snapshot_version if within and pull.snapshot_version is not None else node.roster_version
        return _snapshot(connection, pull, version, pull.snapshot_cursor if within else None)
    return _changes(connection, pull)


def _snapshot(connection: Connection, pull: RosterPull, version: int, after: MemberId | None) -> RosterPage:
    query = select(member).where(member.c.organisation == pull.node, member.c.revoked.is_(False))
    if after is not None:
        query = query.where(member.c.id > after)
    rows = connection.execute(query.order_by(member.c.id).limit(PAGE_CHANGES + 1)).all()
    changes = [
        RosterChange(
            version=max(version, 1), op="upsert", member_id=MemberId(row.id), member=WireMember.model_validate(row.wire)
        )
        for row in rows[:PAGE_CHANGES]
    ]
    return RosterPage(
        session=pull.session,
        node=pull.node,
        snapshot=True,
        after_version=pull.after_version,
        through_version=version,
        more=len(rows) > PAGE_CHANGES,
        changes=changes,
    )


def _changes(connection: Connection, pull: RosterPull) -> RosterPage:
    query = select(roster_change).where(
        roster_change.c.organisation == pull.node, roster_change.c.version > pull.after_version
    )
    rows = connection.execute(query.order_by(roster_change.c.version).limit(PAGE_CHANGES + 1)).all()
    changes = [
        RosterChange(
            version=row.version,
            op=row.op,
            member_id=MemberId(row.member_id),
            member=None if row.wire is None else WireMember.model_validate(row.wire),
        )
        for row in rows[:PAGE_CHANGES]
    ]
    return RosterPage(
        session=pull.session,
        node=pull.node,
        snapshot=False,
        after_version=pull.after_version,
        through_version=changes[-1].version if changes else pull.after_version,
        more=len(rows) > PAGE_CHANGES,
        changes=changes,
    )
