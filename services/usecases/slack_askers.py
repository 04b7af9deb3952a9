"""Who asks through Slackbot: a member of a workspace that is ours, as Slack has them at this moment."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from services.domain.errors import SlackError, SlackRefusedError
from services.domain.members import WorkspaceMember
from services.domain.model import PersonKey
from services.domain.request_errors import AskerUnreadError, UnknownAskerError
from services.platform.concurrency import remember
from services.platform.logs import of_error
from services.ports import Clock
from services.slack.members import SlackMembers
from services.store.workspaces import Bot, WorkspaceStore

log = structlog.get_logger(__name__)

PATIENCE = 1.5
"""Seconds that Slack has to say who somebody is."""

LIVES = timedelta(minutes=1)
"""How long what Slack said of somebody counts where it says nothing now."""

NOBODY = frozenset({"user_not_found", "user_not_visible"})
"""What users.info says of whom the app cannot see (docs.slack.dev/reference/methods/users.info)."""

MOST = 500
"""People that are remembered, and workspaces of organisations."""


@dataclass(slots=True)
class SlackAskers:
    """Tells members of our workspaces from everybody else."""

    workspaces: WorkspaceStore
    slack_members: SlackMembers
    clock: Clock
    _known: OrderedDict[PersonKey, tuple[WorkspaceMember, datetime]] = field(default_factory=OrderedDict)
    _homes: OrderedDict[str, str] = field(default_factory=OrderedDict)

    async def find(self, team_id: str, enterprise_id: str, user_id: str) -> PersonKey:
        """Return the person of that user, as a slash command of theirs would name them; `enterprise_id` may be "".

        Raises UnknownAskerError for whoever is no member of a workspace that has us: for bots, the deactivated and
        strangers; AskerUnreadError where Slack does not say now.
        """
        bot = await self.workspaces.find(team_id, enterprise_id)
        if bot is None and not enterprise_id:
            bot = await self._organisation(team_id, user_id)
        if bot is None or bot.token is None:
            raise UnknownAskerError("not installed", team_id=team_id)
        member = await self._member(bot, bot.token, user_id)
        if member is None or not member.is_colleague:
            self._homes.pop(team_id, None)  # a workspace may have come to another organisation
            raise UnknownAskerError("no member", team_id=team_id, user_id=user_id)
        return PersonKey(bot.team_id, user_id)

    async def _organisation(self, team_id: str, user_id: str) -> Bot | None:
        """Return the org-wide install that such a workspace belongs to: Slack says of which ones its member is.

        Raises AskerUnreadError where none of those that answered is it, and not all did.
        """
        if team_id in self._homes:
            return await self.workspaces.find(self._homes[team_id], "")
        unread = ""
        for bot in await self.workspaces.organisations():
            try:
                async with asyncio.timeout(PATIENCE):
                    member = await self.slack_members.member(bot.token or "", user_id, {team_id})
            except (SlackError, TimeoutError) as failure:
                if not (isinstance(failure, SlackRefusedError) and failure.reason in NOBODY):
                    unread = bot.team_id
                continue
            if not member.stranger:
                remember(self._homes, team_id, bot.team_id, MOST)
                return bot
        if unread:
            raise AskerUnreadError("not all organisations answered", team_id=unread)
        return None

    async def _member(self, bot: Bot, token: str, user_id: str) -> WorkspaceMember | None:
        """Return who that is; None for nobody whom Slack knows.

        Raises AskerUnreadError where it does not say, and has not within a minute.
        """
        key, now = PersonKey(bot.team_id, user_id), self.clock.now()
        try:
            async with asyncio.timeout(PATIENCE):
                member = await self.slack_members.member(token, user_id, bot.homes)
        except (SlackError, TimeoutError) as failure:
            if isinstance(failure, SlackRefusedError):
                self._known.pop(key, None)
                if failure.reason in NOBODY:
                    return None
            known = self._known.get(key)
            if known is None or known[1] <= now:
                raise AskerUnreadError(type(failure).__name__, team_id=key.team_id) from None
            log.info("asker_remembered", team_id=key.team_id, user_id=user_id, **of_error(failure))
            return known[0]
        remember(self._known, key, (member, now + LIVES), MOST)
        return member
