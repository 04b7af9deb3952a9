"""When Slack is to be asked whether somebody is deactivated."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("account_told_at", "account_check_at"):
        op.add_column("people", sa.Column(column, sa.BigInteger(), nullable=True))
        op.create_index(
            f"ix_people_{column}",
            "people",
            [column],
            unique=False,
            sqlite_where=sa.text(f"{column} IS NOT NULL"),
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )


def downgrade() -> None:
    for column in ("account_check_at", "account_told_at"):
        op.drop_index(f"ix_people_{column}", "people")
        op.drop_column("people", column)
