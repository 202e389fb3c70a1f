"""A station's standing orders: what the cloud wants until it wants something else. Their revision only rises.

What people say of alarms travels here too, so that it reaches a station that is away, and only until the station's own
record of it has come back or the alarm is over: whoever changes the orders next leaves out what is done. Leaving it out
needs no new revision, since the station has followed this one.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Connection, select, update

from cloud.clock import now_ms
from cloud.domain import acts
from cloud.domain.refusal import Refusal, RefusalCode
from cloud.roster.members import next_revision
from cloud.store.tables import alarm, live_state, station
from contract.cabinet_parts import CabinetOrders
from contract.ids import StationId
from contract.messages import Desired, SeenAlarm, ShelvedAlarm
from contract.records import Posture

MAX_BYTES: Final = 40 * 1024
"""Less than a station takes."""
MAX_ALARMS: Final = 64
MAX_CUT: Final = 32
STATION: Final = "station"
"""The origin of a station's own alarms."""


class UnknownStation(LookupError):
    """No such station."""


@dataclass(frozen=True)
class Author:
    """Who orders something, and why."""

    by: str
    reason: str = ""


def set_posture(connection: Connection, station_id: StationId, posture: Posture | None, author: Author) -> Desired:
    """Order a posture; None gives the door back to the station's own schedule. Raises `UnknownStation`."""

    def revise(held: Desired) -> Mapping[str, Any]:
        return {"posture": posture}

    acts.note(connection, author.by, "desired.posture", station=station_id, posture=posture, reason=author.reason)
    return _revise(connection, station_id, revise, author, "posture")


def cut_loads(connection: Connection, station_id: StationId, cut: Mapping[str, bool], author: Author) -> Desired:
    """Cut loads off (True) or give them back; those not named stay as they are, whoever has changed them meanwhile.

    Raises:
        UnknownStation, Refusal: too many are cut off.
    """

    def revise(held: Desired) -> Mapping[str, Any]:
        kept = set(held.loads_cut) - cut.keys()
        loads = sorted(kept | {load for load, is_cut in cut.items() if is_cut})
        if len(loads) > MAX_CUT:
            raise Refusal(RefusalCode.NOT_POSSIBLE, f"at most {MAX_CUT} loads of a station are cut off")
        return {"loads_cut": loads}

    acts.note(connection, author.by, "desired.loads_cut", station=station_id, cut=dict(cut), reason=author.reason)
    return _revise(connection, station_id, revise, author, "loads_cut")


def order_cabinet(connection: Connection, station_id: StationId, wanted: Mapping[str, Any], author: Author) -> Desired:
    """Change what is to hold of the swap cabinet: of `power_budget_w` and `keep_full` (None: as configured), and of
    `recalled` and `slots_locked_out`, each a mapping of batteries or slots to whether they are; those not named stay as
    they are, whoever has changed them meanwhile.

    Raises:
        UnknownStation, Refusal: too many are recalled or locked out.
    """

    def revise(held: Desired) -> Mapping[str, Any]:
        orders = held.cabinet or CabinetOrders()
        changes = {name: wanted[name] for name in ("power_budget_w", "keep_full") if name in wanted}
        for name in ("recalled", "slots_locked_out"):
            named: Mapping[Any, bool] = wanted.get(name) or {}
            kept = set(getattr(orders, name)) - named.keys()
            changes[name] = sorted(kept | {each for each, is_so in named.items() if is_so})
        try:
            revised = CabinetOrders.model_validate(orders.model_dump() | changes)
        except ValidationError as error:
            first = error.errors()[0]
            raise Refusal(RefusalCode.NOT_POSSIBLE, f"{first['loc'][0]}: {first['msg']}") from None
        return {"cabinet": None if revised == CabinetOrders() else revised}

    acts.note(connection, author.by, "desired.cabinet", station=station_id, **dict(wanted), reason=author.reason)
    return _revise(connection, station_id, revise, author, "cabinet")


def acknowledge(connection: Connection, station_id: StationId, seen: SeenAlarm) -> Desired:
    """Have the station told that somebody has seen an alarm. Raises `UnknownStation`, `Refusal`."""

    def revise(held: Desired) -> Mapping[str, Any]:
        others = [item for item in held.acknowledged if (item.code, item.source) != (seen.code, seen.source)]
        return {"acknowledged": _bounded([*others, seen])}

    acts.note(connection, seen.by, "alarm.acknowledge", station=station_id, code=seen.code, source=seen.source)
    return _revise(connection, station_id, revise, Author(seen.by))


def shelve(connection: Connection, station_id: StationId, aside: ShelvedAlarm) -> Desired:
    """Have an alarm put aside at the station until a moment; one that is over takes it back.

    Raises:
        UnknownStation, Refusal: there are too many.
    """

    def revise(held: Desired) -> Mapping[str, Any]:
        others = [item for item in held.shelved if (item.code, item.source) != (aside.code, aside.source)]
        return {"shelved": _bounded([*others, aside])}

    detail = {"code": aside.code, "source": aside.source, "until_ms": aside.until_ms, "reason": aside.reason}
    acts.note(connection, aside.by, "alarm.shelve", station=station_id, **detail)
    return _revise(connection, station_id, revise, Author(aside.by, aside.reason))


def read(connection: Connection, station_id: StationId) -> Desired | None:
    """The standing orders; None when none were ever given (or there is no such station)."""
    found = connection.scalar(select(station.c.desired).where(station.c.id == station_id))
    return None if found is None else Desired.model_validate(found)


def _revise(
    connection: Connection,
    station_id: StationId,
    revise: Callable[[Desired], Mapping[str, Any]],
    author: Author,
    part: str | None = None,
) -> Desired:
    """The next revision of the orders. `part` is what is noted to be this author's."""
    query = select(station.c.desired_revision, station.c.desired, station.c.desired_notes)
    row = connection.execute(query.where(station.c.id == station_id).with_for_update()).one_or_none()
    if row is None:
        raise UnknownStation(f"no station {station_id!r}")
    held = _still_needed(connection, station_id, Desired.model_validate(row.desired or {"revision": 0}))
    changes = {**revise(held), "by": author.by, "reason": author.reason}
    desired = held.model_copy(update={**changes, "revision": next_revision(row.desired_revision)})
    orders = desired.model_dump(mode="json")
    if len(json.dumps(orders)) > MAX_BYTES:
        raise Refusal(RefusalCode.TOO_MANY_WAITING, "more waits for the station already than it would take at once")
    notes = dict(row.desired_notes or {})
    if part is not None:
        notes[part] = {"by": author.by, "reason": author.reason, "at_ms": now_ms()}
    connection.execute(
        update(station)
        .where(station.c.id == station_id)
        .values(desired=orders, desired_revision=desired.revision, desired_notes=notes)
    )
    acts.show_anew(connection, station_id)
    return desired


def _still_needed(connection: Connection, station_id: StationId, held: Desired) -> Desired:
    """The orders without what the station has recorded, and without what is over."""
    query = select(alarm).where(alarm.c.station == station_id, alarm.c.origin == STATION, alarm.c.standing)
    rows = {(row.code, row.source): row for row in connection.execute(query)}
    told = connection.scalar(select(live_state.c.state).where(live_state.c.station == station_id)) or {}
    followed, now = (told.get("desired_revision") or -1) >= held.revision, now_ms()

    def is_unseen(seen: SeenAlarm) -> bool:
        row = rows.get((str(seen.code), seen.source))
        return row is not None and not row.acknowledged and row.since_ms == seen.raised_at_ms

    def is_unheard(aside: ShelvedAlarm) -> bool:
        return not followed and (aside.until_ms == 0 or aside.until_ms > now)

    return held.model_copy(
        update={
            "acknowledged": [seen for seen in held.acknowledged if is_unseen(seen)],
            "shelved": [aside for aside in held.shelved if is_unheard(aside)],
        }
    )


def _bounded(items: list[Any]) -> list[Any]:
    if len(items) > MAX_ALARMS:
        raise Refusal(RefusalCode.TOO_MANY_WAITING, f"{MAX_ALARMS} alarms wait for the station to hear of them")
    return items
