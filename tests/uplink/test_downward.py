"""What the cloud says, over a real broker, to the real uplink process: followed when it may be, refused and survived
when not; and the roster, from head to switch."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.envelope import seal
from contract.ids import MemberId, NodeId, StationId
from contract.messages import Desired, NodeHead, RosterChange, RosterHead, RosterPage, WireCredential, WireMember
from contract.records import Posture
from contract.topics import DOWNWARD, Leaf, Topic
from edge.roster.credential import credential_hash, load_or_create_key
from edge.roster.reader import RosterReader
from edge.runtime.ipc import CommandArrived, DesiredArrived, DownwardRefused, RosterSwitchedTo, RosterTrouble
from tests.uplink.brokers import Broker
from tests.uplink.small_cloud import KEY_ID, SmallCloud
from tests.uplink.station import STATION, Station, until

NODE = NodeId("cn")


@asynccontextmanager
async def connected(broker: Broker, directory: Path, **settings: Any) -> AsyncIterator[tuple[SmallCloud, Station]]:
    """A station that has said hello to a cloud."""
    cloud = SmallCloud(StationId(STATION))
    async with cloud.running(broker.port):
        with Station(directory / "station", broker.port, cloud.key, **settings) as station:
            await until(lambda: cloud.hellos, "hello")
            yield cloud, station


def test_commands_and_desires_arrive_and_what_must_not_pass_is_refused(broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        async with connected(broker, tmp_path) as (cloud, station):
            await cloud.say(Leaf.COMMAND, cloud.command("command-1", args={"door": "main"}))
            await cloud.say(Leaf.DESIRED, Desired(revision=3, posture=Posture.LOCKDOWN), retain=True)
            await until(lambda: station.said(CommandArrived) and station.said(DesiredArrived))
            assert station.said(CommandArrived) == [
                CommandArrived("command-1", "release", {"door": "main"}, "operator")
            ]
            assert station.said(DesiredArrived) == [DesiredArrived(3, Posture.LOCKDOWN)]
            topic = Topic(StationId(STATION), Leaf.COMMAND)
            await cloud.say(Leaf.COMMAND, cloud.command("command-1"))
            await cloud.send(Leaf.COMMAND, cloud.sealed(Leaf.COMMAND, cloud.command("command-2"), "yz-test-0002"))
            forged = seal(cloud.command("command-3"), topic, key_id=KEY_ID, key=Ed25519PrivateKey.generate())
            await cloud.send(Leaf.COMMAND, forged)
            await cloud.say(Leaf.COMMAND, cloud.command("command-4", session="00" * 8))
            await cloud.say(Leaf.COMMAND, cloud.command("command-5", expires_in_session_ms=0))
            await until(lambda: len(station.said(DownwardRefused)) >= 5)
            reasons = [refused.reason for refused in station.said(DownwardRefused)]
            for reason, word in zip(reasons, ("replay", "addressed", "signature", "session", "expired"), strict=True):
                assert word in reason
            assert len(station.said(CommandArrived)) == 1

    asyncio.run(story())


def test_a_command_retained_by_the_broker_is_refused_by_the_next_session(broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        async with connected(broker, tmp_path) as (cloud, station):
            await cloud.say(Leaf.COMMAND, cloud.command("command-1"), retain=True)
            await until(lambda: station.said(CommandArrived), "live, the broker delivers it unretained")
            station.kill()
            station.start()
            await until(lambda: station.said(DownwardRefused), "the refusal")
            assert "retained" in station.said(DownwardRefused)[0].reason
            assert len(station.said(CommandArrived)) == 1

    asyncio.run(story())


def test_hostile_bytes_on_every_topic_are_survived_and_the_stream_goes_on(broker: Broker, tmp_path: Path) -> None:
    hostile = [
        b"", b"{", b"[]", bytes(range(256)) * 10, b"{" + b" " * 400_000 + b"}", b'{"v":2}',
        b'{"a":' * 20_000, b'{"through_seq":' + b"9" * 9_000 + b"}", b'{"stream":"\\ud800","key_id":"\\u0000"}',
    ]  # fmt: skip

    async def story() -> None:
        async with connected(broker, tmp_path) as (cloud, station):
            for leaf in DOWNWARD:
                for payload in hostile:
                    await cloud.send(leaf, payload)
            await until(lambda: len(station.said(DownwardRefused)) == 10, "ten refusals told, the rest counted")
            station.record(5)
            await until(lambda: station.acknowledged() == 5, "the stream goes on")
            await cloud.say(Leaf.COMMAND, cloud.command("command-1"))
            await until(lambda: station.said(CommandArrived))
            assert len({hello.session for hello in cloud.hellos}) == 1
            assert len(station.said(DownwardRefused)) == 10

    asyncio.run(story())


# ---------------------------------------------------------------- the roster


def member(name: str, bits: str) -> WireMember:
    return WireMember(id=MemberId(name), credentials=[WireCredential(format="raw", bits=32, data=bits)])


def change(version: int, name: str, bits: str) -> RosterChange:
    return RosterChange(version=version, op="upsert", member_id=MemberId(name), member=member(name, bits))


def page(cloud: SmallCloud, changes: list[RosterChange], **fields: Any) -> RosterPage:
    base = {"session": cloud.session, "node": NODE, "snapshot": False, "after_version": 0, "more": False}
    return RosterPage.model_validate({**base, "changes": changes, **fields})


def head(revision: int, version: int, revoked: tuple[str, ...] = ()) -> RosterHead:
    nodes = [NodeHead(node=NODE, version=version)]
    return RosterHead(revision=revision, nodes=nodes, revoked=[MemberId(name) for name in revoked])


def holder(station: Station, bits: str) -> tuple[str, bool] | None:
    """Who holds the card, as the controller would find out, and whether revoked."""
    key = load_or_create_key(station.directory / "credential.key")
    reader = RosterReader(station.directory / "roster.db")
    try:
        found = reader.find(credential_hash(key, "raw", 32, bytes.fromhex(bits)))
    finally:
        reader.close()
    return (found.id, found.revoked) if found else None


def test_the_roster_is_pulled_to_the_head_and_revocations_count_at_once(one_broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        async with connected(one_broker, tmp_path) as (cloud, station):
            await cloud.say(Leaf.ROSTER_HEAD, head(1, 3), retain=True)
            await until(lambda: cloud.pulls, "the first pull")
            assert (cloud.pulls[0].node, cloud.pulls[0].after_version) == (NODE, 0)
            first = page(
                cloud, [change(1, "m1", "00000001"), change(2, "m2", "00000002")], through_version=2, more=True
            )
            await cloud.say(Leaf.ROSTER_PAGE, first)
            await until(lambda: len(cloud.pulls) == 2, "the second pull")
            assert cloud.pulls[1].after_version == 2
            second = page(cloud, [change(3, "m3", "00000003")], after_version=2, through_version=3)
            await cloud.say(Leaf.ROSTER_PAGE, second)
            await until(lambda: RosterSwitchedTo(NODE, 3, 3) in station.said(RosterSwitchedTo), "level")
            assert holder(station, "00000003") == ("m3", False)
            await cloud.say(Leaf.ROSTER_HEAD, head(2, 4, revoked=("m2",)), retain=True)
            await until(lambda: holder(station, "00000002") == ("m2", True), "revoked before any page came")
            await until(lambda: len(cloud.pulls) == 3, "the next pull")
            await cloud.say(Leaf.ROSTER_HEAD, head(1, 3), retain=True)
            await until(lambda: station.said(DownwardRefused), "an older head is refused")
            assert "lower" in station.said(DownwardRefused)[0].reason

    asyncio.run(story())


def test_a_snapshot_is_switched_in_at_its_last_page(one_broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        async with connected(one_broker, tmp_path) as (cloud, station):
            await cloud.say(Leaf.ROSTER_HEAD, head(1, 9))
            await until(lambda: cloud.pulls)
            part = page(cloud, [change(9, "m1", "00000001")], snapshot=True, through_version=9, more=True)
            await cloud.say(Leaf.ROSTER_PAGE, part)
            await until(lambda: len(cloud.pulls) == 2)
            assert (cloud.pulls[1].snapshot_cursor, cloud.pulls[1].snapshot_version) == ("m1", 9)
            assert holder(station, "00000001") is None
            rest = page(cloud, [change(9, "m2", "00000002")], snapshot=True, through_version=9)
            await cloud.say(Leaf.ROSTER_PAGE, rest)
            await until(lambda: station.said(RosterSwitchedTo) == [RosterSwitchedTo(NODE, 9, 2)])
            assert holder(station, "00000001") == ("m1", False)

    asyncio.run(story())


def test_a_damaged_roster_is_set_aside_told_and_pulled_anew(one_broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        async with connected(one_broker, tmp_path) as (cloud, station):
            station.kill()
            for name in ("roster.db-wal", "roster.db-shm"):
                (station.directory / name).unlink(missing_ok=True)
            (station.directory / "roster.db").write_bytes(b"no roster at all" * 1_000)
            station.start()
            await until(lambda: station.said(RosterTrouble), "the trouble is told")
            await cloud.say(Leaf.ROSTER_HEAD, head(1, 1))
            await until(lambda: cloud.pulls and cloud.pulls[-1].session == cloud.session)
            await cloud.say(Leaf.ROSTER_PAGE, page(cloud, [change(1, "m1", "00000001")], through_version=1))
            await until(lambda: station.said(RosterTrouble)[-1].available)
            assert holder(station, "00000001") == ("m1", False)

    asyncio.run(story())
