"""The battery swap: where each battery is, what the books cannot explain, who is owed one, and the swaps;
and what of a station a command is about."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("used_at_ms IS NULL")
NEWS = sa.text("NOT told")


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    op.add_column("command", sa.Column("args", json))
    _batteries()
    _claims()
    op.create_table(
        "swap",
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("swap", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("battery_in", sa.String(length=64)),
        sa.Column("battery_out", sa.String(length=64)),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station", "swap", "ended_at_ms"),
    )
    op.create_index("swap_day", "swap", ["day", "station", "outcome"])
    op.create_index("swap_member", "swap", ["member", "ended_at_ms"])


def _batteries() -> None:
    op.create_table(
        "battery_place",
        sa.Column("serial", sa.String(length=64), nullable=False),
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.BigInteger()),
        sa.Column("member", sa.String(length=64)),
        sa.Column("as_of_ms", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("serial"),
    )
    op.create_index("battery_place_station", "battery_place", ["station"])
    op.create_index("battery_place_member", "battery_place", ["member"])
    op.create_index("battery_place_news", "battery_place", ["serial"], sqlite_where=NEWS, postgresql_where=NEWS)
    op.create_table(
        "battery_anomaly",
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("anomaly", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("cause", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("battery", sa.String(length=64)),
        sa.Column("slot", sa.BigInteger()),
        sa.Column("member", sa.String(length=64)),
        sa.Column("swap", sa.BigInteger()),
        sa.Column("detail", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("opened_at_ms", sa.BigInteger()),
        sa.Column("closed_at_ms", sa.BigInteger()),
        sa.Column("how", sa.String(length=32)),
        sa.PrimaryKeyConstraint("station", "epoch", "anomaly"),
    )
    op.create_index("battery_anomaly_battery", "battery_anomaly", ["battery"])


def _claims() -> None:
    op.create_table(
        "claim",
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("claim", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("granted_at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("swap", sa.BigInteger()),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.Column("used_station", sa.String(length=64)),
        sa.Column("used_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("station", "claim", "granted_at_ms"),
    )
    op.create_index("claim_member", "claim", ["member"])
    op.create_index("claim_open", "claim", ["station"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table(
        "claim_use",
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("used_at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("claim", sa.BigInteger()),
        sa.PrimaryKeyConstraint("station", "member", "used_at_ms"),
    )
    op.create_index("claim_use_member", "claim_use", ["member"])
    op.create_table(
        "member_owed",
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("member"),
    )
    op.create_index("member_owed_news", "member_owed", ["member"], sqlite_where=NEWS, postgresql_where=NEWS)
