"""Rotated tokens, renewed ahead of time by exactly one replica, for people and bots, idle ones too."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from services.domain.errors import GrantLostError, SlackError, SlackShutError, SlackUnavailableError
from services.domain.faults import IN_DOUBT, OperatorFault
from services.domain.model import PersonKey
from services.domain.people import refresh_due
from services.platform.logs import guarded
from services.ports import Clock, Report
from services.slack.oauth import SlackAuthority
from services.store.faults import FaultStore
from services.store.tokens import LEASE, TokenClaim, TokenStore

log = structlog.get_logger(__name__)

SECONDS = 12.0
"""How long one exchange may take, in real time."""

RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(minutes=5)
"""Between two tries while Slack does not take our own credentials: one renewal is tried then, for all."""

AT_ONCE = 4


class TokenRefresh:
    """DueWork "tokens"."""

    name = "tokens"

    def __init__(self, rows: TokenStore, slack: SlackAuthority, clock: Clock, faults: FaultStore) -> None:
        """`rows` keeps the tokens; `faults` is told where Slack does not take our own credentials."""
        self._rows = rows
        self._slack = slack
        self._clock = clock
        self._faults = faults
        self._retry = RETRY
        self._shut_until: datetime | None = None  # Slack did not take our own credentials: nothing is tried before

    async def next_due(self) -> datetime | None:
        """Return when the first renewal is due."""
        due = await self._rows.next_due()
        return due if due is None or self._shut_until is None else max(due, self._shut_until)

    async def run_due(self) -> Report:
        """Renew some of what is due, all at once: what is claimed does not wait."""
        now = self._clock.now()
        if self._is_shut(now):
            return Report()
        claims = await self._rows.claim(now, now + LEASE, AT_ONCE if self._shut_until is None else 1)
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
        if self._is_shut(now):
            raise SlackShutError("credentials_refused")
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
        except SlackShutError as error:
            await self._rows.put_off(claim, self._shut())
            await self._faults.met(OperatorFault.SLACK_CLIENT, error.reason, claim.team_id)
            raise
        except GrantLostError as error:
            if error.reason in IN_DOUBT:  # this may be about our address; a refresh token is named where it is lost
                await self._rows.put_off(claim, self._clock.now() + RETRY)
                raise SlackUnavailableError(error.reason) from error
            await self._rows.lost(claim, self._clock.now(), error.reason)
            raise
        except (SlackError, TimeoutError) as error:
            await self._rows.put_off(claim, self._clock.now() + RETRY)
            raise error if isinstance(error, SlackError) else SlackUnavailableError("takes_too_long") from None
        self._shut_until, self._retry = None, RETRY
        now, lives = self._clock.now(), timedelta(seconds=fresh.seconds)
        # one that lives shorter than `AHEAD` would be due again at once, for ever
        due_at = max(refresh_due(now + lives, claim.team_id, claim.user_id), now + lives / 2)
        if not await self._rows.renewed(claim, fresh, now + lives, due_at):
            log.warning("renewed_token_not_kept", team_id=claim.team_id, user_id=claim.user_id)
        await self._faults.over(OperatorFault.SLACK_CLIENT)

    def _is_shut(self, now: datetime) -> bool:
        return self._shut_until is not None and now < self._shut_until

    def _shut(self) -> datetime:
        """Try nothing for a while, longer each time; until when. Those who were under way as well count once."""
        now = self._clock.now()
        if self._shut_until is None or self._shut_until <= now:
            self._shut_until = now + self._retry
            self._retry = min(2 * self._retry, LONGEST_RETRY)
        return self._shut_until
