"""The Bolt application: dispatching, and which workspace a request comes from. The rest is ours.

Bolt's own `authorize` asks auth.test for each request and, with rotating tokens, writes one person's tokens over
another's; ours looks into our own tables, calls nobody, and never touches a person's token at all.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from handlers.errors import Errors
from services.domain.model import PersonKey
from services.store.workspaces import WorkspaceStore

_LOG = logging.getLogger("slack_bolt.statusquo")
_LOG.setLevel(logging.CRITICAL)  # below that Bolt logs whole payloads; what fails is logged by handlers.errors


def bolt_app(authorize: Authorize, errors: Errors, client: AsyncWebClient, *, not_installed: str) -> AsyncApp:
    """A Bolt application without listeners.

    `client` carries every call (its token is replaced for each request); `not_installed` is the sentence for a
    workspace that is not ours (any more).
    """
    with _environment_unseen():
        bolt = AsyncApp(
            name="statusquo",
            logger=_LOG,
            client=client,
            authorize=authorize,  # type: ignore[arg-type]  # Bolt takes an AsyncAuthorize as well, and says so in its code alone
            user_facing_authorize_error_message=not_installed,
            # Listeners store a fact and answer: waiting for `ack` in steps would only add 10 ms to each.
            process_before_response=True,
            request_verification_enabled=False,  # done before anything is parsed
            ssl_check_enabled=False,
            url_verification_enabled=False,
            ignoring_self_events_enabled=False,  # nothing that a bot does is subscribed
            attaching_function_token_enabled=False,
        )
    bolt.error(errors.on_bolt_error)
    return bolt


@contextmanager
def _environment_unseen() -> Iterator[None]:
    """Bolt takes SLACK_CLIENT_ID and others from the environment behind our back, and would set up its own OAuth."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("SLACK_")}
    try:
        yield
    finally:
        os.environ.update(hidden)


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
