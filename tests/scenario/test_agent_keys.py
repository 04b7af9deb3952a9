"""Keys for agents, as their person makes, sees and revokes them in Slack; and everything that ends them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
import sqlalchemy as sa

from handlers.slack.views.keys import asked_by
from services.domain.agents import MOST_KEYS, AgentChange, AgentKey, May
from services.domain.model import Override, OverrideKind, PersonKey
from services.domain.people import Preferences
from services.domain.request_errors import WrongKeyError
from services.platform.crypto import digest_of
from services.platform.locale import Localizer
from services.store.agent_tables import AGENT_CALLS, AGENT_CHANGES, AGENT_KEYS
from services.store.tables import PEOPLE
from services.usecases.agents import AgentAsked
from services.usecases.workspace import OperatorAllows
from tests.support import blockkit
from tests.support.agents import clicks, filled_in, makes_key, secrets_in
from tests.support.few import few
from tests.support.running_app import ANN as ANN_USER
from tests.support.running_app import TEAM, RunningApp
from tests.support.stepped_app import ANN, BEN, SteppedApp, elements, text_of


async def opens(app: SteppedApp) -> dict[str, Any]:
    """Ann opens the form from her Home tab; the form."""
    blockkit.check_view(await app.publish_home())
    await app.click_home("open_keys")
    return shown(app)


def shown(app: SteppedApp) -> dict[str, Any]:
    view: dict[str, Any] = app.modal().view
    blockkit.check_view(view)
    return view


def inputs(view: dict[str, Any]) -> list[str]:
    return [block["block_id"] for block in view["blocks"] if block["type"] == "input"]


def buttons(view: dict[str, Any]) -> list[str]:
    return [one["action_id"] for one in elements(view["blocks"]) if one["type"] == "button"]


async def keys(app: SteppedApp) -> list[AgentKey]:
    return await app.surface.keys.list(app.ann)


# ── the form ────────────────────────────────────────────────────────────────────────────────────────


async def test_key_is_made_in_the_form_shown_once_and_listed_from_then_on(app: SteppedApp) -> None:
    view = await opens(app)
    assert (view["callback_id"], inputs(view), buttons(view)) == ("keys", ["name", "may"], ["make_key"])
    await clicks(app.engine.slack, ANN, "make_key", filled_in(" Claude  Code ", "write"))
    once = shown(app)
    (secret,) = secrets_in(once)
    assert (await app.surface.keys.caller(secret)).agent == "Claude Code"
    said = text_of(once)
    assert "claude mcp add --transport http --scope user status-quo https://quo.example/mcp --header" in said
    assert f"Authorization: Bearer {secret}" in said
    (made,) = await keys(app)
    assert made.may is May.WRITE
    home = text_of(app.engine.slack.homes[ANN].view)  # brought up to date at once
    assert "*Claude Code* · reads and writes · never used" in home
    app.clock.move(minutes=5)
    await app.surface.keys.admit(
        await app.surface.keys.caller(secret), "get_status", writes=False, request="r", at=app.clock.now()
    )
    await clicks(app.engine.slack, ANN, "open_keys")
    view = shown(app)
    assert buttons(view) == [f"revoke_{made.key_id}", "make_key"]
    assert "*Claude Code*\\nreads and writes · made: 10:00 · last used: 10:05" in text_of(view)
    for later in (view, await app.publish_home()):
        assert not secrets_in(later)


async def test_button_that_is_clicked_twice_makes_one_key_and_its_secret_stays_to_be_read(app: SteppedApp) -> None:
    await opens(app)
    people, view_id = app.engine.slack.people, app.modal().view_id
    action = {"type": "button", "action_id": "make_key"}
    await asyncio.gather(*(people.click_in_view(ANN, view_id, action, filled_in("Claude")) for _ in range(2)))
    (secret,) = secrets_in(shown(app))
    assert (await app.surface.keys.caller(secret)).agent == "Claude"
    assert len(await keys(app)) == 1
    await clicks(app.engine.slack, ANN, "open_keys")
    await clicks(app.engine.slack, ANN, "make_key", filled_in("Claude"))  # meant: it is another form by now
    assert len(await keys(app)) == 2


async def test_enter_in_the_name_makes_the_key_and_an_empty_name_closes_the_form(app: SteppedApp) -> None:
    await app.quo("keys")
    answer = await app.submit({"name": ("value", filled_in("Cursor")["name"]["value"]), "may": ("value", {})})
    (secret,) = secrets_in(answer["view"])
    assert (await app.surface.keys.caller(secret)).may is May.READ  # the least where nothing is said
    await app.quo("keys")
    assert await app.submit({block: ("value", state["value"]) for block, state in filled_in().items()}) == {}
    assert len(await keys(app)) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    few(
        [
            ("", "Give the key a name, so that you know later which agent has it."),
            ("\u202e\u200b", "Give the key a name, so that you know later which agent has it."),
            ("x" * 41, "A key's name has at most 40 characters. Shorten it."),
        ]
    ),
)
async def test_name_that_is_none_is_told_in_the_form_and_what_was_chosen_stays(
    app: SteppedApp, name: str, said: str
) -> None:
    await app.quo("keys")
    await clicks(app.engine.slack, ANN, "make_key", filled_in(name, "write"))
    view = shown(app)
    assert f":warning: {said}" in text_of(view)
    chosen = next(one for one in elements(view["blocks"]) if one["type"] == "radio_buttons")["initial_option"]
    assert chosen["value"] == "write"
    if name:
        answer = await app.submit({block: ("value", state["value"]) for block, state in filled_in(name).items()})
        assert answer == {"response_action": "errors", "errors": {"name": said}}
    assert await keys(app) == []


async def test_forged_choice_of_what_an_agent_may_makes_no_key(app: SteppedApp) -> None:
    await app.quo("keys")
    await clicks(app.engine.slack, ANN, "make_key", filled_in("Claude", "admin"))
    assert "That is not one of the choices." in text_of(shown(app))
    answer = await app.submit({block: ("value", state["value"]) for block, state in filled_in("C", "admin").items()})
    assert list(answer["errors"]) == ["may"]
    assert await keys(app) == []


async def test_sixth_key_is_refused_in_the_form_and_a_revoked_one_makes_room(app: SteppedApp) -> None:
    for number in range(MOST_KEYS):
        await makes_key(app.engine.slack, ANN, f"Agent {number}")
        app.clock.move(seconds=1)
    await app.quo("keys")
    await clicks(app.engine.slack, ANN, "make_key", filled_in("Agent 5"))
    assert "You have five keys, and that is the most. Revoke one first." in text_of(shown(app))
    first = (await keys(app))[0]
    await clicks(app.engine.slack, ANN, f"revoke_{first.key_id}")
    assert f"revoke_{first.key_id}" not in buttons(shown(app))
    assert "Agent 0" not in text_of(app.engine.slack.homes[ANN].view)
    await clicks(app.engine.slack, ANN, "make_key", filled_in("Agent 5"))
    assert len(secrets_in(shown(app))) == 1


async def test_revoked_key_is_worth_nothing_and_is_revoked_after_a_question(app: SteppedApp) -> None:
    secret = await makes_key(app.engine.slack, ANN)
    (made,) = await keys(app)
    await app.quo("keys", BEN)
    await clicks(app.engine.slack, BEN, f"revoke_{made.key_id}")  # forged: it is not his
    assert await app.surface.keys.caller(secret)
    view = await opens(app)
    revoke = next(one for one in elements(view["blocks"]) if one["action_id"].startswith("revoke_"))
    assert revoke["confirm"]["title"]["text"] == "Revoke this key?"
    await clicks(app.engine.slack, ANN, f"revoke_{made.key_id}")
    with pytest.raises(WrongKeyError):
        await app.surface.keys.caller(secret)
    await clicks(app.engine.slack, ANN, f"revoke_{made.key_id}")  # and once more
    assert await keys(app) == []


async def test_name_of_a_key_is_no_markup(app: SteppedApp) -> None:
    await makes_key(app.engine.slack, ANN, "<!here> & <https://evil.example|me>")
    for view in (await app.publish_home(), await opens(app)):
        assert "&lt;!here&gt; &amp; &lt;https://evil.example|me&gt;" in text_of(view)
        assert "<!here>" not in text_of(view)


# ── who may have one ────────────────────────────────────────────────────────────────────────────────


async def test_without_a_grant_the_form_says_to_allow_first_and_no_key_can_be_made(app: SteppedApp) -> None:
    async with app.replica.database.write() as connection:
        await connection.execute(
            sa.update(PEOPLE).where(PEOPLE.c.user_id == BEN).values(grant_state="none", token=None)
        )
    await app.quo("keys", BEN)
    view: dict[str, Any] = app.modal(BEN).view
    blockkit.check_view(view)
    assert (inputs(view), buttons(view)) == ([], ["open_grant"])
    assert "Allow me to set your status first." in text_of(view)
    await clicks(app.engine.slack, BEN, "make_key", filled_in("Claude"))
    assert "Allow me to set your status first." in text_of(app.modal(BEN).view)
    answer = await app.submit({block: ("value", state["value"]) for block, state in filled_in("C").items()}, BEN)
    assert answer["response_action"] == "update"
    assert not secrets_in(answer["view"])
    assert await app.surface.keys.list(PersonKey(app.ann.team_id, BEN)) == []


@pytest.mark.parametrize("who", ["policy", "operator"])
async def test_where_agents_are_switched_off_the_form_says_why_and_keys_can_still_be_revoked(
    app: SteppedApp, who: str
) -> None:
    await makes_key(app.engine.slack, ANN)
    (made,) = await keys(app)
    said = "The operator of Status Quo has switched agents off."
    if who == "policy":
        said = "Your workspace does not allow agents."
        await app.surface.policies.change(PersonKey(app.ann.team_id, BEN), lambda before: replace(before, agents=False))
    else:
        object.__setattr__(app.surface.policies, "operator", OperatorAllows(agents=False))
    assert said in text_of(await app.publish_home())
    view = await opens(app)
    assert said in text_of(view)
    assert (inputs(view), buttons(view)) == ([], [f"revoke_{made.key_id}"])
    await clicks(app.engine.slack, ANN, "make_key", filled_in("another"))
    assert [one.key_id for one in await keys(app)] == [made.key_id]
    await clicks(app.engine.slack, ANN, f"revoke_{made.key_id}")
    assert await keys(app) == []


async def test_forms_are_said_in_the_persons_language(app: SteppedApp) -> None:
    async with app.replica.database.write() as connection:
        await connection.execute(sa.update(PEOPLE).values(locale="ja-JP"))
    view = await opens(app)
    assert view["title"]["text"] == "エージェント用のキー"
    await clicks(app.engine.slack, ANN, "make_key", filled_in("Claude"))
    assert shown(app)["title"]["text"] == "あなたのキー"


# ── what ends them ──────────────────────────────────────────────────────────────────────────────────


async def forgets(app: RunningApp) -> None:
    await app.types("/quo", "forget")
    message = [one for one in app.slack.messages if one.only_for == ANN_USER][-1]
    button = next(one for one in elements(message.blocks) if one.get("action_id") == "forget_me")
    await app.slack.people.click_in_message(ANN_USER, message.ts, button)


async def operator_forgets(app: RunningApp) -> None:
    assert app.service is not None
    await app.service.cases.people.forget(PersonKey(TEAM, ANN_USER))  # what `app.py forget` calls


async def uninstalls(app: RunningApp) -> None:
    app.slack.uninstall(TEAM)


async def takes_the_grant_back(app: RunningApp) -> None:
    app.slack.revoke_of(ANN_USER)


async def is_deactivated(app: RunningApp) -> None:
    app.slack.membership.deactivate(ANN_USER)


async def token_dies(app: RunningApp) -> None:
    """Slack does not tell: the next write is refused."""
    token = app.slack.tokens.user(ANN_USER)
    assert token is not None
    token.revoked = True
    await app.types("/quo", "Lunch")


@pytest.mark.parametrize(
    "happens", few([forgets, operator_forgets, uninstalls, takes_the_grant_back, is_deactivated, token_dies], quick=2)
)
async def test_key_is_gone_with_what_it_stood_for(
    running_app: RunningApp, happens: Callable[[RunningApp], Awaitable[None]]
) -> None:
    await running_app.joins()
    secret = await makes_key(running_app.slack, ANN_USER)
    await running_app.settle()
    assert running_app.service is not None
    keys = running_app.service.cases.agents.keys
    caller = await keys.caller(secret)
    await keys.admit(caller, "set_status", writes=True, request="r", at=running_app.clock.now())
    await happens(running_app)
    await running_app.settle()
    with pytest.raises(WrongKeyError):
        await keys.caller(secret)
    assert await running_app.rows(sa.select(AGENT_KEYS.c.key_id)) == []
    if happens in {forgets, operator_forgets, uninstalls}:
        assert await running_app.rows(sa.select(AGENT_CHANGES.c.change_id)) == []
        assert await running_app.rows(sa.select(AGENT_CALLS.c.caller_id)) == []


async def test_deactivated_member_has_no_keys_although_nothing_was_written_for_them_since(
    running_app: RunningApp,
) -> None:
    """Of that alone, before Slack refuses their token or tells that it is revoked."""
    key = await running_app.joins()
    await makes_key(running_app.slack, ANN_USER)
    member = running_app.slack.member(ANN_USER)
    member.deleted = True
    running_app.slack.deliveries.user_event("", member)
    await running_app.settle()
    assert await running_app.rows(sa.select(AGENT_KEYS.c.key_id)) == []
    assert await running_app.rows(sa.select(PEOPLE.c.grant_state).where(PEOPLE.c.user_id == key.user_id)) == [
        ("deactivated",)
    ]


async def test_secret_of_a_key_is_in_no_log_whatever_level(running_app: RunningApp, written: StringIO) -> None:
    await running_app.joins()
    secret = await makes_key(running_app.slack, ANN_USER, "Claude on my laptop")
    await running_app.types("/quo", "keys")
    await running_app.settle()
    logged = written.getvalue()
    assert "agent_key_made" in logged
    assert secret[4:] not in logged
    assert digest_of(secret) not in logged
    assert "Claude on my laptop" not in logged


# ── why ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_why_names_the_agent_that_asked_for_what_stands_and_nobody_else(app: SteppedApp) -> None:
    secret = await makes_key(app.engine.slack, ANN, "Claude <Code>")
    caller = await app.surface.keys.caller(secret)
    now = app.clock.now()
    await app.surface.keys.admit(caller, "set_status", writes=True, request="r1", at=now)
    await app.surface.statuses.override(app.ann, text="Dentist", emoji=":tooth:", start=now, end=None, request="r1")
    app.clock.move(minutes=30)
    assert ":robot_face: Asked by agent *Claude &lt;Code&gt;*, 10:00: :tooth: *Dentist* until you clear it" in text_of(
        await app.quo("why")
    )
    app.clock.move(minutes=1)
    await app.surface.keys.admit(caller, "pause", writes=True, request="r2", at=app.clock.now())
    await app.surface.statuses.pause(app.ann, app.clock.now(), None)
    said = text_of(await app.quo("why"))
    assert "10:00: :tooth: *Dentist*" in said
    assert "Asked by agent *Claude &lt;Code&gt;*, 10:31: a pause" in said
    app.clock.move(minutes=1)
    await app.quo("resume")
    await app.quo("pause")
    await app.quo(":coffee: Coffee")
    assert "Asked by agent" not in text_of(await app.quo("why"))


async def test_why_says_what_an_agent_asked_for_in_words(app: SteppedApp) -> None:
    l10n, at = Localizer("en-GB", "Europe/Berlin"), app.clock.now()
    now = await app.surface.reader.now(app.ann)
    change = AgentChange(at, "Slackbot", "clear_status", "r")
    back = Override("r", at, None, at, kind=OverrideKind.BACK)
    (line,) = asked_by(l10n, [AgentAsked(change, back)], now)
    assert line["elements"][0]["text"] == ":robot_face: Asked by agent *Slackbot*, 10:00: to be back early"


async def test_help_names_the_command(app: SteppedApp) -> None:
    await app.preferences.save(app.ann, Preferences(), app.clock.now())
    assert "`/quo keys`  let agents keep my status: each has a key" in text_of(await app.quo("help"))
