"""What tells whose absence an entry is: who organizes it, and what its person is called."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("organizer", sa.String(length=8), nullable=True))
    op.add_column("people", sa.Column("names", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("people", "names")
    op.drop_column("events", "organizer")
