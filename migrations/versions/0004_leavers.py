"""Until when somebody who wants to be forgotten is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("leave_by", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_people_leave_by",
        "people",
        ["leave_by"],
        unique=False,
        sqlite_where=sa.text("leave_by IS NOT NULL"),
        postgresql_where=sa.text("leave_by IS NOT NULL"),
    )
