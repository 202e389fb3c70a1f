"""What operators do: commands, acknowledgements, an audit log that is only added to; energy per day."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _columns()
    _commands()
    _acts()
    _make_append_only()


def _json() -> Any:
    return sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql")


def _columns() -> None:
    """An alarm's life among people, sessions' beginnings, and who ordered what."""
    op.add_column("station", sa.Column("desired_notes", _json()))
    op.add_column("live_state", sa.Column("session_since_ms", sa.BigInteger()))
    for column in (
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("acknowledged", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("acknowledged_by", sa.String(length=64)),
        sa.Column("acknowledged_at_ms", sa.BigInteger()),
        sa.Column("shelved_until_ms", sa.BigInteger()),
        sa.Column("shelved_by", sa.String(length=64)),
        sa.Column("shelved_reason", sa.String(length=200)),
        sa.Column("first_out", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("suppressed_by", sa.String(length=280)),
    ):
        op.add_column("alarm", column)


def _commands() -> None:
    op.create_table(
        "command",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("issued_by", sa.String(length=64), nullable=False),
        sa.Column("issued_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("expires_in_session_ms", sa.BigInteger(), nullable=False),
        sa.Column("sent_at_ms", sa.BigInteger()),
        sa.Column("begun_at_ms", sa.BigInteger()),
        sa.Column("answered_at_ms", sa.BigInteger()),
        sa.Column("outcome", sa.String(length=16)),
        sa.Column("answer", sa.String(length=200)),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("command_station", "command", ["station", "issued_at_ms"])
    op.create_index("command_issued", "command", ["issued_at_ms"])
    op.create_index(
        "command_waiting",
        "command",
        ["issued_at_ms"],
        sqlite_where=sa.text("sent_at_ms IS NULL"),
        postgresql_where=sa.text("sent_at_ms IS NULL"),
    )


def _acts() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "audit",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("station", sa.String(length=64)),
        sa.Column("detail", _json(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_station", "audit", ["station", "id"])
    op.create_table(
        "request",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("answer", _json()),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("request_age", "request", ["at_ms"])
    op.create_table(
        "act",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64)),
        sa.Column("source", sa.String(length=200)),
        sa.Column("since_ms", sa.BigInteger()),
        sa.Column("by", sa.String(length=64)),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "day_energy",
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("energy_wh", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station", "day", "source"),
    )


def _make_append_only() -> None:
    """The database itself refuses to change or remove what has been written down about people's doings."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
        )
