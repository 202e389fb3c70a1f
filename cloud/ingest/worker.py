"""The MQTT session around the committing transaction.

Messages wait in a bounded queue; the committing thread takes whatever is there (it never waits to gather more),
commits it in one transaction, and only then are the acknowledgements published. When the queue is full, messages are
dropped and counted: their stations send them again, as nobody has acknowledged them. During an outage of the database
the same group is tried again with growing, jittered delays.
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Final

import aiomqtt
import psycopg
from sqlalchemy.exc import SQLAlchemyError

from cloud import metrics
from cloud.clock import now_ms
from cloud.config import Config
from cloud.ending import together
from cloud.ingest.commit import Answer, Committer, Item
from cloud.ingest.inbox import Greeting, Pull, Received, read
from cloud.mqtt import Link, correlation_data, payload_bytes
from cloud.nudge import Nudge
from cloud.roster import pages, publisher
from cloud.roster.keys import Signer
from cloud.store.database import Database
from contract.codec import encode
from contract.topics import Leaf, Topic, shared

log = logging.getLogger(__name__)
QUEUE_MESSAGES: Final = 5_000
QUEUE_BYTES: Final = 64 * 1024 * 1024
"""Of JSON; as objects it is up to twenty times as much."""
GROUP_MESSAGES: Final = 256
REQUESTS: Final = 2_000
FIRST_DELAY_S: Final = 0.05
LONGEST_DELAY_S: Final = 2.0
SUBSCRIBED: Final = (Leaf.JOURNAL, Leaf.HELLO, Leaf.ROSTER_PULL)
Outage = (SQLAlchemyError, psycopg.Error, OSError)


class IngestWorker:
    """One worker. Several may run on PostgreSQL, in one process or many."""

    def __init__(self, config: Config, database: Database, signer: Signer, committed: Nudge) -> None:
        self._committer = Committer(database)
        self._database = database
        self._signer = signer
        self._committed = committed
        self._queue: asyncio.Queue[Item] = asyncio.Queue(QUEUE_MESSAGES)
        self._requests: asyncio.Queue[Pull | Greeting] = asyncio.Queue(REQUESTS)
        self._queued_bytes = 0
        self._client: aiomqtt.Client | None = None
        self.link = Link(config, "ingest", self._listen)

    async def run(self) -> None:
        """Never returns; cancel it."""
        await together(self.link.run(), self._commit_forever(), self._serve_requests())

    async def _listen(self, client: aiomqtt.Client) -> None:
        for leaf in SUBSCRIBED:
            await client.subscribe(shared(leaf), qos=1)
        self._client = client
        self.link.up()
        try:
            async for message in client.messages:
                item = read(str(message.topic), payload_bytes(message), correlation_data(message), now_ms())
                self._put(item)
        finally:
            self._client = None

    def _put(self, item: Received) -> None:
        """Into its queue; dropped and counted when that is full by number or by size."""
        if isinstance(item, Pull):
            if self._requests.full():
                metrics.DROPPED.inc()
            else:
                self._requests.put_nowait(item)
            return
        if self._queue.full() or self._queued_bytes + item.weight_bytes > QUEUE_BYTES:
            metrics.DROPPED.inc()
            return
        self._queued_bytes += item.weight_bytes
        self._queue.put_nowait(item)

    async def _commit_forever(self) -> None:
        while True:
            group = [await self._queue.get()]
            while len(group) < GROUP_MESSAGES and not self._queue.empty():
                group.append(self._queue.get_nowait())
            self._queued_bytes -= sum(item.weight_bytes for item in group)
            answers = await self._commit(group)
            self._committed.set()
            await self._publish(answers)
            for item in group:
                if isinstance(item, Greeting) and not self._requests.full():
                    self._requests.put_nowait(item)

    async def _commit(self, group: Sequence[Item]) -> list[Answer]:
        """Commit, however long the database is away. What waits meanwhile is bounded by the queue."""
        delay_s, away = FIRST_DELAY_S, False
        while True:
            try:
                answers = await asyncio.to_thread(self._committer.commit, group)
            except Outage as error:
                metrics.COMMIT_FAILURES.inc()
                if not away:
                    log.warning("ingest cannot commit, stations stay unacknowledged: %s", _one_line(error))
                away = True
                await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))
                delay_s = min(delay_s * 2, LONGEST_DELAY_S)
                continue
            except Exception:
                # The task's rim: one message must not stop the stream behind it.
                log.exception("ingest cannot take a group of %d messages", len(group))
                return await self._take_apart(group)
            if away:
                log.info("ingest commits again")
            return answers

    async def _take_apart(self, group: Sequence[Item]) -> list[Answer]:
        """After an error that nobody foresaw: the one message that makes it is found and left out."""
        if len(group) == 1:
            metrics.DROPPED.inc()
            return []
        return [answer for item in group for answer in await self._commit([item])]

    async def _publish(self, answers: Sequence[Answer]) -> None:
        client = self._client
        if client is None:
            return
        now = now_ms()
        for answer in answers:
            try:
                # At most once is enough: a lost acknowledgement is asked for again by the next batch or hello.
                await client.publish(str(Topic(answer.station, Leaf.ACK)), encode(answer.ack), qos=0)
            except aiomqtt.MqttError:
                return
            metrics.ACK_SECONDS.observe(max(0, now - answer.received_at_ms) / 1_000)

    async def _serve_requests(self) -> None:
        """Answers pulls, and gives every station that says hello what stands retained for it."""
        while True:
            request = await self._requests.get()
            try:
                messages = await asyncio.to_thread(self._answer, request)
                client = self._client
                for topic, payload in messages:
                    if client is not None:
                        await client.publish(topic, payload, qos=1, retain=isinstance(request, Greeting))
            except (aiomqtt.MqttError, *Outage) as error:
                # The station pulls again.
                log.warning("station %s: request not answered: %s", request.station, _one_line(error))
                await asyncio.sleep(FIRST_DELAY_S)

    def _answer(self, request: Pull | Greeting) -> Sequence[tuple[str, bytes]]:
        if isinstance(request, Greeting):
            found = publisher.standing(self._database, self._signer, request.station)
            return found.messages if found else []
        with self._database.read() as connection:
            page = pages.page(connection, request.station, request.pull)
        if page is None:
            log.warning("station %s pulls from %r, which it does not follow", request.station, request.pull.node)
            return []
        return [self._signer.seal(page, request.station, Leaf.ROSTER_PAGE)]


def _one_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
