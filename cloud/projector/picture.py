"""The tables that the live page is made of, changed within the projector's one transaction.

Two sources tell about one station. Its `state` message is the whole present picture; its records are single facts,
possibly days old after an outage. Whichever is newer by the station's own clock wins: a record older than the state
leaves the standing alarms alone, and only counts. So a backlog, a hole that fills late, or the same thing twice lead to
the same picture in any order.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from cloud.domain import commands
from cloud.projector import swap_books
from cloud.projector.alarm_rows import CLOUD, KINDS, AlarmKey, AlarmRows
from cloud.store.tables import change, day_counter, day_energy, live_state, received_range
from contract.messages import StandingAlarm
from contract.records import (
    AccessDenied,
    AccessGranted,
    CommandAnswered,
    CommandBegun,
    Direction,
    EnergyUsed,
    JournalForked,
    Priority,
)

CLOCK_AHEAD_MS: Final = 300_000
"""So far ahead of ours a station's clock is believed."""


class Numbers:
    """Gives out change numbers without gaps; saved by the round at its end."""

    def __init__(self, last: int) -> None:
        self.last = last

    def next(self) -> int:
        self.last += 1
        return self.last


class Picture:
    """Changes of one round. `now_ms` is its time."""

    def __init__(self, connection: Connection, numbers: Numbers, now_ms: int) -> None:
        self._connection = connection
        self._numbers = numbers
        self._alarms = AlarmRows(connection)
        self._swaps = swap_books.SwapBooks(connection)
        self._changes: list[dict[str, Any]] = []
        self._counts: dict[tuple[str, str], list[int]] = {}
        self._live: dict[str, Row[Any] | None] = {}
        self.now_ms = now_ms

    def live(self, station_id: str) -> Row[Any] | None:
        """The station's live row."""
        if station_id not in self._live:
            query = select(live_state).where(live_state.c.station == station_id)
            self._live[station_id] = self._connection.execute(query).one_or_none()
        return self._live[station_id]

    def set_live(self, station_id: str, **values: Any) -> None:
        """Change the station's live row, made when there is none."""
        if self.live(station_id) is None:
            self._connection.execute(insert(live_state).values(station=station_id, **({"online": False} | values)))
        else:
            self._connection.execute(update(live_state).where(live_state.c.station == station_id).values(**values))
        self._live.pop(station_id, None)

    def changed(self, station_id: str, record: Row[Any] | None = None) -> None:
        """Number a change of the station's picture, made by `record` if by one."""
        values: dict[str, Any] = {"number": self._numbers.next(), "station": station_id, "at_ms": self.now_ms}
        values |= {name: getattr(record, name, None) for name in ("epoch", "stream", "seq", "recorded_at_ms")}
        self._changes.append(values)

    def apply_record(self, record: Row[Any], zone: ZoneInfo) -> None:
        """A newly committed record of the event stream."""
        if record.kind in (AccessGranted.KIND, AccessDenied.KIND) and record.body.get("direction") != Direction.OUT:
            counts = self._counts.setdefault((record.station, _day(_moment(record), zone)), [0, 0])
            counts[0 if record.kind == AccessGranted.KIND else 1] += 1
        elif record.kind in KINDS:
            self._apply_alarm_record(record)
        elif record.kind in (CommandBegun.KIND, CommandAnswered.KIND):
            self._apply_command_record(record)
        elif record.kind == EnergyUsed.KIND:
            self._apply_energy(record)
        elif record.kind in swap_books.KINDS:
            at_ms = believable(_moment(record), record.received_at_ms)
            self._swaps.apply(record, at_ms, _day(at_ms, zone))
        elif record.kind == JournalForked.KIND:
            key = AlarmKey(record.station, CLOUD, "journal_forked", _text(record.body, "previous_epoch", 200))
            self.raise_alarm(key, Priority.HIGH, _text(record.body, "reason", 500), record.received_at_ms)
        if record.seq == 1 and record.kind != JournalForked.KIND:
            self._apply_new_journal(record)
        self.changed(record.station, record)

    def replace_alarms(self, station_id: str, standing: Sequence[StandingAlarm], at_ms: int) -> None:
        """The station's whole list of standing alarms, as of `at_ms`."""
        self._alarms.replace(station_id, standing, at_ms)

    def raise_alarm(self, key: AlarmKey, priority: Priority, detail: str, at_ms: int) -> None:
        self._alarms.raise_(key, str(priority), detail, at_ms)

    def clear_alarm(self, key: AlarmKey, at_ms: int) -> bool:
        """Whether it stood."""
        return self._alarms.clear(key, at_ms)

    def see_alarm(self, key: AlarmKey, by: str, since_ms: int) -> bool:
        """Somebody has seen an alarm of the cloud's own; whether it stood."""
        return self._alarms.see(key, by, since_ms, self.now_ms)

    def save(self) -> int:
        """Write what was gathered; how many changes there were."""
        if self._changes:
            self._connection.execute(insert(change), self._changes)
        for (station_id, day), (entries, denials) in sorted(self._counts.items()):
            dialect = sqlite if self._connection.dialect.name == "sqlite" else postgresql
            statement = dialect.insert(day_counter).values(
                station=station_id, day=day, entries=entries, denials=denials
            )
            added = {
                "entries": day_counter.c.entries + statement.excluded.entries,
                "denials": day_counter.c.denials + statement.excluded.denials,
            }
            self._connection.execute(statement.on_conflict_do_update(index_elements=["station", "day"], set_=added))
        return len(self._changes)

    def _apply_new_journal(self, record: Row[Any]) -> None:
        """A journal that begins without saying which one it follows: a card that was changed or imaged anew."""
        same_station = received_range.c.station == record.station
        older = select(received_range.c.epoch).where(same_station, received_range.c.epoch != record.epoch).distinct()
        count = len(self._connection.scalars(older).all())
        if count:
            key = AlarmKey(record.station, CLOUD, "journal_reset", record.epoch)
            detail = f"a new journal begins beside {count} older: was the storage card changed or imaged anew?"
            self.raise_alarm(key, Priority.HIGH, detail, record.received_at_ms)

    def _apply_alarm_record(self, record: Row[Any]) -> None:
        live = self.live(record.station)
        is_news = True
        if live is not None and live.state is not None:
            is_news = record.epoch == live.epoch and record.recorded_at_ms > live.state["at_ms"]
        self._alarms.apply(record, believable(record.recorded_at_ms, record.received_at_ms), is_news=is_news)

    def _apply_command_record(self, record: Row[Any]) -> None:
        command_id = _text(record.body, "id", 64)
        at_ms = believable(record.recorded_at_ms, record.received_at_ms)
        if record.kind == CommandBegun.KIND:
            commands.mark_begun(self._connection, record.station, command_id, at_ms)
            return
        outcome, answer = _text(record.body, "outcome", 16), _text(record.body, "reason", 200)
        commands.mark_answered(
            self._connection, record.station, command_id, outcome=outcome, answer=answer, at_ms=at_ms
        )

    def _apply_energy(self, record: Row[Any]) -> None:
        """Every record of a day counts, each once: a day that ended twice, the clock having been set back, has two."""
        day, source, used = record.body.get("day"), _text(record.body, "source", 64), record.body.get("energy_wh")
        if not isinstance(day, str) or len(day) > 10 or type(used) is not int or not 0 <= used < 2**63:
            return
        dialect = sqlite if self._connection.dialect.name == "sqlite" else postgresql
        statement = dialect.insert(day_energy).values(station=record.station, day=day, source=source, energy_wh=used)
        added = {"energy_wh": day_energy.c.energy_wh + statement.excluded.energy_wh}
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["station", "day", "source"], set_=added)
        )


def believable(station_ms: int, received_at_ms: int) -> int:
    """A station's time, unless its clock runs far ahead: what it says then must not stand until that time has come."""
    return min(station_ms, received_at_ms + CLOCK_AHEAD_MS)


def _moment(record: Row[Any]) -> int:
    """When it happened, as far as the station knew the time; else when it was heard of."""
    return int(record.recorded_at_ms if record.clock_trusted else record.received_at_ms)


def _day(at_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(zone).date().isoformat()


def _text(body: dict[str, Any], name: str, length: int) -> str:
    return str(body.get(name, ""))[:length]
