"""What operators do about alarms: acknowledge them, put them aside for a while, take them back.

A station's alarm is the station's: what is said of it goes down with the standing orders and comes back as a record,
which alone changes the picture. An alarm of the cloud's own is acknowledged here, by the projector.
"""

from typing import Final

from sqlalchemy import Connection, insert, select

from cloud.clock import now_ms
from cloud.domain import acts
from cloud.domain.refusal import Refusal, RefusalCode
from cloud.roster import desired
from cloud.store.tables import act, alarm
from contract.ids import StationId
from contract.messages import SeenAlarm, ShelvedAlarm
from contract.records import LIFE_SAFETY

CLOUD: Final = "cloud"


def acknowledge(connection: Connection, station_id: StationId, code: str, source: str, since_ms: int, by: str) -> None:
    """Somebody has seen the alarm that began at `since_ms`.

    Raises:
        Refusal: it does not stand, or it is another one by now.
    """
    origin = _origin(connection, station_id, code, source, since_ms)
    if origin == CLOUD:
        values = {"station": station_id, "code": code, "source": source, "since_ms": since_ms, "by": by}
        connection.execute(insert(act).values(**values))
        acts.note(connection, by, "alarm.acknowledge", station=station_id, code=code, source=source)
        return
    seen = SeenAlarm(code=code, source=source, raised_at_ms=since_ms, by=by)
    desired.acknowledge(connection, station_id, seen)


def shelve(
    connection: Connection,
    station_id: StationId,
    code: str,
    source: str,
    *,
    minutes: int,
    by: str,
    reason: str,
) -> None:
    """Put a station's alarm aside for some minutes; 0 takes it back.

    Raises:
        Refusal: it does not stand, or is one that is never put aside.
    """
    origin = _origin(connection, station_id, code, source, None)
    if origin == CLOUD or code in LIFE_SAFETY:
        raise Refusal(RefusalCode.NEVER_SHELVED, f"alarm {code!r} is never put aside")
    until_ms = now_ms() + minutes * 60_000 if minutes else 0
    aside = ShelvedAlarm(code=code, source=source, until_ms=until_ms, by=by, reason=reason)
    desired.shelve(connection, station_id, aside)


def _origin(connection: Connection, station_id: StationId, code: str, source: str, since_ms: int | None) -> str:
    """Whose alarm it is."""
    query = select(alarm.c.origin).where(
        alarm.c.station == station_id, alarm.c.code == code, alarm.c.source == source, alarm.c.standing
    )
    if since_ms is not None:
        query = query.where(alarm.c.since_ms == since_ms)
    found = connection.scalars(query).all()
    if not found:
        raise Refusal(RefusalCode.NO_SUCH_ALARM, f"alarm {code!r} does not stand any more, or began anew")
    return str(found[0])
