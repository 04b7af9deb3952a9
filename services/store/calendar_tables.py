"""The tables of calendars: accounts at providers, what is known of each calendar, its events, what it was told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Named,
    String,
    Table,
    Text,
    false,
)

from services.store.columns import Sealed, UtcInstant
from services.store.tables import ID, METADATA, OfPerson, OfWorkspace, of_person_row


def _of_calendar() -> ForeignKeyConstraint:
    of = ("team_id", "user_id", "calendar_id")
    return ForeignKeyConstraint(of, [f"calendars.{name}" for name in of], ondelete="CASCADE")


class _AccountsColumns(OfPerson):
    """A person's account at a provider: what lets us in, for every calendar of it."""

    account_id: Named[str] = Column(ID, primary_key=True)
    provider: Named[str] = Column(String(16))  # google | microsoft | caldav
    subject: Named[bytes | None] = Column(Sealed)  # tells accounts apart
    subject_digest: Named[str] = Column(String(64))  # keyed hash: whether others have connected it, too
    name: Named[bytes | None] = Column(Sealed)
    credentials: Named[bytes | None] = Column(Sealed)  # JSON: tokens, or user and password
    offer: Named[bytes | None] = Column(Sealed)  # JSON: the calendars it had when last looked at
    connected_by: Named[str | None] = Column(ID)  # the admin, where it is of leave calendars
    state: Named[str] = Column(String(16), default="ok")  # ok | lost | consent
    created_at: Named[datetime] = Column(UtcInstant)
    seq: Named[int] = Column(BigInteger, default=0)  # the fence: counts changes of the credentials
    leased_until: Named[datetime | None] = Column(UtcInstant)  # being renewed; nobody else renews it before


ACCOUNTS = Table(
    "accounts", METADATA, _AccountsColumns, of_person_row(), Index("ix_accounts_subject_digest", "subject_digest")
)


class _CalendarsColumns(OfPerson):
    """A connected source of events. `address_digest` (keyed hash) tells that one is connected already.

    `pace` names what its fetches share limits with: a feed's host, an account's mailbox.
    """

    calendar_id: Named[str] = Column(ID, primary_key=True)
    account_id: Named[str | None] = Column(ID)
    provider: Named[str] = Column(String(16))  # ics | google | microsoft | caldav | hook | file
    name: Named[bytes | None] = Column(Sealed)
    host: Named[str] = Column(String(255), default="")
    pace: Named[str] = Column(String(255), default="")
    secret: Named[str | None] = Column(String(64))  # a hook's, as a digest
    address: Named[bytes | None] = Column(Sealed)
    address_digest: Named[str] = Column(String(64))
    credentials: Named[bytes | None] = Column(Sealed)
    state: Named[bytes | None] = Column(Sealed)  # the source's own memory: ETag, digests, sync tokens
    health: Named[str] = Column(String(16), default="new")  # new | ok | failing | broken
    problem: Named[str] = Column(Text, default="")  # class name of the last CalendarError
    problems: Named[int] = Column(Integer, default=0)  # components that could not be read
    failures: Named[int] = Column(Integer, default=0)
    created_at: Named[datetime] = Column(UtcInstant)
    connected_by: Named[str | None] = Column(ID)  # the admin, where it is a leave calendar
    tried_at: Named[datetime | None] = Column(UtcInstant)
    synced_at: Named[datetime | None] = Column(UtcInstant)
    due_at: Named[datetime | None] = Column(UtcInstant)
    claim: Named[int] = Column(BigInteger, default=0)  # the fence: who claimed last may write
    leased_until: Named[datetime | None] = Column(UtcInstant)  # being fetched; nobody else claims it before
    watch_due_at: Named[datetime | None] = Column(UtcInstant)  # when a watch is to be made or renewed
    watch_failures: Named[int] = Column(Integer, default=0)


CALENDARS = Table(
    "calendars",
    METADATA,
    _CalendarsColumns,
    of_person_row(),
    Index("ix_calendars_due_at", "due_at"),
    Index("ix_calendars_watch_due_at", "watch_due_at"),
    Index("ix_calendars_secret", "secret"),
    Index("uq_calendars_address", "team_id", "user_id", "address_digest", unique=True),
)


class _WatchesColumns(OfWorkspace):
    """A provider's promise to push. Its row is there before the promise: a push may be faster than the answer."""

    watch_id: Named[str] = Column(ID, primary_key=True)
    user_id: Named[str] = Column(ID)
    calendar_id: Named[str] = Column(ID)
    secret: Named[str] = Column(String(64))  # as a digest: what a push has to bring
    remote_id: Named[str] = Column(Text, default="")
    created_at: Named[datetime] = Column(UtcInstant)
    expires_at: Named[datetime | None] = Column(UtcInstant)  # None until the provider has promised


WATCHES = Table(
    "watches",
    METADATA,
    _WatchesColumns,
    _of_calendar(),
    Index("ix_watches_watch_id", "watch_id"),
    Index("ix_watches_calendar", "team_id", "user_id", "calendar_id"),
)


class _InboxColumns(OfPerson):
    """A calendar file that somebody sent us and that is not worked in yet: to a hook, or in the messages tab."""

    calendar_id: Named[str] = Column(ID, primary_key=True)
    seq: Named[int] = Column(BigInteger, primary_key=True)
    whole: Named[bool] = Column(Boolean, default=False)  # it is all there is; else a part of it
    received_at: Named[datetime] = Column(UtcInstant)
    content: Named[bytes] = Column(Sealed)


INBOX = Table("inbox", METADATA, _InboxColumns, _of_calendar())


class _EventsColumns(OfPerson):
    """One occurrence. What it is about and with whom (title, location, organizer, domains) is sealed in `detail`."""

    calendar_id: Named[str] = Column(ID, primary_key=True)
    event_id: Named[str] = Column(ID, primary_key=True)  # digest of uid and occurrence
    uid: Named[str] = Column(Text)
    occurrence: Named[str] = Column(Text, default="")
    start_at: Named[datetime] = Column(UtcInstant)
    end_at: Named[datetime] = Column(UtcInstant)
    all_day: Named[bool] = Column(Boolean, default=False)
    wall_start: Named[str | None] = Column(String(32))
    wall_end: Named[str | None] = Column(String(32))
    type: Named[str] = Column(String(24))
    show_as: Named[str] = Column(String(24))
    response: Named[str] = Column(String(24))
    visibility: Named[str] = Column(String(24))
    working_location: Named[str | None] = Column(String(24))
    cancelled: Named[bool] = Column(Boolean, default=False)
    tentative: Named[bool] = Column(Boolean, default=False)
    guests: Named[int] = Column(Integer, default=0)
    recurring: Named[bool] = Column(Boolean, default=False, server_default=false())
    organizer: Named[str | None] = Column(String(8))  # None: nobody is named
    digest: Named[str] = Column(String(32))  # keyed, of all of it: tells a changed event without opening it
    detail: Named[bytes | None] = Column(Sealed)


EVENTS = Table(
    "events", METADATA, _EventsColumns, _of_calendar(), Index("ix_events_end", "team_id", "user_id", "end_at")
)
