"""Links from Slack that name their person, what they had asked for, and the page they end on."""

from __future__ import annotations

from services.domain.asks import AskedLine
from services.domain.errors import SlackUnavailableError
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.tables import PEOPLE
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH
from tests.support.install_pages import ALL_SET, ANN, BOB, EXPIRED, count, path_of, said
from tests.support.install_side import InstallSide, open_install_side
from tests.support.oauth_stub import CLIENT_ID, USER_SCOPES, OAuthStub, answer

# ── links from Slack, which name their person ───────────────────────────────────────────────────────


async def test_link_from_slack_asks_for_the_persons_scopes_alone_in_their_workspace(install_side: InstallSide) -> None:
    await install_side.install(answer(token=None))
    async with install_side.browser() as session:
        asked = await install_side.consent(session, path_of(await install_side.people.grant_link(BOB)))
    assert {name: value for name, value in asked.items() if name != "state"} == {
        "client_id": CLIENT_ID,
        "user_scope": USER_SCOPES,
        "team": "T1",
        "redirect_uri": install_side.stub.redirect_uri,
    }


async def test_permission_of_somebody_else_is_never_kept_under_the_linked_person(install_side: InstallSide) -> None:
    await install_side.install(answer(token=None))
    link = await install_side.people.grant_link(BOB)
    status, page = await install_side.install(answer("U666", bot=None, token="xoxp-evil"), path_of(link))
    assert (status, said(page)) == (
        403,
        "This permission belongs to somebody else. Allow it again with your own account.",
    )
    assert await count(install_side.database, PEOPLE) == 0


async def test_permission_of_the_same_user_id_in_another_workspace_is_refused(install_side: InstallSide) -> None:
    await install_side.install(answer(token=None))
    await install_side.install(answer(team="T2", token=None))
    link = await install_side.people.grant_link(BOB)
    status, _ = await install_side.install(answer("U2", team="T2", bot=None, token="xoxp-other"), path_of(link))
    assert status == 403
    assert await count(install_side.database, PEOPLE) == 0


@BOTH
async def test_link_is_good_once_and_for_a_day(install_side: InstallSide) -> None:
    await install_side.install(answer(token=None))
    used, old = await install_side.people.grant_link(BOB), await install_side.people.grant_link(BOB)
    async with install_side.browser() as session:
        await install_side.consent(session, path_of(used))
        async with session.get(path_of(used), allow_redirects=False) as again:
            assert (again.status, said(await again.text())) == (400, EXPIRED)
        install_side.clock.move(hours=24)
        async with session.get(path_of(old), allow_redirects=False) as late:
            assert (late.status, said(await late.text())) == (400, EXPIRED)


async def test_link_checker_that_only_asks_for_headers_does_not_use_a_link_up(install_side: InstallSide) -> None:
    await install_side.install(answer(token=None))
    path = path_of(await install_side.people.grant_link(BOB))
    async with install_side.browser() as session:
        async with session.head(path, allow_redirects=False) as answered:
            assert answered.status == 405
        await install_side.consent(session, path)


async def test_link_is_no_state_and_state_no_link(install_side: InstallSide) -> None:
    link = (await install_side.people.grant_link(BOB)).partition("link=")[2]
    async with install_side.browser() as session:
        asked = await install_side.consent(session)
        assert (await install_side.come_back(session, state=link, code="c"))[0] == 400
        async with session.get("/slack/install", params={"link": asked["state"]}, allow_redirects=False) as answered:
            assert answered.status == 400


async def test_grant_in_a_workspace_that_left_meanwhile_is_refused(install_side: InstallSide) -> None:
    await install_side.install(answer(token=None))
    link = await install_side.people.grant_link(BOB)
    async with install_side.browser() as session:
        asked = await install_side.consent(session, path_of(link))
        await install_side.workspaces.delete("T1", install_side.clock.now())
        install_side.stub.grant("c", answer("U2", bot=None, token="xoxp-2"))
        status, page = await install_side.come_back(session, state=asked["state"], code="c")
    assert (status, said(page)) == (400, EXPIRED)  # the state left with the workspace


async def test_person_without_an_install_is_told_to_install_first(install_side: InstallSide) -> None:
    status, page = await install_side.install(answer(bot=None))
    assert (status, said(page)) == (409, "Status Quo is not installed in this workspace. Install it first.")
    assert await count(install_side.database, PEOPLE) == 0


# ── what they had asked for ─────────────────────────────────────────────────────────────────────────


async def test_what_was_asked_for_is_done_right_after_the_grant_once(install_side: InstallSide) -> None:
    await install_side.install(answer(token=None))
    install_side.stub.members["U2"] = {"tz": "Europe/Paris", "locale": "fr-FR"}
    await install_side.people.ask(BOB, AskedLine("/quo", "pause 2h"))
    await install_side.people.ask(BOB, AskedLine("/quo", "resume"))
    asked_at = install_side.clock.now()
    install_side.clock.move(hours=1)
    assert install_side.recorder.done == []
    _, page = await install_side.install(
        answer("U2", bot=None, token="xoxp-2"), path_of(await install_side.people.grant_link(BOB))
    )
    assert install_side.recorder.done == [(BOB, AskedLine("/quo", "resume"), asked_at)]
    assert 'lang="fr-FR"' in page
    await install_side.install(
        answer("U2", bot=None, token="xoxp-2"), path_of(await install_side.people.grant_link(BOB))
    )
    assert install_side.recorder.done == [(BOB, AskedLine("/quo", "resume"), asked_at)]


async def test_what_slack_does_not_take_after_all_does_not_spoil_the_grant(install_side: InstallSide) -> None:
    await install_side.install(answer(token=None))
    await install_side.people.ask(BOB, AskedLine("/quo", "pause"))
    install_side.recorder.fails = SlackUnavailableError("down")
    status, page = await install_side.install(
        answer("U2", bot=None, token="xoxp-2"), path_of(await install_side.people.grant_link(BOB))
    )
    assert (status, said(page)) == (200, ALL_SET)
    assert await install_side.people.store.take_ask(BOB) is None


async def test_grant_stands_although_the_member_cannot_be_read(install_side: InstallSide) -> None:
    status, _ = await install_side.install(answer())  # the stub knows no member U1
    assert status == 200
    view = await install_side.people.get(ANN)
    assert view is not None
    assert (view.zone.key, view.granted) == ("UTC", True)


async def test_install_without_a_client_id_says_who_has_to_set_it_up(
    sqlite_url: str, encryptor: Encryptor, clock: ManualClock, stub: OAuthStub
) -> None:
    database = Database(sqlite_url)
    async with open_install_side(database, encryptor, clock, stub, client_id="") as found, found.browser() as session:
        for path in ("/slack/install", path_of(await found.people.grant_link(BOB))):
            async with session.get(path, allow_redirects=False) as answered:
                assert (answered.status, said(await answered.text())) == (
                    404,
                    "Status Quo cannot be installed from here. Its operator has to set it up first.",
                )
    await database.close()


async def test_page_escapes_what_slack_says(install_side: InstallSide) -> None:
    found = answer(token=None)
    found["team"]["name"] = '<script>alert("x")</script>'
    _, page = await install_side.install(found)
    assert "<script" not in page
    assert 'installed in <script>alert("x")</script>.' in said(page)


async def test_cookie_is_for_this_browser_alone(install_side: InstallSide) -> None:
    async with install_side.browser() as session, session.get("/slack/install", allow_redirects=False) as answered:
        cookie = answered.headers["Set-Cookie"]
        assert answered.headers["Cache-Control"] == "no-store"
    name, *attributes = cookie.split("; ")
    assert name.startswith("statusquo-oauth=")
    assert sorted(attributes) == ["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax"]
