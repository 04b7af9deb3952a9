"""Installing and allowing, in a browser, to the page at the end of each way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.domain.model import PersonKey
from services.domain.people import GrantState
from services.store.tables import OAUTH_STATES, PEOPLE, WORKSPACES
from tests.support.databases import BOTH
from tests.support.install_pages import ALL_SET, ANN, BOB, EXPIRED, count, path_of, person, said
from tests.support.install_side import InstallSide
from tests.support.oauth_stub import BOT_SCOPES, CLIENT_ID, USER_SCOPES, answer


async def test_install_asks_slack_for_the_scopes_of_the_manifest_and_nothing_else(install_side: InstallSide) -> None:
    async with install_side.browser() as session:
        asked = await install_side.consent(session)
    assert {name: value for name, value in asked.items() if name != "state"} == {
        "client_id": CLIENT_ID,
        "scope": BOT_SCOPES,
        "user_scope": USER_SCOPES,
        "redirect_uri": install_side.stub.redirect_uri,
    }
    assert len(asked["state"]) > 40


async def test_install_with_bot_and_person_keeps_both_and_says_what_to_do_next(install_side: InstallSide) -> None:
    install_side.stub.members["U1"] = {
        "tz": "Europe/Berlin",
        "locale": "en-GB",
        "profile": {"email": "Ann@Example.com"},
    }
    status, page = await install_side.install(answer())
    assert (status, said(page)) == (200, ALL_SET)
    assert 'href="https://slack.com/app_redirect?app=A1&amp;team=T1"' in page
    view = await install_side.people.get(ANN)
    assert view is not None
    assert (view.zone.key, view.locale, view.grant_state) == ("Europe/Berlin", "en-GB", GrantState.OK)
    assert await install_side.workspaces.bot_token("T1") == "xoxb-1"
    grant = await install_side.people_store.the_grant(ANN)
    assert grant is not None
    assert (grant.token, grant.granted_at) == ("xoxp-1", install_side.clock.now())
    row = await person(install_side, ANN)
    assert (row.due_at, row.stale, row.home_stale, row.refresh_due_at) == (install_side.clock.now(), True, True, None)
    assert install_side.wake_signal.rung == 1


@BOTH
async def test_install_keeps_no_token_address_or_state_in_clear(install_side: InstallSide) -> None:
    install_side.stub.members["U1"] = {"tz": "Europe/Berlin", "profile": {"email": "ann@example.com"}}
    async with install_side.browser() as session:
        asked = await install_side.consent(session)
        async with install_side.database.read() as connection:
            digests = (await connection.scalars(sa.select(OAUTH_STATES.c.digest))).all()
        assert len(digests) == 1
        assert asked["state"] not in digests[0]
        install_side.stub.grant("c", answer(rotates=True))
        await install_side.come_back(session, state=asked["state"], code="c")
    async with install_side.database.read() as connection:
        kept = [
            str(tuple(row))
            for table in (PEOPLE, WORKSPACES, OAUTH_STATES)
            for row in await connection.execute(sa.select(table))
        ]
    assert len(kept) == 2
    for secret in ("xoxp", "xoxb", "xoxe", "ann@example.com", asked["state"]):
        assert not [line for line in kept if secret in line]


async def test_install_in_several_workspaces_by_several_people_keeps_them_apart(install_side: InstallSide) -> None:
    await install_side.install(answer("U1", token="xoxp-a"))
    await install_side.install(answer("U2", token="xoxp-b", bot="xoxb-2"))
    await install_side.install(answer("U1", team="T2", token="xoxp-c", bot="xoxb-3"))
    tokens = {
        key: (await install_side.people_store.the_grant(key)).token  # type: ignore[union-attr]  # None would fail the test
        for key in (ANN, BOB, PersonKey("T2", "U1"))
    }
    assert tokens == {ANN: "xoxp-a", BOB: "xoxp-b", PersonKey("T2", "U1"): "xoxp-c"}
    assert [await install_side.workspaces.bot_token(team) for team in ("T1", "T2")] == ["xoxb-2", "xoxb-3"]


async def test_reinstall_replaces_the_bot_token_and_keeps_people_and_their_choices(install_side: InstallSide) -> None:
    await install_side.install(answer())
    async with install_side.database.write() as connection:
        await connection.execute(sa.update(PEOPLE).values(preferences='{"titles": true}'))
        await connection.execute(sa.update(WORKSPACES).values(policy='{"titles":false}'))
    install_side.clock.move(hours=1)
    await install_side.install(answer("U2", token="xoxp-2", bot="xoxb-9"))
    assert await install_side.workspaces.bot_token("T1") == "xoxb-9"
    row = await person(install_side, ANN)
    assert (row.preferences, row.grant_state) == ('{"titles": true}', "ok")
    async with install_side.database.read() as connection:
        assert await connection.scalar(sa.select(WORKSPACES.c.policy)) == '{"titles":false}'


async def test_reinstall_of_the_bot_alone_keeps_the_persons_grant(install_side: InstallSide) -> None:
    await install_side.install(answer())
    status, page = await install_side.install(answer(token=None, bot="xoxb-2"))
    assert (status, said(page)) == (200, ALL_SET)
    grant = await install_side.people_store.the_grant(ANN)
    assert grant is not None
    assert grant.token == "xoxp-1"
    assert await install_side.workspaces.bot_token("T1") == "xoxb-2"


async def test_install_of_the_bot_alone_says_that_nobody_has_allowed_anything_yet(install_side: InstallSide) -> None:
    status, page = await install_side.install(answer(token=None))
    assert (status, said(page)) == (
        200,
        "Status Quo is installed in Team T1. It may not set your status yet: type `/quo` in Slack.",
    )
    assert await count(install_side.database, PEOPLE) == 0


async def test_grant_without_the_right_to_write_is_no_grant_and_says_so(install_side: InstallSide) -> None:
    status, page = await install_side.install(answer(user_scopes="users.profile:read"))
    assert (status, said(page)) == (
        200,
        "One permission was left out, so I cannot set your status. Type `/quo` in Slack to allow both.",
    )
    assert await install_side.people_store.the_grant(ANN) is None
    assert await install_side.workspaces.bot_token("T1") == "xoxb-1"


async def test_denied_consent_keeps_nothing_and_says_so(install_side: InstallSide) -> None:
    async with install_side.browser() as session:
        asked = await install_side.consent(session)
        status, page = await install_side.come_back(session, state=asked["state"], error="access_denied")
    assert (status, said(page)) == (
        200,
        "Nothing was changed: you did not allow it. You can come back at any time with `/quo`.",
    )
    assert install_side.stub.calls == []
    assert await count(install_side.database, WORKSPACES) == 0


@BOTH
async def test_replayed_state_is_refused_without_asking_slack(install_side: InstallSide) -> None:
    async with install_side.browser() as session:
        asked = await install_side.consent(session)
        install_side.stub.grant("c", answer())
        await install_side.come_back(session, state=asked["state"], code="c")
        calls = len(install_side.stub.calls)
        install_side.stub.grant("c2", answer(token="xoxp-2"))
        status, page = await install_side.come_back(session, state=asked["state"], code="c2")
    assert (status, said(page)) == (400, EXPIRED)
    assert len(install_side.stub.calls) == calls


async def test_state_expires_after_ten_minutes(install_side: InstallSide) -> None:
    async with install_side.browser() as session:
        early, late = await install_side.consent(session), await install_side.consent(session)
        install_side.clock.move(minutes=9, seconds=59)
        install_side.stub.grant("c", answer())
        assert (await install_side.come_back(session, state=early["state"], code="c"))[0] == 200
        install_side.clock.move(seconds=1)
        install_side.stub.grant("c", answer())
        status, page = await install_side.come_back(session, state=late["state"], code="c")
    assert (status, said(page)) == (400, EXPIRED)


@pytest.mark.parametrize("state", [None, "", "x", ".", "T1." + "a" * 43, "." + "\x00" * 43, "é." + "a" * 43, "'" * 900])
async def test_missing_or_forged_state_is_refused(install_side: InstallSide, state: str | None) -> None:
    async with install_side.browser() as session:
        await install_side.consent(session)
        install_side.stub.grant("c", answer())
        status, page = await install_side.come_back(session, code="c", **({} if state is None else {"state": state}))
    assert (status, said(page)) == (400, EXPIRED)
    assert install_side.stub.calls == []


async def test_state_of_another_browser_is_refused_and_still_good_in_its_own(install_side: InstallSide) -> None:
    async with install_side.browser() as mine, install_side.browser() as other:
        asked = await install_side.consent(mine)
        await install_side.consent(other)
        install_side.stub.grant("c", answer())
        assert (await install_side.come_back(other, state=asked["state"], code="c"))[0] == 400
        assert (await install_side.come_back(mine, state=asked["state"], code="c"))[0] == 200


async def test_two_tabs_of_one_browser_do_not_spoil_each_other(install_side: InstallSide) -> None:
    async with install_side.browser() as session:
        first, second = await install_side.consent(session), await install_side.consent(session)
        install_side.stub.grant("c", answer())
        install_side.stub.grant("d", answer("U2", token="xoxp-2"))
        assert (await install_side.come_back(session, state=first["state"], code="c"))[0] == 200
        assert (await install_side.come_back(session, state=second["state"], code="d"))[0] == 200


async def test_code_that_slack_refuses_keeps_nothing(install_side: InstallSide) -> None:
    async with install_side.browser() as session:
        asked = await install_side.consent(session)
        status, page = await install_side.come_back(session, state=asked["state"], code="stolen")
    assert (status, said(page)) == (400, "Slack refused that. Please try again, or tell your workspace's admin.")
    assert "stolen" not in page
    assert await count(install_side.database, WORKSPACES) == 0


async def test_slack_that_is_down_is_said_so(install_side: InstallSide) -> None:
    install_side.stub.down = True
    async with install_side.browser() as session:
        asked = await install_side.consent(session)
        status, page = await install_side.come_back(session, state=asked["state"], code="c")
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
async def test_answer_without_tokens_or_ids_keeps_nothing(install_side: InstallSide, found: dict[str, Any]) -> None:
    install_side.stub._oauth_v2_access = lambda request, arguments: found  # type: ignore[method-assign]  # whatever it says
    async with install_side.browser() as session:
        asked = await install_side.consent(session)
        status, page = await install_side.come_back(session, state=asked["state"], code="c")
    assert (status, said(page)) == (400, "Slack refused that. Please try again, or tell your workspace's admin.")
    assert await count(install_side.database, WORKSPACES) == 0


async def test_org_wide_install_is_kept_under_the_org(install_side: InstallSide) -> None:
    install_side.stub.members["W1"] = {"tz": "Asia/Tokyo"}
    status, page = await install_side.install(answer("W1", team=None, enterprise="E1"))
    assert (status, said(page)) == (200, ALL_SET)
    assert await install_side.workspaces.bot_token("E1") == "xoxb-1"
    view = await install_side.people.get(PersonKey("E1", "W1"))
    assert view is not None
    assert view.zone.key == "Asia/Tokyo"
    bot = await install_side.workspaces.find("T7", "E1")
    assert bot is not None
    assert bot.team_id == "E1"
    assert await install_side.workspaces.find("T7", "E2") is None


async def test_workspace_of_its_own_goes_before_its_org(install_side: InstallSide) -> None:
    await install_side.install(answer(team=None, enterprise="E1", bot="xoxb-org"))
    await install_side.install(answer(team="T1", enterprise="E1", bot="xoxb-team"))
    found = [await install_side.workspaces.find(team, "E1") for team in ("T1", "T2")]
    assert [bot and bot.token for bot in found] == ["xoxb-team", "xoxb-org"]


async def test_grant_in_a_team_of_an_org_that_installed_is_kept_under_the_org(install_side: InstallSide) -> None:
    await install_side.install(answer("W1", team=None, enterprise="E1"))
    link = await install_side.people.grant_link(PersonKey("E1", "W2"))
    status, _ = await install_side.install(
        answer("W2", team="T7", enterprise="E1", bot=None, token="xoxp-7"), path_of(link)
    )
    assert status == 200
    grant = await install_side.people_store.the_grant(PersonKey("E1", "W2"))
    assert grant is not None
    assert grant.token == "xoxp-7"


async def test_rotating_tokens_are_due_for_renewal_before_they_expire(install_side: InstallSide) -> None:
    await install_side.install(answer(rotates=True))
    row = await person(install_side, ANN)
    assert row.token_expires_at == install_side.clock.now() + timedelta(hours=12)
    assert (
        install_side.clock.now() + timedelta(hours=9)
        < row.refresh_due_at
        <= install_side.clock.now() + timedelta(hours=10)
    )
    async with install_side.database.read() as connection:
        bot = (await connection.execute(sa.select(WORKSPACES.c.bot_expires_at, WORKSPACES.c.refresh_due_at))).one()
    assert bot.bot_expires_at == install_side.clock.now() + timedelta(hours=12)
    assert (
        install_side.clock.now() + timedelta(hours=9)
        < bot.refresh_due_at
        <= install_side.clock.now() + timedelta(hours=10)
    )


async def test_new_grant_without_rotation_is_no_longer_due_for_renewal(install_side: InstallSide) -> None:
    await install_side.install(answer(rotates=True))
    await install_side.install(answer(token="xoxp-2"))
    row = await person(install_side, ANN)
    assert (row.token_expires_at, row.refresh_due_at, row.refresh_token) == (None, None, None)
