"""What the stations' swap ledgers say, put together: where each battery is, what nobody can explain, who is owed one.

Records come late, twice under two epochs, and of several stations in any order; the tables are the same in every order.
*Where a battery is* the newest record says, by its time. *Anomalies* open and close by their number in one journal. Of
*claims* the grants and the uses are kept as they came, and a member's are matched anew whenever one is added.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from cloud.plain_text import is_plain
from cloud.store.swap_tables import battery_anomaly, battery_place, claim, claim_use, member_owed, swap
from contract.records import (
    AnomalyClosed,
    AnomalyOpened,
    BatteryGivenOut,
    BatteryTakenIn,
    ClaimGranted,
    ClaimUsed,
    SwapEnded,
)

KINDS: Final = frozenset(
    record.KIND
    for record in (
        AnomalyClosed,
        AnomalyOpened,
        BatteryGivenOut,
        BatteryTakenIn,
        ClaimGranted,
        ClaimUsed,
        SwapEnded,
    )
)
MAX_OWED: Final = 100
"""What the wire holds."""


class Grant(NamedTuple):
    station: str
    claim: int
    at_ms: int


class Use(NamedTuple):
    """`claim` None: one that another station has granted."""

    station: str
    claim: int | None
    at_ms: int


class SwapBooks:
    """Changes the tables within the projector's one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def apply(self, record: Row[Any], at_ms: int, day: str) -> None:
        """One record of the ledger, of `at_ms` and the station's local `day`. What lacks its fields changes nothing."""
        body = record.body
        if record.kind in (BatteryTakenIn.KIND, BatteryGivenOut.KIND):
            self._place(record, body, at_ms)
        elif record.kind == SwapEnded.KIND:
            self._swap(record, body, at_ms, day)
        elif record.kind in (AnomalyOpened.KIND, AnomalyClosed.KIND):
            self._anomaly(record, body, at_ms)
        else:
            self._claim(record, body, at_ms)

    def _place(self, record: Row[Any], body: Mapping[str, Any], at_ms: int) -> None:
        serial, slot, member = _text(body, "battery"), _number(body, "slot"), _text(body, "member")
        if serial is None or slot is None:
            return
        is_in = record.kind == BatteryTakenIn.KIND
        values = {
            "station": record.station,
            "slot": slot if is_in else None,
            "member": None if is_in else member,
            "as_of_ms": at_ms,
            "seq": record.seq,
            "told": False,
        }
        mine = battery_place.c.serial == serial
        held = self._connection.execute(select(battery_place).where(mine)).one_or_none()
        if held is None:
            self._connection.execute(insert(battery_place).values(serial=serial, **values))
        elif (held.as_of_ms, held.seq) <= (at_ms, record.seq):
            self._connection.execute(update(battery_place).where(mine).values(**values))

    def _swap(self, record: Row[Any], body: Mapping[str, Any], at_ms: int, day: str) -> None:
        number, member = _number(body, "swap"), _text(body, "member")
        if number is None or member is None:
            return
        key = {"station": record.station, "swap": number, "ended_at_ms": at_ms}
        values = {
            "day": day,
            "member": member,
            "kind": _text(body, "swap_kind", 32) or "",
            "outcome": _text(body, "outcome", 32) or "",
            "battery_in": _text(body, "battery_in"),
            "battery_out": _text(body, "battery_out"),
            "duration_ms": _number(body, "duration_ms") or 0,
        }
        self._keep(swap, key, values)

    def _anomaly(self, record: Row[Any], body: Mapping[str, Any], at_ms: int) -> None:
        number = _number(body, "anomaly")
        if number is None:
            return
        key = {"station": record.station, "epoch": record.epoch, "anomaly": number}
        values: dict[str, Any]
        if record.kind == AnomalyClosed.KIND:
            values = {"closed_at_ms": at_ms, "how": _text(body, "how", 32)}
        else:
            values = {
                "kind": _text(body, "anomaly_kind", 32) or "",
                "cause": _text(body, "cause", 32) or "",
                "battery": _text(body, "battery"),
                "slot": _number(body, "slot"),
                "member": _text(body, "member"),
                "swap": _number(body, "swap"),
                "detail": _text(body, "detail", 200) or "",
                "opened_at_ms": at_ms,
            }
        dialect = _dialect(self._connection)
        statement = dialect.insert(battery_anomaly).values(**key, **values)
        self._connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))

    def _claim(self, record: Row[Any], body: Mapping[str, Any], at_ms: int) -> None:
        number, member = _number(body, "claim"), _text(body, "member")
        if member is None:
            return
        if record.kind == ClaimUsed.KIND:
            self._keep(claim_use, {"station": record.station, "member": member, "used_at_ms": at_ms}, {"claim": number})
        elif number is not None:
            key = {"station": record.station, "claim": number, "granted_at_ms": at_ms}
            values = {"member": member, "swap": _number(body, "swap"), "why": _text(body, "why", 32) or ""}
            self._keep(claim, key, values)
        self._settle(member)

    def _settle(self, member: str) -> None:
        """Match a member's grants and uses anew."""
        grants = self._connection.execute(select(claim).where(claim.c.member == member)).all()
        uses = self._connection.execute(select(claim_use).where(claim_use.c.member == member)).all()
        used = matched(
            [Grant(row.station, row.claim, row.granted_at_ms) for row in grants],
            [Use(row.station, row.claim, row.used_at_ms) for row in uses],
        )
        for row in grants:
            use = used.get(Grant(row.station, row.claim, row.granted_at_ms))
            station, at_ms = (None, None) if use is None else (use.station, use.at_ms)
            if (row.used_station, row.used_at_ms) != (station, at_ms):
                self._connection.execute(
                    update(claim)
                    .where(claim.c.station == row.station, claim.c.claim == row.claim)
                    .where(claim.c.granted_at_ms == row.granted_at_ms)
                    .values(used_station=station, used_at_ms=at_ms)
                )
        self._owe(member, min(MAX_OWED, len(grants) - len(used)))

    def _owe(self, member: str, owed: int) -> None:
        mine = member_owed.c.member == member
        held = self._connection.scalar(select(member_owed.c.owed).where(mine))
        if held is None:
            self._connection.execute(insert(member_owed).values(member=member, owed=owed, told=owed == 0))
        elif held != owed:
            self._connection.execute(update(member_owed).where(mine).values(owed=owed, told=False))

    def _keep(self, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """A fact that stays as it is: a second one of the same moment, sent again under another epoch, adds nothing."""
        statement = _dialect(self._connection).insert(table).values(**key, **values)
        self._connection.execute(statement.on_conflict_do_nothing(index_elements=list(key)))


def matched(grants: Sequence[Grant], uses: Sequence[Use]) -> dict[Grant, Use]:
    """Which claim each use has used up: the one that it names, else the oldest that another station has granted."""
    used: dict[Grant, Use] = {}
    # Those that name their claim come first, so that none is taken from under them.
    for use in sorted(uses, key=lambda each: (each.claim is None, each.at_ms, each.station)):
        possible = [each for each in grants if each not in used and each.at_ms <= use.at_ms and _fits(each, use)]
        if possible:
            # A number may have been given out before, by an earlier journal of the station.
            pick = min if use.claim is None else max
            used[pick(possible, key=lambda each: (each.at_ms, each.station))] = use
    return used


def _fits(grant: Grant, use: Use) -> bool:
    if use.claim is None:
        return grant.station != use.station
    return (grant.station, grant.claim) == (use.station, use.claim)


def _dialect(connection: Connection) -> Any:
    return sqlite if connection.dialect.name == "sqlite" else postgresql


def _text(body: Mapping[str, Any], name: str, length: int = 64) -> str | None:
    value = body.get(name)
    return value[:length] if isinstance(value, str) and value and is_plain(value) else None


def _number(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    return value if type(value) is int and 0 <= value < 2**63 else None
