"""A damaged database file is renamed, not deleted: a person may want to look. A bounded number is kept."""

import os
import time
from pathlib import Path
from typing import Final

from edge.journal.errors import StorageBroken

SET_ASIDE_KEPT: Final = 3
SIDE_FILES: Final = ("-wal", "-shm")


def remove_orphans(path: Path) -> None:
    """Removes the side files of a database that is not there: a new one under the name would swallow them."""
    for suffix in SIDE_FILES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def set_aside(path: Path) -> Path:
    """Renames the file and its log to `journal-<time>.corrupt`, keeps the newest few of such, returns where.

    The database goes first: a log without its database is never taken for one (see `remove_orphans`), a database
    without its log would be one rolled back.
    """
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    target = path.with_name(f"{path.stem}-{stamp}-{time.time_ns() % 10**9:09d}.corrupt")
    try:
        if path.exists():
            path.rename(target)
        for suffix in SIDE_FILES:
            side = path.with_name(path.name + suffix)
            if side.exists():
                side.rename(target.with_name(target.name + suffix))
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        for old in sorted(path.parent.glob(f"{path.stem}-*.corrupt"))[:-SET_ASIDE_KEPT]:
            for suffix in ("", *SIDE_FILES):
                old.with_name(old.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise StorageBroken(f"{path} is damaged and cannot be set aside: {error}") from error
    return target
