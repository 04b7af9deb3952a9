"""When Slack is to be asked whether somebody is deactivated."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("account_check_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_people_account_check_at",
        "people",
        ["account_check_at"],
        unique=False,
        sqlite_where=sa.text("account_check_at IS NOT NULL"),
        postgresql_where=sa.text("account_check_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_people_account_check_at", "people")
    op.drop_column("people", "account_check_at")
