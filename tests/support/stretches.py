"""Somebody whose timeline carries the stretches of effects that a test says, on the engine alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.domain import timeline
from services.domain.model import Pause, PersonKey, Stretch, Timeline
from services.domain.timeline import resolve
from services.slack import scopes
from services.store.preferences import PreferenceStore
from tests.support.engine import RunningEngine

ALL = frozenset(scopes.USER) | frozenset(scopes.USER_OPTIONAL)
"""All that a person can allow."""


class StretchesOf:
    """A person, and what their timeline carries; `at` and `goes_on` count in minutes from the start."""

    def __init__(self, engine: RunningEngine, key: PersonKey) -> None:
        self.engine, self.key = engine, key
        self.start = engine.clock.now()
        self.stretches: tuple[Stretch, ...] = ()

    def at(self, minutes: float) -> datetime:
        return self.start + timedelta(minutes=minutes)

    def resolve(self, *facts: Any) -> Timeline:
        """What the resolver says, and these stretches."""
        return replace(resolve(*facts), stretches=self.stretches)

    def is_resolved(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """From now on the engine finds these stretches."""
        monkeypatch.setattr(timeline, "resolve", self.resolve)

    async def is_looked_at(self) -> None:
        """The engine looks at their timeline, and does what follows."""
        await self.engine.change(self.key, stale=True, preferences="{}")
        await self.engine.rests()

    async def goes_on(self, minutes: float) -> None:
        """Time passes until so many minutes from the start."""
        self.engine.clock.move_to(self.at(minutes))
        await self.engine.rests()

    async def pauses(self, pause: Pause | None) -> None:
        await PreferenceStore(self.engine.database).pause(self.key, pause, self.engine.clock.now())
        self.engine.ring()
        await self.engine.rests()

    def calls(self, *methods: str) -> int:
        return len(self.engine.calls(*methods, user=self.key.user_id))
