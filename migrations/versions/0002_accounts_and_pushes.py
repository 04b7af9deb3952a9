"""Accounts at providers, watches that push, and what was sent to hooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=True),
        sa.Column("subject_digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("credentials", sa.LargeBinary(), nullable=True),
        sa.Column("offer", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id", "user_id"],
            ["people.team_id", "people.user_id"],
            name=op.f("fk_accounts_team_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("team_id", "user_id", "account_id", name=op.f("pk_accounts")),
    )
    op.create_index("ix_accounts_subject_digest", "accounts", ["subject_digest"], unique=False)
    # The code before this step goes on inserting calendars: what it does not know has a default, or may be missing.
    # Columns are added one by one: SQLite's other way, a new table, would delete the events along with the old one.
    op.add_column("calendars", sa.Column("account_id", sa.String(length=64), nullable=True))
    op.add_column("calendars", sa.Column("pace", sa.String(length=255), nullable=False, server_default=""))
    op.add_column("calendars", sa.Column("secret", sa.String(length=64), nullable=True))
    op.add_column("calendars", sa.Column("watch_due_at", sa.BigInteger(), nullable=True))
    op.add_column("calendars", sa.Column("watch_failures", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_calendars_watch_due_at", "calendars", ["watch_due_at"], unique=False)
    op.create_index("ix_calendars_secret", "calendars", ["secret"], unique=False)
    op.execute("UPDATE calendars SET pace = host")
    op.create_table(
        "watches",
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("watch_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("calendar_id", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id", "user_id", "calendar_id"],
            ["calendars.team_id", "calendars.user_id", "calendars.calendar_id"],
            name=op.f("fk_watches_team_id_calendars"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("team_id", "watch_id", name=op.f("pk_watches")),
    )
    op.create_index("ix_watches_watch_id", "watches", ["watch_id"], unique=False)
    op.create_index("ix_watches_calendar", "watches", ["team_id", "user_id", "calendar_id"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("calendar_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id", "user_id", "calendar_id"],
            ["calendars.team_id", "calendars.user_id", "calendars.calendar_id"],
            name=op.f("fk_inbox_team_id_calendars"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("team_id", "user_id", "calendar_id", "seq", name=op.f("pk_inbox")),
    )


def downgrade() -> None:
    op.drop_table("inbox")
    op.drop_index("ix_watches_calendar", table_name="watches")
    op.drop_index("ix_watches_watch_id", table_name="watches")
    op.drop_table("watches")
    op.drop_index("ix_calendars_secret", table_name="calendars")
    op.drop_index("ix_calendars_watch_due_at", table_name="calendars")
    for column in ("watch_failures", "watch_due_at", "secret", "pace", "account_id"):
        op.drop_column("calendars", column)
    op.drop_index("ix_accounts_subject_digest", table_name="accounts")
    op.drop_table("accounts")
