"""The members of a workspace as Slack tells of them: who joins, and who is another by role, name, zone or account."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from services.domain.errors import SlackUnavailableError
from services.domain.model import PersonKey
from services.domain.operator_errors import SealError
from services.platform.logs import of_error
from services.ports import Clock, WakeSignal
from services.slack.members import parse_workspace_member
from services.slack.profile import status_of
from services.store.kept import KeptStore
from services.store.members import MemberStore

log = structlog.get_logger(__name__)

AHEAD = timedelta(minutes=1)
"""How far Slack's clock may be ahead of ours: the events of that time keep the order that they have there."""


@dataclass(frozen=True, slots=True)
class Members:
    """What events call."""

    store: MemberStore
    kept: KeptStore
    clock: Clock
    wake_signal: WakeSignal

    async def changed(self, team_id: str, enterprise_id: str, user: object, at: datetime) -> bool:
        """Take in a user object of an event of `at`, where the members of its workspace are kept; whether it is news.

        Slack sends it with each change of a status, so most of them are none.
        """
        for home in {team_id, enterprise_id} - {""}:
            if not await self.store.keeps(home):
                continue
            member = parse_workspace_member(user, await self.store.homes(home))
            if member is None:
                continue
            now = self.clock.now()
            await self._seen(PersonKey(home, member.user_id), user, min(at, now), now)
            with suppress(SealError):  # then it is kept anew
                known = await self.store.one(PersonKey(home, member.user_id))
                if known is not None:  # an event may be without what users.list was asked for
                    member = replace(
                        member, address=member.address or known.address, locale=member.locale or known.locale
                    )
                if known == member:
                    return False
            if await self.store.put(home, [member], read_at=min(at, now + AHEAD), now=now, listed=False):
                self.wake_signal.wake()
                return True
        return False

    async def _seen(self, key: PersonKey, user: object, at: datetime, now: datetime) -> None:
        """Take in what the profile of somebody whom a keeper keeps showed at `at`; who has a grant is told apart."""
        profile = user.get("profile") if isinstance(user, dict) else None
        if not isinstance(profile, dict):
            return
        try:
            news = await self.kept.see(key, status_of(profile), at, now)
        except (SealError, SlackUnavailableError) as error:  # the next look at the profile tells
            log.warning("kept_status_unread", team_id=key.team_id, user_id=key.user_id, **of_error(error))
            return
        if news:
            self.wake_signal.wake()
