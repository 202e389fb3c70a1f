"""A station's swap cabinet: what its ledger says, with the names of the people in it."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, select

from cloud.api.cabinet_models import BatteryOut, CabinetPage, ClaimShown, SwapShown
from cloud.store.swap_tables import battery_place, claim, swap
from cloud.store.tables import member

SHOWN: Final = 20
OUT_SHOWN: Final = 200
IDS_PER_QUERY: Final = 500


def page(connection: Connection, station_id: str) -> CabinetPage:
    """The latest swaps, what is owed and who has which battery."""
    here = swap.c.station == station_id
    swaps = connection.execute(select(swap).where(here).order_by(swap.c.ended_at_ms.desc()).limit(SHOWN)).all()
    unused = (claim.c.station == station_id) & claim.c.used_at_ms.is_(None)
    claims = connection.execute(select(claim).where(unused).order_by(claim.c.granted_at_ms.desc()).limit(SHOWN)).all()
    given = (battery_place.c.station == station_id) & battery_place.c.member.is_not(None)
    newest = select(battery_place).where(given).order_by(battery_place.c.as_of_ms.desc(), battery_place.c.serial)
    out = connection.execute(newest.limit(OUT_SHOWN)).all()
    names = names_of(connection, (row.member for rows in (swaps, claims, out) for row in rows))
    return CabinetPage(
        swaps=[
            SwapShown(
                member_name=names.get(row.member),
                **{name: getattr(row, name) for name in SwapShown.model_fields if name != "member_name"},
            )
            for row in swaps
        ],
        claims=[
            ClaimShown(
                claim=row.claim,
                member=row.member,
                member_name=names.get(row.member),
                why=row.why,
                granted_at_ms=row.granted_at_ms,
            )
            for row in claims
        ],
        out=[
            BatteryOut(battery=row.serial, member=row.member, member_name=names.get(row.member), since_ms=row.as_of_ms)
            for row in out
        ],
        out_count=connection.scalar(select(func.count()).select_from(battery_place).where(given)) or 0,
    )


def swaps_of_days(
    connection: Connection, days: Sequence[str], ids: Sequence[str] | None
) -> dict[tuple[str, str], dict[str, int]]:
    """How many swaps ended how, by station and its local day."""
    query = (
        select(swap.c.station, swap.c.day, swap.c.outcome, func.count().label("count"))
        .where(swap.c.day.in_(days))
        .group_by(swap.c.station, swap.c.day, swap.c.outcome)
    )
    found: dict[tuple[str, str], dict[str, int]] = {}
    for row in connection.execute(query if ids is None else query.where(swap.c.station.in_(ids))):
        found.setdefault((row.station, row.day), {})[row.outcome] = row._mapping["count"]
    return found


def people_in(told: dict[str, Any] | None) -> set[str]:
    """The members that a cabinet's live picture speaks of."""
    if not told:
        return set()
    people = {each.get("member") for each in told.get("anomalies", [])}
    people.add((told.get("swap") or {}).get("member"))
    return {each for each in people if each}


def names_of(connection: Connection, people: Iterable[str]) -> dict[str, str]:
    """Members' names by their id."""
    ids, names = sorted(set(people)), dict[str, str]()
    for start in range(0, len(ids), IDS_PER_QUERY):
        part = ids[start : start + IDS_PER_QUERY]
        found = connection.execute(select(member.c.id, member.c.name).where(member.c.id.in_(part)))
        names.update((row.id, row.name) for row in found)
    return names
