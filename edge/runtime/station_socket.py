"""The public Unix socket of a station, for `yizhan edge status`, `explain`, `alarms`, `tail` and their like, and tests.

One JSON object per line. A client says `{"ask": "status"}` and gets one answer (`{"ask": "explain", "card": …}` one on
a card that nobody shows), or `{"ask": "tail"}` and gets a line for everything that happens from then on. Only root and
the station's own user may connect; at most `MAX_CLIENTS` do; one that does not read what it is sent is dropped, so that
it costs the door nothing. What must not be seen at the station is not said here (`edge.runtime.silence`).
"""

import asyncio
import json
import logging
import os
import socket
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from contract.plain import plain
from contract.records import Record, kind_of, to_body
from edge.runtime.config import SOCKET_NAME
from edge.runtime.silence import line_for_people_here

__all__ = ["SOCKET_NAME", "StationSocket"]

log = logging.getLogger(__name__)

MAX_CLIENTS: Final = 8
MAX_BACKLOG_BYTES: Final = 256 * 1024
MAX_LINE_BYTES: Final = 4 * 1024
STOP_WITHIN_S: Final = 1.0


class StationSocket:
    """Serves clients from the controller's loop. `answer(question)` gives the reply, or raises `ValueError`."""

    def __init__(self, path: Path, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._path = path
        self._answer = answer
        self._tails: set[asyncio.StreamWriter] = set()
        self._clients: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Raises `OSError` when the path cannot be bound."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._path, limit=MAX_LINE_BYTES)
        self._path.chmod(0o660)

    async def stop(self) -> None:
        """Hang up on everybody and be gone. Whoever is served hears it before the loop may end."""
        if self._server is not None:
            self._server.close()
        for writer in self._clients:
            writer.close()
        if serving := [task for task in self._clients.values() if task is not None]:
            await asyncio.wait(serving, timeout=STOP_WITHIN_S)
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            log.debug("%s is left behind: %s", self._path, error)

    @property
    def has_listeners(self) -> bool:
        return bool(self._tails)

    def tell_records(self, records: Iterable[Record], mono_ms: int) -> None:
        """Send what was recorded to everybody who tails."""
        if self._tails:
            for record in records:
                self.tell({"record": kind_of(record), "mono_ms": mono_ms, "body": plain(to_body(record))})

    def tell(self, line: dict[str, Any]) -> None:
        """Send a line to everybody who tails."""
        if not self._tails:
            return
        said = line_for_people_here(line)
        if said is None:
            return
        data = _line(said)
        for writer in list(self._tails):
            if writer.transport.get_write_buffer_size() > MAX_BACKLOG_BYTES:
                log.warning("a client that does not read is dropped")
                self._tails.discard(writer)
                writer.transport.abort()
            else:
                writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= MAX_CLIENTS or not _may_ask(writer):
            writer.close()
            return
        self._clients[writer] = asyncio.current_task()
        try:
            while line := await reader.readline():
                self._reply(line, writer)
                await asyncio.wait_for(writer.drain(), timeout=5.0)
        except (ValueError, OSError, TimeoutError) as error:
            log.debug("client dropped: %s", error)
        finally:
            del self._clients[writer]
            self._tails.discard(writer)
            writer.close()

    def _reply(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            question = json.loads(line)
            if not isinstance(question, dict):
                raise ValueError("a question is a JSON object")
            if question.get("ask") == "tail":
                self._tails.add(writer)
                writer.write(_line({"tailing": True}))
                return
            writer.write(_line(line_for_people_here(self._answer(question)) or {}))
        except ValueError as error:
            writer.write(_line({"error": str(error)}))
        except RecursionError:
            writer.write(_line({"error": "nested too deeply"}))


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def _may_ask(writer: asyncio.StreamWriter) -> bool:
    end: socket.socket = writer.get_extra_info("socket")
    credentials = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return uid in (0, os.getuid())
