"""Commands from other processes, as JSON lines on a Unix socket that only our own user may open.

    {"cut": NAME} | {"restore": NAME} | {"stop": NAME} | {"kill": NAME, "signal": 9} | {"status": true}

Each is answered by one line: `{"ok": true, …}` or `{"ok": false, "error": …}`.
"""

import json
import os
import signal
import socket
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from yizhan.services.table import ServiceError

if TYPE_CHECKING:
    from yizhan.services.manager import Services

MAX_LINE_BYTES: Final = 4096
MAX_CLIENTS: Final = 8
CLIENT_TIMEOUT_S: Final = 30.0


class ControlSocket:
    """Listens at `path` and hands what it hears to the services."""

    def __init__(self, path: Path, services: "Services") -> None:
        self._path = path
        self._services = services
        self._places = threading.BoundedSemaphore(MAX_CLIENTS)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(os.fspath(path))
        path.chmod(0o600)
        self._listener.listen(MAX_CLIENTS)
        threading.Thread(target=self._accept, name="services-control", daemon=True).start()

    def close(self) -> None:
        # close() alone does not wake a thread in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._places.acquire()
            threading.Thread(target=self._serve, args=(client,), name="services-client", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, client.makefile("rb") as lines:
                client.settimeout(CLIENT_TIMEOUT_S)
                while line := lines.readline(MAX_LINE_BYTES):
                    client.sendall(json.dumps(self._answer(line)).encode() + b"\n")
        except OSError:
            # The client went away or fell silent; nobody is left to tell.
            pass
        finally:
            self._places.release()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return {"ok": True, **follow(self._services, json.loads(line))}
        except (ServiceError, ValueError, TypeError, KeyError, ProcessLookupError) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}


def follow(services: "Services", command: Any) -> dict[str, Any]:
    """Carry out one command; gives what its answer says beside `ok`."""
    match command:
        case {"cut": str(name)}:
            services.cut(name)
        case {"restore": str(name)}:
            services.restore(name)
        case {"stop": str(name)}:
            services.stop(name)
        case {"kill": str(name), "signal": int(number)}:
            services.kill(name, signal.Signals(number))
        case {"status": True}:
            return {"services": {name: asdict(status) for name, status in services.status().items()}}
        case _:
            raise ValueError("a command is one of cut, restore, stop, kill (with signal) and status")
    return {}


def ask(path: Path, command: dict[str, Any]) -> dict[str, Any]:
    """Send one command to a control socket and return its answer. Raises `OSError` when nobody listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(CLIENT_TIMEOUT_S)
        connection.connect(os.fspath(path))
        connection.sendall(json.dumps(command).encode() + b"\n")
        with connection.makefile("rb") as lines:
            answer: dict[str, Any] = json.loads(lines.readline())
    return answer
