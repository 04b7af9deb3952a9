"""The tables of calendars: accounts at providers, what is known of each calendar, its events, what it was told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKeyConstraint, Index, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from services.store.columns import Sealed, UtcInstant
from services.store.models import ID, Base, OfPerson, of_person_row


def _of_calendar() -> ForeignKeyConstraint:
    of = ("team_id", "user_id", "calendar_id")
    return ForeignKeyConstraint(of, [f"calendars.{name}" for name in of], ondelete="CASCADE")


class Account(OfPerson):
    """A person's account at a provider: what lets us in, for every calendar of it."""

    __tablename__ = "accounts"
    __table_args__ = (of_person_row(), Index("ix_accounts_subject_digest", "subject_digest"))

    account_id: Mapped[str] = mapped_column(ID, primary_key=True)
    provider: Mapped[str] = mapped_column(String(16))  # google | microsoft | caldav
    subject: Mapped[bytes | None] = mapped_column(Sealed)  # tells accounts apart
    subject_digest: Mapped[str] = mapped_column(String(64))  # keyed hash: whether others have connected it, too
    name: Mapped[bytes | None] = mapped_column(Sealed)
    credentials: Mapped[bytes | None] = mapped_column(Sealed)  # JSON: tokens, or user and password
    offer: Mapped[bytes | None] = mapped_column(Sealed)  # JSON: the calendars it had when last looked at
    connected_by: Mapped[str | None] = mapped_column(ID)  # the admin, where it is of leave calendars
    state: Mapped[str] = mapped_column(String(16), default="ok")  # ok | lost | consent
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)  # the fence: counts changes of the credentials
    leased_until: Mapped[datetime | None] = mapped_column(UtcInstant)  # being renewed; nobody else renews it before


class Calendar(OfPerson):
    """A connected source of events. `address_digest` (keyed hash) tells that one is connected already.

    `pace` names what its fetches share limits with: a feed's host, an account's mailbox.
    """

    __tablename__ = "calendars"
    __table_args__ = (
        of_person_row(),
        Index("ix_calendars_due_at", "due_at"),
        Index("ix_calendars_watch_due_at", "watch_due_at"),
        Index("ix_calendars_secret", "secret"),
        Index("uq_calendars_address", "team_id", "user_id", "address_digest", unique=True),
    )

    calendar_id: Mapped[str] = mapped_column(ID, primary_key=True)
    account_id: Mapped[str | None] = mapped_column(ID)
    provider: Mapped[str] = mapped_column(String(16))  # ics | google | microsoft | caldav | hook | file
    name: Mapped[bytes | None] = mapped_column(Sealed)
    host: Mapped[str] = mapped_column(String(255), default="")
    pace: Mapped[str] = mapped_column(String(255), default="")
    secret: Mapped[str | None] = mapped_column(String(64))  # a hook's, as a digest
    address: Mapped[bytes | None] = mapped_column(Sealed)
    address_digest: Mapped[str] = mapped_column(String(64))
    credentials: Mapped[bytes | None] = mapped_column(Sealed)
    state: Mapped[bytes | None] = mapped_column(Sealed)  # the source's own memory: ETag, digests, sync tokens
    health: Mapped[str] = mapped_column(String(16), default="new")  # new | ok | failing | broken
    problem: Mapped[str] = mapped_column(Text, default="")  # class name of the last CalendarError
    problems: Mapped[int] = mapped_column(Integer, default=0)  # components that could not be read
    failures: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    connected_by: Mapped[str | None] = mapped_column(ID)  # the admin, where it is a leave calendar
    tried_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    synced_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    due_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    claim: Mapped[int] = mapped_column(BigInteger, default=0)  # the fence: who claimed last may write
    leased_until: Mapped[datetime | None] = mapped_column(UtcInstant)  # being fetched; nobody else claims it before
    watch_due_at: Mapped[datetime | None] = mapped_column(UtcInstant)  # when a watch is to be made or renewed
    watch_failures: Mapped[int] = mapped_column(Integer, default=0)


class WatchRow(Base):
    """A provider's promise to push. Its row is there before the promise: a push may be faster than the answer."""

    __tablename__ = "watches"
    __table_args__ = (
        _of_calendar(),
        Index("ix_watches_watch_id", "watch_id"),
        Index("ix_watches_calendar", "team_id", "user_id", "calendar_id"),
    )

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    watch_id: Mapped[str] = mapped_column(ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(ID)
    calendar_id: Mapped[str] = mapped_column(ID)
    secret: Mapped[str] = mapped_column(String(64))  # as a digest: what a push has to bring
    remote_id: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    expires_at: Mapped[datetime | None] = mapped_column(UtcInstant)  # None until the provider has promised


class InboxRow(Base):
    """A calendar file that somebody sent us and that is not worked in yet: to a hook, or in the messages tab."""

    __tablename__ = "inbox"
    __table_args__ = (_of_calendar(),)

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(ID, primary_key=True)
    calendar_id: Mapped[str] = mapped_column(ID, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    whole: Mapped[bool] = mapped_column(Boolean, default=False)  # it is all there is; else a part of it
    received_at: Mapped[datetime] = mapped_column(UtcInstant)
    content: Mapped[bytes] = mapped_column(Sealed)


class EventRow(Base):
    """One occurrence. What it is about and with whom (title, location, organizer, domains) is sealed in `detail`."""

    __tablename__ = "events"
    __table_args__ = (_of_calendar(), Index("ix_events_end", "team_id", "user_id", "end_at"))

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(ID, primary_key=True)
    calendar_id: Mapped[str] = mapped_column(ID, primary_key=True)
    event_id: Mapped[str] = mapped_column(ID, primary_key=True)  # digest of uid and occurrence
    uid: Mapped[str] = mapped_column(Text)
    occurrence: Mapped[str] = mapped_column(Text, default="")
    start_at: Mapped[datetime] = mapped_column(UtcInstant)
    end_at: Mapped[datetime] = mapped_column(UtcInstant)
    all_day: Mapped[bool] = mapped_column(Boolean, default=False)
    wall_start: Mapped[str | None] = mapped_column(String(32))
    wall_end: Mapped[str | None] = mapped_column(String(32))
    type: Mapped[str] = mapped_column(String(24))
    show_as: Mapped[str] = mapped_column(String(24))
    response: Mapped[str] = mapped_column(String(24))
    visibility: Mapped[str] = mapped_column(String(24))
    working_location: Mapped[str | None] = mapped_column(String(24))
    cancelled: Mapped[bool] = mapped_column(Boolean, default=False)
    tentative: Mapped[bool] = mapped_column(Boolean, default=False)
    guests: Mapped[int] = mapped_column(Integer, default=0)
    recurring: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    organizer: Mapped[str | None] = mapped_column(String(8))  # None: nobody is named
    digest: Mapped[str] = mapped_column(String(32))  # keyed, of all of it: tells a changed event without opening it
    detail: Mapped[bytes | None] = mapped_column(Sealed)
