"""The cloud's ingest under a power cut: what it has acknowledged is in the database, whole groups or nothing."""

import random
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from cloud.ingest.commit import Committer, Item
from cloud.ingest.inbox import Journal as Shipped
from cloud.ingest.inbox import read
from cloud.store.database import Database
from cloud.store.tables import metadata, organisation, received_range, record, station
from contract.codec import encode
from contract.ids import StationId, Stream
from contract.records import DoorForced, UnknownRecord
from contract.topics import Leaf, Topic
from edge.journal.journal import Journal
from edge.journal.model import NewRecord
from edge.journal.reader import JournalReader
from tests.powercut import apsw_dbapi
from tests.powercut.hostile_disk import Disk, mounted

SEEDS = 12
CUTS_PER_SEED = 3
STATION = StationId("zj-hz-0001")


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    """What a station ships, made by a station's own journal."""
    path = tmp_path_factory.mktemp("station") / "journal.db"
    journal, reader = Journal.open(path), JournalReader(path)
    dice = random.Random(1)
    for serial in range(120):
        padding = UnknownRecord("test.padding", {"text": "x" * dice.randrange(2_000)})
        journal.append([NewRecord(one, serial, 1_700_000_000_000 + serial, True) for one in (DoorForced(), padding)])
    items: list[Item] = []
    after = 0
    while (batch := reader.batch(Stream.EVENTS, after, max_records=8)) is not None:
        item = read(str(Topic(STATION, Leaf.JOURNAL)), encode(batch), None, 1_700_000_000_000)
        assert isinstance(item, Shipped)
        items.append(item)
        after = batch.records[-1].seq
    reader.close()
    journal.close()
    return items


def prepare(database: Database) -> None:
    metadata.create_all(database.engine)
    with database.write() as connection:
        connection.execute(organisation.insert().values(id="hz", name="杭州", kind="city", path="/hz/"))
        connection.execute(station.insert().values(id=STATION, name="", organisation="hz", timezone="Asia/Shanghai"))


def take_until_cut(
    directory: Path, items: list[Item], cut_after: int | None, *, honest: bool = True
) -> tuple[Disk, int]:
    """The disk after the cut, and what ingest had acknowledged. `cut_after` counts steps from the first batch."""
    directory.mkdir()
    disk, acknowledged = Disk(), 0
    with mounted(disk, directory.as_posix()) as name:
        path = directory / "cloud.db"
        database = Database(f"sqlite:///{path}", {"creator": lambda: apsw_dbapi.Connection(path, name)})
        prepare(database)
        disk.steps, disk.cut_at, disk.honest = 0, cut_after, honest
        committer = Committer(database)
        try:
            for item in items:
                for answer in committer.commit([item]):
                    acknowledged = max(acknowledged, answer.ack.through_seq)
        except DBAPIError:
            assert disk.dead, "only the power cut may stop ingest here"
        disk.dead = True
        database.engine.dispose()
    return disk, acknowledged


def losses(image: Path, acknowledged: int) -> list[str]:
    """What is wrong with the database that the cut has left."""
    database = Database(f"sqlite:///{image / 'cloud.db'}")
    try:
        with database.read() as connection:
            sound = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            stored = set(connection.scalars(select(record.c.seq)))
            claimed = connection.scalar(select(func.max(received_range.c.through_seq))) or 0
    except DBAPIError as error:
        return [str(error)]
    finally:
        database.engine.dispose()
    found = [] if sound == "ok" else [str(sound)]
    if missing := set(range(1, acknowledged + 1)) - stored:
        found.append(f"{len(missing)} acknowledged records are missing")
    if stored != set(range(1, claimed + 1)):
        found.append(f"{len(stored)} are stored and {claimed} claimed, though both come from one transaction")
    return found


@pytest.mark.parametrize("seed", range(SEEDS))
def test_after_a_power_cut_everything_acknowledged_is_in_the_database(
    tmp_path: Path, batches: list[Item], seed: int
) -> None:
    whole, through = take_until_cut(tmp_path / "whole", batches, None)
    assert through == 240
    dice = random.Random(seed)
    for attempt in range(CUTS_PER_SEED):
        disk, acknowledged = take_until_cut(tmp_path / f"live-{attempt}", batches, dice.randint(1, whole.steps))
        disk.cut(seed * 100 + attempt, tmp_path / f"image-{attempt}")
        assert losses(tmp_path / f"image-{attempt}", acknowledged) == []


def test_the_same_harness_finds_the_loss_on_a_disk_that_lies_about_syncing(tmp_path: Path, batches: list[Item]) -> None:
    found: list[str] = []
    for seed in range(5):
        disk, acknowledged = take_until_cut(tmp_path / f"live-{seed}", batches, 300, honest=False)
        assert acknowledged
        disk.cut(seed, tmp_path / f"image-{seed}")
        found += losses(tmp_path / f"image-{seed}", acknowledged)
    assert found
