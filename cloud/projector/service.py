"""The projector's process: leader of all, its loop, its session with the broker.

It hears `state` and `online` of all stations itself (not shared among workers), so that a freshly started projector
gets what the broker retains, and so that messages and records become changes in one place, numbered without gaps.
"""

import asyncio
import logging
import queue
from collections.abc import Sequence
from typing import Any, Final

import aiomqtt
from sqlalchemy import Row

from cloud import metrics
from cloud.clock import now_ms
from cloud.config import Config
from cloud.domain import commands
from cloud.ending import together
from cloud.ingest.worker import Outage
from cloud.mqtt import Link, payload_bytes
from cloud.nudge import Nudge
from cloud.projector.round import Done, Rounds, Said
from cloud.roster import publisher, swap_news
from cloud.roster.keys import Signer
from cloud.store import locks
from cloud.store.database import Database
from contract.codec import CodecError, decode
from contract.ids import StationId
from contract.messages import Online, StationState
from contract.topics import Leaf, TopicError, of_all_stations, parse
from contract.versions import UnsupportedVersion

log = logging.getLogger(__name__)
POLL_S: Final = 0.05
HEARTBEAT_MS: Final = 2_000
SWEEP_MS: Final = 10_000
PUBLISH_S: Final = 0.2
TELL_S: Final = 5.0
"""A swap's moves become one version of the roster, and nobody is at the next station sooner."""
LEADER_RETRY_S: Final = 1.0
LEADER_CHECK_MS: Final = 5_000
HEARD: Final = 50_000
HEARD_PER_ROUND: Final = 1_000
FAILURE_DELAY_S: Final = 0.5
REPORTED: Final = 1_000


class ProjectorService:
    """One projector. Others wait until it is gone."""

    def __init__(self, config: Config, database: Database, signer: Signer, wake: Nudge, changed: Nudge) -> None:
        """`wake` is nudged when ingest has committed; `changed` when the picture has."""
        self._config = config
        self._database = database
        self._signer = signer
        self._wake = wake
        self._changed = changed
        self._rounds = Rounds(database)
        self._heard: queue.Queue[Said] = queue.Queue(HEARD)
        # Taken from the queue and not yet in the database: kept over a failed round.
        self._said: list[Said] = []
        self._lock = locks.lock(database, locks.PROJECTOR)
        self._reported: set[str] = set()
        self._last_heartbeat_ms = 0
        self._last_sweep_ms = 0
        self._last_check_ms = 0
        self.link = Link(config, "projector", self._listen)
        self.leading = asyncio.Event()
        self._client: aiomqtt.Client

    async def run(self) -> None:
        """Never returns; cancel it."""
        while True:
            if not await asyncio.to_thread(self._try_to_lead):
                await asyncio.sleep(LEADER_RETRY_S)
                continue
            log.info("this projector leads")
            self.leading.set()
            try:
                await together(
                    self._lead(), self.link.run(), self._publish_forever(), self._send_commands(), self._tell_rosters()
                )
            finally:
                self.leading.clear()
                self._lock.release()

    def _try_to_lead(self) -> bool:
        try:
            return self._lock.acquire()
        except Outage as error:
            self._report(f"no leader lock: {error}")
            return False

    async def _lead(self) -> None:
        """Rounds until the lock is lost."""
        while True:
            try:
                done = await asyncio.to_thread(self._round)
            except Outage as error:
                metrics.PROJECTOR_FAILURES.inc()
                self._report(f"round failed, tried again: {error}")
                await asyncio.sleep(FAILURE_DELAY_S)
                continue
            except Exception:
                # The task's rim: an end of the projector would be the end of the whole process, again and again.
                metrics.PROJECTOR_FAILURES.inc()
                log.exception("projector: round failed, tried again")
                await asyncio.sleep(LEADER_RETRY_S)
                continue
            if done is None:
                log.warning("the leader lock is lost")
                return
            if done.changes:
                metrics.CHANGES.inc(done.changes)
                self._changed.set()

    def _round(self) -> Done | None:
        """Wait for work, do it. None: no longer the leader."""
        if not self._heard.qsize():
            self._wake.wait(POLL_S)
        now = now_ms()
        if now - self._last_check_ms > LEADER_CHECK_MS:
            self._last_check_ms = now
            if not self._lock.still_held():
                return None
        said = self._said
        while len(said) < HEARD_PER_ROUND and not self._heard.empty():
            said.append(self._heard.get_nowait())
        due = now - self._last_heartbeat_ms > HEARTBEAT_MS
        if not said and not due and not self._rounds.has_work(now):
            return Done(0, more=False)
        connected = self.link.connected.is_set()
        # While this end is cut off, silence says nothing about the stations.
        sweep = connected and now - self._last_sweep_ms > SWEEP_MS
        done = self._rounds.run(said, now, broker_connected=connected, sweep=sweep)
        self._said = []
        self._last_heartbeat_ms = now
        if sweep:
            self._last_sweep_ms = now
        if done.more:
            self._wake.set()
        return done

    async def _listen(self, client: aiomqtt.Client) -> None:
        for leaf in (Leaf.ONLINE, Leaf.STATE):
            await client.subscribe(of_all_stations(leaf), qos=1)
        self._last_sweep_ms = now_ms() + 60_000
        self._client = client
        self.link.up()
        async for message in client.messages:
            self._hear(message)

    def _hear(self, message: aiomqtt.Message) -> None:
        try:
            topic = parse(str(message.topic))
            payload = payload_bytes(message)
            heard = decode(Online, payload) if topic.leaf is Leaf.ONLINE else decode(StationState, payload)
            said = Said(topic.station, heard, bool(message.retain), now_ms())
        except (TopicError, CodecError, UnsupportedVersion) as error:
            metrics.UNREADABLE.labels("state").inc()
            self._report(f"{str(message.topic)[:100]}: {error}")
            return
        try:
            self._heard.put_nowait(said)
        except queue.Full:
            metrics.DROPPED.inc()
        self._wake.set()

    async def _publish_forever(self) -> None:
        """Bring retained heads and orders up to date."""
        while True:
            await self.link.connected.wait()
            try:
                published = []
                for station in await asyncio.to_thread(publisher.due, self._database):
                    found = await asyncio.to_thread(publisher.standing, self._database, self._signer, station)
                    for topic, payload in found.messages if found else ():
                        await self._client.publish(topic, payload, qos=1, retain=True)
                    if found:
                        published.append(found)
                if published:
                    await asyncio.to_thread(publisher.mark_published, self._database, published)
            except (aiomqtt.MqttError, *Outage) as error:
                self._report(f"cannot publish roster heads and orders: {error}")
            await asyncio.sleep(PUBLISH_S)

    async def _tell_rosters(self) -> None:
        """Bring what moves in the cabinets onto the roster. Aside from the rounds: whoever imports members may hold an
        organisation's log for long, and the picture does not wait for that."""
        while True:
            try:
                await asyncio.to_thread(self._tell_swaps)
            except Outage as error:
                self._report(f"cannot bring the cabinets' news onto the roster: {error}")
            await asyncio.sleep(TELL_S)

    def _tell_swaps(self) -> None:
        with self._database.read() as connection:
            if not swap_news.is_due(connection):
                return
        with self._database.write() as connection:
            swap_news.tell(connection)

    async def _send_commands(self) -> None:
        """Send what operators ask of stations: never retained, at once or not at all."""
        while True:
            await self.link.connected.wait()
            try:
                sent = []
                for row in await asyncio.to_thread(self._commands_due):
                    topic, payload = self._signer.seal(commands.message(row), StationId(row.station), Leaf.COMMAND)
                    await self._client.publish(topic, payload, qos=1, retain=False)
                    sent.append(row.id)
                if sent:
                    await asyncio.to_thread(self._mark_sent, sent)
            except (aiomqtt.MqttError, *Outage) as error:
                self._report(f"cannot send commands: {error}")
            await asyncio.sleep(PUBLISH_S)

    def _commands_due(self) -> Sequence[Row[Any]]:
        with self._database.read() as connection:
            return commands.due(connection)

    def _mark_sent(self, ids: Sequence[str]) -> None:
        with self._database.write() as connection:
            commands.mark_sent(connection, ids)

    def _report(self, what: str) -> None:
        """Log each trouble once; forget all when there are too many."""
        line = what.splitlines()[0][:300]
        if line in self._reported:
            return
        if len(self._reported) >= REPORTED:
            self._reported.clear()
        self._reported.add(line)
        log.warning("projector: %s", line)
