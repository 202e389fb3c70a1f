"""A station's standing orders: what the cloud wants until it wants something else. Their revision only rises."""

from sqlalchemy import Connection, select, update

from cloud.roster.members import next_revision
from cloud.store.tables import station
from contract.ids import StationId
from contract.messages import Desired
from contract.records import Posture


class UnknownStation(LookupError):
    """No such station."""


def set_posture(connection: Connection, station_id: StationId, posture: Posture | None) -> Desired:
    """Order a posture; None gives the door back to the station's own schedule. Raises `UnknownStation`."""
    query = select(station.c.desired_revision).where(station.c.id == station_id).with_for_update()
    previous = connection.scalar(query)
    if previous is None:
        raise UnknownStation(f"no station {station_id!r}")
    desired = Desired(revision=next_revision(previous), posture=posture)
    connection.execute(
        update(station)
        .where(station.c.id == station_id)
        .values(desired=desired.model_dump(mode="json"), desired_revision=desired.revision)
    )
    return desired


def read(connection: Connection, station_id: StationId) -> Desired | None:
    """The standing orders; None when none were ever given (or there is no such station)."""
    found = connection.scalar(select(station.c.desired).where(station.c.id == station_id))
    return None if found is None else Desired.model_validate(found)
