"""Effects besides the status, lines of all kinds in a person's list, emoji of a workspace's own, and undoing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _person() -> list[sa.Column[str]]:
    return [sa.Column("team_id", sa.String(64), nullable=False), sa.Column("user_id", sa.String(64), nullable=False)]


def _of_person(table: str, *key: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["team_id", "user_id"], ["people.team_id", "people.user_id"], ondelete="CASCADE",
            name=f"fk_{table}_team_id_people",
        ),
        sa.PrimaryKeyConstraint("team_id", "user_id", *key, name=f"pk_{table}"),
    ]  # fmt: skip


def upgrade() -> None:
    op.add_column("workspaces", sa.Column("emoji_due_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_workspaces_emoji_due_at", "workspaces", ["emoji_due_at"], unique=False)
    op.add_column("workspaces", sa.Column("emoji_read_at", sa.BigInteger(), nullable=True))
    op.add_column("workspaces", sa.Column("emoji_digest", sa.String(40), nullable=False, server_default=""))
    op.add_column("events", sa.Column("recurring", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "stretches",
        *_person(),
        sa.Column("effect", sa.String(8), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("photo", sa.Text(), nullable=False),
        *_of_person("stretches", "effect", "start_at"),
    )
    op.create_index("ix_stretches_effect_end_at", "stretches", ["effect", "end_at"], unique=False)
    op.create_table(
        "effects",
        *_person(),
        sa.Column("effect", sa.String(8), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("owed", sa.Boolean(), nullable=False),
        sa.Column("memory", sa.LargeBinary(), nullable=True),
        *_of_person("effects", "effect"),
    )
    op.create_index("ix_effects_due", "effects", ["effect", "due_at"], unique=False)
    op.create_table(
        "pictures",
        *_person(),
        sa.Column("picture_id", sa.String(16), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        *_of_person("pictures", "picture_id"),
    )
    op.create_table(
        "emoji",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("alias_of", sa.String(100), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"], ["workspaces.team_id"], ondelete="CASCADE", name="fk_emoji_team_id_workspaces"
        ),
        sa.PrimaryKeyConstraint("team_id", "name", name="pk_emoji"),
    )
    op.create_table(
        "replies",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("asker_id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("thread", sa.String(32), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("locale", sa.String(16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id", "person_id"], ["people.team_id", "people.user_id"], ondelete="CASCADE",
            name="fk_replies_team_id_people",
        ),
        sa.PrimaryKeyConstraint("team_id", "asker_id", "person_id", "day", name="pk_replies"),
    )  # fmt: skip
    op.create_index("ix_replies_person", "replies", ["team_id", "person_id"], unique=False)
    op.create_index("ix_replies_due_at", "replies", ["due_at"], unique=False)
    op.create_index("ix_replies_created_at", "replies", ["created_at"], unique=False)
    op.create_table(
        "undos",
        *_person(),
        sa.Column("undo_id", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        *_of_person("undos", "undo_id"),
    )
    op.create_index("ix_undos_expires_at", "undos", ["expires_at"], unique=False)


def downgrade() -> None:
    for table in ("undos", "replies", "emoji", "pictures", "effects", "stretches"):
        op.drop_table(table)
    op.drop_column("events", "recurring")
    op.drop_column("workspaces", "emoji_digest")
    op.drop_column("workspaces", "emoji_read_at")
    op.drop_index("ix_workspaces_emoji_due_at", table_name="workspaces")
    op.drop_column("workspaces", "emoji_due_at")
