"""Access tokens of people's accounts: taken from the store, renewed when they have to be, by one replica at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from services.calendars.accounts.oauth import Credentials, OAuthClient
from services.domain.errors import AccountLostError, AccountNotConsentedError, CalendarError, CalendarUnreachableError
from services.domain.model import PersonKey
from services.ports import Clock, WakeSignal
from services.store.accounts import AccountStore, StoredAccount

log = structlog.get_logger(__name__)

SECONDS = 10.0
"""How long a renewal may take, in real time."""

LEASE = timedelta(seconds=15)
"""How long it is left to who began it: longer than that."""

BEAT = 0.1
PATIENCE = 20.0
"""Seconds of real time between two looks at, and in all for, a renewal that another is at."""


class AccountTokens:
    """`ports.AccessTokens`."""

    def __init__(
        self,
        rows: AccountStore,
        clients: Mapping[str, OAuthClient],
        clock: Clock,
        wake_signal: WakeSignal,
        *,
        patience: float = PATIENCE,
    ) -> None:
        """`clients` by provider; `patience` in seconds of real time."""
        self._rows = rows
        self._clients = clients
        self._clock = clock
        self._wake_signal = wake_signal
        self._patience = patience

    async def token(self, key: PersonKey, account_id: str, *, refused: str = "") -> str:
        """Return a token that is good for a minute at least, and not the one that was `refused`.

        Raises AccountLostError, or another `CalendarError` for what passes.
        """
        end = asyncio.get_running_loop().time() + self._patience
        while True:
            account = await self._rows.load(key, account_id)
            if account is None or account.lost or account.provider not in self._clients:
                raise AccountLostError("not connected")
            now = self._clock.now()
            held = Credentials.from_json(account.credentials)
            if held.good_at(now) and held.access != refused:
                return held.access
            if await self._rows.claim(account, now, now + LEASE):
                return await self._renew(account, held)
            if asyncio.get_running_loop().time() > end:
                raise CalendarUnreachableError("another replica is at the renewal")
            await asyncio.sleep(BEAT)

    async def _renew(self, account: StoredAccount, held: Credentials) -> str:
        ids = {"team_id": account.key.team_id, "user_id": account.key.user_id, "account_id": account.account_id}
        try:
            async with asyncio.timeout(SECONDS):
                fresh = await self._clients[account.provider].renew(held, self._clock.now())
        except TimeoutError:
            await self._rows.release(account)
            raise CalendarUnreachableError("the renewal takes too long") from None
        except AccountLostError as refusal:
            if await self._rows.lost(account, consent=isinstance(refusal, AccountNotConsentedError)):
                log.warning("account_lost", **ids, provider=account.provider, reason=refusal.reason)
                self._wake_signal.wake()
            raise
        except (CalendarError, asyncio.CancelledError):  # who asked may have run out of patience
            await asyncio.shield(self._rows.release(account))
            raise
        if not await self._rows.renewed(account, fresh.to_json()):
            log.warning("renewed_account_not_kept", **ids)
        return fresh.access
