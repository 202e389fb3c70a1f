"""The API's answers, asked within this process."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from cloud import metrics
from cloud.api import feed
from cloud.api.app import create_app
from cloud.api.feed import LiveFeed
from cloud.domain import live
from cloud.domain.scope import Scope
from cloud.ingest.commit import Committer
from cloud.nudge import Nudge
from cloud.projector.round import Rounds
from cloud.store.database import Database
from tests.cloud.conftest import STATION
from tests.cloud.station_client import FakeJournal
from tests.cloud.test_commit import publish
from tests.cloud.test_projector import run


@asynccontextmanager
async def api(database: Database, pages: Path = Path("/nonexistent")) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(database, pages))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client


def happen(database: Database, records: int, journal: FakeJournal | None = None) -> FakeJournal:
    """Let records be committed and shown."""
    journal = journal or FakeJournal()
    first = len(journal.records) + 1
    journal.add_many(records)
    Committer(database).commit([publish(journal.batch(first, first + records - 1))])
    run(Rounds(database))
    return journal


def test_events_are_paged_by_change(database: Database) -> None:
    happen(database, 30)

    async def scenario() -> None:
        async with api(database) as client:
            address = f"/api/v1/stations/{STATION}/events"
            newest = (await client.get(address, params={"limit": 5})).json()
            assert [event["change"] for event in newest["events"]] == [26, 27, 28, 29, 30]
            page = (await client.get(address, params={"after": 0, "limit": 20})).json()
            assert [event["seq"] for event in page["events"]] == list(range(1, 21))
            rest = (await client.get(address, params={"after": page["next_after"], "limit": 1_000})).json()
            assert [event["seq"] for event in rest["events"]] == list(range(21, 31))
            end = (await client.get(address, params={"after": rest["next_after"]})).json()
            assert end == {"events": [], "next_after": 30}
            assert (await client.get(address, params={"limit": 1_001})).status_code == 422

    asyncio.run(scenario())


def test_stations_are_listed_in_short_and_shown_in_full(database: Database) -> None:
    async def scenario() -> None:
        async with api(database) as client:
            listed = (await client.get("/api/v1/stations")).json()
            assert [station["name"] for station in listed["stations"]] == ["驿站1", "驿站2"]
            assert listed["stations"][0]["organisation"]["path"] == ["全国", "北京"]
            assert "readers" not in listed["stations"][0]
            shown = (await client.get(f"/api/v1/stations/{STATION}")).json()
            assert (shown["readers"], shown["door"], shown["online"]) == ([], None, False)
            for missing in ("/unknown", "/unknown/events", "/%00", "/%00/events", f"/{'x' * 5_000}", "/YZ"):
                assert (await client.get(f"/api/v1/stations{missing}")).status_code == 404

    asyncio.run(scenario())


def test_readiness_tells_a_dead_projector_from_a_living_process(database: Database) -> None:
    async def scenario() -> None:
        async with api(database) as client:
            assert (await client.get("/healthz")).json()["ok"] is True
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "ok")
            run(Rounds(database))
            assert (await client.get("/readyz")).status_code == 200
            assert "yizhan_records_committed_total" in (await client.get("/metrics")).text

    asyncio.run(scenario())


def test_pages_are_served_and_said_how_to_build_when_missing(database: Database, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    pages = tmp_path / "pages"

    async def scenario() -> None:
        async with api(database, pages) as client:
            assert "make pages" in (await client.get("/")).text
            assert (await client.get("/assets/a.js")).status_code == 404
            (pages / "assets").mkdir(parents=True)
            (pages / "index.html").write_text("ops")
            (pages / "favicon.svg").write_text("icon")
            (pages / "assets" / "a.js").write_text("script")
            expected = {"/": "ops", "/stations/x": "ops", "/favicon.svg": "icon", "/assets/a.js": "script"}
            for path, content in expected.items():
                assert (await client.get(path)).text == content
            assert (await client.get("/api/v1/nothing")).status_code == 404
            for path in ("/..%2fsecret", "/../secret", "/assets/..%2f..%2fsecret", "//etc/passwd"):
                assert "secret" not in (await client.get(path)).text

    asyncio.run(scenario())


async def first_messages(database: Database, last_event_id: str | None, count: int) -> list[tuple[str, str | None]]:
    """Event and id of the first messages of a live stream."""
    found = []
    async for text in LiveFeed(database, Nudge()).stream(Scope.whole(), last_event_id):
        fields = dict(line.partition(": ")[::2] for line in text.strip().splitlines())
        if "event" in fields:
            found.append((fields["event"], fields.get("id")))
        if len(found) == count:
            break
    return found


def test_a_client_resumes_behind_its_last_event_id(database: Database) -> None:
    happen(database, 5)
    assert asyncio.run(first_messages(database, None, 1)) == [("snapshot", "5")]
    assert asyncio.run(first_messages(database, "3", 2)) == [("change", "4"), ("change", "5")]


def test_a_last_event_id_that_cannot_be_is_answered_by_reset_and_snapshot(database: Database) -> None:
    happen(database, 2)
    for last in ("999999", "rubbish", "-3"):
        assert asyncio.run(first_messages(database, last, 2)) == [("reset", None), ("snapshot", "2")]


def test_a_client_too_far_behind_gets_a_snapshot(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RESUME_CHANGES", 10)
    happen(database, 30)
    assert asyncio.run(first_messages(database, "5", 2)) == [("reset", None), ("snapshot", "30")]
    assert asyncio.run(first_messages(database, "25", 1)) == [("change", "26")]


def test_a_slow_client_is_dropped_and_others_go_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> list[int]:
        live_feed = LiveFeed(database, Nudge())
        polling = asyncio.create_task(live_feed.run())
        slow = live_feed.stream(Scope.whole(), None)
        quick = live_feed.stream(Scope.whole(), None)
        for stream in (slow, quick):
            assert await anext(stream) == "retry: 1000\n\n"
            assert "snapshot" in await anext(stream)
        numbers: list[int] = []
        journal = FakeJournal()
        for _ in range(6):
            await asyncio.to_thread(happen, database, 10, journal)
            for _ in range(10):
                text = await asyncio.wait_for(anext(quick), 10)
                numbers.append(json.loads(text.partition("data: ")[2])["change"])
        # The slow one reads what it has, then its stream ends and it resumes elsewhere.
        left = [text async for text in slow]
        polling.cancel()
        return [len(left), *numbers]

    monkeypatch.setattr(feed, "CLIENT_QUEUE", 20)
    left, *numbers = asyncio.run(scenario())
    assert numbers == list(range(1, 61))
    assert left <= 60


def test_a_client_that_was_dropped_and_does_not_read_still_counts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        live_feed = LiveFeed(database, Nudge())
        polling = asyncio.create_task(live_feed.run())
        stalled = live_feed.stream(Scope.whole(), None)
        await anext(stalled)
        assert "snapshot" in await anext(stalled)
        await asyncio.to_thread(happen, database, 10)
        dropped = metrics.SSE_DROPPED._value.get
        while dropped() == before:
            await asyncio.sleep(0.02)
        assert live_feed.is_full
        polling.cancel()

    before = metrics.SSE_DROPPED._value.get()
    monkeypatch.setattr(feed, "CLIENT_QUEUE", 5)
    monkeypatch.setattr(feed, "MAX_CLIENTS", 1)
    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_what_lies_outside_a_clients_scope_is_not_sent(database: Database) -> None:
    happen(database, 3)

    async def scenario() -> list[str]:
        live_feed = LiveFeed(database, Nudge())
        stream = live_feed.stream(Scope("/cn/sh/"), "0")
        await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.wait([waiting], timeout=0.5)
        waiting.cancel()
        return [] if not waiting.done() else [waiting.result()]

    assert asyncio.run(scenario()) == []
    assert live.snapshot(database, Scope("/cn/sh/")).stations == []
    assert live.snapshot(database, Scope("/cn/sh/")).events == []
    assert len(live.snapshot(database, Scope("/cn/bj/")).events) == 3
