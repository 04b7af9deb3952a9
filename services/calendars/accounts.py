"""A person's accounts at providers: the way from a link in Slack to connected calendars, and back out again."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog

from services.calendars.oauth import Credentials, OAuthClient, new_verifier
from services.calendars.parting import Parter, Parting
from services.errors import (
    AccountLostError,
    AccountNotAllowedError,
    AlreadyConnectedError,
    CalendarError,
    ConsentDeniedError,
    LinkExpiredError,
    NotOfferedError,
)
from services.grants import Start, States, Ticket
from services.model import PersonKey
from services.people import PersonView
from services.ports import AccessTokens, Bell, Clock, Directory, Offer, OfferedCalendar

log = structlog.get_logger(__name__)

LINK_LIVES = timedelta(minutes=10)
MESSAGE_LINK_LIVES = timedelta(hours=24)
STATE_LIVES = timedelta(minutes=10)
CALDAV = "caldav"
PATIENCE = 1.5
"""Seconds of real time that a list of calendars may take before what was known last is shown."""

_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class AccountLink:
    """A provider that is set up here, by its name, and the person's link to it."""

    provider: str
    name: str
    link: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccountView:
    """A connected account as its owner sees it. `lost`: it has to be connected anew."""

    account_id: str
    provider: str
    name: str
    lost: bool = False


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


class KeptAccounts(Protocol):
    """The kept accounts: `store.accounts.AccountStore`."""

    async def connect(
        self, key: PersonKey, provider: str, offer: Offer, credentials: Mapping[str, Any], now: datetime
    ) -> tuple[str, bool]:
        """Keep or mend an account; its id, and whether it is new."""
        ...

    async def of(self, key: PersonKey) -> Sequence[AccountView]:
        """A person's accounts, oldest first."""
        ...

    async def offered(self, key: PersonKey, account_id: str) -> tuple[OfferedCalendar, ...]:
        """The calendars that an account had when it was last looked at."""
        ...

    async def remember(self, key: PersonKey, account_id: str, offer: Offer) -> None:
        """What it has now."""
        ...

    async def remove(self, key: PersonKey, account_id: str, now: datetime) -> bool:
        """Delete an account with its calendars."""
        ...

    async def trouble(self, key: PersonKey, account_id: str) -> tuple[str, str] | None:
        """Provider and name of an account that is lost."""
        ...

    async def partings(
        self, team_id: str, user_id: str = "", *, account_id: str = "", calendar_id: str = ""
    ) -> list[Parting]:
        """What is left to do at providers when an account or one calendar goes."""
        ...


class KeptCalendars(Protocol):
    """Their calendars: `store.calendars.CalendarStore`."""

    async def add_of_account(
        self, key: PersonKey, account_id: str, provider: str, offered: OfferedCalendar, *, host: str, now: datetime
    ) -> str:
        """Connect one calendar, due now. Raises AlreadyConnectedError, TooManyError."""
        ...

    async def of_account(self, key: PersonKey, account_id: str) -> Mapping[str, str]:
        """The connected calendars of an account: address → id."""
        ...

    async def remove(self, key: PersonKey, calendar_id: str, now: datetime) -> bool:
        """Delete one with its events."""
        ...


class People(Protocol):
    """Who is asked about: `store.people.PeopleStore`."""

    async def get(self, key: PersonKey) -> PersonView | None:
        """What is known of the person."""
        ...


class Workspaces(Protocol):
    """Where they are: `store.workspaces.WorkspaceStore`."""

    async def home_link(self, key: PersonKey) -> str:
        """What opens Slack at our Home tab."""
        ...


class Links(Protocol):
    """Signed links: `calendars.links.SignedLinks`."""

    async def make(self, provider: str, key: PersonKey, expires_at: datetime) -> str:
        """A signed text that names the person."""
        ...

    async def take(self, provider: str, link: str, now: datetime) -> PersonKey:
        """Whom it names; it is good no more. Raises LinkExpiredError."""
        ...


class PasswordDirectory(Protocol):
    """Servers with a user name and a password: `caldav.CaldavDirectory`."""

    async def offer(self, url: str, user: str, password: str) -> tuple[Offer, Mapping[str, Any]]:
        """What is there, and the credentials to keep. Raises an InputError that names its field."""
        ...


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider whose accounts are connected by OAuth."""

    client: OAuthClient
    directory: Directory
    host: str


class Accounts:
    """What the routes, the modals and the Home tab call."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        caldav: PasswordDirectory,
        *,
        accounts: KeptAccounts,
        calendars: KeptCalendars,
        people: People,
        workspaces: Workspaces,
        links: Links,
        states: States,
        tokens: AccessTokens,
        parter: Parter,
        clock: Clock,
        bell: Bell,
        base_url: str,
    ) -> None:
        """`providers` by name, those that are set up; `base_url` without a slash at its end."""
        self._providers = providers
        self._caldav = caldav
        self._accounts = accounts
        self._calendars = calendars
        self._people = people
        self._workspaces = workspaces
        self._links = links
        self._states = states
        self._tokens = tokens
        self._parter = parter
        self._clock = clock
        self._bell = bell
        self._base_url = base_url

    # ── connecting by OAuth ─────────────────────────────────────────────────────────────────────────

    async def links(self, key: PersonKey) -> Sequence[AccountLink]:
        """A fresh link to each provider that is set up."""
        return [
            AccountLink(name, provider.client.authority.name, await self.link(key, name))
            for name, provider in self._providers.items()
        ]

    async def link(self, key: PersonKey, provider: str, lives: timedelta = LINK_LIVES) -> str:
        """A signed, single-use link that names the person. Raises NotOfferedError."""
        self._provider(provider)
        signed = await self._links.make(provider, key, self._clock.now() + lives)
        return f"{self._base_url}/connect/{provider}?link={signed}"

    async def start(self, provider: str, link: str, cookie: str = "") -> Start:
        """Begin with a link, in the browser with that cookie. Raises LinkExpiredError, NotOfferedError."""
        client = self._provider(provider).client
        now = self._clock.now()
        key = await self._links.take(provider, link, now)
        # A browser keeps its cookie, so that two tabs do not spoil each other's flow.
        cookie = cookie if _COOKIE.fullmatch(cookie) else secrets.token_urlsafe(32)
        verifier = new_verifier()
        ticket = Ticket(f"state:{provider}", key.team_id, key.user_id, verifier)
        state = await self._states.issue(ticket, now + STATE_LIVES, cookie)
        return Start(client.consent_url(state, verifier, self._redirect(provider)), cookie)

    async def finish(self, provider: str, *, state: str, cookie: str, code: str, error: str) -> Connected:
        """Take what a browser came back with: `state`, and either `code` or `error`.

        Nothing is kept where it raises: LinkExpiredError (state or code unknown, used, expired, another browser's),
        ConsentDeniedError, AccountNotAllowedError where a permission was left out, NotOfferedError, or what the
        provider said (CalendarError).
        """
        found = self._provider(provider)
        now = self._clock.now()
        ticket = await self._states.take(state, f"state:{provider}", now, cookie)
        if ticket is None:
            raise LinkExpiredError("state")
        if error:
            raise ConsentDeniedError("access_denied" if error == "access_denied" else "refused")
        if not code:
            raise LinkExpiredError("no code")
        try:
            credentials = await found.client.exchange(code, ticket.verifier, self._redirect(provider), now)
        except AccountLostError as refusal:
            raise LinkExpiredError(refusal.reason) from None
        await self._require(found, credentials)
        offer = await found.directory.offer(credentials.access)
        key = PersonKey(ticket.team_id, ticket.user_id)
        return await self._connect(key, provider, found.host, offer, credentials.to_json())

    async def _require(self, provider: Provider, credentials: Credentials) -> None:
        authority = provider.client.authority
        lacking = authority.required - credentials.scopes
        if lacking or not credentials.refresh:
            log.warning("account_partial", provider=authority.provider, lacking=sorted(lacking))
            self._parter.begin([Parting(authority.provider, credentials.to_json())])  # what was given is given back
            raise AccountNotAllowedError("scopes" if lacking else "no refresh token")

    # ── connecting with a password ──────────────────────────────────────────────────────────────────

    async def connect_caldav(self, key: PersonKey, url: str, user: str, password: str) -> Connected:
        """Find what a CalDAV server has for that user, and connect it. May take some seconds.

        Raises an InputError that names its field.
        """
        offer, credentials = await self._caldav.offer(url, user, password)
        return await self._connect(key, CALDAV, urlsplit(offer.subject).hostname or "", offer, credentials)

    # ── what is connected ───────────────────────────────────────────────────────────────────────────

    async def list(self, key: PersonKey) -> Sequence[AccountView]:
        """A person's accounts, oldest first."""
        return await self._accounts.of(key)

    async def mending(self, key: PersonKey, account_id: str) -> tuple[str, str, str] | None:
        """Provider and name of an account that is lost, and a link that mends it; None where it is gone or well.

        The link is for a message, which may be read later: it lives longer. It is "" where a form does it.
        """
        found = await self._accounts.trouble(key, account_id)
        if found is None:
            return None
        provider, name = found
        link = await self.link(key, provider, MESSAGE_LINK_LIVES) if provider in self._providers else ""
        return provider, name, link

    async def choice(self, key: PersonKey, account_id: str) -> Choice | None:
        """What an account offers, asked for now where that is quick, else as known last; None where it is gone."""
        account = next((one for one in await self._accounts.of(key) if one.account_id == account_id), None)
        if account is None:
            return None
        provider = self._providers.get(account.provider)
        if provider is not None and not account.lost:
            try:
                async with asyncio.timeout(PATIENCE):
                    offer = await provider.directory.offer(await self._tokens.token(key, account_id))
                    await self._accounts.remember(key, account_id, offer)
            except (CalendarError, TimeoutError) as failure:
                log.info("offer_not_read", provider=account.provider, error=type(failure).__name__)
        connected = await self._calendars.of_account(key, account_id)
        offered = await self._accounts.offered(key, account_id)
        return Choice(account, tuple((one, one.address in connected) for one in offered))

    async def choose(self, key: PersonKey, account_id: str, addresses: Collection[str]) -> bool:
        """Have exactly these of the offered calendars connected; False where the account is gone.

        Raises TooManyError; then those that there was room for are connected.
        """
        account = next((one for one in await self._accounts.of(key) if one.account_id == account_id), None)
        if account is None:
            return False
        offered = await self._accounts.offered(key, account_id)
        connected = await self._calendars.of_account(key, account_id)
        for address, calendar_id in connected.items():
            if address not in addresses:
                await self._leave(key, calendar_id)
        wanted = [one for one in offered if one.address in addresses and one.address not in connected]
        provider = self._providers.get(account.provider)
        host = provider.host if provider else ""
        try:
            await self._add(key, account_id, account.provider, host, wanted)
        finally:
            self._bell.ring()
        return True

    async def disconnect(self, key: PersonKey, account_id: str) -> bool:
        """Forget an account with its calendars: watches are stopped, the token is revoked. False where it is gone."""
        partings = await self._accounts.partings(key.team_id, key.user_id, account_id=account_id)
        if not await self._accounts.remove(key, account_id, self._clock.now()):
            return False
        log.info("account_disconnected", team_id=key.team_id, user_id=key.user_id)
        self._parter.begin(partings)
        self._bell.ring()
        return True

    # ── how ─────────────────────────────────────────────────────────────────────────────────────────

    async def _connect(
        self, key: PersonKey, provider: str, host: str, offer: Offer, credentials: Mapping[str, Any]
    ) -> Connected:
        now = self._clock.now()
        account_id, _ = await self._accounts.connect(key, provider, offer, credentials, now)
        connected = await self._calendars.of_account(key, account_id)
        if not connected:  # one that is mended keeps what was chosen
            await self._add(key, account_id, provider, host, [one for one in offer.calendars if one.main])
            connected = await self._calendars.of_account(key, account_id)
        log.info(
            "account_connected", team_id=key.team_id, user_id=key.user_id, provider=provider, calendars=len(connected)
        )
        self._bell.ring()
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
            where = host or urlsplit(one.address).hostname or ""
            try:
                await self._calendars.add_of_account(key, account_id, provider, one, host=where, now=self._clock.now())
            except AlreadyConnectedError:  # through another account that sees it too
                log.info("calendar_known", team_id=key.team_id, user_id=key.user_id, provider=provider)

    async def _leave(self, key: PersonKey, calendar_id: str) -> None:
        partings = await self._accounts.partings(key.team_id, key.user_id, calendar_id=calendar_id)
        if await self._calendars.remove(key, calendar_id, self._clock.now()):
            self._parter.begin(partings)

    def _provider(self, name: str) -> Provider:
        found = self._providers.get(name)
        if found is None:
            raise NotOfferedError(name if name in {"google", "microsoft"} else "unknown")
        return found

    def _redirect(self, provider: str) -> str:
        return f"{self._base_url}/connect/{provider}/callback"
