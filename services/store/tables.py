"""The tables. Every key starts with `team_id`, so that the data can be partitioned by workspace.

One set of tables serves SQLite and PostgreSQL. JSON columns hold text made by `json_values` and never a secret.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Named,
    String,
    Table,
    Text,
    TypedColumns,
    false,
)

from services.store.columns import Sealed, UtcInstant

_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
ID = String(64)

METADATA = MetaData(naming_convention=_NAMES)
"""Of all tables: with stable names of constraints, so that migrations can name what they change."""


def of_person_row() -> ForeignKeyConstraint:
    """Make the reference of a row to its person, with whom it goes."""
    return ForeignKeyConstraint(["team_id", "user_id"], ["people.team_id", "people.user_id"], ondelete="CASCADE")


class OfWorkspace(TypedColumns):
    """The column that the key of nearly every table begins with."""

    team_id: Named[str] = Column(ID, primary_key=True)


class OfPerson(OfWorkspace):
    """The first two columns of a table whose rows are of one person each: values are sealed for a key in its order."""

    user_id: Named[str] = Column(ID, primary_key=True)


class _WorkspacesColumns(OfWorkspace):
    """A bot install: a Slack team (T…), or an Enterprise org (E…) that installed the app org-wide."""

    enterprise_id: Named[str | None] = Column(ID)
    name: Named[str] = Column(Text, default="")
    org_wide: Named[bool] = Column(Boolean, default=False)
    app_id: Named[str] = Column(ID, default="")
    bot_id: Named[str] = Column(ID, default="")
    bot_user_id: Named[str] = Column(ID, default="")
    bot_token: Named[bytes | None] = Column(Sealed)
    bot_refresh_token: Named[bytes | None] = Column(Sealed)
    bot_expires_at: Named[datetime | None] = Column(UtcInstant)
    bot_scopes: Named[str] = Column(Text, default="")
    installed_at: Named[datetime] = Column(UtcInstant)
    allow_titles: Named[bool] = Column(Boolean, default=True)  # read by the release before alone
    policy: Named[str] = Column(Text, default="{}", server_default="{}")  # JSON: what differs from the default
    policy_by: Named[str] = Column(ID, default="", server_default="")
    policy_at: Named[datetime | None] = Column(UtcInstant)
    members_due_at: Named[datetime | None] = Column(UtcInstant, index=True)  # when all are to be read
    members_read_at: Named[datetime | None] = Column(UtcInstant)
    emoji_due_at: Named[datetime | None] = Column(UtcInstant, index=True)  # when its emoji are to be read
    emoji_read_at: Named[datetime | None] = Column(UtcInstant)  # when they were
    emoji_digest: Named[str] = Column(String(40), default="", server_default="")  # of all that is kept of them
    refresh_due_at: Named[datetime | None] = Column(UtcInstant, index=True)
    refresh_seq: Named[int] = Column(BigInteger, default=0)


WORKSPACES = Table("workspaces", METADATA, _WorkspacesColumns)


class _PeopleColumns(OfPerson):
    """A member: who they are, what they allowed us (the grant), what they chose, when they are due."""

    zone: Named[str] = Column(String(64), default="UTC")
    locale: Named[str] = Column(String(16), default="en-US")
    addresses: Named[bytes | None] = Column(Sealed)
    names: Named[bytes | None] = Column(Sealed)  # a JSON list of what they are called
    moved_at: Named[datetime | None] = Column(UtcInstant)  # the event that told these last, by Slack's clock
    admin: Named[bool | None] = Column(Boolean)  # as Slack said last; None: not asked yet
    created_at: Named[datetime] = Column(UtcInstant)
    # the grant: a user token
    token: Named[bytes | None] = Column(Sealed)
    refresh_token: Named[bytes | None] = Column(Sealed)
    token_expires_at: Named[datetime | None] = Column(UtcInstant)
    scopes: Named[str] = Column(Text, default="")
    granted_at: Named[datetime | None] = Column(UtcInstant)
    grant_state: Named[str] = Column(String(16), default="none")  # as GrantState
    refresh_due_at: Named[datetime | None] = Column(UtcInstant)
    refresh_seq: Named[int] = Column(BigInteger, default=0)
    # what they chose
    preferences: Named[str] = Column(Text, default="{}")
    paused_from: Named[datetime | None] = Column(UtcInstant)
    paused_until: Named[datetime | None] = Column(UtcInstant)
    # when they are due; `stale`: facts changed, so the spans are to be resolved anew; `typed`: by what they did by hand
    due_at: Named[datetime | None] = Column(UtcInstant)
    stale: Named[bool] = Column(Boolean, default=False)
    typed: Named[bool] = Column(Boolean, default=False, server_default=false())
    facts_seq: Named[int] = Column(BigInteger, default=0, server_default="0")  # the fence: counts their changes
    resolved_until: Named[datetime | None] = Column(UtcInstant)
    # the Home tab: published to somebody who has opened it lately
    home_opened: Named[bool] = Column(Boolean, default=False)  # read by the release before alone
    home_opened_at: Named[datetime | None] = Column(UtcInstant)
    home_stale: Named[bool] = Column(Boolean, default=False)
    deactivated_at: Named[datetime | None] = Column(UtcInstant)  # nothing is done for them until they are back
    account_told_at: Named[datetime | None] = Column(UtcInstant)  # Slack told that they are deactivated
    account_check_at: Named[datetime | None] = Column(UtcInstant)  # of who is deactivated: when Slack is asked again
    leave_by: Named[datetime | None] = Column(UtcInstant)  # they are being forgotten: gone by then


PEOPLE = Table(
    "people",
    METADATA,
    _PeopleColumns,
    ForeignKeyConstraint(["team_id"], ["workspaces.team_id"], ondelete="CASCADE"),
    Index("ix_people_edge_due", "due_at"),  # partial, as the next two: migrations say of which rows
    Index("ix_people_stale_due", "typed", "due_at"),
    Index("ix_people_refresh_due_at", "refresh_due_at"),
    Index("ix_people_leave_by", "leave_by"),
    Index("ix_people_deactivated_at", "deactivated_at"),
    Index("ix_people_account_told_at", "account_told_at"),
    Index("ix_people_account_check_at", "account_check_at"),
    Index("ix_people_home_opened_at", "home_opened_at"),
    Index("ix_people_leave_due", "due_at"),  # of rows that hold leave calendars,
)


class _ProfileStatesColumns(OfPerson):
    """One row a person: the write that is pending while `seq > sent`, and the memory of `ownership.decide`, sealed."""

    seq: Named[int] = Column(BigInteger, default=0)
    sent: Named[int] = Column(BigInteger, default=0)
    urgency: Named[int] = Column(Integer, default=9)
    wished_at: Named[datetime | None] = Column(UtcInstant)
    not_before: Named[datetime | None] = Column(UtcInstant)
    failures: Named[int] = Column(Integer, default=0)
    memory: Named[bytes | None] = Column(Sealed)
    calling_until: Named[datetime | None] = Column(UtcInstant)  # when a write that was begun is over at last


PROFILE_STATES = Table(
    "standings",  # as the first release called it
    METADATA,
    _ProfileStatesColumns,
    of_person_row(),
    Index("ix_standings_most_urgent", "urgency", "wished_at"),  # of rows where seq > sent,
)


class _RulesColumns(OfPerson):
    """A line of a person's list; the body (words to look for, what to say, a routine's times) is sealed."""

    rule_id: Named[str] = Column(ID, primary_key=True)
    position: Named[int] = Column(Integer)
    body: Named[bytes] = Column(Sealed)


RULES = Table("rules", METADATA, _RulesColumns, of_person_row())


class _OverridesColumns(OfPerson):
    """What a person asked for by hand through us."""

    override_id: Named[str] = Column(ID, primary_key=True)
    kind: Named[str] = Column(String(16))
    start_at: Named[datetime] = Column(UtcInstant)
    end_at: Named[datetime | None] = Column(UtcInstant)
    created_at: Named[datetime] = Column(UtcInstant)
    content: Named[bytes] = Column(Sealed)


OVERRIDES = Table(
    "overrides", METADATA, _OverridesColumns, of_person_row(), Index("ix_overrides_end", "team_id", "user_id", "end_at")
)


class _SpansColumns(OfPerson):
    """A resolved span: what the busy minute reads instead of events."""

    start_at: Named[datetime] = Column(UtcInstant, primary_key=True)
    end_at: Named[datetime] = Column(UtcInstant)
    rule: Named[str] = Column(ID)
    kind: Named[str | None] = Column(String(24))
    override: Named[bool] = Column(Boolean, default=False)
    reason: Named[str] = Column(Text)
    uid: Named[str] = Column(Text, default="")
    content: Named[bytes | None] = Column(Sealed)  # text, emoji, title; NULL where nothing is shown


SPANS = Table("spans", METADATA, _SpansColumns, of_person_row())


class _WritesColumns(OfWorkspace):
    """The audit: every attempt on a profile and every decision to leave it, with its reason and outcome."""

    write_id: Named[str] = Column(ID, primary_key=True)
    user_id: Named[str] = Column(ID)
    at: Named[datetime] = Column(UtcInstant)
    action: Named[str] = Column(String(16))
    reason: Named[str] = Column(Text)
    rule: Named[str] = Column(ID, default="")
    event_digest: Named[str] = Column(ID, default="")
    outcome: Named[str] = Column(String(64))
    content: Named[bytes | None] = Column(Sealed)


WRITES = Table(
    "writes", METADATA, _WritesColumns, of_person_row(), Index("ix_writes_person_at", "team_id", "user_id", "at")
)


class _NoticesColumns(OfPerson):
    """Something a person is told once: pending while `sent_at` is NULL, deleted when it works again."""

    subject: Named[str] = Column(String(96), primary_key=True)  # "grant", "calendar/<id>", "account/<id>", …
    created_at: Named[datetime] = Column(UtcInstant)
    sent_at: Named[datetime | None] = Column(UtcInstant)
    not_before: Named[datetime | None] = Column(UtcInstant)
    attempts: Named[int] = Column(Integer, default=0)


NOTICES = Table(
    "notices",
    METADATA,
    _NoticesColumns,
    of_person_row(),
    Index("ix_notices_unsent", "team_id"),  # of rows where sent_at is null,
)


class _AsksColumns(OfPerson):
    """What somebody without a grant asked for; done right after they granted."""

    asked_at: Named[datetime] = Column(UtcInstant)
    command: Named[str] = Column(String(32))  # that was typed, or of which kind it is: `ask_json`
    content: Named[bytes] = Column(Sealed)


ASKS = Table("asks", METADATA, _AsksColumns, of_person_row())


class _OAuthStatesColumns(OfWorkspace):
    """A single-use `state`; only its digest is kept. `team_id` is "" until the workspace is known."""

    digest: Named[str] = Column(String(64), primary_key=True)
    purpose: Named[str] = Column(String(16))
    user_id: Named[str] = Column(ID, default="")
    browser: Named[str] = Column(String(64), default="")  # digest of the cookie that it was given to
    expires_at: Named[datetime] = Column(UtcInstant, index=True)
    verifier: Named[bytes | None] = Column(Sealed)


OAUTH_STATES = Table("oauth_states", METADATA, _OAuthStatesColumns)


class _DeliveriesColumns(OfWorkspace):
    """A delivery that was taken in, by its event_id or its signature. Seen twice, it is answered and dropped."""

    delivery_id: Named[str] = Column(String(128), primary_key=True)
    seen_at: Named[datetime] = Column(UtcInstant, index=True)


DELIVERIES = Table("deliveries", METADATA, _DeliveriesColumns)
