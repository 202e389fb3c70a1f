"""The table at work: starts services in order, each when the one before is ready; stops them in reverse."""

import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from yizhan.services.control import ControlSocket
from yizhan.services.guard import Guard
from yizhan.services.runner import Runner
from yizhan.services.table import Service, ServiceError, ServiceStatus


class Services:
    """A running table. Thread-safe; a context manager that leaves nothing running.

    `control_socket`: where commands from other processes are heard (see `control`).
    """

    def __init__(self, table: Sequence[Service], *, control_socket: Path | None = None) -> None:
        names = [service.name for service in table]
        if len(set(names)) != len(names):
            raise ServiceError(f"two services of one name in {', '.join(names)}")
        # A short path of our own: the addresses of Unix sockets end at 107 bytes.
        self._sockets = Path(tempfile.mkdtemp(prefix="yizhan-"))
        self._guard = Guard()
        self._runners = {service.name: Runner(service, self._sockets, self._guard) for service in table}
        self._control = None if control_socket is None else ControlSocket(control_socket, self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start all, in the table's order. Raises `ServiceError` at the first that does not become ready."""
        for name in self._runners:
            self.restore(name)
            self.wait_ready(name)

    def wait_ready(self, name: str, timeout_ms: int | None = None) -> None:
        """Wait until it is ready. Raises `ServiceError`, with its last log lines, when it ends or takes too long."""
        self._runner(name).wait_ready(timeout_ms)

    def cut(self, name: str) -> None:
        """Take its power: SIGKILL to all of it at once; it stays down until restored."""
        self._runner(name).end(gently=False)

    def stop(self, name: str) -> None:
        """Ask it to end, and wait; it stays down until restored."""
        self._runner(name).end(gently=True)

    def restore(self, name: str) -> None:
        """Start what is down. Does not wait until it is ready."""
        self._runner(name).start()

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL, *, whole_group: bool = False) -> None:
        """Send a signal; its restart policy then decides. Returns before the program has felt it: who waits for the
        next life looks at `starts` in `status()`, since `wait_ready` may still see the life before."""
        self._runner(name).signal(number, whole_group=whole_group)

    def status(self) -> dict[str, ServiceStatus]:
        return {name: runner.status() for name, runner in self._runners.items()}

    def tail(self, name: str) -> str:
        """The last lines of its log."""
        return self._runner(name).tail()

    def close(self) -> None:
        """Stop all in reverse order and end."""
        if self._control is not None:
            self._control.close()
        for runner in reversed(self._runners.values()):
            runner.close()
        self._guard.close()
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _runner(self, name: str) -> Runner:
        runner = self._runners.get(name)
        if runner is None:
            raise ServiceError(f"no service {name!r}; there are {', '.join(self._runners)}")
        return runner
