"""Syncing with CalDAV servers as they are: what they refuse, cut short, leave out and spell differently."""

from __future__ import annotations

import contextlib
import random
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from services.calendars.ical.ics_collection import IcsCollection
from services.calendars.providers.caldav import source as caldav_source
from services.domain.errors import (
    CalendarBusyError,
    CalendarError,
    CalendarTooLargeError,
)
from services.domain.model import Response, ShowAs
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient
from tests.support.caldav_account import NOW, Account, account, meeting
from tests.support.caldav_server import (
    CUT,
    VALID_SYNC_TOKEN,
    WORK,
    CaldavServer,
    Request,
    collection,
    multistatus,
    response,
)
from tests.support.few import few
from tests.support.sites import Site

TEN = "11-25T10:00"


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


async def test_first_sync_is_a_listing_and_one_batch_and_then_a_token(server: CaldavServer, ann: Account) -> None:
    assert await ann.starts() == BOTH
    assert server.kinds == ["sync", "multiget"]
    assert (await ann.fetch()).unchanged
    assert server.asked[0].token == "http://sync/?n=2"
    assert server.kinds == ["sync"]


async def test_what_a_release_stored_that_read_less_is_expanded_anew_once_and_not_asked_for(
    server: CaldavServer, ann: Account
) -> None:
    server.put("three.ics", meeting("Three", 25, "RRULE:FREQ=DAILY;COUNT=2"))
    await ann.fetch()
    before = IcsCollection.cover(ann.connection.state)
    assert before is not None
    ann.connection = replace(ann.connection, state=replace(before, reads=0).over(ann.connection.state or b""))
    _ = server.kinds
    changes = await ann.fetch()
    assert (changes.full, len(changes.events), server.kinds) == (True, 4, ["sync"])
    assert {event.title for event in changes.events if event.recurring} == {"Three"}
    assert (await ann.fetch()).unchanged


async def test_members_come_in_batches(server: CaldavServer, client: GuardedClient) -> None:
    for number in range(5):
        server.put(f"{number}.ics", meeting(f"M{number}"))
    ann = account(client, server.url, batch=3)
    assert len(await ann.starts()) == 7
    assert [len(request.hrefs) for request in server.asked if request.kind == "multiget"] == [3, 3, 1]


async def test_person_is_known_by_the_addresses_that_the_server_gave(server: CaldavServer, ann: Account) -> None:
    server.put("one.ics", meeting("One", 25, "ATTENDEE;PARTSTAT=DECLINED:mailto:Ann@Work.example"))
    known = {**ann.connection.credentials, "addresses": ["ann@work.example", None]}
    ann.connection = replace(ann.connection, credentials=known)
    await ann.fetch()
    assert {event.title: event.response for event in ann.held.values()} == {
        "One": Response.DECLINED,
        "Two": Response.NONE,
    }


@pytest.mark.slow
async def test_large_listing_is_read_like_a_small_one(server: CaldavServer, ann: Account) -> None:
    past = meeting("Past").replace(b"2026112", b"2020112")
    for number in range(2000):
        server.put(f"{number:0100}.ics", past)
    assert await ann.starts() == BOTH
    assert len(ann.connection.state or b"") < 100_000
    _ = server.kinds
    assert (await ann.fetch()).unchanged
    assert server.kinds == ["sync"]


# ── tokens that are lost ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [400, 403, 409, 410, 412, 415, 418])
async def test_token_that_is_refused_in_any_way_costs_a_listing_and_what_differs(
    server: CaldavServer, ann: Account, status: int
) -> None:
    await ann.fetch()
    server.put("three.ics", meeting("Three"))
    server.delete("one.ics")
    server.refuse("sync", status, VALID_SYNC_TOKEN if status in {403, 409} else b"", tokens_only=True)
    _ = server.kinds
    changes = await ann.fetch()
    assert (changes.full, changes.replaced) == (False, {"One@example.org", "Three@example.org"})
    assert [request.hrefs for request in server.asked if request.kind == "multiget"] == [[WORK + "three.ics"]]
    assert server.kinds == ["sync", "sync", "multiget"]
    assert ann.kept() == [("Three", TEN), ("Two", TEN)]


async def test_events_of_a_transparent_calendar_are_free_as_long_as_it_is(server: CaldavServer, ann: Account) -> None:
    shown = {}
    for day, transparent in enumerate((None, True, False)):
        server.transparent = transparent
        ann.now = NOW + timedelta(days=day)
        await ann.fetch()
        await ann.fetch()
        shown[day] = {event.show_as for event in ann.held.values()}
        server.put(f"more{day}.ics", meeting("More"))
        shown[day] |= {event.show_as for event in (await ann.fetch()).events}
    assert shown == {0: {ShowAs.BUSY}, 1: {ShowAs.FREE}, 2: {ShowAs.BUSY}}
    assert server.transparency_asked == 3  # once a day


async def test_token_that_is_forgotten_is_replaced(server: CaldavServer, ann: Account) -> None:
    await ann.fetch()
    server.forget_tokens()
    assert (await ann.fetch()).unchanged
    assert (await ann.fetch()).unchanged
    assert server.kinds == ["sync", "multiget", "sync", "sync", "sync"]


async def test_server_that_tells_its_whole_history_is_not_asked_for_it(server: CaldavServer, ann: Account) -> None:
    await ann.fetch()
    ann.now += timedelta(minutes=15)
    token = {"n": 0}

    def special(request: Request) -> web.StreamResponse | None:
        if request.kind != "sync":
            return None
        token["n"] += 1
        one = response(WORK + "one.ics", '<d:getetag>"1"</d:getetag>')
        return multistatus(one, f"<d:sync-token>reset{token['n']}</d:sync-token>")

    server.special = special
    changes = await ann.fetch()
    assert (changes.unchanged, server.kinds) == (True, ["sync", "multiget", "sync"])
    assert (await ann.fetch()).state != changes.state  # its token is kept all the same


@pytest.mark.parametrize("seed", few(range(10), quick=3))
async def test_whatever_happens_between_fetches_what_is_held_is_what_is_there(
    server: CaldavServer, client: GuardedClient, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same run each time
    ann = account(client, server.url, batch=3)
    for step in range(12):
        for _ in range(chance.randrange(5)):
            name = f"{chance.randrange(6)}.ics"
            if chance.random() < 0.3 and name in server.members:
                server.delete(name)
            else:
                server.put(name, meeting(name, chance.randrange(25, 29)))
        server.page = chance.choice((1, 2, 1000))
        if chance.random() < 0.2:
            server.forget_tokens()
        server.refuse("sync", chance.choice((403, 409, 501, 507)) if chance.random() < 0.3 else 0)
        ann.now += timedelta(days=chance.choice((0, 0, 0, 1)) if step else 0)
        if chance.random() < 0.2:
            server.refuse("multiget", 503)
            with contextlib.suppress(CalendarBusyError):
                await ann.fetch()
            server.special = lambda _: None
        await ann.fetch()
        there = [data.decode() for _, data in server.members.values()]
        titles = sorted(re.findall("SUMMARY:(.*)", text)[0].strip() for text in there)
        days = sorted(re.findall("DTSTART:202611(..)", text)[0] for text in there)
        assert sorted(title for title, _ in ann.kept()) == titles
        assert sorted(start[3:5] for _, start in ann.kept()) == days


# ── answers that are cut short ──────────────────────────────────────────────────────────────────────


async def test_listing_that_is_cut_short_goes_on_with_its_token(server: CaldavServer, ann: Account) -> None:
    for number in range(7):
        server.put(f"{number}.ics", meeting(f"M{number}"))
    server.delete("3.ics")
    server.page = 2
    assert len(await ann.starts()) == 8
    assert server.kinds == ["sync"] * 5 + ["multiget"]
    for number in range(3):
        server.put(f"later{number}.ics", meeting(f"L{number}"))
    server.delete("one.ics")
    assert len(await ann.starts()) == 10
    assert server.kinds == ["sync"] * 2 + ["multiget"]


async def test_listing_that_never_gets_further_is_done_another_way(server: CaldavServer, ann: Account) -> None:
    same = multistatus(CUT, "<d:sync-token>same</d:sync-token>").body
    server.refuse("sync", 207, same)  # type: ignore[arg-type]  # it is bytes
    assert await ann.starts() == BOTH
    assert server.kinds == ["sync", "sync", "ctag", "list", "multiget"]


async def test_listing_without_an_end_is_given_up(server: CaldavServer, ann: Account) -> None:
    pages = iter(range(1000))

    def special(_: Request) -> web.StreamResponse:
        return multistatus(CUT, f"<d:sync-token>{next(pages)}</d:sync-token>")

    server.special = special
    with pytest.raises(CalendarTooLargeError):
        await ann.fetch()


@pytest.mark.parametrize("status", [413, 507])
async def test_batch_that_is_too_much_is_halved(server: CaldavServer, ann: Account, status: int) -> None:
    server.put("huge.ics", meeting("Huge"))

    def special(request: Request) -> web.StreamResponse | None:
        too_much = request.kind == "multiget" and (len(request.hrefs) > 2 or "huge" in request.body)
        return web.Response(status=status) if too_much else None

    server.special = special
    changes = await ann.fetch()
    assert ann.kept() == BOTH
    assert [(problem.uid, problem.problem) for problem in changes.problems] == [("huge.ics", "It is too large.")]
    _ = server.kinds
    assert (await ann.fetch()).unchanged
    assert server.kinds == ["sync"]


async def test_batch_that_is_larger_than_an_answer_may_be_is_halved(site: Site, server: CaldavServer) -> None:
    client = GuardedClient(AddressRules(private=True), body_limit=4000)
    server.put("huge.ics", meeting("Huge", 25, "X-PADDING:" + "x" * 5000))
    ann = account(client, server.url)
    changes = await ann.fetch()
    await client.close()
    assert ann.kept() == BOTH
    assert [problem.uid for problem in changes.problems] == ["huge.ics"]


async def test_what_there_was_no_time_for_comes_with_the_next_fetch(
    server: CaldavServer, client: GuardedClient
) -> None:
    slow = account(client, server.url, seconds=0.0)
    assert await slow.starts() == []
    quick = account(client, server.url)
    quick.connection = slow.connection
    assert await quick.starts() == BOTH


# ── servers without sync-collection ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [400, 403, 405, 415, 501, 507])
async def test_server_without_the_report_is_compared_by_tags(server: CaldavServer, ann: Account, status: int) -> None:
    server.refuse("sync", status)
    assert await ann.starts() == BOTH
    assert server.kinds == ["sync", "ctag", "list", "multiget"]
    first = ann.connection.state
    assert (await ann.fetch()).state == first
    assert server.kinds == ["ctag"]
    server.put("one.ics", meeting("One", 26))
    server.put("three.ics", meeting("Three"))
    server.delete("two.ics")
    assert await ann.starts() == [("One", "11-26T10:00"), ("Three", TEN)]
    assert [request.hrefs for request in server.asked if request.kind == "multiget"] == [
        [WORK + "one.ics", WORK + "three.ics"]
    ]
    assert server.kinds == ["ctag", "list", "multiget"]


async def test_server_without_a_ctag_is_listed_each_time(server: CaldavServer, ann: Account) -> None:
    server.refuse("sync", 501)
    server.tags = False
    assert await ann.starts() == BOTH
    _ = server.kinds
    assert (await ann.fetch()).unchanged
    assert server.kinds == ["ctag", "list"]


async def test_server_that_learned_the_report_is_asked_again_when_the_window_moves(
    server: CaldavServer, ann: Account
) -> None:
    server.refuse("sync", 501)
    await ann.fetch()
    server.special = lambda _: None
    _ = server.kinds
    ann.now += timedelta(days=31)
    await ann.fetch()
    await ann.fetch()
    assert server.kinds == ["sync", "sync"]


async def test_server_without_entity_tags_is_read_whole(server: CaldavServer, ann: Account) -> None:
    server.refuse("sync", 501)
    server.etags = False
    assert await ann.starts() == BOTH
    server.put("one.ics", meeting("One", 26))
    assert await ann.starts() == [("One", "11-26T10:00"), ("Two", TEN)]


async def test_listing_without_its_collection_is_not_believed(server: CaldavServer, ann: Account) -> None:
    server.refuse("sync", 501)
    await ann.fetch()
    server.put("three.ics", meeting("Three"))

    def special(request: Request) -> web.StreamResponse | None:
        return web.Response(status=501) if request.kind == "sync" else multistatus() if request.kind == "list" else None

    server.special = special
    with pytest.raises(CalendarError):
        await ann.fetch()
    assert ann.kept() == BOTH


async def test_listing_that_is_cut_short_without_a_token_is_not_believed(server: CaldavServer, ann: Account) -> None:
    def special(request: Request) -> web.StreamResponse | None:
        cut = multistatus(collection(WORK), CUT)
        return web.Response(status=501) if request.kind == "sync" else cut if request.kind == "list" else None

    server.special = special
    with pytest.raises(CalendarTooLargeError):
        await ann.fetch()


async def test_calendar_of_too_many_members_is_refused(
    server: CaldavServer, ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caldav_source, "MOST_MEMBERS", 1)
    with pytest.raises(CalendarTooLargeError):
        await ann.fetch()
