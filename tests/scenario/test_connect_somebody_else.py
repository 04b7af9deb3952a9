"""A link that connects a calendar, in the hands of somebody whom it does not name; and in its owner's, anywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
import sqlalchemy as sa

from services.store.calendar_tables import ACCOUNTS
from services.store.tables import OAUTH_STATES, PEOPLE, WORKSPACES
from tests.support.clocks import ManualClock
from tests.support.few import few
from tests.support.providers_app import NAMES, Form, Vendors, open_vendors, quick_at
from tests.support.running_app import ANN, BEN, TEAM, at

SOMEBODY_ELSE = "This link belongs to somebody else. Type /quo connect in your own Slack."
BENS = "ben@cloud.example"

each_provider = quick_at("google")


@pytest.fixture(params=["google"])
async def vendors(request: pytest.FixtureRequest, sqlite_url: str, clock: ManualClock) -> AsyncIterator[Vendors]:
    """Who follows a link is found out before and after the provider, whichever that is: Google, unless a test says."""
    async with open_vendors(clock, sqlite_url, request.param) as made:
        made.vendor.add_account(BENS)
        await made.running_app.joins()
        await made.running_app.joins(BEN)
        yield made


async def grants(vendors: Vendors, session: aiohttp.ClientSession, user: str) -> None:
    """Allow the app one's status once more, in this browser."""
    status, page = await vendors.follows(session, f"{vendors.running_app.url}/slack/install", user)
    assert status == 200, page


async def accounts(vendors: Vendors) -> list[str]:
    return [user for (user,) in await vendors.running_app.rows(sa.select(ACCOUNTS.c.user_id))]


@each_provider
@pytest.mark.parametrize("known", [True, False], ids=["who granted in this browser", "who never did"])
async def test_follower_of_somebody_elses_link_connects_nothing_to_them(vendors: Vendors, *, known: bool) -> None:
    link = await vendors.link(ANN)
    async with vendors.browser() as session:
        if known:
            await grants(vendors, session, BEN)
        status, page = await vendors.follows(session, link, BEN, account=BENS)
    await vendors.rests()
    assert (status, await accounts(vendors)) == (403, [])
    assert SOMEBODY_ELSE in page


async def exchanges(vendors: Vendors) -> int:
    return len(vendors.running_app.slack.calls.all("oauth.v2.access"))


async def rows(vendors: Vendors) -> list[object]:
    """All that is kept of workspaces and people, but for when they are due and how often their facts changed."""
    passing = {"due_at", "stale", "facts_seq", "home_stale", "resolved_until"}
    found: list[object] = []
    for table in (WORKSPACES, PEOPLE):
        kept = [column for column in table.columns if column.name not in passing]
        found += [tuple(row) for row in await vendors.running_app.rows(sa.select(*kept))]
    return found


# ── the page before the provider ────────────────────────────────────────────────────────────────────


@quick_at("google")
async def test_page_names_person_and_workspace_and_uses_nothing_up(vendors: Vendors) -> None:
    vendors.running_app.slack.member(ANN).real_name = "Ann <b>Lee"
    vendors.running_app.slack.workspaces[TEAM].name = "Acme"
    await vendors.running_app.joins()  # so that the workspace's name is known
    link = await vendors.link()
    async with vendors.browser() as session:
        for _ in range(3):  # by Slack's link preview, and by a virus scanner
            async with session.get(link, allow_redirects=False) as answer:
                page = await answer.text()
                assert answer.status == 200
                assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
        assert "Ann &lt;b&gt;Lee" in page
        assert "Acme" in page
        assert NAMES[vendors.name] in page
        assert (await vendors.follows(session, link))[0] == 200
    await vendors.rests()


async def test_button_works_in_the_browser_that_saw_the_page_alone_and_for_its_link_alone(vendors: Vendors) -> None:
    link, other = await vendors.link(), await vendors.link()
    async with vendors.browser() as anns, vendors.browser() as eves:
        shown, others = [Form.on(await (await anns.get(one)).text()) for one in (link, other)]
        assert shown is not None
        assert others is not None
        crossed = {"link": shown.fields["link"], "token": others.fields["token"]}
        await eves.get(other)
        for session, fields in ((eves, shown.fields), (anns, crossed), (anns, {"link": link}), (anns, {})):
            address = vendors.running_app.url + shown.action
            async with session.post(address, data=fields, allow_redirects=False) as answer:
                assert answer.status == 400
                assert "<html" in await answer.text()
        assert (await vendors.follows(anns, link))[0] == 200  # and the link is good still
        async with anns.post(address, data=shown.fields, allow_redirects=False) as answer:
            assert answer.status == 400
    await vendors.rests()


@quick_at("microsoft")
async def test_last_page_names_person_and_account(vendors: Vendors) -> None:
    vendors.running_app.slack.member(ANN).real_name = "Ann Lee"
    _, page = await vendors.connects()
    assert "Ann Lee" in page
    assert vendors.mail in page


# ── whose browser it is ─────────────────────────────────────────────────────────────────────────────


async def test_browser_in_which_the_grant_ended_is_not_asked_again(vendors: Vendors) -> None:
    async with vendors.browser() as session:
        await grants(vendors, session, ANN)
        before = await exchanges(vendors)
        assert (await vendors.follows(session, await vendors.link()))[0] == 200
        assert await exchanges(vendors) == before
    await vendors.rests()


async def test_browser_is_asked_once_and_known_from_then_on_for_thirty_days(vendors: Vendors) -> None:
    async with vendors.browser() as session:
        asked = []
        for days in (0, 0, 29, 2):
            vendors.running_app.clock.move(days=days)
            before = await exchanges(vendors)
            assert (await vendors.follows(session, await vendors.link()))[0] == 200
            asked.append(await exchanges(vendors) - before)
    assert asked == [1, 0, 0, 1]
    await vendors.rests()


@quick_at("google")
async def test_account_with_the_persons_slack_address_needs_no_proof(vendors: Vendors) -> None:
    vendors.running_app.slack.member(ANN).email = vendors.mail.title()
    before = await exchanges(vendors)
    assert (await vendors.connects())[0] == 200
    assert await exchanges(vendors) == before


async def test_calendar_that_is_only_called_like_the_address_proves_nothing(vendors: Vendors) -> None:
    running_app = vendors.running_app
    running_app.slack.member(ANN).email = "ann@acme.example"
    account = vendors.vendor.accounts[BENS]
    account.main.name = "ann@acme.example"
    async with vendors.browser() as session:
        status, page = await vendors.follows(session, await vendors.link(), BEN, account=BENS)
    assert (status, await accounts(vendors)) == (403, [])
    assert SOMEBODY_ELSE in page


@pytest.mark.parametrize("rotates", few([False, True]))
async def test_proof_changes_neither_the_workspace_nor_the_grant(vendors: Vendors, *, rotates: bool) -> None:
    running_app = vendors.running_app
    running_app.slack.app.token_rotation = rotates
    await running_app.joins()
    before = await rows(vendors)
    for _ in range(3):
        assert (await vendors.connects())[0] == 200
        async with vendors.browser() as session:
            assert (await vendors.follows(session, await vendors.link(), BEN))[0] == 403
    await vendors.rests()
    assert await rows(vendors) == before
    vendors.has("Plan", at("09:00"))
    await vendors.rests()
    assert running_app.text() == "In a meeting"  # with the token that is kept
    live = [one for one in running_app.slack.tokens.by_value.values() if one.user_id == ANN and not one.revoked]
    assert len(live) == 2 if rotates else 1


async def test_grant_that_ends_in_a_browser_that_did_not_begin_it_proves_nothing(vendors: Vendors) -> None:
    """Eve begins a grant of her own and has Ann's browser finish it: it is not to be taken for Eve's."""
    running_app = vendors.running_app
    async with vendors.browser() as eves, vendors.browser() as anns:
        async with eves.get(f"{running_app.url}/slack/install", allow_redirects=False) as begun:
            query = dict(parse_qsl(urlsplit(begun.headers["Location"]).query))
        back = running_app.slack.oauth.decide(query, BEN)
        async with anns.get(back) as answer:
            assert answer.status == 200
        status, page = await vendors.follows(anns, await vendors.link(BEN), ANN)
    assert (status, await accounts(vendors)) == (403, [])
    assert SOMEBODY_ELSE in page


async def test_browser_that_two_people_share_is_refused_once_and_then_slack_says(vendors: Vendors) -> None:
    async with vendors.browser() as session:
        await grants(vendors, session, BEN)
        link = await vendors.link()
        assert (await vendors.follows(session, link))[0] == 403
        assert (await vendors.follows(session, link))[0] == 200
    await vendors.rests()
    assert await accounts(vendors) == [ANN]


async def test_person_of_two_workspaces_is_known_in_both(vendors: Vendors) -> None:
    vendors.running_app.slack.add_workspace("T0OTHER001")
    vendors.running_app.slack.add_person("U0ANN00002", "ann2", team_id="T0OTHER001")
    async with vendors.browser() as session:
        for user in (ANN, "U0ANN00002"):
            await grants(vendors, session, user)
        before = await exchanges(vendors)
        for user in (ANN, "U0ANN00002"):
            assert (await vendors.follows(session, await vendors.link(user), user))[0] == 200
        assert await exchanges(vendors) == before
    await vendors.rests()


@pytest.mark.parametrize("cookie", few(["gAAAAA", "x", "ä", "A" * 5000]))
async def test_cookie_that_is_not_ours_says_nothing(vendors: Vendors, cookie: str) -> None:
    async with vendors.browser() as session:
        session.cookie_jar.update_cookies({"statusquo-person": cookie})
        assert (await vendors.follows(session, await vendors.link()))[0] == 200
    await vendors.rests()


# ── what is held until it is known ──────────────────────────────────────────────────────────────────


async def held(vendors: Vendors, session: aiohttp.ClientSession) -> str:
    """Consent at the provider in a browser that nobody knows: where Slack would send it back to."""
    back = await vendors.consents(session, await vendors.link())
    async with session.get(back, allow_redirects=False) as answer:
        where = answer.headers["Location"]
    assert where.startswith(vendors.running_app.slack.authorize_url)
    assert await accounts(vendors) == []
    return vendors.running_app.slack.oauth.decide(dict(parse_qsl(urlsplit(where).query)), ANN)


async def test_held_consent_is_for_its_browser_once_and_for_ten_minutes(vendors: Vendors) -> None:
    async with vendors.browser() as session, vendors.browser() as other, vendors.browser() as bare:
        back, late, stolen = [await held(vendors, session) for _ in range(3)]
        await grants(vendors, other, ANN)  # with a cookie of its own
        for browser, address, status in ((other, back, 400), (session, back, 200), (session, back, 400),
                                         (bare, stolen, 400), (session, stolen, 400)):  # fmt: skip
            async with browser.get(address) as answer:
                assert answer.status == status, await answer.text()
        vendors.running_app.clock.move(minutes=10)
        async with session.get(late) as answer:
            assert answer.status == 400
    await vendors.rests()
    assert await accounts(vendors) == [ANN]


async def test_held_consent_is_sealed_and_gone_when_slack_is_refused(vendors: Vendors) -> None:
    async with vendors.browser() as session:
        back = await held(vendors, session)
        kept = [
            bytes(value) for (value,) in await vendors.running_app.rows(sa.select(OAUTH_STATES.c.verifier)) if value
        ]
        assert len(kept) == 1
        assert b"access" not in kept[0]
        denied = back.partition("?")[0] + "?error=access_denied&state=" + back.partition("state=")[2].partition("&")[0]
        async with session.get(denied) as answer:
            assert answer.status == 200
            assert "you did not allow it" in await answer.text()
    assert [value for (value,) in await vendors.running_app.rows(sa.select(OAUTH_STATES.c.verifier)) if value] == []
    assert await accounts(vendors) == []


async def test_link_of_a_message_is_no_other(vendors: Vendors) -> None:
    await vendors.connects()
    if vendors.name == "google":
        vendors.google.oauth.revoke(vendors.mail)
    else:
        vendors.microsoft.oauth.revoke(vendors.mail)
    await vendors.running_app.until(vendors.running_app.clock.now() + timedelta(hours=2))
    await vendors.rests()
    link = vendors.link_in({"blocks": vendors.running_app.slack.direct_messages(ANN)[-1].blocks})
    async with vendors.browser() as session:
        assert (await vendors.follows(session, link, BEN, account=BENS))[0] == 403
    assert len(await accounts(vendors)) == 1
