"""From what a person types to their calendars, over servers that lead well, badly, and elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from services.calendars.providers.caldav.discovery import CaldavDirectory
from services.calendars.providers.caldav.source import CaldavSource
from services.domain.calendars import OfferedCalendar
from services.domain.errors import (
    CredentialsRefusedError,
    InputError,
    LoginInAddressError,
    NoCalendarsError,
    NotAnAddressError,
    PlaceNotAllowedError,
    ServerSilentError,
)
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient
from services.platform.outbound import Outbound
from tests.support.caldav_account import Account, Reading, meeting
from tests.support.caldav_server import CALENDAR, multistatus, response
from tests.support.sites import Names, Site, certificate

PASSWORD = "app-secret"
ME = "/principals/ann/"
HOME = "/calendars/ann/"
PRINCIPAL = f"<d:current-user-principal><d:href>{ME}</d:href></d:current-user-principal>"


def rights(*names: str) -> str:
    inner = "".join(f"<d:privilege><{name}/></d:privilege>" for name in names)
    return f"<d:current-user-privilege-set>{inner}</d:current-user-privilege-set>"


WRITE, READ, FREE_BUSY = rights("d:read", "d:write"), rights("d:read"), rights("c:read-free-busy")


def owner(href: str) -> str:
    return f"<d:owner><d:href>{href}</d:href></d:owner>"


def person(home: str = HOME, *addresses: str) -> str:
    links = "".join(f"<d:href>{address}</d:href>" for address in addresses)
    return (
        f"{PRINCIPAL}<d:displayname> Ann  Example </d:displayname>"
        f"<c:calendar-home-set><d:href>{home}</d:href></c:calendar-home-set>"
        f"<c:calendar-user-address-set>{links}</c:calendar-user-address-set>"
    )


def components(*names: str) -> str:
    inner = "".join(f'<c:comp name="{name}"/>' for name in names)
    return f"<c:supported-calendar-component-set>{inner}</c:supported-calendar-component-set>"


def transparency(word: str) -> str:
    return f"<c:schedule-calendar-transp><c:{word}/></c:schedule-calendar-transp>"


def named(name: str) -> str:
    return f"<d:displayname>{name}</d:displayname>"


class Server:
    """Answers PROPFIND by path and depth; everything else is 404, and nothing without the password."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.asked: list[tuple[str, str]] = []
        self.answers: dict[tuple[str, str], Callable[[], web.Response]] = {}
        site.answer = self._answer

    def says(self, path: str, properties: str, *more: str, depth: str = "0") -> None:
        self.answers[path, depth] = lambda: multistatus(response(path, properties), *more)

    def gives(self, path: str, status: int, depth: str = "0", **headers: str) -> None:
        self.answers[path, depth] = lambda: web.Response(status=status, headers=headers)

    def lists(self, *calendars: str) -> None:
        self.says(HOME, "<d:resourcetype><d:collection/></d:resourcetype>", *calendars, depth="1")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        at = request.path, request.headers.get("Depth", "")
        self.asked.append(at)
        if request.headers.get("Authorization") != aiohttp.BasicAuth("ann", PASSWORD).encode():
            return web.Response(status=401)
        return self.answers.get(at, lambda: web.Response(status=404))()


@pytest.fixture
def server(site: Site) -> Server:
    """A server with a well-known redirect, a principal and a home with one calendar."""
    made = Server(site)
    made.gives("/.well-known/caldav", 301, Location="/dav/")
    made.says("/dav/", PRINCIPAL)
    made.says(
        ME, person(HOME, "mailto:Ann@Example.org", "mailto:ann%2Bx@example.org", "urn:uuid:1", "/principals/ann/")
    )
    made.lists(response(f"{HOME}work/", CALENDAR + named("Work") + owner(ME)))
    return made


@pytest.fixture
def directory(client: GuardedClient) -> CaldavDirectory:
    return CaldavDirectory(client, client.rules)


def work(site: Site) -> OfferedCalendar:
    return OfferedCalendar(site.url(f"{HOME}work/"), "Work", main=True)


async def test_a_host_leads_to_the_calendars_in_four_requests(
    server: Server, site: Site, directory: CaldavDirectory
) -> None:
    offer, credentials = await directory.offer(site.url(""), " ann ", PASSWORD)
    assert (offer.subject, offer.name, offer.calendars) == (site.url(ME), "Ann Example", (work(site),))
    assert credentials == {
        "user": "ann",
        "password": PASSWORD,
        "addresses": ["ann@example.org", "ann+x@example.org"],
    }
    assert server.asked == [("/.well-known/caldav", "0"), ("/dav/", "0"), (ME, "0"), (HOME, "1")]


@pytest.mark.parametrize(("place", "requests"), [(ME, 2), ("/dav/", 3), ("/nothing/here", 5)])
async def test_other_places_lead_there_too(
    server: Server, site: Site, directory: CaldavDirectory, place: str, requests: int
) -> None:
    offer, _ = await directory.offer(site.url(place), "ann", PASSWORD)
    assert (offer.subject, offer.calendars) == (site.url(ME), (work(site),))
    assert len(server.asked) == requests


async def test_a_calendar_home_leads_to_its_calendars(server: Server, site: Site, directory: CaldavDirectory) -> None:
    server.says(HOME, PRINCIPAL + "<d:resourcetype><d:collection/></d:resourcetype>")
    offer, _ = await directory.offer(site.url(HOME), "ann", PASSWORD)
    assert (offer.subject, offer.calendars) == (site.url(ME), (work(site),))


async def test_a_server_without_principals_is_listed(server: Server, site: Site, directory: CaldavDirectory) -> None:
    server.says(HOME, "<d:resourcetype><d:collection/></d:resourcetype>")
    server.gives("/.well-known/caldav", 404)
    server.gives("/", 403)
    offer, _ = await directory.offer(site.url(HOME), "ann", PASSWORD)
    assert [one.name for one in offer.calendars] == ["Work"]
    assert (offer.subject, offer.name) == (site.url(HOME), "ann")


async def test_a_calendar_that_others_share_is_offered_behind_ones_own(
    server: Server, site: Site, directory: CaldavDirectory
) -> None:
    server.lists(
        response(f"{HOME}a/", CALENDAR + named("Own") + owner("/principals/ann") + READ),
        response(f"{HOME}b/", CALENDAR + named("Bob's") + owner("/principals/bob/") + WRITE),
        response(f"{HOME}c/", CALENDAR + WRITE),
        response(f"{HOME}d%20e/", CALENDAR + READ + named("  ")),
        response(f"{HOME}f/", CALENDAR + FREE_BUSY),
        response(f"{HOME}g/", CALENDAR + components("VTODO")),
        response(f"{HOME}h/", CALENDAR + components("vevent", "VTODO") + named("h" * 999)),
        response(f"{HOME}i/", "<d:resourcetype><d:collection/><c:schedule-inbox/></d:resourcetype>"),
        response(f"{HOME}j/", CALENDAR + "<d:current-user-privilege-set/>"),
        response(f"{HOME}k/", CALENDAR + named("Free") + transparency("transparent")),
        response(f"{HOME}l/", CALENDAR + named("Opaque") + transparency("opaque")),
    )
    offer, _ = await directory.offer(site.url(""), "ann", PASSWORD)
    assert [(one.name, one.main) for one in offer.calendars] == [
        ("Own", True), ("Bob's", False), ("c", True), ("d e", False), ("h" * 200, True), ("j", True), ("Free", False),
        ("Opaque", True),
    ]  # fmt: skip


async def test_a_calendar_that_was_typed_needs_no_home(server: Server, site: Site, directory: CaldavDirectory) -> None:
    server.answers.clear()
    server.says("/shared/x/", CALENDAR + named("X"))
    offer, _ = await directory.offer(site.url("/shared/x/"), "ann", PASSWORD)
    assert (offer.subject, offer.calendars) == (
        site.url("/shared/x/"),
        (OfferedCalendar(site.url("/shared/x/"), "X", main=True),),
    )
    assert ("/shared/x/", "1") not in server.asked  # its events are not listed for that


async def test_a_calendar_that_was_typed_is_the_main_one_of_its_home(
    server: Server, site: Site, directory: CaldavDirectory
) -> None:
    server.says("/shared/x/", PRINCIPAL + CALENDAR + named("X") + owner("/principals/bob/"))
    offer, _ = await directory.offer(site.url("/shared/x/"), "ann", PASSWORD)
    assert [(one.name, one.main) for one in offer.calendars] == [("X", True), ("Work", False)]


# ── what is no use ──────────────────────────────────────────────────────────────────────────────────


async def refused(
    directory: CaldavDirectory, url: str, password: str = PASSWORD
) -> tuple[type[InputError], str | None]:
    with pytest.raises(InputError) as caught:
        await directory.offer(url, "ann", password)
    return type(caught.value), caught.value.field


@pytest.mark.parametrize(
    ("status", "error", "field"),
    [
        (200, NoCalendarsError, "caldav_url"),
        (401, CredentialsRefusedError, "caldav_password"),
        (403, NoCalendarsError, "caldav_url"),
        (404, NoCalendarsError, "caldav_url"),
        (405, NoCalendarsError, "caldav_url"),
        (429, ServerSilentError, "caldav_url"),
        (500, ServerSilentError, "caldav_url"),
        (503, ServerSilentError, "caldav_url"),
    ],
)
async def test_a_server_that_answers_nothing_useful_is_said_so(
    site: Site, directory: CaldavDirectory, status: int, error: type[InputError], field: str
) -> None:
    site.gives(b"<html>hello</html>", status)
    assert await refused(directory, site.url("/dav/")) == (error, field)
    assert len(site.seen) <= 3


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', b'<d:multistatus xmlns:d="DAV:"/>']
)
async def test_an_answer_that_is_none_is_no_calendar(site: Site, directory: CaldavDirectory, body: bytes) -> None:
    site.gives(body, 207)
    assert await refused(directory, site.url()) == (NoCalendarsError, "caldav_url")


async def test_an_account_without_calendars_is_said_so(server: Server, site: Site, directory: CaldavDirectory) -> None:
    server.lists()
    assert await refused(directory, site.url()) == (NoCalendarsError, "caldav_url")


async def test_a_wrong_password_is_tried_once(server: Server, site: Site, directory: CaldavDirectory) -> None:
    assert await refused(directory, site.url(), "wrong") == (CredentialsRefusedError, "caldav_password")
    assert len(server.asked) == 1


async def test_a_server_that_does_not_look_at_passwords_is_not_believed(
    server: Server, site: Site, directory: CaldavDirectory
) -> None:
    server.says("/dav/", "<d:current-user-principal><d:unauthenticated/></d:current-user-principal>")
    assert await refused(directory, site.url()) == (CredentialsRefusedError, "caldav_password")


async def test_a_server_that_never_answers_costs_no_more_than_its_time(site: Site, client: GuardedClient) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    site.answer = answer
    assert await refused(CaldavDirectory(client, client.rules, seconds=0.2), site.url()) == (
        ServerSilentError,
        "caldav_url",
    )


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", NotAnAddressError),
        ("not an address", NotAnAddressError),
        ("ftp://example.org/", NotAnAddressError),
        ("https://ann:secret@example.org/", LoginInAddressError),
        ("http://example.org/", NotAnAddressError),
        ("https://127.0.0.1/", PlaceNotAllowedError),
        ("caldavs://localhost/dav", PlaceNotAllowedError),
        ("https://169.254.169.254/", PlaceNotAllowedError),
        ("https://example.org:8443/", PlaceNotAllowedError),
    ],
)
async def test_an_address_that_is_none_or_leads_inside_is_refused(typed: str, error: type[InputError]) -> None:
    client = GuardedClient(AddressRules())
    assert await refused(CaldavDirectory(client, client.rules), typed) == (error, "caldav_url")
    await client.close()


# ── where the password goes ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("what", ["redirect", "principal", "home", "calendar"])
async def test_a_link_to_another_host_is_refused_and_the_password_stays(
    server: Server, site: Site, directory: CaldavDirectory, what: str
) -> None:
    async with Site() as other:
        there = other.url(HOME)
        match what:
            case "redirect":
                server.gives("/.well-known/caldav", 301, Location=there)
            case "principal":
                server.says("/dav/", f"<d:current-user-principal><d:href>{there}</d:href></d:current-user-principal>")
            case "home":
                server.says(ME, person(there))
            case "calendar":
                server.lists(response(there, CALENDAR))
        assert await refused(directory, site.url()) == (NoCalendarsError, "caldav_url")
        assert other.seen == []


@pytest.fixture
async def icloud(tmp_path: Path) -> AsyncIterator[tuple[Server, GuardedClient, Names]]:
    """A server over TLS that is all of these hosts, the client that trusts it, and the names it asks for."""
    hosts = ("caldav.icloud.com", "p34-caldav.icloud.com", "evil-caldav.icloud.com", "caldav.example.org")
    ours, theirs = certificate(tmp_path, *hosts)
    async with Site(context=ours) as site:
        names = Names(port=site.port, **{host.replace(".", "_"): [["127.0.0.1"]] for host in hosts})
        client = GuardedClient(AddressRules(private=True), resolver=names, outbound=Outbound(theirs))
        yield Server(site), client, names
        await client.close()


@pytest.mark.parametrize(
    ("begin", "home", "allowed"),
    [
        ("https://caldav.icloud.com", "https://p34-caldav.icloud.com:443/calendars/ann/", True),
        ("https://caldav.icloud.com", "https://evil-caldav.icloud.com/calendars/ann/", False),
        ("https://caldav.icloud.com", "http://p34-caldav.icloud.com/calendars/ann/", False),
        ("https://caldav.icloud.com", "https://p34-caldav.icloud.com:8443/calendars/ann/", False),
        ("https://caldav.icloud.com", "https://p34-caldav.icloud.com.example.org/calendars/ann/", False),
        ("https://caldav.example.org", "https://p34-caldav.icloud.com/calendars/ann/", False),
    ],
)
async def test_icloud_alone_may_have_its_homes_elsewhere(
    icloud: tuple[Server, GuardedClient, Names], begin: str, home: str, *, allowed: bool
) -> None:
    server, client, names = icloud
    server.says("/", PRINCIPAL)
    server.says(ME, person(home))
    server.lists(response(f"{HOME}work/", CALENDAR + named("Work") + owner(ME)))
    directory = CaldavDirectory(client, client.rules)
    if not allowed:
        assert await refused(directory, begin) == (NoCalendarsError, "caldav_url")
        assert set(names.asked) == {begin.removeprefix("https://")}
        return
    offer, credentials = await directory.offer(begin, "ann", PASSWORD)
    assert offer.subject == f"https://caldav.icloud.com{ME}"
    assert offer.calendars == (OfferedCalendar(f"https://p34-caldav.icloud.com{HOME}work/", "Work", main=True),)
    assert set(names.asked) == {"caldav.icloud.com", "p34-caldav.icloud.com"}
    inner = server.site.answer

    async def reports(request: web.Request) -> web.StreamResponse:
        body = await request.text()
        member = f"{HOME}work/one.ics"
        if "multiget" in body:
            return multistatus(response(member, f"<c:calendar-data>{meeting('One').decode()}</c:calendar-data>"))
        if "sync-collection" in body:
            return multistatus(response(member, '<d:getetag>"1"</d:getetag>'), "<d:sync-token>1</d:sync-token>")
        return await inner(request)

    server.site.answer = reports
    ann = Account(CaldavSource(client, Reading()), offer.calendars[0].address, **credentials_of(credentials))
    assert await ann.starts() == [("One", "11-25T10:00")]


def credentials_of(credentials: dict[str, object]) -> dict[str, str]:
    return {name: str(credentials[name]) for name in ("user", "password")}
