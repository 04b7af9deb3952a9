"""What a person typed, and what is there: a server, a principal, a calendar home or one calendar.

RFC 6764 leads from a host to a principal (RFC 5397), RFC 4791 §6.2.1 from there to the homes of its calendars. DNS is
not asked (RFC 6764 §4): the addresses that services give in their help work without.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from services.calendars.providers.caldav.collection import CALDAV, DAV, TRANSPARENCY, Answered, key_of
from services.calendars.providers.caldav.dav import DIGEST, DavClient, Login
from services.domain.calendars import Offer, OfferedCalendar
from services.domain.errors import (
    AccessRefusedError,
    AddressNotAllowedError,
    CalendarBusyError,
    CalendarError,
    CalendarUnreachableError,
    CredentialsRefusedError,
    NoCalendarsError,
    NotAnAddressError,
    PlaceNotAllowedError,
    ServerSilentError,
)
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient

URL_FIELD = "caldav_url"
PASSWORD_FIELD = "caldav_password"  # noqa: S105 - the name of a block
"""Blocks of the modal `connect_calendar`."""

MOST_CALENDARS = 200
MOST_HOMES = 4
MOST_ADDRESSES = 20
LONGEST_NAME = 200

_PRINCIPAL = f"{DAV}current-user-principal"
_HOMES = f"{CALDAV}calendar-home-set"
_ADDRESSES = f"{CALDAV}calendar-user-address-set"
_NAME = f"{DAV}displayname"
_KIND = f"{DAV}resourcetype"
_OWNER = f"{DAV}owner"
_RIGHTS = f"{DAV}current-user-privilege-set"
_COMPONENTS = f"{CALDAV}supported-calendar-component-set"
_OF_A_PERSON = (_PRINCIPAL, _HOMES, _ADDRESSES, _NAME)
_OF_A_CALENDAR = (_KIND, _NAME, _OWNER, _RIGHTS, _COMPONENTS, TRANSPARENCY)
_OF_A_PLACE = tuple(dict.fromkeys((*_OF_A_PERSON, *_OF_A_CALENDAR)))
_WRITING = frozenset({f"{DAV}all", f"{DAV}write", f"{DAV}write-content", f"{DAV}bind"})
_READING = frozenset({f"{DAV}all", f"{DAV}read"})
_SCHEME = re.compile(r"^caldavs?://", re.IGNORECASE)


async def discover(dav: DavClient, url: str) -> tuple[Offer, tuple[str, ...]]:
    """Return what is at `url`, which a person typed, and by which mail addresses the server knows them.

    Three to five requests. Where it is one calendar, that is the main one. Else all that are the person's own are;
    those that others share with them, and those whose events leave them free, are offered only.
    Raises a `CalendarError`.
    """
    seen = await _entrance(dav, url)
    person, principals = seen, seen.links(_PRINCIPAL)
    if principals and not seen.links(_HOMES):
        person = next(iter(await _asked(dav, principals[0], _OF_A_PERSON)), seen)
    principal = next(iter(principals), person.url)
    typed = _calendars((seen,), dav, principal)
    homes = person.links(_HOMES) or (() if typed else (seen.url,))
    listed: list[OfferedCalendar] = []
    for home in homes[:MOST_HOMES]:
        there = dav.toward(home)
        listed += _calendars(await _asked(there, home, _OF_A_CALENDAR, depth=1), there, principal)
    if typed:
        chosen = key_of(typed[0].address)
        others = [replace(one, main=False) for one in listed if key_of(one.address) != chosen]
        listed = [replace(typed[0], main=True), *others]
    calendars = tuple({one.address: one for one in listed}.values())[:MOST_CALENDARS]
    return Offer(dav.own(principal), _short(person.text(_NAME)), calendars), _mail_addresses(person)


async def _entrance(dav: DavClient, url: str) -> Answered:
    """Return the first resource that knows them, of those where they may have meant to go; else the first at all."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    ways = (url, f"{root}/.well-known/caldav", f"{root}/")
    failed: list[CalendarError] = []
    other: Answered | None = None
    for way in ways[parts.path in {"", "/"} :]:
        try:
            answers = await _asked(dav, way, _OF_A_PLACE)
        except (AccessRefusedError, AddressNotAllowedError):
            raise
        except CalendarError as error:  # the next one may be the right one
            failed.append(error)
            continue
        for answer in answers:
            if f"{DAV}unauthenticated" in answer.kinds(_PRINCIPAL):  # RFC 5397 §3: it has not looked at the password
                raise AccessRefusedError("unauthenticated")
            if answer.links(_PRINCIPAL) or answer.links(_HOMES):
                return answer
            other = other or answer
    if other is not None:
        return other
    passing = (error for error in failed if isinstance(error, CalendarBusyError | CalendarUnreachableError))
    raise next(passing, failed[0] if failed else CalendarError("nothing there"))


async def _asked(dav: DavClient, url: str, names: Iterable[str], depth: int = 0) -> Sequence[Answered]:
    """Return what is said of resources that exist."""
    page = await dav.multistatus(await dav.propfind(url, names, depth), datetime.now(UTC))
    return [answer for answer in page.answers if answer.status < HTTPStatus.MULTIPLE_CHOICES]


def _calendars(answers: Iterable[Answered], dav: DavClient, principal: str) -> list[OfferedCalendar]:
    """Return the calendars that have events and may be read. Raises CalendarRefusedError for one on another host."""
    found = []
    for answer in answers:
        # RFC 4791 §5.2.3: a calendar that does not say what it is for is for everything.
        components = {child.get("name", "").upper() for child in answer.found.get(_COMPONENTS, ())}
        # RFC 3744 §5.5: what the person may do; nothing is said by servers that have no such thing.
        privileges = answer.found.get(_RIGHTS, Element("")).iter(f"{DAV}privilege")
        rights = {right.tag for privilege in privileges for right in privilege}
        if f"{CALDAV}calendar" not in answer.kinds(_KIND) or (components and "VEVENT" not in components):
            continue
        if rights and rights.isdisjoint(_READING):
            continue
        owners = answer.links(_OWNER)
        if owners:
            own = key_of(owners[0]).rstrip("/") == key_of(principal).rstrip("/")
        else:
            own = not rights or not rights.isdisjoint(_WRITING)
        name = answer.text(_NAME) or unquote(urlsplit(answer.url).path.rstrip("/").rpartition("/")[2])
        found.append(OfferedCalendar(dav.own(answer.url), _short(name), main=own and not answer.transparent))
    return found


def _mail_addresses(person: Answered) -> tuple[str, ...]:
    """RFC 6638 §2.4.1: among other addresses of a person there are mailto: ones."""
    element = person.found.get(_ADDRESSES)
    links = [] if element is None else [(link.text or "").strip() for link in element.iter(f"{DAV}href")]
    found = (unquote(link[7:]).lower() for link in links if link[:7].lower() == "mailto:")
    return tuple(dict.fromkeys(address for address in found if "@" in address and len(address) < LONGEST_NAME))[
        :MOST_ADDRESSES
    ]


def _short(text: str) -> str:
    return " ".join(text.split())[:LONGEST_NAME]


@dataclass(frozen=True, slots=True)
class CaldavDirectory:
    """Finds the calendars of an account, given what its owner types into a form."""

    client: GuardedClient
    rules: AddressRules
    seconds: float = 25.0

    async def offer(self, url: str, user: str, password: str, *, digest: bool = False) -> tuple[Offer, dict[str, Any]]:
        """Return what the account has, and the credentials to keep for its calendars. `digest`: as in `Login`.

        Raises NotAnAddressError, PlaceNotAllowedError, CredentialsRefusedError, NoCalendarsError or ServerSilentError,
        each with its field.
        """
        user, text = user.strip(), _SCHEME.sub("https://", url.strip())
        login = Login(user, password, digest=digest)
        try:
            address = str(self.rules.parse(text if "://" in text else f"https://{text}"))
            if not user or not password or ":" in user:  # RFC 7617 §2: there is no colon in a Basic user-id
                raise CredentialsRefusedError("incomplete", field=PASSWORD_FIELD)
            async with asyncio.timeout(self.seconds):
                found, known = await discover(DavClient(self.client, login, address), address)
        except NotAnAddressError as error:
            error.field = URL_FIELD
            raise
        except AccessRefusedError as error:
            raise CredentialsRefusedError(error.reason, field=PASSWORD_FIELD) from None
        except AddressNotAllowedError as error:
            raise PlaceNotAllowedError(error.reason, field=URL_FIELD) from None
        except (CalendarBusyError, CalendarUnreachableError) as error:
            raise ServerSilentError(error.reason, field=URL_FIELD) from None
        except CalendarError as error:
            raise NoCalendarsError(error.reason, field=URL_FIELD) from None
        except TimeoutError:
            raise ServerSilentError("timeout", field=URL_FIELD) from None
        if not found.calendars:
            raise NoCalendarsError("none", field=URL_FIELD)
        mine = (user.lower(),) if "@" in user else ()
        addresses = list(dict.fromkeys((*known, *mine)))
        credentials = {"user": user, "password": password, "addresses": addresses}
        if login.is_digest:
            credentials["login"] = DIGEST
        return replace(found, name=found.name or user), credentials
