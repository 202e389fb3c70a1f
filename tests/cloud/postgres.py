"""A throw-away PostgreSQL cluster. PostgreSQL refuses to run as root, so that root starts it as user `postgres`."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from yizhan.services.probe import free_ports

START_S = 20.0
MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 * 1024**3


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`, of the newest version installed."""
    found = shutil.which("postgres")
    if found is not None:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


def fast_folder() -> Path | None:
    """Memory, where there is room; None: where temporary files are. The server has its ordinary, durable settings all
    the same: it is killed in tests, but nobody pulls the plug, and on a disk each new database costs a third of a
    second of waiting."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM_BYTES else None


class Cluster:
    """One cluster on a free port of 127.0.0.1. `kill` and `start` may follow each other."""

    def __init__(self) -> None:
        folder = programs()
        if folder is None:
            raise FileNotFoundError("postgres")
        self._programs = folder
        self._root = Path(tempfile.mkdtemp(prefix="yizhan-postgres-", dir=fast_folder()))
        self._data = self._root / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        # Removing one waits for a checkpoint; nobody has to wait with it.
        self._dropping = ThreadPoolExecutor(1, thread_name_prefix="dropping")
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self._root, owner.pw_uid, owner.pw_gid)
        self.port = free_ports(1)[0]
        arguments = ["--no-sync", "--auth=trust", "--username=yizhan", "--encoding=UTF8", "--locale=C.UTF-8"]
        subprocess.run(self._as_owner("initdb", "-D", str(self._data), *arguments), check=True, capture_output=True)

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": ""}
        settings |= {"shared_buffers": "32MB", "max_connections": 60}
        options = [f"--{name}={value}" for name, value in settings.items()]
        # A process group of its own, so that `kill` reaches the server and not whoever started it.
        self._process = subprocess.Popen(
            self._as_owner("postgres", "-D", str(self._data), *options),
            stdout=subprocess.DEVNULL,
            stderr=(self._root / "log").open("ab"),
            start_new_session=True,
        )
        deadline = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(self.dsn("postgres"), connect_timeout=1).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Kill all of its processes."""
        if self._process is not None:
            os.killpg(self._process.pid, number)
            self._process.wait(START_S)
            self._process = None

    def stop(self) -> None:
        """End it for good."""
        self._dropping.shutdown(cancel_futures=True)
        self.kill(signal.SIGKILL)
        shutil.rmtree(self._root, ignore_errors=True)

    def dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=yizhan dbname={database}"

    def create_database(self, template: str = "template1") -> str:
        """A new database; its SQLAlchemy URL."""
        self._databases += 1
        name = f"test_{self._databases}"
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return f"postgresql+psycopg://yizhan@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Remove one that `create_database` made, whoever is still connected: hundreds of them would fill a disk. It is
        gone some time later."""
        self._dropping.submit(self._drop, url)

    def _drop(self, url: str) -> None:
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)".encode())

    def _as_owner(self, program: str, *arguments: str) -> list[str]:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() != 0:
            return command
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", *command]
