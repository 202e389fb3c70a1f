"""One round of the projector: one transaction that takes the picture from one change number to a later one.

Records are applied in the order of their positions per stream. At a hole the round waits up to `GAP_WAIT_MS` for it
to be filled, then goes on behind it; what comes late is applied then, and `picture` sees to it that the order does
not matter.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import Connection, Row, and_, delete, or_, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from cloud import metrics
from cloud.ingest import ranges as span
from cloud.ingest.progress import CloudAlarm
from cloud.projector.alarm_rows import CLOUD, AlarmKey
from cloud.projector.identity import IdentityWatch
from cloud.projector.picture import Numbers, Picture, believable
from cloud.store.database import Database
from cloud.store.tables import (
    act,
    alarm,
    change,
    finding,
    live_state,
    projector_head,
    received_range,
    record,
    station,
)
from contract.ids import StationId, Stream
from contract.messages import Online, StationState
from contract.records import Priority

log = logging.getLogger(__name__)
GAP_WAIT_MS: Final = 60_000
SILENT_MS: Final = 150_000
"""Two and a half of the states that a connected station sends at least."""
STREAMS_PER_ROUND: Final = 200
RECORDS_PER_ROUND: Final = 2_000
FINDINGS_PER_ROUND: Final = 200
STATELESS_KEPT: Final = 100_000
"""Changes without a record are forgotten this far behind the newest; nobody resumes from there."""
PRUNED_PER_ROUND: Final = 1_000
DUPLICATE_IDENTITY: Final = "duplicate_identity"
_QUIET_FIELDS: Final = ("n", "at_ms", "session_age_ms")
_AWAY: Final = (OperationalError, InterfaceError, psycopg.OperationalError, OSError)
"""What a database raises that is not there, whatever it was asked."""


@dataclass(frozen=True)
class Said:
    """A `state` or `online` message. `retained`: it is what the broker kept, not news."""

    station: StationId
    message: StationState | Online
    retained: bool
    received_at_ms: int


@dataclass(frozen=True)
class Done:
    """What a round did. `more`: there is work left for another one at once."""

    changes: int
    more: bool


class Rounds:
    """Runs rounds. One thread uses it at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._identity = IdentityWatch()

    def has_work(self, now_ms: int) -> bool:
        """Whether something is committed that the picture lacks; cheap, writes nothing."""
        with self._database.read() as connection:
            ready = select(received_range.c.station).where(_ready(now_ms)).limit(1)
            if connection.execute(ready).first() is not None:
                return True
            if connection.execute(select(act.c.id).limit(1)).first() is not None:
                return True
            return connection.execute(select(finding.c.id).where(~finding.c.applied).limit(1)).first() is not None

    def run(self, said: Sequence[Said], now_ms: int, *, broker_connected: bool, sweep: bool) -> Done:
        """One round. `sweep`: also look for stations that have fallen silent, and for alarms that are over.

        Should it fail for a reason that nobody foresaw, it is done without the messages, and then with each alone: what
        one station says must not keep the picture of all the others. Raises when it was none of them.
        """
        try:
            return self._run(said, now_ms, broker_connected, sweep)
        except _AWAY:
            raise
        except Exception:
            # The rim of what stations say.
            if not said:
                raise
            log.exception("a round of %d messages failed; taking them one by one", len(said))
        changes = self._run([], now_ms, broker_connected, sweep).changes
        for item in said:
            try:
                changes += self._run([item], now_ms, broker_connected, sweep=False).changes
            except _AWAY:
                raise
            except Exception:
                # The rim of one message.
                metrics.DROPPED.inc()
                log.exception("what station %s says is left out", item.station)
        return Done(changes, more=True)

    def _run(self, said: Sequence[Said], now_ms: int, broker_connected: bool, sweep: bool) -> Done:
        with self._database.write() as connection:
            head = connection.execute(select(projector_head).with_for_update()).one()
            numbers = Numbers(head.change)
            picture = Picture(connection, numbers, now_ms)
            self._hear(connection, picture, said)
            _apply_findings(connection, picture)
            _apply_acts(connection, picture)
            more = _apply_streams(connection, picture, now_ms)
            if sweep:
                self._sweep(connection, picture, now_ms)
                _prune(connection, numbers.last)
            changes = picture.save()
            values = {"change": numbers.last, "heartbeat_ms": now_ms, "broker_connected": broker_connected}
            connection.execute(update(projector_head).values(**values))
        return Done(changes, more)

    def _hear(self, connection: Connection, picture: Picture, said: Sequence[Said]) -> None:
        ids = sorted({item.station for item in said})
        known: set[str] = set()
        for start in range(0, len(ids), STREAMS_PER_ROUND):
            part = ids[start : start + STREAMS_PER_ROUND]
            known.update(connection.scalars(select(station.c.id).where(station.c.id.in_(part))))
        for item in said:
            if item.station not in known:
                continue
            if isinstance(item.message, Online):
                self._hear_online(picture, item, item.message)
            else:
                self._hear_state(picture, item, item.message)

    def _hear_online(self, picture: Picture, item: Said, message: Online) -> None:
        live = picture.live(item.station)
        if not message.online:
            # The will of a session that another has replaced since says nothing.
            if live is not None and live.session == message.session and live.online:
                picture.set_live(item.station, online=False)
                picture.changed(item.station)
            return
        if not item.retained:
            trouble = self._identity.session_seen(item.station, message.session, item.received_at_ms)
            self._suspect(picture, item, trouble)
        if live is not None and live.online and live.session == message.session:
            return
        # What the broker has kept does not say how old it is.
        since = None if item.retained else item.received_at_ms
        seen = {} if item.retained else {"last_seen_ms": item.received_at_ms}
        picture.set_live(item.station, online=True, session=message.session, session_since_ms=since, **seen)
        picture.changed(item.station)

    def _hear_state(self, picture: Picture, item: Said, message: StationState) -> None:
        live = picture.live(item.station)
        self._suspect(picture, item, self._identity.epoch_seen(item.station, message.epoch, item.received_at_ms))
        if live is not None and live.epoch == message.epoch and (message.boot, message.n) <= (live.boot, live.n):
            return
        state = message.model_dump(mode="json")
        values: dict[str, Any] = {"epoch": message.epoch, "boot": message.boot, "n": message.n, "state": state}
        if not item.retained:
            values["last_seen_ms"] = item.received_at_ms
            if live is None or live.session is None:
                values |= {"online": True, "session": message.session, "session_since_ms": None}
            if message.session_age_ms is not None and (live is None or live.session in (None, message.session)):
                values["session_since_ms"] = item.received_at_ms - message.session_age_ms
        before = None if live is None else live.state
        picture.set_live(item.station, **values)
        picture.replace_alarms(item.station, message.alarms, believable(message.at_ms, item.received_at_ms))
        came_back = "online" in values and (live is None or not live.online)
        if came_back or before is None or _seen(before) != _seen(state):
            picture.changed(item.station)

    def _suspect(self, picture: Picture, item: Said, trouble: str | None) -> None:
        if trouble is not None:
            key = AlarmKey(item.station, CLOUD, DUPLICATE_IDENTITY, "")
            picture.raise_alarm(key, Priority.HIGH, trouble, item.received_at_ms)
            picture.changed(item.station)

    def _sweep(self, connection: Connection, picture: Picture, now_ms: int) -> None:
        silent = select(live_state.c.station).where(live_state.c.online, live_state.c.last_seen_ms < now_ms - SILENT_MS)
        for station_id in connection.scalars(silent.limit(STREAMS_PER_ROUND)).all():
            # Without a session the next state brings the station back.
            picture.set_live(station_id, online=False, session=None)
            picture.changed(station_id)
        for station_id in self._identity.quiet(now_ms):
            if picture.clear_alarm(AlarmKey(station_id, CLOUD, DUPLICATE_IDENTITY, ""), now_ms):
                picture.changed(station_id)


def _seen(state: Mapping[str, Any]) -> dict[str, Any]:
    """What a person would notice of a state."""
    return {name: value for name, value in state.items() if name not in _QUIET_FIELDS}


def _ready(now_ms: int) -> Any:
    waited = and_(
        received_range.c.gap_since_ms.is_not(None),
        received_range.c.gap_since_ms <= now_ms - GAP_WAIT_MS,
        received_range.c.head_seq > received_range.c.applied_head,
    )
    return or_(received_range.c.through_seq > received_range.c.applied_through, waited)


def _apply_findings(connection: Connection, picture: Picture) -> None:
    query = select(finding).where(~finding.c.applied).order_by(finding.c.id).limit(FINDINGS_PER_ROUND)
    for row in connection.execute(query).all():
        key = AlarmKey(row.station, CLOUD, row.code, row.source)
        picture.raise_alarm(key, Priority(row.priority), row.detail, row.at_ms)
        picture.changed(row.station)
        connection.execute(update(finding).where(finding.c.id == row.id).values(applied=True))


def _apply_acts(connection: Connection, picture: Picture) -> None:
    """What operators have done that every page is to follow."""
    for row in connection.execute(select(act).order_by(act.c.id).limit(FINDINGS_PER_ROUND)).all():
        if row.code is not None:
            picture.see_alarm(AlarmKey(row.station, CLOUD, row.code, row.source), row.by, row.since_ms)
        picture.changed(row.station)
        connection.execute(delete(act).where(act.c.id == row.id))


def _apply_streams(connection: Connection, picture: Picture, now_ms: int) -> bool:
    key = (received_range.c.station, received_range.c.epoch, received_range.c.stream)
    query = select(received_range).where(_ready(now_ms)).order_by(*key).limit(STREAMS_PER_ROUND).with_for_update()
    rows = connection.execute(query).all()
    zones = _zones(connection, sorted({row.station for row in rows}))
    room = RECORDS_PER_ROUND
    for row in rows:
        room = _apply_stream(connection, picture, row, zones.get(row.station), now_ms, room)
        if room <= 0:
            return True
    _end_forgotten(connection, picture, rows, now_ms)
    return len(rows) == STREAMS_PER_ROUND


def _end_forgotten(connection: Connection, picture: Picture, rows: Sequence[Row[Any]], now_ms: int) -> None:
    """What a restored backup had forgotten is there again: its alarm's source ends with the position to reach."""
    through = {(row.station, f"{row.epoch}:{row.stream}"): row.through_seq for row in rows}
    of_these = alarm.c.station.in_(sorted({row.station for row in rows}))
    query = select(alarm).where(of_these, alarm.c.code == CloudAlarm.RECORDS_FORGOTTEN, alarm.c.standing)
    for found in connection.execute(query).all():
        stream, _, position = found.source.rpartition(":")
        if through.get((found.station, stream), 0) >= int(position):
            picture.clear_alarm(AlarmKey(found.station, CLOUD, found.code, found.source), now_ms)
            picture.changed(found.station)


def _apply_stream(
    connection: Connection, picture: Picture, row: Row[Any], zone: ZoneInfo | None, now_ms: int, room: int
) -> int:
    """Apply what is ready of one stream, at most `room` records; how much room is left."""
    held = [(first, last) for first, last in row.ranges]
    waited = row.gap_since_ms is not None and row.gap_since_ms <= now_ms - GAP_WAIT_MS
    ready = held if waited else [pair for pair in held[:1] if pair[0] == 1]
    applied: Sequence[span.Range] = tuple((first, last) for first, last in row.applied_ranges)
    for first, last in span.missing(ready, applied):
        # Telemetry is stored for reports; it makes no picture and no change.
        if row.stream == Stream.EVENTS and zone is not None:
            found = _records(connection, row, first, last, room)
            for item in found:
                picture.apply_record(item, zone)
            room -= len(found)
            if found and room <= 0:
                last = found[-1].seq
        applied = span.merge(applied, first, last)
        if room <= 0:
            break
    connection.execute(
        update(received_range)
        .where(received_range.c.station == row.station)
        .where(received_range.c.epoch == row.epoch, received_range.c.stream == row.stream)
        .values(
            applied_ranges=[list(pair) for pair in applied],
            applied_through=span.through(applied),
            applied_head=span.head(applied),
        )
    )
    return room


def _records(connection: Connection, row: Row[Any], first: int, last: int, limit: int) -> Sequence[Row[Any]]:
    query = (
        select(record)
        .where(record.c.station == row.station, record.c.epoch == row.epoch, record.c.stream == row.stream)
        .where(record.c.seq.between(first, last))
        .order_by(record.c.seq)
        .limit(limit)
    )
    return connection.execute(query).all()


def _zones(connection: Connection, ids: Sequence[str]) -> dict[str, ZoneInfo]:
    query = select(station.c.id, station.c.timezone).where(station.c.id.in_(ids))
    return {row.id: ZoneInfo(row.timezone) for row in connection.execute(query)}


def _prune(connection: Connection, newest: int) -> None:
    old = (
        select(change.c.number)
        .where(change.c.seq.is_(None), change.c.number < newest - STATELESS_KEPT)
        .order_by(change.c.number)
        .limit(PRUNED_PER_ROUND)
    )
    connection.execute(delete(change).where(change.c.number.in_(old)))
