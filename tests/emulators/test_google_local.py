"""The local Google by itself: consent and tokens over HTTP, what it refuses, and how its series run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from emulators.books import occurrences
from emulators.google import GoogleEntry, LocalGoogle, google_client
from emulators.google.events import partial
from services.calendars.providers.google.api import LIST, REQUIRED
from tests.support.clocks import ManualClock
from tests.support.google_account import (
    ANN,
    BACK,
    BERLIN,
    ConnectedGoogle,
    at,
    authorize_url,
    exchanged,
    open_connected,
)


@pytest.fixture
async def connected() -> AsyncIterator[ConnectedGoogle]:
    async with open_connected(ManualClock()) as opened:
        yield opened


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def get(browser: aiohttp.ClientSession, connected: ConnectedGoogle, path: str, **query: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {connected.tokens.kept}"}
    async with browser.get(connected.google.api_url + path, params=query, headers=headers) as answer:
        return answer.status, await answer.json()


async def token(
    browser: aiohttp.ClientSession, connected: ConnectedGoogle, form: dict[str, str]
) -> tuple[int, dict[str, Any]]:
    async with browser.post(connected.google.settings["GOOGLE_TOKEN_URL"], data=form) as answer:
        return answer.status, await answer.json()


# ── consent ─────────────────────────────────────────────────────────────────────────────────────────


async def test_page_asks_for_an_account_and_each_scope(
    connected: ConnectedGoogle, browser: aiohttp.ClientSession
) -> None:
    connected.google.add_account("bob@example.com", "Bob <b>")
    async with browser.get(authorize_url(connected.google, login_hint="bob@example.com")) as answer:
        text = await answer.text()
    assert answer.status == 200
    assert "View events on all your calendars" in text
    assert 'value="bob@example.com" required checked' in text
    assert "Bob &lt;b&gt;" in text
    form = dict(parse_qsl(urlsplit(authorize_url(connected.google)).query))
    form |= {"account": ANN, "granted": REQUIRED, "decision": "allow"}
    async with browser.post(authorize_url(connected.google), data=form, allow_redirects=False) as answer:
        location = answer.headers["Location"]
    assert location.startswith(f"{BACK}?state=s-1&code=")
    status, found = await token(browser, connected, exchanged(connected.google, location))
    assert (status, found["scope"], found["token_type"], found["expires_in"]) == (200, REQUIRED, "Bearer", 3599)
    assert set(found) == {"access_token", "expires_in", "refresh_token", "scope", "token_type"}


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"client_id": "x"}, "invalid_client"),
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri_mismatch"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "https://www.googleapis.com/auth/drive"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
    ],
)
async def test_link_that_is_no_good_is_blocked(
    connected: ConnectedGoogle, browser: aiohttp.ClientSession, changed: dict[str, str], problem: str
) -> None:
    async with browser.get(authorize_url(connected.google, **changed)) as answer:
        assert answer.status == 400
        assert problem in await answer.text()


async def test_cancel_and_leaving_everything_out_are_denials(connected: ConnectedGoogle) -> None:
    link = authorize_url(connected.google)
    denied = f"{BACK}?error=access_denied&state=s-1"
    assert await connected.google.allow(link, ANN, allow=False) == denied
    assert await connected.google.allow(link, ANN, without=(REQUIRED, LIST)) == denied


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_id": "x"}, 401, "invalid_client"),
        ({"client_secret": "x"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"code": "x"}, 400, "invalid_grant"),
        ({"code_verifier": "x"}, 400, "invalid_grant"),
        ({"redirect_uri": "https://quo.example/"}, 400, "redirect_uri_mismatch"),
    ],
)
async def test_exchange_that_does_not_fit_is_refused(
    connected: ConnectedGoogle, browser: aiohttp.ClientSession, changed: dict[str, str], status: int, error: str
) -> None:
    location = await connected.google.allow(authorize_url(connected.google), ANN)
    answered, found = await token(browser, connected, exchanged(connected.google, location, **changed))
    assert (answered, found["error"]) == (status, error)


async def test_code_is_good_once_and_for_ten_minutes(
    connected: ConnectedGoogle, browser: aiohttp.ClientSession
) -> None:
    form = exchanged(connected.google, await connected.google.allow(authorize_url(connected.google), ANN))
    assert (await token(browser, connected, form))[0] == 200
    assert (await token(browser, connected, form))[1]["error"] == "invalid_grant"
    late = exchanged(connected.google, await connected.google.allow(authorize_url(connected.google), ANN))
    connected.clock.move(minutes=10)
    assert (await token(browser, connected, late))[1]["error"] == "invalid_grant"


async def test_refresh_token_is_given_the_first_time_or_on_consent(
    connected: ConnectedGoogle, browser: aiohttp.ClientSession
) -> None:
    given = []
    for changed in ({"prompt": ""}, {"prompt": "consent"}, {"access_type": "online"}):
        location = await connected.google.allow(authorize_url(connected.google, **changed), ANN)
        given.append("refresh_token" in (await token(browser, connected, exchanged(connected.google, location)))[1])
    assert given == [False, True, False]


async def test_access_token_ends_after_an_hour_and_a_revoked_grant_for_good(
    connected: ConnectedGoogle, browser: aiohttp.ClientSession
) -> None:
    connected.clock.move(seconds=3599)
    assert (await get(browser, connected, "users/me/calendarList"))[0] == 200
    connected.clock.move(seconds=1)
    assert (await get(browser, connected, "users/me/calendarList"))[0] == 401
    client = connected.google.client
    form = {
        "grant_type": "refresh_token",
        "refresh_token": connected.tokens.refresh,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
    }
    status, found = await token(browser, connected, form)
    assert (status, "refresh_token" in found) == (200, False)
    connected.tokens.kept = found["access_token"]
    assert (await get(browser, connected, "users/me/calendarList"))[0] == 200
    async with browser.post(f"{connected.google.url}/revoke", data={"token": connected.tokens.refresh}) as answer:
        assert answer.status == 200
    assert (await get(browser, connected, "users/me/calendarList"))[0] == 401
    assert (await token(browser, connected, form))[1]["error"] == "invalid_grant"
    async with browser.post(f"{connected.google.url}/revoke", data={"token": connected.tokens.refresh}) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "invalid_token")
    assert all(
        "secret" not in repr(call) and connected.tokens.refresh not in repr(call) for call in connected.google.calls
    )


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ({"timeMin": "2026-11-24"}, 400, "badRequest"),
        ({"timeMin": "2026-11-24T10:00:00"}, 400, "badRequest"),
        ({"timeMin": "2026-11-24T10:00:00Z", "timeMax": "2026-11-24T10:00:00Z"}, 400, "timeRangeEmpty"),
        ({"maxResults": "0"}, 400, "invalidParameter"),
        ({"fields": "items("}, 400, "invalidParameter"),
        ({"eventtypes": "x"}, 400, "invalidParameter"),
        ({"syncToken": "x"}, 410, "fullSyncRequired"),
        ({"pageToken": "x"}, 410, "fullSyncRequired"),
    ],
)
async def test_list_request_that_google_would_not_take(
    connected: ConnectedGoogle, browser: aiohttp.ClientSession, query: dict[str, str], status: int, reason: str
) -> None:
    answered, found = await get(browser, connected, "calendars/primary/events", singleEvents="true", **query)
    assert (answered, found["error"]["errors"][0]["reason"]) == (status, reason)


async def test_sync_token_goes_with_no_window_and_with_the_same_parameters(
    connected: ConnectedGoogle, browser: aiohttp.ClientSession
) -> None:
    path = "calendars/primary/events"
    _, first = await get(browser, connected, path, singleEvents="true")
    kept = first["nextSyncToken"]
    for wrong in ({"timeMin": "2026-11-24T10:00:00Z"}, {"orderBy": "startTime"}, {"q": "x"}, {"maxResults": "7"}):
        assert (await get(browser, connected, path, singleEvents="true", syncToken=kept, **wrong))[0] == 400
    _, ordered = await get(browser, connected, path, singleEvents="true", orderBy="startTime")
    assert "nextSyncToken" not in ordered


async def test_token_tells_of_changes_with_nothing_but_ids_of_what_is_gone(
    connected: ConnectedGoogle, browser: aiohttp.ClientSession
) -> None:
    path = "calendars/primary/events"
    daily = connected.calendar.add(GoogleEntry("Daily", at(24, 8), at(24, 9), recurrence=("RRULE:FREQ=DAILY;COUNT=2",)))
    single = connected.calendar.add(GoogleEntry("Once", at(24, 8), at(24, 9)))
    deleted = connected.calendar.add(GoogleEntry("Never", at(24, 8), at(24, 9)))
    _, first = await get(browser, connected, path, singleEvents="true")
    connected.calendar.remove(deleted.id)
    connected.calendar.cancel(single.id)
    connected.calendar.cancel_instance(daily.id, at(24, 8))
    _, found = await get(browser, connected, path, singleEvents="true", syncToken=first["nextSyncToken"])
    gone = {one["id"]: set(one) for one in found["items"] if one["status"] == "cancelled"}
    assert gone == {
        f"{daily.id}_20261124T080000Z": {"kind", "etag", "id", "status", "recurringEventId", "originalStartTime"},
        single.id: {"kind", "etag", "id", "status"},
        deleted.id: {"kind", "etag", "id", "status"},
    }
    assert [one["summary"] for one in found["items"] if one["status"] == "confirmed"] == ["Daily"]
    _, none = await get(browser, connected, path, singleEvents="true", syncToken=found["nextSyncToken"])
    assert none["items"] == []


async def test_scopes_open_what_they_name(connected: ConnectedGoogle, browser: aiohttp.ClientSession) -> None:
    await connected.tokens.allow(REQUIRED)
    assert (await get(browser, connected, "users/me/calendarList"))[0] == 200
    status, found = await get(browser, connected, "calendars/primary/events")
    assert (status, found["error"]["errors"][0]["reason"]) == (403, "insufficientPermissions")
    assert (await get(browser, connected, "calendars/nobody/events"))[0] == 403


def test_partial_answers() -> None:
    whole = {"kind": "k", "a": {"b": 1, "c": 2}, "items": [{"id": 1, "x": {"y": 1, "z": 2}}, {"id": 2}]}
    assert partial(whole, "kind,items(id,x(z))") == {"kind": "k", "items": [{"id": 1, "x": {"z": 2}}, {"id": 2}]}
    assert partial(whole, "a(b),none") == {"a": {"b": 1}}


@pytest.mark.parametrize("fields", ["", "a,", "a(b", "a)b", "a((b))"])
def test_selection_that_is_none_is_an_error(fields: str) -> None:
    with pytest.raises(ValueError, match=r"parenthesis|without a name|a\)b"):
        partial({"a": {"b": 1}}, fields)


# ── series ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rules", "days"),
    [
        (("RRULE:FREQ=DAILY;COUNT=3",), [23, 24, 25]),
        (("RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20261127T080000Z",), [23, 25, 27]),
        (("RRULE:FREQ=DAILY;UNTIL=20261124T075959Z",), [23]),
        (("RRULE:FREQ=WEEKLY;COUNT=2",), [23, 30]),
        (("RRULE:FREQ=WEEKLY;BYDAY=FR,MO,WE",), [23, 25, 27, 30]),
        (("RRULE:FREQ=WEEKLY;BYDAY=SU,TU;INTERVAL=2",), [24, 29]),
        (("RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261124T080000Z"), [23, 25]),
        (("RRULE:FREQ=DAILY;COUNT=3", "EXDATE;TZID=Europe/Berlin:20261124T090000,20261125T090000"), [23]),
        (("RRULE:FREQ=YEARLY",), [23]),
    ],
)
def test_series_run_as_their_rule_says(rules: tuple[str, ...], days: list[int]) -> None:
    assert list(occurrences(at(23, 8), rules, BERLIN, at(30, 23))) == [at(day, 8) for day in days]


def test_series_of_days_and_over_a_change_of_the_clocks() -> None:
    years = occurrences(date(2024, 2, 29), ("RRULE:FREQ=YEARLY",), BERLIN, datetime(2030, 1, 1, tzinfo=UTC))
    assert list(years) == [date(2024, 2, 29), date(2028, 2, 29)]
    start = datetime(2027, 3, 27, 8, tzinfo=UTC)
    days = occurrences(
        start, ("RRULE:FREQ=DAILY;COUNT=2",), ZoneInfo("Europe/Berlin"), at(1, month=12).replace(year=2027)
    )
    assert list(days) == [start, datetime(2027, 3, 28, 7, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("EXDATE:20261124", "has one RRULE"),
        ("RRULE:FREQ=HOURLY", "FREQ=HOURLY"),
        ("RRULE:FREQ=DAILY;BYSETPOS=1", "BYSETPOS"),
    ],
)
def test_rule_that_is_not_known_here_is_an_error(rule: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        list(occurrences(at(23, 8), (rule,), BERLIN, at(30)))


async def test_answer_may_do_what_was_asked_and_then_fail(
    connected: ConnectedGoogle, browser: aiohttp.ClientSession
) -> None:
    connected.google.faults.add("/watch", status=503, after=True)
    body = {"id": "w1", "type": "web_hook", "address": connected.receiver.url}
    headers = {"Authorization": f"Bearer {connected.tokens.kept}"}
    link = f"{connected.google.api_url}calendars/primary/events/watch"
    async with browser.post(link, json=body, headers=headers) as answer:
        assert answer.status == 503
    assert list(connected.google.channels.open) == ["w1"]
    async with browser.post(link, data=b"x", headers=headers) as answer:
        assert answer.status == 400


async def test_unknown_kind_of_entry_is_an_error(connected: ConnectedGoogle) -> None:
    with pytest.raises(ValueError, match="party"):
        connected.calendar.add(GoogleEntry("x", at(24), at(25), kind="party"))


async def test_google_mounted_below_another_application_is_the_same(browser: aiohttp.ClientSession) -> None:
    google = LocalGoogle(ManualClock().now, google_client(BACK))
    google.add_account(ANN)
    outer = web.Application()
    outer.add_subapp("/google", google.web)
    async with TestServer(outer, host="127.0.0.1") as server:
        google.url = str(server.make_url("/google"))
        async with browser.get(authorize_url(google)) as answer:
            assert answer.status == 200
        form = exchanged(google, await google.allow(authorize_url(google), ANN))
        async with browser.post(google.settings["GOOGLE_TOKEN_URL"], data=form) as answer:
            access = (await answer.json())["access_token"]
        google.faults.add("/calendar/v3/users/me/calendarList", status=500)
        for status in (500, 200):
            headers = {"Authorization": f"Bearer {access}"}
            async with browser.get(f"{google.api_url}users/me/calendarList", headers=headers) as answer:
                assert answer.status == status
    assert [(call.path, call.status) for call in google.calls] == [
        ("/o/oauth2/v2/auth", 200),
        ("/token", 200),
        ("/calendar/v3/users/me/calendarList", 500),
        ("/calendar/v3/users/me/calendarList", 200),
    ]
    assert not google.busy
