"""The services of a stack, each in the order in which it must be ready."""

import sys
from typing import Final

from yizhan.services import Service
from yizhan.stack.layout import Layout

EDGE_WATCHDOG_MS: Final = 2_000
"""As `WatchdogSec` in config/systemd/yizhan-edge.service."""


def yizhan(layout: Layout, name: str, *arguments: object, watchdog_ms: int | None = None) -> Service:
    """A service that is one of our own programs: `yizhan ARGUMENTS`."""
    return Service(
        name=name,
        argv=(sys.executable, "-m", "yizhan", *map(str, arguments)),
        log_file=layout.log_file(name),
        watchdog_ms=watchdog_ms,
        ready_timeout_ms=30_000,
    )


def cloud(layout: Layout) -> tuple[Service, ...]:
    """The whole cloud in one process, with its broker."""
    return (yizhan(layout, "cloud", "cloud", "serve", "--config", layout.cloud_config),)


def cloud_apart(layout: Layout) -> tuple[Service, ...]:
    """Ingest, projector and API as processes of their own. Broker and database must be there already."""
    return tuple(
        yizhan(layout, name, "cloud", word, "--config", layout.cloud_config)
        for name, word in (("ingest", "ingest"), ("projector", "project"), ("api", "api"))
    )


def broker(layout: Layout) -> Service:
    """The embedded broker as a process of its own."""
    return yizhan(layout, "broker", "cloud", "broker", "--config", layout.cloud_config)


def station(layout: Layout, *, watchdog_ms: int | None = EDGE_WATCHDOG_MS) -> tuple[Service, ...]:
    """The hardware and the station's program. `sim` switches the power of the service named `edge`."""
    return (
        yizhan(layout, "sim", "sim", "run", "--config", layout.sim_config),
        yizhan(layout, "edge", "edge", "run", "--config", layout.edge_config, watchdog_ms=watchdog_ms),
    )
