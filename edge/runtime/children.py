"""Starting, hearing and restarting the controller's children.

A child that has exited, that is silent for `SILENT_S`, or that says something it may not say, is killed and started
again with a back-off. It runs in the controller's process group and dies with the controller.
"""

import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.runtime.ipc import (
    BadMessage,
    Channel,
    ChannelClosed,
    ChannelFull,
    Child,
    Heartbeat,
    Message,
    StopChild,
    channel_pair,
)

log = logging.getLogger(__name__)

SILENT_S: Final = 3.0
START_S: Final = 15.0
"""A child imports its libraries before its first heartbeat, slowly on a cold SD card."""
STABLE_S: Final = 10.0
KILL_S: Final = 2.0
"""So long a killed child may take to end before another one is started beside it: it may hold the serial line."""
BACK_OFF_S: Final = (0.1, 0.5, 1.0, 2.0, 5.0)
MAX_MESSAGES_PER_TURN: Final = 64

MODULES: Final = {
    Child.READER: "edge.runtime.reader_process",
    Child.UPLINK: "edge.uplink",
    Child.CONSOLE: "edge.console",
    Child.SENSORS: "edge.runtime.sensor_process",
    Child.CABINET: "edge.runtime.cabinet_process",
}
"""Everything that runs beside the controller."""


@dataclass
class _Running:
    process: subprocess.Popen[bytes]
    channel: Channel
    started: float
    heard: float
    spoke: bool = False


class SupervisedChild:
    """One child. `on_message` gets all but heartbeats; `on_change(running, detail)` is told of trouble and its end."""

    def __init__(
        self,
        child: Child,
        config: Path,
        on_message: Callable[[Message], None],
        on_change: Callable[[bool, str], None],
    ) -> None:
        self.child = child
        self._config = config
        self._on_message = on_message
        self._on_change = on_change
        self._running: _Running | None = None
        self._failures = 0
        self._restart_at = 0.0
        self._told_running: bool | None = None
        self._stopping = False
        self._dying: subprocess.Popen[bytes] | None = None
        self._died_by = 0.0

    @property
    def pid(self) -> int | None:
        return self._running.process.pid if self._running is not None else None

    def start(self) -> None:
        try:
            process, ours = self._spawn()
        except OSError as error:
            self._give_up(f"cannot be started: {error}")
            return
        now = time.monotonic()
        self._running = _Running(process, ours, now, now)
        asyncio.get_running_loop().add_reader(ours.fileno(), self._readable)

    def _spawn(self) -> tuple[subprocess.Popen[bytes], Channel]:
        ours, theirs = channel_pair(self.child)
        with theirs:
            number = theirs.fileno()
            argv = [sys.executable, "-m", MODULES[self.child], "--config", str(self._config), "--channel", str(number)]
            try:
                return subprocess.Popen(argv, stdin=subprocess.DEVNULL, pass_fds=[number]), ours
            except OSError:
                ours.close()
                raise

    def send(self, message: Message) -> bool:
        """False: the child is away or does not read; the message is dropped."""
        if self._running is None:
            return False
        try:
            self._running.channel.send(message)
        except (ChannelFull, ChannelClosed):
            return False
        return True

    def check(self) -> None:
        """To be called a few times a second."""
        now = time.monotonic()
        running = self._running
        if self._stopping:
            return
        if running is None:
            if now >= self._restart_at and self._is_buried(now):
                self.start()
            return
        if (code := running.process.poll()) is not None:
            self._fail(f"exited with code {code}")
        elif now - running.heard > (SILENT_S if running.spoke else START_S):
            self._fail(f"silent for {now - running.heard:.1f} s")
        elif now - running.started > STABLE_S:
            self._failures = 0

    def ask_to_stop(self) -> None:
        """From now on its end is no failure, and what it says is not heard. `wait_for_end` follows."""
        self._stopping = True
        self.send(StopChild())
        if self._running is not None:
            asyncio.get_running_loop().remove_reader(self._running.channel.fileno())

    def wait_for_end(self, timeout_s: float) -> None:
        """Wait for an orderly end, then kill. Blocks: call it on another thread."""
        running, self._running = self._running, None
        if running is None:
            return
        try:
            running.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            running.process.kill()
        running.channel.close()

    def _readable(self) -> None:
        running = self._running
        if running is None:
            return
        try:
            for _ in range(MAX_MESSAGES_PER_TURN):
                message = running.channel.receive()
                if message is None:
                    return
                self._hear(running, message)
                if self._running is not running:
                    return
        except ChannelClosed:
            self._fail("gone")
        except BadMessage as error:
            self._fail(f"said something that it may not say: {error}")

    def _hear(self, running: _Running, message: Message) -> None:
        running.heard = time.monotonic()
        running.spoke = True
        if self._told_running is not True:
            self._told_running = True
            self._on_change(True, "")
        if not isinstance(message, Heartbeat):
            self._on_message(message)

    def _fail(self, detail: str) -> None:
        running, self._running = self._running, None
        if running is None:
            return
        asyncio.get_running_loop().remove_reader(running.channel.fileno())
        running.channel.close()
        running.process.kill()
        self._dying, self._died_by = running.process, time.monotonic() + KILL_S
        self._give_up(detail)

    def _is_buried(self, now: float) -> bool:
        """Whether the child before has ended. Asked without waiting: the door does not stand still for it."""
        if self._dying is not None and self._dying.poll() is None:
            if now < self._died_by:
                return False
            # In the kernel, beyond signals (a dead bus, say).
            log.error("process %d does not die", self._dying.pid)
        self._dying = None
        return True

    def _give_up(self, detail: str) -> None:
        wait_s = BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)]
        self._failures += 1
        self._restart_at = time.monotonic() + wait_s
        log.error("%s %s; started again in %.1f s", self.child, detail, wait_s)
        if self._told_running is not False:
            self._told_running = False
            self._on_change(False, detail)
