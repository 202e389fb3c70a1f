"""The station's way to the cloud: a TCP relay in front of the broker that can be cut, black-holed or slowed.

*Cut* is a pulled cable: nothing listens, open connections are reset. A *black hole* is the worse one: connections
stay, new ones are accepted, and not a byte passes. *Delay* is added in each direction without lowering the
throughput.

Bounds: 64 connections; 64 chunks of 64 KiB under way in each direction, then the sender is no longer read.
"""

import asyncio
import logging
from collections.abc import Callable

from firmware_sim.log import monotonic_ms

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 64
MAX_CHUNKS = 64
CHUNK_BYTES = 64 * 1024
CONNECT_TIMEOUT_S = 5.0


class LinkRelay:
    def __init__(self, listen_port: int, broker_host: str, broker_port: int, on_change: Callable[[], None]) -> None:
        self.listen_port = listen_port
        self._broker = (broker_host, broker_port)
        self._on_change = on_change
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._passing = asyncio.Event()
        self._passing.set()
        self.delay_ms = 0.0

    @property
    def up(self) -> bool:
        return self._server is not None

    @property
    def connections(self) -> int:
        return len(self._connections)

    @property
    def black_hole(self) -> bool:
        return not self._passing.is_set()

    async def restore(self) -> None:
        """Listen (again, on the same port). Raises OSError when the port is taken."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.listen_port)
            self.listen_port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in self._connections:
            connection.cancel()

    def set_black_hole(self, on: bool) -> None:
        (self._passing.clear if on else self._passing.set)()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        if connection is None or self.connections >= MAX_CONNECTIONS:
            logger.warning("link: a connection was refused, %d are open", MAX_CONNECTIONS)
            writer.transport.abort()
            return
        self._connections.add(connection)
        self._on_change()
        try:
            await self._passing.wait()
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                far_reader, far_writer = await asyncio.open_connection(*self._broker)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pass(reader, far_writer))
                    both.create_task(self._pass(far_reader, writer))
            finally:
                far_writer.transport.abort()
        except asyncio.CancelledError:
            pass  # cut: asyncio's streams would report a cancelled connection as an error
        except (OSError, TimeoutError) as error:
            logger.info("link: no connection to the broker: %s", error)
        finally:
            self._connections.discard(connection)
            writer.transport.abort()
            self._on_change()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one direction; at its end close the far side, which ends the other direction too."""
        chunks: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(MAX_CHUNKS)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._receive(reader, chunks))
                both.create_task(self._send(chunks, writer))
        except* OSError:
            pass  # one end is gone: both directions end
        finally:
            writer.close()

    async def _receive(self, reader: asyncio.StreamReader, chunks: "asyncio.Queue[tuple[float, bytes]]") -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            await chunks.put((monotonic_ms() + self.delay_ms, chunk))
        await chunks.put((0.0, b""))

    async def _send(self, chunks: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter) -> None:
        while True:
            due_ms, chunk = await chunks.get()
            if not chunk:
                return
            await asyncio.sleep(max(0.0, due_ms - monotonic_ms()) / 1000.0)
            await self._passing.wait()
            writer.write(chunk)
            await writer.drain()
