"""One sender for all workspaces: the most urgent of what is pending is found by an index across them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PENDING = {"sqlite_where": sa.text("seq > sent"), "postgresql_where": sa.text("seq > sent")}


def upgrade() -> None:
    # The code before this step finds what is pending in one workspace by the same index, if more slowly.
    op.create_index("ix_standings_most_urgent", "standings", ["urgency", "wished_at"], unique=False, **PENDING)
    op.drop_index("ix_standings_pending", table_name="standings")


def downgrade() -> None:
    op.create_index("ix_standings_pending", "standings", ["team_id", "urgency", "wished_at"], unique=False, **PENDING)
    op.drop_index("ix_standings_most_urgent", table_name="standings")
