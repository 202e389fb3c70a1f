"""The batteries of the swap cabinets, on the roster: what each is, who has it, whether it was recalled.

On the wire a battery is an entry of the same change log as the members, its id the serial behind `battery/`.
"""

import sqlite3
from typing import Final

from contract.ids import BatteryId, MemberId
from contract.messages import RosterChange

PREFIX: Final = "battery/"


def is_battery(entry: MemberId) -> bool:
    return entry.startswith(PREFIX)


def apply_change(connection: sqlite3.Connection, holding: int, change: RosterChange) -> None:
    """Applies one change to a holding. A battery that is revoked is recalled."""
    serial = BatteryId(change.member_id.removeprefix(PREFIX))
    if change.op == "revoke":
        connection.execute(
            "INSERT INTO battery VALUES (?, ?, '', NULL, 1, 0) "
            "ON CONFLICT (serial, holding) DO UPDATE SET recalled = 1",
            (serial, holding),
        )
        return
    battery = change.member.battery if change.member is not None else None
    if change.op == "remove" or battery is None:
        connection.execute("DELETE FROM battery WHERE serial = ? AND holding = ?", (serial, holding))
        return
    connection.execute(
        "INSERT OR REPLACE INTO battery VALUES (?, ?, ?, ?, ?, ?)",
        (serial, holding, battery.model, battery.member_id, int(battery.recalled), battery.as_of_ms),
    )
