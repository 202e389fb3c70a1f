"""Both databases, both brokers, and a cloud to try."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest
from sqlalchemy import Connection

from cloud.config import SigningSection
from cloud.domain.administration import add_organisation, add_station
from cloud.roster import keys
from cloud.service.broker import EmbeddedBroker
from cloud.store.database import Database
from cloud.store.migrations import migrate
from contract.ids import NodeId, StationId
from contract.topics import Leaf, Topic
from tests.cloud.brokers import Mosquitto, free_port, mosquitto_program
from tests.cloud.cloud_process import write_config
from tests.cloud.postgres import Cluster, programs

STATION = StationId("yz-bj-0001")
OTHER_STATION = StationId("yz-bj-0002")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if programs() is None:
        pytest.skip("needs PostgreSQL")
    found = Cluster()
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="session")
def postgresql_template(cluster: Cluster) -> str:
    """A migrated, populated database that others are copied from."""
    url = cluster.create_database()
    database = Database(url)
    populate(database)
    database.close()
    return url.rpartition("/")[2]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "cloud.db"
    database = Database(f"sqlite:///{path}")
    populate(database)
    database.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of its own for each test: two organisations, two stations, nothing else."""
    if request.param == "sqlite":
        path = tmp_path / "cloud.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template: str = request.getfixturevalue("postgresql_template")
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.create_database(template)
    yield url
    cluster.drop_database(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    yield found
    found.close()


@pytest.fixture(scope="session")
def embedded_port() -> Iterator[int]:
    port = free_port()
    broker = EmbeddedBroker(port)
    broker.start()
    yield port
    broker.stop()


@pytest.fixture(scope="session")
def mosquitto_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    if mosquitto_program() is None:
        pytest.skip("needs mosquitto")
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    yield broker.port
    broker.stop()


@pytest.fixture(params=["iotcore", "mosquitto"])
def broker_port(request: pytest.FixtureRequest) -> int:
    """A broker that is there; tests tell each other apart by their stations' epochs."""
    port: int = request.getfixturevalue("embedded_port" if request.param == "iotcore" else "mosquitto_port")
    return port


@dataclass(frozen=True)
class Setup:
    """A configuration on disk, ready to be run."""

    config: Path
    port: int
    database_url: str
    folder: Path

    def another(self, name: str) -> Path:
        """A second configuration on the same database and broker, with an API port of its own."""
        return write_config(self.folder, self.database_url, port=self.port, embedded=False, name=name)


@pytest.fixture
def setup(database_url: str, embedded_port: int, tmp_path: Path) -> Setup:
    """Against the session's embedded broker, as an outside one, which remembers nothing of the tests before."""
    asyncio.run(_forget(embedded_port))
    return make_setup(database_url, embedded_port, tmp_path)


async def _forget(port: int) -> None:
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        for station in (STATION, OTHER_STATION):
            for leaf in (Leaf.ONLINE, Leaf.STATE, Leaf.DESIRED, Leaf.ROSTER_HEAD):
                await client.publish(str(Topic(station, leaf)), b"", qos=1, retain=True)


def make_setup(database_url: str, port: int, folder: Path, *, embedded: bool = False) -> Setup:
    keys.create(SigningSection(folder / "signing.key"))
    return Setup(write_config(folder, database_url, port=port, embedded=embedded), port, database_url, folder)


def populate(database: Database) -> None:
    migrate(database)
    with database.write() as connection:
        populate_tree(connection)


def populate_tree(connection: Connection) -> None:
    add_organisation(connection, NodeId("cn"), name="全国", kind="national", parent=None)
    add_organisation(connection, NodeId("bj"), name="北京", kind="province", parent=NodeId("cn"))
    for index, station in enumerate((STATION, OTHER_STATION), start=1):
        add_station(connection, station, name=f"驿站{index}", organisation_id=NodeId("bj"), timezone="Asia/Shanghai")
