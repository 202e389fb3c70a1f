"""The tables of the battery swap: what the stations' ledgers say, put together.

All are written by the projector's process, from records that may come late and in any order. Rows that are not `told`
are still to be said on the roster. A station's numbers rise within one journal only, so that what carries such a number
is known by its moment too.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, text

from cloud.store.tables import Millis, metadata

battery_place: Final = Table(
    "battery_place",
    metadata,
    Column("serial", String(64), primary_key=True),
    # The station that has said so.
    Column("station", String(64), nullable=False),
    # In this slot, else with this member, else nobody knows.
    Column("slot", BigInteger),
    Column("member", String(64)),
    Column("as_of_ms", Millis, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("told", Boolean, nullable=False),
    Index("battery_place_station", "station"),
    Index("battery_place_member", "member"),
    Index("battery_place_news", "serial", sqlite_where=text("NOT told"), postgresql_where=text("NOT told")),
)

battery_anomaly: Final = Table(
    "battery_anomaly",
    metadata,
    Column("station", String(64), primary_key=True),
    Column("epoch", String(32), primary_key=True),
    Column("anomaly", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False, server_default=""),
    Column("cause", String(32), nullable=False, server_default=""),
    Column("battery", String(64)),
    Column("slot", BigInteger),
    Column("member", String(64)),
    Column("swap", BigInteger),
    Column("detail", String(200), nullable=False, server_default=""),
    # Either may come first; None: it has not come yet.
    Column("opened_at_ms", Millis),
    Column("closed_at_ms", Millis),
    Column("how", String(32)),
    Index("battery_anomaly_battery", "battery"),
)

claim: Final = Table(
    "claim",
    metadata,
    Column("station", String(64), primary_key=True),
    Column("claim", BigInteger, primary_key=True, autoincrement=False),
    Column("granted_at_ms", Millis, primary_key=True, autoincrement=False),
    Column("member", String(64), nullable=False),
    Column("swap", BigInteger),
    Column("why", String(32), nullable=False),
    # Where and when it was used; None: not yet.
    Column("used_station", String(64)),
    Column("used_at_ms", Millis),
    Index("claim_member", "member"),
    Index(
        "claim_open", "station", sqlite_where=text("used_at_ms IS NULL"), postgresql_where=text("used_at_ms IS NULL")
    ),
)

claim_use: Final = Table(
    "claim_use",
    metadata,
    Column("station", String(64), primary_key=True),
    Column("member", String(64), primary_key=True),
    Column("used_at_ms", Millis, primary_key=True, autoincrement=False),
    # None: one that another station has granted.
    Column("claim", BigInteger),
    Index("claim_use_member", "member"),
)

member_owed: Final = Table(
    "member_owed",
    metadata,
    Column("member", String(64), primary_key=True),
    Column("owed", BigInteger, nullable=False),
    Column("told", Boolean, nullable=False),
    Index("member_owed_news", "member", sqlite_where=text("NOT told"), postgresql_where=text("NOT told")),
)

swap: Final = Table(
    "swap",
    metadata,
    Column("station", String(64), primary_key=True),
    Column("swap", BigInteger, primary_key=True, autoincrement=False),
    Column("ended_at_ms", Millis, primary_key=True, autoincrement=False),
    # The station's local day.
    Column("day", String(10), nullable=False),
    Column("member", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("battery_in", String(64)),
    Column("battery_out", String(64)),
    Column("duration_ms", BigInteger, nullable=False),
    Index("swap_day", "day", "station", "outcome"),
    Index("swap_member", "member", "ended_at_ms"),
)

TABLES: Final = frozenset(table.name for table in (battery_place, battery_anomaly, claim, claim_use, member_owed, swap))
"""Their names."""
