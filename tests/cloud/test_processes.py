"""What kills and refusals do to the cloud's processes."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest
from sqlalchemy import func, select, text

from cloud.store import locks, swap_tables
from cloud.store.database import Database, DatabaseRefused
from cloud.store.migrations import require_newest
from cloud.store.partitions import ensure_partitions
from cloud.store.tables import metadata, record
from tests.cloud.brokers import free_port
from tests.cloud.cloud_process import CloudProcess, cloud, run, write_config
from tests.cloud.conftest import STATION, Setup, make_setup
from tests.cloud.postgres import Cluster, programs
from tests.cloud.station_client import FakeJournal, StationClient, connect
from tests.cloud.test_commit import now_ms


def rows(database: Database, journal: FakeJournal) -> list[int]:
    with database.read() as connection:
        query = select(record.c.seq).where(record.c.epoch == journal.epoch).order_by(record.c.seq)
        return list(connection.scalars(query))


async def send_until_acknowledged(station: StationClient, journal: FakeJournal, step: int = 10) -> None:
    """What an uplink does: send again whatever is not acknowledged."""
    last = len(journal.records)
    while True:
        through = max((ack.through_seq for ack in station.acks if ack.epoch == journal.epoch), default=0)
        if through == last:
            return
        for first in range(through + 1, last + 1, step):
            await station.ship(journal, first, min(first + step - 1, last))
        try:
            await station.acknowledged(journal, last, deadline_s=1.0)
        except TimeoutError:
            continue


def test_ingest_killed_in_the_midst_loses_and_doubles_nothing(setup: Setup, database: Database) -> None:
    async def scenario(first: CloudProcess) -> None:
        journal = FakeJournal()
        journal.add_many(600)
        async with connect(setup.port, STATION) as station:
            for start in range(1, 300, 10):
                await station.ship(journal, start, start + 9)
            await station.until(lambda: bool(station.acks))
            first.kill()
            promised = max(ack.through_seq for ack in station.acks)
            assert set(range(1, promised + 1)) <= set(rows(database, journal))
            with cloud("ingest", "--config", str(setup.config)):
                await asyncio.wait_for(send_until_acknowledged(station, journal), 20)
        assert rows(database, journal) == list(range(1, 601))

    with cloud("ingest", "--config", str(setup.config)) as first:
        asyncio.run(scenario(first))


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    if programs() is None:
        pytest.skip("needs PostgreSQL")
    cluster = Cluster()
    cluster.start()
    yield cluster
    cluster.stop()


def test_a_killed_database_is_waited_for_and_nothing_is_lost(
    own_cluster: Cluster, embedded_port: int, tmp_path: Path
) -> None:
    url = own_cluster.create_database()
    setup = make_setup(url, embedded_port, tmp_path)
    config = ("--config", str(setup.config))
    assert run("organisations", "add", "cn", "--name", "全国", "--kind", "national", *config).returncode == 0
    assert run("stations", "add", STATION, "--name", "x", "--organisation", "cn", *config).returncode == 0

    async def scenario() -> None:
        journal = FakeJournal()
        journal.add_many(100)
        async with connect(embedded_port, STATION) as station:
            await station.ship(journal, 1, 20)
            await station.acknowledged(journal, 20)
            own_cluster.kill()
            await station.ship(journal, 21, 40)
            with pytest.raises(TimeoutError):
                await station.acknowledged(journal, 40, deadline_s=0.5)
            await asyncio.to_thread(own_cluster.start)
            await asyncio.wait_for(send_until_acknowledged(station, journal), 30)
        database = Database(url)
        assert rows(database, journal) == list(range(1, 101))
        database.close()

    with cloud("serve", *config) as process:
        asyncio.run(scenario())
        assert process.terminate() == 0, "".join(process.log)


def test_a_killed_embedded_broker_is_started_again(sqlite_setup: Setup) -> None:
    async def scenario() -> None:
        journal = FakeJournal()
        journal.add_many(2)
        async with connect(sqlite_setup.port, STATION) as station:
            await station.ship(journal, 1, 1)
            await station.acknowledged(journal, 1)
        (child,) = children(process.process.pid)
        os.kill(child, signal.SIGKILL)
        await asyncio.to_thread(await_gone, child)
        async with asyncio.timeout(20):
            while True:
                try:
                    async with connect(sqlite_setup.port, STATION) as station:
                        await asyncio.wait_for(send_until_acknowledged(station, journal), 5)
                        return
                except (aiomqtt.MqttError, TimeoutError):
                    await asyncio.sleep(0.1)

    with cloud("serve", "--config", str(sqlite_setup.config)) as process:
        asyncio.run(scenario())


@pytest.fixture
def sqlite_setup(sqlite_template: Path, tmp_path: Path) -> Setup:
    """SQLite and an embedded broker of its own."""
    path = tmp_path / "cloud.db"
    path.write_bytes(sqlite_template.read_bytes())
    return make_setup(f"sqlite:///{path}", free_port(), tmp_path, embedded=True)


def await_gone(pid: int) -> None:
    """A dying process may still accept a connection, which is then never answered."""
    deadline_s = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    """The processes that any thread of a process has started."""
    lists = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for found in lists for child in found]


def test_a_second_ingest_on_sqlite_is_refused(sqlite_setup: Setup) -> None:
    database = Database(sqlite_setup.database_url)
    lock = locks.lock(database, locks.INGEST)
    assert lock.acquire()
    refused = run("ingest", "--config", str(sqlite_setup.config))
    lock.release()
    database.close()
    assert refused.returncode == 2
    assert "another process already ingests into" in refused.stderr


@pytest.mark.parametrize("key", ["[api] port", "[embedded_broker] port"])
def test_a_taken_port_is_named_by_its_key(sqlite_setup: Setup, key: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        is_api = key == "[api] port"
        config = write_config(
            sqlite_setup.folder,
            sqlite_setup.database_url,
            port=sqlite_setup.port if is_api else port,
            embedded=True,
            api_port=port if is_api else 0,
        )
        refused = run("serve", "--config", str(config))
    assert refused.returncode == 2
    assert key in refused.stderr
    assert str(port) in refused.stderr


GOOD_CONFIG = '[database]\nurl = "sqlite:////x"\n[signing]\nkey_file = "k"\n'
BAD_CONFIGS = {
    "section or key 'kitchen'": GOOD_CONFIG + "[kitchen]\n",
    "section [api], key 'prot'": GOOD_CONFIG + "[api]\nprot = 1\n",
    "section [api], key 'host'": GOOD_CONFIG + '[api]\nhost = "0.0.0.0"\n',
    "section [database], key 'url'": '[database]\nurl = "mysql://x"\n[signing]\nkey_file = "k"\n',
    "key 'signing'": '[database]\nurl = "sqlite:////x"\n',
    "is not TOML": "[database\n",
}


@pytest.mark.parametrize("place", BAD_CONFIGS)
def test_a_wrong_configuration_is_refused_by_file_section_and_key(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from cloud.cli import main

    path = tmp_path / "cloud.toml"
    path.write_text(BAD_CONFIGS[place])
    assert main(["migrate", "--config", str(path)]) == 2
    said = capsys.readouterr().err
    assert place in said
    assert str(path) in said


def test_the_example_configuration_is_complete_and_accepted(tmp_path: Path) -> None:
    from cloud.config import load

    example = Path(__file__).parents[2] / "config" / "cloud.example.toml"
    assert load(example).api.port == 8080
    text_of_all = example.read_text()
    for key in ("host", "port", "username", "password_file", "ca", "certificate", "key", "pages_dir", "key_file"):
        assert f"{key} = " in text_of_all


def test_administration_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from cloud.cli import main

    config = ["--config", str(write_config(tmp_path, f"sqlite:///{tmp_path}/c.db", port=1, embedded=True))]
    people = tmp_path / "members.csv"
    people.write_text("id,name,trade,format,bits,data\nm1,王伟,courier,wiegand,26,0a1b2c40\n", encoding="utf-8")
    done = [
        ["keys", "create"],
        ["organisations", "add", "cn", "--name", "全国", "--kind", "national"],
        ["organisations", "add", "bj", "--name", "北京", "--kind", "province", "--parent", "cn"],
        ["stations", "add", "yz-1", "--name", "驿站", "--organisation", "bj"],
        ["members", "import", str(people), "--organisation", "bj"],
        ["members", "import", str(people), "--organisation", "bj"],
        ["members", "revoke", "m1"],
        ["stations", "desired", "yz-1", "--posture", "lockdown"],
    ]
    for arguments in done:
        assert main([*arguments, *config]) == 0, capsys.readouterr().err
    assert "0 added, 0 changed, 0 removed, 1 unchanged" in capsys.readouterr().out
    refused = [
        ["organisations", "add", "second-top", "--name", "x", "--kind", "national"],
        ["organisations", "add", "x", "--name", "x", "--kind", "city", "--parent", "nowhere"],
        ["stations", "add", "No Station", "--name", "x", "--organisation", "bj"],
        ["stations", "add", "yz-2", "--name", "x", "--organisation", "bj", "--timezone", "Mars/Olympus"],
        ["members", "import", str(people), "--organisation", "nowhere"],
        ["members", "revoke", "nobody"],
        ["stations", "desired", "yz-9", "--posture", "secure"],
    ]
    for arguments in refused:
        assert main([*arguments, *config]) == 1, arguments


def test_a_database_that_may_forget_is_refused(cluster: Cluster, postgresql_template: str) -> None:
    url = cluster.create_database(postgresql_template)
    careless = Database(url + "?options=-c%20synchronous_commit%3Doff")
    with pytest.raises(DatabaseRefused, match="synchronous_commit = off"):
        careless.require_durability()
    careless.close()


def test_an_ordinary_database_is_durable_and_of_the_newest_schema(database: Database) -> None:
    database.require_durability()
    require_newest(database)


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    assert set(metadata.tables) > set(swap_tables.TABLES)

    def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
        return not (kind == "table" and name is not None and name.startswith("record_"))

    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []


def test_months_get_partitions_and_everything_else_the_rest(cluster: Cluster, postgresql_template: str) -> None:
    database = Database(cluster.create_database(postgresql_template))
    for _ in range(2):
        ensure_partitions(database, 1_795_000_000_000)
    with database.read() as connection:
        names = connection.scalars(text("SELECT relid::text FROM pg_partition_tree('record') WHERE isleaf"))
        assert sorted(names) == ["record_2026_11", "record_2026_12", "record_2027_01", "record_other"]
    database.close()


def test_a_lock_is_held_by_one_and_free_again_when_released(database: Database, database_url: str) -> None:
    other = Database(database_url)
    first, second = locks.lock(database, locks.PROJECTOR), locks.lock(other, locks.PROJECTOR)
    assert first.acquire()
    assert not second.acquire()
    assert first.still_held()
    first.release()
    assert second.acquire()
    second.release()
    other.close()


def test_a_leader_whose_session_has_died_gives_its_lock_up_in_peace(own_cluster: Cluster) -> None:
    database = Database(own_cluster.create_database())
    held, freed = locks.lock(database, locks.PROJECTOR), locks.lock(database, locks.INGEST)
    assert held.acquire()
    assert freed.acquire()
    own_cluster.kill()
    assert not held.still_held()
    held.release()
    freed.release()
    own_cluster.start()
    database.close()


def test_readiness_is_told_to_a_service_manager(sqlite_setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    address = sqlite_setup.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(address))
        with cloud("serve", "--config", str(sqlite_setup.config)) as process:
            assert manager.recv(100) == b"READY=1"
            assert process.terminate() == 0, "".join(process.log)
            assert manager.recv(100) == b"STOPPING=1"


def test_counts_are_of_this_moment(database: Database) -> None:
    """A read sees one moment: what is committed during it stays out of it."""
    with database.read() as connection:
        query = select(func.count()).select_from(metadata.tables["organisation"])
        before = connection.scalar(query)
        with database.write() as other:
            other.execute(text("UPDATE projector_head SET heartbeat_ms = :now"), {"now": now_ms()})
            other.execute(
                text("INSERT INTO organisation (id, name, kind, parent, path) VALUES ('sh', 's', 'p', 'cn', '/cn/sh/')")
            )
        assert connection.scalar(query) == before
