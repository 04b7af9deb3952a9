"""The tables of effects: for how long they are on, what was done of them, pictures, and replies to mentions."""

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
)

from services.store.columns import Sealed, UtcInstant
from services.store.tables import ID, METADATA, OfPerson, OfWorkspace, of_person_row


class _StretchesColumns(OfPerson):
    """For how long an effect is on, by the timeline: replaced together with the spans."""

    effect: Named[str] = Column(String(8), primary_key=True)  # dnd | away | photo | reply
    start_at: Named[datetime] = Column(UtcInstant, primary_key=True)
    end_at: Named[datetime] = Column(UtcInstant)
    ends: Named[bool] = Column(Boolean, default=True)
    rule: Named[str] = Column(ID)
    photo: Named[str] = Column(Text, default="")  # JSON


STRETCHES = Table(
    "stretches", METADATA, _StretchesColumns, of_person_row(), Index("ix_stretches_effect_end_at", "effect", "end_at")
)


class _EffectsColumns(OfPerson):
    """What we did of one effect, and when it is worth a look. `seq` counts who made it due, `turn` who took it up."""

    effect: Named[str] = Column(String(8), primary_key=True)
    due_at: Named[datetime | None] = Column(UtcInstant)
    seq: Named[int] = Column(BigInteger, default=0)
    turn: Named[int] = Column(BigInteger, default=0)  # the fence
    failures: Named[int] = Column(Integer, default=0)
    owed: Named[bool] = Column(Boolean, default=False)  # something of ours is, or may be, at Slack
    memory: Named[bytes | None] = Column(Sealed)


EFFECTS = Table("effects", METADATA, _EffectsColumns, of_person_row(), Index("ix_effects_due", "effect", "due_at"))


class _PicturesColumns(OfPerson):
    """A picture of a person: the one they sent us; their own photo and ours, while ours is on."""

    picture_id: Named[str] = Column(String(16), primary_key=True)  # own | original | ours
    content: Named[bytes] = Column(Sealed)
    created_at: Named[datetime] = Column(UtcInstant)


PICTURES = Table("pictures", METADATA, _PicturesColumns, of_person_row())


class _RepliesColumns(OfWorkspace):
    """That somebody is told once a day that a person is out; written before they are told, `due_at` until then."""

    asker_id: Named[str] = Column(ID, primary_key=True)
    person_id: Named[str] = Column(ID, primary_key=True)
    day: Named[str] = Column(String(10), primary_key=True)  # the asker's
    channel_id: Named[str] = Column(ID)
    thread: Named[str] = Column(String(32), default="")
    zone: Named[str] = Column(String(64))  # the asker's, and their language
    locale: Named[str] = Column(String(16))
    created_at: Named[datetime] = Column(UtcInstant)  # when they asked
    due_at: Named[datetime | None] = Column(UtcInstant)


REPLIES = Table(
    "replies",
    METADATA,
    _RepliesColumns,
    ForeignKeyConstraint(["team_id", "person_id"], ["people.team_id", "people.user_id"], ondelete="CASCADE"),
    Index("ix_replies_person", "team_id", "person_id"),
    Index("ix_replies_due_at", "due_at"),
    Index("ix_replies_created_at", "created_at"),
)
