"""The live stream: one poller per process, any number of browsers.

The poller reads new changes once and hands them to every client's bounded queue; a client that does not keep up is
dropped and resumes by its `Last-Event-ID` on any API process. As change numbers have no gaps, a client's stream is
complete exactly when it continues each number by the next: what the queue lacks is read from the database.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Final

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from cloud import metrics
from cloud.api.models import LiveReset
from cloud.domain import live
from cloud.domain.live import Numbered
from cloud.domain.scope import Scope
from cloud.nudge import Nudge
from cloud.store.database import Database

log = logging.getLogger(__name__)
POLL_S: Final = 0.1
HEARTBEAT_S: Final = 10.0
CLIENT_QUEUE: Final = 1_000
MAX_CLIENTS: Final = 1_000
FAILURE_DELAY_S: Final = 1.0


class _Client:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[Numbered] = asyncio.Queue(CLIENT_QUEUE)
        self.dropped = asyncio.Event()


class LiveFeed:
    """Feeds all live clients of one process."""

    def __init__(self, database: Database, changed: Nudge) -> None:
        self._database = database
        self._changed = changed
        self._clients: set[_Client] = set()
        # Beside the clients these are the dropped ones, whose connection has not ended yet because they do not read.
        self._streams = 0

    @property
    def is_full(self) -> bool:
        """Whether the process serves as many live clients as it may."""
        return self._streams >= MAX_CLIENTS

    async def run(self) -> None:
        """The poller. Never returns; cancel it."""
        number: int | None = None
        away = False
        while True:
            try:
                if number is None:
                    number = await asyncio.to_thread(live.head, self._database)
                found = await asyncio.to_thread(self._wait_and_read, number)
                away = False
            except SQLAlchemyError as error:
                if not away:
                    log.warning("live: the database does not answer: %s", str(error).splitlines()[0])
                away = True
                await asyncio.sleep(FAILURE_DELAY_S)
                continue
            except Exception:
                # The task's rim: without its poller every live page would stand still.
                log.exception("live: changes behind %s cannot be read", number)
                await asyncio.sleep(FAILURE_DELAY_S)
                continue
            for item in found:
                number = item.change.change
                self._hand_out(item)

    async def stream(self, scope: Scope, last_event_id: str | None) -> AsyncIterator[str]:
        """One client's stream of SSE messages."""
        client = _Client()
        # Listening begins before the snapshot is read, so that nothing falls between the two.
        self._clients.add(client)
        self._streams += 1
        metrics.SSE_CLIENTS.inc()
        try:
            # At once, so that proxies and browsers know that the stream stands.
            yield "retry: 1000\n\n"
            number, reset = await asyncio.to_thread(self._resume_from, last_event_id)
            if reset is not None:
                yield message("reset", LiveReset.model_validate({"why": reset}), None)
            if number is None:
                snapshot = await asyncio.to_thread(live.snapshot, self._database, scope)
                number = snapshot.change
                yield message("snapshot", snapshot, number)
            async for text in self._changes(client, scope, number):
                yield text
        finally:
            self._clients.discard(client)
            self._streams -= 1
            metrics.SSE_CLIENTS.dec()

    async def _changes(self, client: _Client, scope: Scope, number: int) -> AsyncIterator[str]:
        while True:
            for item in await asyncio.to_thread(live.changes_after, self._database, number):
                number = item.change.change
                if scope.contains(item.path):
                    yield message("change", item.change, number)
            while not client.dropped.is_set():
                try:
                    item = await asyncio.wait_for(client.queue.get(), HEARTBEAT_S)
                except TimeoutError:
                    yield ": alive\n\n"
                    continue
                if item.change.change <= number:
                    continue
                if item.change.change > number + 1:
                    break
                number = item.change.change
                # Checked again at every send: rights may have changed since the stream began.
                if scope.contains(item.path):
                    yield message("change", item.change, number)
            if client.dropped.is_set():
                return

    def _wait_and_read(self, number: int) -> list[Numbered]:
        self._changed.wait(POLL_S)
        if live.head(self._database) == number:
            return []
        return live.changes_after(self._database, number)

    def _hand_out(self, item: Numbered) -> None:
        for client in list(self._clients):
            try:
                client.queue.put_nowait(item)
            except asyncio.QueueFull:
                client.dropped.set()
                self._clients.discard(client)
                metrics.SSE_DROPPED.inc()

    def _resume_from(self, last_event_id: str | None) -> tuple[int | None, str | None]:
        """The change to go on behind, or None for a snapshot; and why a client that had one must begin anew."""
        if last_event_id is None or last_event_id == "":
            return None, None
        newest = live.head(self._database)
        if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 18:
            return None, "unknown"
        number = int(last_event_id)
        if number > newest:
            return None, "unknown"
        return (number, None) if newest - number <= live.RESUME_CHANGES else (None, "too_old")


def message(event: str, data: BaseModel, number: int | None) -> str:
    """One SSE message."""
    text = json.dumps(data.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))
    identity = "" if number is None else f"id: {number}\n"
    return f"event: {event}\n{identity}data: {text}\n\n"
