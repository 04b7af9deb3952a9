"""The guarded client's caps on size and time, and the errors it ends with."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from aiohttp import web

from services.domain.errors import (
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarTooLargeError,
    CalendarUnreachableError,
)
from services.platform.addresses import AddressRules
from services.platform.net import LONGEST_HEADER, MOST_HEADERS, GuardedClient, error_for, retry_after
from tests.support.sites import Site

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SECRET = "/private-4f1c/basic.ics"


# ── caps ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def small() -> AsyncIterator[GuardedClient]:
    """A client that takes 100 kB."""
    opened = GuardedClient(AddressRules(private=True), body_limit=100_000)
    yield opened
    await opened.close()


@pytest.fixture
async def impatient() -> AsyncIterator[GuardedClient]:
    """A client that waits for half a second."""
    opened = GuardedClient(AddressRules(private=True), seconds=0.5)
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


async def test_heads_as_large_as_portals_write_are_read_and_no_larger(site: Site, client: GuardedClient) -> None:
    async def gives(**headers: str) -> int:
        site.gives(b"x", **headers)
        return (await client.request("GET", site.url())).status

    assert await gives(Content_Security_Policy="x" * 60_000) == 200
    assert await gives(**{f"X_{number}": "x" for number in range(500)}) == 200
    with pytest.raises(CalendarUnreachableError):
        await gives(Content_Security_Policy="x" * (LONGEST_HEADER + 1))
    with pytest.raises(CalendarUnreachableError):
        await gives(**{f"X_{number}": "x" for number in range(MOST_HEADERS + 1)})


@pytest.mark.parametrize("encoding", ["gzip", pytest.param("deflate", marks=pytest.mark.slow)])
async def test_compressed_bomb_is_stopped_while_it_is_small(site: Site, encoding: str) -> None:
    zeros = bytes(1_000_000)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    bomb = b"".join(packer.compress(zeros) for _ in range(130)) + packer.flush()
    assert len(bomb) < 500_000
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


async def test_body_that_drips_is_given_up_in_time(site: Site, impatient: GuardedClient) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.05)  # the client's patience is of real time

    site.answer = answer
    with pytest.raises(CalendarUnreachableError) as caught:
        await impatient.request("GET", site.url())
    assert caught.value.reason == "timeout"


async def test_time_is_one_for_all_hops(site: Site, impatient: GuardedClient) -> None:
    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(0.2)  # the client's patience is of real time: no hop alone takes all of it, three do
        return web.Response(status=302, headers={"Location": "/on"})

    site.answer = answer
    with pytest.raises(CalendarUnreachableError) as caught:
        await impatient.request("GET", site.url())
    assert (caught.value.reason, len(site.seen) <= 3) == ("timeout", True)


async def test_body_shorter_than_announced_is_no_answer(client: GuardedClient) -> None:
    await is_no_answer(client, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nBEGIN:VCALENDAR\r\n")


async def is_no_answer(client: GuardedClient, sent: bytes) -> None:
    """The client makes nothing of `sent`, after which the server hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
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
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(600)) + b"\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://[::bad/\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
async def test_head_that_is_too_large_or_no_http_is_no_answer(client: GuardedClient, head: bytes) -> None:
    await is_no_answer(client, head)


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
                await asyncio.Event().wait()
                raise AssertionError

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
