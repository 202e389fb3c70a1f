"""The cloud as real processes: `python -m yizhan cloud …`."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

START_S = 30.0


def write_config(
    folder: Path, database_url: str, *, port: int, embedded: bool, api_port: int = 0, name: str = "cloud"
) -> Path:
    """A configuration file; the signing key lies beside it."""
    broker = "" if embedded else '[broker]\nhost = "127.0.0.1"\n'
    broker += f"{'[embedded_broker]' if embedded else ''}\nport = {port}\n"
    path = folder / f"{name}.toml"
    path.write_text(
        f'[database]\nurl = "{database_url}"\n{broker}\n[api]\nport = {api_port}\n'
        f'pages_dir = "{folder / "pages"}"\n[signing]\nkey_file = "{folder / "signing.key"}"\n'
    )
    return path


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "yizhan", "cloud", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=START_S, check=False)


class CloudProcess:
    """One process, started and perhaps not ready yet."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy()
        )
        self.log: list[str] = []
        self._reader = threading.Thread(target=self._read_log, args=(self.process.stderr,), daemon=True)
        self._reader.start()
        self._ready: dict[str, Any] | None = None

    @property
    def ready(self) -> dict[str, Any]:
        """The ready line; waits for it, so that several processes can be started together."""
        if self._ready is None:
            self._ready = self._await_ready()
        return self._ready

    @property
    def api(self) -> str:
        return str(self.ready["api"])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(START_S)

    def terminate(self) -> int:
        """End it in order; its exit code."""
        self.process.terminate()
        return self.process.wait(START_S)

    def _await_ready(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        watchdog = threading.Timer(START_S, self.process.kill)
        watchdog.start()
        try:
            line = self.process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            self.process.wait(START_S)
            self._reader.join(START_S)
            raise RuntimeError(f"{self.process.args!r} did not become ready:\n{''.join(self.log)}")
        found: dict[str, Any] = json.loads(line)
        return found

    def _read_log(self, stream: IO[str]) -> None:
        for line in stream:
            self.log.append(line)


@contextmanager
def cloud(*arguments: str, wait: bool = True) -> Iterator[CloudProcess]:
    """A process that is ready (unless not to `wait`), and killed at the end."""
    process = CloudProcess(*arguments)
    try:
        if wait:
            assert process.ready["ready"] is True
        yield process
    finally:
        if process.process.poll() is None:
            process.kill()
