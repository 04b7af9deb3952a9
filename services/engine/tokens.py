"""Rotated tokens, renewed ahead of time by exactly one replica, for people and bots, idle ones too."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from services.domain.errors import GrantLostError, SlackError, SlackUnavailableError
from services.domain.model import PersonKey
from services.domain.people import refresh_due
from services.platform.logs import guarded
from services.ports import Clock, Report
from services.slack.oauth import SlackAuthority
from services.store.workspaces import LEASE, TokenClaim, TokenStore

log = structlog.get_logger(__name__)

SECONDS = 12.0
"""How long one exchange may take, in real time."""

RETRY = timedelta(minutes=1)
AT_ONCE = 4


class TokenRefresh:
    """DueWork "tokens"."""

    name = "tokens"

    def __init__(self, rows: TokenStore, slack: SlackAuthority, clock: Clock) -> None:
        """`rows` keeps the tokens."""
        self._rows = rows
        self._slack = slack
        self._clock = clock

    async def next_due(self) -> datetime | None:
        """When the first renewal is due."""
        return await self._rows.next_due()

    async def run_due(self) -> Report:
        """Renew some of what is due, all at once: what is claimed does not wait."""
        now = self._clock.now()
        claims = await self._rows.claim(now, now + LEASE, AT_ONCE)
        done = await asyncio.gather(*(self._renewed(claim) for claim in claims))
        return Report(done=len(claims), changed=sum(done), failed=len(done) - sum(done))

    async def _renewed(self, claim: TokenClaim) -> bool:
        with guarded("token_not_renewed", team_id=claim.team_id, user_id=claim.user_id) as result:
            await self._renew(claim)
        return not result.failed

    async def refresh(self, key: PersonKey) -> None:
        """Renew a person's token now, because Slack said that it has expired.

        Raises GrantLostError where it cannot be renewed for good, another SlackError where it cannot now.
        """
        now = self._clock.now()
        claim = await self._rows.claim_person(key, now, now + LEASE)
        if claim is None:
            raise SlackUnavailableError("being_renewed")
        await self._renew(claim)

    async def _renew(self, claim: TokenClaim) -> None:
        if claim.refresh is None:
            await self._rows.put_off(claim, self._clock.now() + timedelta(hours=1))
            raise GrantLostError("no_refresh_token")
        try:
            async with asyncio.timeout(SECONDS):
                fresh = await self._slack.renew(claim.refresh)
        except GrantLostError as error:
            await self._rows.lost(claim, self._clock.now(), error.reason)
            raise
        except (SlackError, TimeoutError) as error:
            await self._rows.put_off(claim, self._clock.now() + RETRY)
            raise error if isinstance(error, SlackError) else SlackUnavailableError("takes_too_long") from None
        now, lives = self._clock.now(), timedelta(seconds=fresh.seconds)
        # one that lives shorter than `AHEAD` would be due again at once, for ever
        due_at = max(refresh_due(now + lives, claim.team_id, claim.user_id), now + lives / 2)
        if not await self._rows.renewed(claim, fresh, now + lives, due_at):
            log.warning("renewed_token_not_kept", team_id=claim.team_id, user_id=claim.user_id)
