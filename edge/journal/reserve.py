"""A file of real blocks beside the journal, given back to the disk when the disk is full.

SQLite needs room to make room: dropping rows writes to the log first. The reserve is that room. It is rebuilt as soon
as the disk has at least twice its size free, so that rebuilding does not itself fill the disk.
"""

import os
from pathlib import Path


class Reserve:
    """The reserve file. None of these raise: a missing reserve is told by `present`, and is an alarm, not a failure."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path = path
        self._size_bytes = size_bytes

    @property
    def present(self) -> bool:
        """Whether the blocks are there."""
        try:
            return self._path.stat().st_size >= self._size_bytes
        except OSError:
            return False

    def ensure(self) -> bool:
        """Builds the reserve when it is missing and the disk has room; whether it is there."""
        if self.present:
            return True
        try:
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize < 2 * self._size_bytes:
                return False
            handle = os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600)
            try:
                os.posix_fallocate(handle, 0, self._size_bytes)
            finally:
                os.close(handle)
        except OSError:
            self.release()
        return self.present

    def release(self) -> bool:
        """Gives the blocks back; whether there were any."""
        had = self.present
        try:
            os.truncate(self._path, 0)
        except OSError:
            return False
        return had
