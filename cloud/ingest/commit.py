"""One transaction for everything that waits: store, claim the positions, and only then say so.

`Committer.commit` returns the answers that may be published; it returns after the database has committed and raises
otherwise, so that nothing can be acknowledged before it is safe. Rows of `received_range` are locked in sorted order,
which is what keeps many workers from deadlocking.

When the database refuses a value that `check` let through, the group is split until the one batch is found, whose
records are then stored one at a time, each refused one set aside: one bad record never stops the stream.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import Connection, Table, select, tuple_, union_all, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError

from cloud import metrics
from cloud.ingest.check import ChainBroken, check_chain
from cloud.ingest.inbox import Greeting, Journal, Unreadable
from cloud.ingest.progress import CloudAlarm, Key, Outcome, Progress, Writes
from cloud.store.bulk import RowsRefused, bulk_insert
from cloud.store.database import Database
from cloud.store.tables import finding, fork, quarantine, received_range, record, station
from contract.ids import StationId
from contract.messages import Ack

log = logging.getLogger(__name__)
KEYS_PER_QUERY: Final = 200
LOGGED_SUBJECTS: Final = 10_000
_REFUSED: Final = (RowsRefused, DataError, IntegrityError)
Item = Journal | Greeting | Unreadable
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """An acknowledgement to publish. `received_at_ms` is when its cause arrived."""

    station: StationId
    ack: Ack
    received_at_ms: int


class OnceLog:
    """Logs each subject once; forgets all when it knows too many, so that it stays small."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, ...]] = set()

    def warn(self, subject: tuple[str, ...], message: str, *arguments: object) -> None:
        if subject in self._seen:
            return
        if len(self._seen) >= LOGGED_SUBJECTS:
            self._seen.clear()
        self._seen.add(subject)
        log.warning(message, *arguments)


class Committer:
    """Commits what stations have sent. One thread uses it at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._once = OnceLog()

    def commit(self, items: Sequence[Item]) -> list[Answer]:
        """Store everything in `items` in one transaction; the answers may be published.

        Raises:
            OperationalError, psycopg.OperationalError: the database is away; nothing is stored, try again.
        """
        if not items:
            return []
        try:
            return self._transact(items, careful=False)
        except _REFUSED as error:
            if len(items) == 1:
                log.warning("a record is refused by the database and will be set aside: %s", error)
                return self._commit_carefully(items[0])
        answers: list[Answer] = []
        for item in items:
            answers += self.commit([item])
        return answers

    def _commit_carefully(self, item: Item) -> list[Answer]:
        try:
            return self._transact([item], careful=True)
        except _REFUSED:
            # Stays unacknowledged: whoever wrote it keeps it, and the stream behind it goes on.
            log.exception("a message of station %s can be stored in no way", item.station)
            return []

    def _transact(self, items: Sequence[Item], *, careful: bool) -> list[Answer]:
        started = time.perf_counter()
        with self._database.write() as connection:
            group = _Group(connection, self._once)
            answers = group.take(items)
            inserted = group.write(careful=careful)
        metrics.COMMIT_SECONDS.observe(time.perf_counter() - started)
        for stream, count in inserted.items():
            metrics.COMMITTED.labels(stream).inc(count)
        metrics.DUPLICATES.inc(group.writes.duplicates)
        metrics.QUARANTINED.inc(len(group.writes.quarantine))
        return answers


class _Group:
    """One transaction's work."""

    def __init__(self, connection: Connection, once: OnceLog) -> None:
        self._connection = connection
        self._once = once
        self._progress: dict[Key, Progress] = {}
        self.writes = Writes()

    def take(self, items: Sequence[Item]) -> list[Answer]:
        known = self._known_stations({item.station for item in items if item.station is not None})
        mine: list[Item] = []
        for item in items:
            if item.station in known:
                mine.append(item)
            else:
                metrics.UNKNOWN_STATIONS.inc()
                self._once.warn(("unknown", str(item.station)), "station %r is not registered; ignored", item.station)
        self._lock(keys=sorted({key for item in mine for key in _keys_of(item)}))
        answers: dict[tuple[object, ...], Answer] = {}
        for item in mine:
            for answer in self._answers(item):
                # A later acknowledgement of the same stream says everything that an earlier one did.
                ack = answer.ack
                answers[(answer.station, ack.epoch, ack.stream, ack.unreadable, ack.forked)] = answer
        return list(answers.values())

    def write(self, *, careful: bool) -> dict[str, int]:
        """Put everything gathered into the database; how many records were new, by stream."""
        before = len(self.writes.records)
        if careful:
            self._insert_one_by_one()
        else:
            bulk_insert(self._connection, self.writes.records)
        for table, rows in ((quarantine, self.writes.quarantine), (fork, self.writes.forks)):
            if rows:
                self._connection.execute(_insert_new(self._connection, table), rows)
        if self.writes.findings:
            self._connection.execute(_insert_new(self._connection, finding), list(self.writes.findings.values()))
        self._save_progress()
        log.debug("%d records, %d of them refused", before, before - len(self.writes.records))
        counts: dict[str, int] = {}
        for row in self.writes.records:
            counts[row.stream] = counts.get(row.stream, 0) + 1
        return counts

    def _answers(self, item: Item) -> Iterable[Answer]:
        if isinstance(item, Journal):
            yield from self._take_journal(item)
        elif isinstance(item, Greeting):
            for head in item.hello.streams:
                progress = self._progress.get((item.station, item.hello.epoch, str(head.stream)))
                if progress is None:
                    continue
                forked = progress.greet(head, self.writes, item.received_at_ms)
                if forked:
                    metrics.FORKS.inc()
                yield Answer(item.station, progress.ack(forked=forked), item.received_at_ms)
        else:
            yield from self._take_unreadable(item)

    def _take_journal(self, item: Journal) -> Iterable[Answer]:
        progress = self._progress[item.station, item.batch.epoch, str(item.batch.stream)]
        try:
            checked = check_chain(item.batch)
        except ChainBroken as error:
            metrics.BROKEN_CHAINS.inc()
            source = f"{item.batch.epoch}:{item.batch.stream}"
            at_ms = item.received_at_ms
            self.writes.find(item.station, CloudAlarm.JOURNAL_CORRUPT, source, str(error), at_ms)
            self._once.warn(("chain", item.station, source), "station %s, %s: %s", item.station, source, error)
            reason = f"chain broken: {error}"
            yield from self._halve(Unreadable(item.station, at_ms, item.correlation, item.payload, reason))
            return
        outcome = progress.take(item, checked, self.writes)
        if outcome is Outcome.TOO_SCATTERED:
            self._once.warn(
                ("scattered", *progress.key), "stream %s is in too many pieces; batch not taken", progress.key
            )
            return
        if outcome is Outcome.FORKED:
            metrics.FORKS.inc()
        yield Answer(item.station, progress.ack(forked=outcome is Outcome.FORKED), item.received_at_ms)

    def _take_unreadable(self, item: Unreadable) -> Iterable[Answer]:
        leaf = item.reason.partition(":")[0]
        metrics.UNREADABLE.labels(leaf if leaf in ("journal", "hello", "roster/pull") else "other").inc()
        self._once.warn(
            ("unreadable", str(item.station), item.reason), "station %s: unreadable: %s", item.station, item.reason
        )
        yield from self._halve(item)

    def _halve(self, item: Unreadable) -> Iterable[Answer]:
        """Ask for smaller batches; set a single record aside."""
        if item.correlation is None or item.station is None:
            return
        key = (item.station, item.correlation.epoch, str(item.correlation.stream))
        if item.correlation.count > 1:
            yield Answer(item.station, Ack(unreadable=item.correlation.text), item.received_at_ms)
            return
        progress = self._progress[key]
        progress.take_unreadable(item.correlation, item.reason, item.payload, self.writes, item.received_at_ms)
        yield Answer(item.station, progress.ack(), item.received_at_ms)

    def _known_stations(self, ids: set[StationId]) -> set[str]:
        known: set[str] = set()
        for part in _parts(sorted(ids)):
            known.update(self._connection.scalars(select(station.c.id).where(station.c.id.in_(part))))
        return known

    def _lock(self, keys: Sequence[Key]) -> None:
        """Load the rows of all streams concerned, locked in order; rows that are missing are made."""
        columns = tuple_(received_range.c.station, received_range.c.epoch, received_range.c.stream)
        names = ("station", "epoch", "stream")
        for part in _parts(keys):
            found = {tuple(row) for row in self._connection.execute(select(*columns.clauses).where(columns.in_(part)))}
            new = [dict(zip(names, key, strict=True)) for key in part if key not in found]
            if new:
                empty = {"ranges": [], "through_seq": 0, "head_seq": 0, "advanced_at_ms": 0, "applied_ranges": []}
                rows = [values | empty for values in new]
                self._connection.execute(_insert_new(self._connection, received_range), rows)
            query = select(received_range).where(columns.in_(part)).order_by(*columns.clauses).with_for_update()
            for row in self._connection.execute(query):
                key = (row.station, row.epoch, row.stream)
                self._progress[key] = Progress(
                    key=key,
                    ranges=tuple((first, last) for first, last in row.ranges),
                    through_digest=row.through_digest,
                    gap_since_ms=row.gap_since_ms,
                    advanced_at_ms=row.advanced_at_ms,
                    stored_digests=self._stored_digests,
                )

    def _stored_digests(self, key: Key, first: int, last: int) -> dict[int, str | None]:
        queries = [
            select(table.c.seq, table.c.digest).where(
                table.c.station == key[0],
                table.c.epoch == key[1],
                table.c.stream == key[2],
                table.c.seq.between(first, last),
            )
            for table in (quarantine, record)
        ]
        return {row.seq: row.digest for row in self._connection.execute(union_all(*queries))}

    def _save_progress(self) -> None:
        for key, progress in sorted(self._progress.items()):
            if not progress.changed:
                continue
            table = received_range.c
            self._connection.execute(
                update(received_range)
                .where(table.station == key[0], table.epoch == key[1], table.stream == key[2])
                .values(
                    ranges=[list(pair) for pair in progress.ranges],
                    through_seq=progress.through_seq,
                    through_digest=progress.through_digest,
                    head_seq=progress.ranges[-1][1],
                    gap_since_ms=progress.gap_since_ms,
                    advanced_at_ms=progress.advanced_at_ms,
                    stored=table.stored + progress.stored,
                )
            )

    def _insert_one_by_one(self) -> None:
        kept = []
        for row in self.writes.records:
            try:
                with self._connection.begin_nested():
                    bulk_insert(self._connection, [row])
                kept.append(row)
            except RowsRefused as error:
                key = (row.station, row.epoch, row.stream)
                payload = repr(row._asdict()).encode("ascii", "backslashreplace")
                reason = f"refused by the database: {error}".splitlines()[0]
                self.writes.set_aside(key, row.seq, row.digest, reason, payload, row.received_at_ms)
        self.writes.records = kept


def _keys_of(item: Item) -> Iterable[Key]:
    """The streams whose rows an item needs."""
    if isinstance(item, Journal):
        yield item.station, item.batch.epoch, str(item.batch.stream)
    elif isinstance(item, Greeting):
        for head in item.hello.streams:
            yield item.station, item.hello.epoch, str(head.stream)
    elif item.station is not None and item.correlation is not None and item.correlation.count == 1:
        yield item.station, item.correlation.epoch, str(item.correlation.stream)


def _insert_new(connection: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """INSERT … ON CONFLICT DO NOTHING, in the words of the connection's database."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def _parts(keys: Sequence[T]) -> Iterable[Sequence[T]]:
    for start in range(0, len(keys), KEYS_PER_QUERY):
        yield keys[start : start + KEYS_PER_QUERY]
