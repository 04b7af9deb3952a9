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
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog

from services.calendars.oauth import AccountTokens, Credentials, OAuthClient
from services.calendars.oauth_flow import LINK_LIVES, MESSAGE_LINK_LIVES, AccountLink, ConnectForm, OAuthFlow
from services.calendars.ports import Watcher
from services.calendars.providers.caldav.discovery import CaldavDirectory
from services.domain.calendars import CALDAV, Offer, OfferedCalendar
from services.domain.errors import (
    AlreadyConnectedError,
    CalendarError,
    InputError,
    NotOfferedError,
    TooManyError,
)
from services.domain.model import PersonKey
from services.platform.logs import guarded
from services.ports import Clock, WakeSignal
from services.store.accounts import AccountStore, AccountView, Cleanup
from services.store.calendars import CalendarStore
from services.store.people import PeopleStore
from services.store.workspaces import WorkspaceStore
from services.usecases.grants import Start
from services.usecases.identity import Introductions, Named, is_theirs

log = structlog.get_logger(__name__)


AT_ONCE = 8
SECONDS = 30.0
"""How long one account's cleanup may take, and the end of the program waits for all of them, in real time."""


class ProviderCleanup:
    """Stops push subscriptions and revokes tokens at the providers, in tasks of its own."""

    def __init__(self, clients: Mapping[str, OAuthClient], watchers: Mapping[str, Watcher], clock: Clock) -> None:
        """Both by provider."""
        self._clients = clients
        self._watchers = watchers
        self._clock = clock
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, cleanups: Iterable[Cleanup]) -> None:
        """Do what is left to do, without being waited for."""
        for cleanup in cleanups:
            if cleanup.provider in self._clients and (cleanup.watches or cleanup.revoke):
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
        client, watcher = self._clients[cleanup.provider], self._watchers.get(cleanup.provider)
        held = Credentials.from_json(cleanup.credentials)
        with guarded("parting_failed", provider=cleanup.provider):
            async with self._gate, asyncio.timeout(SECONDS):
                if cleanup.watches and watcher is not None:
                    if not held.good_at(self._clock.now()):
                        held = await client.renew(held, self._clock.now())
                    for watch in cleanup.watches:
                        with guarded("watch_not_stopped", provider=cleanup.provider):
                            await watcher.stop(held.access, watch)
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
    set the person's status; `slack` opens Slack at our app, "" where that is not known.
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


@dataclass(frozen=True, slots=True)
class Held:
    """What a provider's account owner allowed, sealed by whoever keeps it, until it is known who they are in Slack."""

    key: PersonKey
    content: str = field(repr=False)


class Accounts:
    """What the routes, the modals and the Home tab call."""

    def __init__(
        self,
        flow: OAuthFlow,
        caldav: CaldavDirectory,
        *,
        accounts: AccountStore,
        calendars: CalendarStore,
        people: PeopleStore,
        workspaces: WorkspaceStore,
        tokens: AccountTokens,
        cleanup: ProviderCleanup,
        introductions: Introductions,
        clock: Clock,
        wake_signal: WakeSignal,
    ) -> None:
        """`flow` knows the providers that are set up; `cleanup` cleans up there."""
        self._flow = flow
        self._providers = flow.providers
        self._caldav = caldav
        self._accounts = accounts
        self._calendars = calendars
        self._people = people
        self._workspaces = workspaces
        self._tokens = tokens
        self._cleanup = cleanup
        self._introductions = introductions
        self._clock = clock
        self._wake_signal = wake_signal

    # ── connecting ──────────────────────────────────────────────────────────────────────────────────

    async def links(self, key: PersonKey) -> Sequence[AccountLink]:
        """Make a fresh link to each provider that is set up."""
        return await self._flow.links(key)

    async def link(self, key: PersonKey, provider: str, lives: timedelta = LINK_LIVES) -> str:
        """Make a signed, single-use link that names the person. Raises NotOfferedError."""
        return await self._flow.link(key, provider, lives)

    async def ask(self, provider: str, link: str, cookie: str, seen: Mapping[str, str]) -> ConnectForm:
        """Say whose link it is, in the browser with that cookie, `seen` to be somebody's (workspace → user).

        Raises LinkExpiredError, NotOfferedError, LinkOfAnotherError where the browser is another member's.
        """
        asked = await self._flow.ask(provider, link, cookie)
        is_theirs(asked.key, seen)
        return asked

    async def introduce(self, key: PersonKey) -> Named:
        """Say who that is, as Slack shows them."""
        return await self._introductions.of(key)

    async def start(self, provider: str, link: str, cookie: str, token: str, seen: Mapping[str, str]) -> Start:
        """Begin with a link whose owner said that they want it. Raises as `ask`."""
        is_theirs(await self._flow.named(provider, link), seen)
        return await self._flow.start(provider, link, cookie, token)

    async def finish(
        self,
        provider: str,
        *,
        state: str,
        cookie: str,
        code: str,
        error: str,
        description: str = "",
        seen: Mapping[str, str],
    ) -> Connected | Held:
        """Take what a browser came back with, and connect it; or hold it until Slack has said whose browser it is.

        It is connected where the browser was `seen` to be the person's, and where the account's address is the one
        that Slack has of them. Raises as `Consents.finish`, and LinkOfAnotherError; then nothing is kept.
        """
        allowed = await self._flow.finish(
            provider, state=state, cookie=cookie, code=code, error=error, description=description
        )
        known = is_theirs(allowed.key, seen)
        if not known and allowed.offer.address:
            person = await self._introductions.of(allowed.key)
            known = person.address == allowed.offer.address.casefold()
        if not known:
            return Held(allowed.key, json.dumps([provider, allowed.credentials.to_json()]))
        return await self._connect_allowed(allowed.key, provider, allowed.credentials, allowed.offer)

    async def finish_held(self, key: PersonKey, held: str) -> Connected:
        """Connect what was held for `key`, whom Slack says to be there. Raises NotOfferedError, CalendarError."""
        provider, credentials = json.loads(held)
        if provider not in self._providers:
            raise NotOfferedError(provider)
        found = Credentials.from_json(credentials)
        offer = await self._providers[provider].directory.offer(found.access)
        return await self._connect_allowed(key, provider, found, offer)

    async def _connect_allowed(
        self, key: PersonKey, provider: str, credentials: Credentials, offer: Offer
    ) -> Connected:
        return await self._connect(key, provider, self._providers[provider].host, offer, credentials.to_json())

    async def connect_caldav(self, key: PersonKey, url: str, user: str, password: str) -> Connected:
        """Find what a CalDAV server has for that user, and connect it. May take some seconds.

        Raises an InputError that names its field.
        """
        offer, credentials = await self._caldav.offer(url, user, password)
        return await self._connect(key, CALDAV, urlsplit(offer.subject).hostname or "", offer, credentials)

    # ── what is connected ───────────────────────────────────────────────────────────────────────────

    async def list(self, key: PersonKey) -> Sequence[AccountView]:
        """List a person's accounts, oldest first."""
        return await self._accounts.of(key)

    async def mending(self, key: PersonKey, account_id: str) -> tuple[str, str, str, str] | None:
        """Return provider and name of a lost account, a link that mends it, and what is wrong as a sentence.

        None where it is gone or well.

        The link is for a message, which may be read later: it lives longer. It is "" where a form does it.
        """
        found = await self._accounts.trouble(key, account_id)
        if found is None:
            return None
        offered = found.provider in self._providers
        link = await self.link(key, found.provider, MESSAGE_LINK_LIVES) if offered else ""
        return found.provider, found.name, link, found.trouble

    async def choice(self, key: PersonKey, account_id: str) -> Choice | None:
        """List what an account offers, asked for now where that is quick, else as known last; None where it is gone."""
        account = next((one for one in await self._accounts.of(key) if one.account_id == account_id), None)
        if account is None:
            return None
        connected = await self._calendars.of_account(key, account_id)
        if not account.lost:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._read_again(key, account, connected)
            except (CalendarError, InputError, TimeoutError) as failure:
                log.info("offer_not_read", provider=account.provider, error=type(failure).__name__)
        offered = await self._accounts.offered(key, account_id)
        return Choice(account, tuple((one, one.address in connected) for one in offered))

    async def choose(self, key: PersonKey, account_id: str, addresses: Collection[str]) -> bool:
        """Connect exactly these of the offered calendars; False where the account is gone.

        One that is connected and not offered at the moment, and so could not be chosen, stays.

        Raises TooManyError; then those that there was room for are connected.
        """
        account = next((one for one in await self._accounts.of(key) if one.account_id == account_id), None)
        if account is None:
            return False
        offered = await self._accounts.offered(key, account_id)
        connected = await self._calendars.of_account(key, account_id)
        for one in offered:
            if one.address in connected and one.address not in addresses:
                await self._leave(key, connected[one.address])
        wanted = [one for one in offered if one.address in addresses and one.address not in connected]
        provider = self._providers.get(account.provider)
        host = provider.host if provider else ""
        try:
            await self._add(key, account_id, account.provider, host, wanted)
        finally:
            self._wake_signal.wake()
        return True

    async def disconnect(self, key: PersonKey, account_id: str) -> bool:
        """Forget an account with its calendars: watches are stopped, the token is revoked. False where it is gone."""
        cleanups = await self._accounts.cleanups(key.team_id, key.user_id, account_id=account_id)
        if not await self._accounts.remove(key, account_id, self._clock.now()):
            return False
        log.info("account_disconnected", team_id=key.team_id, user_id=key.user_id)
        self._cleanup.begin(cleanups)
        self._wake_signal.wake()
        return True

    async def _read_again(self, key: PersonKey, account: AccountView, connected: Collection[str]) -> None:
        provider = self._providers.get(account.provider)
        if provider is not None:
            offer = await provider.directory.offer(await self._tokens.token(key, account.account_id))
        elif (kept := await self._accounts.load(key, account.account_id)) and kept.provider == CALDAV:
            user, password = (str(kept.credentials.get(name) or "") for name in ("user", "password"))
            digest = kept.credentials.get("login") == "digest"
            offer, _ = await self._caldav.offer(kept.subject, user, password, digest=digest)
            # What was connected by its own address need not be in the person's home: it stays on the list.
            found = {one.address for one in offer.calendars}
            before = await self._accounts.offered(key, account.account_id)
            others = [one for one in before if one.address in connected and one.address not in found]
            offer = replace(offer, calendars=(*offer.calendars, *others))
        else:
            return
        await self._accounts.remember(key, account.account_id, offer)

    # ── how ─────────────────────────────────────────────────────────────────────────────────────────

    async def _connect(
        self, key: PersonKey, provider: str, host: str, offer: Offer, credentials: Mapping[str, Any]
    ) -> Connected:
        now = self._clock.now()
        account_id, new = await self._accounts.connect(key, provider, offer, credentials, now)
        connected = await self._calendars.of_account(key, account_id)
        if not connected:  # one that is mended keeps what was chosen
            try:
                await self._add(key, account_id, provider, host, [one for one in offer.calendars if one.main])
            except TooManyError:
                if new:
                    await self.disconnect(key, account_id)
                raise
            connected = await self._calendars.of_account(key, account_id)
        log.info(
            "account_connected", team_id=key.team_id, user_id=key.user_id, provider=provider, calendars=len(connected)
        )
        self._wake_signal.wake()
        person = await self._people.get(key)
        names = tuple(one.name for one in offer.calendars if one.address in connected)
        return Connected(
            key=key,
            account_id=account_id,
            provider=provider,
            name=offer.name,
            calendars=names,
            more=len(offer.calendars) - len(names),
            locale=person.locale if person else "",
            granted=person.granted if person else False,
            slack=await self._workspaces.home_link(key),
        )

    async def _add(
        self, key: PersonKey, account_id: str, provider: str, host: str, wanted: Iterable[OfferedCalendar]
    ) -> None:
        for one in wanted:
            where, now = host or urlsplit(one.address).hostname or "", self._clock.now()
            try:
                await self._calendars.add(key, provider, one.address, where, now, name=one.name, account_id=account_id)
            except AlreadyConnectedError:  # through another account that sees it too
                log.info("calendar_known", team_id=key.team_id, user_id=key.user_id, provider=provider)

    async def _leave(self, key: PersonKey, calendar_id: str) -> None:
        cleanups = await self._accounts.cleanups(key.team_id, key.user_id, calendar_id=calendar_id)
        if await self._calendars.remove(key, calendar_id, self._clock.now()):
            self._cleanup.begin(cleanups)
