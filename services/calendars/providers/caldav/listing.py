"""Which members of a collection changed: by its sync token where the server has one, by comparing tags where not.

RFC 6578 is followed as servers do it: they refuse a token with almost any 4xx, cut answers short with a 507 for the
collection, refuse the report altogether, or give the whole history to whoever is up to date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from services.calendars.providers.caldav.dav import DavClient, Reply, sync_collection
from services.calendars.providers.caldav.multistatus import CALENDARSERVER, DAV, Answered, Multistatus, key_of
from services.domain.errors import CalendarError, CalendarTooLargeError

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


@dataclass(frozen=True, slots=True)
class CollectionMember:
    """A member as it was listed: where it is, and its entity tag, empty where the server gave none.

    `event` is false where the server says that it is something else, a task for instance.
    """

    url: str = field(repr=False)
    etag: str = ""
    event: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """Members by key, and the keys of those that are gone. `full`: there are no others than `members` and `untold`.

    `untold` were named with an error: nothing is known of them, least of all that they are gone. The tag is that of
    before then, so that they are asked about again.
    `tag` is to be given next time: a sync token, or the collection's CTag with `by_etags`.
    """

    tag: str = field(repr=False)
    members: Mapping[str, CollectionMember] = field(repr=False)
    gone: frozenset[str] = frozenset()
    untold: frozenset[str] = frozenset()
    full: bool = False
    by_etags: bool = False


class _RefusedError(Exception):
    """The server does not do this report, or not with this token."""


async def listing(dav: DavClient, url: str, tag: str, now: datetime, *, by_etags: bool) -> Listing | None:
    """What changed in the collection at `url` since `tag` (empty: everything); None where nothing did.

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
        if _is_refused(reply):
            raise _RefusedError
        page = await reply.multistatus(now)
        if not page.sync_token:
            raise _RefusedError
        for key, answer in _members(page, dav, reply.url):
            if answer.status in _IS_GONE:
                members.pop(key, None)
                gone.add(key)
            elif answer.status < HTTPStatus.MULTIPLE_CHOICES:
                gone.discard(key)
                members[key] = _member(answer)
            else:
                untold.add(key)
        _require_not_too_many(members)
        cut = any(answer.status == HTTPStatus.INSUFFICIENT_STORAGE for answer in page.answers)
        if not cut:
            tag = begun if untold else page.sync_token
            return Listing(tag, members, frozenset(gone), frozenset(untold), full=not begun)
        if page.sync_token == token:
            raise _RefusedError  # it will never get any further
        token = page.sync_token
    raise CalendarTooLargeError("pages", pages=MOST_PAGES)


def _is_refused(reply: Reply) -> bool:
    """Whether another way may work.

    A lost token is a 403 or 409 with DAV:valid-sync-token (RFC 6578 §3.2), but 400, 412, 415 and 418 are seen as well,
    and they look like a report that is not known at all.
    """
    refused = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return reply.status in _NOT_SUPPORTED or (refused and reply.status not in _MEANS_WHAT_IT_SAYS)


async def _compared(dav: DavClient, url: str, tag: str, now: datetime) -> Listing | None:
    """The whole listing, unless the CTag is still `tag`."""
    reply = await dav.propfind(url, (_CTAG,))
    found = await reply.multistatus(now)
    current = next((answer.text(_CTAG) for answer in found.answers if answer.text(_CTAG)), "")
    if current and current == tag:
        return None
    reply = await dav.propfind(url, (*_MEMBER, _KIND), depth=1)
    page = await reply.multistatus(now)
    if not any(_is_collection(answer) and not answer.status for answer in page.answers):
        raise CalendarError("a listing without its collection")
    if any(answer.status == HTTPStatus.INSUFFICIENT_STORAGE for answer in page.answers):
        raise CalendarTooLargeError("listing")
    listed = dict(_members(page, dav, reply.url))
    members = {key: _member(answer) for key, answer in listed.items() if not answer.status}
    untold = frozenset(key for key, answer in listed.items() if answer.status and answer.status not in _IS_GONE)
    _require_not_too_many(members)
    return Listing("" if untold else current, members, untold=untold, full=True, by_etags=True)


def _members(page: Multistatus, dav: DavClient, collection: str) -> Iterator[tuple[str, Answered]]:
    """What is no collection, by key. Raises CalendarRefusedError for a member on another host."""
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


def _require_not_too_many(members: Mapping[str, CollectionMember]) -> None:
    if len(members) > MOST_MEMBERS:
        raise CalendarTooLargeError("members", members=len(members))
