"""Hostile browsers: every method on every route, paths and links that lead nowhere, addresses that are none."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.store.calendar_tables import CALENDARS
from tests.support.clocks import ManualClock
from tests.support.hostile import Browser, check_harmless, secrets_of, sentence_of
from tests.support.running_app import RunningApp, open_running_app

ROUTES = (
    "/slack/events", "/slack/install", "/slack/oauth_redirect", "/webhooks/google", "/webhooks/microsoft",
    "/webhooks/microsoft/lifecycle", "/hooks/x", "/hooks/team/x", "/healthz", "/readyz", "/metrics", "/", "/x",
)  # fmt: skip


# ── every route, every method ───────────────────────────────────────────────────────────────────────


async def test_every_method_on_every_route_is_answered_in_one_sentence(running_app: RunningApp) -> None:
    await running_app.joins()
    methods = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
    async with Browser(running_app) as browser:
        seen = {}
        for path, method in itertools.product(ROUTES, methods):
            status, text = await browser.ask(method, path)
            seen[method, path] = status
            if status >= 400 and method != "HEAD" and not path.startswith("/slack/"):
                sentence_of(text)
        check_harmless(browser.answers, secrets_of(running_app))
    assert {pair for pair, status in seen.items() if status < 400} == {
        ("GET", "/slack/install"), ("GET", "/healthz"), ("HEAD", "/healthz"), ("GET", "/readyz"), ("HEAD", "/readyz"),
        ("GET", "/metrics"), ("HEAD", "/metrics"),
    }  # fmt: skip


NOWHERE = [
    "/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/app.py", "/slack/../app.py", "//etc/passwd",
    "/slack/events/../../app.py", "/static/..%5c..%5capp.py", "/%00", "/" + "a" * 6000, "/slack/install/%ff",
    "/healthz/", "/HEALTHZ", "/metrics%3Fx", "/demo", "/slack/oauth_redirect/x", "/connect/other",
]  # fmt: skip


async def test_path_that_leads_nowhere_is_not_found(running_app: RunningApp, subtests: pytest.Subtests) -> None:
    for number, path in enumerate(NOWHERE):
        with subtests.test(number=number):
            async with Browser(running_app) as browser:
                status, text = await browser.ask("GET", path)
                assert (status, sentence_of(text)) == (404, "There is nothing at this address.")
                assert "root:" not in text


WITHOUT_A_STATE = [
    "", "?code=x", "?state=x", "?code=x&state=x", "?error=access_denied", "?error=access_denied&state=x",
    "?error=%3Cscript%3Ealert(1)%3C/script%3E&state=%3Cscript%3E", "?state=" + "x" * 5000, "?state=%00&code=%00",
    "?state=%ff%fe&code=%ed%a0%80", "?state=a&state=b&code=c&code=d", "?code=xoxp-1-2-3&state=xoxb-1-2-3",
]  # fmt: skip


async def test_way_back_from_slack_without_a_state_of_ours_is_refused_and_echoes_nothing(
    running_app: RunningApp, subtests: pytest.Subtests
) -> None:
    for number, query in enumerate(WITHOUT_A_STATE):
        with subtests.test(number=number):
            async with Browser(running_app) as browser:
                for headers in ({}, {"Accept": "text/html"}, {"Cookie": "statusquo-oauth=x"}):
                    status, text = await browser.ask("GET", f"/slack/oauth_redirect{query}", headers=headers)
                    assert status == 400
                    assert "<script>alert" not in text
                    assert "xox" not in text
                    assert text.count("Error ") == 1  # one sentence, and its id
            assert running_app.slack.calls.all("oauth.v2.access") == []


NO_LINKS = ["", "x", "x" * 5000, "%00", "%ff", "../../x", "xoxb-1-2-3"]


async def test_link_that_is_not_ours_is_refused(running_app: RunningApp, subtests: pytest.Subtests) -> None:
    for number, link in enumerate(NO_LINKS):
        with subtests.test(number=number):
            async with Browser(running_app) as browser:
                status, text = await browser.ask("GET", f"/slack/install?link={link}")
                assert status == 400
                assert text.count("Error ") == 1  # one sentence, and its id
                assert "xoxb" not in text


# ── addresses of calendars ──────────────────────────────────────────────────────────────────────────


async def test_address_that_is_none_stays_in_the_form_with_a_sentence_at_its_block(running_app: RunningApp) -> None:
    await running_app.joins()
    for address in ("", "x", "file:///etc/passwd", "ftp://x/y", "http://", "http://a b", "javascript:1", "gopher://x:70/",
                    "http://[::1", "http://user@:80", "https://" + "a" * 3000):  # fmt: skip
        answer = await running_app.submits_feed(address)
        assert answer.status == 200, address
        assert answer.json()["response_action"] == "errors", address
        assert list(answer.json()["errors"]) == ["feed"], address
    assert await running_app.rows(sa.select(CALENDARS.c.calendar_id)) == []


async def test_private_address_is_refused_unless_the_operator_allowed_it(sqlite_url: str, clock: ManualClock) -> None:
    async with open_running_app(clock, sqlite_url, {"ALLOW_PRIVATE_ADDRESSES": "false"}) as running_app:
        await running_app.joins()
        for address in (running_app.feeds.address("x"), "https://127.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/x",
                        "https://2130706433/x", "https://0x7f.1/x", "https://localhost/x"):  # fmt: skip
            answer = await running_app.submits_feed(address)
            assert answer.status == 200
            if answer.json()["response_action"] == "update":  # a name is looked up when it is visited
                await running_app.settle()
        clock.move_to(clock.now() + timedelta(hours=2))
        await running_app.settle()
        assert running_app.feeds["x"].hits == 0
        healths = {row[0] for row in await running_app.rows(sa.select(CALENDARS.c.health))}
        assert healths <= {"failing", "broken"}
