"""A load balancer in small: each connection goes to the next API process that takes it, and ends with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

CHUNK_BYTES: Final = 64 * 1024
LIVE_REQUEST: Final = b"GET /api/v1/live "


class Balancer:
    """Round robin over `backends` (addresses of APIs, to be changed at any time), counting the live streams."""

    def __init__(self) -> None:
        self.backends: list[str] = []
        self.live: list[str] = []
        """The backend of each live stream that is open now."""
        self.most_live = 0
        self.live_ever = 0
        self._turn = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection, from beginning to end."""
        try:
            backend, far_reader, far_writer = await self._connect()
        except ConnectionError:
            writer.close()
            return
        ways = [
            asyncio.create_task(self._copy_requests(backend, reader, far_writer)),
            asyncio.create_task(copy(far_reader, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        far_writer.close()
        writer.close()

    async def _connect(self) -> tuple[str, asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(len(self.backends)):
            self._turn += 1
            backend = self.backends[self._turn % len(self.backends)]
            place = urlsplit(backend)
            try:
                return (backend, *await asyncio.open_connection(place.hostname, place.port))
            except OSError:
                continue
        raise ConnectionRefusedError("no API process takes a connection")

    async def _copy_requests(self, backend: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A request arrives in one piece here: nothing lies between the browser and us."""
        is_live = False
        try:
            while data := await reader.read(CHUNK_BYTES):
                if not is_live and data.startswith(LIVE_REQUEST):
                    is_live = True
                    self.live.append(backend)
                    self.live_ever += 1
                    self.most_live = max(self.most_live, len(self.live))
                writer.write(data)
                await writer.drain()
        finally:
            if is_live:
                self.live.remove(backend)


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK_BYTES):
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def balancing() -> AsyncIterator[tuple[Balancer, str]]:
    """A balancer on a free port, and its address."""
    balancer = Balancer()
    server = await asyncio.start_server(balancer.serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield balancer, f"http://127.0.0.1:{port}/"
