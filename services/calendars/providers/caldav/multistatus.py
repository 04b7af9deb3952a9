"""What WebDAV servers answer: 207 Multi-Status (RFC 4918 §13) as values. Pure.

Nothing in an answer is trusted: no DTD, no entities, so many elements and no more, and a link is only a text here
(`dav.DavClient` decides which of them it goes to).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

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
        """The text of a property; empty where there is none."""
        element = self.found.get(name)
        return "" if element is None else (element.text or "").strip()

    def links(self, name: str) -> tuple[str, ...]:
        """The absolute addresses of the DAV:href elements in a property; what cannot be an address is left out."""
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
        """The names of the elements in a property, such as DAV:resourcetype; empty where there is none."""
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
        """An element begins. Raises CalendarTooLargeError."""
        self._left -= 1
        self._depth += 1
        if self._depth > DEEPEST:
            raise CalendarError("the answer is nested too deeply")
        if self._left < 0:
            raise CalendarTooLargeError("elements")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        """An element ends."""
        self._depth -= 1
        return super().end(tag)


def parsed(body: bytes) -> Element:
    """The root of an XML body. Raises CalendarError for what is none, or has a DTD; CalendarTooLargeError."""
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
    """The values of a 207's body that came from `base`. Raises what `parsed` does."""
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
    """The beginning of an address, without the port that its scheme has anyway."""
    usual = {"http": 80, "https": 443}.get(scheme)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}" + ("" if port in {None, usual} else f":{port}")


def tidy(path: str) -> str:
    """A path that can be sent: what must be escaped is, what need not be is not; the rest as its server writes it."""

    def unescaped(found: re.Match[str]) -> str:
        """RFC 3986 §6.2.2: unreserved characters are the same with and without escaping."""
        character = chr(int(found[0][1:], 16))
        return character if _UNRESERVED.fullmatch(character) else found[0].upper()

    return _ESCAPE.sub(unescaped, quote(_STRAY.sub("%25", path), safe=_PATH))


def key_of(url: str) -> str:
    """What two spellings of one path have in common: servers list `a@b.ics` and are asked for `a%40b.ics`."""
    parts = urlsplit(url)
    path = "/".join(quote(unquote_to_bytes(segment), safe="") for segment in parts.path.split("/"))
    return path + (f"?{parts.query}" if parts.query else "")
