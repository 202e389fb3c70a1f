"""A serial line as a pseudo terminal: what is behind a device's stable path.

The controller opens the far end through a symlink whose path is stable; the simulator keeps the far end open as well,
so that the line outlives the controller.

Bounds: what the controller does not read within the terminal's own buffer (4 KiB) is lost, as on a wire.
"""

import array
import contextlib
import errno
import fcntl
import logging
import os
import termios
import tty
from pathlib import Path

logger = logging.getLogger(__name__)

READ_BYTES = 4096


class PtyLine:
    def __init__(self, device: Path) -> None:
        self._device = device
        self._master, self._far_end = os.openpty()
        tty.setraw(self._far_end)
        os.set_blocking(self._master, False)

    def set_speed(self, baud: int) -> None:
        """Of the far end. Only the rates that POSIX names; the bytes pass at any."""
        speed: int = getattr(termios, f"B{baud}")
        attributes = termios.tcgetattr(self._far_end)
        attributes[4] = attributes[5] = speed
        termios.tcsetattr(self._far_end, termios.TCSANOW, attributes)

    def publish(self) -> None:
        """Point the stable path at this line; done last at start, so that a start that fails leaves another's path
        alone."""
        self._device.parent.mkdir(parents=True, exist_ok=True)
        self._device.unlink(missing_ok=True)
        self._device.symlink_to(os.ttyname(self._far_end))

    def withdraw(self) -> None:
        """The device is unplugged: its path is gone."""
        with contextlib.suppress(OSError):
            if os.readlink(self._device) == os.ttyname(self._far_end):
                self._device.unlink()

    def fileno(self) -> int:
        return self._master

    def read(self, max_bytes: int = READ_BYTES) -> bytes:
        """What the controller has sent; empty when that is nothing."""
        try:
            return os.read(self._master, max_bytes)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> None:
        try:
            os.write(self._master, data)
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise
            logger.debug("%s: nobody reads, %d bytes are lost", self._device, len(data))

    def unread_bytes(self) -> int:
        """What was sent and not read yet by the controller."""
        count = array.array("i", [0])
        fcntl.ioctl(self._far_end, termios.FIONREAD, count)
        return count[0]

    def forget_unread(self) -> None:
        """A serial port that nobody has open keeps nothing for whoever opens it next."""
        termios.tcflush(self._far_end, termios.TCIFLUSH)

    def close(self) -> None:
        self.withdraw()
        os.close(self._master)
        os.close(self._far_end)
