"""Organisations and stations are made here."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, insert, select, update

from cloud.clock import now_ms
from cloud.plain_text import is_plain
from cloud.store.tables import organisation, station
from contract.ids import NodeId, StationId
from contract.topics import station_id as checked_station_id

MAX_DEPTH = 8


class AdministrationError(ValueError):
    """What was asked for is not possible; the message says why."""


def add_organisation(connection: Connection, node: NodeId, *, name: str, kind: str, parent: NodeId | None) -> bool:
    """Add a node to the tree. Adding the same again changes its name; False then. One tree has one top."""
    if not node or len(node) > 64 or not is_plain(node) or any(mark == "/" or mark.isspace() for mark in node):
        raise AdministrationError(f"organisation id {node!r} must be 1–64 characters without spaces and slashes")
    _check_text("name", name, 200)
    _check_text("kind", kind, 40)
    held = connection.execute(select(organisation).where(organisation.c.id == node)).one_or_none()
    if held is not None:
        if held.parent != parent:
            raise AdministrationError(f"organisation {node!r} exists below {held.parent!r}; it cannot be moved")
        connection.execute(update(organisation).where(organisation.c.id == node).values(name=name, kind=kind))
        return False
    above = "/"
    if parent is None:
        top = connection.scalar(select(organisation.c.id).where(organisation.c.parent.is_(None)))
        if top is not None:
            raise AdministrationError(f"the tree has its top, {top!r}; say --parent")
    else:
        path = connection.scalar(select(organisation.c.path).where(organisation.c.id == parent))
        if path is None:
            raise AdministrationError(f"no organisation {parent!r}")
        above = path
    if above.count("/") > MAX_DEPTH:
        raise AdministrationError(f"the tree is at most {MAX_DEPTH} deep")
    values = {"id": node, "name": name, "kind": kind, "parent": parent, "path": f"{above}{node}/"}
    connection.execute(insert(organisation).values(**values))
    return True


def add_station(
    connection: Connection, station_id: StationId, *, name: str, organisation_id: NodeId, timezone: str
) -> bool:
    """Register a station. Adding the same again changes what is said; False then."""
    checked_station_id(station_id)
    _check_text("name", name, 200)
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise AdministrationError(f"{timezone!r} is no time zone of this system") from None
    if connection.scalar(select(organisation.c.id).where(organisation.c.id == organisation_id)) is None:
        raise AdministrationError(f"no organisation {organisation_id!r}")
    values = {"name": name, "organisation": organisation_id, "timezone": timezone, "roster_revision": now_ms()}
    if connection.scalar(select(station.c.id).where(station.c.id == station_id)) is not None:
        connection.execute(update(station).where(station.c.id == station_id).values(**values))
        return False
    connection.execute(insert(station).values(id=station_id, **values))
    return True


def _check_text(what: str, text: str, longest: int) -> None:
    if not text or len(text) > longest or not is_plain(text):
        raise AdministrationError(f"{what} {text[:longest]!r} must be 1–{longest} characters, none of them control")
