"""The whole app with a local Google and a local Microsoft; people connect their accounts in a browser of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from re import findall, search
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
import sqlalchemy as sa
from aiohttp.test_utils import TestServer

from emulators.google import GoogleEntry, LocalGoogle
from emulators.microsoft import LocalMicrosoft, MicrosoftEntry
from services.store.calendar_tables import CALENDARS, WATCHES
from tests.support.clocks import ManualClock
from tests.support.engine import until
from tests.support.running_app import ANN, RunningApp, open_running_app

MAIL = {"google": "ann@gmail.example", "microsoft": "ann@work.example"}
NAMES = {"google": "Google Calendar", "microsoft": "Microsoft 365"}


def quick_at(name: str, fixture: str = "vendors") -> pytest.MarkDecorator:
    """A test is for both providers; in the quick run for that one alone: what differs between them is held for each
    below `tests/providers`."""
    other = "microsoft" if name == "google" else "google"
    both = [name, pytest.param(other, marks=pytest.mark.slow)]
    return pytest.mark.parametrize(fixture, both, indirect=True)


@dataclass(frozen=True)
class Form:
    """A form of one of our pages, to be sent by POST."""

    action: str
    fields: dict[str, str]

    @classmethod
    def on(cls, page: str) -> Form | None:
        """The one on that page; None where there is none."""
        found = search(r'<form method="post" action="([^"]*)">(.*?)</form>', page)
        if found is None:
            return None
        fields = findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', found[2])
        return cls(unescape(found[1]), {name: unescape(value) for name, value in fields})


@dataclass
class Vendors:
    """`name` is the provider that a test is about."""

    running_app: RunningApp
    google: LocalGoogle
    microsoft: LocalMicrosoft
    name: str = "google"

    @property
    def vendor(self) -> Any:
        return self.google if self.name == "google" else self.microsoft

    @property
    def mail(self) -> str:
        return MAIL[self.name]

    @property
    def main(self) -> Any:
        """The first calendar of Ann's account."""
        account = self.vendor.accounts[self.mail]
        return account.main

    def add_calendar(self, name: str) -> None:
        """A further one in Ann's account."""
        account = self.vendor.accounts[self.mail]
        if self.name == "google":
            account.add_calendar(name, "team-1")
        else:
            account.add_calendar(name)

    def has(self, title: str, start: datetime, minutes: int = 60) -> Any:
        """An entry of hers, of which we are told where she is connected."""
        made = GoogleEntry if self.name == "google" else MicrosoftEntry
        return self.main.add(made(title, start, start + timedelta(minutes=minutes)))

    def browser(self) -> aiohttp.ClientSession:
        """A browser with cookies of its own."""
        jar = aiohttp.CookieJar(unsafe=True)
        return aiohttp.ClientSession(cookie_jar=jar, headers={"Accept": "text/html"})

    async def link(self, user: str = ANN) -> str:
        """The link to her provider, from `/quo connect`."""
        await self.running_app.types("/quo", "connect", user)
        return self.link_in(self.running_app.slack.modals[user][-1].view)

    def link_in(self, view: dict[str, Any]) -> str:
        """The link to the provider in a view or message."""
        found = [
            element["url"]
            for block in view["blocks"]
            for element in block.get("elements", [])
            if f"/connect/{self.name}?" in element.get("url", "")
        ]
        assert len(found) == 1, found
        return str(found[0])

    async def consents(self, session: aiohttp.ClientSession, link: str, **how: Any) -> str:
        """Follow the link, go on, and decide at the provider: where the browser is sent back to."""
        async with session.get(link, allow_redirects=False) as shown:
            sent = Form.on(await shown.text())
        assert sent is not None, shown.status
        async with session.post(self.running_app.url + sent.action, data=sent.fields, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
            return str(await self.vendor.allow(answer.headers["Location"], self.mail, **how))

    async def comes_back(self, session: aiohttp.ClientSession, back: str, user: str = ANN) -> tuple[int, str]:
        """Come back from the provider, and show Slack who it is where that is asked."""
        return await self._goes_on(session, await session.get(back, allow_redirects=False), user)

    async def follows(self, session: aiohttp.ClientSession, link: str, user: str = ANN, **how: Any) -> tuple[int, str]:
        """Follow a link to the page that it ends on: press its button, decide at the provider, be `user` at Slack."""
        return await self._goes_on(session, await session.get(link, allow_redirects=False), user, **how)

    async def _goes_on(
        self, session: aiohttp.ClientSession, answer: aiohttp.ClientResponse, user: str, **how: Any
    ) -> tuple[int, str]:
        for _ in range(9):
            page, where = await answer.text(), answer.headers.get("Location", "")
            sent = Form.on(page)
            if sent is not None:
                where = self.running_app.url + sent.action
                answer = await session.post(where, data=sent.fields, allow_redirects=False)
                continue
            if answer.status not in {302, 303}:
                return answer.status, page
            if where.startswith(self.running_app.slack.authorize_url):
                where = self.running_app.slack.oauth.decide(dict(parse_qsl(urlsplit(where).query)), user)
            elif not where.startswith(self.running_app.url):
                where = await self.vendor.allow(where, **{"account": self.mail, **how})
            answer = await session.get(where, allow_redirects=False)
        raise AssertionError("it leads nowhere")

    async def connects(self, user: str = ANN, link: str = "", **how: Any) -> tuple[int, str]:
        """The whole way, with a new browser: the page that it ends on."""
        async with self.browser() as session:
            found = await self.follows(session, link or await self.link(user), user, **how)
        await self.rests()
        return found

    async def rests(self) -> None:
        """Wait until every watch is made, every push taken, and all that follows from it done."""
        await until(self._watched)
        for _ in range(3):
            await self.vendor.settled()
            await self.running_app.settle()

    async def _watched(self) -> bool:
        now = self.running_app.clock.now()
        due = sa.select(CALENDARS.c.calendar_id).where(CALENDARS.c.watch_due_at <= now)
        asked = sa.select(WATCHES.c.watch_id).where(WATCHES.c.remote_id == "")
        return not await self.running_app.rows(due) and not await self.running_app.rows(asked)

    def watches(self) -> int:
        """How many watches the provider keeps."""
        return len(self.google.channels.open if self.name == "google" else self.microsoft.subscriptions.all)

    async def home(self, user: str = ANN) -> dict[str, Any]:
        """Her Home tab, opened and published."""
        await self.running_app.opens_home(user)
        await self.rests()
        view: dict[str, Any] = self.running_app.slack.homes[user].view
        return view

    async def clicks(self, action_id: str, value: str, user: str = ANN) -> None:
        """Choose that in a menu of the Home tab."""
        home = self.running_app.slack.homes[user]
        menus = [one["accessory"] for one in home.view["blocks"] if "accessory" in one]
        option = next(
            option for menu in menus if menu["action_id"] == action_id for option in menu["options"]
            if option["value"].startswith(value)
        )  # fmt: skip
        action = {"type": "overflow", "action_id": action_id, "selected_option": option}
        answer = await self.running_app.slack.people.click_in_view(user, home.view_id, action)
        assert answer.status == 200, answer.body

    async def submits(self, values: dict[str, Any], user: str = ANN) -> Any:
        """Submit the modal on top; the answer."""
        modal = self.running_app.slack.modals[user][-1]
        answer = await self.running_app.slack.people.submit(user, modal.view_id, values)
        assert answer.status == 200, answer.body
        await self.rests()
        return answer.json()


@asynccontextmanager
async def open_vendors(clock: ManualClock, database_url: str, name: str = "google") -> AsyncIterator[Vendors]:
    """Both providers set up; Ann has an account at each, and is known in Slack."""
    google, microsoft = LocalGoogle(clock.now), LocalMicrosoft(clock.now)
    google.add_account(MAIL["google"], "Ann")
    microsoft.add_account(MAIL["microsoft"], "Ann")
    async with (
        TestServer(google.web, host="127.0.0.1") as googles,
        TestServer(microsoft.web, host="127.0.0.1") as microsofts,
    ):
        google.url, microsoft.url = (str(one.make_url("")).rstrip("/") for one in (googles, microsofts))
        async with open_running_app(clock, database_url, {**google.settings, **microsoft.settings}) as running_app:
            google.client.redirect_uris.append(f"{running_app.url}/connect/google/callback")
            microsoft.client.redirect_uris = [f"{running_app.url}/connect/microsoft/callback"]
            yield Vendors(running_app, google, microsoft, name)
        await google.close()
        await microsoft.close()
