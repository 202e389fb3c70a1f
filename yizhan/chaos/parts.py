"""The system's own broker and database, where they are installed, as services on 127.0.0.1.

PostgreSQL refuses to run as root, and its directory must be reachable by the user it runs as: its cluster lies in a
temporary directory of its own.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

import psycopg

from yizhan.services import Service, Services
from yizhan.stack.layout import Layout

SYSTEM_PATHS: Final = "/usr/sbin:/usr/local/sbin"
POSTGRESQL_PATHS: Final = Path("/usr/lib/postgresql")
POSTGRESQL_USER: Final = "postgres"
ROLE: Final = "yizhan"
COMMAND_TIMEOUT_S: Final = 60
UP_WITHIN_S: Final = 30.0


class PartMissing(RuntimeError):
    """A part of the system that was asked for is not installed or does not start."""


# ---------------------------------------------------------------- mosquitto


def mosquitto_program() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=SYSTEM_PATHS)


def mosquitto(layout: Layout) -> Service:
    """mosquitto without persistence: what it has queued dies with it. Raises `PartMissing`."""
    program = mosquitto_program()
    if program is None:
        raise PartMissing("mosquitto is not installed: apt-get install mosquitto, or --broker iotcore")
    config = layout.root / "mosquitto.conf"
    # As root it would change to a user who is beyond the reach of the parent's death signal.
    config.write_text(
        f"user root\nlistener {layout.ports.broker} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        "set_tcp_nodelay true\nlog_type error\nlog_type warning\n",
        encoding="utf-8",
    )
    return Service(
        name="broker",
        argv=(program, "-c", str(config)),
        log_file=layout.log_file("broker"),
        notifies=False,
        ready_port=layout.ports.broker,
    )


# ---------------------------------------------------------------- PostgreSQL


def postgresql_directory() -> Path | None:
    """Where `initdb` and `postgres` are, the newest version first."""
    versions = [path for path in POSTGRESQL_PATHS.glob("*/bin") if (path / "initdb").exists()]
    if versions:
        return max(versions, key=lambda path: float(path.parent.name))
    program = shutil.which("initdb")
    return Path(program).resolve().parent if program else None


class Cluster:
    """A throw-away PostgreSQL cluster."""

    def __init__(self, port: int) -> None:
        """Raises `PartMissing`."""
        programs = postgresql_directory()
        if programs is None:
            raise PartMissing("PostgreSQL is not installed: apt-get install postgresql, or --database sqlite")
        self.port = port
        self._programs = programs
        self._data = Path(tempfile.mkdtemp(prefix="yizhan-postgresql-"))
        self._user = _other_user()
        if self._user is not None:
            os.chown(self._data, self._user.pw_uid, self._user.pw_gid)
        command = [str(programs / "initdb"), "--no-sync", "--auth=trust", f"--username={ROLE}"]
        command += ["--encoding=UTF8", "--locale=C", f"--pgdata={self._data}"]
        made = subprocess.run(
            [*self._as_user(), *command], capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
        if made.returncode != 0:
            self.remove()
            raise PartMissing(f"initdb failed: {made.stderr.strip()[-500:]}")

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{ROLE}@127.0.0.1:{self.port}/postgres"

    def service(self, layout: Layout) -> Service:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_buffers": "32MB",
            "max_connections": "50",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Service(
            name="database",
            argv=(*self._as_user(), str(self._programs / "postgres"), "-D", str(self._data), *options),
            log_file=layout.log_file("database"),
            notifies=False,
            ready_port=self.port,
        )

    def wait_ready(self) -> None:
        """Until it has recovered and answers. Raises `PartMissing` when it does not."""
        end = time.monotonic() + UP_WITHIN_S
        while True:
            try:
                psycopg.connect(
                    f"host=127.0.0.1 port={self.port} user={ROLE} dbname=postgres", connect_timeout=5
                ).close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > end:
                    raise PartMissing(f"PostgreSQL does not answer: {error}") from error
                time.sleep(0.02)

    def kill(self, services: Services) -> None:
        """SIGKILL to the postmaster and every backend; returns when none is left."""
        postmaster = services.status()["database"].pid
        if postmaster is None:
            return
        # Stopped first, so that no backend is born while we count them; each is a process group of its own.
        os.kill(postmaster, signal.SIGSTOP)
        backends = children_of(postmaster)
        services.cut("database")
        for pid in backends:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        end = time.monotonic() + UP_WITHIN_S
        while any(Path(f"/proc/{pid}").exists() for pid in backends) and time.monotonic() < end:
            time.sleep(0.005)

    def remove(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)

    def _as_user(self) -> tuple[str, ...]:
        """The words before a command that make it run as somebody other than root."""
        if self._user is None:
            return ()
        ids = ("--reuid", str(self._user.pw_uid), "--regid", str(self._user.pw_gid), "--clear-groups")
        # A change of user forgets the parent's death signal, so it is asked for again.
        return ("setpriv", *ids, "--pdeathsig", "KILL", "--")


def children_of(parent: int) -> list[int]:
    """The processes whose parent is `parent`."""
    children = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == parent:
            children.append(int(path.parent.name))
    return children


def _other_user() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as when we are root. Raises `PartMissing`."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam(POSTGRESQL_USER)
    except KeyError:
        raise PartMissing(f"there is no user {POSTGRESQL_USER!r} to run PostgreSQL as") from None
