"""Records to table rows and back, and the chain over rows."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple

from contract.digest import canonical_json, chain
from contract.ids import Epoch, Seq, Stream
from contract.records import JournalGap, Record, RecordError, UnknownRecord, from_body, kind_of, stream_of, to_body
from edge.journal.errors import RecordRefused, StorageCorrupt
from edge.journal.model import MAX_SEQ, Head, NewRecord, StoredRecord
from edge.journal.schema import GAP_KIND, RECORD_COLUMNS, STREAM_CODES
from edge.journal.storage import Connection

MAX_BODY_BYTES: Final = 64 * 1024
"""A record must fit into one message with room to spare (`contract.codec`)."""

ROW_OVERHEAD_BYTES: Final = 150
MAX_DEPTH: Final = 32
MAX_KIND_LENGTH: Final = 100
PAGE_ROWS: Final = 1_000
STREAMS_BY_CODE: Final = {code: stream for stream, code in STREAM_CODES.items()}


class Row(NamedTuple):
    """A line of the table `record`, in the order of `RECORD_COLUMNS`."""

    epoch: int
    stream: int
    seq: int
    covers_from: int
    boot: int
    mono_ms: int
    recorded_at_ms: int
    clock_trusted: int
    kind: str
    body: str
    digest: str

    @property
    def is_gap(self) -> bool:
        return self.kind == GAP_KIND

    def chained(self, previous: str, epoch: Epoch) -> str:
        """The digest this row should have behind `previous`."""
        return chain(
            previous,
            epoch=epoch,
            stream=STREAMS_BY_CODE[self.stream],
            seq=self.seq,
            boot=self.boot,
            mono_ms=self.mono_ms,
            recorded_at_ms=self.recorded_at_ms,
            clock_trusted=bool(self.clock_trusted),
            kind=self.kind,
            body_json=self.body,
        )

    def stored(self, epoch: Epoch) -> StoredRecord:
        """The row as a record. A body that this version cannot read stays what it is, an `UnknownRecord`."""
        body = json.loads(self.body)
        record: Record
        try:
            record = from_body(self.kind, body)
        except RecordError:
            record = UnknownRecord(self.kind, body)
        return StoredRecord(
            epoch=epoch,
            stream=STREAMS_BY_CODE[self.stream],
            seq=Seq(self.seq),
            boot=self.boot,
            mono_ms=self.mono_ms,
            recorded_at_ms=self.recorded_at_ms,
            clock_trusted=bool(self.clock_trusted),
            record=record,
            digest=self.digest,
        )


@dataclass(frozen=True)
class Position:
    """Where a chain stands: the epoch, the boot that writes, and the last `(seq, digest)` of each stream."""

    epoch_number: int
    epoch: Epoch
    boot: int
    ends: dict[Stream, tuple[int, str]]


def seal(batch: Sequence[NewRecord], at: Position) -> list[Row]:
    """The batch as rows behind `at`, each with its place and digest. Raises `RecordRefused`."""
    ends = dict(at.ends)
    rows: list[Row] = []
    for index, new in enumerate(batch):
        kind, body = _checked(index, new)
        stream = stream_of(new.record)
        seq, previous = ends[stream][0] + 1, ends[stream][1]
        if seq > MAX_SEQ:
            raise RecordRefused(index, f"stream {stream} is at its last position {MAX_SEQ}")
        row = Row(
            at.epoch_number, STREAM_CODES[stream], seq, seq,
            at.boot, new.mono_ms, new.recorded_at_ms, int(new.clock_trusted), kind, body, "",
        )  # fmt: skip
        row = row._replace(digest=row.chained(previous, at.epoch))
        ends[stream] = (seq, row.digest)
        rows.append(row)
    return rows


def bytes_of(rows: Sequence[Row]) -> int:
    """About how much room rows take, half-filled pages included."""
    return sum(2 * (len(row.body) + ROW_OVERHEAD_BYTES) for row in rows)


def _checked(index: int, new: NewRecord) -> tuple[str, str]:
    """Kind and body text of a record that can be stored and shipped. Raises `RecordRefused`."""
    kind = kind_of(new.record)
    if not (kind.isascii() and kind.isprintable() and 0 < len(kind) <= MAX_KIND_LENGTH):
        raise RecordRefused(index, f"kind {ascii(kind)[:120]} must be 1–{MAX_KIND_LENGTH} printable ASCII characters")
    if kind == GAP_KIND and not isinstance(new.record, JournalGap):
        raise RecordRefused(index, f"{kind} is written by the journal alone")
    for name in ("mono_ms", "recorded_at_ms"):
        if not -(2**63) <= getattr(new, name) < 2**63:
            raise RecordRefused(index, f"{kind}: {name} does not fit into 64 bits")
    body = to_body(new.record)
    if _deeper_than(body, MAX_DEPTH):
        raise RecordRefused(index, f"{kind}: body is nested deeper than {MAX_DEPTH}")
    try:
        text = canonical_json(body)
        if isinstance(new.record, UnknownRecord):
            # Keys that are not text, or surrogates that join to one character, would sort otherwise after a reading,
            # and the digest would not hold at the other end.
            text = canonical_json(json.loads(text))
    except (TypeError, ValueError) as error:
        raise RecordRefused(index, f"{kind}: body cannot be written as JSON: {error}") from error
    if len(text) > MAX_BODY_BYTES:
        raise RecordRefused(index, f"{kind}: body is {len(text)} bytes of JSON; at most {MAX_BODY_BYTES} are stored")
    return kind, text


def _deeper_than(value: Any, levels: int) -> bool:
    if not isinstance(value, (dict, list, tuple)):
        return False
    if levels == 0:
        return True
    inner = value.values() if isinstance(value, dict) else value
    return any(_deeper_than(item, levels - 1) for item in inner)


def rows_after(connection: Connection, epoch: int, stream: int, after_seq: int) -> Iterator[Row]:
    """The rows of a stream behind `after_seq`, in order, read page by page."""
    while True:
        page = connection.execute(
            f"SELECT {RECORD_COLUMNS} FROM record WHERE epoch = ? AND stream = ? AND seq > ? ORDER BY seq LIMIT ?",
            (epoch, stream, after_seq, PAGE_ROWS),
        ).fetchall()
        for values in page:
            yield Row(*values)
        if len(page) < PAGE_ROWS:
            return
        after_seq = page[-1][2]


def head_of(connection: Connection, epoch: int, stream: int) -> Head:
    """Where a stream stands on the disk."""
    state = connection.execute(
        "SELECT floor_seq, floor_digest, acknowledged_seq FROM stream WHERE epoch = ? AND stream = ?", (epoch, stream)
    ).fetchone()
    if state is None:
        raise StorageCorrupt(f"the journal has lost what it knew of {STREAMS_BY_CODE[stream]}")
    floor_seq, floor_digest, acknowledged = state
    newest = connection.execute(
        "SELECT seq, digest FROM record WHERE epoch = ? AND stream = ? ORDER BY seq DESC LIMIT 1", (epoch, stream)
    ).fetchone()
    seq, digest = newest or (floor_seq, floor_digest)
    return Head(seq, digest, floor_seq, acknowledged)


def heads_of(connection: Connection, epoch: int) -> dict[Stream, Head]:
    """Where both streams of an epoch stand on the disk."""
    return {stream: head_of(connection, epoch, code) for stream, code in STREAM_CODES.items()}


def digest_at(connection: Connection, epoch: int, stream: int, seq: int) -> str | None:
    """The digest at a position, or None where none is kept (below the floor, inside a gap)."""
    row = connection.execute(
        "SELECT digest FROM record WHERE epoch = ? AND stream = ? AND seq = ? "
        "UNION ALL SELECT floor_digest FROM stream WHERE epoch = ? AND stream = ? AND floor_seq = ? LIMIT 1",
        (epoch, stream, seq, epoch, stream, seq),
    ).fetchone()
    return row[0] if row else None


def keeps_any(connection: Connection, epoch: int, stream: int, after: int, through: int) -> bool:
    """Whether any record of the positions `after < seq <= through` is kept."""
    row = connection.execute(
        "SELECT 1 FROM record WHERE epoch = ? AND stream = ? AND seq > ? AND seq <= ? LIMIT 1",
        (epoch, stream, after, through),
    ).fetchone()
    return row is not None


def chain_problems(rows: Iterator[Row], epoch: Epoch, seq: int, digest: str, most: int = 10) -> list[str]:
    """What is wrong with `rows` behind the position `(seq, digest)`: holes and digests, at most `most` of them."""
    return list(islice(_chain_problems(rows, epoch, seq, digest), most))


def _chain_problems(rows: Iterator[Row], epoch: Epoch, seq: int, digest: str) -> Iterator[str]:
    for row in rows:
        where = f"{STREAMS_BY_CODE[row.stream]} {row.seq}"
        if row.covers_from != seq + 1 or row.covers_from > row.seq:
            yield f"{where}: covers from {row.covers_from} behind {seq}"
        # A gap carries the digest of what it replaced, which cannot be computed any more.
        if not row.is_gap and row.chained(digest, epoch) != row.digest:
            yield f"{where}: digest does not follow from the record before it"
        seq, digest = row.seq, row.digest
