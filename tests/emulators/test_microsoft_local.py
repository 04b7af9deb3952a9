"""The local Microsoft is as strict as the real one is said to be."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from emulators.microsoft import MicrosoftEntry
from emulators.microsoft.server import LocalMicrosoft, microsoft_client
from emulators.oauth import OAuthError

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
BACK = "https://quo.example/accounts/microsoft"
APP = microsoft_client()
CLIENT = {"client_id": APP.client_id, "client_secret": APP.client_secret}
ASKED = {
    "client_id": APP.client_id, "redirect_uri": BACK,
    "response_type": "code", "state": "st", "code_challenge": CHALLENGE,
    "code_challenge_method": "S256", "scope": "https://graph.microsoft.com/Calendars.Read offline_access",
}  # fmt: skip


class Browser:
    """A local Microsoft mounted under /microsoft of another application, and what talks to it."""

    def __init__(self, microsoft: LocalMicrosoft, session: ClientSession) -> None:
        self.microsoft = microsoft
        self.session = session
        self.now = NOW

    def link(self, **changes: str) -> str:
        return (
            f"{self.microsoft.settings['MICROSOFT_AUTHORITY']}/oauth2/v2.0/authorize?{urlencode({**ASKED, **changes})}"
        )

    async def code(self, **changes: str) -> str:
        back = await self.microsoft.allow(self.link(**changes), "ann@contoso.example")
        return dict(parse_qsl(urlsplit(back).query))["code"]

    async def token(self, **form: str) -> tuple[int, dict[str, Any]]:
        async with self.session.post(
            f"{self.microsoft.settings['MICROSOFT_AUTHORITY']}/oauth2/v2.0/token", data={**CLIENT, **form}
        ) as answer:
            return answer.status, await answer.json()

    async def exchange(self, code: str, **changes: str) -> tuple[int, dict[str, Any]]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        return await self.token(**{**form, **changes})

    async def graph(self, method: str, path: str, token: str = "", **body: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token or self.microsoft.oauth.issue('ann@contoso.example')}"}
        url = path if "://" in path else self.microsoft.graph_url + path
        async with self.session.request(method, url, headers=headers, json=body or None) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    moment = [NOW]
    microsoft = LocalMicrosoft(lambda: moment[0])
    outer = web.Application()
    outer.add_subapp("/microsoft", microsoft.web)
    async with TestServer(outer) as server, ClientSession() as session:
        microsoft.url = str(server.make_url("/microsoft"))
        microsoft.add_account("ann@contoso.example", "Ann <Lee>")
        opened = Browser(microsoft, session)
        yield opened
        moment[0] = opened.now
        await microsoft.close()


async def test_consent_is_asked_for_on_a_page(browser: Browser) -> None:
    async with browser.session.get(browser.link()) as answer:
        page = await answer.text()
    assert (answer.status, answer.content_type) == (200, "text/html")
    assert "Status Quo would like your permission" in page
    assert "Read your calendars" in page
    assert "Ann &lt;Lee&gt; <small>(ann@contoso.example)</small>" in page
    form = {**ASKED, "account": "ann@contoso.example", "decision": "accept"}
    async with browser.session.post(browser.link(), data=form, allow_redirects=False) as answer:
        back = answer.headers["Location"]
    assert answer.status == 302
    found = dict(parse_qsl(urlsplit(back).query))
    assert (back.startswith(BACK), found["state"]) == (True, "st")
    assert (await browser.exchange(found["code"]))[0] == 200


async def test_declined_consent_says_so(browser: Browser) -> None:
    back = await browser.microsoft.allow(browser.link(), "ann@contoso.example", allow=False)
    found = dict(parse_qsl(urlsplit(back).query))
    assert (found["error"], found["state"], "code" in found) == ("access_denied", "st", False)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "x"}, {"redirect_uri": "javascript:x"}, {"response_type": "token"}, {"scope": ""},
        {"scope": "Calendars.Nonsense"}, {"state": ""}, {"code_challenge": "short"}, {"code_challenge_method": "plain"},
    ],
)  # fmt: skip
async def test_link_that_is_wrong_is_not_followed(browser: Browser, changes: dict[str, str]) -> None:
    with pytest.raises(OAuthError):
        await browser.microsoft.allow(browser.link(**changes), "ann@contoso.example")
    async with browser.session.get(browser.link(**changes)) as answer:
        assert answer.status == 400


async def test_code_gives_tokens_once(browser: Browser) -> None:
    code = await browser.code()
    status, first = await browser.exchange(code)
    assert (status, first["scope"], first["expires_in"]) == (200, "https://graph.microsoft.com/Calendars.Read", 3599)
    assert (await browser.graph("GET", "me/calendars", first["access_token"]))[0] == 200
    status, again = await browser.exchange(code)
    assert (status, again["error"], again["error_codes"]) == (400, "invalid_grant", [54005])


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "x"}, "invalid_grant"), ({"redirect_uri": "https://x.example"}, "invalid_grant"),
        ({"code_verifier": "w" * 43}, "invalid_grant"), ({"client_secret": "x"}, "invalid_client"),
        ({"client_id": "x"}, "unauthorized_client"), ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)  # fmt: skip
async def test_exchange_that_is_wrong_gives_nothing(browser: Browser, changes: dict[str, str], error: str) -> None:
    status, body = await browser.exchange(**{"code": await browser.code(), **changes})
    assert (status in {400, 401}, body["error"]) == (True, error)


async def test_refresh_tokens_replace_each_other_until_they_are_revoked(browser: Browser) -> None:
    _, first = await browser.exchange(await browser.code())
    _, second = await browser.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert len({first["refresh_token"], second["refresh_token"]}) == 2
    status, _ = await browser.token(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert status == 200
    browser.microsoft.oauth.revoke("ann@contoso.example")
    status, body = await browser.token(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")
    assert (await browser.graph("GET", "me/calendars", second["access_token"]))[0] == 401


async def test_without_offline_access_there_is_no_refresh_token(browser: Browser) -> None:
    _, tokens = await browser.exchange(await browser.code(scope="Calendars.Read"))
    assert "refresh_token" not in tokens


async def test_token_without_the_scope_reads_nothing(browser: Browser) -> None:
    token = browser.microsoft.oauth.issue("ann@contoso.example", frozenset({"User.Read"}))
    assert (await browser.graph("GET", "me/calendars", token))[0] == 403
    assert (await browser.graph("GET", "me/calendars", "x"))[0] == 401


@pytest.mark.parametrize("name", ["$select", "$filter", "$expand", "$orderby", "$search", "$top"])
async def test_delta_takes_no_query_options(browser: Browser, name: str) -> None:
    window = "startDateTime=2026-11-24T00:00:00Z&endDateTime=2026-12-24T00:00:00Z"
    status, body = await browser.graph("GET", f"me/calendarView/delta?{window}&{name}=x")
    assert (status, name in body["error"]["message"]) == (400, True)
    assert (await browser.graph("GET", "me/calendarView/delta"))[0] == 400


async def test_links_of_a_mounted_server_lead_back_to_it(browser: Browser) -> None:
    calendar = browser.microsoft.accounts["ann@contoso.example"].main
    for number in range(11):
        calendar.add(MicrosoftEntry(f"Meeting {number}", NOW, NOW + timedelta(hours=1)))
    window = "startDateTime=2026-11-24T00:00:00Z&endDateTime=2026-12-24T00:00:00Z"
    _, first = await browser.graph("GET", f"me/calendarView/delta?{window}")
    assert (len(first["value"]), "@odata.deltaLink" in first) == (10, False)
    assert first["@odata.nextLink"].startswith(f"{browser.microsoft.url}/v1.0/me/calendarView/delta?$skiptoken=")
    _, second = await browser.graph("GET", first["@odata.nextLink"])
    assert (len(second["value"]), "@odata.nextLink" in second) == (1, False)
    _, third = await browser.graph("GET", second["@odata.deltaLink"])
    assert third["value"] == []
    assert {call.path for call in browser.microsoft.calls} == {"/v1.0/me/calendarView/delta"}
    browser.microsoft.deltas.forget()
    status, body = await browser.graph("GET", third["@odata.deltaLink"])
    assert (status, body["error"]["code"]) == (410, "SyncStateNotFound")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"changeType": "read"}, 400), ({"notificationUrl": ""}, 400), ({"resource": "me/messages"}, 400),
        ({"resource": "me/calendars/x/events"}, 404), ({"clientState": "x" * 129}, 400),
        ({"expirationDateTime": "soon"}, 400), ({"expirationDateTime": "2026-11-01T00:00:00Z"}, 400),
        ({"expirationDateTime": "2026-12-24T00:00:00Z"}, 400), ({"notificationUrl": "http://127.0.0.1:1/"}, 400),
    ],
)  # fmt: skip
async def test_subscription_that_is_wrong_is_refused(browser: Browser, changes: dict[str, str], status: int) -> None:
    asked = {
        "changeType": "created", "notificationUrl": "http://127.0.0.1:1/x", "resource": "me/events",
        "expirationDateTime": "2026-11-25T00:00:00Z", "clientState": "x",
    }  # fmt: skip
    assert (await browser.graph("POST", "subscriptions", **{**asked, **changes}))[0] == status
    assert (await browser.graph("GET", "subscriptions"))[1] == {"value": []}


async def test_fifth_call_at_once_to_a_mailbox_is_too_many(browser: Browser) -> None:
    for _ in range(4):
        browser.microsoft.graph.enter("ann@contoso.example")
    status, body = await browser.graph("GET", "me/calendars")
    assert (status, body["error"]["code"]) == (429, "ApplicationThrottled")
    browser.microsoft.graph.leave("ann@contoso.example")
    assert (await browser.graph("GET", "me/calendars"))[0] == 200
