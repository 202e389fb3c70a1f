"""What the databases hold, read with plain SQL.

The cloud's own code is not used: a witness must not share the errors of what it looks at.
"""

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from edge.journal.storage import connect_read_only
from edge.journal.verification import verify_storage

Key = tuple[str, str, int]
"""Epoch, stream, seq."""

_ROWS: Final = text(
    "SELECT epoch, stream, seq, recorded_at_ms, mono_ms, kind, body, digest FROM record WHERE station = :station"
)
_PICTURE: Final = text("SELECT epoch, stream, seq FROM change WHERE station = :station AND seq IS NOT NULL")
_ALARMS: Final = text("SELECT code, standing FROM alarm WHERE station = :station AND origin = 'cloud'")
_HELD: Final = text(
    "SELECT count(DISTINCT seq) FROM record WHERE station = :station AND epoch = :epoch AND stream = :stream "
    "AND seq > :after AND seq <= :through"
)
_JOURNAL: Final = (
    "SELECT epoch.id, CASE record.stream WHEN 1 THEN 'events' ELSE 'telemetry' END, record.seq, record.digest, "
    "record.seq <= stream.acknowledged_seq, record.mono_ms, record.kind, record.body "
    "FROM record JOIN epoch ON epoch.number = record.epoch "
    "JOIN stream ON stream.epoch = record.epoch AND stream.stream = record.stream"
)


@dataclass(frozen=True)
class CloudRow:
    """A committed record, as the cloud's database holds it."""

    epoch: str
    stream: str
    seq: int
    recorded_at_ms: int
    mono_ms: int
    kind: str
    body: dict[str, Any]
    digest: str

    @property
    def key(self) -> Key:
        return self.epoch, self.stream, self.seq

    @property
    def name(self) -> str:
        return f"{self.kind} at {self.epoch[:6]}/{self.stream}/{self.seq}"


@dataclass(frozen=True)
class JournalRow:
    """A record of the station's journal. `acknowledged`: the station has been told that the cloud has it."""

    epoch: str
    stream: str
    seq: int
    digest: str
    acknowledged: bool
    mono_ms: int
    kind: str
    body: dict[str, Any]

    @property
    def key(self) -> Key:
        return self.epoch, self.stream, self.seq


class DatabaseAway(RuntimeError):
    """The cloud's database does not answer now."""


class CloudDatabase:
    """The cloud's database, looked at from outside. Each question is a connection of its own. Threads may share it.

    Every method raises `DatabaseAway`.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, poolclass=NullPool)

    def rows(self, station: str) -> list[CloudRow]:
        return [_cloud_row(fields) for fields in self._ask(_ROWS, station=station)]

    def picture(self, station: str) -> list[Key]:
        """The places of the records that have become part of the fleet's picture, one for each change."""
        return [(epoch, stream, seq) for epoch, stream, seq in self._ask(_PICTURE, station=station)]

    def alarms(self, station: str) -> dict[str, bool]:
        """The codes of the alarms that the cloud itself has ever raised about a station, and whether one stands."""
        found: dict[str, bool] = {}
        for code, standing in self._ask(_ALARMS, station=station):
            found[code] = found.get(code, False) or bool(standing)
        return found

    def holds(self, station: str, epoch: str, stream: str, after_seq: int, through_seq: int) -> bool:
        """Whether every position `after_seq < seq ≤ through_seq` is there."""
        place = {"station": station, "epoch": epoch, "stream": stream}
        (answer,) = self._ask(_HELD, **place, after=after_seq, through=through_seq)
        return int(answer[0]) == max(0, through_seq - after_seq)

    def _ask(self, question: Any, **parameters: Any) -> list[Any]:
        try:
            with self._engine.connect() as connection:
                return list(connection.execute(question, parameters).all())
        except DBAPIError as error:
            raise DatabaseAway(str(error).splitlines()[0]) from error


def journal_rows(path: Path) -> list[JournalRow]:
    """Everything that a journal holds, of every epoch. Raises `sqlite3.Error`."""
    with closing(connect_read_only(path)) as connection:
        found = connection.execute(_JOURNAL).fetchall()
    return [
        JournalRow(epoch, stream, seq, digest, bool(done), mono_ms, kind, json.loads(body))
        for epoch, stream, seq, digest, done, mono_ms, kind, body in found
    ]


def journal_problems(path: Path) -> list[str]:
    """What is wrong with a journal's chains, and what it has dropped without an acknowledgement or a gap record."""
    with closing(connect_read_only(path)) as connection:
        problems = list(verify_storage(connection).problems)
        floors = connection.execute("SELECT epoch, stream, floor_seq, acknowledged_seq FROM stream").fetchall()
    problems += [
        f"epoch {epoch}, stream {stream}: dropped up to {floor}, acknowledged up to {acknowledged}"
        for epoch, stream, floor, acknowledged in floors
        if floor > acknowledged
    ]
    problems += [f"{damaged.name}: the journal was found damaged" for damaged in path.parent.glob("journal-*.corrupt")]
    return problems


def _cloud_row(fields: Any) -> CloudRow:
    epoch, stream, seq, recorded_at_ms, mono_ms, kind, body, digest = fields
    # SQLite gives JSON as text, PostgreSQL as what it says.
    parsed = json.loads(body) if isinstance(body, str) else body
    return CloudRow(epoch, stream, seq, recorded_at_ms, mono_ms, kind, parsed, digest)
