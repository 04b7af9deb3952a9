"""A calendar at a CalDAV server: what changed is listed, fetched in batches, and put on the calendar's shelf."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from services.calendars.caldav.dav import DavClient, multiget, path_of
from services.calendars.caldav.listing import ETAG, Listing, listing
from services.calendars.caldav.multistatus import CALDAV, key_of
from services.calendars.shelf import Resource, Shelf
from services.errors import AccessRefusedError, CalendarRefusedError, CalendarTooLargeError
from services.net import Fetcher
from services.ports import Changes, Connection, Expander, Problem

BATCH = 100
"""Members that are asked for at once."""

SECONDS = 60.0
"""How long one fetch goes on asking for members; what is left then is asked for by the next."""

_DATA = f"{CALDAV}calendar-data"
_TOO_MUCH = frozenset({HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.INSUFFICIENT_STORAGE})


class CaldavSource:
    """`ports.Source`. `connection.address` is the calendar's address, `credentials` hold "user" and "password".

    They may hold "addresses", too: the mail addresses that the server knows the person by.

    A password that is refused makes the calendar broken, as a CalendarRefusedError: its owner is told at once, and it
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
        dav = DavClient(self._client, user, password, connection.address)
        connection = replace(connection, addresses=_addresses(connection))
        try:
            return await self._fetch(dav, connection, now)
        except AccessRefusedError as error:
            raise CalendarRefusedError(error.reason) from None

    async def _fetch(self, dav: DavClient, connection: Connection, now: datetime) -> Changes:
        before = await Shelf.loaded(connection.state) or Shelf()
        known = _Known.of(before)
        # Once a month, when the window moves, a server that has refused reports is asked for one again.
        by_etags = known.by_etags and before.serves(connection, now)
        tag = before.tag if by_etags == known.by_etags else ""
        listed = await listing(dav, connection.address, tag, now, by_etags=by_etags)
        known.learn(listed)
        gone = {key for key in before.resources if key not in known.etags and key not in known.wanted}
        kept = before.with_changes({}, gone, now=now) if gone else before
        kept, problems = await self._with_wanted(kept, dav, connection.address, known, now)
        tag = before.tag if listed is None else listed.tag
        after = replace(kept, tag=tag, extra=MappingProxyType(known.as_json()))
        if before.serves(connection, now) and after.resources == before.resources and not problems:
            state = connection.state if after == before else await after.dumped()
            return Changes(state=state, unchanged=True, full=False)
        changes = await after.changes(self._expander, connection, now)
        if not problems:
            return changes
        return replace(changes, unchanged=False, problems=changes.problems + tuple(problems))

    async def _with_wanted(
        self, shelf: Shelf, dav: DavClient, url: str, known: _Known, now: datetime
    ) -> tuple[Shelf, list[Problem]]:
        """The shelf with what is wanted, as much of it as there is time for."""
        problems: list[Problem] = []
        over = asyncio.get_running_loop().time() + self._seconds
        wanted = sorted(known.wanted)
        batches = deque(wanted[at : at + self._batch] for at in range(0, len(wanted), self._batch))
        while batches and asyncio.get_running_loop().time() < over:
            keys = batches.popleft()
            files = await self._members(dav, url, [known.wanted[key] for key in keys], now)
            if files is None and len(keys) > 1:
                middle = len(keys) // 2
                batches.extendleft((keys[middle:], keys[:middle]))
            elif files is None:
                problems.append(Problem(keys[0], "It is too large."))
                known.settle(keys[0])
            else:
                taken = await asyncio.to_thread(known.take, keys, files)
                problems += [Problem(key, "It is no whole calendar file.") for key in taken.broken]
                shelf = shelf.with_changes(taken.files, taken.gone, now=now)
        return shelf, problems

    async def _members(
        self, dav: DavClient, url: str, members: Sequence[Mapping[str, str]], now: datetime
    ) -> dict[str, _File | None] | None:
        """The files of `members` by the key of their whole path, None for one that is gone; None for too many."""
        paths = [path_of(member["url"]) for member in members]
        try:
            reply = await dav.report(url, f"{CALDAV}calendar-multiget", multiget(paths), depth=1)
            if reply.status in _TOO_MUCH:
                return None
            page = await reply.multistatus(now)
        except CalendarTooLargeError:
            return None
        files: dict[str, _File | None] = {}
        for answer in page.answers:
            key = key_of(dav.own(answer.url))
            data = answer.found.get(_DATA)
            if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                files[key] = None
            elif data is not None and data.text:
                files[key] = _File(data.text.encode("utf-8", "replace"), answer.text(ETAG))
        return files


@dataclass(frozen=True, slots=True)
class _File:
    """A member as it was fetched."""

    data: bytes = field(repr=False)
    etag: str


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a batch brought, by key; `gone` are also those that have no events any more."""

    files: dict[str, Resource] = field(default_factory=dict, repr=False)
    gone: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Known:
    """What is known of a collection between two fetches: the entity tag of each member that was read, by key.

    `wanted` are those that changed and have not been read since. They stay wanted until they are.
    """

    by_etags: bool = False
    etags: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, shelf: Shelf) -> _Known:
        extra = shelf.extra
        return cls(
            bool(extra.get("by_etags")),
            dict(extra.get("etags", {})),
            {key: dict(member) for key, member in extra.get("wanted", {}).items()},
        )

    def as_json(self) -> dict[str, Any]:
        return {"by_etags": self.by_etags, "etags": self.etags, "wanted": self.wanted}

    def learn(self, listed: Listing | None) -> None:
        """Note what a listing says."""
        if listed is None:
            return
        self.by_etags = listed.by_etags
        if listed.full:
            there = listed.members.keys() | listed.untold
            self.etags = {key: etag for key, etag in self.etags.items() if key in there}
            self.wanted = {key: member for key, member in self.wanted.items() if key in there}
        for key in listed.gone:
            self._forget(key)
        for key, member in listed.members.items():
            if not member.event:
                self.wanted.pop(key, None)
                self.etags[key] = member.etag
            # Some servers tell the whole history each time, and without an entity tag there is nothing to compare.
            elif not member.etag or self.etags.get(key) != member.etag:
                self.wanted[key] = {"url": member.url, "etag": member.etag}

    def take(self, keys: Sequence[str], files: Mapping[str, _File | None]) -> _Taken:
        """Take what came for the wanted `keys`. What did not come, or not whole, stays wanted."""
        taken = _Taken()
        for key in keys:
            path = key_of(self.wanted[key]["url"])
            if path not in files:
                continue
            file = files[path]
            if file is None:
                self._forget(key)
                taken.gone.add(key)
                continue
            resource = Resource.of(file.data)
            if resource is not None and not resource.whole:
                taken.broken.append(key)
                continue
            self.settle(key, file.etag)
            if resource is None:
                taken.gone.add(key)
            else:
                taken.files[key] = resource
        return taken

    def settle(self, key: str, etag: str = "") -> None:
        """It need not be asked for again until it changes."""
        self.etags[key] = etag or self.wanted[key]["etag"]
        del self.wanted[key]

    def _forget(self, key: str) -> None:
        self.etags.pop(key, None)
        self.wanted.pop(key, None)


def _addresses(connection: Connection) -> tuple[str, ...]:
    more = connection.credentials.get("addresses")
    found = [address for address in more if isinstance(address, str)] if isinstance(more, list | tuple) else []
    return tuple(dict.fromkeys((*connection.addresses, *found)))
