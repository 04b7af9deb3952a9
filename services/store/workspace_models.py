"""The tables of a workspace: its budget, emoji and members, leave calendars, keeper, who is out, digests, feeds.

And of the operator: faults, and who was forgotten.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKeyConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.store.columns import Sealed, UtcInstant
from services.store.models import ID, Base, OfPerson, of_person_row


def _of_workspace() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["team_id"], ["workspaces.team_id"], ondelete="CASCADE")


class WorkspaceBudget(Base):
    """What a new owner of a workspace must know: the calls of the last minute and who said wait."""

    __tablename__ = "lanes"  # as the first release called it

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    budget: Mapped[str] = mapped_column(Text, default="{}")


class OperatorFaultRow(Base):
    """What the operator has to mend, as long as it stands: of the installation (`team_id` ""), or of a workspace."""

    __tablename__ = "operator_faults"

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    fault: Mapped[str] = mapped_column(String(32), primary_key=True)  # services.domain.faults.Fault
    since: Mapped[datetime] = mapped_column(UtcInstant)
    seen_at: Mapped[datetime] = mapped_column(UtcInstant)
    detail: Mapped[str] = mapped_column(String(255), default="")  # the refusal's word, or the redirect address
    tries: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcInstant)  # when it is asked again, or admins are to be told


class ForgottenRow(Base):
    """Somebody who was forgotten. It has no `team_id`: which workspace it was is nobody's business any more."""

    __tablename__ = "forgotten"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # of team and user; of a workspace without user
    key_id: Mapped[str] = mapped_column(String(16))  # tells which of our keys the digest is under
    at: Mapped[datetime] = mapped_column(UtcInstant, index=True)


class EmojiRow(Base):
    """An emoji of a workspace's own; `alias_of` names the emoji that it is another name of."""

    __tablename__ = "emoji"
    __table_args__ = (_of_workspace(),)

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    alias_of: Mapped[str | None] = mapped_column(String(100))


class AbsenceRow(OfPerson):
    """When somebody is out, or works elsewhere, by their own timeline: what `who`, digests and feeds read."""

    __tablename__ = "absences"
    __table_args__ = (of_person_row(), Index("ix_absences_end", "team_id", "end_at", "start_at"))

    absence_id: Mapped[str] = mapped_column(ID, primary_key=True)  # digest of what it comes from
    kind: Mapped[str] = mapped_column(String(24))  # out_of_office | working_location
    place: Mapped[str] = mapped_column(String(16), default="")  # home | office | elsewhere
    start_at: Mapped[datetime] = mapped_column(UtcInstant)
    end_at: Mapped[datetime] = mapped_column(UtcInstant)
    ends: Mapped[bool] = mapped_column(Boolean, default=True)  # whether that end is known
    first_day: Mapped[str | None] = mapped_column(String(10))  # of whole days, in the person's zone
    return_day: Mapped[str | None] = mapped_column(String(10))  # the day after the last one
    told_ahead: Mapped[bool] = mapped_column(Boolean, default=False)  # others may be told before it begins
    seq: Mapped[int] = mapped_column(Integer, default=0)  # counts the changes of its times (RFC 5545, SEQUENCE)
    changed_at: Mapped[datetime] = mapped_column(UtcInstant)


class MemberRow(Base):
    """A member of a workspace, with or without a grant; kept only while a leave calendar or a keeper stands."""

    __tablename__ = "members"
    __table_args__ = (_of_workspace(),)

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(ID, primary_key=True)
    role: Mapped[int] = mapped_column(Integer)  # services.domain.members.Role
    active: Mapped[bool] = mapped_column(Boolean)  # neither deactivated, nor a bot, nor of another organization
    zone: Mapped[str] = mapped_column(String(64), default="")
    locale: Mapped[str] = mapped_column(String(16), default="")
    detail: Mapped[bytes] = mapped_column(Sealed)  # JSON: names and address
    read_at: Mapped[datetime] = mapped_column(UtcInstant)


class LeaveRow(Base):
    """Leave of a member, found in a leave calendar. It carries neither title, type nor place."""

    __tablename__ = "leave"
    __table_args__ = (
        _of_workspace(),
        Index("ix_leave_end", "team_id", "end_at"),
        Index("ix_leave_calendar", "team_id", "calendar_id"),
    )

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(ID, primary_key=True)
    leave_id: Mapped[str] = mapped_column(ID, primary_key=True)  # digest of calendar, uid and occurrence
    calendar_id: Mapped[str] = mapped_column(ID)
    start_at: Mapped[datetime] = mapped_column(UtcInstant)  # where it has wall times: in the member's zone
    end_at: Mapped[datetime] = mapped_column(UtcInstant)
    wall_start: Mapped[str | None] = mapped_column(String(32))
    wall_end: Mapped[str | None] = mapped_column(String(32))
    all_day: Mapped[bool] = mapped_column(Boolean, default=False)
    seq: Mapped[int] = mapped_column(Integer, default=0)  # how often its times have changed, and when they did last
    changed_at: Mapped[datetime | None] = mapped_column(UtcInstant)


class LeaveLineRow(Base):
    """A line of a leave calendar that counts for nobody: for the admin's list, or a company's holiday."""

    __tablename__ = "leave_lines"
    __table_args__ = (_of_workspace(), Index("ix_leave_lines_end", "team_id", "end_at"))

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    calendar_id: Mapped[str] = mapped_column(ID, primary_key=True)
    line_id: Mapped[str] = mapped_column(ID, primary_key=True)
    result: Mapped[str] = mapped_column(String(16))  # unknown | two | half | holiday
    start_at: Mapped[datetime] = mapped_column(UtcInstant)
    end_at: Mapped[datetime] = mapped_column(UtcInstant)
    content: Mapped[bytes] = mapped_column(Sealed)  # JSON: title, the name in it, its days, and whose it is


class LeaveTieRow(Base):
    """A name in leave calendars that an admin has tied to a member."""

    __tablename__ = "leave_ties"
    __table_args__ = (_of_workspace(),)

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    name_digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # keyed, of the folded name
    name: Mapped[bytes] = mapped_column(Sealed)
    user_id: Mapped[str] = mapped_column(ID)
    tied_by: Mapped[str] = mapped_column(ID)
    tied_at: Mapped[datetime] = mapped_column(UtcInstant)


class RefusalRow(Base):
    """What a member does not want: `leave` (it is not me) or `keeper` (leave my status alone). Outlives a forget."""

    __tablename__ = "refusals"
    __table_args__ = (_of_workspace(),)

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(ID, primary_key=True)
    what: Mapped[str] = mapped_column(String(8), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcInstant)


class KeeperRow(Base):
    """An admin's consent that their user token keeps the statuses of members who have no grant, for leave alone."""

    __tablename__ = "keepers"
    __table_args__ = (_of_workspace(),)

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(ID)
    consented_at: Mapped[datetime] = mapped_column(UtcInstant)
    state: Mapped[str] = mapped_column(String(16), default="ok")  # services.domain.keeper.KeeperState
    problem: Mapped[str] = mapped_column(String(64), default="")  # Slack's code, where it does not let us


class KeptRow(Base):
    """A member whose status the keeper keeps: when they are worth a look, and what we know of their profile.

    `seq` counts who made it due, `turn` who took it up (the fence), as in `effects`.
    """

    __tablename__ = "kept"
    __table_args__ = (_of_workspace(), Index("ix_kept_due_at", "team_id", "due_at"))

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(ID, primary_key=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    away_until: Mapped[datetime | None] = mapped_column(UtcInstant)  # the longest leave goes first; None: not known yet
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    turn: Mapped[int] = mapped_column(BigInteger, default=0)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    owed: Mapped[bool] = mapped_column(Boolean, default=False)  # something of ours is, or may be, on the profile
    forgotten: Mapped[bool] = mapped_column(Boolean, default=False)  # it goes once nothing of ours is on the profile
    problem: Mapped[str] = mapped_column(String(64), default="")  # Slack's code, where it does not let us
    memory: Mapped[bytes | None] = mapped_column(Sealed)


class KeptWriteRow(Base):
    """The audit of a keeper: every attempt on a member's profile and every decision to leave it, and by whose token."""

    __tablename__ = "kept_writes"
    __table_args__ = (_of_workspace(), Index("ix_kept_writes_member_at", "team_id", "user_id", "at"))

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    write_id: Mapped[str] = mapped_column(ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(ID)
    keeper_id: Mapped[str] = mapped_column(ID)  # "" once that admin is forgotten
    at: Mapped[datetime] = mapped_column(UtcInstant)
    action: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(Sealed)  # JSON: the status


class DigestRow(Base):
    """A digest of who is out, for a channel; a daily one and a weekly one at most."""

    __tablename__ = "digests"
    __table_args__ = (_of_workspace(), Index("ix_digests_due_at", "due_at"))

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    channel_id: Mapped[str] = mapped_column(ID, primary_key=True)
    period: Mapped[str] = mapped_column(String(8), primary_key=True)  # daily | weekly
    created_by: Mapped[str] = mapped_column(ID)
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    days: Mapped[str] = mapped_column(String(16))  # weekdays, such as "01234": 0 is Monday
    local_time: Mapped[str] = mapped_column(String(5))  # HH:MM
    zone: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(16))
    silent: Mapped[bool] = mapped_column(Boolean, default=True)  # nothing is posted where nobody is out
    problem: Mapped[str] = mapped_column(String(64), default="")  # Slack's code, where the channel refused it
    due_at: Mapped[datetime | None] = mapped_column(UtcInstant)


class DigestPostRow(Base):
    """That a digest is posted for one day; written before it is, so that it is posted once."""

    __tablename__ = "digest_posts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["team_id", "channel_id", "period"], ["digests.team_id", "digests.channel_id", "digests.period"],
            ondelete="CASCADE",
        ),
    )  # fmt: skip

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    channel_id: Mapped[str] = mapped_column(ID, primary_key=True)
    period: Mapped[str] = mapped_column(String(8), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    begun_at: Mapped[datetime] = mapped_column(UtcInstant)
    outcome: Mapped[str] = mapped_column(String(64), default="")


class AbsenceFeedRow(Base):
    """A secret address at which who is out can be subscribed to as a calendar."""

    __tablename__ = "absence_feeds"
    __table_args__ = (_of_workspace(), Index("ix_absence_feeds_secret", "secret", unique=True))

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    feed_id: Mapped[str] = mapped_column(ID, primary_key=True)
    channel_id: Mapped[str] = mapped_column(ID, default="")  # "": the whole workspace, an admin's
    created_by: Mapped[str] = mapped_column(ID)
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    locale: Mapped[str] = mapped_column(String(16))
    secret: Mapped[str] = mapped_column(String(64))  # as a digest
    gone: Mapped[bool] = mapped_column(Boolean, default=False)  # its creator has left the channel or the workspace


class CalendarEntryRow(OfPerson):
    """An entry in the person's own calendar that goes with an override of theirs."""

    __tablename__ = "calendar_entries"
    __table_args__ = (of_person_row(), Index("ix_calendar_entries_due_at", "due_at"))

    override_id: Mapped[str] = mapped_column(ID, primary_key=True)
    account_id: Mapped[str] = mapped_column(ID)
    remote_id: Mapped[str] = mapped_column(Text, default="")
    written: Mapped[str] = mapped_column(String(64), default="")  # digest of what it says; "" where there is none
    number: Mapped[int] = mapped_column(Integer, default=0)  # entries of it that were taken back
    failures: Mapped[int] = mapped_column(Integer, default=0)
    turn: Mapped[int] = mapped_column(BigInteger, default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcInstant)
