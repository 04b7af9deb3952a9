"""Calendars as iCalendar files: feeds that are asked for, and what others send, which waits in an inbox.

A feed is asked whether it changed, read only when it did, and never believed when it is not whole.
What was worked in leaves the inbox in the transaction that writes it, so that a crash neither loses nor doubles it.
The calendar's own memory is then the only copy of what it holds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Literal

import msgspec
from yarl import URL

from services.calendars.ical.content import as_utf8, charset_in, without_head
from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.expand import Expander
from services.calendars.ical.ics_collection import IcsCollection
from services.calendars.ical.itip import asked
from services.calendars.ical.reading import READS
from services.domain.calendars import AHEAD, BEHIND, SHORT, Arrival, Changes, Connection, Problem
from services.domain.errors import (
    AddressNotAllowedError,
    CalendarBusyError,
    CalendarError,
    CalendarTooCostlyError,
    CalendarTooLargeError,
    CalendarUnreachableError,
    NotACalendarError,
)
from services.platform.concurrency import LARGE, off_loop_if
from services.platform.net import USER_AGENT, GuardedClient, HttpResponse, error_for
from services.store.watches import InboxStore

_MOST_HOSTS = 4096
_TRY_AGAIN = timedelta(days=1)

BROWSER = (
    f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36 {USER_AGENT}"
)
"""What we are called where only browsers are answered, as by Office 365's published calendars: it still names us."""


@dataclass(frozen=True, slots=True)
class _FeedState:
    """What a feed's `state` says: validators, and what it was expanded for. What the expander remembers follows it."""

    start: datetime
    until: datetime
    zone: str
    addresses: tuple[str, ...]
    etag: str = ""
    last_modified: str = ""
    floor: float | None = None  # seconds
    expander: bool = False
    version: Literal[1] = 1
    reads: int = 0

    @property
    def waits(self) -> timedelta | None:
        """How long the feed asks to be left alone."""
        return None if self.floor is None else timedelta(seconds=self.floor)

    def dump(self, memory: bytes | None) -> bytes:
        """Return one line of JSON, then the expander's bytes as they are: they may be megabytes."""
        return msgspec.json.encode(replace(self, expander=memory is not None)) + b"\n" + (memory or b"")

    @classmethod
    def load(cls, state: bytes | None) -> tuple[_FeedState, bytes | None] | None:
        """Return the reverse of `dump`; None for nothing, and for what another version of this program wrote."""
        line, _, memory = (state or b"").partition(b"\n")
        try:
            found = msgspec.json.decode(line, type=cls)
        except msgspec.DecodeError:
            return None
        return found, memory if found.expander else None

    def serves(self, connection: Connection, now: datetime) -> bool:
        """Say whether what is stored was expanded for this person as they are, by what is read now, and far enough.

        Where it does not the file is asked for whole: a 304 would tell of nothing that was not read before.
        """
        return (
            self.zone == connection.zone.key
            and self.addresses == connection.addresses
            and self.until - now >= SHORT
            and self.start <= now
            and self.reads == READS
        )


class _Hosts:
    """Which hosts answer browsers alone, and when those that do not were tried; as long as the process lives."""

    def __init__(self) -> None:
        self._tried: OrderedDict[str, datetime | None] = OrderedDict()

    def wants_browser(self, host: str) -> bool:
        """Return whether the host is known to answer browsers alone."""
        return host in self._tried and self._tried[host] is None

    def may_try(self, host: str, now: datetime) -> bool:
        """Return whether to ask the host as a browser: once a day."""
        tried = self._tried.get(host)
        if tried is not None and now - tried < _TRY_AGAIN:
            return False
        self.note(host, now)
        return True

    def note(self, host: str, tried: datetime | None) -> None:
        """Note that it was tried as a browser; None: and answered what it had refused us."""
        self._tried[host] = tried
        self._tried.move_to_end(host)
        if len(self._tried) > _MOST_HOSTS:
            self._tried.popitem(last=False)


@dataclass(frozen=True, slots=True)
class FeedSource:
    """`ports.Source` for addresses of ICS files."""

    client: GuardedClient
    expander: Expander
    _hosts: _Hosts = field(default_factory=_Hosts, init=False)

    async def fetch(self, connection: Connection, now: datetime) -> Changes:
        """Return what changed since the last fetch; nothing, for a 304 or the same bytes. Raises a `CalendarError`."""
        known, memory = _FeedState.load(connection.state) or (None, None)
        if known is not None and not known.serves(connection, now):
            known = memory = None
        headers = {"Accept": "text/calendar, */*;q=0.1"}
        # Many servers ignore the conditions, some heed only one of the two (RFC 9110 §13.1).
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        if known is not None and known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        response = await self._answer(connection.address, headers, now)
        if response.status == HTTPStatus.NOT_MODIFIED:
            if known is None:
                raise CalendarUnreachableError("http 304 to an unconditional request")
            return Changes(state=connection.state, unchanged=True, full=False, floor=known.waits)
        window = known or _FeedState(now - BEHIND, now + AHEAD, connection.zone.key, connection.addresses, reads=READS)
        asked = ReadRequest(connection.calendar_id, connection.addresses, connection.zone, window.start, window.until)
        changes = await self.expander.read(response.body, asked, memory)
        floor = None if changes.floor is None else changes.floor.total_seconds()
        kept = replace(
            window,
            etag=_validator(response, "etag"),
            last_modified=_validator(response, "last-modified"),
            floor=window.floor if changes.unchanged and floor is None else floor,
        )
        return replace(changes, state=kept.dump(changes.state), floor=kept.waits)

    async def _answer(self, address: str, headers: Mapping[str, str], now: datetime) -> HttpResponse:
        """Return a whole calendar or a 304.

        A host that answers anything else is asked again by the name of a browser.
        """
        host = URL(address).host or ""
        if self._hosts.wants_browser(host):
            return await self._one_answer(address, {**headers, "User-Agent": BROWSER}, now)
        try:
            return await self._one_answer(address, headers, now)
        except CalendarError as error:
            # It may have refused us for what we are called: not where it is busy, away or not allowed.
            other = isinstance(error, CalendarBusyError | CalendarTooLargeError | AddressNotAllowedError)
            if isinstance(error, CalendarUnreachableError):
                other = not error.reason.startswith(("http", "too many redirects"))
            if other or not self._hosts.may_try(host, now):
                raise
            try:
                response = await self._one_answer(address, {**headers, "User-Agent": BROWSER}, now)
            except CalendarError:
                raise error from None
            self._hosts.note(host, None)
            return response

    async def _one_answer(self, address: str, headers: Mapping[str, str], now: datetime) -> HttpResponse:
        response = await self.client.request("GET", address, headers=headers)
        error = error_for(response.status, response.headers, now)
        if error is not None:
            raise error
        if response.status == HTTPStatus.NOT_MODIFIED:
            return response
        charset = charset_in(response.headers.get("content-type", ""))
        return await off_loop_if(charset is not None or len(response.body) >= LARGE, _whole, response, charset)


def _validator(response: HttpResponse, name: str) -> str:
    """Return the header, if it can be sent back as it is."""
    value = response.headers.get(name, "")
    return value if value.isascii() and value.isprintable() else ""


def _whole(response: HttpResponse, charset: str | None) -> HttpResponse:
    """Return the answer with its body in UTF-8. Raises unless it looks like a whole calendar file.

    That is where the outer lines of RFC 5545 §3.4 are both there. Only a look: the rest is for the reader to say.
    """
    if response.status != HTTPStatus.OK:
        raise CalendarError(f"http {response.status}")
    mended = as_utf8(response.body, charset)
    if mended is not response.body:
        response = replace(response, body=mended)
    body = without_head(mended)
    if not body:
        raise CalendarError("empty")
    lines = b"\n" + body.upper().replace(b"\r", b"\n")
    begin = lines.rfind(b"\nBEGIN:VCALENDAR")
    if begin < 0:
        raise NotACalendarError("no VCALENDAR")
    if lines.find(b"\nEND:VCALENDAR", begin) < 0:
        raise CalendarError("only half of it")
    return response


LOOK_AGAIN = timedelta(days=1)
"""How often a calendar to which nothing comes is looked at: its window moves with time."""


@dataclass(frozen=True, slots=True)
class InboxSource:
    """`ports.Source` of hooks and of files given by hand."""

    inbox: InboxStore
    expander: Expander

    async def fetch(self, connection: Connection, now: datetime) -> Changes:
        """Return what has arrived since the last time, worked in; nothing, where the window still reaches far enough.

        Raises a `CalendarError`; then all that waits goes on waiting.
        """
        arrivals = await self.inbox.waiting(connection.key, connection.calendar_id)
        if not arrivals:
            cover = IcsCollection.cover(connection.state)
            if cover is None:  # nothing yet, or what another version of this program wrote: not the same as "no events"
                raise CalendarError("nothing has arrived")
            if cover.serves(ReadRequest.ahead(connection, now), now):
                return Changes(state=connection.state, unchanged=True, full=False, floor=LOOK_AGAIN)
            return replace(await self._worked_in(connection, (), now), floor=LOOK_AGAIN)
        try:
            changes = await self._worked_in(connection, arrivals, now)
        except CalendarTooCostlyError:
            return await self._one(connection, arrivals, now)
        return replace(changes, floor=LOOK_AGAIN, taken=arrivals[-1].seq)

    async def _one(self, connection: Connection, arrivals: Sequence[Arrival], now: datetime) -> Changes:
        """Return the first of what waits alone; where it is that which costs too much, not even it.

        The rest follows soon.
        """
        first, *others = arrivals
        floor = None if others else LOOK_AGAIN
        if others:
            try:
                return replace(await self._worked_in(connection, (first,), now), floor=floor, taken=first.seq)
            except CalendarTooCostlyError:
                pass  # it is this one
        changes = await self._worked_in(connection, (), now)
        costly = Problem("", "Something arrived that takes too long to read.")
        return replace(changes, problems=(*changes.problems, costly), unchanged=False, floor=floor, taken=first.seq)

    async def _worked_in(self, connection: Connection, arrivals: Sequence[Arrival], now: datetime) -> Changes:
        head, blobs = asked(connection, arrivals, now)
        return await self.expander.changes("arrivals", connection.calendar_id, head, blobs)
