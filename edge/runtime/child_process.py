"""What every child process does at its start: find its end of the channel, die with the controller, log to stderr."""

import argparse
import ctypes
import logging
import os
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.runtime.config import Config, ConfigError, load
from edge.runtime.ipc import Channel, inherited_channel

HEARTBEAT_S: Final = 1.0
PR_SET_PDEATHSIG: Final = 1
EXIT_CONFIG: Final = 2


@dataclass(frozen=True)
class ChildStart:
    config: Config
    channel: Channel


def start_child(name: str, argv: Sequence[str] | None = None) -> ChildStart:
    """Parse `--config F --channel FD`, set up logging. Exits with code 2 when the configuration is refused."""
    parser = argparse.ArgumentParser(prog=f"yizhan edge {name} (started by the controller)")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--channel", type=int, required=True)
    options = parser.parse_args(argv)
    set_up_logging(name)
    channel = inherited_channel(options.channel)
    die_with(_peer(options.channel))
    # The controller decides when to stop; a Ctrl-C goes to the whole terminal group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        loaded = load(options.config)
    except ConfigError as error:
        logging.getLogger(name).error("%s", error)
        sys.exit(EXIT_CONFIG)
    return ChildStart(loaded.config, channel)


def set_up_logging(name: str) -> None:
    """One line per message on stderr, for the service manager's log."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format=f"%(asctime)s {name} %(levelname)s %(name)s: %(message)s"
    )


def _peer(descriptor: int) -> int:
    """The process that made the channel: the controller."""
    with socket.socket(fileno=os.dup(descriptor)) as end:
        pid, _, _ = struct.unpack("3i", end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(pid)


def die_with(controller_pid: int) -> None:
    """Ask the kernel to kill this process when the controller, its parent, dies, stopped or not."""
    try:
        refused = ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0
    except (OSError, AttributeError):
        refused = True
    if refused:
        logging.getLogger(__name__).warning("cannot follow the controller into death on this system")
    # Asked afterwards: it may have died before the kernel was told.
    if os.getppid() != controller_pid:
        sys.exit(1)
