"""The tables of agents: a person's keys, how often each was used lately, and what they asked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Named, String, Table, Text

from services.store.columns import Sealed, UtcInstant
from services.store.tables import ID, METADATA, OfPerson, of_person_row


class _AgentKeysColumns(OfPerson):
    """A key by which an agent acts for its person; of the secret only the digest is kept."""

    key_id: Named[str] = Column(ID, primary_key=True)
    digest: Named[str] = Column(String(64))
    name: Named[bytes] = Column(Sealed)
    may: Named[str] = Column(String(8))  # services.domain.agents.May
    made_at: Named[datetime] = Column(UtcInstant)


AGENT_KEYS = Table(
    "agent_keys", METADATA, _AgentKeysColumns, of_person_row(), Index("ix_agent_keys_digest", "digest", unique=True)
)


class _AgentCallsColumns(OfPerson):
    """The calls of one key, or of Slackbot, within the last minute, and when it called last."""

    caller_id: Named[str] = Column(ID, primary_key=True)  # the key's id, or services.domain.agents.SLACKBOT
    recent: Named[str] = Column(Text, default="[]")  # JSON: instants, oldest first
    used_at: Named[datetime] = Column(UtcInstant)


AGENT_CALLS = Table("agent_calls", METADATA, _AgentCallsColumns, of_person_row())


class _AskedPhotosColumns(OfPerson):
    """A photo that a person's agent has asked for, one at a time; without its content once it is answered."""

    request: Named[str] = Column(String(128))
    content: Named[bytes | None] = Column(Sealed)  # as it is put on
    crop: Named[str] = Column(String(32))  # x,y,w
    asked_at: Named[datetime] = Column(UtcInstant)
    until: Named[datetime] = Column(UtcInstant)  # when nobody waits for it any more
    begun_at: Named[datetime | None] = Column(UtcInstant)  # Slack was called, or about to be
    before: Named[str] = Column(String(64), default="")  # the hash of what showed then
    answer: Named[bytes | None] = Column(Sealed)  # what Slack returned, or its word for why not


ASKED_PHOTOS = Table(
    "asked_photos", METADATA, _AskedPhotosColumns, of_person_row(), Index("ix_asked_photos_asked_at", "asked_at")
)


class _AgentChangesColumns(OfPerson):
    """The audit of agents: each change that one asked for, written before it was made."""

    change_id: Named[str] = Column(ID, primary_key=True)
    at: Named[datetime] = Column(UtcInstant)
    operation: Named[str] = Column(String(32))
    request: Named[str] = Column(String(128))
    agent: Named[bytes] = Column(Sealed)  # what its key is called


AGENT_CHANGES = Table(
    "agent_changes", METADATA, _AgentChangesColumns, of_person_row(), Index("ix_agent_changes_at", "at")
)
