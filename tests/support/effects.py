"""Somebody whose timeline carries effects, and what Slack then shows of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from services.domain.model import Effect, PersonKey, Stretch
from tests.support.engine import RunningEngine
from tests.support.replica import Replica
from tests.support.stretches import StretchesOf


class EffectsOf(StretchesOf):
    """Ann, and what her timeline carries."""

    def __init__(self, engine: RunningEngine, key: PersonKey, replica: Replica) -> None:
        super().__init__(engine, key)
        self.replica = replica

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
        await self.is_looked_at()

    @property
    def snooze(self) -> tuple[float, str] | None:
        """The minute from the start at which the snooze ends, and who set it."""
        found = self.engine.slack.dnd.running(self.key.user_id)
        return None if found is None else ((found.end - self.start.timestamp()) / 60, found.by)

    @property
    def away(self) -> str:
        return self.engine.slack.presence.away_by(self.key.user_id)

    async def reason(self, effect: Effect) -> str:
        memory = await self.engine.effect(self.key, effect)
        return "" if memory is None or memory.reason is None else str(memory.reason.code)


async def with_effects(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, allows: Iterable[str]) -> EffectsOf:
    replica = engine.replica()
    made = EffectsOf(engine, await engine.person(allows=allows), replica)
    made.is_resolved(monkeypatch)
    await replica.start()
    await engine.rests()
    return made
