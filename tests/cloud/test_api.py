"""The API over real processes: pages of events, health, the live stream that misses nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from contract.messages import Online
from contract.topics import Leaf
from tests.cloud.brokers import free_port
from tests.cloud.cloud_process import CloudProcess, cloud, run
from tests.cloud.conftest import STATION, Setup, make_setup
from tests.cloud.station_client import FakeJournal, connect

DEADLINE_S = 15.0


@dataclass(frozen=True)
class Pair:
    """Two processes that serve the API on one database."""

    port: int
    one: CloudProcess
    two: CloudProcess


@contextmanager
def started(port: int, *parts: tuple[str, Path]) -> Iterator[Pair]:
    """Processes started together and ready; the last two serve the API."""
    with ExitStack() as stack:
        found = [stack.enter_context(cloud(part, "--config", str(path), wait=False)) for part, path in parts]
        assert all(process.ready["ready"] for process in found)
        yield Pair(port, found[-2], found[-1])


@pytest.fixture
def pair(setup: Setup) -> Iterator[Pair]:
    """`serve`, and a second API beside it."""
    with started(setup.port, ("serve", setup.another("one")), ("api", setup.another("two"))) as found:
        yield found


@pytest.fixture
def apart(setup: Setup) -> Iterator[Pair]:
    """Ingest, projector and two APIs, each a process of its own."""
    parts = [("ingest", setup.config), ("project", setup.config)]
    with started(setup.port, *parts, ("api", setup.another("one")), ("api", setup.another("two"))) as found:
        yield found


@pytest.fixture
def alone(database_url: str, tmp_path: Path) -> Setup:
    """With an embedded broker of its own."""
    return make_setup(database_url, free_port(), tmp_path, embedded=True)


@dataclass(frozen=True)
class Message:
    event: str
    id: int | None
    data: dict[str, Any]


@asynccontextmanager
async def live(api: str, last_event_id: str | None = None) -> AsyncIterator[AsyncIterator[Message]]:
    """A client of the live stream."""
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    timeout = httpx.Timeout(DEADLINE_S)
    async with (
        httpx.AsyncClient(timeout=timeout) as client,
        client.stream("GET", f"{api}/api/v1/live", headers=headers) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        yield messages(response)


async def messages(response: httpx.Response) -> AsyncIterator[Message]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.lstrip()
        elif "event" in fields:
            number = int(fields["id"]) if "id" in fields else None
            yield Message(fields["event"], number, json.loads(fields["data"]))
            fields = {}
        else:
            fields = {}


async def take(stream: AsyncIterator[Message], count: int) -> list[Message]:
    async def some() -> list[Message]:
        return [await anext(stream) for _ in range(count)]

    return await asyncio.wait_for(some(), DEADLINE_S)


async def ship(port: int, journal: FakeJournal, records: int) -> None:
    """Let something happen in a station, until it is acknowledged."""
    first = len(journal.records) + 1
    journal.add_many(records)
    async with connect(port, STATION) as station:
        await station.ship(journal, first, first + records - 1)
        await station.acknowledged(journal, first + records - 1)


async def slow_event_s(stream: AsyncIterator[Message], port: int, journal: FakeJournal) -> float:
    """From the station's publish to the live stream: the 95th of 100 of twenty events."""
    loop = asyncio.get_running_loop()
    delays_s = []
    async with connect(port, STATION) as station:
        for _ in range(20):
            seq = journal.add().seq
            started_s = loop.time()
            await station.ship(journal, seq, seq)
            await take(stream, 1)
            delays_s.append(loop.time() - started_s)
    return sorted(delays_s)[18]


@pytest.mark.alone
def test_the_live_stream_begins_with_a_snapshot_misses_no_change_and_is_quick(pair: Pair) -> None:
    api = pair.two.api

    async def scenario() -> None:
        journal = FakeJournal()
        await ship(pair.port, journal, 3)
        await until_change(api, 3)
        async with live(api) as stream:
            (snapshot,) = await take(stream, 1)
            assert (snapshot.event, snapshot.id, snapshot.data["change"]) == ("snapshot", 3, 3)
            assert [event["seq"] for event in snapshot.data["events"]] == [1, 2, 3]
            await ship(pair.port, journal, 40)
            changes = await take(stream, 40)
            assert [message.id for message in changes] == list(range(4, 44))
            assert [message.data["event"]["seq"] for message in changes] == list(range(4, 44))
            assert changes[0].data["station"]["id"] == STATION
            assert await slow_event_s(stream, pair.port, journal) < 0.5

    asyncio.run(scenario())


def test_a_stream_goes_on_at_another_api_process_where_the_killed_one_left_off(pair: Pair) -> None:
    first, second = pair.two, pair.one

    async def scenario() -> None:
        journal = FakeJournal()
        seen: list[int] = []
        async with live(first.api) as stream:
            (snapshot,) = await take(stream, 1)
            assert snapshot.id == 0
            await ship(pair.port, journal, 5)
            seen += [message.id or 0 for message in await take(stream, 5)]
            first.kill()
        await ship(pair.port, journal, 7)
        async with live(second.api, last_event_id=str(seen[-1])) as stream:
            await ship(pair.port, journal, 3)
            seen += [message.id or 0 for message in await take(stream, 10)]
        assert seen == list(range(1, 16))

    asyncio.run(scenario())


def test_eight_clients_on_two_processes_see_the_same_when_one_process_is_killed(apart: Pair) -> None:
    processes = [apart.one, apart.two]

    async def follow(start: int, wanted: int, ready: asyncio.Semaphore) -> list[int]:
        """A browser tab: reconnects with the last id wherever an API answers."""
        seen: list[int] = []
        last: int | None = None
        at = start
        while not seen or seen[-1] < wanted:
            try:
                async with live(processes[at % 2].api, None if last is None else str(last)) as stream:
                    async for message in stream:
                        last = message.id
                        if message.event == "snapshot":
                            seen.append(message.id or 0)
                            ready.release()
                        else:
                            seen.append(message.id or 0)
                        if seen[-1] >= wanted:
                            break
            except httpx.HTTPError:
                at += 1
        return seen

    async def scenario() -> None:
        journal, ready = FakeJournal(), asyncio.Semaphore(0)
        tabs = [asyncio.create_task(follow(index, 30, ready)) for index in range(8)]
        for _ in tabs:
            await asyncio.wait_for(ready.acquire(), DEADLINE_S)
        await ship(apart.port, journal, 10)
        processes[0].kill()
        await ship(apart.port, journal, 20)
        for seen in await asyncio.wait_for(asyncio.gather(*tabs), DEADLINE_S):
            assert seen == list(range(31))

    asyncio.run(scenario())


def test_serve_is_everything_in_one_process_and_ends_in_order(alone: Setup) -> None:
    async def scenario(process: CloudProcess) -> None:
        journal = FakeJournal()
        async with live(process.api) as stream:
            await take(stream, 1)
            async with connect(alone.port, STATION) as station:
                await station.online()
                await station.state(journal)
                await station.hello(journal)
                await station.acknowledged(journal, 0)
                await station.send(Leaf.ONLINE, Online(session=station.session, online=False), retain=True)
            changes = await take(stream, 3)
        assert [message.data["station"]["online"] for message in changes] == [True, True, False]
        # A connection that is taken over leaves its will, which is of an older session by then.
        async with connect(alone.port, STATION, session="aa" * 8) as first:
            await first.online()
            async with connect(alone.port, STATION, session="bb" * 8) as second:
                await second.online()
                await second.state(FakeJournal(), people=7)
                await until(process.api, lambda shown: shown["people"] == 7)
                await until(process.api, lambda shown: shown["online"] is True)

    async def end_with_an_open_page(process: CloudProcess) -> None:
        async with live(process.api) as stream:
            await take(stream, 1)
            assert await asyncio.to_thread(process.terminate) == 0

    with cloud("serve", "--config", str(alone.config)) as process:
        asyncio.run(scenario(process))
        asyncio.run(end_with_an_open_page(process))


def test_the_openapi_document_needs_no_configuration_and_names_the_live_messages() -> None:
    done = run("openapi")
    document = json.loads(done.stdout)
    assert {"LiveSnapshot", "LiveChange", "LiveReset", "StationDetail"} <= set(document["components"]["schemas"])
    assert {"/api/v1/live", "/api/v1/stations", "/healthz", "/readyz", "/metrics"} <= set(document["paths"])


async def until(api: str, condition: Any) -> None:
    async with asyncio.timeout(DEADLINE_S), httpx.AsyncClient() as client:
        while not condition((await client.get(f"{api}/api/v1/stations/{STATION}")).json()):
            await asyncio.sleep(0.02)


async def until_change(api: str, number: int) -> None:
    async with asyncio.timeout(DEADLINE_S), httpx.AsyncClient() as client:
        while (await client.get(f"{api}/api/v1/stations")).json()["change"] < number:
            await asyncio.sleep(0.02)
