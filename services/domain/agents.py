"""Agents that act for a person: their keys, who of them asks, and how often they may. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.domain.model import PersonKey

MOST_KEYS = 5
"""Of one person."""

LONGEST_KEY_NAME = 40
"""Characters."""

MOST_CALLS, CALLS_PER = 60, timedelta(minutes=1)
"""Of one key, or of one person through Slackbot, over all replicas: so many in any minute."""

_JOINERS = "\u200c\u200d"  # within a word of Persian, or an emoji of several
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})

SLACKBOT = "slackbot"
"""What tells Slackbot's calls from those of keys, whose ids are longer."""


PAUSE = "pause"
"""The operation whose doing has no id of its own."""


class May(StrEnum):
    """What a key lets an agent do: only read, or change things as well."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class AgentKey:
    """A key as its person sees it; the secret is nowhere. `used_at` is None for one that was never used."""

    key_id: str
    name: str
    may: May
    made_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """An agent, and whom it acts as. `agent` is what its key is called; `caller_id` the key's id, or SLACKBOT."""

    key: PersonKey
    agent: str
    may: May
    caller_id: str

    @property
    def slackbot(self) -> bool:
        """Whether it is Slackbot, which asks with Slack's signature instead of a key."""
        return self.caller_id == SLACKBOT


@dataclass(frozen=True, slots=True)
class AgentChange:
    """That an agent asked for a change; written before it is made. `request` is the id by which it counts once."""

    at: datetime
    agent: str
    operation: str
    request: str


def key_name(typed: str) -> str:
    """`typed` as a key can be called: one line, without what is not seen, or turns around what stands beside it."""
    seen = (one for one in " ".join(typed.split()) if one in _JOINERS or unicodedata.category(one) not in _UNSEEN)
    return " ".join("".join(seen).split()).strip(_JOINERS + " ")


def lately(recent: Sequence[datetime], now: datetime) -> list[datetime]:
    """Return those of `recent` that count at `now`.

    One of an hour to come is of a clock that was wrong, and does not.
    """
    return [at for at in recent if abs(now - at) < CALLS_PER]


def waits(recent: Sequence[datetime], now: datetime) -> timedelta:
    """Return how long a caller has to wait whose admitted calls, oldest first, were at `recent`.

    Zero where it may call.
    """
    counted = lately(recent, now)
    if len(counted) < MOST_CALLS:
        return timedelta()
    return counted[-MOST_CALLS] + CALLS_PER - now
