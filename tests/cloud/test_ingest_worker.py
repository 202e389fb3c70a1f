"""Ingest over a real broker: nothing is acknowledged before the database has committed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from cloud import config as configuration
from cloud.config import SigningSection
from cloud.ingest.check import Checked, check_chain
from cloud.ingest.worker import IngestWorker
from cloud.nudge import Nudge
from cloud.roster import keys
from cloud.store.database import Database
from cloud.store.tables import record
from contract.ids import StationId
from contract.messages import JournalBatch
from contract.topics import Leaf
from tests.cloud.cloud_process import write_config
from tests.cloud.conftest import STATION
from tests.cloud.station_client import FakeJournal, connect


@asynccontextmanager
async def ingesting(database: Database, port: int, folder: Path, workers: int = 1) -> AsyncIterator[None]:
    """Ingest workers in this process, connected."""
    if not (folder / "signing.key").exists():
        keys.create(SigningSection(folder / "signing.key"))
    url = database.url.render_as_string(hide_password=False)
    config = configuration.load(write_config(folder, url, port=port, embedded=False))
    running = [IngestWorker(config, database, keys.load(config.signing), Nudge()) for _ in range(workers)]
    tasks = [asyncio.create_task(worker.run()) for worker in running]
    try:
        for worker in running:
            await asyncio.wait_for(worker.link.connected.wait(), 10)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def stored(database: Database, journal: FakeJournal) -> int:
    with database.read() as connection:
        query = select(func.count()).select_from(record).where(record.c.epoch == journal.epoch)
        return connection.scalar(query) or 0


def test_a_station_is_greeted_and_its_journal_acknowledged(
    database: Database, broker_port: int, tmp_path: Path
) -> None:
    async def scenario() -> None:
        journal = FakeJournal()
        journal.add_many(250)
        async with ingesting(database, broker_port, tmp_path), connect(broker_port, STATION) as station:
            await station.hello(journal)
            await station.acknowledged(journal, 0)
            for first in range(1, 250, 50):
                await station.ship(journal, first, first + 49)
            ack = await station.acknowledged(journal, 250)
            assert ack.through_digest == journal.records[-1].digest
        assert stored(database, journal) == 250

    asyncio.run(scenario())


def test_nothing_is_acknowledged_while_the_commit_is_held_up(
    database: Database, broker_port: int, tmp_path: Path
) -> None:
    async def scenario() -> None:
        journal = FakeJournal()
        journal.add_many(3)
        async with ingesting(database, broker_port, tmp_path), connect(broker_port, STATION) as station:
            # Somebody else holds what the commit needs: SQLite's write lock, or the station's row.
            with database.write() as connection:
                if not database.is_sqlite:
                    connection.execute(text("LOCK TABLE record IN EXCLUSIVE MODE"))
                await station.ship(journal, 1, 3)
                with pytest.raises(TimeoutError):
                    await station.acknowledged(journal, 3, deadline_s=1.0)
                assert not station.acks
            await station.acknowledged(journal, 3)
        assert stored(database, journal) == 3

    asyncio.run(scenario())


def test_malformed_messages_are_survived_and_the_stream_behind_them_goes_on(
    database: Database, broker_port: int, tmp_path: Path
) -> None:
    async def scenario() -> None:
        journal = FakeJournal()
        journal.add_many(2)
        journal.add(body={"text": "\x00", "number": float("nan"), "half": "\ud800", "big": 2**63})
        journal.add()
        async with ingesting(database, broker_port, tmp_path), connect(broker_port, STATION) as station:
            for payload in (b"", b"{", b"\xff" * 100, b"[]", b'{"v":9}', b"x" * 300_000, b"x\x9c" * 50):
                await station.send_bytes(Leaf.JOURNAL, payload)
                await station.send_bytes(Leaf.HELLO, payload)
                await station.send_bytes(Leaf.ROSTER_PULL, payload)
            await station.send_bytes(Leaf.JOURNAL, b"x" * 300_000, correlation=f"{journal.epoch}:events:1:2")
            await station.until(lambda: any(ack.unreadable for ack in station.acks))
            await station.ship(journal, 1, 4)
            await station.acknowledged(journal, 4)
        assert stored(database, journal) == 3

    asyncio.run(scenario())


def test_an_error_that_nobody_foresaw_costs_one_message_and_not_the_stream(
    database: Database, broker_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def surprising(batch: JournalBatch) -> list[Checked]:
        if batch.first_seq == 2:
            raise ZeroDivisionError
        return check_chain(batch)

    monkeypatch.setattr("cloud.ingest.commit.check_chain", surprising)

    async def scenario() -> None:
        journal, other = FakeJournal(), FakeJournal()
        journal.add_many(4)
        async with ingesting(database, broker_port, tmp_path), connect(broker_port, STATION) as station:
            for seq in range(1, 5):
                await station.ship(journal, seq, seq)
            # The greeting is behind them all in the queue.
            await station.hello(other)
            await station.acknowledged(other, 0)
        assert stored(database, journal) == 3

    asyncio.run(scenario())


def test_an_unknown_station_is_not_answered_and_disturbs_nobody(
    database: Database, broker_port: int, tmp_path: Path
) -> None:
    async def scenario() -> None:
        journal, foreign = FakeJournal(), FakeJournal()
        journal.add()
        foreign.add()
        async with (
            ingesting(database, broker_port, tmp_path),
            connect(broker_port, StationId("stranger")) as stranger,
            connect(broker_port, STATION) as station,
        ):
            await stranger.ship(foreign, 1, 1)
            await station.ship(journal, 1, 1)
            await station.acknowledged(journal, 1)
            assert not stranger.acks
        assert stored(database, foreign) == 0

    asyncio.run(scenario())


def test_workers_share_the_stream_and_lose_nothing(database: Database, broker_port: int, tmp_path: Path) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite takes exactly one ingest")

    async def scenario() -> None:
        journal = FakeJournal()
        journal.add_many(400)
        async with ingesting(database, broker_port, tmp_path, workers=2), connect(broker_port, STATION) as station:
            for first in range(1, 400, 20):
                await station.ship(journal, first, first + 19)
            await station.acknowledged(journal, 400)
        assert stored(database, journal) == 400

    asyncio.run(scenario())
