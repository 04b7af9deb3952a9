"""Somebody mentioned in a status: what is left without their name is not what was meant, so it is asked back."""

from __future__ import annotations

import pytest

from tests.scenario.test_modals_forms import clock_time, date, opened, typed
from tests.support.stepped_app import BEN, SteppedApp, text_of

ASKED = "Write it in words, without @ or #: I cannot put mentions, channels or Slack's dates into a status."


@pytest.mark.parametrize("line", ["Lunch with @ben for 45m", "ask @ben about it", "@ben lunch", "@ben"])
async def test_status_with_a_mention_is_asked_back(app: SteppedApp, line: str) -> None:
    assert (await app.quo(line))["text"].startswith(ASKED)
    assert await app.standing() == []


async def test_absence_with_a_mention_is_asked_back(app: SteppedApp) -> None:
    assert (await app.ooo("tomorrow ask @ben"))["text"].startswith(ASKED)
    await app.ooo("tomorrow")
    assert "Type `/ooo [when] [note]`" in (await app.ooo("off @ben"))["text"]
    assert (await app.only()).text == ""


@pytest.mark.parametrize(
    "written", ["<#C0GENERAL1>", "<!subteam^S0TEAM>", "<!date^1795536000^{date}>", "In <#C0GENERAL1|>"]
)
async def test_form_with_a_channel_a_group_or_a_date_without_its_name_says_so(app: SteppedApp, written: str) -> None:
    await opened(app, "set_status")
    answer = await app.submit({"emoji": typed(None), "text": typed(written), "until": clock_time(None)})
    assert answer == {"response_action": "errors", "errors": {"text": ASKED}}


async def test_form_takes_what_only_looks_like_a_mention(app: SteppedApp) -> None:
    await opened(app, "set_status")
    await app.submit({"emoji": typed(None), "text": typed("See <@ you> in <T|U>"), "until": clock_time("13:30")})
    assert (await app.shows())[0] == "See <@ you> in <T|U>"
    await app.quo("See <@ you> in <T|U> for 45m")
    assert (await app.shows())[0] == "See <@ you> in <T|U>"


async def test_pause_with_a_mention_is_not_understood(app: SteppedApp) -> None:
    assert "I did not understand that time." in (await app.quo("pause 1h @ben"))["text"]


async def test_form_with_a_mention_says_so_at_its_field(app: SteppedApp) -> None:
    await opened(app, "set_status")
    answer = await app.submit({"emoji": typed(None), "text": typed(f"With <@{BEN}>"), "until": clock_time("13:30")})
    assert answer == {"response_action": "errors", "errors": {"text": ASKED}}
    await app.ooo()
    days = {"from": date("2026-11-24"), "to": date("2026-11-25"), "from_time": clock_time(None)}
    days |= {"to_time": clock_time(None)}
    answer = await app.submit({**days, "note": typed(f"Ask <@{BEN}>")})
    assert answer == {"response_action": "errors", "errors": {"note": ASKED}}
    assert await app.standing() == []


async def test_what_is_answered_of_a_text_is_what_is_shown(app: SteppedApp) -> None:
    await opened(app, "set_status")
    text = f"<!here> <@{BEN}|Ben>\u202e, see <https://example.com|us>"
    await app.submit({"emoji": typed(None), "text": typed(text), "until": clock_time("13:30")})
    assert (await app.only()).text == (await app.shows())[0] == "here @Ben, see us"
    assert "here @Ben, see us" in text_of(await app.quo())
