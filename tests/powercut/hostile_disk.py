"""A disk that keeps only what was synced, for SQLite to live on until the power is cut.

Underneath is a real directory, which plays the page cache: everything written is seen there at once, also by other
connections, and shared memory works. Beside it this file keeps what has really reached the platters: per file its
synced content, and the writes since then. At the cut each of those writes is, by the seed, kept, dropped or torn, and
they take effect in any order. A torn write keeps some of its 512-byte sectors and may end inside one; bytes that were
not written are not hurt (SQLite relies on that: "powersafe overwrite", which flash controllers give by copying).

Not modelled: bits that rot, and disks that lie about syncing (`honest=False` does that on purpose, to see it found).
"""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

SECTOR_BYTES = 512
KEPT_FILES = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL


@dataclass(frozen=True)
class Write:
    """Bytes on their way to the platters; `data` None cuts the file at `offset`."""

    offset: int
    data: bytes | None


@dataclass
class Platter:
    """One file: what is on the disk for certain (None: not even its name), and what is on its way."""

    synced: bytes | None = None
    pending: list[Write] = field(default_factory=list)

    def sync(self) -> None:
        self.synced = _with(self.synced or b"", self.pending)
        self.pending = []

    def after_cut(self, dice: random.Random) -> bytes | None:
        """The content that a start after the cut finds."""
        if self.synced is None and dice.random() < 0.5:
            return None
        survivors = [torn for write in self.pending if (torn := _torn(write, dice)) is not None]
        # The order in which a page cache writes back is its own affair.
        dice.shuffle(survivors)
        return _with(self.synced or b"", survivors)


def _with(content: bytes, writes: list[Write]) -> bytes:
    result = bytearray(content)
    for write in writes:
        if write.data is None:
            del result[write.offset :]
            continue
        if len(result) < write.offset:
            result.extend(bytes(write.offset - len(result)))
        result[write.offset : write.offset + len(write.data)] = write.data
    return bytes(result)


def _torn(write: Write, dice: random.Random) -> Write | None:
    fate = dice.random()
    if fate < 0.4:
        return write
    if fate < 0.7 or write.data is None:
        return None
    begin = dice.randrange(0, len(write.data), SECTOR_BYTES)
    end = dice.randint(begin, len(write.data))
    return Write(write.offset + begin, write.data[begin:end]) if end > begin else None


class Disk:
    """Counts what is asked of it, and dies at `cut_at` of those steps. Capacity counts the bytes of all kept files."""

    def __init__(
        self,
        *,
        cut_at: int | None = None,
        honest: bool = True,
        capacity_bytes: int | None = None,
        ballast: Path | None = None,
    ) -> None:
        self.cut_at = cut_at
        self.honest = honest
        self.capacity_bytes = capacity_bytes
        self.ballast = ballast
        """A file beside SQLite's that takes room too."""
        self.steps = 0
        self.dead = False
        self.files: dict[str, Platter] = {}
        self.deleted: dict[str, Platter] = {}
        """Files whose deletion has not reached the directory on the disk yet."""

    def step(self) -> None:
        """One thing asked of the disk. Raises when the power is gone."""
        self.steps += 1
        if self.cut_at is not None and self.steps >= self.cut_at:
            self.dead = True
        if self.dead:
            raise apsw.IOError("the power is gone")

    def cut(self, seed: int, into: Path) -> None:
        """Writes what is left after the cut into another directory."""
        self.dead = True
        dice = random.Random(seed)
        into.mkdir()
        returned = {name: platter for name, platter in sorted(self.deleted.items()) if dice.random() < 0.5}
        for name, platter in sorted((returned | self.files).items()):
            content = platter.after_cut(dice)
            if content is not None:
                (into / Path(name).name).write_bytes(content)

    def free_bytes(self, but: str = "") -> int:
        """What is free when the file `but` is left out of the account."""
        if self.capacity_bytes is None:
            return sys.maxsize
        files = {Path(name) for name in self.files if name != but} | ({self.ballast} if self.ballast else set())
        return self.capacity_bytes - sum(file.stat().st_size for file in files if file.exists())


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, base: str, name: str, where: Any, flags: list[int]) -> None:
        super().__init__(base, where, flags)
        self._disk = disk
        self._name = name
        self._platter = disk.files.setdefault(name, Platter())

    def xWrite(self, data: Any, offset: int) -> None:
        self._disk.step()
        data = bytes(data)
        end = offset + len(data)
        if end > self.xFileSize() and end > self._disk.free_bytes(but=self._name):
            raise apsw.FullError("the disk is full")
        super().xWrite(data, offset)
        self._platter.pending.append(Write(offset, data))

    def xTruncate(self, newsize: int) -> None:
        self._disk.step()
        super().xTruncate(newsize)
        self._platter.pending.append(Write(newsize, None))

    def xSync(self, flags: int) -> None:
        self._disk.step()
        if self._disk.honest:
            if self._platter.synced is None:
                # SQLite syncs the directory with a new file's first sync, and with it earlier deletions.
                self._disk.deleted.clear()
            self._platter.sync()


class _FileSystem(apsw.VFS):
    def __init__(self, disk: Disk, name: str) -> None:
        self._disk = disk
        super().__init__(name, base="")

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        filename = name.filename() if isinstance(name, apsw.URIFilename) else name
        if filename is None or not flags[0] & KEPT_FILES:
            return apsw.VFSFile("", name, flags)
        return _File(self._disk, "", filename, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self._disk.step()
        super().xDelete(filename, syncdir)
        platter = self._disk.files.pop(filename, None)
        if syncdir and self._disk.honest:
            self._disk.deleted.clear()
        elif platter is not None:
            self._disk.deleted[filename] = platter


@contextmanager
def mounted(disk: Disk, name: str) -> Iterator[str]:
    """Registers the disk as a SQLite file system under `name` while the block runs."""
    system = _FileSystem(disk, name)
    try:
        yield name
    finally:
        system.unregister()
