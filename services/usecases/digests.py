"""Digests of who is out: who may have one posted to a channel, and who ends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from services.access.admins import Admins
from services.domain.digests import Period, Schedule
from services.domain.errors import (
    AppNotInChannelError,
    ChannelRefusedError,
    ChannelsNotReadableError,
    NotAChannelError,
    NotAllowedError,
    NotInChannelError,
    ScopeMissingError,
    SharedChannelError,
)
from services.domain.model import PersonKey
from services.domain.policy import Freedom
from services.ports import Clock, WakeSignal
from services.slack.conversations import SlackConversations
from services.store.digests import Digest, DigestStore
from services.store.workspaces import WorkspaceStore
from services.usecases.workspace import WorkspacePolicy

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Digests:
    """What the command, the form and the Home tab call."""

    store: DigestStore
    workspaces: WorkspaceStore
    conversations: SlackConversations
    policies: WorkspacePolicy
    admins: Admins
    clock: Clock
    wake_signal: WakeSignal

    async def make(self, key: PersonKey, channel_id: str, schedule: Schedule, *, locale: str, silent: bool) -> Digest:
        """Have a digest posted to a channel that the person is in, in the place of its one of the same period.

        Raises an InputError that says what has to be done first, NotAllowedError where the workspace's policy is
        against it, NotAnAdminError where it leaves that to admins, SlackError, NotInstalledError.
        """
        await self.require_allowed(key)
        await self.require_member(key, channel_id)
        now = self.clock.now()
        digest = Digest(key.team_id, channel_id, schedule, locale, key.user_id, silent, due_at=schedule.next_after(now))
        await self.store.put(digest, now)
        log.info("digest_made", team_id=key.team_id, user_id=key.user_id, channel_id=channel_id, period=digest.period)
        self.wake_signal.wake()
        return digest

    async def end(self, key: PersonKey, channel_id: str, period: Period | None = None) -> int:
        """End the digests of a channel, or that one; how many there were.

        Who made them may, whoever is in the channel, and an admin. Raises as `make`.
        """
        theirs = [one for one in await self.store.of(key.team_id, channel_id) if period in {None, one.period}]
        if any(one.created_by != key.user_id for one in theirs):
            try:
                await self.require_member(key, channel_id, ending=True)
            except NotInChannelError as error:
                try:
                    await self.admins.require(key)
                except NotAllowedError:
                    raise error from None
        ended = await self.store.end(key.team_id, channel_id, period)
        log.info("digest_ended", team_id=key.team_id, user_id=key.user_id, channel_id=channel_id)
        return ended

    async def of(self, team_id: str, channel_id: str = "") -> Sequence[Digest]:
        """Return a workspace's digests, or a channel's."""
        return await self.store.of(team_id, channel_id)

    async def require_allowed(self, key: PersonKey) -> None:
        """Raise NotAllowedError unless the policy lets the person have digests, and feeds, of channels.

        NotAnAdminError where it leaves that to admins.
        """
        policy = await self.policies.of(key.team_id)
        if not policy.digests:
            raise NotAllowedError("digests")
        if Freedom.DIGESTS not in policy.members_may:
            await self.admins.require(key)

    async def require_member(
        self, key: PersonKey, channel_id: str, *, ending: bool = False, posting: bool = True
    ) -> None:
        """Raise an InputError unless the person is in the channel, and it may have a digest, or is about to lose it.

        A digest can be ended where we cannot see any more who is in its channel: nobody else can type there.
        `posting`: whether the app has to be in the channel.
        """
        if not channel_id.startswith(("C", "G")):
            raise NotAChannelError("not a channel")
        token = await self.workspaces.the_bot_token(key.team_id)
        try:
            channel = await self.conversations.info(token, channel_id)
            if channel.shared and not ending:
                raise SharedChannelError("shared")
            members = await self.conversations.members(token, channel_id)
        except (ScopeMissingError, ChannelRefusedError) as error:
            if ending:
                return
            kind = ChannelsNotReadableError if isinstance(error, ScopeMissingError) else AppNotInChannelError
            raise kind(error.reason) from None
        if key.user_id not in members:
            raise NotInChannelError("not a member")
        if posting and not channel.joined and not ending:
            raise AppNotInChannelError("not joined")
