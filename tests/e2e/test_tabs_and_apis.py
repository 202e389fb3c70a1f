"""Two API processes on one database, a balancer in front, eight tabs of one browser, and a stream of records: each API
process is killed once, and no tab misses anything or shows anything twice.

What the tabs have seen is what they have shown: every entry that their timelines drew, by its change number.
"""

import asyncio
import re
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from cloud.service.broker import EmbeddedBroker
from cloud.store.database import Database
from tests.cloud.brokers import free_port
from tests.cloud.cloud_process import CloudProcess, cloud
from tests.cloud.conftest import STATION, Setup, make_setup, populate
from tests.cloud.postgres import Cluster, programs
from tests.cloud.station_client import FakeJournal, StationClient, connect
from tests.e2e.balancer import Balancer, balancing
from tests.e2e.chromium import Chromium, Tab
from yizhan.stack.clients import request

TABS: Final = 8
EVERY_S: Final = 0.1
"""Between records: a tab that is away for five seconds still has them all among the newest that it draws."""
BETWEEN_KILLS: Final = 15
"""Records that must reach all tabs before the next process dies."""
DEADLINE_S: Final = 20.0


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    """PostgreSQL where it is installed, as in production; else SQLite."""
    if programs() is None:
        yield f"sqlite:///{tmp_path / 'cloud.db'}"
        return
    cluster = Cluster()
    cluster.start()
    yield cluster.create_database()
    cluster.stop()


@pytest.fixture
def setup(database_url: str, tmp_path: Path, pages: Path) -> Iterator[Setup]:
    """A broker, and a database with a station in it."""
    port = free_port()
    broker = EmbeddedBroker(port)
    broker.start()
    database = Database(database_url)
    populate(database)
    database.close()
    (tmp_path / "pages").symlink_to(pages)
    yield make_setup(database_url, port, tmp_path)
    broker.stop()


@dataclass
class Stream:
    """Records that a station sends, one after the other, until it is stopped."""

    station: StationClient
    journal: FakeJournal
    stopped: bool = False

    async def run(self) -> None:
        while not self.stopped:
            last = self.journal.add().seq
            await self.station.ship(self.journal, last, last)
            await asyncio.sleep(EVERY_S)

    async def more(self, count: int) -> None:
        """Until so many more are committed."""
        last = len(self.journal.records) + count
        await self.station.until(lambda: any(ack.through_seq >= last for ack in self.station.acks), DEADLINE_S)


async def all_tabs(tabs: list[Tab], expression: str) -> None:
    """Wait until it is true in each."""
    for tab in tabs:
        await asyncio.to_thread(tab.until, expression)


async def stations_change(address: str) -> int:
    """The newest change number."""
    return int((await asyncio.to_thread(request, f"{address}api/v1/stations"))["change"])


async def drawn_by_all(tabs: list[Tab], address: str) -> int:
    """Wait until every tab has come as far as the database is now; gives that change number."""
    newest = await stations_change(address)
    await all_tabs(tabs, f"Number(document.querySelector('main').dataset.change) >= {newest}")
    return newest


async def changes_of_events(address: str) -> list[int]:
    """The change numbers of all of the station's committed records, rising."""
    page = await asyncio.to_thread(request, f"{address}api/v1/stations/{STATION}/events?after=0&limit=1000")
    return [event["change"] for event in page["events"]]


async def all_projected(address: str, records: int) -> None:
    """Wait until so many records are part of the fleet's picture."""
    async with asyncio.timeout(DEADLINE_S):
        while len(await changes_of_events(address)) < records:
            await asyncio.sleep(0.05)


def live_clients(api: str) -> int:
    """The live streams that an API process says it serves."""
    with urllib.request.urlopen(f"{api}/metrics", timeout=DEADLINE_S) as answer:
        found = re.search(r"^yizhan_live_clients ([0-9.]+)$", answer.read().decode(), re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


@dataclass
class Apis:
    """The API processes by their addresses, as the balancer knows them."""

    start: Callable[[], CloudProcess]
    balancer: Balancer
    running: dict[str, CloudProcess] = field(default_factory=dict)

    async def add(self) -> None:
        process = self.start()
        address = await asyncio.to_thread(lambda: process.api)
        self.running[address] = process
        self.balancer.backends.append(address)

    async def kill_whoever_serves_the_browser(self) -> None:
        """Kill -9; when it returns, the browser's live stream stands on the other one."""
        (address,) = self.balancer.live
        before = self.balancer.live_ever
        await asyncio.to_thread(self.running.pop(address).kill)
        async with asyncio.timeout(DEADLINE_S):
            while self.balancer.live_ever == before or not self.balancer.live:
                await asyncio.sleep(0.02)
        assert self.balancer.live == list(self.running)
        self.balancer.backends.remove(address)


async def open_tabs(browser: Chromium, address: str) -> list[Tab]:
    """Half of them on the fleet, half on the station; all live, their timelines loaded."""
    paths = ["", f"stations/{STATION}"] * (TABS // 2)
    tabs = [await asyncio.to_thread(browser.open, f"{address}{path}?lang=en") for path in paths]
    await all_tabs(tabs, "document.querySelector('.link.live') && document.querySelector('[data-change].event')")
    return tabs


async def play(setup: Setup, start_api: Callable[[], CloudProcess], browser: Chromium) -> None:
    async with (
        balancing() as (balancer, address),
        connect(setup.port, STATION) as station,
        asyncio.TaskGroup() as tasks,
    ):
        apis = Apis(start_api, balancer)
        await asyncio.gather(apis.add(), apis.add())
        stream = Stream(station, FakeJournal())
        await station.online()
        sending = tasks.create_task(stream.run())
        await stream.more(1)
        tabs = await open_tabs(browser, address)
        first = await drawn_by_all(tabs, address)

        await stream.more(BETWEEN_KILLS)
        await apis.kill_whoever_serves_the_browser()
        await stream.more(BETWEEN_KILLS)
        await drawn_by_all(tabs, address)
        await apis.add()
        await apis.kill_whoever_serves_the_browser()
        await stream.more(BETWEEN_KILLS)

        stream.stopped = True
        await sending
        last = len(stream.journal.records)
        await station.acknowledged(stream.journal, last)
        await all_projected(address, last)
        newest = await drawn_by_all(tabs, address)

        committed = [number for number in await changes_of_events(address) if first < number <= newest]
        assert len(committed) >= 3 * BETWEEN_KILLS
        for tab in tabs:
            drawn: list[int] = await asyncio.to_thread(tab.evaluate, "witness.events")
            assert sorted(number for number in drawn if number > first) == committed
        assert balancer.most_live == 1
        assert sum([await asyncio.to_thread(live_clients, api) for api in apis.running]) == 1


def test_eight_tabs_miss_nothing_and_double_nothing_while_both_api_processes_are_killed(setup: Setup) -> None:
    config = ("--config", str(setup.config))
    with ExitStack() as processes:

        def start(part: str) -> CloudProcess:
            return processes.enter_context(cloud(part, *config, wait=False))

        start("ingest")
        start("project")
        browser = processes.enter_context(Chromium())
        asyncio.run(play(setup, lambda: start("api"), browser))
