"""Agents: keys by which they act for a person, how often each called lately, and what they asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _of_person(table: str, *key: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["team_id", "user_id"], ["people.team_id", "people.user_id"], ondelete="CASCADE",
            name=f"fk_{table}_team_id_people",
        ),
        sa.PrimaryKeyConstraint("team_id", "user_id", *key, name=f"pk_{table}"),
    ]  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "agent_keys",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("may", sa.String(8), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        *_of_person("agent_keys", "key_id"),
    )
    op.create_index("ix_agent_keys_digest", "agent_keys", ["digest"], unique=True)
    op.create_table(
        "agent_calls",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("caller_id", sa.String(64), nullable=False),
        sa.Column("recent", sa.Text(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        *_of_person("agent_calls", "caller_id"),
    )
    op.create_table(
        "agent_changes",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("change_id", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.String(32), nullable=False),
        sa.Column("request", sa.String(128), nullable=False),
        sa.Column("agent", sa.LargeBinary(), nullable=False),
        *_of_person("agent_changes", "change_id"),
    )
    op.create_index("ix_agent_changes_at", "agent_changes", ["at"], unique=False)
    op.create_table(
        "asked_photos",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("request", sa.String(128), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("crop", sa.String(32), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("before", sa.String(64), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        *_of_person("asked_photos"),
    )
    op.create_index("ix_asked_photos_asked_at", "asked_photos", ["asked_at"], unique=False)
    op.add_column("standings", sa.Column("calling_until", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("standings", "calling_until")
    for table in ("asked_photos", "agent_changes", "agent_calls", "agent_keys"):
        op.drop_table(table)
