"""Since when somebody is at rest who was deactivated in Slack."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("deactivated_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_people_deactivated_at",
        "people",
        ["deactivated_at"],
        unique=False,
        sqlite_where=sa.text("deactivated_at IS NOT NULL"),
        postgresql_where=sa.text("deactivated_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_people_deactivated_at", "people")
    op.drop_column("people", "deactivated_at")
