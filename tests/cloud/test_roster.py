"""Members reach stations: import, versions, heads, pages, snapshots, revocations, all signed."""

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from cloud import config as configuration
from cloud.domain import commands
from cloud.domain.administration import AdministrationError, add_organisation, add_station
from cloud.domain.refusal import Refusal
from cloud.nudge import Nudge
from cloud.projector.service import ProjectorService
from cloud.roster import csv_import, desired, keys, members, pages, publisher
from cloud.roster.desired import Author
from cloud.store.database import Database
from cloud.store.tables import member, organisation
from contract.envelope import EnvelopeError, open_sealed
from contract.ids import MemberId, NodeId, Session
from contract.messages import Command, Desired, RosterHead, RosterPage, RosterPull, WireMember
from contract.records import Posture
from contract.topics import Leaf, Topic
from tests.cloud.conftest import OTHER_STATION, STATION, Setup
from tests.cloud.station_client import FakeJournal, StationClient, connect
from tests.cloud.test_ingest_worker import ingesting

BJ, CN = NodeId("bj"), NodeId("cn")
SESSION = Session("ab" * 8)
HEADER = "id,name,trade,format,bits,data,valid_from,valid_until\n"


def people(count: int, first: int = 0) -> list[WireMember]:
    return [
        WireMember.model_validate(
            {
                "id": f"m{index:05}",
                "name": f"会员{index}",
                "credentials": [{"format": "wiegand", "bits": 32, "data": f"{index:08x}"}],
            }
        )
        for index in range(first, first + count)
    ]


def do_import(
    database: Database, wanted: list[WireMember], node: NodeId = BJ, *, replace: bool = False
) -> members.Outcome:
    with database.write() as connection:
        return members.import_members(connection, node, wanted, replace=replace)


def pull(database: Database, after: int, node: NodeId = BJ, page: RosterPage | None = None) -> RosterPage:
    """The next page as a station asks for it; `page` is the one before, of a snapshot."""
    snapshot = page is not None and page.snapshot
    request = RosterPull(
        session=SESSION,
        node=node,
        after_version=after,
        snapshot_cursor=page.changes[-1].member_id if snapshot and page else None,
        snapshot_version=page.through_version if snapshot and page else None,
    )
    with database.read() as connection:
        found = pages.page(connection, STATION, request)
    assert found is not None
    return found


def head(database: Database) -> RosterHead:
    with database.read() as connection:
        found = pages.head(connection, STATION)
    assert found is not None
    return found


def test_importing_twice_changes_nothing(database: Database) -> None:
    assert do_import(database, people(3)) == members.Outcome(3, 0, 0, 0, 3)
    assert do_import(database, people(3)) == members.Outcome(0, 0, 0, 3, 3)


def test_members_missing_from_a_file_stay_unless_it_replaces_all(database: Database) -> None:
    do_import(database, people(3))
    assert do_import(database, people(1)).removed == 0
    assert do_import(database, people(1), replace=True) == members.Outcome(0, 0, 2, 1, 5)
    assert [change.op for change in pull(database, 3).changes] == ["remove", "remove"]


def test_a_station_follows_all_organisations_above_it(database: Database) -> None:
    do_import(database, people(2), CN)
    do_import(database, people(1, first=10), BJ)
    assert [(node.node, node.version) for node in head(database).nodes] == [("cn", 2), ("bj", 1)]


def test_pages_of_changes_lead_from_any_version_to_the_newest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_CHANGES", 4)
    do_import(database, people(10))
    at, seen = 0, []
    while True:
        page = pull(database, at)
        assert (page.snapshot, page.after_version) == (False, at)
        seen += [change.version for change in page.changes]
        at = page.through_version
        if not page.more:
            break
    assert (seen, at) == (list(range(1, 11)), 10)
    assert pull(database, 10).changes == []


def test_a_new_station_takes_a_snapshot_of_a_long_log_and_then_what_changed_meanwhile(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_CHANGES", 4)
    monkeypatch.setattr(pages, "SNAPSHOT_FROM_CHANGES", 5)
    do_import(database, people(10))
    first = pull(database, 0)
    assert (first.snapshot, first.more, first.through_version) == (True, True, 10)
    do_import(database, people(1, first=50))
    second = pull(database, 0, page=first)
    third = pull(database, 0, page=second)
    assert [second.through_version, third.through_version, third.more] == [10, 10, False]
    ids = [change.member_id for page in (first, second, third) for change in page.changes]
    assert ids == sorted(ids)
    assert set(ids) >= {person.id for person in people(10)}
    assert [change.member_id for change in pull(database, 10).changes] == ["m00050"]


def test_a_station_behind_the_beginning_of_the_log_takes_a_snapshot(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "LOG_LIMIT", 5)
    do_import(database, people(4))
    do_import(database, people(8, first=4))
    assert [node.oldest_version for node in head(database).nodes] == [0, 7]
    page = pull(database, 4)
    assert (page.snapshot, page.through_version, len(page.changes)) == (True, 12, 12)
    assert not pull(database, 7).snapshot


def test_a_station_ahead_of_a_restored_cloud_takes_a_snapshot(database: Database) -> None:
    do_import(database, people(2))
    page = pull(database, 40)
    assert (page.snapshot, page.through_version) == (True, 2)


def test_a_revoked_member_is_in_the_head_and_in_no_snapshot_until_admitted_again(database: Database) -> None:
    do_import(database, people(3))
    with database.write() as connection:
        assert members.revoke(connection, MemberId("m00001")) == [BJ]
    assert head(database).revoked == ["m00001"]
    assert [change.op for change in pull(database, 3).changes] == ["revoke"]
    assert "m00001" not in [change.member_id for change in pull(database, 99).changes]
    do_import(database, people(3))
    assert head(database).revoked == []


def test_whoever_is_nobodys_member_cannot_be_revoked(database: Database) -> None:
    with pytest.raises(members.UnknownMember, match="no member 'nobody'"), database.write() as connection:
        members.revoke(connection, MemberId("nobody"))


def test_a_station_gets_no_pages_of_organisations_it_does_not_follow(database: Database) -> None:
    request = RosterPull(session=SESSION, node=NodeId("elsewhere"), after_version=0)
    with database.read() as connection:
        assert pages.page(connection, STATION, request) is None


def test_revisions_rise_above_what_a_restored_cloud_has_forgotten(database: Database) -> None:
    before = head(database).revision
    do_import(database, people(1))
    after = head(database).revision
    assert after > before > 1_700_000_000_000
    with database.write() as connection:
        first = desired.set_posture(connection, STATION, Posture.LOCKDOWN, Author("王芳"))
        second = desired.set_posture(connection, STATION, None, Author("王芳"))
    assert second.revision > first.revision > 1_700_000_000_000


def test_only_stations_below_the_change_are_published_anew(database: Database) -> None:
    for station in publisher.due(database):
        found = publisher.standing(database, signer_of(database), station)
        assert found is not None
        publisher.mark_published(database, [found])
    assert publisher.due(database) == []
    with database.write() as connection:
        desired.set_posture(connection, OTHER_STATION, Posture.LOCKDOWN, Author("王芳"))
    assert publisher.due(database) == [OTHER_STATION]
    do_import(database, people(1), CN)
    assert publisher.due(database) == [STATION, OTHER_STATION]


def signer_of(_database: Database) -> keys.Signer:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return keys.Signer("cloud-1", Ed25519PrivateKey.generate())


BAD_LINES = {
    "line 2, column bits": "m1,Wang,courier,wiegand,many,0a1b2c40,,",
    "line 2, column data": "m1,Wang,courier,wiegand,26,0a1b,,",
    "line 2, column format": "m1,Wang,courier,magnetic,26,0a1b2c40,,",
    "line 2, column valid_until": "m1,Wang,courier,wiegand,26,0a1b2c40,,tomorrow",
    "line 2, column id": ",Wang,courier,wiegand,26,0a1b2c40,,",
    "line 3, column id": "m1,Wang,courier,wiegand,26,0a1b2c40,,\nm1,Zhang,courier,wiegand,26,0a1b2d40,,",
    "line 2: has another number of columns": "m1,Wang,courier",
    "line 2, column name": "m1,Wa\x00ng,courier,wiegand,26,0a1b2c40,,",
    "line 2, column valid_until: is not after": "m1,Wang,courier,wiegand,26,0a1b2c40,2026-02-01,2026-01-01",
    "line 3, column data: the card is 'm1'": "m1,Wang,t,wiegand,26,0a1b2c40,,\nm2,Li,t,wiegand,26,0A1B2C40,,",
}


@pytest.mark.parametrize("place", BAD_LINES)
def test_an_error_in_a_members_file_names_line_and_column_and_no_card(place: str, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text(HEADER + BAD_LINES[place] + "\n", encoding="utf-8")
    with pytest.raises(csv_import.CsvError) as caught:
        csv_import.read(path)
    assert place in str(caught.value)
    assert "0a1b" not in str(caught.value)


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("id,id,name,trade,format,bits,data\na,b,A,t,raw,32,deadbeef\n", encoding="utf-8")
    with pytest.raises(csv_import.CsvError, match="column 'id' is there twice"):
        csv_import.read(path)


@pytest.mark.parametrize("name", ["", "x" * 201, "a\x00b", "a\udcffb", "a\x1b[2J"])
def test_names_that_a_database_or_a_terminal_would_choke_on_are_refused(database: Database, name: str) -> None:
    with database.write() as connection, pytest.raises(AdministrationError):
        add_organisation(connection, NodeId("sh"), name=name, kind="province", parent=NodeId("cn"))
    with database.write() as connection, pytest.raises(AdministrationError):
        add_station(connection, STATION, name=name, organisation_id=NodeId("bj"), timezone="Asia/Shanghai")


def test_a_members_file_with_two_cards_and_validity_is_read(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    line = "m1,王伟,courier,{},2026-01-01,2027-01-01T00:00:00+08:00\n"
    path.write_text(
        HEADER + line.format("wiegand,26,0a1b2c40") + line.format("raw,56,04A1B2C3D4E5F6"), encoding="utf-8-sig"
    )
    (person,) = csv_import.read(path)
    assert (person.name, [card.data for card in person.credentials]) == ("王伟", ["0a1b2c40", "04a1b2c3d4e5f6"])
    assert (person.valid_from_ms, person.valid_until_ms) == (1_767_225_600_000, 1_798_732_800_000)


def test_a_signing_key_is_private_and_never_overwritten(tmp_path: Path) -> None:
    section = configuration.SigningSection(tmp_path / "signing.key")
    public = keys.create(section)
    assert (section.key_file.stat().st_mode & 0o777, public.name) == (0o600, "signing.pub")
    with pytest.raises(keys.SigningKeyError, match="not overwritten"):
        keys.create(section)


def test_heads_orders_and_pages_reach_the_station_signed(database: Database, setup: Setup) -> None:
    """Hello brings head and orders, retained; a change is published at once; a pull is answered by a page."""
    do_import(database, people(2))
    config = configuration.load(setup.config)
    public = {config.signing.key_id: keys.load(config.signing).key.public_key()}

    async def scenario() -> None:
        projector = ProjectorService(config, database, keys.load(config.signing), Nudge(), Nudge())
        task = asyncio.create_task(projector.run())
        try:
            async with ingesting(database, setup.port, setup.folder), connect(setup.port, STATION) as station:
                await station.hello(FakeJournal())
                first = await sealed(station, Leaf.ROSTER_HEAD)
                assert [node.version for node in open_head(first, public).nodes] == [0, 2]
                with database.write() as connection:
                    desired.set_posture(connection, STATION, Posture.LOCKDOWN, Author("王芳"))
                orders = await sealed(station, Leaf.DESIRED)
                topic = Topic(STATION, Leaf.DESIRED)
                assert open_sealed(Desired, orders, topic, keys=public).posture is Posture.LOCKDOWN
                await station.send(Leaf.ROSTER_PULL, RosterPull(session=station.session, node=BJ, after_version=0))
                page = await sealed(station, Leaf.ROSTER_PAGE)
                opened = open_sealed(RosterPage, page, Topic(STATION, Leaf.ROSTER_PAGE), keys=public)
                assert [change.member_id for change in opened.changes] == ["m00000", "m00001"]
                with pytest.raises(EnvelopeError):
                    open_sealed(RosterPage, page, Topic(OTHER_STATION, Leaf.ROSTER_PAGE), keys=public)
            async with connect(setup.port, STATION) as station:
                # What stands retained is there before anybody in the cloud has said a word.
                await station.until(lambda: any(leaf is Leaf.DESIRED and kept for leaf, _, kept in station.heard))
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scenario())


def test_a_command_reaches_the_connection_that_it_is_for_signed_and_is_kept_for_no_other(
    database: Database, setup: Setup
) -> None:
    config = configuration.load(setup.config)
    public = {config.signing.key_id: keys.load(config.signing).key.public_key()}

    def ask() -> str | None:
        with database.write() as connection:
            try:
                row = commands.issue(connection, STATION, commands.CommandKind.RELEASE, reason="忘带卡", by="王芳")
            except Refusal:
                return None
            return str(row.id)

    async def scenario() -> None:
        projector = ProjectorService(config, database, keys.load(config.signing), Nudge(), Nudge())
        task = asyncio.create_task(projector.run())
        try:
            await projector.link.connected.wait()
            async with connect(setup.port, STATION) as station:
                await station.online()
                async with asyncio.timeout(10):
                    while (command_id := await asyncio.to_thread(ask)) is None:
                        await asyncio.sleep(0.02)
                command = open_sealed(
                    Command, await sealed(station, Leaf.COMMAND), Topic(STATION, Leaf.COMMAND), keys=public
                )
                assert (command.id, command.session) == (command_id, station.session)
                assert command.args == {"reason": "忘带卡"}
            async with connect(setup.port, STATION) as station:
                with pytest.raises(TimeoutError):
                    await station.until(lambda: any(leaf is Leaf.COMMAND for leaf, _, _ in station.heard), 0.5)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scenario())


async def sealed(station: StationClient, leaf: Leaf) -> bytes:
    """The newest payload on a leaf that was not retained: what earlier tests left at the broker is not meant."""
    await station.until(lambda: any(found is leaf and not kept for found, _, kept in station.heard))
    return [payload for found, payload, kept in station.heard if found is leaf and not kept][-1]


def open_head(payload: bytes, public: dict[str, Ed25519PublicKey]) -> RosterHead:
    return open_sealed(RosterHead, payload, Topic(STATION, Leaf.ROSTER_HEAD), keys=public)


def test_an_import_that_fails_leaves_nothing(database: Database) -> None:
    wanted = people(3)
    broken = [*wanted[:2], wanted[2].model_copy(update={"name": None})]
    with pytest.raises(Exception, match="name"):
        do_import(database, broken)
    with database.read() as connection:
        assert connection.execute(select(member)).all() == []
        assert connection.scalar(select(organisation.c.roster_version).where(organisation.c.id == BJ)) == 0
