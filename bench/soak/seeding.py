"""The app's database as it is once everybody has installed, allowed and connected what they have."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from bench.soak.people import FEED, GOOGLE, LUNCH, MICROSOFT, Soaker
from bench.soak.world import REDIRECT, World
from emulators.server import CalendarServer
from services.calendars.oauth import Credentials, challenge_of
from services.calendars.providers.google.api import SCOPES as GOOGLE_SCOPES
from services.calendars.providers.microsoft.api import SCOPES as MICROSOFT_SCOPES
from services.domain.calendars import Offer, OfferedCalendar
from services.domain.lines import Line, Routine, Rule, put
from services.domain.model import Effect, Kind, Look, PersonKey
from services.slack import oauth, scopes
from services.slack.members import parse_member
from services.store import schema
from services.store.preferences import Lines
from services.store.stores import Stores

WEEKDAYS = frozenset(range(5))


async def seed(world: World, people: Iterable[Soaker], database_url: str, key: str) -> None:
    """Store all of it."""
    async with Stores.at(database_url, [key], world.clock) as stores:
        await schema.upgrade(stores.database)
        installed: set[str] = set()
        for one in people:
            await _granted(world, stores, one, install=one.team not in installed)
            installed.add(one.team)
            await _connected(world, stores, one)
            if one.lunch or one.mutes or one.away:
                await stores.lines.change(PersonKey(one.team, one.user), world.clock.now(), _list_of(one))


async def _granted(world: World, stores: Stores, one: Soaker, *, install: bool) -> None:
    slack, now = world.slack, world.clock.now()
    back = {"redirect_uri": REDIRECT}
    asked = {
        "client_id": slack.app.client_id, "state": "s", **back, "scope": scopes.joined(scopes.BOT),
        "user_scope": scopes.joined([*scopes.USER, *scopes.USER_OPTIONAL]),
    }  # fmt: skip
    code = dict(parse_qsl(urlsplit(slack.oauth.decide(asked, one.user)).query))["code"]
    answer = slack.oauth.access({"code": code, **back}, (slack.app.client_id, slack.app.client_secret), now)
    given = oauth.parse_answer(answer, now)
    assert given.user is not None
    if install:
        await stores.workspaces.install(given, now)
    member = parse_member(slack.membership.shown(slack.member(one.user), one.team, locale=True, email=True))
    await stores.people.grant(PersonKey(one.team, one.user), given.user, member, now)


async def _connected(world: World, stores: Stores, one: Soaker) -> None:
    key, now = PersonKey(one.team, one.user), world.clock.now()
    if one.source == FEED:
        await stores.calendars.add(key, "ics", world.feeds.address(one), "127.0.0.1", now, name="Work")
    elif one.source in {GOOGLE, MICROSOFT}:
        books = world.google if one.source == GOOGLE else world.microsoft
        asked: Mapping[str, str] = GOOGLE_SCOPES if one.source == GOOGLE else MICROSOFT_SCOPES
        calendar = books.accounts[one.mail].main.id
        offer = Offer(one.mail, one.mail, (OfferedCalendar(calendar, "Work", main=True),))
        credentials = _allowed(world, books, one.mail, asked)
        account_id, _ = await stores.accounts.connect(key, one.source, offer, credentials.to_json(), now)
        await stores.calendars.add(key, one.source, calendar, "127.0.0.1", now, name="Work", account_id=account_id)


def _allowed(world: World, books: CalendarServer, mail: str, wanted: Iterable[str]) -> Credentials:
    verifier, client = secrets.token_urlsafe(32), books.oauth.client
    asked = {
        "client_id": client.client_id, "redirect_uri": REDIRECT, "response_type": "code", "scope": " ".join(wanted),
        "access_type": "offline", "prompt": "consent", "code_challenge_method": "S256", "state": "s",
        "code_challenge": challenge_of(verifier),
    }  # fmt: skip
    code = dict(parse_qsl(urlsplit(books.oauth.decide(asked, mail)).query))["code"]
    tokens = books.oauth.token(
        {"client_id": client.client_id, "client_secret": client.client_secret, "redirect_uri": REDIRECT,
         "grant_type": "authorization_code", "code": code, "code_verifier": verifier}
    )  # fmt: skip
    ends = world.clock.now() + timedelta(seconds=tokens["expires_in"])
    return Credentials(tokens["access_token"], tokens["refresh_token"], ends, frozenset(wanted))


def _list_of(one: Soaker) -> Callable[[Lines], Lines]:
    """The list that they have chosen."""

    def chosen(lines: Lines) -> Lines:
        effects = {Kind.MEETING: one.mutes and Effect.DND, Kind.FOCUS: one.away and Effect.AWAY}
        whole: tuple[Line, ...] = tuple(
            replace(line, effects=frozenset({effect}))
            if isinstance(line, Rule) and line.kind is not None and (effect := effects.get(line.kind))
            else line
            for line in lines
        )
        if one.lunch is None:
            return whole
        return put(whole, Routine("lunch", Look(*LUNCH), WEEKDAYS, *one.lunch))

    return chosen
