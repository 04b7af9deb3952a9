"""The tables. Every key starts with `team_id`, so that the data can be partitioned by workspace.

One set of models serves SQLite and PostgreSQL. JSON columns hold text made by `json_values` and never a secret.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Constraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    false,
)  # fmt: skip
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from services.store.columns import Sealed, UtcInstant

_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
ID = String(64)


class Base(DeclarativeBase):
    """Metadata with stable constraint names, so that migrations can name what they change."""

    metadata = MetaData(naming_convention=_NAMES)


def of_person_row() -> ForeignKeyConstraint:
    """Make the reference of a row to its person, with whom it goes."""
    return ForeignKeyConstraint(["team_id", "user_id"], ["people.team_id", "people.user_id"], ondelete="CASCADE")


class OfPerson(Base):
    """A table whose key begins with a person, and whose rows go when the person goes.

    `sort_order` has these columns before the table's own, also in the key: values are sealed for it in this order.
    """

    __abstract__ = True

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Constraint | Index, ...]:
        return (of_person_row(),)

    team_id: Mapped[str] = mapped_column(ID, primary_key=True, sort_order=-1)
    user_id: Mapped[str] = mapped_column(ID, primary_key=True, sort_order=-1)


class Workspace(Base):
    """A bot install: a Slack team (T…), or an Enterprise org (E…) that installed the app org-wide."""

    __tablename__ = "workspaces"

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    enterprise_id: Mapped[str | None] = mapped_column(ID)
    name: Mapped[str] = mapped_column(Text, default="")
    org_wide: Mapped[bool] = mapped_column(Boolean, default=False)
    app_id: Mapped[str] = mapped_column(ID, default="")
    bot_id: Mapped[str] = mapped_column(ID, default="")
    bot_user_id: Mapped[str] = mapped_column(ID, default="")
    bot_token: Mapped[bytes | None] = mapped_column(Sealed)
    bot_refresh_token: Mapped[bytes | None] = mapped_column(Sealed)
    bot_expires_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    bot_scopes: Mapped[str] = mapped_column(Text, default="")
    installed_at: Mapped[datetime] = mapped_column(UtcInstant)
    allow_titles: Mapped[bool] = mapped_column(Boolean, default=True)  # read by the release before alone
    policy: Mapped[str] = mapped_column(Text, default="{}", server_default="{}")  # JSON: what differs from the default
    policy_by: Mapped[str] = mapped_column(ID, default="", server_default="")
    policy_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    members_due_at: Mapped[datetime | None] = mapped_column(UtcInstant, index=True)  # when all are to be read
    members_read_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    emoji_due_at: Mapped[datetime | None] = mapped_column(UtcInstant, index=True)  # when its emoji are to be read
    emoji_read_at: Mapped[datetime | None] = mapped_column(UtcInstant)  # when they were
    emoji_digest: Mapped[str] = mapped_column(String(40), default="", server_default="")  # of all that is kept of them
    refresh_due_at: Mapped[datetime | None] = mapped_column(UtcInstant, index=True)
    refresh_seq: Mapped[int] = mapped_column(BigInteger, default=0)


class Person(Base):
    """A member: who they are, what they allowed us (the grant), what they chose, when they are due."""

    __tablename__ = "people"
    __table_args__ = (
        ForeignKeyConstraint(["team_id"], ["workspaces.team_id"], ondelete="CASCADE"),
        Index("ix_people_edge_due", "due_at"),  # partial, as the next two: migrations say of which rows
        Index("ix_people_stale_due", "typed", "due_at"),
        Index("ix_people_refresh_due_at", "refresh_due_at"),
        Index("ix_people_leave_by", "leave_by"),
        Index("ix_people_deactivated_at", "deactivated_at"),
        Index("ix_people_home_opened_at", "home_opened_at"),
        Index("ix_people_leave_due", "due_at"),  # of rows that hold leave calendars
    )

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(ID, primary_key=True)
    zone: Mapped[str] = mapped_column(String(64), default="UTC")
    locale: Mapped[str] = mapped_column(String(16), default="en-US")
    addresses: Mapped[bytes | None] = mapped_column(Sealed)
    names: Mapped[bytes | None] = mapped_column(Sealed)  # a JSON list of what they are called
    moved_at: Mapped[datetime | None] = mapped_column(UtcInstant)  # the event that told these last, by Slack's clock
    admin: Mapped[bool | None] = mapped_column(Boolean)  # as Slack said last; None: not asked yet
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    # the grant: a user token
    token: Mapped[bytes | None] = mapped_column(Sealed)
    refresh_token: Mapped[bytes | None] = mapped_column(Sealed)
    token_expires_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    scopes: Mapped[str] = mapped_column(Text, default="")
    granted_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    grant_state: Mapped[str] = mapped_column(String(16), default="none")  # as GrantState
    refresh_due_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    refresh_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    # what they chose
    preferences: Mapped[str] = mapped_column(Text, default="{}")
    paused_from: Mapped[datetime | None] = mapped_column(UtcInstant)
    paused_until: Mapped[datetime | None] = mapped_column(UtcInstant)
    # when they are due; `stale`: facts changed, so the spans are to be resolved anew; `typed`: by what they did by hand
    due_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    stale: Mapped[bool] = mapped_column(Boolean, default=False)
    typed: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    facts_seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")  # the fence: counts their changes
    resolved_until: Mapped[datetime | None] = mapped_column(UtcInstant)
    # the Home tab: published to somebody who has opened it lately
    home_opened: Mapped[bool] = mapped_column(Boolean, default=False)  # read by the release before alone
    home_opened_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    home_stale: Mapped[bool] = mapped_column(Boolean, default=False)
    deactivated_at: Mapped[datetime | None] = mapped_column(UtcInstant)  # nothing is done for them until they are back
    leave_by: Mapped[datetime | None] = mapped_column(UtcInstant)  # they are being forgotten: gone by then


class ProfileStateRow(OfPerson):
    """One row a person: the write that is pending while `seq > sent`, and the memory of `ownership.decide`, sealed."""

    __tablename__ = "standings"  # as the first release called it
    __table_args__ = (
        of_person_row(),
        Index("ix_standings_most_urgent", "urgency", "wished_at"),  # of rows where seq > sent
    )

    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    sent: Mapped[int] = mapped_column(BigInteger, default=0)
    urgency: Mapped[int] = mapped_column(Integer, default=9)
    wished_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    not_before: Mapped[datetime | None] = mapped_column(UtcInstant)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    memory: Mapped[bytes | None] = mapped_column(Sealed)
    calling_until: Mapped[datetime | None] = mapped_column(UtcInstant)  # when a write that was begun is over at last


class RuleRow(OfPerson):
    """A line of a person's list; the body (words to look for, what to say, a routine's times) is sealed."""

    __tablename__ = "rules"

    rule_id: Mapped[str] = mapped_column(ID, primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    body: Mapped[bytes] = mapped_column(Sealed)


class OverrideRow(OfPerson):
    """What a person asked for by hand through us."""

    __tablename__ = "overrides"
    __table_args__ = (of_person_row(), Index("ix_overrides_end", "team_id", "user_id", "end_at"))

    override_id: Mapped[str] = mapped_column(ID, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    start_at: Mapped[datetime] = mapped_column(UtcInstant)
    end_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    content: Mapped[bytes] = mapped_column(Sealed)


class SpanRow(OfPerson):
    """A resolved span: what the busy minute reads instead of events."""

    __tablename__ = "spans"

    start_at: Mapped[datetime] = mapped_column(UtcInstant, primary_key=True)
    end_at: Mapped[datetime] = mapped_column(UtcInstant)
    rule: Mapped[str] = mapped_column(ID)
    kind: Mapped[str | None] = mapped_column(String(24))
    override: Mapped[bool] = mapped_column(Boolean, default=False)
    reason: Mapped[str] = mapped_column(Text)
    uid: Mapped[str] = mapped_column(Text, default="")
    content: Mapped[bytes | None] = mapped_column(Sealed)  # text, emoji, title; NULL where nothing is shown


class Write(Base):
    """The audit: every attempt on a profile and every decision to leave it, with its reason and outcome."""

    __tablename__ = "writes"
    __table_args__ = (of_person_row(), Index("ix_writes_person_at", "team_id", "user_id", "at"))

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    write_id: Mapped[str] = mapped_column(ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(ID)
    at: Mapped[datetime] = mapped_column(UtcInstant)
    action: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(ID, default="")
    event_digest: Mapped[str] = mapped_column(ID, default="")
    outcome: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes | None] = mapped_column(Sealed)


class Notice(OfPerson):
    """Something a person is told once: pending while `sent_at` is NULL, deleted when it works again."""

    __tablename__ = "notices"
    __table_args__ = (
        of_person_row(),
        Index("ix_notices_unsent", "team_id"),  # of rows where sent_at is null
    )

    subject: Mapped[str] = mapped_column(String(96), primary_key=True)  # "grant", "calendar/<id>", "account/<id>", …
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    sent_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    not_before: Mapped[datetime | None] = mapped_column(UtcInstant)
    attempts: Mapped[int] = mapped_column(Integer, default=0)


class Ask(OfPerson):
    """What somebody without a grant asked for; done right after they granted."""

    __tablename__ = "asks"

    asked_at: Mapped[datetime] = mapped_column(UtcInstant)
    command: Mapped[str] = mapped_column(String(32))
    content: Mapped[bytes] = mapped_column(Sealed)


class OAuthState(Base):
    """A single-use `state`; only its digest is kept. `team_id` is "" until the workspace is known."""

    __tablename__ = "oauth_states"

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[str] = mapped_column(ID, default="")
    browser: Mapped[str] = mapped_column(String(64), default="")  # digest of the cookie that it was given to
    expires_at: Mapped[datetime] = mapped_column(UtcInstant, index=True)
    verifier: Mapped[bytes | None] = mapped_column(Sealed)


class Delivery(Base):
    """A delivery that was taken in, by its event_id or its signature. Seen twice, it is answered and dropped."""

    __tablename__ = "deliveries"

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    delivery_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcInstant, index=True)
