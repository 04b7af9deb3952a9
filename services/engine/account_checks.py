"""Whether people are deactivated in Slack: asked when it told so, and before their data is deleted for it.

An event may come late, after one that told of the opposite; so nothing is taken from anybody before Slack has said the
same. Where it does not say, or there is no room to ask (a thousand members are deactivated at once), or the event is so
fresh that what Slack says may be older, the event is believed, and it is asked again soon. Agents' keys are deleted
when Slack has confirmed it, and let nobody in until then.

The bot asks (users.info). Where no bot token is kept, or Slack takes it no more, the person's own token is tried
(auth.test): if it is taken they are a member, else what Slack told last holds, and their data is deleted in time.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.domain.errors import SlackError, SlackRateLimitedError, SlackUnavailableError
from services.domain.faults import is_lost
from services.domain.people import Member
from services.engine.workspaces import OwnedWorkspace, OwnedWorkspaces
from services.platform.logs import guarded
from services.ports import Clock, Report
from services.slack.calls import calling
from services.slack.limits import LIMITS, WINDOW
from services.slack.members import INFO
from services.slack.oauth import TEST, SlackAuthority
from services.store.account_checks import AccountCheck, AccountCheckStore
from services.store.workspaces import WorkspaceStore
from services.usecases.deactivated import Deactivated
from services.usecases.offboarding import Offboarding
from services.usecases.slack_askers import NOBODY

log = structlog.get_logger(__name__)

AT_ONCE = 20
"""People who are asked about at the same time."""

FRESH = timedelta(minutes=1)
"""An event that is no older tells more than `users.info` does: Slack does not promise that it knows at once."""

SOONEST, LATEST = timedelta(minutes=15), timedelta(days=1)
"""It is asked again after as long as it has not been said already, but within these."""


@dataclass(slots=True)
class AccountChecks:
    """DueWork "deactivated".

    Who has been deactivated for as long as `kept`, and is still so by Slack's word, is forgotten, as by /quo forget.
    Their token is worth nothing at Slack by then: that it cannot be revoked keeps nothing.
    """

    store: AccountCheckStore
    deactivated: Deactivated
    leaving: Offboarding
    bots: WorkspaceStore
    slack: SlackAuthority
    workspaces: OwnedWorkspaces
    clock: Clock
    kept: timedelta
    name: str = "deactivated"

    async def next_due(self) -> datetime | None:
        """Return when Slack is to be asked next, of workspaces that another process does not own."""
        return await self.store.next_due(self.kept, self.workspaces.others)

    async def run_due(self) -> Report:
        """Ask about those who are due, of the workspaces that this process owns, and do what follows."""
        due = await self.store.due(self.clock.now(), self.kept, AT_ONCE, self.workspaces.others)
        await self.workspaces.own({one.key.team_id for one in due})
        mine = [(one, workspace) for one in due if (workspace := self.workspaces.get(one.key.team_id)) is not None]
        answers = await asyncio.gather(*(self._ask(*one) for one in mine), return_exceptions=True)
        failed = 0
        for (check, _), answer in zip(mine, answers, strict=True):
            failed += await self._fails(check, answer)
        return Report(done=len(mine), changed=len(mine) - failed, failed=failed)

    async def _fails(self, check: AccountCheck, answer: Member | BaseException | None) -> bool:
        """Do what follows from the answer about one; whether that failed. Then it is put off: the others get on."""
        with guarded("account_unverified", team_id=check.key.team_id, user_id=check.key.user_id) as result:
            if isinstance(answer, SlackRateLimitedError):
                await self._put_off(check, self.clock.now() + WINDOW)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                await self._settle(check, answer)
        if result.failed:
            await self._put_off(check, self._again_at(check))
        return result.failed

    async def _ask(self, check: AccountCheck, workspace: OwnedWorkspace) -> Member | None:
        """Return somebody as Slack shows them now; None who is deactivated, or no member.

        Raises SlackError or SealError where it does not say: the bot's token may be refused for a while, as
        everybody's. SlackRateLimitedError where there is no room to ask.
        """
        bot = await self.bots.bot_token(check.key.team_id)
        if bot is not None:
            try:
                with self._within(workspace, INFO):
                    return await self.slack.account(bot, check.key.user_id)
            except SlackError as refusal:
                if refusal.reason in NOBODY:
                    return None
                if not is_lost(refusal):
                    raise
        if check.token is None:
            return None
        try:
            with self._within(workspace, TEST):
                await self.slack.owner(check.token)
        except (SlackRateLimitedError, SlackUnavailableError):
            raise
        except SlackError:
            return None
        return Member()

    def _within(self, workspace: OwnedWorkspace, method: str) -> AbstractContextManager[None]:
        """Return the context of one call, which takes up half of the workspace's room at most."""
        now = self.clock.now()
        ready = workspace.budget.ready_at(method, now, most=LIMITS[method] // 2)
        if ready is not None:
            raise SlackRateLimitedError(method, (ready - now).total_seconds())
        self.workspaces.use(workspace)
        return calling(workspace.budget, self.clock, method)

    async def _settle(self, check: AccountCheck, member: Member | None) -> None:
        """Do what follows from what Slack says."""
        now, since = self.clock.now(), check.deactivated_at
        if since is not None and member is not None:
            await self.deactivated.bring_back(check.key, now, token=check.token, seen=member.status)
        elif check.told_at is not None and member is not None and now - check.told_at <= FRESH:
            await self._put_off(check, now + SOONEST)
        elif member is not None:
            if await self.store.answered(check):
                log.info("deactivation_outdated", team_id=check.key.team_id, user_id=check.key.user_id)
        elif since is None and not await self._deactivate(check):
            return
        elif (since or check.told_at or now) + self.kept <= now:
            await self.leaving.forget(check.key)
        elif since is not None:
            await self.store.confirmed(check)

    async def _put_off(self, check: AccountCheck, until: datetime) -> None:
        """Have it asked at `until`, and believe meanwhile what Slack told."""
        if check.deactivated_at is None:
            await self._deactivate(check, until)
        else:
            await self.store.put_off(check.key, until)

    async def _deactivate(self, check: AccountCheck, check_at: datetime | None = None) -> bool:
        """Take somebody for deactivated; False where something newer is known of them by now."""
        at = check.told_at or self.clock.now()
        if await self.deactivated.deactivate(check.key, at, check_at=check_at):
            return True
        await self.store.answered(check)
        return False

    def _again_at(self, check: AccountCheck) -> datetime:
        """Return when it is asked again about somebody for whom that failed."""
        now = self.clock.now()
        since = check.deactivated_at or now
        if since + self.kept <= now:
            since += self.kept
        return now + min(max(SOONEST, now - since), LATEST)
