"""Installing and allowing, in a browser, to the page at the end of each way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from re import search, sub
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from services.errors import InputError
from services.model import PersonKey
from services.people import GrantState
from services.store.columns import Vault
from services.store.engine import Database
from services.store.models import Base, OAuthState, Person, Workspace
from tests.clocks import ManualClock
from tests.house import House, house
from tests.oauth_stub import BOT_SCOPES, CLIENT_ID, USER_SCOPES, OAuthStub, answer, oauth_stub

ANN = PersonKey("T1", "U1")
BOB = PersonKey("T1", "U2")


@pytest.fixture
async def stub() -> AsyncIterator[OAuthStub]:
    async with oauth_stub() as found:
        yield found


@pytest.fixture
async def app(database: Database, vault: Vault, clock: ManualClock, stub: OAuthStub) -> AsyncIterator[House]:
    async with house(database, vault, clock, stub) as found:
        yield found


def said(page: str) -> str:
    """The sentence on a page."""
    found = search(r"<p>(.*?)</p>", page)
    assert found, page
    return unescape(sub(r"</?code>", "`", found[1]))


async def count(database: Database, table: type[Base]) -> int:
    async with database.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


async def person(app: House, key: PersonKey) -> Any:
    async with app.database.read() as connection:
        return (
            await connection.execute(
                sa.select(Person.__table__).where(Person.team_id == key.team_id, Person.user_id == key.user_id)
            )
        ).one()


ALL_SET = "You are all set. Connect a calendar on my Home tab in Slack, and I do the rest."


async def test_install_asks_slack_for_the_scopes_of_the_manifest_and_nothing_else(app: House) -> None:
    async with app.browser() as session:
        asked = await app.consent(session)
    assert {name: value for name, value in asked.items() if name != "state"} == {
        "client_id": CLIENT_ID,
        "scope": BOT_SCOPES,
        "user_scope": USER_SCOPES,
        "redirect_uri": app.stub.redirect_uri,
    }
    assert len(asked["state"]) > 40


async def test_install_with_bot_and_person_keeps_both_and_says_what_to_do_next(app: House) -> None:
    app.stub.members["U1"] = {"tz": "Europe/Berlin", "locale": "en-GB", "profile": {"email": "Ann@Example.com"}}
    status, page = await app.install(answer())
    assert (status, said(page)) == (200, ALL_SET)
    assert 'href="https://slack.com/app_redirect?app=A1&amp;team=T1"' in page
    view = await app.people.get(ANN)
    assert view is not None
    assert (view.zone.key, view.locale, view.grant_state) == ("Europe/Berlin", "en-GB", GrantState.OK)
    assert await app.workspaces.bot_token("T1") == "xoxb-1"
    grant = await app.people_store.the_grant(ANN)
    assert grant is not None
    assert (grant.token, grant.granted_at) == ("xoxp-1", app.clock.now())
    row = await person(app, ANN)
    assert (row.due_at, row.stale, row.home_stale, row.refresh_due_at) == (app.clock.now(), True, True, None)
    assert app.bell.rings == 1


async def test_install_keeps_no_token_address_or_state_in_clear(app: House) -> None:
    app.stub.members["U1"] = {"tz": "Europe/Berlin", "profile": {"email": "ann@example.com"}}
    async with app.browser() as session:
        asked = await app.consent(session)
        async with app.database.read() as connection:
            digests = (await connection.scalars(sa.select(OAuthState.digest))).all()
        assert len(digests) == 1
        assert asked["state"] not in digests[0]
        app.stub.grant("c", answer(rotates=True))
        await app.come_back(session, state=asked["state"], code="c")
    async with app.database.read() as connection:
        kept = [
            str(tuple(row))
            for table in (Person, Workspace, OAuthState)
            for row in await connection.execute(sa.select(table.__table__))
        ]
    assert len(kept) == 2
    for secret in ("xoxp", "xoxb", "xoxe", "ann@example.com", asked["state"]):
        assert not [line for line in kept if secret in line]


async def test_install_in_several_workspaces_by_several_people_keeps_them_apart(app: House) -> None:
    await app.install(answer("U1", token="xoxp-a"))
    await app.install(answer("U2", token="xoxp-b", bot="xoxb-2"))
    await app.install(answer("U1", team="T2", token="xoxp-c", bot="xoxb-3"))
    tokens = {
        key: (await app.people_store.the_grant(key)).token  # type: ignore[union-attr]  # None would fail the test
        for key in (ANN, BOB, PersonKey("T2", "U1"))
    }
    assert tokens == {ANN: "xoxp-a", BOB: "xoxp-b", PersonKey("T2", "U1"): "xoxp-c"}
    assert [await app.workspaces.bot_token(team) for team in ("T1", "T2")] == ["xoxb-2", "xoxb-3"]


async def test_reinstall_replaces_the_bot_token_and_keeps_people_and_their_choices(app: House) -> None:
    await app.install(answer())
    async with app.database.write() as connection:
        await connection.execute(sa.update(Person).values(preferences='{"titles": true}'))
        await connection.execute(sa.update(Workspace).values(allow_titles=False))
    app.clock.move(hours=1)
    await app.install(answer("U2", token="xoxp-2", bot="xoxb-9"))
    assert await app.workspaces.bot_token("T1") == "xoxb-9"
    row = await person(app, ANN)
    assert (row.preferences, row.grant_state) == ('{"titles": true}', "ok")
    async with app.database.read() as connection:
        assert await connection.scalar(sa.select(Workspace.allow_titles)) is False


async def test_reinstall_of_the_bot_alone_keeps_the_persons_grant(app: House) -> None:
    await app.install(answer())
    status, page = await app.install(answer(token=None, bot="xoxb-2"))
    assert (status, said(page)) == (200, ALL_SET)
    grant = await app.people_store.the_grant(ANN)
    assert grant is not None
    assert grant.token == "xoxp-1"
    assert await app.workspaces.bot_token("T1") == "xoxb-2"


async def test_install_of_the_bot_alone_says_that_nobody_has_allowed_anything_yet(app: House) -> None:
    status, page = await app.install(answer(token=None))
    assert (status, said(page)) == (
        200,
        "Status Quo is installed in Team T1. It may not set your status yet: type `/quo` in Slack.",
    )
    assert await count(app.database, Person) == 0


async def test_grant_without_the_right_to_write_is_no_grant_and_says_so(app: House) -> None:
    status, page = await app.install(answer(user_scopes="users.profile:read"))
    assert (status, said(page)) == (
        200,
        "One permission was left out, so I cannot set your status. Type `/quo` in Slack to allow both.",
    )
    assert await app.people_store.the_grant(ANN) is None
    assert await app.workspaces.bot_token("T1") == "xoxb-1"


async def test_denied_consent_keeps_nothing_and_says_so(app: House) -> None:
    async with app.browser() as session:
        asked = await app.consent(session)
        status, page = await app.come_back(session, state=asked["state"], error="access_denied")
    assert (status, said(page)) == (
        200,
        "Nothing was changed: you did not allow it. You can come back at any time with `/quo`.",
    )
    assert app.stub.calls == []
    assert await count(app.database, Workspace) == 0


EXPIRED = "This link has expired or was used already. Ask for a new one in Slack with `/quo`."


async def test_replayed_state_is_refused_without_asking_slack(app: House) -> None:
    async with app.browser() as session:
        asked = await app.consent(session)
        app.stub.grant("c", answer())
        await app.come_back(session, state=asked["state"], code="c")
        calls = len(app.stub.calls)
        app.stub.grant("c2", answer(token="xoxp-2"))
        status, page = await app.come_back(session, state=asked["state"], code="c2")
    assert (status, said(page)) == (400, EXPIRED)
    assert len(app.stub.calls) == calls


async def test_state_expires_after_ten_minutes(app: House) -> None:
    async with app.browser() as session:
        early, late = await app.consent(session), await app.consent(session)
        app.clock.move(minutes=9, seconds=59)
        app.stub.grant("c", answer())
        assert (await app.come_back(session, state=early["state"], code="c"))[0] == 200
        app.clock.move(seconds=1)
        app.stub.grant("c", answer())
        status, page = await app.come_back(session, state=late["state"], code="c")
    assert (status, said(page)) == (400, EXPIRED)


@pytest.mark.parametrize("state", [None, "", "x", ".", "T1." + "a" * 43, "." + "\x00" * 43, "é." + "a" * 43, "'" * 900])
async def test_missing_or_forged_state_is_refused(app: House, state: str | None) -> None:
    async with app.browser() as session:
        await app.consent(session)
        app.stub.grant("c", answer())
        status, page = await app.come_back(session, code="c", **({} if state is None else {"state": state}))
    assert (status, said(page)) == (400, EXPIRED)
    assert app.stub.calls == []


async def test_state_of_another_browser_is_refused_and_still_good_in_its_own(app: House) -> None:
    async with app.browser() as mine, app.browser() as other:
        asked = await app.consent(mine)
        await app.consent(other)
        app.stub.grant("c", answer())
        assert (await app.come_back(other, state=asked["state"], code="c"))[0] == 400
        assert (await app.come_back(mine, state=asked["state"], code="c"))[0] == 200


async def test_two_tabs_of_one_browser_do_not_spoil_each_other(app: House) -> None:
    async with app.browser() as session:
        first, second = await app.consent(session), await app.consent(session)
        app.stub.grant("c", answer())
        app.stub.grant("d", answer("U2", token="xoxp-2"))
        assert (await app.come_back(session, state=first["state"], code="c"))[0] == 200
        assert (await app.come_back(session, state=second["state"], code="d"))[0] == 200


async def test_code_that_slack_refuses_keeps_nothing(app: House) -> None:
    async with app.browser() as session:
        asked = await app.consent(session)
        status, page = await app.come_back(session, state=asked["state"], code="stolen")
    assert (status, said(page)) == (400, "Slack refused that. Please try again, or tell your workspace's admin.")
    assert "stolen" not in page
    assert await count(app.database, Workspace) == 0


async def test_slack_that_is_down_is_said_so(app: House) -> None:
    app.stub.down = True
    async with app.browser() as session:
        asked = await app.consent(session)
        status, page = await app.come_back(session, state=asked["state"], code="c")
    assert (status, said(page)) == (503, "Slack does not answer at the moment. I keep trying.")


@pytest.mark.parametrize(
    "found",
    [
        answer(bot=None, token=None),
        {"ok": True},
        {**answer(), "authed_user": None},
        {**answer(), "team": None},
        {**answer(), "team": {"id": "T1\x00"}},
        {**answer(bot=None), "authed_user": {"access_token": "xoxp-1", "scope": USER_SCOPES}},
    ],
)
async def test_answer_without_tokens_or_ids_keeps_nothing(app: House, found: dict[str, Any]) -> None:
    app.stub._oauth_v2_access = lambda request, arguments: found  # type: ignore[method-assign]  # whatever it says
    async with app.browser() as session:
        asked = await app.consent(session)
        status, page = await app.come_back(session, state=asked["state"], code="c")
    assert (status, said(page)) == (400, "Slack refused that. Please try again, or tell your workspace's admin.")
    assert await count(app.database, Workspace) == 0


async def test_org_wide_install_is_kept_under_the_org(app: House) -> None:
    app.stub.members["W1"] = {"tz": "Asia/Tokyo"}
    status, page = await app.install(answer("W1", team=None, enterprise="E1"))
    assert (status, said(page)) == (200, ALL_SET)
    assert await app.workspaces.bot_token("E1") == "xoxb-1"
    view = await app.people.get(PersonKey("E1", "W1"))
    assert view is not None
    assert view.zone.key == "Asia/Tokyo"
    bot = await app.workspaces.find("T7", "E1")
    assert bot is not None
    assert bot.team_id == "E1"
    assert await app.workspaces.find("T7", "E2") is None


async def test_workspace_of_its_own_goes_before_its_org(app: House) -> None:
    await app.install(answer(team=None, enterprise="E1", bot="xoxb-org"))
    await app.install(answer(team="T1", enterprise="E1", bot="xoxb-team"))
    found = [await app.workspaces.find(team, "E1") for team in ("T1", "T2")]
    assert [bot and bot.token for bot in found] == ["xoxb-team", "xoxb-org"]


async def test_grant_in_a_team_of_an_org_that_installed_is_kept_under_the_org(app: House) -> None:
    await app.install(answer("W1", team=None, enterprise="E1"))
    link = await app.people.grant_link(PersonKey("E1", "W2"))
    status, _ = await app.install(answer("W2", team="T7", enterprise="E1", bot=None, token="xoxp-7"), path_of(link))
    assert status == 200
    grant = await app.people_store.the_grant(PersonKey("E1", "W2"))
    assert grant is not None
    assert grant.token == "xoxp-7"


async def test_rotating_tokens_are_due_for_renewal_before_they_expire(app: House) -> None:
    await app.install(answer(rotates=True))
    row = await person(app, ANN)
    assert row.token_expires_at == app.clock.now() + timedelta(hours=12)
    assert app.clock.now() + timedelta(hours=9) < row.refresh_due_at <= app.clock.now() + timedelta(hours=10)
    async with app.database.read() as connection:
        bot = (await connection.execute(sa.select(Workspace.bot_expires_at, Workspace.refresh_due_at))).one()
    assert bot.bot_expires_at == app.clock.now() + timedelta(hours=12)
    assert app.clock.now() + timedelta(hours=9) < bot.refresh_due_at <= app.clock.now() + timedelta(hours=10)


async def test_new_grant_without_rotation_is_no_longer_due_for_renewal(app: House) -> None:
    await app.install(answer(rotates=True))
    await app.install(answer(token="xoxp-2"))
    row = await person(app, ANN)
    assert (row.token_expires_at, row.refresh_due_at, row.refresh_token) == (None, None, None)


# ── links from Slack, which name their person ───────────────────────────────────────────────────────


def path_of(link: str) -> str:
    assert link.startswith("https://quo.example/slack/install?link=")
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


async def test_link_from_slack_asks_for_the_persons_scopes_alone_in_their_workspace(app: House) -> None:
    await app.install(answer(token=None))
    async with app.browser() as session:
        asked = await app.consent(session, path_of(await app.people.grant_link(BOB)))
    assert {name: value for name, value in asked.items() if name != "state"} == {
        "client_id": CLIENT_ID,
        "user_scope": USER_SCOPES,
        "team": "T1",
        "redirect_uri": app.stub.redirect_uri,
    }


async def test_permission_of_somebody_else_is_never_kept_under_the_linked_person(app: House) -> None:
    await app.install(answer(token=None))
    link = await app.people.grant_link(BOB)
    status, page = await app.install(answer("U666", bot=None, token="xoxp-evil"), path_of(link))
    assert (status, said(page)) == (
        403,
        "This permission belongs to somebody else. Allow it again with your own account.",
    )
    assert await count(app.database, Person) == 0


async def test_permission_of_the_same_user_id_in_another_workspace_is_refused(app: House) -> None:
    await app.install(answer(token=None))
    await app.install(answer(team="T2", token=None))
    link = await app.people.grant_link(BOB)
    status, _ = await app.install(answer("U2", team="T2", bot=None, token="xoxp-other"), path_of(link))
    assert status == 403
    assert await count(app.database, Person) == 0


async def test_link_is_good_once_and_for_a_day(app: House) -> None:
    await app.install(answer(token=None))
    used, old = await app.people.grant_link(BOB), await app.people.grant_link(BOB)
    async with app.browser() as session:
        await app.consent(session, path_of(used))
        async with session.get(path_of(used), allow_redirects=False) as again:
            assert (again.status, said(await again.text())) == (400, EXPIRED)
        app.clock.move(hours=24)
        async with session.get(path_of(old), allow_redirects=False) as late:
            assert (late.status, said(await late.text())) == (400, EXPIRED)


async def test_link_checker_that_only_asks_for_headers_does_not_use_a_link_up(app: House) -> None:
    await app.install(answer(token=None))
    path = path_of(await app.people.grant_link(BOB))
    async with app.browser() as session:
        async with session.head(path, allow_redirects=False) as answered:
            assert answered.status == 405
        await app.consent(session, path)


async def test_link_is_no_state_and_state_no_link(app: House) -> None:
    link = (await app.people.grant_link(BOB)).partition("link=")[2]
    async with app.browser() as session:
        asked = await app.consent(session)
        assert (await app.come_back(session, state=link, code="c"))[0] == 400
        async with session.get("/slack/install", params={"link": asked["state"]}, allow_redirects=False) as answered:
            assert answered.status == 400


async def test_grant_in_a_workspace_that_left_meanwhile_is_refused(app: House) -> None:
    await app.install(answer(token=None))
    link = await app.people.grant_link(BOB)
    async with app.browser() as session:
        asked = await app.consent(session, path_of(link))
        await app.workspaces.delete("T1")
        app.stub.grant("c", answer("U2", bot=None, token="xoxp-2"))
        status, page = await app.come_back(session, state=asked["state"], code="c")
    assert (status, said(page)) == (400, EXPIRED)  # the state left with the workspace


async def test_person_without_an_install_is_told_to_install_first(app: House) -> None:
    status, page = await app.install(answer(bot=None))
    assert (status, said(page)) == (409, "Status Quo is not installed in this workspace. Install it first.")
    assert await count(app.database, Person) == 0


# ── what they had asked for ─────────────────────────────────────────────────────────────────────────


async def test_what_was_asked_for_is_done_right_after_the_grant_once(app: House) -> None:
    await app.install(answer(token=None))
    app.stub.members["U2"] = {"tz": "Europe/Paris", "locale": "fr-FR"}
    await app.people.ask(BOB, "/quo", "pause 2h")
    await app.people.ask(BOB, "/ooo", "friday")
    assert app.recorder.done == []
    _, page = await app.install(answer("U2", bot=None, token="xoxp-2"), path_of(await app.people.grant_link(BOB)))
    assert app.recorder.done == [(BOB, "/ooo", "friday")]
    assert 'lang="fr-FR"' in page
    await app.install(answer("U2", bot=None, token="xoxp-2"), path_of(await app.people.grant_link(BOB)))
    assert app.recorder.done == [(BOB, "/ooo", "friday")]


async def test_what_cannot_be_done_after_all_does_not_spoil_the_grant(app: House) -> None:
    await app.install(answer(token=None))
    await app.people.ask(BOB, "/quo", "gibberish")
    app.recorder.fails = InputError("gibberish")
    status, page = await app.install(answer("U2", bot=None, token="xoxp-2"), path_of(await app.people.grant_link(BOB)))
    assert (status, said(page)) == (200, ALL_SET)
    assert await app.people.take_ask(BOB) is None


async def test_grant_stands_although_the_member_cannot_be_read(app: House) -> None:
    status, _ = await app.install(answer())  # the stub knows no member U1
    assert status == 200
    view = await app.people.get(ANN)
    assert view is not None
    assert (view.zone.key, view.granted) == ("UTC", True)


async def test_install_without_a_client_id_says_who_has_to_set_it_up(
    sqlite_url: str, vault: Vault, clock: ManualClock, stub: OAuthStub
) -> None:
    database = Database(sqlite_url)
    async with house(database, vault, clock, stub, client_id="") as found, found.browser() as session:
        for path in ("/slack/install", path_of(await found.people.grant_link(BOB))):
            async with session.get(path, allow_redirects=False) as answered:
                assert (answered.status, said(await answered.text())) == (
                    404,
                    "Status Quo cannot be installed from here. Its operator has to set it up first.",
                )
    await database.close()


async def test_page_escapes_what_slack_says(app: House) -> None:
    found = answer(token=None)
    found["team"]["name"] = '<script>alert("x")</script>'
    _, page = await app.install(found)
    assert "<script" not in page
    assert 'installed in <script>alert("x")</script>.' in said(page)


async def test_cookie_is_for_this_browser_alone(app: House) -> None:
    async with app.browser() as session, session.get("/slack/install", allow_redirects=False) as answered:
        cookie = answered.headers["Set-Cookie"]
        assert answered.headers["Cache-Control"] == "no-store"
    name, *attributes = cookie.split("; ")
    assert name.startswith("statusquo-oauth=")
    assert sorted(attributes) == ["HttpOnly", "Max-Age=600", "Path=/slack", "SameSite=Lax"]
