"""Who manages a workspace: asked of Slack each time that something needs the right, and never taken from memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from services.domain.errors import NotAnAdminError, SlackRefusedError, SlackUnavailableError
from services.domain.members import WorkspaceMember
from services.domain.model import PersonKey
from services.domain.request_errors import NotInstalledError
from services.slack.members import SlackMembers
from services.store.people import PeopleStore
from services.store.workspaces import WorkspaceStore

log = structlog.get_logger(__name__)

PATIENCE = 2.5
"""Seconds that Slack has to say who somebody is: it wants our answer to a form within three, and one that it was told
nothing of in time must not be done behind its back."""


@dataclass(frozen=True, slots=True)
class Admins:
    """The admins and owners of all workspaces."""

    workspaces: WorkspaceStore
    people: PeopleStore
    members: SlackMembers

    async def require(self, key: PersonKey) -> WorkspaceMember:
        """Give the member, as Slack has them now, where they are an admin or an owner of their workspace.

        Whether they are is kept, for drawing their Home tab. Raises NotAnAdminError, NotInstalledError, SlackError.
        """
        bot = await self.workspaces.find(key.team_id, "")
        if bot is None or bot.token is None:
            raise NotInstalledError("no bot token", team_id=key.team_id)
        try:
            async with asyncio.timeout(PATIENCE):
                member = await self.members.member(bot.token, key.user_id, bot.homes)
        except TimeoutError:
            raise SlackUnavailableError("timeout", method="users.info") from None
        except SlackRefusedError as error:
            if error.reason == "user_not_found":
                raise NotAnAdminError("unknown to Slack") from None
            raise
        await self.people.set_admin(key, admin=member.is_admin)
        if not member.is_admin:
            log.info("not_an_admin", team_id=key.team_id, user_id=key.user_id)
            raise NotAnAdminError("role")
        return member
