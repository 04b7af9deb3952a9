"""What a workspace allows and fixes, below what the operator allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from services.domain.model import PersonKey
from services.domain.policy import Policy
from services.ports import Clock, WakeSignal
from services.store.policies import PolicyStore
from services.store.workspace_numbers import NumberStore, WorkspaceNumbers

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OperatorAllows:
    """What the operator allows in the whole installation."""

    replies: bool = True
    keeper: bool = True
    agents: bool = True

    @property
    def forbids(self) -> frozenset[str]:
        """What the operator does not allow, by the names of a policy."""
        allowed = {"replies": self.replies, "keeper": self.keeper, "agents": self.agents}
        return frozenset(name for name, is_allowed in allowed.items() if not is_allowed)

    def below(self, policy: Policy) -> Policy:
        """Give what is left of a workspace's policy."""
        return replace(
            policy,
            replies=policy.replies and self.replies,
            keeper=policy.keeper and self.keeper,
            agents=policy.agents and self.agents,
        )


@dataclass(frozen=True, slots=True)
class WorkspacePolicy:
    """The policies of all workspaces. `operator` stands above them."""

    store: PolicyStore
    number_store: NumberStore
    clock: Clock
    wake_signal: WakeSignal
    operator: OperatorAllows = field(default_factory=OperatorAllows)

    async def stored(self, team_id: str) -> Policy:
        """Return what the workspace's admins set, whatever the operator allows."""
        return await self.store.get(team_id)

    async def numbers(self, team_id: str, start: datetime, end: datetime) -> WorkspaceNumbers:
        """Return the workspace in numbers; `[start, end)` is the day of whoever asks, in UTC."""
        return await self.number_store.of(team_id, start, end)

    async def of(self, team_id: str) -> Policy:
        """Return what the workspace and the operator allow; the default for a workspace that is not there."""
        return self.operator.below(await self.store.get(team_id))

    async def change(self, key: PersonKey, edit: Callable[[Policy], Policy]) -> bool:
        """Make the policy of `key`'s workspace what `edit` makes of it; whether it is another one now.

        That `key` is an admin is asked before (`Admins.require`). It holds at once, for everybody: their timelines are
        resolved anew. Raises what `edit` raises, NotInstalledError.
        """
        before, after = await self.store.change(key, self.clock.now(), edit)
        changed = before != after
        if changed:
            log.info("policy_changed", team_id=key.team_id, user_id=key.user_id)
            self.wake_signal.wake()
        return changed
