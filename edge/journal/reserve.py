"""A file of real blocks beside the journal, given back to the disk when the disk is full.

SQLite needs room to make room: dropping rows writes to the log first. The reserve is that room. It is built anew only
when the disk has twice its size free, so that building it does not itself fill the disk.
"""

import os
from pathlib import Path


def free_bytes(directory: Path) -> int:
    """What the disk has free for us."""
    try:
        disk = os.statvfs(directory)
    except OSError:
        return 0
    return disk.f_bavail * disk.f_frsize


class Reserve:
    """The reserve file. None of these raise: a missing reserve is told by `present`, and is an alarm, not a failure."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path = path
        self._size_bytes = size_bytes

    @property
    def present(self) -> bool:
        """Whether all of its blocks are there."""
        return self._held() >= self._size_bytes

    def ensure(self) -> bool:
        """Builds the reserve when it is missing and the disk has room; whether it is there."""
        return self.present or (self.fits() and self._allocate(self._size_bytes))

    def fits(self) -> bool:
        """Whether the disk has room for the reserve and as much again."""
        return free_bytes(self._path.parent) + self._held() >= 2 * self._size_bytes

    def take_what_is_left(self) -> bool:
        """Takes back at once what a release has not used, up to the reserve's size; whether that is all of it."""
        return self._allocate(min(self._size_bytes, self._held() + free_bytes(self._path.parent)))

    def release(self) -> bool:
        """Gives the blocks back; whether there were any."""
        had = self._held() > 0
        try:
            os.truncate(self._path, 0)
        except OSError:
            return False
        return had

    def _held(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def _allocate(self, size_bytes: int) -> bool:
        if size_bytes > 0:
            try:
                handle = os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600)
                try:
                    os.posix_fallocate(handle, 0, size_bytes)
                finally:
                    os.close(handle)
            except OSError:
                self.release()
        return self.present
