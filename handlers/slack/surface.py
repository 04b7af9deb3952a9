"""What every listener of the surface needs: who it is, how to speak with them, what to call. Ports of the handlers."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from slack_bolt.context.async_context import AsyncBoltContext

from handlers.background import Background
from handlers.slack.views import modals
from handlers.slack.views.calendars import CalendarLine
from handlers.slack.views.modals import Account, Typed, View
from services.calendars.accounts.accounts import Choice, Connected
from services.domain.errors import NotInstalledError
from services.domain.model import PersonKey
from services.domain.people import PersonView
from services.domain.times import Speaker
from services.platform import locale
from services.platform.locale import Voice
from services.ports import Clock
from services.store.accounts import AccountView
from services.usecases.statuses import Statuses


class People(Protocol):
    """`services.usecases.people.People`."""

    async def get(self, key: PersonKey) -> PersonView | None: ...  # noqa: D102  # see People
    async def ensure(self, key: PersonKey) -> PersonView: ...  # noqa: D102  # see People
    async def grant_link(self, key: PersonKey) -> str: ...  # noqa: D102  # see People
    async def ask(self, key: PersonKey, command: str, text: str) -> None: ...  # noqa: D102  # see People
    async def forget(self, key: PersonKey) -> bool: ...  # noqa: D102  # see People


class Calendars(Protocol):
    """`services.calendars.connections.Connections`."""

    async def connect_feed(self, key: PersonKey, address: str) -> str: ...  # noqa: D102  # see Connections
    async def list(self, key: PersonKey) -> Sequence[CalendarLine]: ...  # noqa: D102  # see Connections
    async def disconnect(self, key: PersonKey, calendar_id: str) -> bool: ...  # noqa: D102  # see Connections
    async def sync_now(self, key: PersonKey) -> int: ...  # noqa: D102  # see Connections


class Accounts(Protocol):
    """The calendar accounts that can be connected here: `services.calendars.accounts.accounts.Accounts`."""

    async def links(self, key: PersonKey) -> Sequence[Account]: ...  # noqa: D102  # see Accounts
    async def link(self, key: PersonKey, provider: str) -> str: ...  # noqa: D102  # see Accounts
    async def connect_caldav(self, key: PersonKey, url: str, user: str, password: str) -> Connected: ...  # noqa: D102
    async def list(self, key: PersonKey) -> Sequence[AccountView]: ...  # noqa: D102  # see Accounts
    async def choice(self, key: PersonKey, account_id: str) -> Choice | None: ...  # noqa: D102  # see Accounts
    async def choose(self, key: PersonKey, account_id: str, addresses: Collection[str]) -> bool: ...  # noqa: D102
    async def disconnect(self, key: PersonKey, account_id: str) -> bool: ...  # noqa: D102  # see Accounts


class Hooks(Protocol):
    """A person's inbound hooks: `services.calendars.hooks.Hooks`."""

    async def create(self, key: PersonKey) -> str: ...  # noqa: D102  # see Hooks
    async def rotate(self, key: PersonKey, calendar_id: str) -> str | None: ...  # noqa: D102  # see Hooks


@dataclass(frozen=True, slots=True)
class Surface:
    """The services that the listeners call. `background` owns what takes longer than Slack waits."""

    statuses: Statuses
    people: People
    calendars: Calendars
    clock: Clock
    accounts: Accounts
    hooks: Hooks
    background: Background = field(default_factory=Background)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who typed or clicked, and how to speak with them."""

    view: PersonView
    voice: Voice
    speaker: Speaker

    @property
    def key(self) -> PersonKey:
        """Who it is."""
        return self.view.key


async def person(surface: Surface, context: AsyncBoltContext) -> Person:
    """Who sent the request, taken in where they are new. Raises NotInstalledError where nobody can be named."""
    key = context.get("person")
    if not isinstance(key, PersonKey):
        raise NotInstalledError("no person in the request")
    view = context.get("view")
    return known(view, surface.clock) if isinstance(view, PersonView) else await by_key(surface, key)


async def by_key(surface: Surface, key: PersonKey) -> Person:
    """The person of that key, taken in where they are new."""
    return known(await surface.people.ensure(key), surface.clock)


def known(view: PersonView, clock: Clock) -> Person:
    """Somebody of whom everything is known already."""
    speaker = Speaker(clock.now(), view.zone, locale.language(view.locale), locale.month_first(view.locale))
    return Person(view, locale.voice(view.locale, view.zone.key), speaker)


async def connect_form(surface: Surface, who: Person, *, problem: str = "", before: Typed | None = None) -> View:
    """The form of a calendar, with fresh links; `problem` and `before` are of a try that went wrong."""
    return modals.connect(who.voice, accounts=await surface.accounts.links(who.key), problem=problem, before=before)


def request_of(context: AsyncBoltContext) -> str:
    """What tells this request from every other one; the same one delivered again has the same."""
    delivery = context.get("delivery")
    return delivery if isinstance(delivery, str) and delivery else secrets.token_hex(8)


def text_of(body: dict[str, Any], name: str) -> str:
    """A text of a payload; "" where it is missing."""
    value = body.get(name)
    return value if isinstance(value, str) else ""
