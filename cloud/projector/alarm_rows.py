"""The alarms of the fleet as rows: what stands, since when, and what people have said of it.

A row *stands* while its alarm is listed. It is *active* while its condition lasts; a latched alarm whose condition has
ended goes on standing until somebody has acknowledged it. What is older than a row (`as_of_ms`) changes nothing but
who acknowledged or shelved it, when and why: that only records tell in full, while the station's state tells all the
rest, and often sooner.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, insert, select, update

from cloud.ingest.progress import CloudAlarm
from cloud.store.tables import alarm
from contract.messages import StandingAlarm
from contract.records import AlarmAcknowledged, AlarmCleared, AlarmRaised, AlarmShelved, AlarmUnshelved, Priority

STATION: Final = "station"
CLOUD: Final = "cloud"
KINDS: Final = frozenset(
    {AlarmRaised.KIND, AlarmCleared.KIND, AlarmAcknowledged.KIND, AlarmShelved.KIND, AlarmUnshelved.KIND}
)
TOLD_ONCE: Final = frozenset(
    {str(CloudAlarm.JOURNAL_FORKED), str(CloudAlarm.JOURNAL_CORRUPT), str(CloudAlarm.RECORDS_LOST), "journal_reset"}
)
"""Alarms of the cloud's own about something that has happened and is over: they end when somebody has seen them."""
_AS_NEW: Final[dict[str, Any]] = {
    "acknowledged": False,
    "acknowledged_by": None,
    "acknowledged_at_ms": None,
    "shelved_until_ms": None,
    "shelved_by": None,
    "shelved_reason": None,
    "first_out": False,
    "suppressed_by": None,
}


class AlarmKey(NamedTuple):
    station: str
    origin: str
    code: str
    source: str


class AlarmRows:
    """Changes alarms within the projector's one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def replace(self, station_id: str, standing: Sequence[StandingAlarm], at_ms: int) -> None:
        """The station's whole list, as of `at_ms`."""
        keys = set()
        for item in standing:
            key = AlarmKey(station_id, STATION, str(item.code)[:64], item.source[:200])
            keys.add(key)
            self._list(key, item, at_ms)
        query = select(alarm).where(
            alarm.c.station == station_id, alarm.c.origin == STATION, alarm.c.standing, alarm.c.as_of_ms <= at_ms
        )
        for row in self._connection.execute(query).all():
            key = AlarmKey(row.station, row.origin, row.code, row.source)
            if key not in keys:
                self._change(key, standing=False, active=False, as_of_ms=at_ms)

    def raise_(self, key: AlarmKey, priority: str, detail: str, at_ms: int, **more: Any) -> None:
        """An alarm begins. One of the cloud's own that stands already keeps its beginning and what was said of it."""
        held = self._held(key)
        values = {"priority": priority, "detail": detail[:500], "standing": True, "active": True, "as_of_ms": at_ms}
        if held is None:
            self._connection.execute(insert(alarm).values(**key._asdict(), since_ms=at_ms, **values, **more))
        elif held.as_of_ms <= at_ms:
            if key.origin == CLOUD and held.standing:
                self._change(key, **values)
            else:
                self._change(key, **{**_AS_NEW, **_shelf_of(held), **values, "since_ms": at_ms, **more})

    def clear(self, key: AlarmKey, at_ms: int, *, latched: bool = False) -> bool:
        """Its condition is over; whether it stood."""
        held = self._held(key)
        if held is None or not held.standing or held.as_of_ms > at_ms:
            return False
        stays = latched or held.shelved_until_ms is not None
        self._change(key, standing=stays, active=False, as_of_ms=at_ms)
        return True

    def see(self, key: AlarmKey, by: str, since_ms: int, at_ms: int) -> bool:
        """Somebody has seen an alarm of the cloud's own; whether it stood."""
        held = self._held(key)
        if held is None or not held.standing or held.since_ms != since_ms or held.acknowledged:
            return False
        stays = key.code not in TOLD_ONCE
        seen = {"acknowledged": True, "acknowledged_by": by, "acknowledged_at_ms": at_ms}
        self._change(key, **seen, standing=stays, active=stays)
        return True

    def apply(self, record: Row[Any], at_ms: int, *, is_news: bool) -> None:
        """One record about a station's alarm. Unless it `is_news`, the station's state has told since."""
        key = AlarmKey(record.station, STATION, _text(record.body, "code", 64), _text(record.body, "source", 200))
        if record.kind in (AlarmAcknowledged.KIND, AlarmShelved.KIND):
            self._name(key, record, at_ms, is_news=is_news)
        elif not is_news:
            return
        elif record.kind == AlarmRaised.KIND:
            priority = _text(record.body, "priority", 16)
            known = priority if priority in list(Priority) else str(Priority.HIGH)
            first_out = record.body.get("first_out") is True
            more = {"first_out": first_out, "suppressed_by": _text(record.body, "cause", 280) or None}
            self.raise_(key, known, _text(record.body, "detail", 500), at_ms, **more)
        elif record.kind == AlarmCleared.KIND:
            self.clear(key, at_ms, latched=record.body.get("latched") is True)
        else:
            self._unshelve(key, at_ms)

    def _name(self, key: AlarmKey, record: Row[Any], at_ms: int, *, is_news: bool) -> None:
        """Who has acknowledged an alarm, or put it aside: by the record alone, however late it comes."""
        held = self._held(key)
        raised_at_ms = record.body.get("raised_at_ms")
        if held is None or not held.standing or (raised_at_ms is not None and raised_at_ms != held.since_ms):
            return
        by = _text(record.body, "by", 64)
        values: dict[str, Any] = {"acknowledged_by": by, "acknowledged_at_ms": at_ms}
        if is_news:
            values |= {"acknowledged": True, "as_of_ms": at_ms}
        if record.kind == AlarmShelved.KIND:
            until_ms = _moment(record.body.get("until_ms"))
            if not is_news and held.shelved_until_ms != until_ms:
                return
            values |= {"shelved_by": by, "shelved_reason": _text(record.body, "reason", 200)}
            values |= {"shelved_until_ms": until_ms}
        elif is_news and not held.active and held.shelved_until_ms is None:
            values["standing"] = False
        self._change(key, **values)

    def _unshelve(self, key: AlarmKey, at_ms: int) -> None:
        held = self._held(key)
        if held is not None and held.as_of_ms <= at_ms:
            back = {
                name: _AS_NEW[name] for name in ("shelved_until_ms", "shelved_by", "shelved_reason", "acknowledged")
            }
            self._change(key, **back, standing=held.active, as_of_ms=at_ms)

    def _list(self, key: AlarmKey, item: StandingAlarm, at_ms: int) -> None:
        """One alarm of a station's state."""
        held = self._held(key)
        values = {
            "priority": str(item.priority),
            "detail": item.detail[:500],
            "since_ms": item.since_ms,
            "standing": True,
            "active": item.active,
            "acknowledged": item.acknowledged,
            "shelved_until_ms": item.shelved_until_ms,
            "first_out": item.first_out,
            "suppressed_by": item.suppressed_by[:280] if item.suppressed_by else None,
            "as_of_ms": at_ms,
        }
        if held is None:
            by = item.acknowledged_by[:64] or None
            self._connection.execute(insert(alarm).values(**key._asdict(), acknowledged_by=by, **values))
        elif held.as_of_ms <= at_ms:
            is_same = held.standing and held.since_ms == item.since_ms
            named = {"acknowledged_by": item.acknowledged_by[:64]} if item.acknowledged_by else {}
            self._change(key, **{**({} if is_same else _AS_NEW), **values, **named})

    def _held(self, key: AlarmKey) -> Row[Any] | None:
        return self._connection.execute(select(alarm).where(*_is(key))).one_or_none()

    def _change(self, key: AlarmKey, **values: Any) -> None:
        self._connection.execute(update(alarm).where(*_is(key)).values(**values))


def _shelf_of(held: Row[Any]) -> dict[str, Any]:
    """An alarm that is put aside stays so when it begins anew."""
    if not held.standing or held.shelved_until_ms is None:
        return {}
    names = (
        "acknowledged",
        "acknowledged_by",
        "acknowledged_at_ms",
        "shelved_until_ms",
        "shelved_by",
        "shelved_reason",
    )
    return {name: getattr(held, name) for name in names}


def _is(key: AlarmKey) -> tuple[Any, ...]:
    return tuple(alarm.c[name] == value for name, value in key._asdict().items())


def _text(body: dict[str, Any], name: str, length: int) -> str:
    return str(body.get(name, ""))[:length]


def _moment(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 2**63 else None
