"""Emoji are chosen from a list that knows the workspace's own; one that vanishes falls back, and why says so."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from services.domain.emoji import MOST_NAMES
from services.domain.lines import Look, complete
from services.domain.model import Kind, PersonKey
from services.store.tables import DELIVERIES
from services.usecases.emoji import OFFERED, EmojiSearch
from tests.support import blockkit
from tests.support.clocks import ManualClock
from tests.support.engine import CountingWakeSignal, until
from tests.support.feeds import lasting
from tests.support.few import few
from tests.support.running_app import ANN, BEN, SET, TEAM, RunningApp, at, open_running_app

LIST = "emoji.list"


def reads(app: RunningApp) -> int:
    return len(app.slack.calls.all(LIST))


async def open_form(app: RunningApp, user: str = ANN) -> str:
    """Open the form of a status; its view."""
    await app.slack.people.shortcut(user, "set_status")
    return app.slack.modals[user][-1].view_id


async def offered(app: RunningApp, text: str, user: str = ANN) -> list[str]:
    """What is offered to somebody who types `text` into the form's menu."""
    options = await app.slack.people.suggest(user, await open_form(app, user), "value", text, block_id="emoji")
    for option in options:
        blockkit.check_option(option)
    return [option["value"] for option in options]


def picked(emoji: str) -> dict[str, Any]:
    option = {"text": {"type": "plain_text", "text": emoji, "emoji": True}, "value": emoji}
    return {"emoji": {"value": {"type": "external_select", "selected_option": option}}}


def typed(block: str, value: str) -> dict[str, Any]:
    return {block: {"value": {"type": "plain_text_input", "value": value}}}


async def why(app: RunningApp) -> str:
    return json.dumps(await app.types("/quo", "why"), ensure_ascii=False)


async def changes(app: RunningApp) -> None:
    """The app has heard of a change, and reads the list a little later."""
    await app.settle()
    await app.until(app.clock.now() + timedelta(seconds=15))


async def its_list(app: RunningApp) -> str:
    """What Ann's list says."""
    answer = await app.slack.people.command(ANN, "/quo", "rules")
    assert answer.ok
    await until(lambda: bool(app.slack.modals.get(ANN)))
    return str(app.slack.modals.pop(ANN)[-1].view["blocks"])


async def test_form_offers_the_standard_emoji_and_the_workspaces_own(running_app: RunningApp) -> None:
    running_app.slack.emoji.add(TEAM, "pizza_party")
    running_app.slack.emoji.add(TEAM, "late_pizza", "alias:pizza")
    await running_app.joins(add="emoji")
    assert reads(running_app) == 1
    assert await offered(running_app, "pizz") == [":pizza:", ":pizza_party:", ":late_pizza:"]
    assert await offered(running_app, "🍕") == [":pizza:", ":late_pizza:"]
    assert await offered(running_app, ":pizza_party:") == [":pizza_party:"]
    assert await offered(running_app, ":not_there:") == []
    assert reads(running_app) == 1


async def test_choices_are_seen_and_named(running_app: RunningApp) -> None:
    running_app.slack.emoji.add(TEAM, "party")
    running_app.slack.emoji.add(TEAM, "long_" + "x" * 60)
    await running_app.joins(add="emoji")
    view = await open_form(running_app)

    async def first(text: str) -> str:
        (option, *_) = await running_app.slack.people.suggest(ANN, view, "value", text, block_id="emoji")
        seen: str = option["text"]["text"]
        return seen

    assert [await first(text) for text in ("pizza", ":party:", "👋🏽", "smiling_face_with_sm", "long_x")] == [
        "🍕 pizza", ":party: party", ":wave::skin-tone-4: wave skin-tone-4",
        "🤭 smiling_face_with_smiling_eyes_and_hand_covering_mouth", f":long_{'x' * 60}:",
    ]  # fmt: skip


async def test_chosen_emoji_is_shown(running_app: RunningApp) -> None:
    running_app.slack.emoji.add(TEAM, "party")
    await running_app.joins(add="emoji")
    view = await open_form(running_app)
    answer = await running_app.slack.people.submit(ANN, view, picked(":party:") | typed("text", "Cake"))
    assert (answer.status, answer.json()) == (200, None)
    await running_app.settle()
    assert running_app.shows()[:2] == ("Cake", ":party:")


@pytest.mark.parametrize("emoji", few(["pizza", "🍕", ":pizza:"]))
async def test_emoji_that_is_typed_from_outside_is_taken_as_well(running_app: RunningApp, emoji: str) -> None:
    await running_app.joins(add="emoji")
    view = await open_form(running_app)
    answer = await running_app.slack.people.submit(ANN, view, typed("emoji", emoji) | typed("text", "Lunch"))
    assert (answer.status, answer.json()) == (200, None)
    await running_app.settle()
    assert running_app.shows()[:2] == ("Lunch", ":pizza:")


async def test_new_emoji_is_offered_soon_after_it_was_made_and_a_flood_is_read_once(running_app: RunningApp) -> None:
    await running_app.joins(add="emoji")
    for number in range(40):
        running_app.slack.emoji.add(TEAM, f"zulu_{number:02}")
    await running_app.settle()
    assert await offered(running_app, ":zulu_00:") == [":zulu_00:"]  # not known yet, and not known not to exist
    assert await offered(running_app, "zulu") == []
    await changes(running_app)
    assert len(await offered(running_app, "zulu")) == 40
    running_app.slack.emoji.rename(TEAM, "zulu_00", "zulu_zero")
    running_app.slack.emoji.remove(TEAM, "zulu_01", "zulu_02")
    await changes(running_app)
    found = await offered(running_app, "zulu")
    assert (found[0], len(found), ":zulu_zero:" in found) == (":zulu_03:", 38, True)
    assert reads(running_app) == 3


async def test_list_is_read_daily(running_app: RunningApp) -> None:
    await running_app.joins(add="emoji")
    running_app.slack.workspaces[TEAM].emoji["party"] = "https://example.com/party.png"  # told to nobody
    await running_app.until(at("08:59", 25))
    assert reads(running_app) == 1
    await running_app.until(at("09:00", 25))
    assert reads(running_app) == 2
    assert (await offered(running_app, "party"))[0] == ":party:"


async def test_workspace_that_has_not_allowed_it_has_the_standard_emoji(running_app: RunningApp) -> None:
    running_app.slack.emoji.add(TEAM, "pizza_party")
    await running_app.joins(add="emoji")
    running_app.slack.install(TEAM).scopes.discard("emoji:read")
    await running_app.until(at("09:00", 25))
    tried = reads(running_app)
    await running_app.until(at("09:00", 27))
    assert reads(running_app) == tried
    assert await offered(running_app, ":our_logo:") == [":our_logo:"]
    assert await offered(running_app, "pizz") == [":pizza:", ":pizza_party:"]  # what was read before stays


async def _form_of(app: RunningApp, action: str, value: str = "") -> str:
    """A form on top of the list; its view."""
    await app.types("/quo", "rules")
    clicked = {"type": "button", "action_id": action, "value": value}
    answer = await app.slack.people.click_in_view(ANN, app.slack.modals[ANN][-1].view_id, clicked)
    assert answer.status == 200, answer.body
    return app.slack.modals[ANN][-1].view_id


async def _refused(app: RunningApp, view: str, state: dict[str, Any]) -> dict[str, str]:
    answer = await app.slack.people.submit(ANN, view, state)
    errors: dict[str, str] = (answer.json() or {}).get("errors", {})
    return errors


async def test_emoji_that_no_menu_offered_is_refused_at_its_block(running_app: RunningApp) -> None:
    running_app.slack.emoji.add(TEAM, "party")
    key = await running_app.joins(add="emoji")
    unknown = {"emoji": "Your workspace has no emoji of that name. Choose another one."}
    line = typed("text", "Cake") | typed("title_words", "cake")
    view = await _form_of(running_app, "add_line")
    assert await _refused(running_app, view, picked(":forged:") | line) == unknown
    routine = await _form_of(running_app, "add_routine")
    times = {at: {"value": {"type": "timepicker", "selected_time": when}} for at, when in
             {"from": "12:00", "to": "13:00"}.items()}  # fmt: skip
    days = {"days": {"value": {"type": "checkboxes", "selected_options": [{"value": "mon"}]}}}
    assert await _refused(running_app, routine, picked(":forged:") | typed("text", "Lunch") | times | days) == unknown
    assert (
        await _refused(running_app, await open_form(running_app), picked(":forged:") | typed("text", "Tea")) == unknown
    )
    assert await running_app.service.stores.lines.list(key) == complete(())
    view = await _form_of(running_app, "add_line")
    assert await _refused(running_app, view, picked(":party:") | line) == {}
    assert (await running_app.service.stores.lines.list(key))[0].look.emoji == ":party:"


async def test_line_whose_emoji_has_vanished_is_saved_with_another_text(running_app: RunningApp) -> None:
    running_app.slack.emoji.add(TEAM, "party")
    key = await running_app.joins(add="emoji")
    line = picked(":party:") | typed("title_words", "cake")
    assert await _refused(running_app, await _form_of(running_app, "add_line"), line | typed("text", "Cake")) == {}
    made = (await running_app.service.stores.lines.list(key))[0]
    running_app.slack.emoji.remove(TEAM, "party")
    await changes(running_app)
    view = await _form_of(running_app, "edit_line", made.id)
    assert await _refused(running_app, view, line | typed("text", "Pie")) == {}
    assert (await running_app.service.stores.lines.list(key))[0].look == Look("Pie", ":party:")


async def test_any_name_is_taken_where_the_list_of_emoji_may_not_be_read(running_app: RunningApp) -> None:
    await running_app.joins()
    line = picked(":who_knows:") | typed("title_words", "cake") | typed("text", "Cake")
    assert await _refused(running_app, await _form_of(running_app, "add_line"), line) == {}


async def test_emoji_that_was_removed_falls_back_to_the_kinds_own_and_why_says_so(running_app: RunningApp) -> None:
    running_app.slack.emoji.add(TEAM, "party")
    await running_app.joins(add="emoji")
    running_app.feeds["work"].has(lasting("a", at("10:00"), 60), lasting("b", at("13:00"), 60))
    await running_app.connects("work")
    assert running_app.service is not None
    party = complete((), {Kind.MEETING: Look(emoji=":party:")})
    await running_app.service.stores.lines.change(PersonKey(TEAM, ANN), running_app.clock.now(), lambda _: party)
    running_app.wake()
    await running_app.settle()
    await running_app.until(at("10:05"))
    assert running_app.shows()[:2] == ("In a meeting", ":party:")
    assert "does not know" not in await why(running_app)
    assert ":party: *In a meeting*" in await its_list(running_app)
    running_app.slack.emoji.remove(TEAM, "party")
    await changes(running_app)
    assert ":spiral_calendar_pad: *In a meeting*" in await its_list(running_app)
    await running_app.until(at("13:05"))
    assert running_app.shows()[:2] == ("In a meeting", ":spiral_calendar_pad:")
    said = await why(running_app)
    assert "Slack does not know :party: any more, so :spiral_calendar_pad: is shown." in said
    assert "Your status is :spiral_calendar_pad: *In a meeting*" in said
    tried = [call.arguments["profile"]["status_emoji"] for call in running_app.slack.calls.all(SET)]
    assert tried == [":party:", ":spiral_calendar_pad:"]  # nothing that Slack was known not to know


async def test_refused_emoji_is_said_and_tried_once_where_the_list_may_not_be_read(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.until(at("09:00", 25))
    await running_app.types("/quo", ":gone: Lunch for 30m")
    assert running_app.shows()[:2] == ("Lunch", ":speech_balloon:")
    assert "Slack does not know :gone: any more, so :speech_balloon: is shown." in await why(running_app)
    await running_app.until(at("09:01", 25))
    await running_app.types("/quo", ":gone: Tea for 30m")
    assert running_app.shows()[:2] == ("Tea", ":speech_balloon:")
    tried = [call.arguments["profile"]["status_emoji"] for call in running_app.slack.calls.all(SET)]
    assert tried == [":gone:", ":speech_balloon:", ":speech_balloon:"]
    await running_app.until(at("09:02", 25))
    await running_app.types("/quo", ":pizza: Cake for 10m")
    assert "does not know" not in await why(running_app)


HOSTILE = [
    "", " ", ":", "::", "<!channel>", "x" * 10_000, ":" + "x" * 101 + ":", "\u202e", "🍕" * 500, "%_", "'", "\\",
    ":a:b:c:", "🏴" + "\U000e0067" * 50, "\u200d" * 100, ":skin-tone-9:", "👍🏽👍🏽", "{title}",
]  # fmt: skip


async def test_whatever_is_typed_is_answered_with_options_that_slack_takes(running_app: RunningApp) -> None:
    for number, name in enumerate(("x" * 100, "a<b", "A B", "", "tab\t", "&amp;", "日本語", "`x`", 'quo"te')):
        running_app.slack.workspaces[TEAM].emoji[name] = f"https://example.com/{number}.png"
    running_app.slack.workspaces[TEAM].emoji |= {"zig": "alias:zag", "zag": "alias:zig", "zog": "alias:zog"}
    await running_app.joins(add="emoji")
    for text in HOSTILE:
        await offered(running_app, text)
    assert await offered(running_app, "日本") == [":日本語:"]
    assert [await offered(running_app, text) for text in ("zig", "zog", "xxx", "quo")] == [[], [], [], []]


async def test_menus_of_emoji_are_known_by_the_id_of_their_block(running_app: RunningApp) -> None:
    await running_app.joins(add="emoji")
    member = {"id": ANN, "team_id": TEAM}
    asked = {
        "type": "block_suggestion", "team": {"id": TEAM}, "user": member, "api_app_id": "A0STATUSQUO",
        "container": {"type": "view", "view_id": "V1"}, "action_id": "value", "block_id": "stand_in", "value": "pizza",
    }  # fmt: skip
    body = urlencode({"payload": json.dumps(asked)}).encode()
    answer = await running_app.slack.deliveries.send(body, "application/x-www-form-urlencoded")
    assert (answer.status, answer.json()) == (200, {"options": []})
    named = urlencode({"payload": json.dumps(asked | {"block_id": "kind_meeting_emoji"})}).encode()
    answer = await running_app.slack.deliveries.send(named, "application/x-www-form-urlencoded")
    assert [option["value"] for option in answer.json()["options"]] == [":pizza:"]
    broken = urlencode({"payload": json.dumps(asked | {"value": ["pizza"], "block_id": "emoji"})}).encode()
    answer = await running_app.slack.deliveries.send(broken, "application/x-www-form-urlencoded")
    assert (answer.status, answer.json()) == (200, {"options": []})


async def test_question_writes_nothing_and_is_answered_again(running_app: RunningApp) -> None:
    """Each letter that is typed is one: it claims no delivery."""
    await running_app.joins(add="emoji")
    view = await open_form(running_app)
    before = await running_app.rows(select(func.count()).select_from(DELIVERIES))
    answers = [await running_app.slack.people.suggest(ANN, view, "value", "pizza", block_id="emoji") for _ in range(3)]
    assert answers[0] == answers[1] == answers[2] != []
    assert await running_app.rows(select(func.count()).select_from(DELIVERIES)) == before


async def test_own_emoji_of_one_workspace_are_not_offered_in_another(clock: ManualClock, database_url: str) -> None:
    async with open_running_app(clock, database_url) as app:
        other = "T0OTHER0001"
        app.slack.add_workspace(other)
        app.slack.emoji.add(TEAM, "pizza_ours")
        app.slack.emoji.add(other, "pizza_theirs")
        await app.joins(add="emoji")
        await app.joins(BEN, team=other, add="emoji")
        assert await offered(app, "pizza_") == [":pizza_ours:"]
        assert await offered(app, "pizza_", BEN) == [":pizza_theirs:"]


@pytest.mark.slow
async def test_thirty_thousand_are_searched(running_app: RunningApp, clock: ManualClock) -> None:
    """Bench `emoji` measures how long it takes."""
    running_app.slack.workspaces[TEAM].emoji |= {f"team_face_{number:05}": "x" for number in range(MOST_NAMES)}
    await running_app.joins(add="emoji")
    assert running_app.service is not None
    stores = running_app.service.stores
    searching = EmojiSearch(stores.emoji, stores.workspaces, clock, CountingWakeSignal())
    assert (await searching.search(TEAM, "face_2999"))[0] == ":team_face_29990:"
    assert len(await searching.search(TEAM, "face_2")) == OFFERED
