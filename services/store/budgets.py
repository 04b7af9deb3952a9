"""What a workspace's owner has to have: the state of its budget as the last owner stored it, and its bot's token."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import structlog
from sqlalchemy import select

from services.domain.operator_errors import SealError
from services.store.db import Store
from services.store.models import Workspace
from services.store.person_rows import insert_for, named, names
from services.store.workspace_models import WorkspaceBudget

log = structlog.get_logger(__name__)

_BUDGETS = select(WorkspaceBudget.team_id, WorkspaceBudget.budget).where(named(WorkspaceBudget.team_id, "teams"))
_BOT_TOKENS = select(Workspace.team_id, Workspace.bot_token).where(named(Workspace.team_id, "teams"))


class BudgetStore(Store):
    """Budgets and bots of workspaces. Each method is one transaction."""

    async def budgets(self, teams: Collection[str]) -> dict[str, str]:
        """Return the budgets' states as the last owners stored them."""
        rows = await self._database.fetch(_BUDGETS, {"teams": names(teams)})
        return {row.team_id: row.budget for row in rows}

    async def save_budgets(self, budgets: Mapping[str, str]) -> None:
        """Store the budgets' states."""
        if not budgets:
            return
        async with self._database.write() as connection:
            insert = insert_for(connection, WorkspaceBudget)
            await connection.execute(
                insert.on_conflict_do_update(index_elements=["team_id"], set_={"budget": insert.excluded.budget}),
                [{"team_id": team_id, "budget": budgets[team_id]} for team_id in sorted(budgets)],
            )

    async def bot_tokens(self, teams: Collection[str]) -> dict[str, str | None]:
        """Bot tokens by workspace; None, or no entry, where there is none or none that any of our keys opens."""
        rows = await self._database.fetch(_BOT_TOKENS, {"teams": names(teams)})
        found: dict[str, str | None] = {}
        for team_id, sealed in rows:
            try:
                found[team_id] = self._encryptor.open(sealed, "workspaces.bot_token", team_id)
            except SealError:
                log.warning("bot_token_unreadable", team_id=team_id)
        return found
