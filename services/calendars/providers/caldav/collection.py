"""A CalDAV collection: what its server says of it, and what is known of it between two fetches. Pure.

What a server says is 207 Multi-Status (RFC 4918 §13), read as values. Nothing in an answer is trusted: no DTD, no
entities, so many elements and no more, and a link is only a text here (`dav.DavClient` decides which of them it goes
to). What came of a collection's members (`members`) is the work of a reader process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.ics_collection import IcsCollection, Resource
from services.domain.calendars import Changes, Connection, Problem
from services.domain.errors import CalendarError, CalendarTooLargeError

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
CALENDARSERVER = "{http://calendarserver.org/ns/}"

MOST_ELEMENTS = 500_000
"""A listing of 50,000 members has fewer. An element takes some hundred bytes of memory, and four in an answer."""

DEEPEST = 64

TRANSPARENCY = f"{CALDAV}schedule-calendar-transp"
"""Whether a calendar's events take time (RFC 6638 §9.1): CALDAV:opaque, which is the default, or CALDAV:transparent."""

_PIECE = 64 * 1024
_LONGEST_LINK = 8 * 1024

_STATUS = re.compile(r"HTTP/\d(?:\.\d)?\s+(\d{3})\b", re.ASCII)
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_PATH = "%/!$&'()*+,;=:@"


@dataclass(frozen=True, slots=True)
class Answered:
    """What was said of one resource. `url` is absolute, and may lead anywhere.

    `status` is 0 where only properties have one; `found` are those that were given, by their name in Clark's notation.
    """

    url: str = field(repr=False)
    status: int = 0
    found: Mapping[str, Element] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        """Return the text of a property; empty where there is none."""
        element = self.found.get(name)
        return "" if element is None else (element.text or "").strip()

    def links(self, name: str) -> tuple[str, ...]:
        """Return the absolute addresses of the DAV:href elements in a property.

        What cannot be an address is left out.
        """
        element = self.found.get(name)
        if element is None:
            return ()
        links = (absolute(self.url, link.text or "") for link in element.iter(f"{DAV}href"))
        return tuple(link for link in links if link)

    @property
    def transparent(self) -> bool:
        """Whether it is a calendar whose events leave its owner free."""
        return f"{CALDAV}transparent" in self.kinds(TRANSPARENCY)

    def kinds(self, name: str) -> frozenset[str]:
        """Return the names of the elements in a property, such as DAV:resourcetype; empty where there is none."""
        return frozenset(child.tag for child in self.found.get(name, ()))


@dataclass(frozen=True, slots=True)
class Multistatus:
    """A whole answer: what was said of each resource, and the token of a sync-collection report (RFC 6578 §6.4)."""

    answers: tuple[Answered, ...] = ()
    sync_token: str = field(default="", repr=False)


class _Counting(TreeBuilder):
    """Builds a tree up to a size."""

    def __init__(self) -> None:
        super().__init__()
        self._left = MOST_ELEMENTS
        self._depth = 0

    def start(self, tag: str, attrs: dict[Any, Any], /) -> Element:
        """Begin an element. Raises CalendarTooLargeError."""
        self._left -= 1
        self._depth += 1
        if self._depth > DEEPEST:
            raise CalendarError("the answer is nested too deeply")
        if self._left < 0:
            raise CalendarTooLargeError("elements")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        """End an element."""
        self._depth -= 1
        return super().end(tag)


def parsed(body: bytes) -> Element:
    """Return the root of an XML body. Raises CalendarError for what is none, or has a DTD; CalendarTooLargeError."""
    parser = DefusedXMLParser(target=_Counting(), forbid_dtd=True)
    try:
        # In pieces: between two of them other threads have their turn.
        for at in range(0, len(body), _PIECE):
            parser.feed(body[at : at + _PIECE])
        root: Element = parser.close()
    except (ParseError, DefusedXmlException, LookupError, ValueError):
        raise CalendarError("the answer is no XML") from None
    return root


def parse_multistatus(body: bytes, base: str) -> Multistatus:
    """Return the values of a 207's body that came from `base`. Raises what `parsed` does."""
    root = parsed(body)
    if root.tag != f"{DAV}multistatus":
        raise CalendarError("the answer is no multistatus")
    answers = [one for response in root.iterfind(f"{DAV}response") for one in _answers(response, base)]
    return Multistatus(tuple(answers), (root.findtext(f"{DAV}sync-token") or "").strip())


def _answers(response: Element, base: str) -> Iterator[Answered]:
    found: dict[str, Element] = {}
    for propstat in response.iterfind(f"{DAV}propstat"):
        # Some servers leave the status of what they have out.
        line = propstat.findtext(f"{DAV}status")
        if line is None or 200 <= _code(line) < 300:  # noqa: PLR2004 - RFC 9110 §15.3
            for properties in propstat.iterfind(f"{DAV}prop"):
                found.update((element.tag, element) for element in properties)
    status = _code(response.findtext(f"{DAV}status") or "")
    for href in response.iterfind(f"{DAV}href"):
        url = absolute(base, href.text or "")
        if url:
            yield Answered(url, status, found)


def _code(line: str) -> int:
    found = _STATUS.search(line)
    return int(found[1]) if found else 0


# ── addresses ───────────────────────────────────────────────────────────────────────────────────────


def absolute(base: str, href: str) -> str:
    """`href` as it is meant in an answer from `base`, tidied; empty where it is no http address."""
    if len(href) > _LONGEST_LINK:
        return ""
    try:
        parts = urlsplit(urljoin(base, href.strip()))
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if not href.strip() or parts.scheme not in {"http", "https"} or not host or not host.isascii():
        return ""
    return place(parts.scheme, host, port) + tidy(parts.path or "/") + (f"?{tidy(parts.query)}" if parts.query else "")


def place(scheme: str, host: str, port: int | None) -> str:
    """Return the beginning of an address, without the port that its scheme has anyway."""
    usual = {"http": 80, "https": 443}.get(scheme)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}" + ("" if port in {None, usual} else f":{port}")


def tidy(path: str) -> str:
    """Return a path that can be sent: what must be escaped is, what need not be is not.

    The rest as its server writes it.
    """

    def unescaped(found: re.Match[str]) -> str:
        """RFC 3986 §6.2.2: unreserved characters are the same with and without escaping."""
        character = chr(int(found[0][1:], 16))
        return character if _UNRESERVED.fullmatch(character) else found[0].upper()

    return _ESCAPE.sub(unescaped, quote(_STRAY.sub("%25", path), safe=_PATH))


def key_of(url: str) -> str:
    """Return what two spellings of one path have in common: servers list `a@b.ics` and are asked for `a%40b.ics`."""
    parts = urlsplit(url)
    path = "/".join(quote(unquote_to_bytes(segment), safe="") for segment in parts.path.split("/"))
    return path + (f"?{parts.query}" if parts.query else "")


@dataclass(frozen=True, slots=True)
class File:
    """A member as it was fetched."""

    data: bytes = field(repr=False)
    etag: str


@dataclass(frozen=True, slots=True)
class CollectionMember:
    """A member as it was listed; `etag` may be empty, `event` is false for something else, a task for instance."""

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


@dataclass(slots=True)
class CollectionState:
    """What is known of a collection between two fetches: the entity tag of each member that was read, by key.

    `wanted` are those that changed and have not been read since. They stay wanted until they are. `looked` is the day
    on which the collection was asked whether it is `transparent`.
    """

    by_etags: bool = False
    etags: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, CollectionMember] = field(default_factory=dict)
    transparent: bool = False
    looked: str = ""

    @classmethod
    def of(cls, extra: Mapping[str, Any]) -> CollectionState:
        """Return the reverse of `as_json`."""
        return msgspec.convert(dict(extra), cls)

    def as_json(self) -> dict[str, Any]:
        """As JSON."""
        return msgspec.to_builtins(self)  # type: ignore[no-any-return]  # a dict, of a dataclass

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
                self.wanted[key] = member

    def take(
        self, keys: Sequence[str], files: Mapping[str, File | None]
    ) -> tuple[dict[str, Resource], set[str], list[str]]:
        """Take what came for the wanted `keys`: the files by key; the keys without events; those that are not whole.

        What did not come, or not whole, stays wanted.
        """
        taken: dict[str, Resource] = {}
        empty: set[str] = set()
        broken: list[str] = []
        for key in keys:
            path = key_of(self.wanted[key].url)
            if path not in files:
                continue
            file = files[path]
            resource = None if file is None else Resource.of(file.data)
            if resource is not None and not resource.whole:
                broken.append(key)
                continue
            if file is None:
                self._forget(key)
            else:
                self.settle(key, file.etag)
            if resource is None:
                empty.add(key)
            else:
                taken[key] = resource
        return taken, empty, broken

    def settle(self, key: str, etag: str = "") -> None:
        """Note that it need not be asked for again until it changes."""
        self.etags[key] = etag or self.wanted[key].etag
        del self.wanted[key]

    def _forget(self, key: str) -> None:
        self.etags.pop(key, None)
        self.wanted.pop(key, None)


def asked(
    connection: Connection,
    known: CollectionState,
    keys: Sequence[str],
    files: Mapping[str, File | None],
    *,
    tag: str,
    now: datetime,
) -> tuple[dict[str, Any], list[bytes]]:
    """Return the question to `members`: `files` came for the wanted `keys`, by path."""
    head = {
        **ReadRequest.ahead(connection, now).as_json(),
        "now": now.isoformat(),
        "tag": tag,
        "known": known.as_json(),
        "keys": keys,
        "files": [[path, None if file is None else file.etag] for path, file in files.items()],
    }
    return head, [connection.state or b"", *(b"" if file is None else file.data for file in files.values())]


def members(head: dict[str, Any], blobs: Sequence[bytes]) -> Changes:
    """`ical.worker`'s task: the changes, once the collection's files are what the server has."""
    state, *data = blobs
    request, now = ReadRequest.of_json(head), datetime.fromisoformat(head["now"])
    files = {
        path: None if etag is None else File(content, etag)
        for (path, etag), content in zip(head["files"], data, strict=True)
    }
    before, known = IcsCollection.load(state) or IcsCollection(), CollectionState.of(head["known"])
    gone = {key for key in before.resources if key not in known.etags and key not in known.wanted}
    taken, empty, broken = known.take(head["keys"], files)
    problems = tuple(Problem(key, "It is no whole calendar file.") for key in broken)
    kept = before.with_changes(taken, gone | empty, now=now)
    after = replace(kept, tag=head["tag"], extra=MappingProxyType(known.as_json()))
    if before.serves(request, now) and after.resources == before.resources and not problems:
        return Changes(state=after.dump(), unchanged=True, full=False)
    changes = after.changes(request, now)
    unchanged = changes.unchanged and not problems
    return replace(changes, unchanged=unchanged, problems=changes.problems + problems)
