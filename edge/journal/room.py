"""Writing when there may be no room: on a full disk, and at the journal's own hard limit.

A write that finds no room releases the reserve, copies the log back, lets `retention` drop what may go, and tries once
more; then the reserve takes back what is left. *House-keeping* (acknowledgements, snapshots, forks) may use the
reserve, because it leads to more room. New records may not: as long as the disk cannot give the whole reserve back, the
database does not grow (`max_page_count`), and new records live in the pages that others have left. So a full disk never
reaches the point at which not even an acknowledgement can be noted.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from contract.ids import Stream
from edge.journal import retention
from edge.journal.errors import StorageFull
from edge.journal.model import Budget, Maintained
from edge.journal.reserve import Reserve
from edge.journal.storage import Connection, limit_pages, stop_growing


class Room:
    """Belongs to one open connection."""

    def __init__(self, connection: Connection, path: Path, budget: Budget, reserve: Reserve) -> None:
        self._connection = connection
        self._path = path
        self._budget = budget
        self._reserve = reserve
        self._given_up: dict[Stream, int] = {}
        self._growing = True
        self._reserve.ensure()

    def write(self, needed_bytes: int, write: Callable[[], None], *, keeps_house: bool) -> bool:
        """Carries out `write`, making room when there is none; whether room had to be made.

        Raises:
            StorageFull: there is none; it says what was done.
        """
        try:
            write()
            return False
        except StorageFull as error:
            full = error
        done = ["reserve released" if self._reserve.release() else "reserve already used"]
        try:
            with suppress(StorageFull):
                limit_pages(self._connection, self._budget.hard_bytes)
                made = retention.make_room_when_full(self._connection, self._budget, needed_bytes)
                self._count(made)
                lost = "".join(f", {count} {stream} given up" for stream, count in made.given_up)
                done.append(f"{made.dropped_acknowledged} acknowledged dropped{lost}")
            if not keeps_house:
                self._growing = self._reserve.fits()
                if not self._growing:
                    stop_growing(self._connection)
            write()
        except StorageFull:
            raise StorageFull(str(full), "; ".join(done)) from full
        finally:
            self._reserve.take_what_is_left()
        return True

    def maintain(self, now_ms: int | None) -> Maintained:
        """One round of `retention.maintain`; the reserve is built again when the disk has room, and growth allowed."""
        rounds: list[Maintained] = []

        def one_round() -> None:
            rounds.append(retention.maintain(self._connection, self._path, self._budget, now_ms))

        self.write(0, one_round, keeps_house=True)
        done = rounds[-1]
        self._count(done)
        reserved = self._reserve.ensure()
        if reserved and not self._growing:
            limit_pages(self._connection, self._budget.hard_bytes)
            self._growing = True
        given_up, self._given_up = tuple(self._given_up.items()), {}
        return Maintained(done.dropped_acknowledged, given_up, done.used_bytes, reserved, done.more)

    def _count(self, made: Maintained) -> None:
        for stream, count in made.given_up:
            self._given_up[stream] = self._given_up.get(stream, 0) + count
