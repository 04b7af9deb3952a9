"""The grants of people who are deactivated in Slack are called that: they were stored as `resting`."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE people SET grant_state = 'deactivated' WHERE grant_state = 'resting'")


def downgrade() -> None:
    op.execute("UPDATE people SET grant_state = 'resting' WHERE grant_state = 'deactivated'")
