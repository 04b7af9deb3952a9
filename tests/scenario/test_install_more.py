"""More than a status needs is asked for once somebody chose it, and what was allowed before stays allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa

from services.domain.errors import SlackUnavailableError
from services.domain.lines import Rule, put
from services.domain.model import Effect, PersonKey
from services.platform.crypto import SealedBytes
from services.slack import scopes
from services.store.tables import PEOPLE, RULES, WORKSPACES
from services.usecases.grants import Waiting
from tests.support.install_pages import ALL_SET, ANN, BOB, path_of, person, said
from tests.support.install_side import InstallSide
from tests.support.oauth_stub import BOT_SCOPES, USER_SCOPES, answer

NOTHING = frozenset[Effect]()


async def choose(side: InstallSide, *effects: Effect, name: str = "r1", enabled: bool = True) -> None:
    """Have Ann choose effects for a line of her list."""
    line = Rule(name, name, effects=frozenset(effects), enabled=enabled)
    await side.permissions.lines.change(ANN, side.clock.now(), lambda lines: put(lines, line))


async def asked_by_link(side: InstallSide, key: PersonKey = ANN) -> set[str]:
    async with side.browser() as session:
        asked = await side.consent(session, path_of(await side.people.grant_link(key)))
    return set(asked["user_scope"].split(","))


async def grant(side: InstallSide, user_scopes: str, **more: Any) -> str:
    """Ann allows by her link, and Slack answers that so much is allowed; the sentence of the page."""
    link = path_of(await side.people.grant_link(ANN))
    _, page = await side.install(answer(bot=None, user_scopes=user_scopes, **more), link)
    return said(page)


async def test_who_chose_nothing_is_asked_for_their_status_alone(installed: InstallSide) -> None:
    assert await asked_by_link(installed) == set(USER_SCOPES.split(","))
    assert await installed.permissions.waiting(ANN) == Waiting()


@pytest.mark.parametrize(
    ("effect", "more"),
    [
        (Effect.DND, {"dnd:read", "dnd:write"}),
        (Effect.AWAY, {"users:read", "users:write"}),
        (Effect.PHOTO, set()),
        (Effect.REPLY, set()),
    ],
)
async def test_link_asks_for_what_the_chosen_effect_needs(
    installed: InstallSide, effect: Effect, more: set[str]
) -> None:
    await choose(installed, effect)
    assert await asked_by_link(installed) == set(USER_SCOPES.split(",")) | more
    waiting = await installed.permissions.waiting(ANN)
    assert waiting.person == (frozenset({effect}) if more else NOTHING)


async def test_line_that_is_switched_off_asks_for_nothing(installed: InstallSide) -> None:
    await choose(installed, Effect.DND, enabled=False)
    assert await asked_by_link(installed) == set(USER_SCOPES.split(","))


async def test_link_of_somebody_else_asks_for_their_own_choice(installed: InstallSide) -> None:
    await choose(installed, Effect.DND)
    assert await asked_by_link(installed, BOB) == set(USER_SCOPES.split(","))


async def test_effect_waits_until_it_is_allowed_and_the_person_is_due_then(installed: InstallSide) -> None:
    await choose(installed, Effect.DND, Effect.AWAY)
    async with installed.database.write() as connection:
        await connection.execute(sa.update(PEOPLE).values(due_at=None))
    assert await grant(installed, f"{USER_SCOPES},dnd:read,dnd:write") == ALL_SET
    assert await installed.permissions.waiting(ANN) == Waiting(frozenset({Effect.AWAY}))
    row = await person(installed, ANN)
    assert (row.due_at, row.grant_state) == (installed.clock.now(), "ok")


async def test_scope_left_out_in_slack_leaves_the_rest_working_and_is_said(installed: InstallSide) -> None:
    await choose(installed, Effect.DND)
    link = path_of(await installed.people.grant_link(ANN))
    _, page = await installed.install(answer(bot=None, user_scopes=f"{USER_SCOPES},dnd:read"), link)
    assert said(page) == ALL_SET
    assert "A permission was left out that something you chose needs" in page
    assert await installed.permissions.waiting(ANN) == Waiting(frozenset({Effect.DND}))
    assert await installed.people_store.the_grant(ANN) is not None


async def test_what_was_allowed_before_stays_although_a_later_answer_does_not_name_it(installed: InstallSide) -> None:
    await choose(installed, Effect.DND)
    await grant(installed, f"{USER_SCOPES},dnd:read,dnd:write")
    await installed.install(answer())  # the same token, by an install that asked for a status' scopes
    assert await installed.people_store.granted_scopes(ANN) >= {"dnd:read", "dnd:write"}
    assert await installed.permissions.waiting(ANN) == Waiting()


async def test_other_token_has_what_slack_says_and_no_more(installed: InstallSide) -> None:
    await choose(installed, Effect.DND)
    await grant(installed, f"{USER_SCOPES},dnd:read,dnd:write")
    await grant(installed, USER_SCOPES, token="xoxp-other")
    assert await installed.people_store.granted_scopes(ANN) == set(USER_SCOPES.split(","))


async def test_what_was_allowed_is_asked_again_after_it_was_switched_off(installed: InstallSide) -> None:
    await grant(installed, f"{USER_SCOPES},dnd:read,dnd:write")
    assert await asked_by_link(installed) == {*USER_SCOPES.split(","), "dnd:read", "dnd:write"}


async def test_list_that_cannot_be_read_keeps_nobody_from_allowing_their_status(installed: InstallSide) -> None:
    await choose(installed, Effect.DND)
    async with installed.database.write() as connection:
        await connection.execute(sa.update(RULES).values(body=SealedBytes(b"rubbish")))
    assert await asked_by_link(installed) == set(USER_SCOPES.split(","))
    assert await grant(installed, USER_SCOPES) == ALL_SET


async def test_person_whose_grant_was_lost_waits_for_everything(installed: InstallSide) -> None:
    await choose(installed, Effect.PHOTO)
    await installed.people_store.lose_grant(ANN, installed.clock.now(), installed.clock.now())
    assert await installed.permissions.waiting(ANN) == Waiting(frozenset({Effect.PHOTO}))


# ── what a workspace allows ─────────────────────────────────────────────────────────────────────────


async def test_replies_wait_for_the_workspace_until_it_is_installed_for_them(installed: InstallSide) -> None:
    await choose(installed, Effect.REPLY)
    assert await installed.permissions.waiting(ANN) == Waiting(NOTHING, frozenset({Effect.REPLY}))
    found = answer(token=None) | {"scope": f"{BOT_SCOPES},channels:history"}
    await installed.install(found, "/slack/install?add=replies")
    assert await installed.permissions.waiting(ANN) == Waiting()
    await installed.install(answer(token=None))  # the same bot token; this answer does not name what was added
    assert await installed.permissions.waiting(ANN) == Waiting()


@pytest.mark.parametrize(
    ("add", "more"),
    [
        ("replies", {"channels:history", "groups:history"}),
        ("replies,emoji", {"channels:history", "groups:history", "emoji:read"}),
        ("admin", set()),
        ("", set()),
    ],
)
async def test_install_asks_for_what_it_is_for(install_side: InstallSide, add: str, more: set[str]) -> None:
    async with install_side.browser() as session:
        asked = await install_side.consent(session, f"/slack/install?add={add}&team=T1")
    assert set(asked["scope"].split(",")) == set(BOT_SCOPES.split(",")) | more
    assert asked["team"] == "T1"


async def test_install_offers_no_workspace_that_is_none(install_side: InstallSide) -> None:
    async with install_side.browser() as session:
        asked = await install_side.consent(session, "/slack/install?team=E1%26scope%3Dadmin")
    assert "team" not in asked
    assert asked["scope"] == BOT_SCOPES


@pytest.mark.parametrize(
    ("member", "leads"),
    [({"is_admin": True}, True), ({"is_owner": True}, True), ({"is_admin": False}, False), ({}, False)],
)
async def test_link_to_install_more_is_an_admins(
    installed: InstallSide, member: dict[str, bool], *, leads: bool
) -> None:
    installed.stub.members["U1"] |= member
    link = await installed.permissions.install_link(ANN, scopes.REPLIES)
    assert bool(link) is leads
    if leads:
        assert urlsplit(link).path == "/slack/install"
        assert dict(parse_qsl(urlsplit(link).query)) == {"add": "replies", "team": "T1"}


async def test_no_link_is_given_that_would_not_help(installed: InstallSide) -> None:
    installed.stub.members["U1"] |= {"is_admin": True}
    refusing = replace(installed.permissions, replies_allowed=False)
    assert await refusing.install_link(ANN, scopes.REPLIES) == ""
    await installed.install(answer(token=None) | {"scope": f"{BOT_SCOPES},groups:history"})
    assert await installed.permissions.install_link(ANN, scopes.REPLIES) == ""
    assert await installed.permissions.install_link(ANN, "emoji") != ""


async def test_replies_wait_where_operator_or_workspace_do_not_want_them(installed: InstallSide) -> None:
    await installed.install(answer(token=None) | {"scope": f"{BOT_SCOPES},groups:history"})
    nobody = Waiting(NOTHING, frozenset({Effect.REPLY}))
    assert await installed.permissions.waiting(ANN, [Effect.REPLY]) == Waiting()
    assert await replace(installed.permissions, replies_allowed=False).waiting(ANN, [Effect.REPLY]) == nobody
    async with installed.database.write() as connection:
        await connection.execute(sa.update(WORKSPACES).values(policy='{"replies":false}'))
    assert await installed.permissions.waiting(ANN, [Effect.REPLY]) == nobody


async def test_nobody_is_taken_for_an_admin_while_slack_does_not_say(installed: InstallSide) -> None:
    installed.stub.down = True
    with pytest.raises(SlackUnavailableError):
        await installed.permissions.install_link(ANN, scopes.REPLIES)


async def test_form_can_ask_before_anything_is_chosen(installed: InstallSide) -> None:
    assert await installed.permissions.waiting(ANN, [Effect.AWAY, Effect.PHOTO]) == Waiting(frozenset({Effect.AWAY}))


async def test_token_that_the_operator_gave_brings_its_scopes_and_later_more(install_side: InstallSide) -> None:
    stub = install_side.stub
    stub.owners["xoxb-own"], stub.scopes["xoxb-own"] = "UBOT", BOT_SCOPES
    await install_side.given_bot("xoxb-own").adopt()
    assert not await install_side.permissions.may_reply(ANN)
    stub.scopes["xoxb-own"] = f"{BOT_SCOPES},groups:history"
    await install_side.given_bot("xoxb-own").adopt()
    assert await install_side.permissions.may_reply(ANN)
