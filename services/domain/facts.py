"""All that is known of a person, as what is decided about them takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from services.domain.model import Event, Override, Pause, PersonKey, Policy, Preferences, Rule


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """All that deciding needs to know of one person, as stored.

    `resolved_until`: how far their stored timeline reaches; None where it is to be resolved anew.
    """

    key: PersonKey
    zone: ZoneInfo
    locale: str = "en-US"
    names: tuple[str, ...] = field(default=(), repr=False)
    granted: bool = True
    preferences: Preferences = field(default_factory=Preferences)
    policy: Policy = field(default_factory=Policy)
    pause: Pause | None = None
    rules: tuple[Rule, ...] = ()
    overrides: tuple[Override, ...] = ()
    events: tuple[Event, ...] = ()
    resolved_until: datetime | None = None
