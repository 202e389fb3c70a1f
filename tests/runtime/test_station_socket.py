"""The station's public socket: who may ask, and what a client cannot do to the door."""

import asyncio
import json
import os
import socket
import struct
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.runtime import station_socket
from edge.runtime.station_socket import MAX_CLIENTS, MAX_LINE_BYTES, StationSocket

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]

connected: list[asyncio.StreamWriter] = []


def answer(question: dict[str, Any]) -> dict[str, Any]:
    if question.get("ask") == "status":
        return {"well": True}
    raise ValueError("unknown question")


@asynccontextmanager
async def served(path: Path) -> AsyncIterator[StationSocket]:
    server = StationSocket(path, answer)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
        while connected:
            connected.pop().close()


async def connect(path: Path | None = None, *, sock: socket.socket | None = None) -> Client:
    """A client, which hangs up at the latest when its server is gone."""
    client = await asyncio.open_unix_connection(path, sock=sock)
    connected.append(client[1])
    return client


async def ask(client: Client, line: bytes) -> dict[str, Any]:
    reader, writer = client
    writer.write(line)
    said: dict[str, Any] = json.loads(await asyncio.wait_for(reader.readline(), 5.0))
    return said


async def until(true: Callable[[], bool], what: str) -> None:
    async with asyncio.timeout(5.0):
        while not true():
            await asyncio.sleep(0.005)


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "station.sock"


def test_a_question_has_one_answer_and_nonsense_an_error(path: Path) -> None:
    async def story() -> None:
        async with served(path):
            client = await connect(path)
            assert await ask(client, b'{"ask":"status"}\n') == {"well": True}
            for nonsense in (b"nonsense\n", b"[]\n", b"7\n", b'{"ask":"who"}\n', b"[" * 4_000 + b"\n", b"\xff\n"):
                assert "error" in await ask(client, nonsense)
            assert await ask(client, b'{"ask":"status"}\n') == {"well": True}

    run(story())


def test_a_line_in_two_halves_is_one_question(path: Path) -> None:
    async def story() -> None:
        async with served(path):
            reader, writer = await connect(path)
            writer.write(b'{"ask":')
            await writer.drain()
            other = await connect(path)
            assert await ask(other, b'{"ask":"status"}\n') == {"well": True}
            assert await ask((reader, writer), b'"status"}\n') == {"well": True}

    run(story())


def test_a_line_without_an_end_drops_its_client(path: Path) -> None:
    async def story() -> None:
        async with served(path):
            reader, writer = await connect(path)
            writer.write(b"x" * (3 * MAX_LINE_BYTES))
            assert await asyncio.wait_for(reader.read(), 5.0) == b""

    run(story())


def test_clients_beyond_the_bound_are_turned_away_and_a_place_comes_free(path: Path) -> None:
    async def story() -> None:
        async with served(path):
            clients = [await connect(path) for _ in range(MAX_CLIENTS)]
            for client in clients:
                await ask(client, b'{"ask":"status"}\n')
            reader, _ = await connect(path)
            assert await asyncio.wait_for(reader.read(), 5.0) == b""
            clients[0][1].close()
            async with asyncio.timeout(5.0):
                while True:
                    again = await connect(path)
                    again[1].write(b'{"ask":"status"}\n')
                    if await again[0].readline():
                        break

    run(story())


def test_a_tail_hears_what_is_told_and_one_that_does_not_read_is_dropped(path: Path) -> None:
    async def story() -> None:
        async with served(path) as server:
            reads = await connect(path)
            assert await ask(reads, b'{"ask":"tail"}\n') == {"tailing": True}
            deaf = socket.socket(socket.AF_UNIX)
            deaf.connect(str(path))
            deaf.sendall(b'{"ask":"tail"}\n')
            await until(lambda: len(server._tails) == 2, "both tail")
            for number in range(2_000):
                server.tell({"number": number, "padding": "x" * 500})
                heard = json.loads(await asyncio.wait_for(reads[0].readline(), 5.0))
                assert heard["number"] == number
            await until(lambda: len(server._tails) == 1, "the deaf one is dropped")
            assert server.has_listeners
            deaf.close()

    run(story())


def connected_as_nobody(path: Path) -> socket.socket:
    """The kernel notes who connects, not who reads: one system call under another name is enough."""
    path.chmod(0o666)
    end = socket.socket(socket.AF_UNIX)
    os.seteuid(65_534)
    try:
        end.connect(str(path))
    finally:
        os.seteuid(0)
    return end


def test_a_client_of_another_user_is_not_served() -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else")

    async def story(path: Path) -> None:
        async with served(path):
            reader, _ = await connect(sock=connected_as_nobody(path))
            assert await asyncio.wait_for(reader.read(), 5.0) == b""

    # Not `tmp_path`: nobody else gets into that.
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        run(story(Path(directory) / "station.sock"))


def test_only_root_and_the_stations_own_user_may_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    class Writer:
        def __init__(self, uid: int) -> None:
            self.uid = uid

        def get_extra_info(self, name: str) -> "Writer":
            return self

        def getsockopt(self, level: int, option: int, length: int) -> bytes:
            return struct.pack("3i", 1, self.uid, 1)

    monkeypatch.setattr(os, "getuid", lambda: 1_000)
    may = [uid for uid in (0, 1_000, 1_001, 65_534, -1) if station_socket._may_ask(Writer(uid))]  # type: ignore[arg-type]
    assert may == [0, 1_000]


def test_everybody_hears_that_the_station_stops(path: Path) -> None:
    async def story() -> None:
        async with served(path):
            asks, tails = await connect(path), await connect(path)
            assert await ask(asks, b'{"ask":"status"}\n') == {"well": True}
            assert await ask(tails, b'{"ask":"tail"}\n') == {"tailing": True}
        for reader, _ in (asks, tails):
            assert await asyncio.wait_for(reader.read(), 5.0) == b""
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(story())


def test_a_socket_left_by_a_killed_run_is_taken_over(path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()

    async def story() -> None:
        async with served(path):
            client = await connect(path)
            assert await ask(client, b'{"ask":"status"}\n') == {"well": True}

    run(story())
    assert not path.exists()
