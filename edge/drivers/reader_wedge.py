"""A card reader or code scanner that says it is a USB keyboard, by its event device under /dev/input/by-id.

The device is grabbed, so that what it types reaches nobody else: not a console, not a browser. One that cannot be
grabbed is not used. Its path is looked at once a second: a device that was pulled out and put back is another one under
the same name.

The age of what is typed: the kernel keeps keys until they are read, so after a pause of this process a line may be as
old as the pause. `not_before` is when it was last seen that nothing waited.

A peer that is no input device (a pseudo terminal that carries the same events) cannot be grabbed and need not be.
"""

import errno
import fcntl
import logging
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from contract.ids import ReaderId
from edge.core.effects import Feedback
from edge.drivers.evdev_keys import EVENT, KeyLines

log = logging.getLogger(__name__)

EVIOCGRAB: Final = 0x40044590
"""_IOW('E', 0x90, int)"""
INPUT_MAJOR: Final = 13
READ_EVENTS: Final = 256
LOOK_S: Final = 1.0
IDLE_S: Final = 0.2


@dataclass(frozen=True)
class TypedLine:
    """What was typed up to Enter. Never logged."""

    text: str = field(repr=False)
    not_before_mono_ns: int
    received_mono_ns: int


class WedgeReader:
    """One reader. All methods are called from one thread.

    `on_line(TypedLine)` and `on_status(online, detail)` are called from within `service`.
    """

    def __init__(
        self,
        reader: ReaderId,
        device: str,
        *,
        on_line: Callable[[TypedLine], None],
        on_status: Callable[[bool, str], None],
    ) -> None:
        self.reader = reader
        self._device = device
        self._on_line, self._on_status = on_line, on_status
        self._file: int | None = None
        self._keys = KeyLines()
        self._quiet_since_ns = 0
        self._next_look_s = 0.0
        self._told_online: bool | None = None
        self._why = "not opened yet"

    def fileno(self) -> int | None:
        """The device's file descriptor to wait on, None while it is closed."""
        return self._file

    def show(self, outcome: Feedback) -> None:
        """A keyboard has no light and no buzzer; the station's screen speaks for it."""

    def service(self) -> float:
        """Read what has been typed. Returns after how many seconds to call again if nothing has been before."""
        now_s = time.monotonic()
        if now_s >= self._next_look_s:
            self._next_look_s = now_s + LOOK_S
            self._look()
        if self._file is not None:
            self._read(self._file)
        return IDLE_S

    def close(self) -> None:
        self._close("closed")

    def _look(self) -> None:
        """Open the device if it is there, and let it go if it is not the same any more."""
        if self._file is not None and not self._is_same(self._file):
            self._close(f"{self._device} was pulled out")
        if self._file is None:
            try:
                self._file = self._open()
                self._keys = KeyLines()
            except OSError as error:
                self._why = f"{self._device} cannot be opened: {error.strerror}"
        self._tell()

    def _open(self) -> int:
        """Raises `OSError`."""
        file = os.open(self._device, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            about = os.fstat(file)
            if stat.S_ISCHR(about.st_mode) and os.major(about.st_rdev) == INPUT_MAJOR:
                fcntl.ioctl(file, EVIOCGRAB, 1)
            # What was typed before anybody listened is nobody's card now.
            while os.read(file, EVENT.size * READ_EVENTS):
                pass
        except BlockingIOError:
            pass
        except OSError:
            os.close(file)
            raise
        self._quiet_since_ns = time.monotonic_ns()
        return file

    def _is_same(self, file: int) -> bool:
        try:
            there, ours = os.stat(self._device), os.fstat(file)
        except OSError:
            return False
        return (there.st_dev, there.st_ino, there.st_rdev) == (ours.st_dev, ours.st_ino, ours.st_rdev)

    def _close(self, why: str) -> None:
        file, self._file = self._file, None
        self._why = why
        if file is not None:
            os.close(file)

    def _read(self, file: int) -> None:
        now_ns = time.monotonic_ns()
        try:
            data = os.read(file, EVENT.size * READ_EVENTS)
        except BlockingIOError:
            self._quiet_since_ns = now_ns
            return
        except OSError as error:
            gone = error.errno == errno.ENODEV
            self._close(f"{self._device} was pulled out" if gone else f"{self._device}: {error.strerror}")
            self._tell()
            return
        if not data:
            self._close(f"{self._device} has ended")
            self._tell()
            return
        given_up = self._keys.given_up
        for line in self._keys.feed(data, now_ns):
            self._on_line(TypedLine(line, self._quiet_since_ns, now_ns))
        if self._keys.given_up > given_up:
            log.warning("reader %s: a line that was lost in part, or too long, is given up", self.reader)

    def _tell(self) -> None:
        online = self._file is not None
        if online is not self._told_online:
            self._told_online = online
            self._on_status(online, "" if online else self._why)
