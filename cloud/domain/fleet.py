"""Stations as the API shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select

from cloud.api.models import (
    Alarm,
    DayEnergy,
    Door,
    EnergyPage,
    JournalLevel,
    Load,
    OrganisationRef,
    Reader,
    RosterLevel,
    Sensor,
    StationDetail,
)
from cloud.clock import now_ms
from cloud.domain import cabinet
from cloud.domain.orders import commands_shown, orders_shown
from cloud.domain.scope import Scope
from cloud.store.tables import (
    alarm,
    day_counter,
    day_energy,
    live_state,
    organisation,
    projector_head,
    received_range,
    station,
)
from contract.cabinet_parts import CabinetState
from contract.records import Posture, Priority

IDS_PER_QUERY: Final = 500
ALARMS_SHOWN: Final = 200
ENERGY_ROWS: Final = 500
_URGENCY: Final = [Priority.URGENT, Priority.HIGH, Priority.LOW]


@dataclass(frozen=True)
class Placed:
    """A station and where it stands in the tree, for checking a scope later."""

    path: str
    detail: StationDetail


def newest_change(connection: Connection) -> int:
    """The number of the newest change."""
    return connection.scalar(select(projector_head.c.change)) or 0


def is_visible(connection: Connection, scope: Scope, station_id: str) -> bool:
    """Whether there is such a station within the scope."""
    place = select(station.c.id).join_from(station, organisation).where(station.c.id == station_id)
    return connection.scalar(place.where(scope.covers())) is not None


def station_details(connection: Connection, scope: Scope, ids: Sequence[str] | None = None) -> list[Placed]:
    """Stations within the scope, all or those named, in order of organisation and name."""
    if ids is not None and len(ids) > IDS_PER_QUERY:
        raise ValueError(f"at most {IDS_PER_QUERY} stations at once")
    query = (
        select(station, live_state, organisation.c.path, organisation.c.name.label("organisation_name"))
        .join_from(station, organisation)
        .outerjoin(live_state, live_state.c.station == station.c.id)
        .where(scope.covers())
        .order_by(organisation.c.path, station.c.name, station.c.id)
    )
    if ids is not None:
        query = query.where(station.c.id.in_(ids))
    rows = connection.execute(query).all()
    facts = _Facts(connection, rows, ids)
    return [Placed(row.path, _detail(row, facts)) for row in rows]


def energy(connection: Connection, station_id: str) -> EnergyPage:
    """What a station has used per day, the newest day first."""
    query = select(day_energy).where(day_energy.c.station == station_id)
    rows = connection.execute(query.order_by(day_energy.c.day.desc(), day_energy.c.source).limit(ENERGY_ROWS))
    days = [DayEnergy(day=row.day, source=row.source, energy_wh=row.energy_wh) for row in rows]
    return EnergyPage(days=days)


class _Facts:
    """What stands in other tables about the same stations, read with one query each."""

    def __init__(self, connection: Connection, rows: Sequence[Row[Any]], ids: Sequence[str] | None) -> None:
        now = datetime.fromtimestamp(now_ms() / 1_000, UTC)
        self.days = {zone: now.astimezone(ZoneInfo(zone)).date().isoformat() for zone in {row.timezone for row in rows}}
        self.alarms: dict[str, list[Alarm]] = {}
        standing = select(alarm).where(alarm.c.standing)
        counts = select(day_counter).where(day_counter.c.day.in_(sorted(set(self.days.values()))))
        levels = select(received_range).order_by(received_range.c.advanced_at_ms)
        if ids is not None:
            standing, counts = standing.where(alarm.c.station.in_(ids)), counts.where(day_counter.c.station.in_(ids))
            levels = levels.where(received_range.c.station.in_(ids))
        for row in connection.execute(standing):
            self.alarms.setdefault(row.station, []).append(
                Alarm(**{name: getattr(row, name) for name in Alarm.model_fields})
            )
        self.counts = {(row.station, row.day): (row.entries, row.denials) for row in connection.execute(counts)}
        self.levels: dict[str, list[JournalLevel]] = {}
        for row in connection.execute(levels):
            level = JournalLevel(epoch=row.epoch, stream=row.stream, through_seq=row.through_seq, stored=row.stored)
            self.levels.setdefault(row.station, []).append(level)
        self.commands = commands_shown(connection, ids)
        self.swaps = cabinet.swaps_of_days(connection, sorted(set(self.days.values())), ids)
        cabinets = [(row.state or {}).get("cabinet") for row in rows]
        self.people = cabinet.names_of(connection, (each for told in cabinets for each in cabinet.people_in(told)))
        # Names and roster levels of the organisations above.
        nodes = sorted({part for row in rows for part in _parts(row.path)})
        self.names: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        for start in range(0, len(nodes), IDS_PER_QUERY):
            part = nodes[start : start + IDS_PER_QUERY]
            for row in connection.execute(select(organisation).where(organisation.c.id.in_(part))):
                self.names[row.id], self.versions[row.id] = row.name, row.roster_version


def _detail(row: Row[Any], facts: _Facts) -> StationDetail:
    state: dict[str, Any] = row.state or {}
    door, held, swap_cabinet = state.get("door"), state.get("roster", {}), state.get("cabinet")
    entries, denials = facts.counts.get((row.id, facts.days[row.timezone]), (0, 0))
    alarms = sorted(facts.alarms.get(row.id, ()), key=lambda item: (_URGENCY.index(item.priority), item.since_ms))
    above = _parts(row.path)
    return StationDetail(
        id=row.id,
        name=row.name,
        organisation=OrganisationRef(
            id=row.organisation, name=row.organisation_name, path=[facts.names[node] for node in above]
        ),
        timezone=row.timezone,
        online=bool(row.online),
        last_seen_ms=row.last_seen_ms,
        door=Door.model_validate(door) if door else None,
        posture=Posture(state["posture"]) if state else None,
        posture_cause=state.get("posture_cause"),
        people=state.get("people"),
        people_sure=state.get("people_sure"),
        alarms=alarms[:ALARMS_SHOWN],
        entries_today=entries,
        denials_today=denials,
        full_batteries=swap_cabinet["full"] if swap_cabinet else None,
        swaps_today=facts.swaps.get((row.id, facts.days[row.timezone]), {}),
        software=state.get("software"),
        boot=row.boot,
        clock_trusted=state.get("clock_trusted"),
        storage=state.get("storage"),
        unacknowledged=state.get("unacknowledged"),
        readers=[Reader.model_validate(item) for item in state.get("readers", [])],
        roster=[
            RosterLevel(node=node, station_version=held.get(node), newest_version=facts.versions[node])
            for node in above
        ],
        roster_members=state.get("roster_members"),
        journal=facts.levels.get(row.id, []),
        hazard=state.get("hazard", False),
        people_confidence_percent=state.get("people_confidence_percent"),
        welfare_asked=state.get("welfare_asked", False),
        loads=[Load.model_validate(item) for item in state.get("loads", [])],
        environment=[Sensor.model_validate(item) for item in state.get("environment", [])],
        power_w=state.get("power_w"),
        energy_day=state.get("energy_day", ""),
        energy_today_wh=state.get("energy_today_wh", {}),
        cabinet=CabinetState.model_validate(swap_cabinet) if swap_cabinet else None,
        cabinet_names={each: facts.people[each] for each in cabinet.people_in(swap_cabinet) if each in facts.people},
        orders=orders_shown(row.desired, row.desired_notes, state.get("desired_revision")),
        commands=facts.commands.get(row.id, []),
    )


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/")
