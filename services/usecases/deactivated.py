"""Members who were deactivated: nothing is done for them, until they are back or the operator's time for it is over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from services.calendars.accounts import ProviderCleanup
from services.domain.errors import SlackError, StatusQuoError
from services.domain.faults import is_lost
from services.domain.model import NO_STATUS, PersonKey, Status
from services.domain.people import Member
from services.domain.request_errors import NotInstalledError
from services.platform.logs import guarded, of_error
from services.ports import Clock, Report, WakeSignal
from services.slack.oauth import SlackAuthority
from services.store.accounts import AccountStore
from services.store.deactivated import DeactivatedStore, Resting
from services.store.people import PeopleStore
from services.store.workspaces import WorkspaceStore
from services.usecases.offboarding import Offboarding
from services.usecases.slack_askers import NOBODY

log = structlog.get_logger(__name__)

AT_ONCE = 20

AGAIN = timedelta(minutes=15)
"""When it is tried again, where somebody could not be forgotten: Slack may not say how they stand."""


@dataclass(slots=True)
class Deactivated:
    """What events, and the daily reading of all members, call.

    DueWork "deactivated": who has been for as long as `kept`, and is still so by Slack's word, is forgotten, as by
    /quo forget. Their token is worth nothing at Slack by then: that it cannot be revoked keeps nothing.
    """

    store: DeactivatedStore
    people: PeopleStore
    workspaces: WorkspaceStore
    slack: SlackAuthority
    leaving: Offboarding
    accounts: AccountStore
    cleanup: ProviderCleanup
    clock: Clock
    wake_signal: WakeSignal
    kept: timedelta
    name: str = "deactivated"
    _rests_until: datetime | None = field(default=None, init=False)

    async def deactivate(self, key: PersonKey, at: datetime) -> None:
        """Do no more for somebody who was deactivated at `at`. Their providers stop pushing; their accounts stay."""
        if not await self.store.deactivate(key, at, self.clock.now()):
            return
        cleanups = await self.accounts.cleanups(key.team_id, key.user_id)
        await self.store.drop_watches(key)
        self.cleanup.begin(replace(one, revoke=False, entries=()) for one in cleanups)
        log.info("person_deactivated", team_id=key.team_id, user_id=key.user_id)
        if not self.kept:
            await self.leaving.forget(key)
        self.wake_signal.wake()

    async def reactivate(self, key: PersonKey, at: datetime, shown: Status | None = None) -> None:
        """Have everything done again for somebody who was a member at `at`, by an event or a list of all members.

        Slack is asked how they stand now: events come late and in any order, and a token that is refused has put them
        to rest by our clock. Where it does not say, what is older than their rest brings nobody back. It is
        also asked whether the token that we have is worth something still, before anything is written with it; if not,
        they are told so, with the link. `shown`: what their profile showed at `at`, None where that is not known.
        """
        resting = await self.store.resting(key)
        if resting is None:
            return
        seen = None
        try:
            member = await self._member(key)
        except StatusQuoError as failure:
            log.warning("account_unverified", team_id=key.team_id, user_id=key.user_id, **of_error(failure))
            if at < resting.since:
                return
        else:
            if member is None:
                return
            seen = member.status if shown is None else None
        await self._bring_back(key, resting, at, shown=shown, seen=seen)

    async def _bring_back(
        self, key: PersonKey, resting: Resting, at: datetime, *, shown: Status | None, seen: Status | None
    ) -> None:
        """Have everything done again; `seen` is what Slack says now that their profile shows, where it was asked."""
        lost = resting.token is not None and await self._is_over(key, resting.token)
        now = self.clock.now()
        emptied = (shown or seen or NO_STATUS) == NO_STATUS
        if not await self.store.reactivate(key, at, now, emptied=emptied, lost=lost):
            return
        if seen is not None and not emptied:
            await self.people.see(key, seen, now, now)
        log.info("person_reactivated", team_id=key.team_id, user_id=key.user_id)
        self.wake_signal.wake()

    async def _member(self, key: PersonKey) -> Member | None:
        """Return somebody as Slack shows them now; None for who is deactivated.

        Raises SlackError; NotInstalledError or SealError where nobody can ask.
        """
        return await self.slack.account(await self.workspaces.the_bot_token(key.team_id), key.user_id)

    async def _is_over(self, key: PersonKey, token: str) -> bool:
        """Return whether Slack says that somebody's token is worth nothing any more."""
        try:
            await self.slack.owner(token)
        except SlackError as failure:
            if is_lost(failure):
                return True
            # everybody's may be refused, or Slack is silent: what is written next tells
            log.warning("token_unverified", team_id=key.team_id, user_id=key.user_id, **of_error(failure))
        return False

    async def _last_look(self, key: PersonKey) -> Member | None:
        """Return somebody as Slack shows them before they are forgotten; None who is no member, or can be no more.

        Only Slack's own word has somebody forgotten, or that the app is not installed there any more. Raises SlackError
        or SealError where it does not say: the bot's token may be refused for a while, as everybody's.
        """
        try:
            return await self._member(key)
        except NotInstalledError:
            return None
        except SlackError as refusal:
            if refusal.reason in NOBODY or is_lost(refusal):
                return None
            raise

    async def next_due(self) -> datetime | None:
        """Return when the next one is to be forgotten."""
        first = await self.store.first_at()
        if first is None or self._rests_until is None:
            return None if first is None else first + self.kept
        return max(first + self.kept, self._rests_until)

    async def run_due(self) -> Report:
        """Forget those whose time is over; who is back, of which nobody told, has everything done again instead."""
        over = await self.store.since(self.clock.now() - self.kept, AT_ONCE)
        failed = 0
        for key in over:
            with guarded("deactivated_not_forgotten", team_id=key.team_id, user_id=key.user_id) as result:
                resting, member = await self.store.resting(key), await self._last_look(key)
                if member is None:
                    await self.leaving.forget(key)
                elif resting is not None:
                    await self._bring_back(key, resting, self.clock.now(), shown=None, seen=member.status)
            failed += result.failed
        self._rests_until = self.clock.now() + AGAIN if failed else None
        return Report(done=len(over), changed=len(over) - failed, failed=failed)
