"""The tables. Times are integers, milliseconds since the Unix epoch in UTC, as on the wire.

Who writes what, so that no two writers fight over a row:

| table | writer |
|---|---|
| record, fork, quarantine, finding, received_range (but its `applied_…`) | ingest, one transaction per group |
| change, live_state, day_counter, day_energy, alarm, projector_head, received_range.applied_… | the one projector |
| organisation, member, roster_change, setting, issued_code | administration |
| station | administration; its standing orders: the API too |
| battery_place and the other tables of `swap_tables` | the one projector |
| command | the API issues, the projector marks what is sent and answered |
| request, audit, act | the API and the command line; audit is append-only, act is emptied by the projector |

A record's position is claimed in `received_range`, whose row is locked by the transaction that commits the record.
"""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata: Final = MetaData()
Json: Final = JSON().with_variant(JSONB(), "postgresql")
Millis: Final = BigInteger
Number: Final = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key that SQLite can count up by itself."""

organisation: Final = Table(
    "organisation",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("parent", String(64), ForeignKey("organisation.id")),
    # "/national/province/…/id/": a subtree is a prefix.
    Column("path", Text, nullable=False, unique=True),
    Column("roster_version", BigInteger, nullable=False, server_default="0"),
    Column("roster_oldest", BigInteger, nullable=False, server_default="0"),
)

station: Final = Table(
    "station",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("organisation", String(64), ForeignKey("organisation.id"), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("roster_revision", BigInteger, nullable=False, server_default="0"),
    Column("roster_published", BigInteger, nullable=False, server_default="0"),
    Column("desired_revision", BigInteger, nullable=False, server_default="0"),
    Column("desired_published", BigInteger, nullable=False, server_default="0"),
    Column("desired", Json),
    # Who ordered which part of it, why and when: `{part: {by, reason, at_ms}}`.
    Column("desired_notes", Json),
    Index("station_organisation", "organisation"),
)

record: Final = Table(
    "record",
    metadata,
    Column("station", String(64), primary_key=True),
    Column("epoch", String(32), primary_key=True),
    Column("stream", String(16), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("recorded_at_ms", Millis, primary_key=True, autoincrement=False),
    Column("received_at_ms", Millis, nullable=False),
    Column("boot", BigInteger, nullable=False),
    Column("mono_ms", BigInteger, nullable=False),
    Column("clock_trusted", Boolean, nullable=False),
    Column("kind", String(100), nullable=False),
    Column("body", Json, nullable=False),
    Column("digest", String(64), nullable=False),
    postgresql_partition_by="RANGE (recorded_at_ms)",
)

received_range: Final = Table(
    "received_range",
    metadata,
    Column("station", String(64), primary_key=True),
    Column("epoch", String(32), primary_key=True),
    Column("stream", String(16), primary_key=True),
    # Merged [first, last] pairs, ascending; the first begins at 1 where anything unbroken is held.
    Column("ranges", Json, nullable=False),
    Column("through_seq", BigInteger, nullable=False),
    Column("through_digest", String(64)),
    Column("head_seq", BigInteger, nullable=False),
    # Since when something is missing in the middle; None: nothing is.
    Column("gap_since_ms", Millis),
    Column("advanced_at_ms", Millis, nullable=False),
    Column("stored", BigInteger, nullable=False, server_default="0"),
    Column("applied_through", BigInteger, nullable=False, server_default="0"),
    Column("applied_head", BigInteger, nullable=False, server_default="0"),
    Column("applied_ranges", Json, nullable=False, server_default="[]"),
    # What the projector still has to do is found without looking at every station.
    Index(
        "received_range_ready",
        "station",
        sqlite_where=text("through_seq > applied_through"),
        postgresql_where=text("through_seq > applied_through"),
    ),
    Index(
        "received_range_gap",
        "gap_since_ms",
        sqlite_where=text("gap_since_ms IS NOT NULL"),
        postgresql_where=text("gap_since_ms IS NOT NULL"),
    ),
)

quarantine: Final = Table(
    "quarantine",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("station", String(64), nullable=False),
    Column("epoch", String(32), nullable=False),
    Column("stream", String(16), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("digest", String(64)),
    Column("reason", String(200), nullable=False),
    Column("received_at_ms", Millis, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("quarantine_position", "station", "epoch", "stream", "seq"),
)

fork: Final = Table(
    "fork",
    metadata,
    Column("station", String(64), primary_key=True),
    Column("epoch", String(32), primary_key=True),
    Column("stream", String(16), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
    Column("received_at_ms", Millis, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

finding: Final = Table(
    "finding",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("station", String(64), nullable=False),
    Column("code", String(64), nullable=False),
    Column("source", String(200), nullable=False),
    Column("priority", String(16), nullable=False),
    Column("detail", String(500), nullable=False),
    Column("at_ms", Millis, nullable=False),
    Column("applied", Boolean, nullable=False),
    Index("finding_subject", "station", "code", "source", unique=True),
    Index("finding_new", "id", sqlite_where=text("NOT applied"), postgresql_where=text("NOT applied")),
)

projector_head: Final = Table(
    "projector_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("change", BigInteger, nullable=False),
    Column("heartbeat_ms", Millis, nullable=False),
    Column("broker_connected", Boolean, nullable=False),
)

change: Final = Table(
    "change",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("station", String(64), nullable=False),
    Column("at_ms", Millis, nullable=False),
    # The record that made it; all None for a change of state alone.
    Column("epoch", String(32)),
    Column("stream", String(16)),
    Column("seq", BigInteger),
    Column("recorded_at_ms", Millis),
    Index("change_station", "station", "number"),
    Index("change_stateless", "number", sqlite_where=text("seq IS NULL"), postgresql_where=text("seq IS NULL")),
)

live_state: Final = Table(
    "live_state",
    metadata,
    Column("station", String(64), primary_key=True),
    Column("online", Boolean, nullable=False),
    Column("session", String(64)),
    # When the session began, by our clock: what a command's lifetime counts from. None: not known yet.
    Column("session_since_ms", Millis),
    Column("last_seen_ms", Millis),
    Column("epoch", String(32)),
    Column("boot", BigInteger),
    Column("n", BigInteger),
    Column("state", Json),
    Index("live_state_online", "online", "last_seen_ms"),
)

day_counter: Final = Table(
    "day_counter",
    metadata,
    Column("station", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("entries", BigInteger, nullable=False),
    Column("denials", BigInteger, nullable=False),
)

alarm: Final = Table(
    "alarm",
    metadata,
    Column("station", String(64), primary_key=True),
    Column("origin", String(16), primary_key=True),
    Column("code", String(64), primary_key=True),
    Column("source", String(200), primary_key=True),
    Column("priority", String(16), nullable=False),
    Column("detail", String(500), nullable=False),
    Column("since_ms", Millis, nullable=False),
    Column("standing", Boolean, nullable=False),
    # The time of what was last applied: an older record that comes late changes nothing.
    Column("as_of_ms", Millis, nullable=False),
    # Standing and not active: its condition has ended, and nobody has acknowledged it yet.
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("acknowledged", Boolean, nullable=False, server_default=false()),
    Column("acknowledged_by", String(64)),
    Column("acknowledged_at_ms", Millis),
    Column("shelved_until_ms", Millis),
    Column("shelved_by", String(64)),
    Column("shelved_reason", String(200)),
    Column("first_out", Boolean, nullable=False, server_default=false()),
    Column("suppressed_by", String(280)),
)

command: Final = Table(
    "command",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("station", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("reason", String(200), nullable=False),
    # What of the station it is about, as the station gets it.
    Column("args", Json),
    Column("issued_by", String(64), nullable=False),
    Column("issued_at_ms", Millis, nullable=False),
    Column("expires_at_ms", Millis, nullable=False),
    # The connection that it is for, and how long after that one's start it holds.
    Column("session", String(64), nullable=False),
    Column("expires_in_session_ms", BigInteger, nullable=False),
    Column("sent_at_ms", Millis),
    Column("begun_at_ms", Millis),
    Column("answered_at_ms", Millis),
    Column("outcome", String(16)),
    Column("answer", String(200)),
    Index("command_station", "station", "issued_at_ms"),
    Index("command_issued", "issued_at_ms"),
    Index(
        "command_waiting",
        "issued_at_ms",
        sqlite_where=text("sent_at_ms IS NULL"),
        postgresql_where=text("sent_at_ms IS NULL"),
    ),
)

audit: Final = Table(
    "audit",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("at_ms", Millis, nullable=False),
    Column("by", String(64), nullable=False),
    Column("act", String(64), nullable=False),
    Column("station", String(64)),
    Column("detail", Json, nullable=False),
    Index("audit_station", "station", "id"),
)

request: Final = Table(
    "request",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("at_ms", Millis, nullable=False),
    Column("answer", Json),
    Index("request_age", "at_ms"),
)

act: Final = Table(
    "act",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("station", String(64), nullable=False),
    # An alarm of the cloud's own that somebody has seen; all None: the station is only to be shown anew.
    Column("code", String(64)),
    Column("source", String(200)),
    Column("since_ms", Millis),
    Column("by", String(64)),
)

day_energy: Final = Table(
    "day_energy",
    metadata,
    Column("station", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("energy_wh", BigInteger, nullable=False),
)

member: Final = Table(
    "member",
    metadata,
    Column("organisation", String(64), ForeignKey("organisation.id"), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("trade", String(40), nullable=False),
    Column("revoked", Boolean, nullable=False),
    # A `contract.messages.WireMember`.
    Column("wire", Json, nullable=False),
    Index("member_id", "id"),
)

setting: Final = Table(
    "setting",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Json, nullable=False),
)

issued_code: Final = Table(
    "issued_code",
    metadata,
    # Under the one salt of all codes: two people never have the same.
    Column("verifier", String(32), primary_key=True),
    Column("digits", Integer, nullable=False),
    Column("member", String(64), nullable=False),
    Index("issued_code_member", "member"),
    Index("issued_code_digits", "digits"),
)

roster_change: Final = Table(
    "roster_change",
    metadata,
    Column("organisation", String(64), ForeignKey("organisation.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("op", String(16), nullable=False),
    Column("member_id", String(64), nullable=False),
    Column("wire", Json),
    Column("at_ms", Millis, nullable=False),
)
