"""The stand-in Slack keeps Slack's own rules: statuses, tokens, scopes, limits, answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from emulators.faults import Fault
from emulators.slack import LocalSlack
from tests.support.clocks import ManualClock
from tests.support.local_slack import schema_of


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[LocalSlack]:
    slack = LocalSlack(clock)
    slack.add_workspace()
    slack.add_person("U0ANN00001", "ann", "Ann Example", tz="Europe/Berlin", locale="de-DE")
    slack.add_person("U0BEN00001", "ben", "Ben Example")
    async with slack:
        yield slack


def client(slack: LocalSlack, token: str) -> AsyncWebClient:
    return AsyncWebClient(token=token, base_url=slack.api_url, retry_handlers=[])


async def set_status(slack: LocalSlack, user: str = "U0ANN00001", **profile: Any) -> dict[str, Any]:
    answer = await client(slack, slack.grant(user).value).users_profile_set(profile=profile)
    assert isinstance(answer.data, dict)
    return answer.data["profile"]


async def refusal(slack: LocalSlack, **profile: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await set_status(slack, **profile)
    body = caught.value.response.data
    assert isinstance(body, dict)
    return body


async def test_profile_set_answer_has_the_published_shape(slack: LocalSlack) -> None:
    token = slack.grant("U0ANN00001").value
    answer = await client(slack, token).users_profile_set(profile={"status_text": "Lunch", "status_emoji": ":pizza:"})
    jsonschema.Draft7Validator(schema_of("users.profile.set")).validate(answer.data)


async def test_users_info_answer_has_the_published_shape(slack: LocalSlack) -> None:
    answer = await client(slack, slack.install("T0DEMO0001").value).users_info(user="U0ANN00001", include_locale=True)
    schema = schema_of("users.info")
    jsonschema.Draft7Validator(schema).validate(answer.data)
    jsonschema.Draft7Validator(schema["properties"]["user"]["items"][0]).validate(answer["user"])
    assert (answer["user"]["tz"], answer["user"]["tz_offset"], answer["user"]["locale"]) == (
        "Europe/Berlin",
        3600,
        "de-DE",
    )


async def test_text_comes_back_escaped_once(slack: LocalSlack) -> None:
    profile = await set_status(slack, status_text="R&D <3 &amp; more", status_emoji=":heart:")
    assert profile["status_text"] == "R&amp;D &lt;3 &amp; more"
    assert slack.member("U0ANN00001").text == "R&D <3 & more"


async def test_blank_emoji_with_text_becomes_the_speech_balloon(slack: LocalSlack) -> None:
    profile = await set_status(slack, status_text="Here", status_emoji="")
    assert profile["status_emoji"] == ":speech_balloon:"


async def test_text_of_101_characters_is_too_long(slack: LocalSlack) -> None:
    body = await refusal(slack, status_text="x" * 101, status_emoji=":pizza:")
    assert body == {"ok": False, "error": "too_long", "limit": 100, "field": "status_text"}
    assert (await set_status(slack, status_text="x" * 100, status_emoji=":pizza:"))["status_text"] == "x" * 100


@pytest.mark.parametrize(
    ("emoji", "error"),
    [
        (":no_such_emoji_here:", "profile_status_set_failed_not_valid_emoji"),
        ("pizza", "profile_status_set_failed_not_emoji_syntax"),
        (":pizza::skin-tone-2:", "profile_status_set_failed_not_valid_emoji"),
    ],
)
async def test_bad_emoji_is_refused(slack: LocalSlack, emoji: str, error: str) -> None:
    assert (await refusal(slack, status_text="Lunch", status_emoji=emoji))["error"] == error


@pytest.mark.parametrize("emoji", [":pizza:", ":wave::skin-tone-4:", ":party_parrot:"])
async def test_standard_toned_and_workspace_emoji_are_taken(slack: LocalSlack, emoji: str) -> None:
    slack.workspaces["T0DEMO0001"].emoji["party_parrot"] = "https://example.com/parrot.gif"
    assert (await set_status(slack, status_text="Lunch", status_emoji=emoji))["status_emoji"] == emoji


async def test_clearing_needs_both(slack: LocalSlack) -> None:
    await set_status(slack, status_text="Lunch", status_emoji=":pizza:")
    assert (await refusal(slack, status_text=""))["error"] == "must_clear_both_status_text_and_status_emoji"
    cleared = await set_status(slack, status_text="", status_emoji="")
    assert (cleared["status_text"], cleared["status_emoji"], cleared["status_expiration"]) == ("", "", 0)


async def test_omitted_expiration_removes_it(slack: LocalSlack, clock: ManualClock) -> None:
    until = int((clock.now() + timedelta(hours=1)).timestamp())
    first = await set_status(slack, status_text="A", status_emoji=":pizza:", status_expiration=until)
    second = await set_status(slack, status_text="B", status_emoji=":pizza:")
    assert (first["status_expiration"], second["status_expiration"]) == (until, 0)


async def test_status_is_reset_at_its_expiration(slack: LocalSlack, clock: ManualClock) -> None:
    until = int((clock.now() + timedelta(minutes=30)).timestamp())
    await set_status(slack, status_text="A", status_emoji=":pizza:", status_expiration=until)
    reader = client(slack, slack.install("T0DEMO0001").value)
    clock.move(minutes=29, seconds=59)
    assert (await reader.users_profile_get(user="U0ANN00001"))["profile"]["status_text"] == "A"
    clock.move(seconds=1)
    profile = (await reader.users_profile_get(user="U0ANN00001"))["profile"]
    assert (profile["status_text"], profile["status_emoji"], profile["status_expiration"]) == ("", "", 0)


async def test_bot_token_may_not_set_a_profile(slack: LocalSlack) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client(slack, slack.install("T0DEMO0001").value).users_profile_set(profile={"status_text": "A"})
    assert caught.value.response["error"] == "not_allowed_token_type"


async def test_missing_scope_names_what_is_needed(slack: LocalSlack) -> None:
    token = slack.grant("U0ANN00001", {"users:read"})
    with pytest.raises(SlackApiError) as caught:
        await client(slack, token.value).users_profile_set(profile={"status_text": "A"})
    assert caught.value.response.data == {
        "ok": False,
        "error": "missing_scope",
        "needed": "users.profile:write",
        "provided": "users:read",
    }


async def test_token_of_one_person_does_not_set_another(slack: LocalSlack) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client(slack, slack.grant("U0ANN00001").value).users_profile_set(
            user="U0BEN00001", profile={"status_text": "A", "status_emoji": ":pizza:"}
        )
    assert caught.value.response["error"] == "not_admin"
    assert slack.member("U0BEN00001").text == ""


async def test_eleventh_write_in_a_minute_is_limited(slack: LocalSlack, clock: ManualClock) -> None:
    for number in range(10):
        await set_status(slack, status_text=f"{number}", status_emoji=":pizza:")
        clock.move(seconds=1)
    with pytest.raises(SlackApiError) as caught:
        await set_status(slack, status_text="eleven", status_emoji=":pizza:")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "50"
    clock.move(seconds=50)
    assert (await set_status(slack, status_text="eleven", status_emoji=":pizza:"))["status_text"] == "eleven"


async def test_fifty_first_write_of_a_workspace_is_limited(slack: LocalSlack) -> None:
    for number in range(6):
        slack.add_person(f"U0MORE000{number}", f"more{number}")
    answers = []
    for number in range(51):
        user = f"U0MORE000{number % 6}"
        try:
            await set_status(slack, user, status_text=f"{number}", status_emoji=":pizza:")
            answers.append("ok")
        except SlackApiError as error:
            answers.append(error.response["error"])
    assert answers == ["ok"] * 50 + ["ratelimited"]


async def test_unknown_method_and_bad_tokens_are_named(slack: LocalSlack) -> None:
    token = slack.grant("U0ANN00001")
    errors = []
    for method, value in (("users.fly", token.value), ("auth.test", "xoxp-nobody"), ("auth.test", "")):
        with pytest.raises(SlackApiError) as caught:
            await client(slack, value).api_call(method)
        errors.append(caught.value.response["error"])
    slack.revoke_of("U0ANN00001")
    with pytest.raises(SlackApiError) as caught:
        await client(slack, token.value).auth_test()
    assert [*errors, caught.value.response["error"]] == [
        "unknown_method",
        "invalid_auth",
        "not_authed",
        "token_revoked",
    ]


async def test_faults_meet_the_named_calls_and_are_used_up(slack: LocalSlack) -> None:
    slack.faults.add(Fault("users.profile.set", error="internal_error"))
    slack.faults.add(Fault("users.profile.set", retry_after=7))
    with pytest.raises(SlackApiError) as first:
        await set_status(slack, status_text="A", status_emoji=":pizza:")
    with pytest.raises(SlackApiError) as second:
        await set_status(slack, status_text="A", status_emoji=":pizza:")
    await set_status(slack, status_text="A", status_emoji=":pizza:")
    assert (first.value.response["error"], second.value.response.headers["Retry-After"]) == ("internal_error", "7")
    assert [(call.ok, call.error) for call in slack.calls.all("users.profile.set", user="U0ANN00001")] == [
        (False, "internal_error"),
        (False, "ratelimited"),
        (True, ""),
    ]


async def test_call_dropped_after_it_was_done_has_changed_the_profile(slack: LocalSlack) -> None:
    slack.faults.add(Fault("users.profile.set", drop=True, after=True, times=None))
    with pytest.raises(Exception, match="disconnected"):
        await set_status(slack, status_text="A", status_emoji=":pizza:")
    assert slack.member("U0ANN00001").text == "A"


async def test_list_of_calls_holds_no_token(slack: LocalSlack) -> None:
    token = slack.grant("U0ANN00001").value
    await client(slack, "").api_call("auth.test", data={"token": token})
    assert slack.calls.all("auth.test")[0].arguments == {"token": "***"}


async def test_home_with_too_long_a_section_is_refused(slack: LocalSlack) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    with pytest.raises(SlackApiError) as caught:
        await client(slack, slack.install("T0DEMO0001").value).views_publish(
            user_id="U0ANN00001", view={"type": "home", "blocks": [block]}
        )
    assert caught.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be 1 to 3000 characters [json-pointer:/view/blocks/0/text/text]"
    ]


async def test_trigger_opens_one_modal(slack: LocalSlack) -> None:
    bot = client(slack, slack.install("T0DEMO0001").value)
    trigger = slack.triggers.trigger("U0ANN00001")
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Hello"},
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Hi"}}],
    }
    opened = await bot.views_open(trigger_id=trigger, view=view)
    assert slack.modals["U0ANN00001"][0].view_id == opened["view"]["id"]
    with pytest.raises(SlackApiError) as caught:
        await bot.views_open(trigger_id=trigger, view=view)
    assert caught.value.response["error"] == "exchanged_trigger_id"
