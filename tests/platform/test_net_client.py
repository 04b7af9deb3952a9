"""The guarded client against real servers on loopback: where it goes, and what it carries along."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from aiohttp import web

from services.domain.errors import (
    AddressNotAllowedError,
    CalendarRefusedError,
    CalendarUnreachableError,
)
from services.platform.addresses import AddressRules
from services.platform.net import COOKIES_BYTES, GuardedClient
from services.platform.outbound import Outbound
from tests.support.sites import Names, Site, certificate


class PretendPublic(AddressRules):
    """The public rules, except that 127.0.0.1 plays a public address; 127.0.0.2 stays what it is."""

    def allows(self, address: IPv4Address | IPv6Address) -> bool:
        return address == ip_address("127.0.0.1") or AddressRules.allows(self, address)


@pytest.fixture
async def inside() -> AsyncIterator[Site]:
    """What an attacker wants to reach."""
    async with Site("127.0.0.2") as started:
        started.gives(b"the crown jewels")
        yield started


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    folder: Path = tmp_path_factory.mktemp("tls")
    return certificate(folder, "feeds.example", "other.example", "127.0.0.1", "localhost")


@pytest.fixture
async def secure(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> AsyncIterator[Site]:
    async with Site(context=contexts[0]) as started:
        yield started


# ── where it goes ───────────────────────────────────────────────────────────────────────────────────


async def test_request_carries_method_headers_and_body_and_returns_the_answer(
    site: Site, client: GuardedClient
) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        text = f"{request.method} {request.headers['Depth']} {(await request.read()).decode()}"
        return web.Response(text=text, status=207, headers={"X-Some": "thing"})

    site.answer = answer
    response = await client.request("REPORT", site.url("/dav"), headers={"Depth": "1"}, body=b"<x/>")
    assert (response.status, response.body, response.headers["x-some"]) == (207, b"REPORT 1 <x/>", "thing")
    assert response.url == site.url("/dav")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]", "localhost"]
)
async def test_loopback_in_any_spelling_is_not_visited(site: Site, host: str) -> None:
    for rules in (AddressRules(), PortsOpen()):
        client = GuardedClient(rules)
        with pytest.raises((AddressNotAllowedError, CalendarUnreachableError)):
            await client.request("GET", f"http://{host}:{site.port}/")
        await client.close()
    assert site.seen == []


class PortsOpen(AddressRules):
    """The public rules on any port, so that the sites of the tests are in reach of all but the address rules."""

    def check(self, url: object) -> None:
        """Leave everything to the check at the socket."""


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]"])
async def test_literal_address_is_checked_where_the_socket_is_made(site: Site, host: str) -> None:
    client = GuardedClient(PortsOpen())
    with pytest.raises(AddressNotAllowedError):
        await client.request("GET", f"http://{host}:{site.port}/")
    await client.close()
    assert site.seen == []


async def test_name_that_resolves_to_loopback_is_not_visited(inside: Site) -> None:
    names = Names(port=inside.port, evil_example=[["127.0.0.2"]])
    client = GuardedClient(AddressRules(), resolver=names)
    with pytest.raises(AddressNotAllowedError):
        await client.request("GET", "https://evil.example/")
    await client.close()
    assert (names.asked, inside.seen) == (["evil.example"], [])


@pytest.mark.parametrize(
    "answer",
    [["169.254.169.254"], ["::1"], ["fd00:ec2::254"], ["64:ff9b::a9fe:a9fe"], ["93.184.216.34", "10.0.0.1"]],
)
async def test_name_with_any_address_inside_is_not_visited(answer: list[str]) -> None:
    client = GuardedClient(AddressRules(), resolver=Names(evil_example=[answer]))
    with pytest.raises(AddressNotAllowedError):
        await client.request("GET", "https://evil.example/")
    await client.close()


async def test_metadata_service_is_not_visited_even_where_private_addresses_are_allowed() -> None:
    client = GuardedClient(AddressRules(private=True), resolver=Names(evil_example=[["169.254.169.254"]]))
    for url in ("http://evil.example/latest", "http://169.254.169.254/latest", "http://metadata.google.internal/"):
        with pytest.raises(AddressNotAllowedError):
            await client.request("GET", url)
    await client.close()


async def test_name_that_answers_differently_the_second_time_is_checked_again(
    secure: Site, inside: Site, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async def once(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="first", headers={"Connection": "close"})

    secure.answer = once
    names = Names(port=secure.port, feeds_example=[["127.0.0.1"], ["127.0.0.2"]])
    client = GuardedClient(PretendPublic(), resolver=names, outbound=Outbound(contexts[1]))
    assert (await client.request("GET", "https://feeds.example/")).body == b"first"
    with pytest.raises(AddressNotAllowedError):
        await client.request("GET", "https://feeds.example/")
    await client.close()
    assert (len(names.asked), len(secure.seen), inside.seen) == (2, 1, [])


async def test_certificate_of_another_name_is_no_answer(
    secure: Site, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    names = Names(port=secure.port, stranger_example=[["127.0.0.1"]])
    client = GuardedClient(PretendPublic(), resolver=names, outbound=Outbound(contexts[1]))
    with pytest.raises(CalendarUnreachableError):
        await client.request("GET", "https://stranger.example/")
    await client.close()
    assert secure.seen == []


async def test_proxy_of_the_environment_is_not_asked(
    site: Site, client: GuardedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.gives(b"direct")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert (await client.request("GET", site.url())).body == b"direct"


async def test_unknown_name_and_closed_port_are_unreachable(client: GuardedClient) -> None:
    nowhere = GuardedClient(AddressRules(), resolver=Names())
    with pytest.raises(CalendarUnreachableError):
        await nowhere.request("GET", "https://nobody.example/")
    await nowhere.close()
    with pytest.raises(CalendarUnreachableError):
        await client.request("GET", "http://127.0.0.1:9/")


async def test_what_is_no_address_is_not_visited(client: GuardedClient) -> None:
    for text in ("", "feeds.example/a.ics", "file:///etc/passwd"):
        with pytest.raises(AddressNotAllowedError):
            await client.request("GET", text)


async def test_label_longer_than_dns_allows_is_unreachable(client: GuardedClient) -> None:
    with pytest.raises(CalendarUnreachableError):
        await client.request("GET", f"https://{'a' * 64}.example/")


# ── redirects ───────────────────────────────────────────────────────────────────────────────────────


async def test_redirect_is_followed_and_the_last_address_reported(site: Site, client: GuardedClient) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/old":
            return web.Response(status=301, headers={"Location": "../new?x=%2F"})
        return web.Response(text=request.raw_path if isinstance(request, web.Request) else str(request.rel_url))

    site.answer = answer
    response = await client.request("GET", site.url("/old"))
    assert (response.status, response.url) == (200, site.url("/new?x=%2F"))


@pytest.mark.parametrize("to", ["https://127.0.0.2/", "https://[::1]/", "https://inner.example/", "//127.0.0.2/"])
async def test_redirect_to_the_inside_is_not_followed(
    secure: Site, inside: Site, contexts: tuple[ssl.SSLContext, ssl.SSLContext], to: str
) -> None:
    secure.redirects(to)
    names = Names(port=secure.port, feeds_example=[["127.0.0.1"]], inner_example=[["127.0.0.2"]])
    client = GuardedClient(PretendPublic(), resolver=names, outbound=Outbound(contexts[1]))
    with pytest.raises(AddressNotAllowedError):
        await client.request("GET", "https://feeds.example/")
    await client.close()
    assert (len(secure.seen), inside.seen) == (1, [])


@pytest.mark.parametrize(
    "to", ["http://feeds.example/", "ftp://feeds.example/", "https://feeds.example:22/", "https://me:x@feeds.example/"]
)
async def test_redirect_to_another_scheme_or_port_is_not_followed(
    secure: Site, contexts: tuple[ssl.SSLContext, ssl.SSLContext], to: str
) -> None:
    secure.redirects(to)
    names = Names(port=secure.port, feeds_example=[["127.0.0.1"]])
    client = GuardedClient(PretendPublic(), resolver=names, outbound=Outbound(contexts[1]))
    with pytest.raises((AddressNotAllowedError, CalendarUnreachableError)):
        await client.request("GET", "https://feeds.example/")
    await client.close()
    assert len(secure.seen) == 1


async def test_redirects_in_a_circle_end_after_five(site: Site, client: GuardedClient) -> None:
    site.redirects("/again")
    with pytest.raises(CalendarUnreachableError) as caught:
        await client.request("GET", site.url())
    assert (caught.value.reason, len(site.seen)) == ("too many redirects", 6)


async def test_credentials_stay_with_their_origin(site: Site, inside: Site, client: GuardedClient) -> None:
    site.redirects(inside.url("/there"))
    headers = {"Authorization": "Bearer s3cret", "Cookie": "a=b", "X-Api-Key": "s3cret", "If-None-Match": '"1"'}
    response = await client.request("GET", site.url(), headers=headers)
    assert response.body == b"the crown jewels"
    assert site.seen[0].headers["Authorization"] == "Bearer s3cret"
    carried = {name.lower() for name in inside.seen[0].headers}
    assert carried == {"host", "user-agent", "accept", "accept-encoding", "if-none-match"}


async def test_credentials_stay_dropped_on_the_way_back(site: Site, inside: Site, client: GuardedClient) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/home":
            return web.Response(text="home")
        return web.Response(status=302, headers={"Location": inside.url("/")})

    site.answer = answer
    inside.redirects(site.url("/home"))
    await client.request("GET", site.url("/"), headers={"Authorization": "Bearer s3cret"})
    assert ["Authorization" in request.headers for request in site.seen] == [True, False]


async def test_body_is_not_carried_to_another_origin(site: Site, inside: Site, client: GuardedClient) -> None:
    site.redirects(inside.url(), 307)
    with pytest.raises(CalendarRefusedError):
        await client.request("POST", site.url(), body=b"client_secret=s3cret")
    assert inside.seen == []


@pytest.mark.parametrize(
    ("method", "status", "then"),
    [
        ("POST", 303, "GET"),
        ("POST", 302, "GET"),
        ("POST", 307, "POST"),
        ("PROPFIND", 301, "PROPFIND"),
        ("HEAD", 303, "HEAD"),
    ],
)
async def test_method_after_a_redirect(site: Site, client: GuardedClient, method: str, status: int, then: str) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/":
            return web.Response(status=status, headers={"Location": "/then"})
        return web.Response()

    site.answer = answer
    await client.request(method, site.url("/"), body=None if method == "HEAD" else b"x")
    assert [request.method for request in site.seen] == [method, then]


async def test_cookie_that_a_redirect_wants_back_is_brought_to_its_host_alone(
    site: Site, client: GuardedClient, inside: Site
) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if "pass=a%20b" in request.headers.get("Cookie", ""):
            return web.Response(status=302, headers={"Location": inside.url("/last")})
        return web.Response(status=302, headers={"Location": "/again", "Set-Cookie": "pass=a%20b; Path=/; HttpOnly"})

    site.answer = answer
    assert (await client.request("GET", site.url("/feed.ics"))).body == b"the crown jewels"
    assert [request.headers.get("Cookie") for request in (*site.seen, *inside.seen)] == [None, "pass=a%20b", None]


async def test_no_more_cookies_are_brought_along_than_anybody_needs(site: Site, client: GuardedClient) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.Response(status=302 if len(site.seen) == 1 else 200, headers={"Location": "/again"})
        for number in range(100):
            response.headers.add("Set-Cookie", f"c{number}={'x' * size}")
        return response

    site.answer = answer
    for size in (50, 500, 4000):  # noqa: B007 - what the site answers with
        site.seen.clear()
        assert (await client.request("GET", site.url())).status == 200
        assert len(site.seen[1].headers.get("Cookie", "")) <= COOKIES_BYTES


async def test_cookies_are_not_kept(site: Site, client: GuardedClient) -> None:
    site.gives(b"", Set_Cookie="session=1; Path=/")
    await client.request("GET", site.url())
    await client.request("GET", site.url())
    assert ["Cookie" in request.headers for request in site.seen] == [False, False]
