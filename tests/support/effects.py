"""Somebody whose timeline carries effects, and what Slack then shows of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.domain import timeline
from services.domain.model import Effect, Pause, PersonKey, Stretch, Timeline
from services.domain.timeline import resolve
from services.slack import scopes
from services.store.preferences import PreferenceStore
from tests.support.engine import RunningEngine
from tests.support.replica import Replica

ALL = frozenset(scopes.USER) | frozenset(scopes.USER_OPTIONAL)
"""All that a person can allow."""


class EffectsOf:
    """Ann, and what her timeline carries."""

    def __init__(self, engine: RunningEngine, key: PersonKey, replica: Replica) -> None:
        self.engine, self.key, self.replica = engine, key, replica
        self.start = engine.clock.now()
        self.stretches: tuple[Stretch, ...] = ()

    def at(self, minutes: float) -> datetime:
        return self.start + timedelta(minutes=minutes)

    async def carries(self, effect: Effect, *pieces: tuple[float, float]) -> None:
        """Have these be the stretches, of that effect alone, in minutes from the start."""
        await self._carry([effect], pieces)

    async def carries_both(self, *pieces: tuple[float, float]) -> None:
        """The same of a snooze and of presence."""
        await self._carry([Effect.DND, Effect.AWAY], pieces)

    async def _carry(self, effects: Sequence[Effect], pieces: Sequence[tuple[float, float]]) -> None:
        self.stretches = tuple(
            Stretch(effect, self.at(begin), self.at(end), rule="meeting") for effect in effects for begin, end in pieces
        )
        await self.engine.change(self.key, stale=True, preferences="{}")
        await self.engine.rests()

    def resolve(self, *facts: Any) -> Timeline:
        """What the resolver says, and these stretches."""
        return replace(resolve(*facts), stretches=self.stretches)

    async def goes_on(self, minutes: float) -> None:
        """Time passes until so many minutes from the start."""
        self.engine.clock.move_to(self.at(minutes))
        await self.engine.rests()

    async def pauses(self, pause: Pause | None) -> None:
        await PreferenceStore(self.engine.database).pause(self.key, pause, self.engine.clock.now())
        self.engine.ring()
        await self.engine.rests()

    @property
    def snooze(self) -> tuple[float, str] | None:
        """The minute from the start at which the snooze ends, and who set it."""
        found = self.engine.slack.dnd.running(self.key.user_id)
        return None if found is None else ((found.end - self.start.timestamp()) / 60, found.by)

    @property
    def away(self) -> str:
        return self.engine.slack.presence.away_by(self.key.user_id)

    def calls(self, *methods: str) -> int:
        return len(self.engine.calls(*methods, user=self.key.user_id))

    async def reason(self, effect: Effect) -> str:
        memory = await self.engine.effect(self.key, effect)
        return "" if memory is None or memory.reason is None else str(memory.reason.code)


async def with_effects(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, allows: Iterable[str]) -> EffectsOf:
    replica = engine.replica()
    made = EffectsOf(engine, await engine.person(allows=allows), replica)
    monkeypatch.setattr(timeline, "resolve", made.resolve)
    await replica.start()
    await engine.rests()
    return made
