"""Slack, Google, Microsoft and feeds, all local, and a record of what profiles showed and what was called."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime

from aiohttp import web

from bench.soak.clock import SoakClock
from bench.soak.judge import Change
from bench.soak.oracle import ABSENCE, FOCUS, NEVER
from bench.soak.people import FEED, GOOGLE, MICROSOFT, Entry, Soaker
from bench.soak.story import Called
from emulators.google import GoogleEntry, LocalGoogle, google_client
from emulators.microsoft import LocalMicrosoft, MicrosoftEntry
from emulators.slack import ApiCall, AppConfig, LocalSlack
from emulators.slack.state import CallLog, SlackMember

GET, SET = "users.profile.get", "users.profile.set"
REDIRECT = "http://127.0.0.1:9/callback"  # where nobody goes: the code is taken out of the address
HTTP_OK, HTTP_NOT_MODIFIED, LIMITED = 200, 304, 429


class SoakSlack(LocalSlack):
    """Remembers what each profile showed, and what was called."""

    def __init__(self, clock: SoakClock) -> None:
        super().__init__(clock, AppConfig(ack_seconds=30.0))
        self.shown: dict[str, list[Change]] = defaultdict(list)
        self.written: dict[str, list[datetime]] = defaultdict(list)
        self.counts: Counter[str] = Counter()
        self.of_profiles: list[Called] = []
        self.refused: list[tuple[datetime, str, str]] = []
        self.needless: list[tuple[datetime, str, str]] = []
        self.calls = _Calls(self)
        self._changed = ""

    def status_changed(self, member: SlackMember) -> None:
        """Note it."""
        ends = datetime.fromtimestamp(member.expiration, UTC) if member.expiration else None
        self.shown[member.user_id].append(Change(self.clock.now(), (member.text, member.emoji), ends))
        self._changed = member.user_id
        super().status_changed(member)

    def by_hand(self, user: str, text: str, emoji: str, until: datetime | None) -> None:
        """Somebody sets their status in Slack, or takes it off."""
        self.type_status(user, text, emoji, until)
        self._changed = ""

    def called(self, call: ApiCall) -> None:
        """Note a call that was answered."""
        self.counts[call.method] += 1
        if call.method in {GET, SET}:
            what = f"{call.method} {'ok' if call.ok else call.error} {call.arguments.get('profile', '')}"
            self.of_profiles.append(Called(self.clock.now(), call.user_id, what))
        if call.http_status == LIMITED:
            self.refused.append((call.at, call.team_id, call.method))
        if call.method == SET and call.ok:
            self.written[call.team_id].append(self.clock.now())
            if self._changed != call.user_id:
                self.needless.append((call.at, call.user_id, str(call.arguments.get("profile"))))
            self._changed = ""

    def forget_the_past(self) -> None:
        """Let go of what grows without end and nobody here looks at."""
        self.deliveries.delivered.clear()
        del self.messages[:-1000]
        self.triggers._triggers.clear()  # noqa: SLF001 - it keeps those that were used
        self.triggers._used.clear()  # noqa: SLF001
        self.triggers._places.clear()  # noqa: SLF001


class _Calls(CallLog):
    def __init__(self, slack: SoakSlack) -> None:
        super().__init__()
        self._slack = slack

    def add(self, call: ApiCall) -> None:
        self._slack.called(call)


class FeedServer:
    """Calendars as files, with ETags. `garbage`: users whose address gives a page instead."""

    def __init__(self) -> None:
        self.url, self.busy, self.asked = "", 0, 0
        self.garbage: set[str] = set()
        self._bodies: dict[str, bytes] = {}
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        application = web.Application()
        application.router.add_get("/{user}.ics", self._give)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def has(self, one: Soaker) -> None:
        """Their address gives the entries that stand there now."""
        standing = [entry for entry in one.entries if entry.wish.gone == NEVER]
        self._bodies[one.user] = calendar(standing)

    def address(self, one: Soaker) -> str:
        return f"{self.url}/{one.user}.ics"

    async def _give(self, request: web.Request) -> web.Response:
        user = request.match_info["user"]
        self.asked += 1
        if user in self.garbage:
            return web.Response(text="<html><body>Sign in</body></html>", content_type="text/html")
        body = self._bodies[user]
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=HTTP_NOT_MODIFIED, headers={"ETag": tag})
        return web.Response(body=body, headers={"Content-Type": "text/calendar", "ETag": tag})


class World:
    """What is around the app."""

    def __init__(self, clock: SoakClock) -> None:
        self.clock = clock
        self.slack = SoakSlack(clock)
        self.google = LocalGoogle(clock.now, google_client(REDIRECT))
        self.microsoft = LocalMicrosoft(clock.now)
        self.feeds = FeedServer()
        self._numbers = 0

    @property
    def busy(self) -> bool:
        """Whether requests are under way."""
        slack = self.slack
        return bool(slack.busy or slack.deliveries.pending or self.google.busy or self.microsoft.busy)

    async def start(self) -> None:
        await self.slack.start()
        await self.google.start()
        await self.microsoft.start()
        await self.feeds.start()

    async def stop(self) -> None:
        await self.feeds.stop()
        await self.microsoft.stop()
        await self.google.stop()
        await self.slack.stop()

    def people(self, people: Iterable[Soaker]) -> None:
        """Have them in their workspaces, with what is in their calendars."""
        for one in people:
            if one.team not in self.slack.workspaces:
                self.slack.add_workspace(one.team, one.team, one.team.lower())
            self.slack.add_person(
                one.user, one.user.lower(), team_id=one.team, tz=one.zone, locale="en-GB", email=one.mail
            )
            self.slack.shown[one.user].append(Change(self.clock.now(), ("", "")))
            if one.source == GOOGLE:
                self.google.add_account(one.mail, one.mail, one.zone)
            elif one.source == MICROSOFT:
                self.microsoft.add_account(one.mail, one.mail, one.zone)
            for entry in one.entries:
                self._put(one, entry)
            if one.source == FEED:
                self.feeds.has(one)

    def add(self, one: Soaker, entry: Entry) -> None:
        """They put an entry into their calendar."""
        self._put(one, entry)
        if one.source == FEED:
            self.feeds.has(one)

    def remove(self, one: Soaker, entry: Entry) -> None:
        """They delete it."""
        if one.source == FEED:
            self.feeds.has(one)
        else:
            books = self.google if one.source == GOOGLE else self.microsoft
            books.accounts[one.mail].main.remove(entry.id)

    def move(self, one: Soaker, entry: Entry) -> None:
        """They move it."""
        books = self.google if one.source == GOOGLE else self.microsoft
        books.accounts[one.mail].main.move(entry.id, entry.wish.start, entry.wish.end)

    def _put(self, one: Soaker, entry: Entry) -> None:
        start, end = entry.days or (entry.wish.start, entry.wish.end)
        if one.source == GOOGLE:
            kind = {ABSENCE: "default" if entry.days else "outOfOffice", FOCUS: "focusTime"}.get(entry.kind, "default")
            entry.id = self.google.accounts[one.mail].main.add(GoogleEntry(entry.title, start, end, kind=kind)).id
        elif one.source == MICROSOFT:
            show = "oof" if entry.kind == ABSENCE else "busy"
            made = MicrosoftEntry(entry.title, start, end, show_as=show)
            entry.id = self.microsoft.accounts[one.mail].main.add(made).id
        else:
            self._numbers += 1
            entry.id = f"{one.user}-{self._numbers}"


def calendar(entries: Iterable[Entry]) -> bytes:
    """The entries as a file (RFC 5545)."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Soak//EN"]
    for number, entry in enumerate(entries):
        start, end = entry.days or (entry.wish.start, entry.wish.end)
        away = ["X-MICROSOFT-CDO-BUSYSTATUS:OOF"] if entry.kind == ABSENCE else []
        lines += [
            "BEGIN:VEVENT", f"UID:{entry.id or number}", "DTSTAMP:20261101T000000Z", f"DTSTART{_moment(start)}",
            f"DTEND{_moment(end)}", f"SUMMARY:{entry.title}", *away, "END:VEVENT",
        ]  # fmt: skip
    return ("\r\n".join([*lines, "END:VCALENDAR"]) + "\r\n").encode()


def _moment(at: datetime | date) -> str:
    return f":{at:%Y%m%dT%H%M%SZ}" if isinstance(at, datetime) else f";VALUE=DATE:{at:%Y%m%d}"
