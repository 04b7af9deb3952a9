"""What a workspace's owner has to have: the state of its budget as the last owner stored it, and its bot's token."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import structlog
from sqlalchemy import select

from services.domain.operator_errors import SealError
from services.store.db import Store
from services.store.person_rows import insert_for, named, names
from services.store.tables import WORKSPACES
from services.store.workspace_tables import WORKSPACE_BUDGETS

log = structlog.get_logger(__name__)

_BUDGETS = select(WORKSPACE_BUDGETS.c.team_id, WORKSPACE_BUDGETS.c.budget).where(
    named(WORKSPACE_BUDGETS.c.team_id, "teams")
)
_BOT_TOKENS = select(WORKSPACES.c.team_id, WORKSPACES.c.bot_token).where(named(WORKSPACES.c.team_id, "teams"))


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
            insert = insert_for(connection, WORKSPACE_BUDGETS)
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
