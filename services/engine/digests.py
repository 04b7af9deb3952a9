"""Posts digests of who is out: each at its local minute, by whoever owns its workspace, once.

All that is said is put together before the day is taken up, and posted right after it: who dies in between has posted
nothing, and nobody posts it again. What certainly was not posted is given back, and tried until it is late.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import structlog

from services.domain.digests import LATE, Period
from services.domain.errors import (
    ChannelRefusedError,
    ScopeMissingError,
    SlackError,
    SlackRateLimitedError,
    SlackShutError,
)
from services.engine.digest_messages import digest_message
from services.engine.notifications import BotRounds
from services.engine.workspaces import OwnedWorkspace, OwnedWorkspaces
from services.platform.logs import guarded
from services.ports import Clock
from services.slack.conversations import INFO, MEMBERS, SlackConversations
from services.slack.messages import POST, SlackMessages
from services.store.absences import AbsenceStore
from services.store.digests import Digest, DigestStore
from services.store.policies import PolicyStore

log = structlog.get_logger(__name__)

AGAIN = timedelta(minutes=1)
"""After so long one is tried again that could not be posted, until it is late."""

SHARED = "is_shared"
"""What a channel's digest is paused for that is shared with another organization by now."""


class DigestSender:
    """A chore of the sender."""

    def __init__(
        self,
        store: DigestStore,
        absences: AbsenceStore,
        policies: PolicyStore,
        workspaces: OwnedWorkspaces,
        *,
        conversations: SlackConversations,
        messages: SlackMessages,
        clock: Clock,
    ) -> None:
        """`conversations` and `messages` are called with the workspace's bot token."""
        self._store = store
        self._absences = absences
        self._policies = policies
        self._rounds = BotRounds(workspaces, clock)
        self._workspaces = workspaces
        self._conversations = conversations
        self._messages = messages
        self._clock = clock

    async def run(self) -> datetime | None:
        """Post what is due; when there is more to do."""
        due = await self._store.next_due(self._workspaces.without_bot)
        if due is None or due > self._clock.now():
            return due
        again = await self._rounds.go(self._store.due, lambda digest: digest.team_id, self._run)
        due = await self._store.next_due(self._workspaces.without_bot | self._rounds.full)
        return min((at for at in (again, due) if at is not None), default=None)

    async def _run(self, workspace: OwnedWorkspace, token: str | None, due: Sequence[Digest]) -> datetime | None:
        for digest in due:
            if not self._workspaces.may_use_bot(workspace):
                return None
            now = self._clock.now()
            ready = [workspace.budget.ready_at(method, now) for method in (POST, MEMBERS, INFO)]
            if any(ready):
                return max(at for at in ready if at is not None)
            self._workspaces.use(workspace)
            ids = {"team_id": digest.team_id, "channel_id": digest.channel_id}
            with guarded("digest_failed", **ids) as result:
                outcome = await self._one(digest, token, workspace)
                log.info("digest", outcome=outcome, **ids)
            if result.failed:
                await self._store.put_off(digest, self._clock.now() + AGAIN)
        return None

    async def _one(self, digest: Digest, token: str | None, workspace: OwnedWorkspace) -> str:
        """Post one, or say why not; what came of it."""
        now = self._clock.now()
        outcome = await self._reason_to_skip(digest, now)
        if not outcome and token is None:
            outcome = "no_bot_token"
            await self._store.put_off(digest, now + AGAIN)
        elif outcome:
            await self._store.take_up(digest, now, outcome)
        else:
            try:
                members = await self._members(digest, token or "", workspace)
            except (ChannelRefusedError, ScopeMissingError) as error:
                outcome = error.reason
                await self._store.pause(digest, outcome)
            except SlackError as error:
                outcome = error.reason
                await self._store.put_off(digest, self._later(workspace, error))
            else:
                outcome = await self._post(digest, token or "", workspace, members)
        return outcome

    async def _reason_to_skip(self, digest: Digest, now: datetime) -> str:
        """Return why it is not posted this time, "" where it is."""
        if digest.due_at is None or digest.due_at <= now - LATE:
            return "late"
        if not (await self._policies.get(digest.team_id)).digests:
            return "policy"
        # A weekly one is posted on a holiday, too: whoever comes back reads it.
        noon = digest.schedule.noon_of(digest.due_at)
        is_daily = digest.period is Period.DAILY
        return "holiday" if is_daily and await self._store.is_holiday(digest.team_id, noon) else ""

    async def _members(self, digest: Digest, token: str, workspace: OwnedWorkspace) -> Collection[str]:
        """Return who is in the channel. Raises ChannelRefusedError where nothing may be posted to it, SlackError."""
        async with self._workspaces.calling(workspace, INFO):
            channel = await self._conversations.info(token, digest.channel_id)
        if channel.archived or channel.shared:
            raise ChannelRefusedError("is_archived" if channel.archived else SHARED)
        async with self._workspaces.calling(workspace, MEMBERS):
            return await self._conversations.members(token, digest.channel_id)

    async def _post(self, digest: Digest, token: str, workspace: OwnedWorkspace, members: Collection[str]) -> str:
        now = self._clock.now()
        start, end = digest.schedule.told_of(digest.due_at or now)
        absent = await self._absences.out(digest.team_id, start, end, now=now, among=members)
        outcome = "nobody" if digest.silent and not absent else "posted"
        message = digest_message(digest, absent, now)
        if not await self._store.take_up(digest, now, outcome if outcome == "nobody" else ""):
            return "taken_up"
        if outcome == "nobody":
            return outcome
        try:
            async with self._workspaces.calling(workspace, POST):
                await self._messages.post_in_channel(token, digest.channel_id, message)
        except (SlackRateLimitedError, SlackShutError) as error:  # it certainly was not posted
            await self._store.give_back(digest, self._later(workspace, error))
            return error.reason
        except SlackError as error:  # nobody knows whether it was posted: not twice, rather
            outcome = error.reason
            if isinstance(error, ChannelRefusedError):
                await self._store.pause(digest, outcome)
        await self._store.posted(digest, outcome)
        return outcome

    def _later(self, workspace: OwnedWorkspace, error: SlackError) -> datetime:
        """Return when it is tried again."""
        now = self._clock.now()
        ready = [workspace.budget.ready_at(method, now) for method in (POST, MEMBERS, INFO)]
        waits = [at for at in ready if at is not None] if isinstance(error, SlackRateLimitedError) else []
        return max(waits, default=now + AGAIN)
