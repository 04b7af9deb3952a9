"""The tables of a workspace: its budget, emoji and members, leave calendars, keeper, who is out, digests, feeds.

And of the operator: faults, and who was forgotten.
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
    Named,
    String,
    Table,
    Text,
    TypedColumns,
)

from services.store.columns import Sealed, UtcInstant
from services.store.tables import ID, METADATA, OfPerson, OfWorkspace, of_person_row


def _of_workspace() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["team_id"], ["workspaces.team_id"], ondelete="CASCADE")


class _WorkspaceBudgetsColumns(OfWorkspace):
    """What a new owner of a workspace must know: the calls of the last minute and who said wait."""

    budget: Named[str] = Column(Text, default="{}")


WORKSPACE_BUDGETS = Table("lanes", METADATA, _WorkspaceBudgetsColumns)  # as the first release called it


class _OperatorFaultsColumns(OfWorkspace):
    """What the operator has to mend, as long as it stands: of the installation (`team_id` ""), or of a workspace."""

    fault: Named[str] = Column(String(32), primary_key=True)  # services.domain.faults.Fault
    since: Named[datetime] = Column(UtcInstant)
    seen_at: Named[datetime] = Column(UtcInstant)
    detail: Named[str] = Column(String(255), default="")  # the refusal's word, or the redirect address
    tries: Named[int] = Column(Integer, default=0)
    due_at: Named[datetime | None] = Column(UtcInstant)  # when it is asked again, or admins are to be told


OPERATOR_FAULTS = Table("operator_faults", METADATA, _OperatorFaultsColumns)


class _ForgottenColumns(TypedColumns):
    """Somebody who was forgotten. It has no `team_id`: which workspace it was is nobody's business any more."""

    digest: Named[str] = Column(String(64), primary_key=True)  # of team and user; of a workspace without user
    key_id: Named[str] = Column(String(16))  # tells which of our keys the digest is under
    at: Named[datetime] = Column(UtcInstant, index=True)


FORGOTTEN = Table("forgotten", METADATA, _ForgottenColumns)


class _EmojiColumns(OfWorkspace):
    """An emoji of a workspace's own; `alias_of` names the emoji that it is another name of."""

    name: Named[str] = Column(String(100), primary_key=True)
    alias_of: Named[str | None] = Column(String(100))


EMOJI = Table("emoji", METADATA, _EmojiColumns, _of_workspace())


class _AbsencesColumns(OfPerson):
    """When somebody is out, or works elsewhere, by their own timeline: what `who`, digests and feeds read."""

    absence_id: Named[str] = Column(ID, primary_key=True)  # digest of what it comes from
    kind: Named[str] = Column(String(24))  # out_of_office | working_location
    place: Named[str] = Column(String(16), default="")  # home | office | elsewhere
    start_at: Named[datetime] = Column(UtcInstant)
    end_at: Named[datetime] = Column(UtcInstant)
    ends: Named[bool] = Column(Boolean, default=True)  # whether that end is known
    first_day: Named[str | None] = Column(String(10))  # of whole days, in the person's zone
    return_day: Named[str | None] = Column(String(10))  # the day after the last one
    told_ahead: Named[bool] = Column(Boolean, default=False)  # others may be told before it begins
    seq: Named[int] = Column(Integer, default=0)  # counts the changes of its times (RFC 5545, SEQUENCE)
    changed_at: Named[datetime] = Column(UtcInstant)


ABSENCES = Table(
    "absences", METADATA, _AbsencesColumns, of_person_row(), Index("ix_absences_end", "team_id", "end_at", "start_at")
)


class _MembersColumns(OfPerson):
    """A member of a workspace, with or without a grant; kept only while a leave calendar or a keeper stands."""

    role: Named[int] = Column(Integer)  # services.domain.members.Role
    active: Named[bool] = Column(Boolean)  # neither deactivated, nor a bot, nor of another organization
    zone: Named[str] = Column(String(64), default="")
    locale: Named[str] = Column(String(16), default="")
    detail: Named[bytes] = Column(Sealed)  # JSON: names and address
    read_at: Named[datetime] = Column(UtcInstant)


MEMBERS = Table("members", METADATA, _MembersColumns, _of_workspace())


class _LeavesColumns(OfPerson):
    """Leave of a member, found in a leave calendar. It carries neither title, type nor place."""

    leave_id: Named[str] = Column(ID, primary_key=True)  # digest of calendar, uid and occurrence
    calendar_id: Named[str] = Column(ID)
    start_at: Named[datetime] = Column(UtcInstant)  # where it has wall times: in the member's zone
    end_at: Named[datetime] = Column(UtcInstant)
    wall_start: Named[str | None] = Column(String(32))
    wall_end: Named[str | None] = Column(String(32))
    all_day: Named[bool] = Column(Boolean, default=False)
    seq: Named[int] = Column(Integer, default=0)  # how often its times have changed, and when they did last
    changed_at: Named[datetime | None] = Column(UtcInstant)


LEAVES = Table(
    "leave",
    METADATA,
    _LeavesColumns,
    _of_workspace(),
    Index("ix_leave_end", "team_id", "end_at"),
    Index("ix_leave_calendar", "team_id", "calendar_id"),
)


class _LeaveLinesColumns(OfWorkspace):
    """A line of a leave calendar that counts for nobody: for the admin's list, or a company's holiday."""

    calendar_id: Named[str] = Column(ID, primary_key=True)
    line_id: Named[str] = Column(ID, primary_key=True)
    result: Named[str] = Column(String(16))  # unknown | two | half | holiday
    start_at: Named[datetime] = Column(UtcInstant)
    end_at: Named[datetime] = Column(UtcInstant)
    content: Named[bytes] = Column(Sealed)  # JSON: title, the name in it, its days, and whose it is


LEAVE_LINES = Table(
    "leave_lines", METADATA, _LeaveLinesColumns, _of_workspace(), Index("ix_leave_lines_end", "team_id", "end_at")
)


class _LeaveTiesColumns(OfWorkspace):
    """A name in leave calendars that an admin has tied to a member."""

    name_digest: Named[str] = Column(String(64), primary_key=True)  # keyed, of the folded name
    name: Named[bytes] = Column(Sealed)
    user_id: Named[str] = Column(ID)
    tied_by: Named[str] = Column(ID)
    tied_at: Named[datetime] = Column(UtcInstant)


LEAVE_TIES = Table("leave_ties", METADATA, _LeaveTiesColumns, _of_workspace())


class _RefusalsColumns(OfPerson):
    """What a member does not want: `leave` (it is not me) or `keeper` (leave my status alone). Outlives a forget."""

    what: Named[str] = Column(String(8), primary_key=True)
    at: Named[datetime] = Column(UtcInstant)


REFUSALS = Table("refusals", METADATA, _RefusalsColumns, _of_workspace())


class _KeepersColumns(OfWorkspace):
    """An admin's consent that their user token keeps the statuses of members who have no grant, for leave alone."""

    user_id: Named[str] = Column(ID)
    consented_at: Named[datetime] = Column(UtcInstant)
    state: Named[str] = Column(String(16), default="ok")  # services.domain.keeper.KeeperState
    problem: Named[str] = Column(String(64), default="")  # Slack's code, where it does not let us


KEEPERS = Table("keepers", METADATA, _KeepersColumns, _of_workspace())


class _KeptColumns(OfPerson):
    """A member whose status the keeper keeps: when they are worth a look, and what we know of their profile.

    `seq` counts who made it due, `turn` who took it up (the fence), as in `effects`.
    """

    due_at: Named[datetime | None] = Column(UtcInstant)
    away_until: Named[datetime | None] = Column(UtcInstant)  # the longest leave goes first; None: not known yet
    seq: Named[int] = Column(BigInteger, default=0)
    turn: Named[int] = Column(BigInteger, default=0)
    failures: Named[int] = Column(Integer, default=0)
    owed: Named[bool] = Column(Boolean, default=False)  # something of ours is, or may be, on the profile
    forgotten: Named[bool] = Column(Boolean, default=False)  # it goes once nothing of ours is on the profile
    problem: Named[str] = Column(String(64), default="")  # Slack's code, where it does not let us
    memory: Named[bytes | None] = Column(Sealed)


KEPT = Table("kept", METADATA, _KeptColumns, _of_workspace(), Index("ix_kept_due_at", "team_id", "due_at"))


class _KeptWritesColumns(OfWorkspace):
    """The audit of a keeper: every attempt on a member's profile and every decision to leave it, and by whose token."""

    write_id: Named[str] = Column(ID, primary_key=True)
    user_id: Named[str] = Column(ID)
    keeper_id: Named[str] = Column(ID)  # "" once that admin is forgotten
    at: Named[datetime] = Column(UtcInstant)
    action: Named[str] = Column(String(16))
    reason: Named[str] = Column(Text)
    outcome: Named[str] = Column(String(64))
    content: Named[bytes] = Column(Sealed)  # JSON: the status


KEPT_WRITES = Table(
    "kept_writes",
    METADATA,
    _KeptWritesColumns,
    _of_workspace(),
    Index("ix_kept_writes_member_at", "team_id", "user_id", "at"),
)


class _DigestsColumns(OfWorkspace):
    """A digest of who is out, for a channel; a daily one and a weekly one at most."""

    channel_id: Named[str] = Column(ID, primary_key=True)
    period: Named[str] = Column(String(8), primary_key=True)  # daily | weekly
    created_by: Named[str] = Column(ID)
    created_at: Named[datetime] = Column(UtcInstant)
    days: Named[str] = Column(String(16))  # weekdays, such as "01234": 0 is Monday
    local_time: Named[str] = Column(String(5))  # HH:MM
    zone: Named[str] = Column(String(64))
    locale: Named[str] = Column(String(16))
    silent: Named[bool] = Column(Boolean, default=True)  # nothing is posted where nobody is out
    problem: Named[str] = Column(String(64), default="")  # Slack's code, where the channel refused it
    due_at: Named[datetime | None] = Column(UtcInstant)


DIGESTS = Table("digests", METADATA, _DigestsColumns, _of_workspace(), Index("ix_digests_due_at", "due_at"))


class _DigestPostsColumns(OfWorkspace):
    """That a digest is posted for one day; written before it is, so that it is posted once."""

    channel_id: Named[str] = Column(ID, primary_key=True)
    period: Named[str] = Column(String(8), primary_key=True)
    day: Named[str] = Column(String(10), primary_key=True)
    begun_at: Named[datetime] = Column(UtcInstant)
    outcome: Named[str] = Column(String(64), default="")


DIGEST_POSTS = Table(
    "digest_posts",
    METADATA,
    _DigestPostsColumns,
    ForeignKeyConstraint(
        ["team_id", "channel_id", "period"],
        ["digests.team_id", "digests.channel_id", "digests.period"],
        ondelete="CASCADE",
    ),
)


class _AbsenceFeedsColumns(OfWorkspace):
    """A secret address at which who is out can be subscribed to as a calendar."""

    feed_id: Named[str] = Column(ID, primary_key=True)
    channel_id: Named[str] = Column(ID, default="")  # "": the whole workspace, an admin's
    created_by: Named[str] = Column(ID)
    created_at: Named[datetime] = Column(UtcInstant)
    locale: Named[str] = Column(String(16))
    secret: Named[str] = Column(String(64))  # as a digest
    gone: Named[bool] = Column(Boolean, default=False)  # its creator has left the channel or the workspace


ABSENCE_FEEDS = Table(
    "absence_feeds",
    METADATA,
    _AbsenceFeedsColumns,
    _of_workspace(),
    Index("ix_absence_feeds_secret", "secret", unique=True),
)


class _CalendarEntriesColumns(OfPerson):
    """An entry in the person's own calendar that goes with an override of theirs."""

    override_id: Named[str] = Column(ID, primary_key=True)
    account_id: Named[str] = Column(ID)
    remote_id: Named[str] = Column(Text, default="")
    written: Named[str] = Column(String(64), default="")  # digest of what it says; "" where there is none
    number: Named[int] = Column(Integer, default=0)  # entries of it that were taken back
    failures: Named[int] = Column(Integer, default=0)
    turn: Named[int] = Column(BigInteger, default=0)
    due_at: Named[datetime | None] = Column(UtcInstant)


CALENDAR_ENTRIES = Table(
    "calendar_entries",
    METADATA,
    _CalendarEntriesColumns,
    of_person_row(),
    Index("ix_calendar_entries_due_at", "due_at"),
)
