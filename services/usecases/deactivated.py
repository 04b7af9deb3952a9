"""Members who were deactivated: nothing is done for them until they are back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from services.calendars.accounts import ProviderCleanup
from services.domain.errors import SlackError, StatusQuoError
from services.domain.faults import is_lost
from services.domain.model import NO_STATUS, PersonKey, Status
from services.platform.logs import of_error
from services.ports import Clock, WakeSignal
from services.slack.oauth import SlackAuthority
from services.store.account_checks import AccountCheckStore
from services.store.accounts import AccountStore
from services.store.deactivated import DeactivatedStore
from services.store.people import PeopleStore
from services.store.workspaces import WorkspaceStore

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Deactivated:
    """What events, the daily reading of all members, and the checks of accounts call."""

    store: DeactivatedStore
    checks: AccountCheckStore
    people: PeopleStore
    workspaces: WorkspaceStore
    slack: SlackAuthority
    accounts: AccountStore
    cleanup: ProviderCleanup
    clock: Clock
    wake_signal: WakeSignal

    async def told(self, key: PersonKey, at: datetime) -> None:
        """Have Slack asked about somebody who was deactivated by an event of `at`, before anything is taken from them.

        Events come late and in any order. Agents with their keys are refused until Slack has answered
        (`services/engine/account_checks.py`).
        """
        if await self.checks.told(key, min(at, self.clock.now())):
            self.wake_signal.wake()

    async def deactivate(self, key: PersonKey, at: datetime, *, check_at: datetime | None = None) -> bool:
        """Do no more for somebody who was deactivated at `at`; False where something newer is known of them.

        Their providers stop pushing; their accounts stay. `check_at`: when Slack is asked whether it is so; None where
        it has said so, and their agents' keys are deleted.
        """
        if not await self.store.deactivate(key, at, self.clock.now(), check_at):
            return False
        cleanups = await self.accounts.cleanups(key.team_id, key.user_id)
        await self.store.drop_watches(key)
        self.cleanup.begin(replace(one, revoke=False, entries=()) for one in cleanups)
        log.info("person_deactivated", team_id=key.team_id, user_id=key.user_id)
        return True

    async def reactivate(self, key: PersonKey, at: datetime, shown: Status | None = None) -> None:
        """Have everything done again for somebody who was a member at `at`, by an event or a list of all members.

        Slack is asked how they stand now: events come late and in any order, and where a token was refused it is our
        clock that says since when they are deactivated. Where it does not say, or may not know yet and is asked soon in
        any case, what is older than that brings nobody back. It is also asked whether the token that we have is worth
        something still, before anything is written with it; if not, they are told so, with the link. `shown`: what
        their profile showed at `at`, None where that is not known.
        """
        deactivation = await self.store.deactivation(key)
        if deactivation is None or (at < deactivation.since and deactivation.check_at is not None):
            return
        seen = None
        try:
            member = await self.slack.account(await self.workspaces.the_bot_token(key.team_id), key.user_id)
        except StatusQuoError as failure:
            log.warning("account_unverified", team_id=key.team_id, user_id=key.user_id, **of_error(failure))
            if at < deactivation.since:
                return
        else:
            if member is None:
                return
            seen = member.status if shown is None else None
        await self.bring_back(key, at, token=deactivation.token, shown=shown, seen=seen)

    async def bring_back(
        self, key: PersonKey, at: datetime, *, token: str | None, shown: Status | None = None, seen: Status | None
    ) -> None:
        """Have everything done again for somebody who is a member, by Slack's word; `token` is what is kept of theirs.

        `seen` is what Slack says now that their profile shows, where it was asked.
        """
        lost = token is not None and await self._is_lost(key, token)
        now = self.clock.now()
        emptied = (shown or seen or NO_STATUS) == NO_STATUS
        if not await self.store.reactivate(key, at, now, emptied=emptied, lost=lost):
            return
        if seen is not None and not emptied:
            await self.people.see(key, seen, now, now)
        log.info("person_reactivated", team_id=key.team_id, user_id=key.user_id)
        self.wake_signal.wake()

    async def _is_lost(self, key: PersonKey, token: str) -> bool:
        """Return whether Slack says that somebody's token is worth nothing any more."""
        try:
            await self.slack.owner(token)
        except SlackError as failure:
            if is_lost(failure):
                return True
            # everybody's may be refused, or Slack is silent: what is written next tells
            log.warning("token_unverified", team_id=key.team_id, user_id=key.user_id, **of_error(failure))
        return False
