"""What people chose: their preferences, and their rules in their order. Each change makes its person due."""

from __future__ import annotations

from dataclasses import dataclass

from services.domain.model import PersonKey, Preferences, Rule
from services.ports import Clock, WakeSignal
from services.store.preferences import PreferenceStore
from services.store.rules import RuleStore


@dataclass(frozen=True, slots=True)
class PersonalSettings:
    """Reads and keeps what people chose."""

    preference_store: PreferenceStore
    rule_store: RuleStore
    clock: Clock
    wake_signal: WakeSignal

    async def preferences(self, key: PersonKey) -> Preferences:
        """What the person chose."""
        return await self.preference_store.get(key)

    async def save_preferences(self, key: PersonKey, preferences: Preferences) -> None:
        """Keep what the person chose."""
        await self.preference_store.save(key, preferences, self.clock.now())
        self.wake_signal.wake()

    async def rules(self, key: PersonKey) -> tuple[Rule, ...]:
        """The person's rules in their order."""
        return await self.rule_store.list(key)

    async def add_rule(self, key: PersonKey, rule: Rule) -> None:
        """Put a rule last; one with the same id counts once. Raises TooManyError."""
        await self.rule_store.add(key, rule, self.clock.now())
        self.wake_signal.wake()

    async def remove_rule(self, key: PersonKey, rule_id: str) -> None:
        """Delete a rule; one that is gone already stays gone."""
        await self.rule_store.remove(key, rule_id, self.clock.now())
        self.wake_signal.wake()

    async def raise_rule(self, key: PersonKey, rule_id: str) -> None:
        """Have a rule looked at one place earlier."""
        await self.rule_store.raise_(key, rule_id, self.clock.now())
        self.wake_signal.wake()
