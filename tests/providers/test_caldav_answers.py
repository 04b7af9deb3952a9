"""Answers of CalDAV servers that are not whole, not theirs to give, or spelled in their own way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiohttp import web

from services.domain.errors import (
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarUnreachableError,
    PasswordRefusedError,
)
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient
from tests.support.caldav_account import Account, account, meeting
from tests.support.caldav_server import (
    WORK,
    CaldavServer,
    Request,
    collection,
    multistatus,
    response,
    said,
)
from tests.support.sites import Site

TEN = "11-25T10:00"
XML = 'xmlns:d="DAV:"'


@pytest.fixture
def server(site: Site) -> CaldavServer:
    made = CaldavServer(site)
    made.put("one.ics", meeting("One"))
    made.put("two.ics", meeting("Two"))
    return made


@pytest.fixture
def ann(client: GuardedClient, server: CaldavServer) -> Account:
    return account(client, server.url)


BOTH = [("One", TEN), ("Two", TEN)]


# ── what is not there, and what is not whole ────────────────────────────────────────────────────────


async def test_member_that_vanishes_between_listing_and_batch_is_gone(server: CaldavServer, ann: Account) -> None:
    await ann.fetch()
    server.put("one.ics", meeting("One", 26))

    def special(request: Request) -> web.StreamResponse | None:
        if request.kind == "multiget":
            del server.members["one.ics"]
        return None

    server.special = special
    assert await ann.starts() == [("Two", TEN)]


async def test_member_without_its_data_stays_as_it_was_and_is_asked_for_again(
    server: CaldavServer, ann: Account
) -> None:
    await ann.fetch()
    server.put("one.ics", meeting("One", 26))
    server.withheld.add("one.ics")
    assert await ann.starts() == BOTH
    _ = server.kinds
    server.withheld.clear()
    assert await ann.starts() == [("One", "11-26T10:00"), ("Two", TEN)]
    assert server.kinds == ["sync", "multiget"]


async def test_member_that_the_server_cannot_give_just_now_stays_as_it_was(server: CaldavServer, ann: Account) -> None:
    await ann.fetch()
    failed = said(WORK + "one.ics", "500 Internal Server Error")
    server.special = lambda _: multistatus(failed, "<d:sync-token>x</d:sync-token>")
    assert (await ann.fetch()).unchanged
    assert ann.kept() == BOTH
    server.put("one.ics", meeting("One", 26))
    assert (await ann.fetch()).unchanged
    server.special = lambda _: None
    assert await ann.starts() == [("One", "11-26T10:00"), ("Two", TEN)]


@pytest.mark.parametrize("status", ["500 Internal Server Error", "403 Forbidden", "423 Locked"])
@pytest.mark.parametrize("reports", [True, False])
async def test_member_that_cannot_be_given_while_all_are_listed_anew_stays_as_it_was(
    server: CaldavServer, ann: Account, status: str, *, reports: bool
) -> None:
    listed = response(WORK + "two.ics", '<d:getetag>"2"</d:getetag>')
    failed = ""

    def special(request: Request) -> web.StreamResponse | None:
        if request.kind == "sync" and not reports:
            return web.Response(status=501)
        if request.kind not in {"sync", "list"} or request.token or not failed:
            return None
        return multistatus(collection(WORK), failed, listed, "<d:sync-token>http://sync/?n=2</d:sync-token>")

    server.special = special
    assert await ann.starts() == BOTH
    server.forget_tokens()
    failed = said(WORK + "one.ics", status)
    server.put("one.ics", meeting("One", 26))
    assert await ann.starts() == BOTH
    failed = ""
    assert await ann.starts() == [("One", "11-26T10:00"), ("Two", TEN)]
    failed = said(WORK + "one.ics", "404 Not Found")
    server.forget_tokens()
    assert await ann.starts() == [("Two", TEN)]


async def test_member_that_becomes_a_task_is_no_event_any_more(server: CaldavServer, ann: Account) -> None:
    await ann.fetch()
    server.put("one.ics", meeting("One").replace(b"VEVENT", b"VTODO"))
    assert await ann.starts() == BOTH[1:]
    _ = server.kinds
    assert (await ann.fetch()).unchanged
    assert server.kinds == ["sync"]


async def test_half_a_member_stays_as_it_was_and_is_a_problem(server: CaldavServer, ann: Account) -> None:
    await ann.fetch()
    server.put("one.ics", meeting("One", 26)[:-30])
    changes = await ann.fetch()
    assert ann.kept() == BOTH
    assert [(one.uid, one.problem) for one in changes.problems] == [("one.ics", "It is no whole calendar file.")]
    server.put("one.ics", meeting("One", 27))
    assert await ann.starts() == [("One", "11-27T10:00"), ("Two", TEN)]


async def test_tasks_are_not_fetched_where_the_server_says_that_they_are(server: CaldavServer, ann: Account) -> None:
    def special(request: Request) -> web.StreamResponse | None:
        if request.kind != "sync":
            return None
        kinds = {"task": "text/calendar; charset=utf-8; component=VTODO", "one": 'text/calendar;component="vevent"'}
        listed = [
            response(f"{WORK}{name}.ics", f'<d:getetag>"1"</d:getetag><d:getcontenttype>{kind}</d:getcontenttype>')
            for name, kind in kinds.items()
        ]
        return multistatus(*listed, "<d:sync-token>1</d:sync-token>")

    server.special = special
    assert await ann.starts() == [("One", TEN)]
    assert server.asked[1].hrefs == [WORK + "one.ics"]


async def test_calendar_that_is_emptied_is_empty(server: CaldavServer, ann: Account) -> None:
    await ann.fetch()
    server.delete("one.ics")
    server.delete("two.ics")
    server.forget_tokens()
    assert await ann.starts() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b"not xml",
        f"<d:multistatus {XML}>".encode(),
        f"<d:multistatus {XML}><d:sync-token>x</d:sync-token>".encode(),
        f'<!DOCTYPE d [<!ENTITY a "aaaa">]><d:multistatus {XML}>&a;</d:multistatus>'.encode(),
        b'<!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]><l>&c;</l>',
        f'<!DOCTYPE d SYSTEM "file:///etc/passwd"><d:multistatus {XML}/>'.encode(),
        b"<a>" * 5000,
        b'<?xml version="1.0" encoding="rot13"?><a/>',
    ],
)
async def test_answer_that_is_no_whole_multistatus_changes_nothing(
    server: CaldavServer, ann: Account, body: bytes
) -> None:
    await ann.fetch()
    for kind in ("sync", "multiget"):
        server.put("one.ics", meeting("One", 26))
        server.refuse(kind, 207, body)
        with pytest.raises(CalendarError):
            await ann.fetch()
    assert ann.kept() == BOTH
    server.special = lambda _: None
    assert await ann.starts() == [("One", "11-26T10:00"), ("Two", TEN)]


async def test_multistatus_without_a_token_is_not_believed(server: CaldavServer, ann: Account) -> None:
    await ann.fetch()
    server.refuse("sync", 207, f"<d:multistatus {XML}/>".encode())
    assert (await ann.fetch()).unchanged
    assert server.kinds == ["sync", "multiget", "sync", "sync", "ctag", "list"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, CalendarError),
        (204, CalendarError),
        (401, PasswordRefusedError),
        (404, CalendarGoneError),
        (429, CalendarBusyError),
        (500, CalendarUnreachableError),
        (502, CalendarUnreachableError),
        (503, CalendarBusyError),
    ],
)
async def test_status_that_is_no_answer_is_its_error_and_changes_nothing(
    server: CaldavServer, ann: Account, status: int, error: type[CalendarError]
) -> None:
    await ann.fetch()
    server.put("one.ics", meeting("One", 26))
    for kind in ("sync", "multiget"):
        server.refuse(kind, status, b"<html/>")
        with pytest.raises(CalendarError) as caught:
            await ann.fetch()
        assert type(caught.value) is error
    assert ann.kept() == BOTH


async def test_access_that_was_withdrawn_is_refused(server: CaldavServer, ann: Account) -> None:
    await ann.fetch()
    server.special = lambda _: web.Response(status=403)
    with pytest.raises(CalendarRefusedError):
        await ann.fetch()


async def test_busy_server_says_when_to_come_back(server: CaldavServer, ann: Account) -> None:
    server.special = lambda _: web.Response(status=503, headers={"Retry-After": "120"})
    with pytest.raises(CalendarBusyError) as caught:
        await ann.fetch()
    assert caught.value.retry_after == 120


async def test_server_that_drips_is_given_up(site: Site, server: CaldavServer) -> None:
    client = GuardedClient(AddressRules(private=True), seconds=0.3)

    async def answer(request: web.Request) -> web.StreamResponse:
        dripping = web.StreamResponse(status=207)
        await dripping.prepare(request)
        while True:
            await dripping.write(b" ")
            await asyncio.sleep(0.05)  # the client's patience is of real time

    site.answer = answer
    with pytest.raises(CalendarUnreachableError):
        await account(client, server.url).fetch()
    await client.close()


# ── spellings ───────────────────────────────────────────────────────────────────────────────────────


async def test_members_named_by_whole_addresses_are_the_same(site: Site, server: CaldavServer, ann: Account) -> None:
    await ann.fetch()
    server.href = lambda name: site.url(WORK + name)
    server.put("one.ics", meeting("One", 26))
    server.forget_tokens()
    server.delete("two.ics")
    assert await ann.starts() == [("One", "11-26T10:00")]


async def test_one_member_spelled_in_many_ways_is_one(server: CaldavServer, ann: Account) -> None:
    name = "ä b@c+d%.ics"
    server.put(name, meeting("Odd"))
    spellings = iter(
        [
            "/dav/ann/work/%C3%A4%20b@c+d%25.ics",
            "/dav/ann/work/ä b@c+d%25.ics",
            "/dav/%61nn/work/%c3%a4%20b%40c%2Bd%25.ics",
            "/dav/ann/work/./%C3%A4%20b%40c+d%25.ics",
        ]
        * 3
    )
    plain = server.href
    server.href = lambda one: next(spellings) if one == name else plain(one)
    assert await ann.starts() == [("Odd", TEN), *BOTH]
    server.put(name, meeting("Odd", 26))
    assert await ann.starts() == [("Odd", "11-26T10:00"), *BOTH]
    server.forget_tokens()
    assert (await ann.fetch()).unchanged
    server.delete(name)
    assert await ann.starts() == BOTH


async def test_calendar_that_moved_on_its_server_is_followed(site: Site, server: CaldavServer, ann: Account) -> None:
    inner = site.answer

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/old/":
            return web.Response(status=308, headers={"Location": WORK})
        return await inner(request)

    site.answer = answer
    ann.connection = replace(ann.connection, address=site.url("/old/"))
    assert await ann.starts() == BOTH
    server.delete("two.ics")
    assert await ann.starts() == BOTH[:1]


# ── where the password goes ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["sync", "multiget", "list"])
async def test_member_on_another_host_is_refused_and_the_password_stays(
    server: CaldavServer, ann: Account, kind: str
) -> None:
    async with Site() as other:
        foreign = response(other.url(WORK + "one.ics"), '<d:getetag>"9"</d:getetag>')

        def special(request: Request) -> web.StreamResponse | None:
            if request.kind == kind:
                return multistatus(collection(WORK), foreign, "<d:sync-token>1</d:sync-token>")
            return web.Response(status=501) if kind == "list" and request.kind == "sync" else None

        server.special = special
        with pytest.raises(CalendarRefusedError) as caught:
            await ann.fetch()
        assert (caught.value.reason, other.seen) == ("a link to another host", [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("kind", ["sync", "multiget"])
async def test_redirect_to_another_host_is_refused_and_the_password_stays(
    server: CaldavServer, ann: Account, kind: str, status: int
) -> None:
    async with Site() as other:

        def special(request: Request) -> web.StreamResponse | None:
            there = {"Location": other.url(WORK)}
            return web.Response(status=status, headers=there) if request.kind == kind else None

        server.special = special
        with pytest.raises(CalendarError):
            await ann.fetch()
        assert all("Authorization" not in request.headers for request in other.seen)
        assert not other.seen or status == 303


async def test_redirects_in_a_circle_end(server: CaldavServer, ann: Account) -> None:
    server.special = lambda _: web.Response(status=302, headers={"Location": WORK})
    with pytest.raises(CalendarUnreachableError):
        await ann.fetch()
    assert len(server.asked) + server.transparency_asked == 6
