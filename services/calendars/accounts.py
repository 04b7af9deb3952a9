"""A person's accounts at providers: the way from a link in Slack to connected calendars, and back out again.

On the way out, watches are stopped and tokens revoked after our own rows are gone. What is needed for it is collected
before the rows are deleted, and held in memory alone: nothing of a person is kept so that it can be deleted better.
Should it fail, or the process end, a watch runs out by itself within a week and its pushes find nobody.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import structlog

from services.access.admins import Admins
from services.access.identity import Introductions, is_theirs
from services.calendars.oauth import AccountTokens, Credentials, OAuthClient
from services.calendars.oauth_flow import MESSAGE_LINK_LIVES, OAuthFlow
from services.calendars.ports import EntryWriter, Watcher
from services.calendars.providers.caldav.dav import DIGEST
from services.calendars.providers.caldav.discovery import CaldavDirectory
from services.domain.calendars import CALDAV, Offer, OfferedCalendar
from services.domain.errors import AlreadyConnectedError, CalendarError, InputError, TooManyError
from services.domain.model import PersonKey
from services.domain.people import leave_key
from services.domain.request_errors import NotOfferedError
from services.platform.logs import guarded, of_error
from services.ports import Clock, WakeSignal
from services.store.accounts import AccountStore, AccountView, Cleanup
from services.store.calendars import CalendarStore
from services.store.entries import EntryStore
from services.store.leave import LeaveStore
from services.store.people import PeopleStore
from services.store.workspaces import WorkspaceStore

log = structlog.get_logger(__name__)

AT_ONCE = 8
SECONDS = 30.0
"""How long one account's cleanup may take, and the end of the program waits for all of them, in real time."""


@dataclass(frozen=True, slots=True)
class ProviderCleanup:
    """Stops push subscriptions, deletes our entries and revokes tokens at the providers, in tasks of its own."""

    clients: Mapping[str, OAuthClient]
    watchers: Mapping[str, Watcher]
    clock: Clock
    writers: Mapping[str, EntryWriter] = field(default_factory=dict)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE), init=False)
    _running: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    def begin(self, cleanups: Iterable[Cleanup]) -> None:
        """Do what is left to do, without being waited for."""
        for cleanup in cleanups:
            if cleanup.provider in self.clients and (cleanup.watches or cleanup.revoke or cleanup.entries):
                task = asyncio.create_task(self._clean_up(cleanup))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Finish what was begun, within its time."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=SECONDS)
            for task in late:
                task.cancel()

    async def _clean_up(self, cleanup: Cleanup) -> None:
        client, watcher = self.clients[cleanup.provider], self.watchers.get(cleanup.provider)
        writer = self.writers.get(cleanup.provider)
        held = Credentials.from_json(cleanup.credentials)
        with guarded("parting_failed", provider=cleanup.provider):
            async with self._gate, asyncio.timeout(SECONDS):
                if (cleanup.watches or cleanup.entries) and not held.good_at(self.clock.now()):
                    held = await client.renew(held, self.clock.now())
                if watcher is not None:
                    for watch in cleanup.watches:
                        with guarded("watch_not_stopped", provider=cleanup.provider):
                            await watcher.stop(held.access, watch)
                if writer is not None:
                    for remote_id in cleanup.entries:
                        with guarded("entry_not_deleted", provider=cleanup.provider):
                            await writer.delete(held.access, remote_id)
                if cleanup.revoke:
                    await client.revoke(held)
        log.info("parted", provider=cleanup.provider, watches=len(cleanup.watches), revoked=cleanup.revoke)


PATIENCE = 1.5
"""Seconds of real time that a list of calendars may take before what was known last is shown."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An account, and each calendar that it offers with whether it is connected."""

    account: AccountView
    calendars: tuple[tuple[OfferedCalendar, bool], ...]


@dataclass(frozen=True, slots=True)
class Connected:
    """What came of connecting, for the page or the form that says so.

    `name` is the account's, `calendars` are the names of those connected, `more` counts the others; `granted`: we may
    set the person's status; `slack` opens Slack at our app, "" where that is not known. `of_workspace`: `key` is an
    admin, who connected it for leave calendars.
    """

    key: PersonKey
    account_id: str
    provider: str
    name: str
    calendars: tuple[str, ...]
    more: int
    locale: str
    granted: bool
    slack: str
    of_workspace: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What a provider's account owner allowed, sealed by whoever keeps it, until it is known who they are in Slack."""

    key: PersonKey
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the routes, the modals and the Home tab call."""

    flow: OAuthFlow
    caldav: CaldavDirectory
    accounts: AccountStore
    calendars: CalendarStore
    people: PeopleStore
    workspaces: WorkspaceStore
    tokens: AccountTokens
    cleanup: ProviderCleanup
    entries: EntryStore
    introductions: Introductions
    leave: LeaveStore
    admins: Admins
    clock: Clock
    wake_signal: WakeSignal

    # ── connecting ──────────────────────────────────────────────────────────────────────────────────

    async def finish(
        self, provider: str, query: Mapping[str, str], cookie: str, seen: Mapping[str, str]
    ) -> Connected | Held:
        """Take what a browser came back with, and connect it; or hold it until Slack has said whose browser it is.

        It is connected where the browser was `seen` to be the person's, and where the account's address is the one
        that Slack has of them. Raises as `OAuthFlow.finish`, and LinkOfAnotherError; then nothing is kept.
        """
        allowed = await self.flow.finish(provider, query, cookie)
        key, offer, credentials = allowed.key, allowed.offer, allowed.credentials.to_json()
        known = is_theirs(key, seen)
        if not known and offer.address:
            person = await self.introductions.of(key)
            known = person.address == offer.address.casefold()
        if not known:
            return Held(key, json.dumps([provider, credentials, allowed.of_workspace]))
        host = self.flow.providers[provider].host
        return await self._connect(key, provider, host, offer, credentials, of_workspace=allowed.of_workspace)

    async def finish_held(self, key: PersonKey, held: str) -> Connected:
        """Connect what was held for `key`, whom Slack says to be there. Raises NotOfferedError, CalendarError."""
        provider, credentials, of_workspace = json.loads(held)
        there = self.flow.providers.get(provider)
        if there is None:
            raise NotOfferedError(provider)
        offer = await there.directory.offer(Credentials.from_json(credentials).access)
        return await self._connect(key, provider, there.host, offer, credentials, of_workspace=of_workspace)

    async def connect_caldav(
        self, key: PersonKey, url: str, user: str, password: str, *, of_workspace: bool = False
    ) -> Connected:
        """Find what a CalDAV server has for that user, and connect it. Raises an InputError that names its field."""
        offer, credentials = await self.caldav.offer(url, user, password)
        host = urlsplit(offer.subject).hostname or ""
        return await self._connect(key, CALDAV, host, offer, credentials, of_workspace=of_workspace)

    # ── what is connected ───────────────────────────────────────────────────────────────────────────

    async def list(self, key: PersonKey) -> Sequence[AccountView]:
        """List a person's accounts, oldest first."""
        return await self.accounts.of(key)

    async def mending(self, key: PersonKey, account_id: str) -> tuple[str, str, str, str] | None:
        """Return provider and name of a lost account, a link ("" where a form does it), and what is wrong; or None.

        The account is the person's, or one of leave calendars of their workspace, which they were told of as an admin.
        """
        found = await self.accounts.trouble(key, account_id)
        of_workspace = found is None
        if of_workspace:
            found = await self.accounts.trouble(leave_key(key.team_id), account_id)
        if found is None:
            return None
        link = ""
        if found.provider in self.flow.providers:
            link = await self.flow.link(key, found.provider, MESSAGE_LINK_LIVES, of_workspace=of_workspace)
        return found.provider, found.name, link, found.trouble

    async def choice(self, key: PersonKey, account_id: str) -> Choice | None:
        """List what an account offers, asked for now where that is quick, else as known last; None where it is gone."""
        account = next((one for one in await self.accounts.of(key) if one.account_id == account_id), None)
        if account is None:
            return None
        connected = await self.calendars.of_account(key, account_id)
        if not account.lost:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._read_again(key, account, connected)
            except (CalendarError, InputError, TimeoutError) as failure:
                ids = {"team_id": key.team_id, "user_id": key.user_id, "account_id": account_id}
                log.info("offer_not_read", provider=account.provider, **of_error(failure), **ids)
        offered = await self.accounts.offered(key, account_id)
        return Choice(account, tuple((one, one.address in connected) for one in offered))

    async def addresses(self, key: PersonKey, account_id: str) -> frozenset[str]:
        """Return the addresses of an account's calendars that are read."""
        return frozenset(await self.calendars.of_account(key, account_id))

    async def choose(
        self, key: PersonKey, account_id: str, addresses: Collection[str], *, connected_by: str | None = None
    ) -> bool:
        """Connect exactly these of the offered calendars; False where the account is gone.

        `connected_by` is the admin, where they are leave calendars. One that is connected and not offered now,
        and so could not be chosen, stays.
        Raises TooManyError; then those that there was room for are connected.
        """
        account = next((one for one in await self.accounts.of(key) if one.account_id == account_id), None)
        if account is None:
            return False
        offered = await self.accounts.offered(key, account_id)
        connected = await self.calendars.of_account(key, account_id)
        for one in offered:
            if one.address in connected and one.address not in addresses:
                calendar_id = connected[one.address]
                cleanups = await self.accounts.cleanups(key.team_id, key.user_id, calendar_id=calendar_id)
                if await self.calendars.remove(key, calendar_id, self.clock.now()):
                    self.cleanup.begin(cleanups)
        wanted = [one for one in offered if one.address in addresses and one.address not in connected]
        provider = self.flow.providers.get(account.provider)
        host = provider.host if provider else ""
        try:
            await self._add(key, account_id, account.provider, host, wanted, connected_by=connected_by)
        finally:
            self.wake_signal.wake()
        return True

    async def disconnect(self, key: PersonKey, account_id: str) -> bool:
        """Forget an account with its calendars: watches are stopped, the token is revoked. False where it is gone."""
        cleanups = await self.accounts.cleanups(key.team_id, key.user_id, account_id=account_id)
        if not await self.accounts.remove(key, account_id, self.clock.now()):
            return False
        log.info("account_disconnected", team_id=key.team_id, user_id=key.user_id)
        self.cleanup.begin(cleanups)
        self.wake_signal.wake()
        return True

    async def _read_again(self, key: PersonKey, account: AccountView, connected: Collection[str]) -> None:
        provider = self.flow.providers.get(account.provider)
        if provider is not None:
            offer = await provider.directory.offer(await self.tokens.token(key, account.account_id))
        elif (kept := await self.accounts.load(key, account.account_id)) and kept.provider == CALDAV:
            user, password = (str(kept.credentials.get(name) or "") for name in ("user", "password"))
            digest = kept.credentials.get("login") == DIGEST
            offer, _ = await self.caldav.offer(kept.subject, user, password, digest=digest)
            # What was connected by its own address need not be in the person's home: it stays on the list.
            found = {one.address for one in offer.calendars}
            before = await self.accounts.offered(key, account.account_id)
            others = [one for one in before if one.address in connected and one.address not in found]
            offer = replace(offer, calendars=(*offer.calendars, *others))
        else:
            return
        await self.accounts.remember(key, account.account_id, offer)

    # ── how ─────────────────────────────────────────────────────────────────────────────────────────

    async def _connect(
        self,
        person: PersonKey,
        provider: str,
        host: str,
        offer: Offer,
        credentials: Mapping[str, Any],
        *,
        of_workspace: bool,
    ) -> Connected:
        """Keep the account; the person's main calendars are connected, of the workspace none before one is chosen.

        Raises NotAnAdminError where it is for the workspace and the person is no admin (any more).
        """
        now, key, by = self.clock.now(), person, None
        known = await self.people.get(person)
        if of_workspace:
            await self.admins.require(person)
            key, by = await self.leave.begin(person, now), person.user_id
        account_id, new = await self.accounts.connect(key, provider, offer, credentials, now, connected_by=by)
        connected = await self.calendars.of_account(key, account_id)
        if not connected and not of_workspace:  # one that is mended keeps what was chosen
            try:
                await self._add(key, account_id, provider, host, [one for one in offer.calendars if one.main])
            except TooManyError:
                if new:
                    await self.disconnect(key, account_id)
                raise
            connected = await self.calendars.of_account(key, account_id)
        writer = self.cleanup.writers.get(provider)
        if writer is not None and writer.may(Credentials.from_json(credentials).scopes):
            await self.entries.granted(key, account_id, now)
        log.info(
            "account_connected", team_id=key.team_id, user_id=key.user_id, provider=provider, calendars=len(connected)
        )
        self.wake_signal.wake()
        names = tuple(one.name for one in offer.calendars if one.address in connected)
        return Connected(
            key=person,
            account_id=account_id,
            provider=provider,
            name=offer.name,
            calendars=names,
            more=len(offer.calendars) - len(names),
            locale=known.locale if known else "",
            granted=known.granted if known else False,
            slack=await self.workspaces.home_link(person),
            of_workspace=of_workspace,
        )

    async def _add(
        self,
        key: PersonKey,
        account_id: str,
        provider: str,
        host: str,
        wanted: Iterable[OfferedCalendar],
        *,
        connected_by: str | None = None,
    ) -> None:
        for one in wanted:
            where, now = host or urlsplit(one.address).hostname or "", self.clock.now()
            try:
                await self.calendars.add(
                    key, provider, one.address, where, now,
                    name=one.name, account_id=account_id, connected_by=connected_by,
                )  # fmt: skip
            except AlreadyConnectedError:  # through another account that sees it too
                log.info("calendar_known", team_id=key.team_id, user_id=key.user_id, provider=provider)
