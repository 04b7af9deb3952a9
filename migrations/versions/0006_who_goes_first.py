"""Who goes first: what was typed, the fence of a timeline, when a Home tab was opened, and indexes for each look."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The code before this step goes on inserting people: what it does not know has a default, or may be missing.
    op.add_column("people", sa.Column("typed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("people", sa.Column("facts_seq", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("people", sa.Column("home_opened_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_people_edge_due",
        "people",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("stale = 0"),
        postgresql_where=sa.text("NOT stale"),
    )
    op.create_index(
        "ix_people_stale_due",
        "people",
        ["typed", "due_at"],
        unique=False,
        sqlite_where=sa.text("stale = 1"),
        postgresql_where=sa.text("stale"),
    )
    op.create_index("ix_people_home_opened_at", "people", ["home_opened_at"], unique=False)
    op.drop_index("ix_people_due_at", table_name="people")
    op.create_index(
        "ix_notices_unsent",
        "notices",
        ["team_id"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_notices_unsent", table_name="notices")
    op.create_index("ix_people_due_at", "people", ["due_at"], unique=False)
    for index in ("ix_people_home_opened_at", "ix_people_stale_due", "ix_people_edge_due"):
        op.drop_index(index, table_name="people")
    for column in ("home_opened_at", "facts_seq", "typed"):
        op.drop_column("people", column)
