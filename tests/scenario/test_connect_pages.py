"""Connecting an account in a browser: where it is sent, what it comes back to, and every way in which that fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from io import StringIO
from re import findall

import pytest

from handlers.web.oauth import Connect
from handlers.web.pages import Browsers
from services.access.identity import BrowserIdentities, Named
from services.calendars.accounts import Connected, Held
from services.calendars.oauth_flow import ConnectForm
from services.domain.errors import (
    AccountLostError,
    AlreadyConnectedError,
    AppRefusedError,
    CalendarBusyError,
    CalendarRefusedError,
    CalendarUnreachableError,
    TooManyError,
)
from services.domain.model import PersonKey
from services.domain.request_errors import (
    AccountNotAllowedError,
    AdministratorNeededError,
    ConsentDeniedError,
    LinkExpiredError,
    NotOfferedError,
)
from services.platform.crypto import Encryptor, new_key
from services.platform.locale import say
from services.usecases.grants import Start
from tests.support.clocks import ManualClock
from tests.support.providers_app import Form
from tests.support.routes import Served, serving

ANN = PersonKey("T1", "U1")
SLACK = "https://slack.com/app_redirect?app=A1&team=T1"
AT_GOOGLE = "https://accounts.google.example/auth?state=s-1"
DONE = Connected(ANN, "a1", "google", "ann@example.com", ("Work", "Private"), 0, "en-GB", granted=True, slack=SLACK)
SILENT = "The calendar provider does not answer at the moment, so nothing was connected. Try again with `/quo connect`."
REFUSED = "The calendar provider refused, so nothing was connected. Try again with `/quo connect`, or ask your admin."
EXPIRED = "This link has expired or was used already. Ask for a new one in Slack with `/quo`."


@dataclass
class Flow:
    """Stands for `Accounts` and what it is of: answers with what it was told to, and remembers what it was asked."""

    outcome: Connected | Exception = DONE
    locale: str = "en-GB"
    described: str = ""
    started: list[tuple[str, str, str, str]] = field(default_factory=list)
    finished: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    async def ask(self, provider: str, link: str, cookie: str, seen: Mapping[str, str]) -> ConnectForm:
        if provider == "microsoft":
            raise NotOfferedError(provider)
        if link != "good" or self.started:
            raise LinkExpiredError("link")
        return ConnectForm(ANN, cookie or "c" * 43, "token-1")

    @property
    def flow(self) -> Flow:
        return self

    @property
    def introductions(self) -> Flow:
        return self

    async def of(self, key: PersonKey) -> Named:
        return Named("Ann Lee", "Acme", self.locale)

    async def start(self, provider: str, link: str, cookie: str, token: str, seen: Mapping[str, str]) -> Start:
        await self.ask(provider, link, cookie, seen)
        self.started.append((provider, link, cookie, token))
        return Start(AT_GOOGLE, cookie)

    async def finish(
        self, provider: str, query: Mapping[str, str], cookie: str, seen: Mapping[str, str]
    ) -> Connected | Held:
        self.described = query.get("error_description", "")
        state, code, error = (query.get(name, "") for name in ("state", "code", "error"))
        self.finished.append((provider, state, cookie, code, error))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def finish_held(self, key: PersonKey, held: str) -> Connected:
        raise AssertionError("nothing is held here")


@pytest.fixture
def flow() -> Flow:
    return Flow()


@pytest.fixture(params=[False])
async def served(flow: Flow, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    async def grant_link(key: PersonKey) -> str:
        return f"https://quo.example/slack/install?link={key.user_id}"

    async def identify(key: PersonKey, held: str, cookie: str) -> Start:
        raise AssertionError(held)

    browsers = Browsers(BrowserIdentities(Encryptor([new_key()])), ManualClock(), secure=request.param)
    async with serving(Connect(flow, browsers, say, grant_link, identify).routes()) as made:
        yield made


async def come_back(served: Served, query: str = "state=s-1&code=c-1", **headers: str) -> tuple[int, str]:
    """Come back from Google with a browser that was sent there."""
    async with served.browser() as session:
        async with session.get("/connect/google?link=good", allow_redirects=False) as shown:
            sent = Form.on(await shown.text())
            assert sent is not None
        async with session.post(sent.action, data=sent.fields, allow_redirects=False) as away:
            assert (away.status, away.headers["Location"]) == (303, AT_GOOGLE)
            assert away.headers["Cache-Control"] == "no-store"
            assert away.headers["Referrer-Policy"] == "no-referrer"
        async with session.get(f"/connect/google/callback?{query}", headers=headers) as answer:
            assert answer.content_type == "text/html"
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            return answer.status, await answer.text()


def sentences(page: str) -> list[str]:
    said = [unescape(one) for one in findall(r"<p>(.*?)</p>", page)]
    return [one.replace("<code>", "`").replace("</code>", "`") for one in said if "<a " not in one]


def buttons(page: str) -> list[tuple[str, str]]:
    return [
        (unescape(text), unescape(link)) for link, text in findall(r'<a class="[^"]*" href="([^"]*)">([^<]*)', page)
    ]


# ── to the provider ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("served", [True, False], indirect=True)
async def test_link_shows_whose_it_is_with_a_cookie_that_is_ours_alone(
    served: Served, request: pytest.FixtureRequest
) -> None:
    async with served.browser() as session, session.get("/connect/google?link=good", allow_redirects=False) as answer:
        page = await answer.text()
        assert answer.status == 200
        assert sentences(page)[0] == "You are about to connect a Google Calendar account for this person in Slack:"
        assert "<strong>Ann Lee</strong><br>Acme" in page
        assert Form.on(page) == Form("/connect/google", {"link": "good", "token": "token-1"})
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        cookie = answer.cookies["statusquo-connect"]
    assert cookie.value == "c" * 43
    assert (cookie["path"], cookie["max-age"], cookie["samesite"]) == ("/connect", "600", "Lax")
    assert cookie["httponly"] is True
    assert bool(cookie["secure"]) is request.node.callspec.params["served"]


async def test_browser_that_comes_again_brings_its_cookie(served: Served, flow: Flow) -> None:
    await come_back(served)
    assert flow.started == [("google", "good", "c" * 43, "token-1")]
    assert flow.finished == [("google", "s-1", "c" * 43, "c-1", "")]


async def test_link_checker_that_only_asks_for_headers_uses_nothing_up(served: Served, flow: Flow) -> None:
    for path in ("/connect/google?link=good", "/connect/google/callback?state=s-1&code=c-1"):
        assert (await served.ask("HEAD", path))[0] == 405
    assert (await served.ask("POST", path))[0] == 405
    assert (flow.started, flow.finished) == ([], [])


@pytest.mark.parametrize("query", ["", "?link=", "?link=bad", "?link=%00", "?link=%ff%fe", "?link=" + "x" * 5000])
async def test_link_that_is_not_good_any_more_is_one_clear_page(served: Served, query: str) -> None:
    status, page = await served.ask("GET", f"/connect/google{query}")
    assert (status, sentences(page)) == (400, [EXPIRED])


async def test_link_used_twice_is_refused_the_second_time(served: Served) -> None:
    await come_back(served)
    status, page = await served.ask("GET", "/connect/google?link=good")
    assert (status, sentences(page)) == (400, [EXPIRED])


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"link=good&link=bad&token=%00%ff", "application/x-www-form-urlencoded"),
        (b"link=good&token=\xff\xfe", "application/x-www-form-urlencoded"),
        (b"link=good&token=x", "application/x-www-form-urlencoded; charset=nobodys"),
        (b'{"link": "good"}', "application/json"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"link=" + b"x" * 100_000, "application/x-www-form-urlencoded"),
    ],
)
async def test_form_of_any_shape_is_answered(served: Served, flow: Flow, sent: bytes, kind: str) -> None:
    flow.started.append(("google", "good", "", ""))
    status, page = await served.ask("POST", "/connect/google", data=sent, headers={"Content-Type": kind})
    assert (status, sentences(page)) == (400, [EXPIRED])


async def test_provider_that_is_not_set_up_says_who_has_to(served: Served) -> None:
    status, page = await served.ask("GET", "/connect/microsoft?link=good")
    assert (status, sentences(page)) == (
        404, ["That kind of calendar cannot be connected here. The operator has to set it up first."],
    )  # fmt: skip


@pytest.mark.parametrize("path", ["/connect/", "/connect/yahoo", "/connect/googles", "/connect/google/", "/connect/"
                                  "yahoo/callback", "/connect/google/callback/x"])  # fmt: skip
async def test_provider_that_we_do_not_know_is_not_found(served: Served, flow: Flow, path: str) -> None:
    assert (await served.ask("GET", path))[0] == 404
    assert (flow.started, flow.finished) == ([], [])


# ── and back ────────────────────────────────────────────────────────────────────────────────────────


async def test_page_says_what_is_connected_and_opens_slack(served: Served) -> None:
    status, page = await come_back(served)
    assert status == 200
    assert sentences(page) == [
        "Your Google Calendar account ann@example.com is connected: Work, Private. I am reading it now."
    ]
    assert "<h1>Your calendar is connected</h1>" in page
    assert buttons(page) == [("Open Slack", SLACK)]


async def test_page_tells_of_other_calendars_and_where_to_choose_them(served: Served, flow: Flow) -> None:
    flow.outcome = replace(DONE, more=3)
    _, page = await come_back(served)
    assert sentences(page)[1:] == [
        "It has more calendars that I can read (3). Choose them on my Home tab in Slack."
    ]  # fmt: skip


async def test_page_offers_the_grant_first_where_it_is_missing(served: Served, flow: Flow) -> None:
    flow.outcome = replace(DONE, granted=False)
    _, page = await come_back(served)
    assert sentences(page)[1:] == [
        "One step is left: I may not set your Slack status yet. Allow it once, and I do the rest."
    ]
    assert buttons(page) == [("Allow", "https://quo.example/slack/install?link=U1"), ("Open Slack", SLACK)]


async def test_page_without_a_calendar_or_a_slack_to_open_has_no_button(served: Served, flow: Flow) -> None:
    flow.outcome = replace(DONE, calendars=(), slack="")
    _, page = await come_back(served)
    assert sentences(page) == [
        "Your Google Calendar account ann@example.com is connected. I do not read any of its calendars yet."
    ]
    assert buttons(page) == []


async def test_page_of_many_calendars_names_the_first_of_them(served: Served, flow: Flow) -> None:
    flow.outcome = replace(DONE, calendars=tuple(f"C{index}" for index in range(20)))
    _, page = await come_back(served)
    assert "connected: C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, …. I am" in page


@pytest.mark.parametrize(
    ("locale", "accepted", "language", "title"),
    [
        ("de-DE", "ja", "de-DE", "Dein Kalender ist verbunden"),
        ("", "fr-FR,fr;q=0.9", "fr-FR", "Votre agenda est connecté"),
        ("", "<script>", "en-US", "Your calendar is connected"),
    ],
)
async def test_page_is_in_the_persons_language_else_the_browsers(
    served: Served, flow: Flow, *, locale: str, accepted: str, language: str, title: str
) -> None:
    flow.outcome = replace(DONE, locale=locale)
    _, page = await come_back(served, **{"Accept-Language": accepted})
    assert f'<html lang="{language}">' in page
    assert f"<h1>{title}</h1>" in page


async def test_page_escapes_what_the_provider_says(served: Served, flow: Flow) -> None:
    evil = '"><script>alert(1)</script>'
    flow.outcome = replace(DONE, name=evil, calendars=(evil,), slack='https://slack.example/?a=1&b="><script>')
    _, page = await come_back(served)
    assert "<script" not in page
    assert evil in sentences(page)[0]


@pytest.mark.parametrize(
    ("failure", "status", "sentence"),
    [
        (ConsentDeniedError("x"), 200,
         "Nothing was changed: you did not allow it. You can come back at any time with `/quo`."),
        (AccountNotAllowedError("x"), 200,
         "Nothing was connected: a permission was left out. Type `/quo connect` and allow all that is asked."),
        (LinkExpiredError("x"), 400, EXPIRED),
        (AlreadyConnectedError("x"), 400, "This calendar is already connected."),
        (TooManyError("x"), 400, "That is more than one person can have. Remove something first."),
        (NotOfferedError("x"), 404,
         "That kind of calendar cannot be connected here. The operator has to set it up first."),
        (CalendarUnreachableError("x"), 503, SILENT),
        (CalendarBusyError("x", retry_after=3), 503, SILENT),
        (CalendarRefusedError("x"), 502, REFUSED),
        (AppRefusedError("invalid_client"), 404, NotOfferedError.sentence()),
        (AdministratorNeededError("consent_required"), 200, AdministratorNeededError.sentence()),
        (AccountLostError("x"), 502, REFUSED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)  # fmt: skip
async def test_what_goes_wrong_is_one_sentence_with_the_right_status(
    served: Served, flow: Flow, failure: Exception, status: int, sentence: str
) -> None:
    flow.outcome = failure
    got, page = await come_back(served)
    assert (got, sentences(page)) == (status, [sentence])
    assert 'class="bad"' in page


async def test_error_from_the_provider_travels_as_it_is_and_is_not_shown(served: Served, flow: Flow) -> None:
    flow.outcome = ConsentDeniedError("refused")
    _, page = await come_back(served, "state=s-1&error=%3Cscript%3Ealert(1)%3C/script%3E&error_description=secret")
    assert flow.finished[0][3:] == ("", "<script>alert(1)</script>")
    assert "alert" not in page
    assert "secret" not in page


@pytest.mark.parametrize(
    "query", ["", "code=c", "state=a&state=b&code=c&code=d", "state=%00&code=%ff", "state=" + "x" * 5000]
)
async def test_way_back_of_any_shape_is_answered(served: Served, flow: Flow, query: str) -> None:
    flow.outcome = LinkExpiredError("state")
    status, page = await served.ask("GET", f"/connect/google/callback?{query}")
    assert (status, sentences(page)) == (400, [EXPIRED])


async def test_cookie_of_another_path_or_size_is_passed_on_as_it_is(served: Served, flow: Flow) -> None:
    flow.outcome = LinkExpiredError("state")
    for cookie in ("statusquo-oauth=x", "statusquo-connect=" + "y" * 3000, "statusquo-connect", ";;;="):
        status, _ = await served.ask("GET", "/connect/google/callback?state=s&code=c", headers={"Cookie": cookie})
        assert status == 400
    assert [one[2] for one in flow.finished] == ["", "y" * 3000, "", ""]


# ── and nothing of it in a log ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("outcome", [DONE, LinkExpiredError("state"), CalendarUnreachableError("x"), RuntimeError("x")])
async def test_log_holds_neither_link_nor_state_nor_code_nor_cookie(
    served: Served, flow: Flow, written: StringIO, outcome: Connected | Exception
) -> None:
    flow.outcome = outcome
    await come_back(served, "state=quokka-state&code=zebra-code")
    await served.ask("GET", "/connect/google?link=okapi-link")
    logged = written.getvalue()
    for secret in ("quokka", "zebra", "okapi", "c" * 43, "link=good"):
        assert secret not in logged
