"""What a service is and how it stands: plain values, as systemd's unit files would say them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class ServiceError(RuntimeError):
    """A service that cannot be started or does not exist. The message names it and shows its last log lines."""


class RestartPolicy(StrEnum):
    """When a service that has ended is started again."""

    ALWAYS = "always"
    ON_FAILURE = "on-failure"
    NO = "no"


class Condition(StrEnum):
    """How a service stands."""

    DOWN = "down"
    """Not started, stopped, or cut."""
    STARTING = "starting"
    READY = "ready"
    WAITING = "waiting"
    """Ended, and to be started again after its back-off."""
    ENDED = "ended"
    """Ended, and its policy does not start it again."""


@dataclass(frozen=True)
class Service:
    """One program to run.

    It is ready when it says `READY=1` on its notification socket (`notifies`), else when something listens on
    `ready_port`, else at once.
    """

    name: str
    argv: tuple[str, ...]
    log_file: Path
    env: Mapping[str, str] = field(default_factory=dict)
    """Beside our own environment."""
    working_directory: Path | None = None
    restart: RestartPolicy = RestartPolicy.ALWAYS
    notifies: bool = True
    ready_port: int | None = None
    """A TCP port on 127.0.0.1, for programs that do not know `sd_notify`."""
    watchdog_ms: int | None = None
    """After ready: killed when silent for this long."""
    ready_timeout_ms: int = 20_000
    stop_timeout_ms: int = 5_000
    abort_timeout_ms: int = 200
    """Between SIGABRT of the watchdog, by which a program may still say where it hung, and SIGKILL."""


@dataclass(frozen=True)
class ServiceStatus:
    """One service as it stands now."""

    name: str
    condition: Condition
    pid: int | None
    starts: int
    watchdog_kills: int
    last_exit: int | None
    """Exit code of the life before, negative for a signal, None when there was none."""
    text: str
    """What the program last said of itself (`STATUS=`)."""
