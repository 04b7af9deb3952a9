"""From a link in Slack to what an account's owner allowed at its provider: OAuth, with every step checked.

The link is signed, single-use, expiring, and names its person: person, provider and a secret are sealed under the app's
keys, so that a forged link is refused before the database is asked. The secret makes it single-use and lets it expire.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from services.access.identity import Start, is_theirs, open_link
from services.calendars.oauth import Credentials, OAuthClient, needs_administrator
from services.calendars.ports import Directory, EntryWriter, Source, Watcher
from services.domain.calendars import NAMES, Offer
from services.domain.errors import AccountLostError, AccountNotConsentedError, AppRefusedError
from services.domain.faults import client_fault, redirect_fault
from services.domain.model import PersonKey
from services.domain.operator_errors import WrongRedirectError
from services.domain.request_errors import (
    AccountNotAllowedError,
    AdministratorNeededError,
    ConsentDeniedError,
    LinkExpiredError,
    NotOfferedError,
)
from services.platform.crypto import Encryptor, digest_of
from services.ports import Clock
from services.store.accounts import AccountStore
from services.store.faults import FaultStore
from services.store.oauth_states import OAuthStateStore, Ticket

log = structlog.get_logger(__name__)

_PLACE = "links"
_FORM = "link-forms"
_PARTS = 4
_OF_WORKSPACE, _WRITING = "workspace", "writing"

LINK_LIVES = timedelta(minutes=10)
MESSAGE_LINK_LIVES = timedelta(hours=24)
"""For a link in a message, which may be read later."""

STATE_LIVES = timedelta(minutes=10)

_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class AccountLink:
    """A provider that is set up here, by its name, and the person's link to it."""

    provider: str
    name: str
    link: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that is set up here, whose accounts are connected by OAuth. `host` is its API's."""

    client: OAuthClient
    directory: Directory
    source: Source
    watcher: Watcher
    writer: EntryWriter
    host: str


@dataclass(frozen=True, slots=True)
class ConnectForm:
    """What stands before a provider: whose link it is, the browser's cookie, and what its form has to bring along.

    `of_workspace`: it is for leave calendars of the person's workspace. `writing`: it asks to write, too.
    """

    key: PersonKey
    cookie: str = field(repr=False)
    token: str = field(repr=False)
    of_workspace: bool = False
    writing: bool = False


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an account's owner allowed, and for whom; `of_workspace`: an admin, for leave calendars of the workspace."""

    key: PersonKey
    offer: Offer
    credentials: Credentials = field(repr=False)
    of_workspace: bool = False


@dataclass(frozen=True, slots=True)
class OAuthFlow:
    """Sends browsers to providers, and takes what they bring back."""

    providers: Mapping[str, Provider]
    """Those that are set up, by name."""
    encryptor: Encryptor
    states: OAuthStateStore
    clock: Clock
    base_url: str
    """PUBLIC_URL without a slash at its end."""
    accounts: AccountStore
    faults: FaultStore
    """It is told where a provider does not take us, or our redirect address."""

    async def links(self, key: PersonKey, *, of_workspace: bool = False) -> Sequence[AccountLink]:
        """Make a fresh link to each provider that is set up."""
        named = [(name, await self.link(key, name, of_workspace=of_workspace)) for name in self.providers]
        return [AccountLink(name, NAMES[name], link) for name, link in named]

    async def link(
        self,
        key: PersonKey,
        provider: str,
        lives: timedelta = LINK_LIVES,
        *,
        of_workspace: bool = False,
        writing: bool = False,
    ) -> str:
        """Make a signed, single-use link that names the person. Raises NotOfferedError.

        `of_workspace`: what is connected by it is for leave calendars of their workspace. `writing`: it asks for the
        permission to write to the calendar, too; so it does where they gave that before: an account that is connected
        anew has what was asked for last.
        """
        there = self._provider(provider)
        writing = writing or (not of_workspace and await self._wrote(key, provider, there.writer))
        ticket = Ticket(f"link:{provider}", key.team_id, key.user_id)
        secret = await self.states.issue(ticket, self.clock.now() + lives)
        purpose = _OF_WORKSPACE if of_workspace else _WRITING if writing else ""
        parts = (provider, key.team_id, key.user_id, secret, *filter(None, (purpose,)))
        signed = self.encryptor.seal_token("\n".join(parts), _PLACE)
        return f"{self.base_url}/connect/{provider}?link={signed}"

    async def _wrote(self, key: PersonKey, provider: str, writer: EntryWriter) -> bool:
        for account in await self.accounts.of(key):
            stored = await self.accounts.load(key, account.account_id) if account.provider == provider else None
            if stored is not None and writer.may(Credentials.from_json(stored.credentials).scopes):
                return True
        return False

    async def ask(self, provider: str, link: str, cookie: str, seen: Mapping[str, str]) -> ConnectForm:
        """Say whose link it is, in the browser with that cookie, `seen` to be somebody's (workspace → user).

        The link stays good. Raises LinkExpiredError, NotOfferedError, LinkOfAnotherError where the browser is another
        member's.
        """
        key, _, purpose = await self._named(provider, link, seen)
        # A browser keeps its cookie, so that two tabs do not spoil each other's flow.
        cookie = cookie if _COOKIE.fullmatch(cookie) else secrets.token_urlsafe(32)
        token = self.encryptor.seal_token(f"{digest_of(link)}{digest_of(cookie)}", _FORM)
        return ConnectForm(key, cookie, token, purpose == _OF_WORKSPACE, purpose == _WRITING)

    async def start(self, provider: str, link: str, cookie: str, token: str, seen: Mapping[str, str]) -> Start:
        """Begin with a link that its owner wants: the browser brings cookie and form token. Raises as `ask`."""
        key, secret, purpose = await self._named(provider, link, seen)
        if not cookie or open_link(self.encryptor, token, _FORM) != f"{digest_of(link)}{digest_of(cookie)}":
            raise LinkExpiredError("not asked in this browser")
        now = self.clock.now()
        taken = await self.states.take(secret, f"link:{provider}", now)
        if taken is None or PersonKey(taken.team_id, taken.user_id) != key:
            raise LinkExpiredError("used or expired")
        verifier = secrets.token_urlsafe(32)  # 43 characters (RFC 7636 §4.1)
        ticket = Ticket(_state(provider, purpose == _OF_WORKSPACE), key.team_id, key.user_id, verifier)
        state = await self.states.issue(ticket, now + STATE_LIVES, cookie)
        client, redirect = self.providers[provider].client, self._redirect(provider)
        return Start(client.consent_url(state, verifier, redirect, writing=purpose == _WRITING), cookie)

    async def finish(self, provider: str, query: Mapping[str, str], cookie: str) -> Allowed:
        """Take the query that a browser came back with (RFC 6749 §4.1.2): whose account it is, and what they allowed.

        Raises LinkExpiredError (state or code unknown, used, expired, another browser's), ConsentDeniedError,
        AdministratorNeededError, AccountNotAllowedError where a permission was left out, NotOfferedError,
        WrongRedirectError, or what the provider said (CalendarError).
        """
        found = self._provider(provider)
        now = self.clock.now()
        # A provider tells whose account it is, never whose Slack: only the cookie shows that whoever allowed it is who
        # followed the link, and not somebody to whom they passed the provider's page on.
        state, code, error = (query.get(name, "") for name in ("state", "code", "error"))
        ticket, of_workspace = None, False
        if cookie:
            ticket = await self.states.take(state, _state(provider, of_workspace), now, cookie)
        if cookie and ticket is None:
            of_workspace = True
            ticket = await self.states.take(state, _state(provider, of_workspace), now, cookie)
        if ticket is None:
            raise LinkExpiredError("state")
        if error and needs_administrator(error, query.get("error_description", "")):
            raise AdministratorNeededError("consent_required")
        if error:
            raise ConsentDeniedError("access_denied" if error == "access_denied" else "refused")
        if not code:
            raise LinkExpiredError("no code")
        redirect = self._redirect(provider)
        try:
            credentials = await found.client.exchange(code, ticket.secret, redirect, now)
        except WrongRedirectError:
            await self.faults.met(redirect_fault(provider), redirect, ticket.team_id)
            raise
        except AppRefusedError as refusal:
            await self.faults.met(client_fault(provider), refusal.reason, ticket.team_id)
            raise
        except AccountNotConsentedError as refusal:
            raise AdministratorNeededError(refusal.reason) from None
        except AccountLostError as refusal:
            raise LinkExpiredError(refusal.reason) from None
        await self.faults.over(redirect_fault(provider))
        await self.faults.over(client_fault(provider))
        lacking = found.client.app.required - credentials.scopes
        if lacking or not credentials.refresh:
            # Nothing of it is kept. It is not given back: the same account may be connected already, and well.
            ids = {"team_id": ticket.team_id, "user_id": ticket.user_id}
            log.warning("account_partial", provider=provider, lacking=sorted(lacking), **ids)
            raise AccountNotAllowedError("scopes" if lacking else "no refresh token")
        offer = await found.directory.offer(credentials.access)
        return Allowed(PersonKey(ticket.team_id, ticket.user_id), offer, credentials, of_workspace)

    async def _named(self, provider: str, link: str, seen: Mapping[str, str]) -> tuple[PersonKey, str, str]:
        """Return whom a link names, its secret, and what it is for besides; it stays good."""
        self._provider(provider)
        parts = open_link(self.encryptor, link, _PLACE).split("\n")
        purpose = next((one for one in (_OF_WORKSPACE, _WRITING) if parts[_PARTS:] == [one]), "")
        if len(parts) != _PARTS + bool(purpose) or parts[0] != provider:
            raise LinkExpiredError("made for something else")
        key, secret = PersonKey(parts[1], parts[2]), parts[3]
        if not await self.states.holds(secret, f"link:{provider}", self.clock.now()):
            raise LinkExpiredError("used or expired")
        is_theirs(key, seen)
        return key, secret, purpose

    def _provider(self, name: str) -> Provider:
        found = self.providers.get(name)
        if found is None:
            raise NotOfferedError(name if name in NAMES else "unknown")
        return found

    def _redirect(self, provider: str) -> str:
        return f"{self.base_url}/connect/{provider}/callback"


def _state(provider: str, of_workspace: bool) -> str:
    """Return what a state is for."""
    return f"{'leave' if of_workspace else 'state'}:{provider}"
