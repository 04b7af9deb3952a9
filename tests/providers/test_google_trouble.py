"""What Google refuses, or says that is no good answer: nothing is lost of what was known."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from emulators.google import GoogleEntry
from services.calendars.providers.google.api import GoogleApi
from services.calendars.providers.google.source import GoogleSource
from services.domain.errors import (
    AccessRefusedError,
    AccountLostError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarTooCostlyError,
    CalendarUnreachableError,
)
from services.platform.net import GuardedClient
from tests.support.clocks import ManualClock
from tests.support.google_account import ANN, NOW, ConnectedGoogle, at, open_connected
from tests.support.sites import Site


@pytest.fixture
async def connected(clock: ManualClock) -> AsyncIterator[ConnectedGoogle]:
    assert clock.now() == NOW
    async with open_connected(clock) as opened:
        yield opened


# ── permission, quota, outage ───────────────────────────────────────────────────────────────────────


async def test_token_that_is_refused_is_renewed_once(connected: ConnectedGoogle) -> None:
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    connected.google.oauth.expire_access_tokens()
    assert await connected.titles() == ["Sync"]
    assert (connected.tokens.renewals, [call.status for call in connected.google.calls]) == (1, [401, 200])


async def test_token_that_is_refused_again_is_an_error(connected: ConnectedGoogle) -> None:
    connected.google.faults.add("/events", status=401, reason="authError", times=2)
    with pytest.raises(AccessRefusedError):
        await connected.fetch()
    assert connected.tokens.renewals == 1


async def test_account_that_was_revoked_is_lost(connected: ConnectedGoogle) -> None:
    connected.google.oauth.revoke(ANN)
    with pytest.raises(AccountLostError):
        await connected.fetch()


@pytest.mark.parametrize(
    ("status", "reason", "everybody"),
    [
        (403, "userRateLimitExceeded", False),
        (429, "userRateLimitExceeded", False),
        (403, "rateLimitExceeded", False),
        (429, "rateLimitExceeded", False),
        (403, "quotaExceeded", False),
        (403, "dailyLimitExceeded", True),
    ],
)
async def test_quota_answer_holds_up_whom_it_names(
    connected: ConnectedGoogle, status: int, reason: str, everybody: bool
) -> None:
    connected.google.faults.add("/calendar/v3/", status=status, reason=reason, retry_after=7)
    connected.google.faults.add("/calendar/v3/", status=status, reason=reason)
    with pytest.raises(CalendarBusyError) as asked:
        await connected.fetch()
    with pytest.raises(CalendarBusyError) as silent:
        await connected.fetch()
    assert (asked.value.everybody, asked.value.retry_after) == (everybody, 7)
    assert (silent.value.everybody, silent.value.retry_after) == (everybody, None)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 500}, CalendarUnreachableError),
        ({"status": 503, "body": b"<html>busy</html>"}, CalendarUnreachableError),
        ({"status": 503, "retry_after": 30}, CalendarBusyError),
        ({"status": 403, "reason": "forbidden"}, CalendarRefusedError),
        ({"status": 403, "body": b"<html>no</html>"}, CalendarRefusedError),
        ({"status": 404, "reason": "notFound"}, CalendarGoneError),
        ({"status": 302, "body": b""}, CalendarError),
        ({"status": 400, "reason": "badRequest"}, CalendarError),
        ({"drop": True}, CalendarUnreachableError),
        ({"truncate": True}, CalendarError),
        ({"status": 503, "after": True}, CalendarUnreachableError),
        ({"status": 204, "body": b""}, CalendarError),
        ({"status": 200, "body": b""}, CalendarError),
        ({"status": 200, "body": b"{}"}, CalendarError),
        ({"status": 200, "body": b"[]"}, CalendarError),
        ({"status": 200, "body": b"<html>hello</html>"}, CalendarError),
        ({"status": 200, "body": b'{"kind": "calendar#calendarList", "items": []}'}, CalendarError),
        ({"status": 200, "body": b'{"kind": "calendar#events", "items": {}}'}, CalendarError),
        ({"status": 200, "body": b'{"kind": "calendar#events", "items": null}'}, CalendarError),
        ({"status": 200, "body": b'{"kind": "calendar#events", "items": [], "nextPageToken": 7}'}, CalendarError),
        ({"status": 200, "body": b'{"kind": "calendar#events", "items": [], "nextSyncToken": {}}'}, CalendarError),
    ],
)
@pytest.mark.parametrize("before", [False, True])
async def test_no_answer_and_no_good_answer_is_an_error_and_changes_nothing(
    connected: ConnectedGoogle, fault: dict[str, Any], error: type[CalendarError], before: bool
) -> None:
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    if before:
        await connected.fetch()
        connected.calendar.change(connected.connection and next(iter(connected.calendar.entries)), title="Changed")
    kept = connected.connection.state
    connected.google.faults.add("/events", times=None, **fault)
    with pytest.raises(error):
        await connected.fetch()
    assert connected.connection.state == kept
    connected.google.faults.clear()
    assert await connected.titles() == ["Changed" if before else "Sync"]


async def test_missing_scope_is_a_refusal(connected: ConnectedGoogle) -> None:
    await connected.tokens.allow("https://www.googleapis.com/auth/calendar.events.readonly")
    with pytest.raises(CalendarRefusedError, match="insufficientPermissions"):
        await connected.fetch()


async def test_calendar_id_is_one_part_of_the_address(connected: ConnectedGoogle) -> None:
    odd = connected.account.add_calendar("Odd", "a/b?c#d%2F..@group.calendar.google.com")
    odd.add(GoogleEntry("Here", at(24, 10), at(24, 11)))
    connected.connection = dataclasses.replace(connected.connection, address=odd.id)
    assert await connected.titles() == ["Here"]


# ── a server that means harm ────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def hostile(site: Site, client: GuardedClient, connected: ConnectedGoogle) -> GoogleSource:
    """A source of which the answers come from `site`."""
    return GoogleSource(GoogleApi(client, site.url("/calendar/v3/"), connected.clock), connected.tokens)


def answer(items: list[Any], **fields: Any) -> bytes:
    return json.dumps({"kind": "calendar#events", "items": items, **fields}).encode()


async def test_items_that_cannot_be_read_cost_none_of_the_others(
    hostile: GoogleSource, site: Site, connected: ConnectedGoogle
) -> None:
    good = {"id": "good", "start": {"dateTime": "2026-11-24T10:00:00Z"}, "end": {"dateTime": "2026-11-24T11:00:00Z"}}
    bad: list[Any] = [
        None,
        7,
        "x",
        [],
        {},
        {"id": None},
        {"id": "b1", "start": None},
        {"id": "b2", "start": {"date": 7}},
    ]
    site.gives(answer([*bad, good], summary=["x"], timeZone={"a": 1}))
    changes = await hostile.fetch(connected.connection, NOW)
    assert [event.uid for event in changes.events] == ["good"]
    assert [problem.uid for problem in changes.problems] == ["", "", "", "", "", "", "b1", "b2"]
    assert changes.name is None


async def test_no_token_at_the_end_means_the_window_each_time(
    hostile: GoogleSource, site: Site, connected: ConnectedGoogle
) -> None:
    site.gives(answer([]))
    first = await hostile.fetch(connected.connection, NOW)
    await hostile.fetch(dataclasses.replace(connected.connection, state=first.state), NOW)
    assert ["syncToken" in request.query_string for request in site.seen] == [False, False]


async def test_pages_without_an_end_are_given_up_on(
    hostile: GoogleSource, site: Site, connected: ConnectedGoogle
) -> None:
    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=answer([], nextPageToken=f"p{len(site.seen)}"))

    site.answer = endless
    with pytest.raises(CalendarTooCostlyError):
        await hostile.fetch(connected.connection, NOW)
    assert len(site.seen) == 40
    site.gives(answer([], nextPageToken="the same"))
    with pytest.raises(CalendarError, match="the same page"):
        await hostile.fetch(connected.connection, NOW)
    assert len(site.seen) == 42


async def test_more_items_than_anybody_has_are_given_up_on(
    hostile: GoogleSource, site: Site, connected: ConnectedGoogle
) -> None:
    site.gives(answer([{}] * 20_001))
    with pytest.raises(CalendarTooCostlyError):
        await hostile.fetch(connected.connection, NOW)


async def test_large_page_is_read_whole(hostile: GoogleSource, site: Site, connected: ConnectedGoogle) -> None:
    when = {"start": {"dateTime": "2026-11-24T10:00:00Z"}, "end": {"dateTime": "2026-11-24T11:00:00Z"}}
    site.gives(answer([{"id": f"e{number}", **when} for number in range(2500)]))
    assert len((await hostile.fetch(connected.connection, NOW)).events) == 2500


async def test_copies_of_one_entry_stay_apart_and_one_said_twice_is_one(
    hostile: GoogleSource, site: Site, connected: ConnectedGoogle
) -> None:
    when = {"start": {"dateTime": "2026-11-24T10:00:00Z"}, "end": {"dateTime": "2026-11-24T11:00:00Z"}}
    one, copy = {"id": "one", "iCalUID": "u", **when}, {"id": "copy", "iCalUID": "u", **when}
    site.gives(answer([one, copy, {**one, "summary": "newer"}]))
    changes = await hostile.fetch(connected.connection, NOW)
    assert [(event.uid, event.title) for event in changes.events] == [("u", "newer"), ("copy", "")]


async def test_token_with_odd_signs_is_no_token(hostile: GoogleSource, site: Site, connected: ConnectedGoogle) -> None:
    for token in ("x" * 5000, "a\nb", "\ud800", "é"):
        site.gives(answer([], nextSyncToken=token))
        with pytest.raises(CalendarError, match="is no token"):
            await hostile.fetch(connected.connection, NOW)


async def test_requests_carry_the_token_and_follow_no_redirect(
    hostile: GoogleSource, site: Site, connected: ConnectedGoogle
) -> None:
    site.redirects("http://127.0.0.1:1/elsewhere")
    with pytest.raises(CalendarError) as raised:
        await hostile.fetch(connected.connection, NOW)
    (request,) = site.seen
    assert request.headers["Authorization"] == f"Bearer {connected.tokens.kept}"
    assert connected.tokens.kept not in repr(raised.value)
