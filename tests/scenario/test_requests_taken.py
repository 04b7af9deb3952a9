"""What Slack delivers, once and again, and what a listener's error becomes."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from handlers.slack.events import Events
from services.domain.errors import NotGrantedError, TimeNotUnderstoodError
from services.domain.model import PersonKey
from services.store.tables import DELIVERIES
from tests.support.databases import BOTH
from tests.support.install_side import FORM, InstallSide
from tests.support.oauth_stub import answer

# ── what Slack delivers ─────────────────────────────────────────────────────────────────────────────


async def test_ssl_check_is_answered(installed: InstallSide) -> None:
    assert await installed.post(b"ssl_check=1&token=x", FORM) == (200, "")


async def test_event_that_nobody_listens_to_is_answered(installed: InstallSide) -> None:
    take_the_rest(installed)
    assert await installed.event({"type": "star_added", "user": "U1"}) == (200, "")
    assert await installed.event({"type": "message", "subtype": "x", "channel": "C1"}, event_id="Ev2") == (200, "")


async def test_click_on_a_link_is_answered(installed: InstallSide) -> None:
    take_the_rest(installed)
    click = {
        "type": "block_actions", "user": {"id": "U1", "team_id": "T1"}, "team": {"id": "T1"}, "trigger_id": "1.2",
        "actions": [{"action_id": "to_a_page", "block_id": "b", "type": "button"}],
    }  # fmt: skip
    assert await installed.post(urlencode({"payload": json.dumps(click)}).encode(), FORM) == (200, "")


def take_the_rest(installed: InstallSide) -> None:
    nothing: Any = None
    Events(installed.people, installed.leaving, nothing, nothing).register_rest(installed.bolt)


async def test_event_that_comes_again_is_answered_and_dropped(installed: InstallSide) -> None:
    taken: list[str] = []

    async def listener(event: dict[str, Any]) -> None:
        taken.append(event["tab"])

    installed.bolt.event("reaction_added")(listener)
    for _ in range(3):
        assert await installed.event({"type": "reaction_added", "tab": "x"}) == (200, "")
    assert await installed.event({"type": "reaction_added", "tab": "y"}, event_id="Ev2") == (200, "")
    assert await installed.event({"type": "reaction_added", "tab": "z"}, team_id="T2") == (200, "Not installed.")
    assert taken == ["x", "y"]


@BOTH
async def test_event_that_failed_is_taken_when_it_comes_again(installed: InstallSide) -> None:
    taken: list[str] = []

    async def listener(event: dict[str, Any]) -> None:
        taken.append(event["type"])
        if len(taken) == 1:
            raise OSError("the database is away")

    installed.bolt.event("reaction_added")(listener)
    assert [(await installed.event({"type": "reaction_added"}))[0] for _ in range(3)] == [500, 200, 200]
    assert taken == ["reaction_added", "reaction_added"]


@BOTH
async def test_command_that_comes_again_is_done_once(installed: InstallSide) -> None:
    taken: list[str] = []

    async def listener(ack: Any, command: dict[str, Any], person: PersonKey) -> None:
        taken.append(f"{person.user_id} {command['text']}")
        await ack("done")

    installed.bolt.command("/quo")(listener)
    first, again = await installed.command("pause"), await installed.command("pause")
    assert (first, again) == ((200, "done"), (200, ""))
    assert (await installed.command("pause", trigger_id="1.2"))[0] == 200
    assert taken == ["U1 pause", "U1 pause"]


async def test_question_that_comes_again_is_answered_once_and_claims_nothing(installed: InstallSide) -> None:
    async def listener(ack: Any) -> None:
        await ack("because")

    installed.bolt.command("/quo")(listener)
    first, again = await installed.command("why"), await installed.command("why")
    assert (first, again) == ((200, "because"), (200, ""))
    async with installed.database.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(DELIVERIES)) == 0


async def test_person_in_a_request_is_the_orgs_where_the_org_installed(installed: InstallSide) -> None:
    await installed.install(answer("W1", team=None, enterprise="E1"))
    seen: list[PersonKey] = []

    async def listener(ack: Any, person: PersonKey) -> None:
        seen.append(person)
        await ack()

    installed.bolt.command("/quo")(listener)
    await installed.command("", team_id="T7", enterprise_id="E1", user_id="W1", trigger_id="7.1")
    await installed.command("", team_id="T1", enterprise_id="E1", user_id="U9", trigger_id="7.2")
    assert seen == [PersonKey("E1", "W1"), PersonKey("T1", "U9")]


async def test_requests_are_authorized_without_asking_slack(installed: InstallSide) -> None:
    async def listener(ack: Any, context: Any) -> None:
        await ack(f"{context.bot_token} {context.user_token}")

    installed.bolt.command("/quo")(listener)
    calls = len(installed.stub.calls)
    assert await installed.command("") == (200, "xoxb-1 None")
    assert len(installed.stub.calls) == calls


# ── errors of listeners ─────────────────────────────────────────────────────────────────────────────


async def test_error_of_a_command_is_said_to_its_sender_alone(installed: InstallSide) -> None:
    async def listener() -> None:
        raise TimeNotUnderstoodError("xyz")

    installed.bolt.command("/quo")(listener)
    status, text = await installed.command("xyz")
    assert (status, json.loads(text)) == (
        200,
        {
            "response_type": "ephemeral",
            "text": "I did not understand that time. Try `45m`, `until 3pm`, `tomorrow` or `24 dec - 2 jan`.",
        },
    )


async def test_unexpected_error_of_a_command_is_said_with_its_id(
    installed: InstallSide, capsys: pytest.CaptureFixture[str]
) -> None:
    async def listener() -> None:
        raise ZeroDivisionError("a secret")

    installed.bolt.command("/quo")(listener)
    status, text = await installed.command("")
    said = json.loads(text)["text"]
    sentence, _, number = said.rstrip(")").rpartition(" (Error ")
    assert (status, sentence) == (200, "Something went wrong on our side. Please try again in a minute.")
    assert number in capsys.readouterr().out
    assert "secret" not in said


async def test_error_of_a_submitted_modal_stands_at_its_block(installed: InstallSide) -> None:
    async def listener() -> None:
        raise TimeNotUnderstoodError("x", field="until")

    installed.bolt.view("override")(listener)
    view = {
        "type": "modal",
        "callback_id": "override",
        "blocks": [{"type": "input", "block_id": "text"}, {"type": "input", "block_id": "until"}],
    }
    payload = {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U1"}, "view": view, "trigger_id": "3.3"}
    status, text = await installed.post(urlencode({"payload": json.dumps(payload)}).encode(), FORM)
    assert (status, json.loads(text)) == (
        200,
        {"response_action": "errors", "errors": {"until": TimeNotUnderstoodError.sentence()}},
    )


async def test_error_of_a_click_is_shown_in_a_small_modal(installed: InstallSide) -> None:
    async def listener() -> None:
        raise NotGrantedError("nobody")

    installed.bolt.action("pause")(listener)
    payload = {
        "type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "trigger_id": "4.4",
        "actions": [{"action_id": "pause", "block_id": "b", "type": "button"}],
    }  # fmt: skip
    assert await installed.post(urlencode({"payload": json.dumps(payload)}).encode(), FORM) == (200, "")
    method, arguments = installed.stub.calls[-1]
    assert (method, arguments["trigger_id"]) == ("views.open", "4.4")
    shown = arguments["view"]["blocks"][0]["text"]["text"]
    assert shown.startswith("I may not set your status yet. Allow it once, and I do the rest. (Error ")
