"""The uplink process: the controller's channel, the heartbeat, and one session after another."""

import asyncio
import logging
import os
import signal
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

import aiomqtt

from contract.ids import Session
from edge.journal.reader import JournalReader
from edge.roster.credential import load_or_create_key
from edge.roster.writer import RosterWriter
from edge.runtime.child_process import HEARTBEAT_S, ChildStart
from edge.runtime.clock import monotonic_ms
from edge.runtime.cloud_keys import cloud_keys
from edge.runtime.config import Config
from edge.runtime.ipc import Heartbeat, JournalGrew, Message, StateChanged, StopChild, UplinkStatus
from edge.uplink.backoff import Backoff
from edge.uplink.controller import Controller
from edge.uplink.gate import Gate
from edge.uplink.journal_loop import Identity, JournalLoop
from edge.uplink.refusals import Refusals
from edge.uplink.roster_loop import RosterLoop
from edge.uplink.session import Loops, Station, run_session
from edge.uplink.shipper import Settings, Shipper
from edge.uplink.state_loop import StateLoop

log = logging.getLogger(__name__)

STABLE_MS: Final = 30_000
"""A connection that held this long resets the back-off; one that the broker drops at once does not."""

FIRST_STATE_S: Final = 2.0
STOP_WITHIN_S: Final = 0.8


@dataclass
class Outage:
    """Logs an outage once when it begins and once when it ends."""

    reason: str | None = None
    began_ms: int = 0

    def begins(self, reason: str, now_ms: int) -> bool:
        """Whether this is news."""
        if self.reason is not None:
            return False
        self.reason, self.began_ms = reason, now_ms
        log.warning("no connection to the cloud: %s", reason)
        return True

    def ends(self, now_ms: int) -> None:
        if self.reason is not None:
            log.info("connected to the cloud again after %.1f s", (now_ms - self.began_ms) / 1_000)
        self.reason = None


class Uplink:
    """Everything that outlives a session."""

    def __init__(self, start: ChildStart) -> None:
        self._config = config = start.config
        self._stop = asyncio.Event()
        self._state_known = asyncio.Event()
        self._controller = Controller(start.channel, self._heard, self._controller_gone)
        self._outage = Outage()
        self._refusals = Refusals()
        self._backoff = Backoff(longest_ms=config.uplink.longest_retry_ms)
        self._state = StateLoop()
        uplink = config.uplink
        shipper = Shipper(Settings(uplink.window_batches, uplink.batch_records, uplink.ack_timeout_ms))
        reader = JournalReader(config.station.data_dir / "journal.db")
        self._journal = JournalLoop(shipper, reader, self._identity, self._controller.say)
        self._roster = RosterLoop(lambda: open_roster(config), self._controller.say, self._refuse)
        keys = cloud_keys(uplink.cloud_keys)
        self._station = Station(
            station=config.station_id,
            uplink=uplink,
            make_gate=lambda session, began_ms: Gate(config.station_id, keys, session, began_ms),
            say=self._controller.say,
            refuse=self._refuse,
            connected=self._connected,
        )

    async def run(self) -> None:
        """Until the controller says stop, or SIGTERM."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._begin_stop)
        heartbeat = asyncio.create_task(self._heartbeat())
        try:
            await self._wait(self._state_known, FIRST_STATE_S)
            while not self._stop.is_set():
                await self._connect()
        finally:
            heartbeat.cancel()

    async def _connect(self) -> None:
        began_ms = monotonic_ms()
        try:
            await run_session(self._station, Loops(self._journal, self._roster, self._state), self._stop)
        except (aiomqtt.MqttError, OSError) as error:
            self._disconnected(str(error) or type(error).__name__)
        except Exception as error:
            log.exception("the session failed")
            self._disconnected(f"{type(error).__name__}")
        if self._stop.is_set():
            return
        if monotonic_ms() - began_ms >= STABLE_MS:
            self._backoff.reset()
        await self._wait(self._stop, self._backoff.next_ms() / 1_000)

    async def _heartbeat(self) -> None:
        while True:
            self._controller.say(Heartbeat())
            if (held_back := self._refusals.minute_over(monotonic_ms())) is not None:
                self._controller.say(held_back)
            await asyncio.sleep(HEARTBEAT_S)

    async def _wait(self, event: asyncio.Event, wait_s: float) -> None:
        try:
            await asyncio.wait_for(event.wait(), wait_s)
        except TimeoutError:
            pass

    # ------------------------------------------------------------ what happens

    def _heard(self, message: Message) -> None:
        match message:
            case JournalGrew(epoch):
                self._journal.grew(epoch)
            case StateChanged(state):
                self._state.changed(state)
                self._state_known.set()
            case StopChild():
                self._begin_stop()
            case _:
                log.warning("nothing to do for %s", type(message).__name__)

    def _connected(self, session: Session) -> None:
        self._outage.ends(monotonic_ms())
        self._controller.say(UplinkStatus(True, session, "connected"))

    def _disconnected(self, reason: str) -> None:
        if self._outage.begins(reason, monotonic_ms()):
            self._controller.say(UplinkStatus(False, None, reason[:500]))

    def _refuse(self, topic: str, reason: str) -> None:
        if self._refusals.total == 0:
            log.warning(
                "refused a message on %s: %s (later ones are only counted)", ascii(topic[:200]), ascii(reason[:200])
            )
        if (refused := self._refusals.refuse(topic, reason, monotonic_ms())) is not None:
            self._controller.say(refused)

    def _begin_stop(self) -> None:
        if not self._stop.is_set():
            self._stop.set()
            # Whatever hangs (a name look-up, a broker that does not answer): the will tells what we could not.
            asyncio.get_running_loop().call_later(STOP_WITHIN_S, os._exit, 0)

    def _controller_gone(self) -> None:
        # Without the controller there is no station; the will says so. No farewell: it would say less.
        log.error("the controller has gone")
        os._exit(1)

    def _identity(self) -> Identity:
        state = self._state.newest or {}
        boot, software = state.get("boot"), state.get("software")
        return Identity(
            boot if isinstance(boot, int) else 0, software if isinstance(software, str) else version("yizhan")
        )


def open_roster(config: Config) -> RosterWriter:
    """Raises `RosterError`."""
    directory = config.station.data_dir
    return RosterWriter(directory / "roster.db", load_or_create_key(directory / "credential.key"))
