"""What moves in the cabinets becomes news of the roster, so that a rider is served at the next station too: who has
which battery, and how many each is owed.

Some hundred changes a second are gathered into one transaction, and so into one new head for the stations concerned.
What changes again while it is being told is told again.
"""

from functools import partial
from typing import Final

from sqlalchemy import Connection, select, update

from cloud.roster import batteries
from cloud.roster.members import UnknownMember, change_everywhere
from cloud.store.swap_tables import battery_place, member_owed
from contract.ids import BatteryId, MemberId
from contract.messages import WireMember

PER_ROUND: Final = 200


def is_due(connection: Connection) -> bool:
    """Whether there is anything to tell."""
    for table in (battery_place, member_owed):
        if connection.execute(select(table.c.told).where(~table.c.told).limit(1)).first() is not None:
            return True
    return False


def tell(connection: Connection) -> int:
    """Bring the roster up to date, at most `PER_ROUND` of each kind; how many rows were told."""
    return _tell_places(connection) + _tell_owed(connection)


def _tell_places(connection: Connection) -> int:
    query = select(battery_place).where(~battery_place.c.told).order_by(battery_place.c.serial).limit(PER_ROUND)
    rows = connection.execute(query).all()
    for row in rows:
        holder = None if row.member is None else MemberId(row.member)
        batteries.moved(connection, BatteryId(row.serial), holder, row.as_of_ms)
        same = (battery_place.c.as_of_ms == row.as_of_ms) & (battery_place.c.seq == row.seq)
        mine = (battery_place.c.serial == row.serial) & same
        connection.execute(update(battery_place).where(mine).values(told=True))
    return len(rows)


def _tell_owed(connection: Connection) -> int:
    query = select(member_owed).where(~member_owed.c.told).order_by(member_owed.c.member).limit(PER_ROUND)
    rows = connection.execute(query).all()
    for row in rows:
        try:
            change_everywhere(connection, MemberId(row.member), partial(_owing, owed=row.owed))
        except UnknownMember:
            # Nobody's member any more: the claim stands in the books, and no station is told.
            pass
        mine = (member_owed.c.member == row.member) & (member_owed.c.owed == row.owed)
        connection.execute(update(member_owed).where(mine).values(told=True))
    return len(rows)


def _owing(person: WireMember, owed: int) -> WireMember:
    return person.model_copy(update={"batteries_owed": owed})
