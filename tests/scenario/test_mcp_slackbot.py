"""Slackbot asks for people: in requests that Slack signs, which say for whom."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from emulators.slack.state import DEFAULT_BOT_SCOPES
from services.domain.people import OAuthAnswer, Tokens
from services.store.agent_tables import AGENT_CHANGES
from services.store.tables import PEOPLE
from tests.support.blockkit import check_message
from tests.support.feeds import lasting
from tests.support.mcp_wire import Said, Wire, new_headers, new_request, request, with_identity
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at

ORG, HERE, THERE = "E0ORG00001", "T0HERE0001", "T0THERE001"
WANDA = "W0WANDA001"


@pytest.fixture
async def wire(running_app: RunningApp) -> Wire:
    """Ann allowed the app her status; it is called without any key."""
    await running_app.joins(ANN)
    return Wire(running_app)


def call(name: str, number: object = 1, **arguments: Any) -> dict[str, Any]:
    return request("tools/call", number, name=name, arguments=arguments)


def blocks(said: Said) -> list[dict[str, Any]]:
    """What Slack would show; it is checked as Slack checks it."""
    found: list[dict[str, Any]] = said.result["_meta"]["slack"]["blocks"]
    check_message({"text": said.text, "blocks": found})
    return found


async def clicks(running_app: RunningApp, said: Said, user: str = ANN) -> list[str]:
    """They click the button of an answer that Slackbot shows; the texts that stand in its place then."""
    slack = running_app.slack
    general = slack.general(TEAM).channel_id
    message = slack.post(general, "USLACKBOT", said.text, blocks(said), only_for=user)
    (button,) = [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]
    answer = await slack.people.click_in_message(user, message.ts, button)
    assert answer.status == 200, answer.body
    await running_app.settle()
    return [one.text for one in slack.messages if one.only_for == user]


async def test_status_is_set_for_who_asks_and_taken_back_with_the_button(running_app: RunningApp, wire: Wire) -> None:
    said = await wire.by_slackbot(call("set_status", text="Lunch", emoji=":pizza:", minutes=45))
    assert said.status == 200
    await running_app.settle()
    assert running_app.shows() == ("Lunch", ":pizza:", at("09:45"))
    sentence = said.result["structuredContent"]["sentence"]
    assert said.text == sentence
    assert blocks(said) == [
        {"type": "section", "text": {"type": "plain_text", "text": sentence, "emoji": True}},
        {"type": "actions", "elements": [
            {"type": "button", "text": {"type": "plain_text", "text": "Undo", "emoji": True}, "action_id": "undo",
             "value": said.result["structuredContent"]["undo_id"]}]},
    ]  # fmt: skip
    assert await clicks(running_app, said) == ["Taken back: :pizza: *Lunch* until 09:45"]
    assert running_app.text() == ""
    assert await clicks(running_app, said) == [
        "Taken back: :pizza: *Lunch* until 09:45",
        "That can no longer be undone: it is undone already, or was more than ten minutes ago.",
    ]


async def test_why_names_slackbot(running_app: RunningApp, wire: Wire) -> None:
    await wire.by_slackbot(call("set_out_of_office", to="friday"))
    await running_app.settle()
    assert "Asked by agent *Slackbot*" in json.dumps(await running_app.types("/quo", "why"))


async def test_button_of_another_persons_answer_takes_nothing_back(running_app: RunningApp, wire: Wire) -> None:
    await running_app.joins(BEN)
    said = await wire.by_slackbot(call("set_status", text="Lunch", minutes=45))
    await running_app.settle()
    (told,) = await clicks(running_app, said, BEN)
    assert told.startswith("That can no longer be undone")
    assert running_app.text() == "Lunch"


async def test_button_where_slack_gives_no_address_to_answer_at(running_app: RunningApp, wire: Wire) -> None:
    said = await wire.by_slackbot(call("set_status", text="Lunch", minutes=45))
    await running_app.settle()
    slack = running_app.slack
    payload = {
        "type": "block_actions", "api_app_id": slack.app.app_id, "team": {"id": TEAM}, "user": {"id": ANN},
        "enterprise": None, "container": {"type": "message"}, "actions": [blocks(said)[1]["elements"][0]],
    }  # fmt: skip
    body = urlencode({"payload": json.dumps(payload)}).encode()
    assert (await slack.deliveries.send(body, "application/x-www-form-urlencoded")).status == 200
    await running_app.settle()
    assert running_app.text() == ""
    assert running_app.told()[-1] == "Taken back: *Lunch* until 09:45"


async def test_what_names_nobody_is_answered_with_nothing_of_anybody(wire: Wire) -> None:
    async def signed(message: dict[str, Any], **more: str) -> Said:
        body = json.dumps(message).encode()
        return await wire.send(body, wire.signed(body) | more)

    agreed = await signed(request("initialize", protocolVersion="2025-06-18", capabilities={
        "extensions": {"io.slack/block-kit": {"mimeTypes": ["application/vnd.slack.blocks+json"]}}}))  # fmt: skip
    assert (agreed.status, agreed.result["protocolVersion"]) == (200, "2025-06-18")
    assert (await signed({"jsonrpc": "2.0", "method": "notifications/initialized"})).status == 202
    assert (await signed(request("ping"))).status == 200
    listed = await signed(request("tools/list"))
    assert all(tool["_meta"] == {"slack": {"supportsBlockKit": True}} for tool in listed.result["tools"])
    message = new_request("tools/list", 2)
    assert (await signed(message, **new_headers(message))).result["tools"] == listed.result["tools"]
    message = new_request("server/discover", 3)
    assert (await signed(message, **new_headers(message))).result["resultType"] == "complete"
    assert (await signed(call("get_status", 4))).status == 401  # but this is about somebody


async def test_stateless_requests_of_slackbots_are_served_likewise(running_app: RunningApp, wire: Wire) -> None:
    message = new_request(
        "tools/call", name="set_status", arguments={"text": "Tea"}, _meta={"slack": {"user_id": ANN, "team_id": TEAM}}
    )
    body = json.dumps(message).encode()
    said = await wire.send(body, wire.signed(body) | new_headers(message))
    assert (said.status, said.result["resultType"]) == (200, "complete")
    assert said.result["_meta"].keys() == {"slack", "io.modelcontextprotocol/serverInfo"}
    await running_app.settle()
    assert running_app.text() == "Tea"


async def test_who_has_allowed_nothing_gets_the_link_that_does(running_app: RunningApp, wire: Wire) -> None:
    running_app.slack.add_person(BEN, "ben")
    for number, name in enumerate(("get_status", "set_status", "who_is_out")):
        arguments = {"text": "Lunch"} if name == "set_status" else {}
        said = await wire.by_slackbot(call(name, number, **arguments), user=BEN)
        assert (said.status, said.result["isError"]) == (200, True)
        assert said.text == "I may not set your status yet. Allow it once, then ask again."
        assert "structuredContent" not in said.result
    link = said.result["content"][1]["text"]
    (_, actions) = blocks(said)
    assert (actions["elements"][0]["action_id"], actions["elements"][0]["url"]) == ("open_grant", link)
    assert await running_app.rows(sa.select(AGENT_CHANGES.c.operation)) == []  # nothing was asked for yet
    status, page = await running_app.slack.allow(link, BEN)
    assert status == 200, page
    await running_app.settle()
    assert (await wire.by_slackbot(call("set_status", 9, text="Lunch"), user=BEN)).result["isError"] is False
    await running_app.settle()
    assert (running_app.text(BEN), running_app.text(ANN)) == ("Lunch", "")


async def test_who_is_deactivated_is_refused_at_once_and_for_as_long_as_they_are(
    running_app: RunningApp, wire: Wire
) -> None:
    assert (await wire.by_slackbot(call("get_status"))).status == 200
    running_app.slack.membership.deactivate(ANN)
    said = await wire.by_slackbot(call("get_status", 2))
    assert (said.status, said.code, said.body["error"]["data"]) == (401, 401, {"error": "unknown_asker"})
    assert said.body["error"]["message"] == "I cannot tell that a member of a workspace where I am installed asks that."
    await running_app.settle()
    running_app.slack.membership.reactivate(ANN)
    await running_app.settle()
    assert (await wire.by_slackbot(call("get_status", 3))).status == 200


async def test_where_slack_says_nothing_what_it_just_said_counts_for_a_minute(
    running_app: RunningApp, wire: Wire
) -> None:
    faults = running_app.slack.faults
    fault = faults.add("users.info", status=503, times=None)
    said = await wire.by_slackbot(call("get_status"))
    assert (said.status, said.body["error"]["data"]) == (503, {"error": "asker_unread"})
    faults.remove(fault)
    assert (await wire.by_slackbot(call("get_status", 2))).status == 200
    faults.add("users.info", status=503, times=None)
    running_app.clock.move_to(at("09:00") + timedelta(seconds=59))
    assert (await wire.by_slackbot(call("get_status", 3))).status == 200
    running_app.clock.move_to(at("09:01"))
    assert (await wire.by_slackbot(call("get_status", 4))).status == 503


async def test_guests_are_members_too(running_app: RunningApp, wire: Wire) -> None:
    running_app.slack.membership.set_role(ANN, "guest")
    await running_app.settle()
    assert (await wire.by_slackbot(call("get_status"))).result["isError"] is False


async def test_titles_are_told_only_where_they_may_be_shown(running_app: RunningApp, wire: Wire) -> None:
    running_app.feeds["work"].has(
        lasting("a", at("10:00"), 60, "Okapi takeover"),
        lasting("b", at("12:00"), 60, "Zebra affair", "CLASS:PRIVATE"),
    )
    await running_app.connects("work")

    async def titles(number: int) -> list[str]:
        said = await wire.by_slackbot(call("list_events", number))
        assert said.status == 200
        assert {"Okapi", "Zebra"}.isdisjoint(said.text.split())
        return [event["untrusted_title"] for event in said.result["structuredContent"]["events"]]

    assert await titles(1) == ["", ""]
    await running_app.chooses(options={"type": "checkboxes", "selected_options": [{"value": "titles"}]})
    assert await titles(2) == ["Okapi takeover", ""]


async def test_agents_switched_off_are_told_so_in_words(running_app: RunningApp, wire: Wire) -> None:
    await running_app.stop()
    running_app.more["AGENTS_ALLOWED"] = "false"
    await running_app.start()
    said = await wire.by_slackbot(call("set_status", text="Lunch"))
    assert (said.status, said.result["isError"]) == (200, True)
    assert said.text == "Agents are not allowed here: the workspace's policy, or its operator, says so."
    await running_app.settle()
    assert running_app.text() == ""


async def test_without_a_signing_secret_no_signature_is_good(running_app: RunningApp, wire: Wire) -> None:
    secret = running_app.slack.app.signing_secret
    await running_app.stop()
    running_app.more |= {"SLACK_SIGNING_SECRET": "", "SLACK_APP_TOKEN": "xapp-1-A1-1-local"}
    running_app.more["SLACK_API_URL"] = "http://127.0.0.1:9/"  # nobody is there to open a socket
    await running_app.start()
    for secret_of_somebody in (secret, "", "xapp-1-A1-1-local"):
        said = await wire.by_slackbot(call("get_status"), secret=secret_of_somebody or "\0")
        assert said.status == 401
    assert (await wire.by_slackbot(call("get_status"), Authorization="Bearer x")).status == 400


async def test_member_of_an_organizations_workspace_is_found_with_and_without_its_id(running_app: RunningApp) -> None:
    slack, wire = running_app.slack, Wire(running_app)
    slack.membership.org(ORG, HERE, THERE)
    slack.add_person(WANDA, "wanda", team_id=HERE)
    slack.add_person("W0OTHER001", "other", team_id="T0ELSE0001")
    bot = slack.install(ORG)
    service = running_app.service
    assert service is not None
    now = running_app.clock.now()
    await service.stores.workspaces.install(org_wide(bot.value), now)
    for number, more in enumerate(({}, {"enterprise_id": ORG}, {"enterprise_id": None}, {"enterprise_id": ""})):
        message = with_identity(call("get_status", number), user_id=WANDA, team_id=HERE, **more)
        body = json.dumps(message).encode()
        said = await wire.send(body, wire.signed(body))
        assert (said.status, said.result["isError"]) == (200, True), more  # they have allowed nothing yet
        assert f"{running_app.url}/slack/install?link=" in said.result["content"][1]["text"]
    assert await running_app.rows(sa.select(PEOPLE.c.team_id, PEOPLE.c.user_id)) == [(ORG, WANDA)]
    for number, (user, team) in enumerate([(WANDA, THERE), ("W0OTHER001", "T0ELSE0001"), (WANDA, "T0ELSE0001")], 10):
        body = json.dumps(with_identity(call("get_status", number), user_id=user, team_id=team)).encode()
        assert (await wire.send(body, wire.signed(body))).status == 401, (user, team)
    fault = slack.faults.add("users.info", status=503, times=None)
    body = json.dumps(with_identity(call("get_status", 20), user_id=WANDA, team_id=THERE)).encode()
    assert (await wire.send(body, wire.signed(body))).status == 503  # it may be one of theirs
    slack.faults.remove(fault)


def org_wide(bot: str) -> OAuthAnswer:
    """What Slack answers to an install for a whole organization."""
    return OAuthAnswer(
        "", ORG, org_wide=True, name="Org", app_id="A1", user_id=WANDA, bot=Tokens(bot, scopes=DEFAULT_BOT_SCOPES)
    )


async def test_nothing_of_a_request_is_logged(wire: Wire, written: StringIO) -> None:
    await wire.by_slackbot(call("set_status", text="Okapi takeover", minutes=5))
    await wire.by_slackbot(call("set_status", 2, text="Okapi takeover", until="the day the Okapi comes"))
    await wire.by_slackbot(call("get_status", 3), secret="another")
    await wire.running_app.settle()
    logged = written.getvalue()
    assert "agent_asked" in logged
    assert {word for word in ("Okapi", "v0=", wire.running_app.slack.app.signing_secret) if word in logged} == set()
