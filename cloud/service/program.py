"""One process of the cloud: which parts it runs, how it starts, says that it is ready, and ends.

`serve` runs all parts in one process; `ingest`, `projector`, `api` and `broker` run one each. A part that ends by an
error ends the process: the service manager starts it anew, and nothing acknowledged is lost.
"""

import asyncio
import json
import logging
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from enum import StrEnum
from functools import partial
from typing import Any, Final

import uvicorn
from prometheus_client import start_http_server
from sqlalchemy.exc import DBAPIError

from cloud.api.app import create_app
from cloud.clock import now_ms
from cloud.config import Config
from cloud.ingest.worker import IngestWorker
from cloud.nudge import Nudge
from cloud.projector.service import ProjectorService
from cloud.roster.keys import Signer, SigningKeyError
from cloud.roster.keys import load as load_signer
from cloud.service.broker import EmbeddedBroker
from cloud.service.notify import notify
from cloud.store import locks
from cloud.store.database import Database
from cloud.store.migrations import migrate, require_newest
from cloud.store.partitions import ensure_partitions

log = logging.getLogger(__name__)
GRACE_S: Final = 3
PARTITIONS_S: Final = 6 * 3_600


class Part(StrEnum):
    BROKER = "broker"
    INGEST = "ingest"
    PROJECTOR = "projector"
    API = "api"


ALL: Final = frozenset(Part)


class StartError(RuntimeError):
    """The process cannot start; the message names the configuration's key and what to do."""


async def run(config: Config, parts: frozenset[Part]) -> None:
    """Run `parts` until SIGTERM or SIGINT.

    Raises:
        StartError, DatabaseRefused, BrokerFailed, SigningKeyError: it cannot start.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        process = _Process(config, stack)
        await process.start(parts)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work()) for work in process.work]
            if await _first(stop, process.becomes_ready()):
                print(json.dumps({"ready": True, **process.addresses}), file=sys.stdout, flush=True)  # noqa: T201
                notify("READY=1")
                await stop.wait()
            notify("STOPPING=1")
            for task in tasks:
                task.cancel()


class _Process:
    """The parts of this process, as they are put together."""

    def __init__(self, config: Config, stack: AsyncExitStack) -> None:
        self._config = config
        self._stack = stack
        self._waits: list[asyncio.Event] = []
        self.work: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self.addresses: dict[str, str] = {}

    async def start(self, parts: frozenset[Part]) -> None:
        config = self._config
        host, port = config.broker_address
        self.addresses["broker"] = f"{host}:{port}"
        if Part.BROKER in parts and config.embeds_broker:
            broker = EmbeddedBroker(config.embedded_broker.port)
            self._stack.callback(broker.stop)
            await asyncio.to_thread(broker.start)
            self.work.append(broker.watch)
        if parts <= {Part.BROKER}:
            return
        database = Database(config.database.url)
        self._stack.callback(database.close)
        await asyncio.to_thread(_prepare, database, parts)
        committed, changed = Nudge(), Nudge()
        if Part.INGEST in parts:
            self._add_ingest(database, committed)
        if Part.PROJECTOR in parts:
            projector = ProjectorService(config, database, load_signer(config.signing), committed, changed)
            self.work.append(projector.run)
            if Part.INGEST in parts:
                # Alone, a projector may wait behind another one: it is ready to take over.
                self._waits += [projector.leading, projector.link.connected]
        if Part.API in parts:
            await self._add_api(database, changed)
        elif config.metrics.port:
            self._add_metrics()

    async def becomes_ready(self) -> None:
        for event in self._waits:
            await event.wait()

    def _add_ingest(self, database: Database, committed: Nudge) -> None:
        if database.is_sqlite:
            lock = locks.lock(database, locks.INGEST)
            if not lock.acquire():
                raise StartError(
                    f"[database] url: another process already ingests into {database.path}; SQLite takes exactly one, "
                    "PostgreSQL any number"
                )
            self._stack.callback(lock.release)
        if not database.is_sqlite:
            self.work.append(partial(_keep_partitions, database))
        worker = IngestWorker(self._config, database, load_signer(self._config.signing), committed)
        self.work.append(worker.run)
        self._waits.append(worker.link.connected)

    async def _add_api(self, database: Database, changed: Nudge) -> None:
        api = self._config.api
        listener = _listen(api.host, api.port, "[api] port")
        self._stack.callback(listener.close)
        bound = listener.getsockname()
        self.addresses["api"] = f"http://{api.host}:{bound[1]}"
        names = (api.host, *api.names)
        app = create_app(database, api.pages_dir, changed, names=names, signer=_signer_at_hand(self._config))
        config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=GRACE_S)
        server = _Server(config)
        self.work.append(partial(server.serve, sockets=[listener]))
        self._waits.append(server.is_up)

    def _add_metrics(self) -> None:
        port = self._config.metrics.port
        try:
            start_http_server(port, addr="127.0.0.1")
        except OSError as error:
            raise StartError(f"[metrics] port = {port}: {error.strerror}") from None
        self.addresses["metrics"] = f"http://127.0.0.1:{port}/metrics"


class _Server(uvicorn.Server):
    """uvicorn inside our own loop: signals are ours, and it tells when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.is_up.set()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Until cancelled; then open streams are cut after a short grace."""
        serving = asyncio.ensure_future(self._serve(sockets))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self.should_exit = True
            await serving
            raise
        raise RuntimeError("the HTTP server has ended by itself")


def _signer_at_hand(config: Config) -> Signer | None:
    """An API process may run where the key is not: it does all but sign passes."""
    try:
        return load_signer(config.signing)
    except SigningKeyError as error:
        log.warning("no passes are issued here: %s", error)
        return None


async def _first(stop: asyncio.Event, ready: Coroutine[Any, Any, None]) -> bool:
    """Wait until ready (True) or told to stop (False). A part that fails is raised by the task group."""
    waiting = asyncio.ensure_future(ready)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([waiting, stopping], return_when=asyncio.FIRST_COMPLETED)
        return waiting.done()
    finally:
        waiting.cancel()
        stopping.cancel()


async def _keep_partitions(database: Database) -> None:
    """Months are made long before they come, however long the process runs. Never returns; cancel it."""
    while True:
        await asyncio.sleep(PARTITIONS_S)
        try:
            await asyncio.to_thread(ensure_partitions, database, now_ms())
        except DBAPIError as error:
            log.warning("months of the record table: %s", str(error).splitlines()[0])


def _prepare(database: Database, parts: frozenset[Part]) -> None:
    """The database as it must be before anything is promised."""
    if database.path is not None:
        database.path.parent.mkdir(parents=True, exist_ok=True)
    if parts >= {Part.INGEST, Part.PROJECTOR, Part.API}:
        migrate(database)
    require_newest(database)
    database.require_durability()
    if Part.INGEST in parts:
        ensure_partitions(database, now_ms())


def _listen(host: str, port: int, key: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1_024)
    except OSError as error:
        listener.close()
        raise StartError(f"{key} = {port} on {host}: {error.strerror}") from None
    return listener
