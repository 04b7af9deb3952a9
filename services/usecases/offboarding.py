"""What takes things away: "forget me", an uninstall, a permission that was revoked at Slack.

Who wants to be forgotten is a leaver for a minute at most: everything of theirs is deleted at once but the token
and the memory of their profile, with which the sender takes back what is ours, as at the end of a span with nothing
after it. Then the token is revoked and the rest deleted.

Slack tells of an uninstall by `app_uninstalled` and `tokens_revoked`, in either order, late or twice
(docs.slack.dev, events/tokens_revoked). `tokens_revoked` names people, not tokens: one that comes late must not
take away what was given since.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.calendars.accounts import ProviderCleanup
from services.domain.errors import GrantLostError, SlackError, StatusQuoError
from services.domain.faults import is_lost
from services.domain.model import Effect, PersonKey, Status
from services.platform.logs import guarded, of_error
from services.ports import Clock, Report, Say, WakeSignal
from services.slack.messages import with_button
from services.slack.oauth import SlackAuthority
from services.store.accounts import AccountStore
from services.store.leavers import Leaver, LeaverStore
from services.store.people import PeopleStore
from services.store.workspaces import WorkspaceStore
from services.usecases.teller import Teller

log = structlog.get_logger(__name__)

_IN_DOUBT = timedelta(seconds=60)
"""Slack's clock and ours, and its whole seconds: a permission that is younger than the event by less is asked for."""

TAKE_BACK = timedelta(seconds=60)
"""How long it may take until a profile is as it was: then its person is deleted all the same, and told what is left."""


@dataclass(slots=True)
class Offboarding:
    """Takes grants, people and workspaces away. DueWork "leaving": who was to be forgotten is deleted.

    `slack` revokes, and says whether a token still lives. `accounts` tell what `cleanup` has to do at the providers of
    calendars; `teller` tells a person what could not be taken back.
    """

    people: PeopleStore
    workspaces: WorkspaceStore
    slack: SlackAuthority
    leavers: LeaverStore
    accounts: AccountStore
    cleanup: ProviderCleanup
    teller: Teller
    say: Say
    clock: Clock
    wake_signal: WakeSignal
    name: str = "leaving"

    # ── who wants to be forgotten ───────────────────────────────────────────────────────────────────

    async def forget(self, key: PersonKey) -> bool:
        """Delete the person: at once, but for what it takes to leave their profile as if we had never been there.

        False where there is nobody. What stops watches and gives permissions back at their calendars has begun then.
        """
        cleanups = await self.accounts.cleanups(key.team_id, key.user_id)
        now = self.clock.now()
        if not await self.leavers.begin(key, now, now + TAKE_BACK):
            return False
        self.cleanup.begin(cleanups)
        log.info("person_leaves", team_id=key.team_id, user_id=key.user_id)
        self.wake_signal.wake()
        await self.run_due()
        return True

    async def is_leaving(self, key: PersonKey) -> bool:
        """Return whether they are being forgotten, and something of them is still kept."""
        return any(leaver.key == key for leaver in await self.leavers.all())

    async def next_due(self) -> datetime | None:
        """Return when the next leaver is to be gone, now where nothing is left to be taken back."""
        now = self.clock.now()
        leavers = await self.leavers.all()
        return min((now if leaver.is_ready(now) else leaver.leave_by for leaver in leavers), default=None)

    async def run(self) -> None:
        """See off those whose profile the sender has put right: auth.revoke counts in no budget."""
        await self.run_due()

    async def run_due(self) -> Report:
        """See off those who are ready to go."""
        ready = [leaver for leaver in await self.leavers.all() if leaver.is_ready(self.clock.now())]
        failed = 0
        for leaver in ready:
            with guarded("person_not_forgotten", team_id=leaver.key.team_id, user_id=leaver.key.user_id) as result:
                await self._see_off(leaver)
            failed += result.failed
        return Report(done=len(ready), changed=len(ready) - failed, failed=failed)

    async def _see_off(self, leaver: Leaver) -> None:
        ids = {"team_id": leaver.key.team_id, "user_id": leaver.key.user_id}
        if leaver.token is not None:
            try:
                await self.slack.revoke(leaver.token)
            except GrantLostError:
                log.info("token_was_dead", **ids)
            except SlackError as failure:  # their data goes all the same, and the token with it
                log.warning("token_not_revoked", **of_error(failure), **ids)
        if not await self.leavers.delete(leaver):
            return  # another replica was first, or they have come back
        ours, theirs = leaver.standing.applied or leaver.standing.pending, leaver.standing.covered
        now, left = self.clock.now(), []
        if ours is not None and ours.lasts(now):
            status = _named(ours)
            left.append(self.say(leaver.locale, "I could not take {status} off. Clear it in Slack.", status=status))
        if theirs is not None and theirs.lasts(now):
            left.append(self.say(leaver.locale, "I could not put your own {status} back.", status=_named(theirs)))
        owed = leaver.owed(now)
        if Effect.DND in owed:
            left.append(self.say(leaver.locale, "I could not unmute your notifications. Do it in Slack."))
        if Effect.AWAY in owed:
            left.append(self.say(leaver.locale, "I could not set you active again. Do it in Slack."))
        if Effect.PHOTO in owed:
            left.append(self.say(leaver.locale, "I could not put your own photo back. Set it in Slack."))
        log.info("person_forgotten", left=len(left), **ids)
        if left and not leaver.deactivated:  # else Slack has no account to send it to
            try:
                await self.teller.tell(leaver.key, with_button(" ".join(left), ""))
            except StatusQuoError as failure:
                log.warning("left_not_named", **of_error(failure), **ids)

    # ── what Slack tells of ─────────────────────────────────────────────────────────────────────────

    async def uninstalled(self, team_id: str, at: datetime) -> bool:
        """Delete everything of a workspace from which the app was removed at `at`; return whether that was done."""
        installed_at = await self.workspaces.installed_at(team_id)
        if installed_at is None:
            return False
        if await self._outlived(team_id, installed_at, at, await self.workspaces.bot_token(team_id)):
            log.info("uninstall_ignored", team_id=team_id)
            return False
        cleanups = await self.accounts.cleanups(team_id)
        if not await self.workspaces.delete(team_id, self.clock.now()):
            return False  # another replica was first
        self.cleanup.begin(cleanups)
        log.info("workspace_deleted", team_id=team_id)
        return True

    async def revoked(self, team_id: str, user_ids: Iterable[str], at: datetime, *, bot: bool) -> int:
        """Take away those people's permissions, and the bot's where `bot`, as revoked at `at`; say how many."""
        taken = 0
        for user_id in user_ids:
            key = PersonKey(team_id, user_id)
            grant = await self.people.the_grant(key)
            if grant is None:
                continue
            if await self._outlived(team_id, grant.granted_at, at, grant.token):
                log.info("revocation_ignored", team_id=team_id, user_id=user_id)
                continue
            if await self.people.lose_grant(key, grant.granted_at, self.clock.now()):
                log.info("grant_revoked", team_id=team_id, user_id=user_id)
                taken += 1
        if bot:
            installed_at = await self.workspaces.installed_at(team_id)
            token = await self.workspaces.bot_token(team_id)
            if installed_at is not None and not await self._outlived(team_id, installed_at, at, token):
                await self.workspaces.drop_bot(team_id, installed_at)
                log.info("bot_revoked", team_id=team_id)
        if taken:
            self.wake_signal.wake()
        return taken

    async def _outlived(self, team_id: str, given_at: datetime, at: datetime, token: str | None) -> bool:
        """Return whether what was given at `given_at` is newer than a revocation at `at`; in doubt Slack is asked."""
        if given_at > at + _IN_DOUBT:
            return True
        if given_at < at or token is None:
            return False
        try:
            await self.slack.owner(token)
        except SlackError as failure:
            if is_lost(failure):
                return False
            log.warning("token_unverified", team_id=team_id, **of_error(failure))
            return given_at >= at + timedelta(seconds=1)
        return True


def _named(status: Status) -> str:
    return f"“{status.emoji} {status.text}”".replace("“ ", "“").replace(" ”", "”")
