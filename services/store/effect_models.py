"""The tables of effects: for how long they are on, what was done of them, pictures, and replies to mentions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKeyConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.store.columns import Sealed, UtcInstant
from services.store.models import ID, Base, OfPerson, of_person_row


class StretchRow(OfPerson):
    """For how long an effect is on, by the timeline: replaced together with the spans."""

    __tablename__ = "stretches"
    __table_args__ = (of_person_row(), Index("ix_stretches_effect_end_at", "effect", "end_at"))

    effect: Mapped[str] = mapped_column(String(8), primary_key=True)  # dnd | away | photo | reply
    start_at: Mapped[datetime] = mapped_column(UtcInstant, primary_key=True)
    end_at: Mapped[datetime] = mapped_column(UtcInstant)
    ends: Mapped[bool] = mapped_column(Boolean, default=True)
    rule: Mapped[str] = mapped_column(ID)
    photo: Mapped[str] = mapped_column(Text, default="")  # JSON


class EffectRow(OfPerson):
    """What we did of one effect, and when it is worth a look. `seq` counts who made it due, `turn` who took it up."""

    __tablename__ = "effects"
    __table_args__ = (of_person_row(), Index("ix_effects_due", "effect", "due_at"))

    effect: Mapped[str] = mapped_column(String(8), primary_key=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    turn: Mapped[int] = mapped_column(BigInteger, default=0)  # the fence
    failures: Mapped[int] = mapped_column(Integer, default=0)
    owed: Mapped[bool] = mapped_column(Boolean, default=False)  # something of ours is, or may be, at Slack
    memory: Mapped[bytes | None] = mapped_column(Sealed)


class PictureRow(OfPerson):
    """A picture of a person: the one they sent us; their own photo and ours, while ours is on."""

    __tablename__ = "pictures"

    picture_id: Mapped[str] = mapped_column(String(16), primary_key=True)  # own | original | ours
    content: Mapped[bytes] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(UtcInstant)


class ReplyRow(Base):
    """That somebody is told once a day that a person is out; written before they are told, `due_at` until then."""

    __tablename__ = "replies"
    __table_args__ = (
        ForeignKeyConstraint(["team_id", "person_id"], ["people.team_id", "people.user_id"], ondelete="CASCADE"),
        Index("ix_replies_person", "team_id", "person_id"),
        Index("ix_replies_due_at", "due_at"),
        Index("ix_replies_created_at", "created_at"),
    )

    team_id: Mapped[str] = mapped_column(ID, primary_key=True)
    asker_id: Mapped[str] = mapped_column(ID, primary_key=True)
    person_id: Mapped[str] = mapped_column(ID, primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)  # the asker's
    channel_id: Mapped[str] = mapped_column(ID)
    thread: Mapped[str] = mapped_column(String(32), default="")
    zone: Mapped[str] = mapped_column(String(64))  # the asker's, and their language
    locale: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcInstant)  # when they asked
    due_at: Mapped[datetime | None] = mapped_column(UtcInstant)
