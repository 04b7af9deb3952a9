"""The tables of agents: a person's keys, how often each was used lately, and what they asked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.store.columns import Sealed, UtcInstant
from services.store.models import ID, OfPerson, of_person_row


class AgentKeyRow(OfPerson):
    """A key by which an agent acts for its person; of the secret only the digest is kept."""

    __tablename__ = "agent_keys"
    __table_args__ = (of_person_row(), Index("ix_agent_keys_digest", "digest", unique=True))

    key_id: Mapped[str] = mapped_column(ID, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    name: Mapped[bytes] = mapped_column(Sealed)
    may: Mapped[str] = mapped_column(String(8))  # services.domain.agents.May
    made_at: Mapped[datetime] = mapped_column(UtcInstant)


class AgentCallsRow(OfPerson):
    """The calls of one key, or of Slackbot, within the last minute, and when it called last."""

    __tablename__ = "agent_calls"

    caller_id: Mapped[str] = mapped_column(ID, primary_key=True)  # the key's id, or services.domain.agents.SLACKBOT
    recent: Mapped[str] = mapped_column(Text, default="[]")  # JSON: instants, oldest first
    used_at: Mapped[datetime] = mapped_column(UtcInstant)


class AskedPhotoRow(OfPerson):
    """A photo that a person's agent has asked for, one at a time; without its content once it is answered."""

    __tablename__ = "asked_photos"
    __table_args__ = (of_person_row(), Index("ix_asked_photos_asked_at", "asked_at"))

    request: Mapped[str] = mapped_column(String(128))
    content: Mapped[bytes | None] = mapped_column(Sealed)  # as it is put on
    crop: Mapped[str] = mapped_column(String(32))  # x,y,w
    asked_at: Mapped[datetime] = mapped_column(UtcInstant)
    until: Mapped[datetime] = mapped_column(UtcInstant)  # when nobody waits for it any more
    begun_at: Mapped[datetime | None] = mapped_column(UtcInstant)  # Slack was called, or about to be
    before: Mapped[str] = mapped_column(String(64), default="")  # the hash of what showed then
    answer: Mapped[bytes | None] = mapped_column(Sealed)  # what Slack returned, or its word for why not


class AgentChangeRow(OfPerson):
    """The audit of agents: each change that one asked for, written before it was made."""

    __tablename__ = "agent_changes"
    __table_args__ = (of_person_row(), Index("ix_agent_changes_at", "at"))

    change_id: Mapped[str] = mapped_column(ID, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcInstant)
    operation: Mapped[str] = mapped_column(String(32))
    request: Mapped[str] = mapped_column(String(128))
    agent: Mapped[bytes] = mapped_column(Sealed)  # what its key is called
