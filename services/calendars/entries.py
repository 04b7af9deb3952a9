"""`/ooo` in the person's own calendar: DueWork "entries", and what the form asks for.

An entry is made, moved and deleted along with its override. It is done at least once: an id of our choosing, or a
private property that is looked for first, lets a second try find what the first one made. An entry that the person
deleted in their calendar is not made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from services.calendars.oauth import AccountTokens, Credentials
from services.calendars.oauth_flow import MESSAGE_LINK_LIVES, OAuthFlow
from services.calendars.ports import EntryWriter
from services.domain.entries import KEPT, CalendarEntry, entry_id, wanted
from services.domain.errors import (
    AccessRefusedError,
    AccountLostError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
)
from services.domain.model import PersonKey
from services.platform import locale
from services.platform.logs import guarded, of_error
from services.ports import Clock, Report, WakeSignal
from services.store.accounts import AccountStore, AccountView
from services.store.entries import EntryClaim, EntryStore

T = TypeVar("T")

log = structlog.get_logger(__name__)

AT_ONCE = 20
"""Entries that are worked on at the same time, so that a calendar that does not answer holds up no other."""

LEASE = timedelta(seconds=90)
"""How long a row is left to who took it up: longer than a request, and the renewal of a token before it, may take."""

LONGEST = timedelta(hours=6)
MOST_FAILURES = 12
"""Tries until an entry waits for the next change, or for the person to allow it again, who is told: more than a day."""


@dataclass(frozen=True, slots=True)
class EntryTarget:
    """The account that an entry goes to; `link` leads to the permission that is missing, "" where it is there."""

    account: AccountView
    link: str


@dataclass(frozen=True, slots=True)
class OwnCalendars:
    """What the out-of-office form calls."""

    entries: EntryStore
    accounts: AccountStore
    flow: OAuthFlow
    writers: Mapping[str, EntryWriter]
    clock: Clock
    wake_signal: WakeSignal

    async def account(self, key: PersonKey) -> AccountView | None:
        """Return the account that an entry would go to: one that may be written to, else the oldest.

        None without any.
        """
        able = [one for one in await self.accounts.of(key) if one.provider in self.writers and not one.lost]
        for one in able:
            if await self._may_write(key, one):
                return one
        return able[0] if able else None

    async def put(self, key: PersonKey, override_id: str) -> EntryTarget | None:
        """Have an override's entry made; where that is not allowed yet, once it is. None where there is no account."""
        account = await self.account(key)
        if account is None:
            return None
        await self.entries.want(key, override_id, account.account_id, self.clock.now())
        log.info("entry_wanted", team_id=key.team_id, user_id=key.user_id, provider=account.provider)
        self.wake_signal.wake()
        if await self._may_write(key, account):
            return EntryTarget(account, "")
        return EntryTarget(account, await self.flow.link(key, account.provider, MESSAGE_LINK_LIVES, writing=True))

    async def _may_write(self, key: PersonKey, account: AccountView) -> bool:
        stored = await self.accounts.load(key, account.account_id)
        return stored is not None and self.writers[account.provider].may(
            Credentials.from_json(stored.credentials).scopes
        )


class EntryWriting:
    """DueWork "entries"."""

    name = "entries"

    def __init__(
        self,
        entries: EntryStore,
        accounts: AccountStore,
        tokens: AccountTokens,
        writers: Mapping[str, EntryWriter],
        clock: Clock,
    ) -> None:
        """`writers` by provider."""
        self._entries = entries
        self._accounts = accounts
        self._tokens = tokens
        self._writers = writers
        self._clock = clock

    async def next_due(self) -> datetime | None:
        """Return when the first is due."""
        return await self._entries.next_due()

    async def run_due(self) -> Report:
        """Make, move and delete what is due. `changed` counts what was done in a calendar."""
        now = self._clock.now()
        claims = await self._entries.claim(now, now + LEASE, AT_ONCE)
        done = await asyncio.gather(*map(self._guarded, claims))
        return Report(len(claims), changed=done.count(True), failed=done.count(None))

    async def _guarded(self, claim: EntryClaim) -> bool | None:
        """Return whether anything was done of one; None where it failed in a way that nobody foresaw."""
        changed = False
        with guarded("entry_failed", team_id=claim.key.team_id, user_id=claim.key.user_id) as result:
            changed = await self._one(claim)
        return None if result.failed else changed

    async def _one(self, claim: EntryClaim) -> bool:
        """Do what is to be done of one; whether anything was."""
        now = self._clock.now()
        chosen = entry_id(claim.key.team_id, claim.override_id, claim.account_id, claim.number)
        entry = wanted(claim.override, chosen, locale.say(claim.locale, "Out of office"), claim.zone)
        if not claim.remote_id and (entry is None or entry.end <= now):  # taken back, or too late
            await self._entries.forget(claim)
            return False
        if entry is not None and entry.digest == claim.written:
            if entry.end + KEPT <= now:  # it is over, and stays in the calendar
                await self._entries.forget(claim)
            else:
                await self._entries.save(claim, entry.end + KEPT, failures=0)
            return False
        account = await self._accounts.load(claim.key, claim.account_id)
        writer = None if account is None else self._writers.get(account.provider)
        if account is None or writer is None:
            await self._entries.forget(claim)
            return False
        waits_until = None if entry is None else entry.end + KEPT
        if account.lost or not writer.may(Credentials.from_json(account.credentials).scopes):
            await self._entries.save(claim, waits_until)  # or until it is allowed
            return False
        try:
            return await self._write(claim, entry, writer)
        except AccountLostError:
            await self._entries.save(claim, waits_until)
        except CalendarError as error:
            ids = {"team_id": claim.key.team_id, "user_id": claim.key.user_id}
            log.warning("entry_not_written", provider=account.provider, **of_error(error), **ids)
            again = self._later(claim, error)
            if again is None:
                await self._entries.give_up(claim, waits_until, claim.failures + 1)
            else:
                await self._entries.save(claim, again, failures=claim.failures + 1)
        return False

    async def _write(self, claim: EntryClaim, entry: CalendarEntry | None, writer: EntryWriter) -> bool:
        """Make, change or delete it; whether that was done. Raises a `CalendarError`."""
        ids = {"team_id": claim.key.team_id, "user_id": claim.key.user_id}
        if entry is None:
            await self._calling(claim, lambda token: writer.delete(token, claim.remote_id))
            log.info("entry_deleted", **ids)
            gone = {"remote_id": "", "written": "", "number": claim.number + 1, "failures": 0}
            await self._entries.save(claim, self._clock.now() + KEPT, **gone)  # until then it may be put back
            return True
        try:
            remote_id = await self._calling(claim, lambda token: writer.put(token, entry, claim.remote_id))
        except CalendarGoneError:
            if not claim.remote_id:
                raise
            log.info("entry_gone", **ids)  # the person deleted it
            await self._entries.forget(claim)
            return False
        log.info("entry_written", **ids)
        await self._entries.save(claim, entry.end + KEPT, remote_id=remote_id, written=entry.digest, failures=0)
        return True

    async def _calling(self, claim: EntryClaim, call: Callable[[str], Awaitable[T]]) -> T:
        """Return what `call` gives for an access token; once more with another where that one is refused."""
        token = await self._tokens.token(claim.key, claim.account_id)
        try:
            return await call(token)
        except AccessRefusedError:
            return await call(await self._tokens.token(claim.key, claim.account_id, refused=token))

    def _later(self, claim: EntryClaim, error: CalendarError) -> datetime | None:
        if claim.failures >= MOST_FAILURES or (isinstance(error, CalendarRefusedError) and claim.failures):
            return None
        wait: timedelta = min(timedelta(minutes=1) * 2**claim.failures, LONGEST)
        if isinstance(error, CalendarBusyError) and error.retry_after is not None:
            wait = max(wait, timedelta(seconds=error.retry_after))
        return self._clock.now() + wait
