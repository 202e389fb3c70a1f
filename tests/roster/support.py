"""Members by number, and the cloud's words about them."""

from collections.abc import Sequence

from contract.ids import CredentialHash, MemberId, NodeId
from contract.messages import NodeHead, RosterChange, RosterHead, RosterPage, WireCredential, WireMember
from edge.roster.credential import credential_hash

KEY = bytes(range(32))
SESSION = "ab" * 8
CITY, DISTRICT = NodeId("city"), NodeId("district")


def member_id(number: int) -> MemberId:
    return MemberId(f"m{number:06}")


def card(number: int) -> WireCredential:
    return WireCredential(format="wiegand", bits=34, data=(number << 6).to_bytes(5, "big").hex())


def hash_of(number: int) -> CredentialHash:
    return credential_hash(KEY, "wiegand", 34, (number << 6).to_bytes(5, "big"))


def member(number: int, **fields: object) -> WireMember:
    return WireMember.model_validate({"id": member_id(number), "credentials": [card(number)], **fields})


def upsert(version: int, number: int, **fields: object) -> RosterChange:
    return RosterChange(version=version, op="upsert", member_id=member_id(number), member=member(number, **fields))


def revoke(version: int, number: int) -> RosterChange:
    return RosterChange(version=version, op="revoke", member_id=member_id(number))


def remove(version: int, number: int) -> RosterChange:
    return RosterChange(version=version, op="remove", member_id=member_id(number))


def head(revision: int, revoked: Sequence[int] = (), **versions: int) -> RosterHead:
    nodes = [NodeHead(node=NodeId(node), version=version) for node, version in versions.items()]
    return RosterHead(revision=revision, nodes=nodes, revoked=[member_id(number) for number in revoked])


def changes(node: NodeId, after: int, *entries: RosterChange, more: bool = False) -> RosterPage:
    through = entries[-1].version if entries else after
    return RosterPage(
        session=SESSION,
        node=node,
        snapshot=False,
        after_version=after,
        through_version=through,
        more=more,
        changes=list(entries),
    )


def snapshot(node: NodeId, version: int, members: Sequence[int], *, more: bool) -> RosterPage:
    return RosterPage(
        session=SESSION,
        node=node,
        snapshot=True,
        after_version=0,
        through_version=version,
        more=more,
        changes=[upsert(version, number) for number in members],
    )
