"""The batteries of the swap cabinets: an organisation's, and who has each.

A battery is an entry of its organisation's log beside the members, its id the serial behind `battery/`
(`contract.messages.WireMember` says why), so that every station below knows it. Whoever has it since the latest moment
has it: stations tell of moves late, and in any order.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Connection, Row, func, insert, select, update

from cloud.plain_text import is_plain
from cloud.roster.csv_import import CsvError
from cloud.roster.members import Log, is_entry, lock_log, save_log
from cloud.store.swap_tables import battery_place
from cloud.store.tables import member
from contract.ids import BatteryId, MemberId, NodeId
from contract.messages import WireBattery, WireMember

PREFIX: Final = "battery/"
MAX_LINES: Final = 1_000_000
COLUMNS: Final = ("serial", "model")


class UnknownBattery(LookupError):
    """No such battery."""


@dataclass(frozen=True)
class Imported:
    added: int
    changed: int
    unchanged: int
    version: int


def entry_of(serial: BatteryId) -> MemberId:
    return MemberId(PREFIX + serial)


def read(path: Path) -> list[WireBattery]:
    """The batteries in a CSV file with the columns `serial, model`, in its order. Raises `CsvError`."""
    found: dict[str, WireBattery] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if sorted(reader.fieldnames or ()) != sorted(COLUMNS):
                raise CsvError(f"{path}, line 1: the columns must be {', '.join(COLUMNS)}")
            for row in reader:
                where = f"{path}, line {reader.line_num}"
                battery = _battery(row, where)
                if battery.serial in found:
                    raise CsvError(f"{where}, column serial: {battery.serial!r} is there twice")
                if len(found) >= MAX_LINES:
                    raise CsvError(f"{path}: more than {MAX_LINES} lines")
                found[battery.serial] = battery
    except OSError as error:
        raise CsvError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise CsvError(f"{path}: is not UTF-8: {error.reason}") from None
    except csv.Error as error:
        raise CsvError(f"{path}: is not CSV: {error}") from None
    return list(found.values())


def _battery(row: dict[str, str | None], where: str) -> WireBattery:
    if None in row or None in row.values():
        raise CsvError(f"{where}: has another number of columns than line 1")
    cells = {name: (value or "").strip() for name, value in row.items()}
    for name, text in cells.items():
        if not is_plain(text) or not text:
            raise CsvError(f"{where}, column {name}: is empty, or holds a control character")
    try:
        battery = WireBattery.model_validate(cells)
        # As an entry of the log its id is longer than the serial.
        _wire_of(battery)
    except ValidationError as error:
        raise CsvError(f"{where}, column serial: {error.errors()[0]['msg']}") from None
    return battery


def _wire_of(battery: WireBattery) -> WireMember:
    return WireMember(id=entry_of(battery.serial), battery=battery)


def import_batteries(connection: Connection, node: NodeId, wanted: Iterable[WireBattery]) -> Imported:
    """Make batteries the organisation's. One that is known keeps its holder. Importing the same twice changes nothing.

    Raises:
        UnknownOrganisation
    """
    log = lock_log(connection, node)
    known = {
        row.id: row.wire
        for row in connection.execute(
            select(member.c.id, member.c.wire).where(
                member.c.organisation == node, member.c.id.startswith(PREFIX, autoescape=True)
            )
        )
    }
    added = changed = unchanged = 0
    for battery in wanted:
        held = known.get(entry_of(battery.serial))
        if held is None:
            added += 1
            _add(connection, log, battery)
            continue
        before = WireBattery.model_validate(held["battery"])
        if before.model == battery.model:
            unchanged += 1
            continue
        changed += 1
        _change(connection, log, before.model_copy(update={"model": battery.model}))
    save_log(connection, log)
    return Imported(added, changed, unchanged, log.version)


def recall(connection: Connection, serial: BatteryId, *, recalled: bool = True) -> list[NodeId]:
    """Take a battery out of use everywhere, or allow it again. Raises `UnknownBattery`."""
    nodes = _change_everywhere(connection, serial, lambda battery: {"recalled": recalled})
    if not nodes:
        raise UnknownBattery(f"no battery {serial!r}")
    return nodes


def moved(connection: Connection, serial: BatteryId, holder: MemberId | None, as_of_ms: int) -> list[NodeId]:
    """A station says who has a battery since `as_of_ms`; None: it lies in a slot, or nobody knows. What is known of a
    later moment stays. A battery that is nobody's changes nothing."""
    return _change_everywhere(
        connection,
        serial,
        lambda battery: {"member_id": holder, "as_of_ms": as_of_ms} if as_of_ms >= battery.as_of_ms else {},
    )


def shown(connection: Connection, node: NodeId | None = None) -> Sequence[Row[Any, Any, Any, Any, Any]]:
    """The batteries of one organisation or of all, each with what the stations' ledgers say of its place."""
    serial = func.substr(member.c.id, len(PREFIX) + 1)
    query = (
        select(
            member.c.organisation, member.c.wire, battery_place.c.station, battery_place.c.slot, battery_place.c.member
        )
        .select_from(member)
        .outerjoin(battery_place, battery_place.c.serial == serial)
        .where(member.c.id.startswith(PREFIX, autoescape=True))
        .order_by(member.c.id, member.c.organisation)
    )
    return connection.execute(query if node is None else query.where(member.c.organisation == node)).all()


def _change_everywhere(connection: Connection, serial: BatteryId, change: Any) -> list[NodeId]:
    query = select(member.c.organisation, member.c.wire).where(member.c.id == entry_of(serial))
    found = connection.execute(query.order_by(member.c.organisation)).all()
    for row in found:
        before = WireBattery.model_validate(row.wire["battery"])
        after = before.model_copy(update=change(before))
        if after != before:
            log = lock_log(connection, NodeId(row.organisation))
            _change(connection, log, after)
            save_log(connection, log)
    return [NodeId(row.organisation) for row in found]


def _add(connection: Connection, log: Log, battery: WireBattery) -> None:
    wire = _wire_of(battery).model_dump(mode="json")
    values = {"id": entry_of(battery.serial), "name": "", "trade": "", "revoked": False, "wire": wire}
    connection.execute(insert(member).values(organisation=log.node, **values))
    log.append("upsert", entry_of(battery.serial), wire)


def _change(connection: Connection, log: Log, battery: WireBattery) -> None:
    wire = _wire_of(battery).model_dump(mode="json")
    connection.execute(update(member).where(is_entry(log.node, entry_of(battery.serial))).values(wire=wire))
    log.append("upsert", entry_of(battery.serial), wire)
