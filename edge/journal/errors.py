"""One exception tree: every failure of the journal is a `JournalError`."""

from typing import Any


class JournalError(Exception):
    """Base of all. After any of these nothing is half done; the message says what was wrong."""


class StorageFull(JournalError):
    """No room: the disk, or the journal's own hard limit. `done` says what was tried to make room."""

    def __init__(self, message: str, done: str = "") -> None:
        super().__init__(f"{message} ({done})" if done else message)
        self.done = done


class StorageLocked(JournalError):
    """Somebody else holds the file's lock for longer than the busy time-out. Try again later."""


class StorageBroken(JournalError):
    """The storage does not do what it is told (I/O error, file gone). `Journal.reopen` is the way on."""


class StorageCorrupt(StorageBroken):
    """The file's content is damaged. The next open sets it aside and starts a new epoch."""


class SchemaTooNew(JournalError):
    """The file was written by a newer version of this program, and is left as it is."""

    def __init__(self, path: Any, found: int, known: int) -> None:
        super().__init__(f"{path}: journal schema {found} is newer than {known}, the newest that this program knows")


class RecordRefused(JournalError):
    """A record that cannot be stored (too large, too deep, not JSON). `index` is its place in the batch; none of the
    batch was stored."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index
