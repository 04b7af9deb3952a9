"""Members who were deactivated: nothing is done for them, until they are back or the operator's time for it is over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from services.calendars.accounts import ProviderCleanup
from services.domain.errors import SlackError
from services.domain.faults import is_lost
from services.domain.model import NO_STATUS, PersonKey, Status
from services.platform.logs import guarded, of_error
from services.ports import Clock, Report, WakeSignal
from services.slack.oauth import SlackAuthority
from services.store.accounts import AccountStore
from services.store.deactivated import DeactivatedStore
from services.store.people import PeopleStore
from services.usecases.offboarding import Offboarding

log = structlog.get_logger(__name__)

AT_ONCE = 20


@dataclass(slots=True)
class Deactivated:
    """What events call. DueWork "deactivated": who has been for as long as `kept` is forgotten, as by /quo forget.

    Their token is worth nothing at Slack by then: that it cannot be revoked keeps nothing.
    """

    store: DeactivatedStore
    people: PeopleStore
    slack: SlackAuthority
    leaving: Offboarding
    accounts: AccountStore
    cleanup: ProviderCleanup
    clock: Clock
    wake_signal: WakeSignal
    kept: timedelta
    name: str = "deactivated"

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

    async def reactivate(self, key: PersonKey, at: datetime, shown: Status) -> None:
        """Have everything done again for somebody who is a member at `at`; `shown`: what their profile shows.

        Slack is asked whether the token that we have is worth something still; if not, they are told so, with the link.
        """
        if not await self.store.is_deactivated(key):
            return
        back = await self.store.reactivate(key, at, self.clock.now(), emptied=shown == NO_STATUS)
        if back is None:
            return
        log.info("person_reactivated", team_id=key.team_id, user_id=key.user_id)
        if back.token is not None and back.granted_at is not None:
            try:
                await self.slack.owner(back.token)
            except SlackError as failure:
                if is_lost(failure):
                    await self.people.lose_grant(key, back.granted_at, self.clock.now())
                else:  # everybody's may be refused, or Slack is silent: what is written next tells
                    log.warning("token_unverified", team_id=key.team_id, user_id=key.user_id, **of_error(failure))
        self.wake_signal.wake()

    async def next_due(self) -> datetime | None:
        """Return when the next one is to be forgotten."""
        first = await self.store.first_at()
        return None if first is None else first + self.kept

    async def run_due(self) -> Report:
        """Forget those whose time is over."""
        over = await self.store.since(self.clock.now() - self.kept, AT_ONCE)
        failed = 0
        for key in over:
            with guarded("deactivated_not_forgotten", team_id=key.team_id, user_id=key.user_id) as result:
                await self.leaving.forget(key)
            failed += result.failed
        return Report(done=len(over), changed=len(over) - failed, failed=failed)
