"""The guarded client against real servers on loopback: where it goes, what it carries along, when it gives up."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from aiohttp import web

from services.errors import (
    AddressNotAllowedError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarTooLargeError,
    CalendarUnreachableError,
)
from services.net import AddressRules, GuardedClient, error_for
from services.net.client import retry_after
from tests.sites import Names, Site, certificate

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SECRET = "/private-4f1c/basic.ics"


class PretendPublic(AddressRules):
    """The public rules, except that 127.0.0.1 plays a public address; 127.0.0.2 stays what it is."""

    def allows(self, address: IPv4Address | IPv6Address) -> bool:
        return address == ip_address("127.0.0.1") or AddressRules.allows(self, address)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as started:
        yield started


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


@pytest.fixture
async def client() -> AsyncIterator[GuardedClient]:
    """The client of an intranet: it may visit the sites on loopback."""
    opened = GuardedClient(AddressRules(private=True))
    yield opened
    await opened.close()


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
    client = GuardedClient(PretendPublic(), resolver=names, ssl=contexts[1])
    assert (await client.request("GET", "https://feeds.example/")).body == b"first"
    with pytest.raises(AddressNotAllowedError):
        await client.request("GET", "https://feeds.example/")
    await client.close()
    assert (len(names.asked), len(secure.seen), inside.seen) == (2, 1, [])


async def test_certificate_of_another_name_is_no_answer(
    secure: Site, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    names = Names(port=secure.port, stranger_example=[["127.0.0.1"]])
    client = GuardedClient(PretendPublic(), resolver=names, ssl=contexts[1])
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
    client = GuardedClient(PretendPublic(), resolver=names, ssl=contexts[1])
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
    client = GuardedClient(PretendPublic(), resolver=names, ssl=contexts[1])
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


async def test_cookies_are_not_kept(site: Site, client: GuardedClient) -> None:
    site.gives(b"", Set_Cookie="session=1; Path=/")
    await client.request("GET", site.url())
    await client.request("GET", site.url())
    assert ["Cookie" in request.headers for request in site.seen] == [False, False]


# ── caps ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def small() -> AsyncIterator[GuardedClient]:
    """A client that takes 100 kB in half a second."""
    opened = GuardedClient(AddressRules(private=True), body_limit=100_000, seconds=0.5)
    yield opened
    await opened.close()


async def test_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(site: Site, small: GuardedClient) -> None:
    site.gives(b"x" * 100_000)
    assert len((await small.request("GET", site.url())).body) == 100_000
    site.gives(b"x" * 100_001)
    with pytest.raises(CalendarTooLargeError):
        await small.request("GET", site.url())


async def test_body_that_does_not_tell_its_length_is_cut_off(site: Site, small: GuardedClient) -> None:
    sent = 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(10_000):
            await response.write(b"x" * 10_000)
            sent += 10_000
        return response

    site.answer = answer
    with pytest.raises(CalendarTooLargeError):
        await small.request("GET", site.url())
    assert sent < 50_000_000


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_compressed_bomb_is_stopped_while_it_is_small(site: Site, encoding: str) -> None:
    zeros = bytes(1_000_000)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    bomb = b"".join(packer.compress(zeros) for _ in range(500)) + packer.flush()
    assert len(bomb) < 1_000_000
    site.gives(bomb, Content_Encoding=encoding)
    client = GuardedClient(AddressRules(private=True))
    tracemalloc.start()
    with pytest.raises(CalendarTooLargeError):
        await client.request("GET", site.url())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    await client.close()
    assert peak < 120_000_000


async def test_compressed_body_arrives_decompressed(site: Site, client: GuardedClient) -> None:
    site.gives(gzip.compress(b"BEGIN:VCALENDAR" * 1000), Content_Encoding="gzip")
    assert (await client.request("GET", site.url())).body == b"BEGIN:VCALENDAR" * 1000


async def test_broken_compression_is_no_answer(site: Site, client: GuardedClient) -> None:
    site.gives(b"this is not gzip", Content_Encoding="gzip")
    with pytest.raises(CalendarUnreachableError):
        await client.request("GET", site.url())


async def test_body_that_drips_is_given_up_in_time(site: Site, small: GuardedClient) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(200):
            await response.write(b"x")
            await asyncio.sleep(0.05)
        return response

    site.answer = answer
    started = time.monotonic()
    with pytest.raises(CalendarUnreachableError) as caught:
        await small.request("GET", site.url())
    assert caught.value.reason == "timeout"
    assert time.monotonic() - started < 2


async def test_time_is_one_for_all_hops(site: Site, small: GuardedClient) -> None:
    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        return web.Response(status=302, headers={"Location": "/on"})

    site.answer = answer
    with pytest.raises(CalendarUnreachableError) as caught:
        await small.request("GET", site.url())
    assert (caught.value.reason, len(site.seen) <= 3) == ("timeout", True)


async def test_body_shorter_than_announced_is_no_answer(client: GuardedClient) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nBEGIN:VCALENDAR\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(CalendarUnreachableError):
        await client.request("GET", f"http://127.0.0.1:{port}/")
    server.close()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(500)) + b"\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://[::bad/\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
async def test_head_that_is_too_large_or_no_http_is_no_answer(client: GuardedClient, head: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(CalendarUnreachableError):
        await client.request("GET", f"http://127.0.0.1:{port}/")
    server.close()


# ── errors ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait"),
    [
        (200, {}, None, None),
        (204, {}, None, None),
        (207, {}, None, None),
        (304, {}, None, None),
        (300, {}, CalendarUnreachableError, None),
        (400, {}, CalendarRefusedError, None),
        (401, {}, CalendarRefusedError, None),
        (403, {}, CalendarRefusedError, None),
        (404, {}, CalendarGoneError, None),
        (408, {}, CalendarUnreachableError, None),
        (410, {}, CalendarGoneError, None),
        (418, {}, CalendarRefusedError, None),
        (425, {}, CalendarUnreachableError, None),
        (429, {}, CalendarBusyError, None),
        (429, {"retry-after": "120"}, CalendarBusyError, 120.0),
        (500, {}, CalendarUnreachableError, None),
        (502, {}, CalendarUnreachableError, None),
        (503, {}, CalendarUnreachableError, None),
        (503, {"retry-after": "Tue, 24 Nov 2026 09:10:00 GMT"}, CalendarBusyError, 600.0),
        (504, {}, CalendarUnreachableError, None),
        (599, {}, CalendarUnreachableError, None),
        (999, {}, CalendarUnreachableError, None),
    ],
)
def test_status_becomes_one_kind_of_error(
    status: int, headers: dict[str, str], kind: type[CalendarError] | None, wait: float | None
) -> None:
    error = error_for(status, headers, NOW)
    assert (None if error is None else type(error)) == kind
    assert (None if error is None else error.retry_after) == wait


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("0", 0.0),
        (" 30 ", 30.0),
        ("99999999999999999999", 86_400.0),
        ("Tue, 24 Nov 2026 09:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 08:00:00 GMT", 0.0),
        ("Tue, 24 Nov 2026 11:00:30 +0200", 30.0),
        ("Wed, 24 Nov 2027 09:00:00 GMT", 86_400.0),
        ("Tue, 24 Nov 2026 09:00:30", None),
        ("Tue, 99 Nov 2026 09:00:30 GMT", None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds
    assert retry_after(value, NOW.astimezone(timezone(timedelta(hours=12, minutes=45)))) == seconds


@pytest.mark.parametrize("trouble", ["refused", "timeout", "too large", "redirects", "unknown", "inside"])
async def test_errors_never_hold_more_of_an_address_than_its_host(
    site: Site, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    client = GuardedClient(AddressRules(private=True), seconds=0.3, body_limit=10)
    url = site.url(SECRET)
    match trouble:
        case "refused":
            url = "http://127.0.0.1:9" + SECRET
        case "timeout":

            async def hang(_request: web.BaseRequest) -> web.StreamResponse:
                await asyncio.sleep(1)
                return web.Response()

            site.answer = hang
        case "too large":
            site.gives(b"x" * 11)
        case "redirects":
            site.redirects(SECRET)
        case "unknown":
            url = "https://nobody.invalid" + SECRET
        case "inside":
            url = "http://169.254.169.254" + SECRET
    with pytest.raises(CalendarError) as caught:
        await client.request("GET", url)
    await client.close()
    shown = f"{caught.value} {caught.value.reason} {caught.value.facts} {caught.value!r} {caplog.text}"
    assert "private-4f1c" not in shown
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
