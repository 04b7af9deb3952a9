"""What takes things away: "forget me", an uninstall, a permission that was revoked at Slack.

Slack tells of an uninstall by `app_uninstalled` and `tokens_revoked`, in either order, late or twice
(docs.slack.dev, events/tokens_revoked). `tokens_revoked` names people, not tokens: one that comes late must not
take away what was given since.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.calendars.parting import Parter, PartingRows
from services.errors import GrantLostError, SlackError
from services.farewell import Farewell
from services.grants import Grant
from services.model import PersonKey, Standing
from services.ports import Bell, Clock

log = structlog.get_logger(__name__)

_IN_DOUBT = timedelta(seconds=60)
"""Slack's clock and ours, and its whole seconds: a permission that is younger than the event by less is asked for."""


class Grants(Protocol):
    """The people's permissions."""

    async def the_grant(self, key: PersonKey) -> Grant | None:
        """The person's token."""
        ...

    async def lose_grant(self, key: PersonKey, granted_at: datetime, now: datetime) -> bool:
        """Take that grant away; whether it was still there."""
        ...

    async def delete(self, key: PersonKey) -> bool:
        """Delete everything of the person; whether there was anything."""
        ...


class Installs(Protocol):
    """The workspaces."""

    async def bot_token(self, team_id: str) -> str | None:
        """The workspace's bot token."""
        ...

    async def installed_at(self, team_id: str) -> datetime | None:
        """When the workspace was installed."""
        ...

    async def drop_bot(self, team_id: str, installed_at: datetime) -> None:
        """Its bot token is worth nothing any more."""
        ...

    async def delete(self, team_id: str) -> bool:
        """Delete everything of the workspace."""
        ...


class Revoker(Protocol):
    """Slack, where it takes tokens back."""

    async def owner(self, token: str) -> str:
        """The user id that the token belongs to. Raises SlackError, GrantLostError for a dead token."""
        ...

    async def revoke(self, token: str) -> None:
        """Make the token worth nothing. Raises SlackError."""
        ...


class Memories(Protocol):
    """What we remember of profiles: `store.overview.OverviewStore`."""

    async def standing(self, key: PersonKey) -> Standing:
        """The memory of one profile."""
        ...


class Leaving:
    """Takes grants, people and workspaces away."""

    def __init__(
        self,
        people: Grants,
        workspaces: Installs,
        slack: Revoker,
        *,
        memories: Memories,
        farewell: Farewell,
        accounts: PartingRows,
        parter: Parter,
        clock: Clock,
        bell: Bell,
    ) -> None:
        """`slack` revokes, and says whether a token still lives; `farewell` leaves a profile as it was.

        `accounts` tell what `parter` has to do at the providers of calendars.
        """
        self._accounts = accounts
        self._parter = parter
        self._memories = memories
        self._farewell = farewell
        self._people = people
        self._workspaces = workspaces
        self._slack = slack
        self._clock = clock
        self._bell = bell

    async def forget(self, key: PersonKey) -> bool:
        """Delete everything of the person in one transaction; whether there was anything.

        Then their profile gets back what we had covered, and their tokens are revoked, here and at their calendars.
        """
        grant = await self._people.the_grant(key)
        standing = await self._memories.standing(key)
        partings = await self._accounts.partings(key.team_id, key.user_id)
        if not await self._people.delete(key):
            return False
        self._parter.begin(partings)
        log.info("person_forgotten", team_id=key.team_id, user_id=key.user_id)
        if grant is not None:
            await self._farewell.leave(key, grant.token, standing)
            await self._revoke(key, grant)
        return True

    async def _revoke(self, key: PersonKey, grant: Grant) -> None:
        try:
            await self._slack.revoke(grant.token)
        except GrantLostError:
            log.info("token_was_dead", team_id=key.team_id, user_id=key.user_id)
        except SlackError as failure:  # their data is gone all the same, and the token with it
            log.warning(
                "token_not_revoked",
                team_id=key.team_id, user_id=key.user_id, reason=failure.reason, error_id=failure.id,
            )  # fmt: skip

    async def uninstalled(self, team_id: str, at: datetime) -> bool:
        """The app was removed at `at`: delete everything of the workspace; whether that was done."""
        installed_at = await self._workspaces.installed_at(team_id)
        if installed_at is None:
            return False
        if await self._outlived(installed_at, at, await self._workspaces.bot_token(team_id)):
            log.info("uninstall_ignored", team_id=team_id)
            return False
        partings = await self._accounts.partings(team_id)
        await self._workspaces.delete(team_id)
        self._parter.begin(partings)
        log.info("workspace_deleted", team_id=team_id)
        return True

    async def revoked(self, team_id: str, user_ids: Iterable[str], at: datetime, *, bot: bool) -> int:
        """Those people's permissions, and the bot's where `bot`, were revoked at `at`; how many we took away."""
        taken = 0
        for user_id in user_ids:
            key = PersonKey(team_id, user_id)
            grant = await self._people.the_grant(key)
            if grant is None:
                continue
            if await self._outlived(grant.granted_at, at, grant.token):
                log.info("revocation_ignored", team_id=team_id, user_id=user_id)
                continue
            if await self._people.lose_grant(key, grant.granted_at, self._clock.now()):
                log.info("grant_revoked", team_id=team_id, user_id=user_id)
                taken += 1
        if bot:
            await self._bot_revoked(team_id, at)
        if taken:
            self._bell.ring()
        return taken

    async def _bot_revoked(self, team_id: str, at: datetime) -> None:
        installed_at = await self._workspaces.installed_at(team_id)
        if installed_at is None or await self._outlived(installed_at, at, await self._workspaces.bot_token(team_id)):
            return
        await self._workspaces.drop_bot(team_id, installed_at)
        log.info("bot_revoked", team_id=team_id)

    async def _outlived(self, given_at: datetime, at: datetime, token: str | None) -> bool:
        """Whether what was given at `given_at` is newer than a revocation at `at`; in doubt Slack is asked."""
        if given_at < at:
            return False
        if given_at > at + _IN_DOUBT:
            return True
        if token is None:
            return False
        try:
            await self._slack.owner(token)
        except GrantLostError:
            return False
        except SlackError as failure:
            log.warning("token_unverified", reason=failure.reason)
            return given_at >= at + timedelta(seconds=1)
        return True
