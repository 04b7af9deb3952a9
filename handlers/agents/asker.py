"""An agent that asks as a person."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.slack.context import Requester
from services.domain.agents import Caller
from services.domain.model import PersonKey


@dataclass(frozen=True, slots=True)
class Asker:
    """Who is asked for, which agent asks, and what tells this request from others: it counts once."""

    who: Requester
    caller: Caller
    request: str

    @property
    def key(self) -> PersonKey:
        """The person as whom the agent acts."""
        return self.who.key
