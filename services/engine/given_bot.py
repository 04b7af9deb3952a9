"""The bot token that the operator gave in SLACK_BOT_TOKEN: its workspace is kept as one that was installed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from services.domain.errors import SlackError, SlackRateLimitedError, SlackUnavailableError
from services.domain.operator_errors import BotTokenRefusedError
from services.engine.failures import back_off
from services.platform.logs import of_error
from services.ports import Clock, Report
from services.slack.oauth import SlackAuthority
from services.store.workspaces import WorkspaceStore

log = structlog.get_logger(__name__)

AT_START = 3.0
"""Seconds of real time that the start waits for Slack: until it is over nothing else is done, nor does it end."""

LONGEST = timedelta(seconds=30)
"""After so long Slack is asked again that did not answer."""


class GivenBot:
    """DueWork "given_bot", where Slack could not say at the start whose token it is."""

    name = "given_bot"

    def __init__(self, token: str, authority: SlackAuthority, workspaces: WorkspaceStore, clock: Clock) -> None:
        """Without a `token` there is nothing to do."""
        self._token = token
        self._authority = authority
        self._workspaces = workspaces
        self._clock = clock
        self._failures = 0
        self._due = clock.now() if token else None

    async def adopt(self) -> None:
        """Keep the workspace of the token, unless it is kept as it is; later, where Slack does not answer now.

        Raises BotTokenRefusedError where Slack does not take the token.
        """
        if not self._token:
            return
        try:
            async with asyncio.timeout(AT_START):
                await self._adopt()
        except TimeoutError:
            await self._is_put_off(SlackUnavailableError("no_answer_at_the_start"))
        except (SlackUnavailableError, SlackRateLimitedError):
            pass  # logged, and due again
        except SlackError as refusal:
            raise BotTokenRefusedError(refusal.reason) from refusal

    async def is_adopted(self) -> bool:
        """Say, as a check of `/readyz`, whether the workspace is kept; another process may have done it."""
        return self._due is None or await self._workspaces.has_bot(self._token)

    async def next_due(self) -> datetime | None:
        """When Slack is asked again; None where it has answered."""
        return self._due

    async def run_due(self) -> Report:
        """Ask it again."""
        try:
            await self._adopt()
        except SlackError:
            return Report(failed=1)
        return Report(done=1, changed=1)

    async def _adopt(self) -> None:
        try:
            given = await self._authority.install_of(self._token)
        except SlackError as error:
            if await self._is_put_off(error):
                raise
            return
        kept = await self._workspaces.find(given.home, "")
        granted = frozenset() if given.bot is None else given.bot.scopes
        if kept is None or kept.token != self._token or not granted <= kept.scopes:
            await self._workspaces.install(given, self._clock.now())
        self._due = None

    async def _is_put_off(self, error: SlackError) -> bool:
        """Ask again as late as Slack says, else soon: nothing works until it has answered.

        False where the token is kept already: then it need not be asked.
        """
        if await self._workspaces.has_bot(self._token):
            log.warning("bot_token_unverified", **of_error(error))
            self._due = None
            return False
        log.warning("bot_token_not_adopted", **of_error(error))
        wait = back_off(self._failures)
        if isinstance(error, SlackRateLimitedError):
            wait = max(wait, timedelta(seconds=error.retry_after))
        elif isinstance(error, SlackUnavailableError):
            wait = min(wait, LONGEST)
        self._due = self._clock.now() + wait
        self._failures += 1
        return True
