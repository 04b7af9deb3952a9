"""Calendars that come as iCalendar: a CalDAV server, a feed, a hook that is posted to, a file that is sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from tests.support.engine import until
from tests.support.feeds import calendar
from tests.support.hooks import CALENDAR, itip, new_hook, posts, send
from tests.support.peers.entries import Entry, basic, vevent
from tests.support.peers.peer import Peer
from tests.support.peers.wire import Wire, same_path
from tests.support.providers_app import Vendors
from tests.support.radicale_server import PASSWORD, Radicale
from tests.support.running_app import ANN, BEN, INTERVAL, RunningApp
from tests.support.slack_files import at_rest, clicks

USERS = {ANN: "ann", BEN: "bob"}


class TextPeer(Peer):
    """Keeps the text of each entry: `gone` are the instances of a series that were called off, `moved` the others."""

    def __init__(self, running_app: RunningApp, wire: Wire) -> None:
        super().__init__(running_app, wire)
        self.gone: dict[str, list[datetime]] = {}
        self.moved: dict[str, dict[datetime, tuple[datetime, datetime]]] = {}
        self.edits: Counter[str] = Counter()

    async def cancel_instance(self, key: str, start: datetime) -> None:
        self.gone.setdefault(key, []).append(start)
        await self._changed(key, self.entries[key])

    async def move_instance(self, key: str, original: datetime, start: datetime, end: datetime) -> None:
        self.moved.setdefault(key, {})[original] = (start, end)
        await self._changed(key, self.entries[key])

    async def _changed(self, key: str, before: Entry) -> None:
        self.edits[key] += 1
        await self._added(key)

    def text(self, key: str) -> str:
        """The VEVENT, and those of the instances that are different."""
        left_out = [f"EXDATE:{basic(start)}" for start in self.gone.get(key, ())]
        mail, sequence = self.mail(self.owners[key]), self.edits[key]
        series = vevent(key, self.entries[key], mail, *left_out, sequence=sequence)
        moved = [self.instance(key, original, *times) for original, times in self.moved.get(key, {}).items()]
        return "\r\n".join([series, *moved])

    def instance(self, key: str, original: datetime, start: datetime, end: datetime) -> str:
        """The VEVENT of one instance that is different."""
        one = replace(self.entries[key], start=start, end=end, daily=0)
        mail, which = self.mail(self.owners[key]), f"RECURRENCE-ID:{basic(original)}"
        return vevent(key, one, mail, which, sequence=self.edits[key])

    def of(self, user: str) -> list[str]:
        """All the VEVENTs of a person."""
        return [self.text(key) for key in self.entries if self.owners[key] == user]


class CaldavPeer(TextPeer):
    """Radicale. Edits are another client's, straight to the server; the app goes over the wire."""

    name: ClassVar[str] = "caldav"
    NEAR: ClassVar[timedelta] = timedelta(seconds=INTERVAL / 6)
    AWAKE: ClassVar[timedelta] = timedelta(seconds=INTERVAL / 3)

    def __init__(self, running_app: RunningApp, wire: Wire, radicale: Radicale) -> None:
        super().__init__(running_app, wire)
        self.radicale = radicale

    async def connects(self, user: str = ANN) -> None:
        given = {"caldav_url": self.wire.url, "caldav_user": USERS[user], "caldav_password": PASSWORD}
        await self.running_app.types("/quo", "connect", user)
        modal = self.running_app.slack.modals[user][-1]
        values = {name: {"value": {"type": "plain_text_input", "value": text}} for name, text in given.items()}
        answer = await self.running_app.slack.people.submit(user, modal.view_id, values)
        assert answer.json()["response_action"] == "update", answer.body
        await until(lambda: "Connected: " in str(self.running_app.slack.modals[user][-1].view))
        await self.running_app.settle()

    async def disconnects(self, user: str = ANN) -> None:
        """The account, with all that belongs to it."""
        account: Any = Vendors(self.running_app, None, None, "caldav")  # type: ignore[arg-type]  # what it does in Slack alone
        await self.running_app.opens_home(user)
        await account.clicks("account_menu", "drop:", user)
        modal = self.running_app.slack.modals[user][-1]
        answer = await self.running_app.slack.people.submit(user, modal.view_id, {})
        assert answer.status == 200, answer.body
        await self.running_app.settle()

    def forget_tokens(self) -> None:
        self.radicale.forget_tokens()

    def refuse(self, user: str = ANN) -> None:
        self.wire.out("401")

    async def mends(self, user: str = ANN) -> None:
        """Connect it again with a password that is good."""
        self.wire.back()
        await self.connects(user)

    async def _added(self, key: str) -> None:
        address = self.radicale.address("work", USERS[self.owners[key]])
        await self.radicale.put(address, f"{key}.ics", calendar(self.text(key)), user=USERS[self.owners[key]])

    async def _cancelled(self, key: str) -> None:
        user = USERS[self.owners[key]]
        await self.radicale.delete(self.radicale.address("work", user), f"{key}.ics", user)


class FeedPeer(TextPeer):
    """A feed: each edit is another text of the whole."""

    name: ClassVar[str] = "ics"

    async def connects(self, user: str = ANN) -> None:
        self._write(user)
        address = same_path(self.running_app.feeds.address(user), self.wire.url)
        answer = await self.running_app.submits_feed(address, user)
        assert answer.json()["response_action"] == "update", answer.body
        await self.running_app.settle()

    async def _added(self, key: str) -> None:
        self._write(self.owners[key])

    async def _cancelled(self, key: str) -> None:
        self._write(self.owners[key])

    def _write(self, user: str) -> None:
        self.running_app.feeds[user].has(*self.of(user))


class HookPeer(TextPeer):
    """A hook: each edit is a scheduling message (iTIP) about that one entry."""

    name: ClassVar[str] = "hook"

    def __init__(self, running_app: RunningApp, wire: Wire) -> None:
        super().__init__(running_app, wire)
        self.addresses: dict[str, str] = {}

    async def connects(self, user: str = ANN) -> None:
        self.addresses[user] = await new_hook(self.running_app, user)
        if self.of(user):
            await posts(self.running_app, self.addresses[user], itip("PUBLISH", *self.of(user)))

    async def cancel_instance(self, key: str, start: datetime) -> None:
        self.edits[key] += 1
        await self._post(key, "CANCEL", self.instance(key, start, start, start + timedelta(hours=1)))

    async def move_instance(self, key: str, original: datetime, start: datetime, end: datetime) -> None:
        self.edits[key] += 1
        await self._post(key, "REQUEST", self.instance(key, original, start, end))

    async def _added(self, key: str) -> None:
        await self._post(key, "REQUEST", self.text(key))

    async def _cancelled(self, key: str) -> None:
        self.edits[key] += 1
        now = self.running_app.clock.now()
        text = vevent(key, Entry("", now, now + timedelta(hours=1)), "", sequence=self.edits[key])
        await self._post(key, "CANCEL", text)

    async def _post(self, key: str, method: str, text: str) -> None:
        address = self.addresses.get(self.owners[key])
        if address is not None:
            status, said, _ = await send(address, itip(method, text), CALENDAR)
            assert status == 202, said


class FilePeer(TextPeer):
    """A file: each edit is the file sent again, whole, in the messages tab."""

    name: ClassVar[str] = "file"

    def __init__(self, running_app: RunningApp, wire: Wire) -> None:
        super().__init__(running_app, wire)
        self.sent: set[str] = set()
        self.times = 0

    async def connects(self, user: str = ANN) -> None:
        self.sent.add(user)
        await self._send(user)
        await self.rests()
        await clicks(self.running_app, user)

    async def arrives(self) -> None:
        """It was downloaded; what comes of it is under way."""
        await until(lambda: len(self.running_app.slack.conversations.given) > self.times)

    async def rests(self) -> None:
        await at_rest(self.running_app)

    async def _added(self, key: str) -> None:
        await self._send(self.owners[key])

    async def _cancelled(self, key: str) -> None:
        await self._send(self.owners[key])

    async def _send(self, user: str) -> None:
        if user in self.sent:
            self.times = len(self.running_app.slack.conversations.given)
            self.running_app.slack.conversations.send(user, "work.ics", calendar(*self.of(user)))
            await self.arrives()  # two that are sent at once come in any order
