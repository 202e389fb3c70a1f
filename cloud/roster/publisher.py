"""Publishes roster heads and standing orders, retained and signed, whenever they have changed.

Only the projector's process runs it, so that one place publishes. What is published is marked in the database after the
broker has taken it; a crash between the two publishes once more, which does no harm. Brokers may forget what they
retain, so that ingest publishes both again at every hello.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import or_, select, update

from cloud.roster import desired, pages
from cloud.roster.keys import Signer
from cloud.store.database import Database
from cloud.store.tables import station
from contract.ids import StationId
from contract.topics import Leaf

STATIONS_PER_ROUND: Final = 200


@dataclass(frozen=True)
class Standing:
    """What stands retained for one station, and the revisions it is of."""

    station: StationId
    messages: Sequence[tuple[str, bytes]]
    roster_revision: int
    desired_revision: int


def standing(database: Database, signer: Signer, station_id: StationId) -> Standing | None:
    """Everything retained for a station; None when it is unknown."""
    with database.read() as connection:
        head = pages.head(connection, station_id)
        if head is None:
            return None
        orders = desired.read(connection, station_id)
    messages = [signer.seal(head, station_id, Leaf.ROSTER_HEAD)]
    if orders is not None:
        messages.append(signer.seal(orders, station_id, Leaf.DESIRED))
    return Standing(station_id, messages, head.revision, orders.revision if orders else 0)


def due(database: Database) -> list[StationId]:
    """Stations whose retained messages are behind, at most `STATIONS_PER_ROUND`."""
    behind = or_(
        station.c.roster_revision > station.c.roster_published,
        station.c.desired_revision > station.c.desired_published,
    )
    with database.read() as connection:
        query = select(station.c.id).where(behind).order_by(station.c.id).limit(STATIONS_PER_ROUND)
        return [StationId(found) for found in connection.scalars(query)]


def mark_published(database: Database, published: Sequence[Standing]) -> None:
    """The broker has taken these."""
    with database.write() as connection:
        for item in published:
            values = {"roster_published": item.roster_revision, "desired_published": item.desired_revision}
            connection.execute(update(station).where(station.c.id == item.station).values(**values))
