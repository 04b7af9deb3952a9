"""A workspace's policy, leave calendars, members and keeper; who is out, and digests and feeds of that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
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


def _of_workspace(table: str, *key: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["team_id"], ["workspaces.team_id"], ondelete="CASCADE", name=f"fk_{table}_team_id_workspaces"
        ),
        sa.PrimaryKeyConstraint("team_id", *key, name=f"pk_{table}"),
    ]


def upgrade() -> None:
    op.add_column("workspaces", sa.Column("policy", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("workspaces", sa.Column("policy_by", sa.String(64), nullable=False, server_default=""))
    op.add_column("workspaces", sa.Column("policy_at", sa.BigInteger(), nullable=True))
    workspaces = sa.table("workspaces", sa.column("policy", sa.Text), sa.column("allow_titles", sa.Boolean))
    op.execute(sa.update(workspaces).where(~workspaces.c.allow_titles).values(policy='{"titles": false}'))
    op.add_column("workspaces", sa.Column("members_due_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_workspaces_members_due_at", "workspaces", ["members_due_at"], unique=False)
    op.add_column("workspaces", sa.Column("members_read_at", sa.BigInteger(), nullable=True))
    op.add_column("people", sa.Column("moved_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_people_leave_due", "people", ["due_at"], unique=False,
        sqlite_where=sa.text("user_id = 'leave'"), postgresql_where=sa.text("user_id = 'leave'"),
    )  # fmt: skip
    op.add_column("accounts", sa.Column("connected_by", sa.String(64), nullable=True))
    op.add_column("calendars", sa.Column("connected_by", sa.String(64), nullable=True))
    op.add_column("people", sa.Column("admin", sa.Boolean(), nullable=True))
    op.create_table(
        "absences",
        *_person(),
        sa.Column("absence_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("place", sa.String(16), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.Boolean(), nullable=False),
        sa.Column("first_day", sa.String(10), nullable=True),
        sa.Column("return_day", sa.String(10), nullable=True),
        sa.Column("told_ahead", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        *_of_person("absences", "absence_id"),
    )
    op.create_index("ix_absences_end", "absences", ["team_id", "end_at", "start_at"], unique=False)
    op.create_table(
        "members",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("role", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("locale", sa.String(16), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        *_of_workspace("members", "user_id"),
    )
    op.create_table(
        "leave",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("leave_id", sa.String(64), nullable=False),
        sa.Column("calendar_id", sa.String(64), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("wall_start", sa.String(32), nullable=True),
        sa.Column("wall_end", sa.String(32), nullable=True),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=True),
        *_of_workspace("leave", "user_id", "leave_id"),
    )
    op.create_index("ix_leave_calendar", "leave", ["team_id", "calendar_id"], unique=False)
    op.create_index("ix_leave_end", "leave", ["team_id", "end_at"], unique=False)
    op.create_table(
        "leave_lines",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("calendar_id", sa.String(64), nullable=False),
        sa.Column("line_id", sa.String(64), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        *_of_workspace("leave_lines", "calendar_id", "line_id"),
    )
    op.create_index("ix_leave_lines_end", "leave_lines", ["team_id", "end_at"], unique=False)
    op.create_table(
        "leave_ties",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("name_digest", sa.String(64), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("tied_by", sa.String(64), nullable=False),
        sa.Column("tied_at", sa.BigInteger(), nullable=False),
        *_of_workspace("leave_ties", "name_digest"),
    )
    op.create_table(
        "refusals",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("what", sa.String(8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *_of_workspace("refusals", "user_id", "what"),
    )
    op.create_table(
        "keepers",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("consented_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("problem", sa.String(64), nullable=False),
        *_of_workspace("keepers"),
    )
    op.create_table(
        "kept",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("away_until", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("owed", sa.Boolean(), nullable=False),
        sa.Column("forgotten", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(64), nullable=False),
        sa.Column("memory", sa.LargeBinary(), nullable=True),
        *_of_workspace("kept", "user_id"),
    )
    op.create_index("ix_kept_due_at", "kept", ["team_id", "due_at"], unique=False)
    op.create_table(
        "kept_writes",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("write_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("keeper_id", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        *_of_workspace("kept_writes", "write_id"),
    )
    op.create_index("ix_kept_writes_member_at", "kept_writes", ["team_id", "user_id", "at"], unique=False)
    op.create_table(
        "digests",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.String(16), nullable=False),
        sa.Column("local_time", sa.String(5), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("locale", sa.String(16), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(64), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        *_of_workspace("digests", "channel_id", "period"),
    )
    op.create_index("ix_digests_due_at", "digests", ["due_at"], unique=False)
    op.create_table(
        "digest_posts",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id", "channel_id", "period"],
            ["digests.team_id", "digests.channel_id", "digests.period"],
            ondelete="CASCADE",
            name="fk_digest_posts_team_id_digests",
        ),
        sa.PrimaryKeyConstraint("team_id", "channel_id", "period", "day", name="pk_digest_posts"),
    )
    op.create_table(
        "absence_feeds",
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("feed_id", sa.String(64), nullable=False),
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.String(16), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        *_of_workspace("absence_feeds", "feed_id"),
    )
    op.create_index("ix_absence_feeds_secret", "absence_feeds", ["secret"], unique=True)
    op.create_table(
        "calendar_entries",
        *_person(),
        sa.Column("override_id", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("written", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        *_of_person("calendar_entries", "override_id"),
    )
    op.create_index("ix_calendar_entries_due_at", "calendar_entries", ["due_at"], unique=False)


def downgrade() -> None:
    for table in (
        "calendar_entries",
        "absence_feeds",
        "digest_posts",
        "digests",
        "kept_writes",
        "kept",
        "keepers",
        "refusals",
        "leave_ties",
        "leave_lines",
        "leave",
        "members",
        "absences",
    ):
        op.drop_table(table)
    op.drop_column("calendars", "connected_by")
    op.drop_column("accounts", "connected_by")
    op.drop_index("ix_people_leave_due", table_name="people")
    op.drop_column("people", "admin")
    op.drop_column("people", "moved_at")
    op.drop_column("workspaces", "members_read_at")
    op.drop_index("ix_workspaces_members_due_at", table_name="workspaces")
    op.drop_column("workspaces", "members_due_at")
    op.drop_column("workspaces", "policy_at")
    op.drop_column("workspaces", "policy_by")
    op.drop_column("workspaces", "policy")
