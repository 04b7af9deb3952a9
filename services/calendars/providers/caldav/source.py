"""A calendar at a CalDAV server: what changed is listed, fetched in batches, and put into the calendar's collection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType

from services.calendars.ical.expand import Expander
from services.calendars.ical.ics_collection import MOST_BYTES, IcsCollection
from services.calendars.providers.caldav.collection_state import CollectionState, File, asked
from services.calendars.providers.caldav.dav import DavClient, multiget, path_of
from services.calendars.providers.caldav.listing import ETAG, listing
from services.calendars.providers.caldav.login import DIGEST, Login
from services.calendars.providers.caldav.multistatus import CALDAV, TRANSPARENCY, key_of
from services.domain.calendars import Changes, Connection, Problem
from services.domain.errors import AccessRefusedError, CalendarTooLargeError, PasswordRefusedError
from services.domain.model import ShowAs
from services.platform.concurrency import off_loop
from services.platform.net import Fetcher

BATCH = 100
"""Members that are asked for at once."""

SECONDS = 60.0
"""How long one fetch goes on asking for members; what is left then is asked for by the next."""

_DATA = f"{CALDAV}calendar-data"
_TOO_MUCH = frozenset({HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.INSUFFICIENT_STORAGE})


class CaldavSource:
    """`ports.Source`. `connection.address` is the calendar's address, `credentials` hold "user" and "password".

    They may hold "addresses", too: the mail addresses that the server knows the person by.

    A password that is refused makes the calendar broken, as a PasswordRefusedError: its owner is told at once, and it
    is tried again every few hours, because servers refuse good passwords on bad days.
    """

    def __init__(self, client: Fetcher, expander: Expander, *, batch: int = BATCH, seconds: float = SECONDS) -> None:
        """`client` asks, `expander` reads; `batch` and `seconds` bound one fetch."""
        self._client = client
        self._expander = expander
        self._batch = batch
        self._seconds = seconds

    async def fetch(self, connection: Connection, now: datetime) -> Changes:
        """What changed since the last fetch. Raises a `CalendarError`."""
        user, password = (str(connection.credentials.get(name) or "") for name in ("user", "password"))
        login = Login(user, password, digest=connection.credentials.get("login") == DIGEST)
        dav = DavClient(self._client, login, connection.address)
        connection = replace(connection, addresses=_addresses(connection))
        try:
            return await self._fetch(dav, connection, now)
        except AccessRefusedError as error:
            raise PasswordRefusedError(error.reason) from None

    async def _fetch(self, dav: DavClient, connection: Connection, now: datetime) -> Changes:
        before = await off_loop(IcsCollection.cover, connection.state) or IcsCollection()
        known = CollectionState.of(before.extra)
        today = now.date().isoformat()
        if known.looked != today:
            transparent = await _is_transparent(dav, connection.address, known, now)
            if transparent is not known.transparent:  # each of its events is another now
                before, known, connection = IcsCollection(), CollectionState(), replace(connection, state=None)
            known.transparent, known.looked = transparent, today
        # Once a month, when the window moves, a server that has refused reports is asked for one again.
        serves = before.serves(connection, now)
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
        changes = await self._expander.changes("members", connection.calendar_id, *question)
        if known.transparent:
            changes = await off_loop(_free, changes)
        if not problems:
            return changes
        return replace(changes, unchanged=False, problems=changes.problems + tuple(problems))

    async def _wanted(
        self, dav: DavClient, url: str, known: CollectionState, now: datetime
    ) -> tuple[list[str], dict[str, File | None], list[Problem]]:
        """What is wanted, as much of it as there is time and room for: keys, their files by path, and problems."""
        problems: list[Problem] = []
        asked_for: list[str] = []
        found: dict[str, File | None] = {}
        over, room = asyncio.get_running_loop().time() + self._seconds, MOST_BYTES
        wanted = sorted(known.wanted)
        batches = deque(wanted[at : at + self._batch] for at in range(0, len(wanted), self._batch))
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
        self, dav: DavClient, url: str, members: Sequence[Mapping[str, str]], now: datetime
    ) -> dict[str, File | None] | None:
        """The files of `members` by the key of their whole path, None for one that is gone; None for too many."""
        paths = [path_of(member["url"]) for member in members]
        try:
            reply = await dav.report(url, f"{CALDAV}calendar-multiget", multiget(paths), depth=1)
            if reply.status in _TOO_MUCH:
                return None
            page = await reply.multistatus(now)
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


async def _is_transparent(dav: DavClient, url: str, known: CollectionState, now: datetime) -> bool:
    """Whether the calendar's events leave the person free; as before where its server does not say."""
    reply = await dav.propfind(url, (TRANSPARENCY,))
    if reply.status != HTTPStatus.MULTI_STATUS:
        return known.transparent
    return any(answer.transparent for answer in (await reply.multistatus(now)).answers)


def _free(changes: Changes) -> Changes:
    return replace(changes, events=tuple(replace(event, show_as=ShowAs.FREE) for event in changes.events))


def _addresses(connection: Connection) -> tuple[str, ...]:
    more = connection.credentials.get("addresses")
    found = [address for address in more if isinstance(address, str)] if isinstance(more, list | tuple) else []
    return tuple(dict.fromkeys((*connection.addresses, *found)))
