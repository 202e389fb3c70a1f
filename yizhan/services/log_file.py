"""A log file of bounded size: full, it becomes `NAME.1` (the one before is dropped) and a new one begins."""

from pathlib import Path
from typing import Final

MAX_BYTES: Final = 4 * 1024 * 1024
TAIL_BYTES: Final = 8 * 1024


class LogFile:
    """Takes a program's output. At most `2 × max_bytes` lie on disk."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self._max_bytes = max_bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)

    def write(self, data: bytes) -> None:
        if self._file.tell() + len(data) > self._max_bytes:
            self._file.close()
            self.path.replace(self.path.with_name(self.path.name + ".1"))
            self._file = self.path.open("ab", buffering=0)
        self._file.write(data)

    def tail(self, lines: int = 12) -> str:
        """The last lines, for an error message."""
        with self.path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
        return "\n".join(text.splitlines()[-lines:])

    def close(self) -> None:
        self._file.close()
