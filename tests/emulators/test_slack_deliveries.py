"""What the stand-in Slack sends to the app: signed, retried, with triggers and response URLs that wear out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import ClientSession, web
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from emulators.slack import LocalSlack, RefusalError
from tests.support.clocks import ManualClock
from tests.support.engine import until

ANN = "U0ANN00001"


@dataclass
class App:
    """An app that keeps what it gets and answers what it is told to."""

    bodies: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.text())
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.arrived.set()
        return self.answers.pop(0) if self.answers else web.Response()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.bodies) < count:
                self.arrived.clear()
                await self.arrived.wait()


@pytest.fixture
async def app() -> AsyncIterator[tuple[App, str]]:
    taken = App()
    application = web.Application()
    application.router.add_post("/slack/events", taken.take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield taken, f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await runner.cleanup()


@pytest.fixture
async def slack(clock: ManualClock, app: tuple[App, str]) -> AsyncIterator[LocalSlack]:
    slack = LocalSlack(clock)
    slack.add_workspace()
    slack.add_person(ANN, "ann")
    slack.add_person("U0BEN00001", "ben")
    slack.install("T0DEMO0001")
    slack.app.request_url = app[1]
    async with slack:
        yield slack


def fields_of(body: str) -> dict[str, str]:
    return dict(parse_qsl(body, keep_blank_values=True))


async def test_status_change_is_delivered_once_and_signed(
    slack: LocalSlack, app: tuple[App, str], clock: ManualClock
) -> None:
    slack.type_status(ANN, "Lunch", ":pizza:")
    await app[0].until(1)
    body = json.loads(app[0].bodies[0])
    assert (body["event"]["type"], body["event"]["user"]["profile"]["status_text"]) == ("user_change", "Lunch")
    headers = app[0].headers[0]
    verifier = SignatureVerifier(slack.app.signing_secret)
    expected = verifier.generate_signature(timestamp=headers["x-slack-request-timestamp"], body=app[0].bodies[0])
    assert headers["x-slack-signature"] == expected
    assert int(headers["x-slack-request-timestamp"]) == int(clock.now().timestamp())
    await until(lambda: not slack.deliveries._tasks)
    assert len(app[0].bodies) == 1


async def test_status_set_to_what_it_is_delivers_nothing(slack: LocalSlack, app: tuple[App, str]) -> None:
    slack.type_status(ANN, "Lunch", ":pizza:")
    slack.type_status(ANN, "Lunch", ":pizza:")
    await app[0].until(1)
    await until(lambda: not slack.deliveries._tasks)
    assert len(app[0].bodies) == 1


async def test_event_that_is_not_taken_comes_again_at_once_then_after_a_minute(
    slack: LocalSlack, app: tuple[App, str], clock: ManualClock
) -> None:
    app[0].answers = [web.Response(status=500), web.Response(status=500)]
    slack.type_status(ANN, "Lunch", ":pizza:")
    await app[0].until(2)
    await until(lambda: not slack.deliveries.pending)
    assert len(app[0].bodies) == 2
    clock.move(minutes=1)
    await app[0].until(3)
    assert [headers.get("x-slack-retry-num") for headers in app[0].headers] == [None, "1", "2"]
    assert app[0].headers[1]["x-slack-retry-reason"] == "http_error"
    assert len({json.loads(body)["event_id"] for body in app[0].bodies}) == 1


async def test_command_escapes_people_and_addresses(slack: LocalSlack, app: tuple[App, str]) -> None:
    await slack.people.command(ANN, "/quo", "who @ben & @nobody at https://example.com/a?b=1&c=2")
    fields = fields_of(app[0].bodies[0])
    assert (fields["command"], fields["user_id"], fields["team_id"]) == ("/quo", ANN, "T0DEMO0001")
    assert fields["text"] == "who <@U0BEN00001> &amp; @nobody at <https://example.com/a?b=1&amp;c=2>"


async def test_reply_in_the_answer_is_seen_by_its_person_alone(slack: LocalSlack, app: tuple[App, str]) -> None:
    app[0].answers = [web.json_response({"text": "Hello"})]
    await slack.people.command(ANN, "/quo", "")
    assert [m.text for m in slack.ephemeral_messages(ANN)] == ["Hello"]
    assert slack.ephemeral_messages("U0BEN00001") == []


async def test_app_that_fails_shows_slacks_own_words(slack: LocalSlack, app: tuple[App, str]) -> None:
    app[0].answers = [web.Response(status=500)]
    await slack.people.command(ANN, "/quo", "")
    assert [m.text for m in slack.ephemeral_messages(ANN)] == ['/quo failed with the error "dispatch_failed"']


async def test_response_url_works_five_times(slack: LocalSlack, app: tuple[App, str]) -> None:
    await slack.people.command(ANN, "/quo", "")
    url = fields_of(app[0].bodies[0])["response_url"]
    answers = []
    async with ClientSession() as session:
        for number in range(6):
            async with session.post(url, json={"text": f"{number}"}) as response:
                answers.append((response.status, (await response.json()).get("error")))
    assert answers == [(200, None)] * 5 + [(404, "used_url")]
    assert [m.text for m in slack.ephemeral_messages(ANN)] == ["0", "1", "2", "3", "4"]


async def test_button_of_a_reply_can_replace_and_delete_it(slack: LocalSlack, app: tuple[App, str]) -> None:
    button = {"type": "button", "action_id": "undo", "text": {"type": "plain_text", "text": "Undo"}, "value": "7"}
    blocks = [{"type": "actions", "block_id": "a", "elements": [button]}]
    app[0].answers = [web.json_response({"text": "Done", "blocks": blocks})]
    await slack.people.command(ANN, "/quo", "")
    message = slack.ephemeral_messages(ANN)[0]
    action = {"type": "button", "action_id": "undo", "block_id": "a", "value": "7"}
    await slack.people.click_in_message(ANN, message.ts, action)
    payload: dict[str, Any] = json.loads(fields_of(app[0].bodies[1])["payload"])
    assert (payload["type"], payload["actions"][0]["value"], payload["container"]["is_ephemeral"]) == (
        "block_actions",
        "7",
        True,
    )
    async with ClientSession() as session:
        undone = {"text": "Undone", "replace_original": True}
        async with session.post(payload["response_url"], json=undone) as answer:
            assert answer.status == 200
        assert [m.text for m in slack.ephemeral_messages(ANN)] == ["Undone"]
        async with session.post(payload["response_url"], json={"delete_original": True}) as answer:
            assert answer.status == 200
    assert slack.ephemeral_messages(ANN) == []


async def test_submission_with_errors_keeps_the_modal_open(slack: LocalSlack, app: tuple[App, str]) -> None:
    await slack.people.command(ANN, "/quo", "connect")
    bot = AsyncWebClient(token=slack.install("T0DEMO0001").value, base_url=slack.api_url)
    element = {"type": "url_text_input", "action_id": "url"}
    view = {
        "type": "modal",
        "callback_id": "connect_calendar",
        "title": {"type": "plain_text", "text": "Connect"},
        "submit": {"type": "plain_text", "text": "Connect"},
        "blocks": [
            {"type": "input", "block_id": "feed", "label": {"type": "plain_text", "text": "URL"}, "element": element}
        ],
    }
    await bot.views_open(trigger_id=fields_of(app[0].bodies[0])["trigger_id"], view=view)
    view_id = slack.modals[ANN][0].view_id
    values = {"feed": {"url": {"type": "url_text_input", "value": "nonsense"}}}
    app[0].answers = [web.json_response({"response_action": "errors", "errors": {"feed": "Not an address."}})]
    answer = await slack.people.submit(ANN, view_id, values)
    assert answer.json()["errors"] == {"feed": "Not an address."}
    assert [state.view_id for state in slack.modals[ANN]] == [view_id]
    payload = json.loads(fields_of(app[0].bodies[1])["payload"])
    assert payload["view"]["state"]["values"] == values
    await slack.people.submit(ANN, view_id, values)
    assert slack.modals[ANN] == []


async def test_typing_into_a_select_asks_the_app_for_options(slack: LocalSlack, app: tuple[App, str]) -> None:
    await slack.people.command(ANN, "/quo", "rules")
    bot = AsyncWebClient(token=slack.install("T0DEMO0001").value, base_url=slack.api_url)
    element = {"type": "external_select", "action_id": "value", "min_query_length": 0}
    label = {"type": "plain_text", "text": "Emoji"}
    view = {
        "type": "modal", "title": label, "submit": label,
        "blocks": [{"type": "input", "block_id": "emoji", "label": label, "element": element}],
    }  # fmt: skip
    await bot.views_open(trigger_id=fields_of(app[0].bodies[0])["trigger_id"], view=view)
    view_id = slack.modals[ANN][0].view_id
    option = {"text": {"type": "plain_text", "text": ":pizza: pizza"}, "value": ":pizza:"}
    app[0].answers = [
        web.json_response({"options": [option]}),
        web.json_response({"option_groups": [{"label": label, "options": [option, option]}]}),
        web.json_response({"options": [option] * 101}),
        web.Response(status=500),
    ]
    assert await slack.people.suggest(ANN, view_id, "value", "piz", block_id="emoji") == [option]
    assert await slack.people.suggest(ANN, view_id, "value", "", block_id="emoji") == [option, option]
    payload = json.loads(fields_of(app[0].bodies[1])["payload"])
    assert (payload["type"], payload["action_id"], payload["block_id"], payload["value"], payload["user"]["id"]) == (
        "block_suggestion", "value", "emoji", "piz", ANN,
    )  # fmt: skip
    assert "trigger_id" not in payload
    for refusal in ("invalid_options", "dispatch_failed"):
        with pytest.raises(RefusalError, match=refusal):
            await slack.people.suggest(ANN, view_id, "value", "x", block_id="emoji")


async def test_uninstall_and_revocation_are_told_with_user_ids(slack: LocalSlack, app: tuple[App, str]) -> None:
    slack.grant(ANN)
    slack.revoke_of(ANN)
    await app[0].until(1)
    slack.uninstall("T0DEMO0001")
    await app[0].until(3)
    events = [json.loads(body)["event"] for body in app[0].bodies]
    assert events[0]["tokens"] == {"oauth": [ANN], "bot": []}
    assert {event["type"] for event in events[1:]} == {"app_uninstalled", "tokens_revoked"}


async def test_code_is_exchanged_once_within_ten_minutes(slack: LocalSlack, clock: ManualClock) -> None:
    query = {
        "client_id": slack.app.client_id,
        "scope": "commands,chat:write",
        "user_scope": "users.profile:write",
        "state": "s1",
        "redirect_uri": "http://127.0.0.1:1/slack/oauth_redirect",
    }

    async def exchange(code: str) -> dict[str, Any]:
        answer = await AsyncWebClient(base_url=slack.api_url).oauth_v2_access(
            client_id=slack.app.client_id,
            client_secret=slack.app.client_secret,
            code=code,
            redirect_uri=query["redirect_uri"],
        )
        assert isinstance(answer.data, dict)
        return answer.data

    def code_of(where: str) -> str:
        return fields_of(where.partition("?")[2])["code"]

    code = code_of(slack.oauth.decide(query, ANN))
    granted = await exchange(code)
    assert (granted["authed_user"]["id"], granted["authed_user"]["scope"], granted["token_type"]) == (
        ANN,
        "users.profile:write",
        "bot",
    )
    late = code_of(slack.oauth.decide(query, ANN))
    clock.move(minutes=10)
    errors = []
    for used in (code, late):
        with pytest.raises(SlackApiError) as caught:
            await exchange(used)
        errors.append(caught.value.response["error"])
    assert errors == ["invalid_code", "invalid_code"]
    denied = slack.oauth.decide(query, ANN, allow=False)
    assert denied == "http://127.0.0.1:1/slack/oauth_redirect?error=access_denied&state=s1"


async def test_rotated_refresh_token_works_once(slack: LocalSlack, clock: ManualClock) -> None:
    slack.app.token_rotation = True
    first = slack.tokens.issue("user", "T0DEMO0001", ANN, {"users.profile:write"}, rotate_at=clock.now())
    refresh = first.refresh
    web_client = AsyncWebClient(base_url=slack.api_url)

    async def rotate() -> Any:
        return await web_client.oauth_v2_access(
            client_id=slack.app.client_id,
            client_secret=slack.app.client_secret,
            grant_type="refresh_token",
            refresh_token=refresh,
        )

    answer = await rotate()
    assert (answer["expires_in"], answer["access_token"].startswith("xoxe.xoxp-1-")) == (43200, True)
    with pytest.raises(SlackApiError) as caught:
        await rotate()
    assert caught.value.response["error"] == "invalid_refresh_token"
    clock.move(hours=12)
    with pytest.raises(SlackApiError) as expired:
        await AsyncWebClient(token=first.value, base_url=slack.api_url).auth_test()
    assert expired.value.response["error"] == "token_expired"
