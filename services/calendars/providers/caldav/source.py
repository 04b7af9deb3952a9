"""A calendar at a CalDAV server: what changed is listed, fetched in batches, and put into the calendar's collection.

It is listed by the collection's sync token where there is one, by comparing tags where not. RFC 6578 is followed as
servers do it: they refuse a token with almost any 4xx, cut answers short with a 507 for the collection, refuse the
report altogether, or give the whole history to whoever is up to date.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import urlsplit

from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.expand import Expander
from services.calendars.ical.ics_collection import MOST_BYTES, IcsCollection
from services.calendars.providers.caldav.collection import (
    CALDAV,
    CALENDARSERVER,
    DAV,
    TRANSPARENCY,
    Answered,
    CollectionMember,
    CollectionState,
    File,
    Listing,
    Multistatus,
    asked,
    key_of,
)
from services.calendars.providers.caldav.dav import DavClient, Login, multiget, path_of, sync_collection
from services.domain.calendars import Changes, Connection, Problem
from services.domain.errors import AccessRefusedError, CalendarError, CalendarTooLargeError, PasswordRefusedError
from services.domain.model import ShowAs
from services.platform.concurrency import off_loop
from services.platform.net import GuardedClient

MOST_PAGES = 100
MOST_MEMBERS = 50_000

ETAG = f"{DAV}getetag"
_TYPE = f"{DAV}getcontenttype"
_KIND = f"{DAV}resourcetype"
_CTAG = f"{CALENDARSERVER}getctag"
_MEMBER = (ETAG, _TYPE)

_MEANS_WHAT_IT_SAYS = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY,
     HTTPStatus.TOO_MANY_REQUESTS}
)  # fmt: skip
_IS_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_NOT_SUPPORTED = frozenset({HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.INSUFFICIENT_STORAGE})


class _RefusedError(Exception):
    """The server does not do this report, or not with this token."""


async def listing(dav: DavClient, url: str, tag: str, now: datetime, *, by_etags: bool) -> Listing | None:
    """Return what changed in the collection at `url` since `tag` (empty: everything); None where nothing did.

    `by_etags`: the server has refused reports before. Raises a `CalendarError`.
    """
    if not by_etags:
        for token in dict.fromkeys((tag, "")):
            try:
                return await _synced(dav, url, token, now)
            except _RefusedError:
                continue
        tag = ""
    return await _compared(dav, url, tag, now)


async def _synced(dav: DavClient, url: str, token: str, now: datetime) -> Listing:
    members: dict[str, CollectionMember] = {}
    gone: set[str] = set()
    untold: set[str] = set()
    begun = token
    for _ in range(MOST_PAGES):
        reply = await dav.report(url, f"{DAV}sync-collection", sync_collection(token, _MEMBER), depth=0)
        # A lost token is a 403 or 409 with DAV:valid-sync-token (RFC 6578 §3.2), but 400, 412, 415 and 418 are seen as
        # well, and they look like a report that is not known at all: another way may work.
        refused = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if reply.status in _NOT_SUPPORTED or (refused and reply.status not in _MEANS_WHAT_IT_SAYS):
            raise _RefusedError
        page = await dav.multistatus(reply, now)
        if not page.sync_token:
            raise _RefusedError
        for key, answer in _members(page, dav, dav.own(reply.url)):
            if answer.status in _IS_GONE:
                members.pop(key, None)
                gone.add(key)
            elif answer.status < HTTPStatus.MULTIPLE_CHOICES:
                gone.discard(key)
                members[key] = _member(answer)
            else:
                untold.add(key)
        if len(members) > MOST_MEMBERS:
            raise CalendarTooLargeError("members", members=len(members))
        cut = any(answer.status == HTTPStatus.INSUFFICIENT_STORAGE for answer in page.answers)
        if not cut:
            tag = begun if untold else page.sync_token
            return Listing(tag, members, frozenset(gone), frozenset(untold), full=not begun)
        if page.sync_token == token:
            raise _RefusedError  # it will never get any further
        token = page.sync_token
    raise CalendarTooLargeError("pages", pages=MOST_PAGES)


async def _compared(dav: DavClient, url: str, tag: str, now: datetime) -> Listing | None:
    """Return the whole listing, unless the CTag is still `tag`."""
    reply = await dav.propfind(url, (_CTAG,))
    found = await dav.multistatus(reply, now)
    current = next((answer.text(_CTAG) for answer in found.answers if answer.text(_CTAG)), "")
    if current and current == tag:
        return None
    reply = await dav.propfind(url, (*_MEMBER, _KIND), depth=1)
    page = await dav.multistatus(reply, now)
    if not any(_is_collection(answer) and not answer.status for answer in page.answers):
        raise CalendarError("a listing without its collection")
    if any(answer.status == HTTPStatus.INSUFFICIENT_STORAGE for answer in page.answers):
        raise CalendarTooLargeError("listing")
    listed = dict(_members(page, dav, dav.own(reply.url)))
    members = {key: _member(answer) for key, answer in listed.items() if not answer.status}
    untold = frozenset(key for key, answer in listed.items() if answer.status and answer.status not in _IS_GONE)
    if len(members) > MOST_MEMBERS:
        raise CalendarTooLargeError("members", members=len(members))
    return Listing("" if untold else current, members, untold=untold, full=True, by_etags=True)


def _members(page: Multistatus, dav: DavClient, collection: str) -> Iterator[tuple[str, Answered]]:
    """Yield what is no collection, by key. Raises CalendarRefusedError for a member on another host."""
    own = key_of(collection).rstrip("/")
    for answer in page.answers:
        key = key_of(dav.own(answer.url))
        if not _is_collection(answer) and key != own:
            yield key.removeprefix(own + "/"), answer


def _member(answer: Answered) -> CollectionMember:
    kind = answer.text(_TYPE).lower().replace(" ", "").replace('"', "")
    return CollectionMember(answer.url, answer.text(ETAG), "component=" not in kind or "component=vevent" in kind)


def _is_collection(answer: Answered) -> bool:
    return urlsplit(answer.url).path.endswith("/") or f"{DAV}collection" in answer.kinds(_KIND)


_DATA = f"{CALDAV}calendar-data"
_TOO_MUCH = frozenset({HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.INSUFFICIENT_STORAGE})


@dataclass(frozen=True, slots=True)
class CaldavSource:
    """`ports.Source`. `connection.address` is the calendar's address, `credentials` hold "user" and "password".

    They may hold "addresses", too: the mail addresses that the server knows the person by.

    A password that is refused makes the calendar broken, as a PasswordRefusedError: its owner is told at once, and it
    is tried again every few hours, because servers refuse good passwords on bad days.
    """

    client: GuardedClient
    expander: Expander
    batch: int = 100
    """Members that are asked for at once."""
    seconds: float = 60.0
    """How long one fetch goes on asking for members; what is left then is asked for by the next."""

    async def fetch(self, connection: Connection, now: datetime) -> Changes:
        """Return what changed since the last fetch. Raises a `CalendarError`."""
        dav = DavClient(self.client, Login.of(connection.credentials), connection.address)
        more = connection.credentials.get("addresses")
        more = [one for one in more if isinstance(one, str)] if isinstance(more, list | tuple) else []
        connection = replace(connection, addresses=tuple(dict.fromkeys((*connection.addresses, *more))))
        try:
            return await self._fetch(dav, connection, now)
        except AccessRefusedError as error:
            raise PasswordRefusedError(error.reason) from None

    async def _fetch(self, dav: DavClient, connection: Connection, now: datetime) -> Changes:
        before = await off_loop(IcsCollection.cover, connection.state) or IcsCollection()
        known = CollectionState.of(before.extra)
        today = now.date().isoformat()
        if known.looked != today:
            # Whether its events leave the person free; as before where the server does not say.
            reply, transparent = await dav.propfind(connection.address, (TRANSPARENCY,)), known.transparent
            if reply.status == HTTPStatus.MULTI_STATUS:
                transparent = any(one.transparent for one in (await dav.multistatus(reply, now)).answers)
            if transparent is not known.transparent:  # each of its events is another now
                before, known, connection = IcsCollection(), CollectionState(), replace(connection, state=None)
            known.transparent, known.looked = transparent, today
        # Once a month, when the window moves, a server that has refused reports is asked for one again.
        serves = before.serves(ReadRequest.ahead(connection, now), now)
        by_etags = known.by_etags and serves
        tag = before.tag if by_etags == known.by_etags else ""
        listed = await listing(dav, connection.address, tag, now, by_etags=by_etags)
        had = known.etags.keys() | known.wanted.keys()
        known.learn(listed)
        gone = had - known.etags.keys() - known.wanted.keys()
        keys, files, problems = await self._wanted(dav, connection.address, known, now)
        tag = before.tag if listed is None else listed.tag
        if serves and connection.state is not None and not files and not gone and not problems:
            cover = replace(before, tag=tag, extra=MappingProxyType(known.as_json()))
            state = connection.state if cover == before else await off_loop(cover.over, connection.state)
            return Changes(state=state, unchanged=True, full=False)
        question = await off_loop(asked, connection, known, keys, files, tag=tag, now=now)
        changes = await self.expander.changes("members", connection.calendar_id, *question)
        if known.transparent:
            free = await off_loop(lambda: tuple(replace(event, show_as=ShowAs.FREE) for event in changes.events))
            changes = replace(changes, events=free)
        if not problems:
            return changes
        return replace(changes, unchanged=False, problems=changes.problems + tuple(problems))

    async def _wanted(
        self, dav: DavClient, url: str, known: CollectionState, now: datetime
    ) -> tuple[list[str], dict[str, File | None], list[Problem]]:
        """Return what is wanted, as much of it as there is time and room for.

        Keys, their files by path, and problems.
        """
        problems: list[Problem] = []
        asked_for: list[str] = []
        found: dict[str, File | None] = {}
        over, room = asyncio.get_running_loop().time() + self.seconds, MOST_BYTES
        wanted = sorted(known.wanted)
        batches = deque(wanted[at : at + self.batch] for at in range(0, len(wanted), self.batch))
        while batches and room > 0 and asyncio.get_running_loop().time() < over:
            keys = batches.popleft()
            files = await self._members(dav, url, [known.wanted[key] for key in keys], now)
            if files is None and len(keys) > 1:
                middle = len(keys) // 2
                batches.extendleft((keys[middle:], keys[:middle]))
            elif files is None:
                problems.append(Problem(keys[0], "It is too large."))
                known.settle(keys[0])
            else:
                asked_for += keys
                found |= files
                room -= sum(len(file.data) for file in files.values() if file is not None)
        return asked_for, found, problems

    async def _members(
        self, dav: DavClient, url: str, members: Sequence[CollectionMember], now: datetime
    ) -> dict[str, File | None] | None:
        """Return the files of `members` by the key of their whole path, None for one that is gone.

        None for too many.
        """
        paths = [path_of(member.url) for member in members]
        try:
            reply = await dav.report(url, f"{CALDAV}calendar-multiget", multiget(paths), depth=1)
            if reply.status in _TOO_MUCH:
                return None
            page = await dav.multistatus(reply, now)
        except CalendarTooLargeError:
            return None
        files: dict[str, File | None] = {}
        for answer in page.answers:
            key = key_of(dav.own(answer.url))
            data = answer.found.get(_DATA)
            if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                files[key] = None
            elif data is not None and data.text:
                files[key] = File(data.text.encode("utf-8", "replace"), answer.text(ETAG))
        return files
