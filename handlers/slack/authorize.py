"""Which workspace a request comes from, and as whom we answer it: our own tables, no call to Slack.

Bolt's own way asks auth.test for each request and, with rotating tokens, writes one person's tokens over
another's; this one never touches a person's token at all.
"""

from __future__ import annotations

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext

from services.domain.model import PersonKey
from services.store.workspaces import WorkspaceStore


class Authorize(AsyncAuthorize):
    """Bolt's `authorize`. Puts who sent the request into the context: `person`, the key, and `view`, what is known."""

    def __init__(self, workspaces: WorkspaceStore) -> None:
        """`workspaces` are looked up by team first, then by org."""
        self._workspaces = workspaces

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,
        actor_team_id: str | None = None,
        actor_user_id: str | None = None,
    ) -> AuthorizeResult | None:
        """The bot of the workspace; None where the app is not installed there."""
        found = await self._workspaces.meet(team_id or "", enterprise_id or "", user_id or "")
        if found is None:
            return None
        bot, view = found
        if user_id:
            context["person"] = PersonKey(bot.team_id, user_id)
            context["view"] = view
        return AuthorizeResult(
            enterprise_id=bot.enterprise_id,
            team_id=bot.team_id,
            bot_id=bot.bot_id or None,
            bot_user_id=bot.bot_user_id or None,
            bot_token=bot.token,
            bot_scopes=sorted(bot.scopes),
            user_id=user_id,
        )
