"""The first schema.

Written out and not taken from `cloud.store.tables`: a migration stays what it was when the tables move on.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _organisations()
    _journal()
    _set_aside()
    _picture()
    op.execute("INSERT INTO projector_head (id, change, heartbeat_ms, broker_connected) VALUES (1, 0, 0, FALSE)")


def _organisations() -> None:
    """Organisations, stations, members."""
    op.create_table(
        "organisation",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("parent", sa.String(length=64)),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("roster_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("roster_oldest", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["parent"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("path"),
    )
    op.create_table(
        "station",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("roster_revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("roster_published", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("desired_revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("desired_published", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("desired", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql")),
        sa.ForeignKeyConstraint(
            ["organisation"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("station_organisation", "station", ["organisation"])
    op.create_table(
        "member",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("trade", sa.String(length=40), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("wire", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("organisation", "id"),
    )
    op.create_index("member_id", "member", ["id"])
    op.create_table(
        "roster_change",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("op", sa.String(length=16), nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("wire", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql")),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("organisation", "version"),
    )


def _journal() -> None:
    """Committed records and the positions held."""
    op.create_table(
        "record",
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("stream", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recorded_at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("mono_ms", sa.BigInteger(), nullable=False),
        sa.Column("clock_trusted", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("body", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("station", "epoch", "stream", "seq", "recorded_at_ms"),
        postgresql_partition_by="RANGE (recorded_at_ms)",
    )
    op.create_table(
        "received_range",
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("stream", sa.String(length=16), nullable=False),
        sa.Column("ranges", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column("through_seq", sa.BigInteger(), nullable=False),
        sa.Column("through_digest", sa.String(length=64)),
        sa.Column("head_seq", sa.BigInteger(), nullable=False),
        sa.Column("gap_since_ms", sa.BigInteger()),
        sa.Column("advanced_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("applied_through", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("applied_head", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "applied_ranges",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"),
            server_default="[]",
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("station", "epoch", "stream"),
    )
    op.create_index(
        "received_range_gap",
        "received_range",
        ["gap_since_ms"],
        sqlite_where=sa.text("gap_since_ms IS NOT NULL"),
        postgresql_where=sa.text("gap_since_ms IS NOT NULL"),
    )
    op.create_index(
        "received_range_ready",
        "received_range",
        ["station"],
        sqlite_where=sa.text("through_seq > applied_through"),
        postgresql_where=sa.text("through_seq > applied_through"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Months get partitions of their own while the cloud runs (`cloud.store.partitions`); this takes the rest.
        op.execute("CREATE TABLE record_other PARTITION OF record DEFAULT")


def _set_aside() -> None:
    """What could not be stored as a record, and what ingest has found."""
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("stream", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64)),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("quarantine_position", "quarantine", ["station", "epoch", "stream", "seq"])
    op.create_table(
        "fork",
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("stream", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("station", "epoch", "stream", "seq", "digest"),
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("priority", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "finding_new", "finding", ["id"], sqlite_where=sa.text("NOT applied"), postgresql_where=sa.text("NOT applied")
    )
    op.create_index("finding_subject", "finding", ["station", "code", "source"], unique=True)


def _picture() -> None:
    """What the projector makes of it."""
    op.create_table(
        "projector_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("heartbeat_ms", sa.BigInteger(), nullable=False),
        sa.Column("broker_connected", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "change",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.String(length=32)),
        sa.Column("stream", sa.String(length=16)),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("recorded_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(
        "change_stateless",
        "change",
        ["number"],
        sqlite_where=sa.text("seq IS NULL"),
        postgresql_where=sa.text("seq IS NULL"),
    )
    op.create_index("change_station", "change", ["station", "number"])
    op.create_table(
        "live_state",
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("session", sa.String(length=64)),
        sa.Column("last_seen_ms", sa.BigInteger()),
        sa.Column("epoch", sa.String(length=32)),
        sa.Column("boot", sa.BigInteger()),
        sa.Column("n", sa.BigInteger()),
        sa.Column("state", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql")),
        sa.PrimaryKeyConstraint("station"),
    )
    op.create_index("live_state_online", "live_state", ["online", "last_seen_ms"])
    op.create_table(
        "day_counter",
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("denials", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station", "day"),
    )
    op.create_table(
        "alarm",
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("priority", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("as_of_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station", "origin", "code", "source"),
    )
