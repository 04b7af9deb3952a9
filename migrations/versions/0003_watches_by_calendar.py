"""Watches are found by their calendar: at each claim, and when calendars are deleted."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_watches_calendar", "watches", ["team_id", "user_id", "calendar_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_watches_calendar", table_name="watches")
