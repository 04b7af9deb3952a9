"""`/quo` typed in a Slack on loopback: what is answered, what is stored, what the profile shows then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handlers.slack.context import known
from services.domain.model import OverrideKind, PersonKey, Response
from services.platform.crypto import Encryptor
from services.store.db import Database
from tests.support.clocks import ManualClock
from tests.support.engine import TEAM, absence, meeting
from tests.support.slack_surface import ANN, BEN, Desk, elements, local, open_desk, text_of


@pytest.fixture
async def desk(sqlite_url: str, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[Desk]:
    """Ann in Berlin, Tuesday 24 November 2026, 10:00 there."""
    database = Database(sqlite_url)
    async with open_desk(database, encryptor, clock) as made:
        yield made
    await database.close()


async def test_quo_with_text_emoji_and_length_is_set_at_once_and_ends_by_itself(desk: Desk) -> None:
    answer = await desk.quo(":pizza: Lunch for 45m")
    end = desk.clock.now() + timedelta(minutes=45)
    assert await desk.shows() == ("Lunch", ":pizza:", int(end.timestamp()))
    assert answer["response_type"] == "ephemeral"
    assert answer["text"] == "Your status: :pizza: *Lunch* until 10:45."
    desk.clock.move(minutes=46)
    assert await desk.shows() == ("", "", 0)


async def test_quo_without_an_end_stays_until_cleared(desk: Desk) -> None:
    answer = await desk.quo("Lunch")
    assert answer["text"] == "Your status: *Lunch* until you clear it."
    assert (await desk.shows())[0] == "Lunch"
    assert (await desk.quo("clear"))["text"] == "Ended: *Lunch*"
    assert (await desk.shows())[:2] == ("", "")


@pytest.mark.parametrize(
    ("typed", "text", "emoji", "end"),
    [
        ("Lunch until 13:30", "Lunch", "", "2026-11-24 13:30"),
        ("Lunch until 9:30am", "Lunch", "", "2026-11-25 09:30"),
        ("🍕 Lunch for 1h30", "Lunch", ":pizza:", "2026-11-24 11:30"),
        ("Lunch for 45m :pizza:", "Lunch", ":pizza:", "2026-11-24 10:45"),
        ("Lunch :pizza: until 1pm", "Lunch", ":pizza:", "2026-11-24 13:00"),
        (":wave::skin-tone-2: until tomorrow", "", ":wave::skin-tone-2:", "2026-11-25 00:00"),
        ("👋🏽 for 2 hours", "", ":wave::skin-tone-4:", "2026-11-24 12:00"),
        ("R&D <3 for 1h", "R&D <3", "", "2026-11-24 11:00"),
        ("see https://example.com/a?b=1&c=2 for 1h", "see https://example.com/a?b=1&c=2", "", "2026-11-24 11:00"),
        ("Sunday roast for 45m", "Sunday roast", "", "2026-11-24 10:45"),
        ("May I help", "May I help", "", None),
    ],
)
async def test_quo_reads_emoji_text_and_time_wherever_they_stand(
    desk: Desk, typed: str, text: str, emoji: str, end: str | None
) -> None:
    await desk.quo(typed)
    made = await desk.only()
    assert (made.kind, made.text, made.emoji) == (OverrideKind.STATUS, text, emoji)
    assert (None if made.end is None else local(made.end)) == end


async def test_quo_keeps_no_raw_mention(desk: Desk) -> None:
    await desk.quo("Lunch with @ben")
    made = await desk.only()
    assert "<" not in made.text
    assert made.text.startswith("Lunch with")


@pytest.mark.parametrize(
    "typed",
    ["pause banana", "preview someday", "Lunch until Firday", "Lunch for 45x", "clear the desk", "who is out",
     "setings", "until 3pm", "x for 0m", "x for 9999 days", "x until 2020-01-01", "a" * 301, "a" * 101],
)  # fmt: skip
async def test_quo_not_understood_answers_usage_with_an_example_and_changes_nothing(desk: Desk, typed: str) -> None:
    answer = await desk.quo(typed)
    assert "Type `/quo [emoji] [text] [for or until when]`, for example `/quo :pizza: Lunch for 45m`." in answer["text"]
    assert await desk.standing() == []
    assert await desk.shows() == ("", "", 0)


async def test_quo_near_miss_names_the_command_that_was_meant(desk: Desk) -> None:
    answer = await desk.quo("setings")
    assert answer["text"].splitlines()[0] == "I do not know that. Did you mean `/quo settings`?"


async def test_quo_near_miss_offers_the_command_and_does_it(desk: Desk) -> None:
    await desk.quo("puase")
    assert await desk.standing() == []
    assert not any(one["action_id"] == "undo_override" for one in elements(desk.message().blocks))
    await desk.click_message("run_meant")
    assert "pause" in desk.message().text.lower()
    assert (await desk.quo("resume"))["text"] == "I keep your status again."


async def test_quo_near_miss_of_a_form_opens_it(desk: Desk) -> None:
    await desk.quo("setings")
    await desk.click_message("run_meant")
    assert desk.modal().view["callback_id"] == "settings"


async def test_quo_near_miss_can_be_a_status_all_the_same(desk: Desk) -> None:
    await desk.quo("Clean")
    await desk.click_message("set_as_typed")
    assert (await desk.only()).text == "Clean"
    assert desk.message().text == "Your status: *Clean* until you clear it."


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u3000", "\u2009"])
async def test_quo_commands_are_commands_whatever_blank_was_typed(desk: Desk, blank: str) -> None:
    await desk.quo(f"pause{blank}2h")
    assert await desk.standing() == []
    assert (await desk.quo("resume"))["text"] == "I keep your status again."


async def test_quo_undo_takes_back_what_was_set(desk: Desk) -> None:
    await desk.quo("Lunch for 45m")
    assert (await desk.shows())[0] == "Lunch"
    await desk.click_message("undo_override")
    assert desk.message().text == "Taken back: *Lunch* until 10:45"
    assert await desk.shows() == ("", "", 0)
    await desk.quo("Tea")
    await desk.click_message("undo_override")
    assert await desk.standing() == []


async def test_quo_undo_twice_says_that_there_is_nothing_to_change(desk: Desk) -> None:
    await desk.quo("Lunch")
    message = desk.message()
    button = next(one for one in elements(message.blocks) if one["action_id"] == "undo_override")
    for _ in range(2):
        await desk.world.slack.people.click_in_message(ANN, message.ts, {**button})
    assert message.text == "There is nothing to change."


async def test_clear_during_an_event_is_back_early_until_the_event_is_over(desk: Desk) -> None:
    start = desk.clock.now() - timedelta(minutes=10)
    await desk.world.has(desk.ann, meeting(start, 60), meeting(start + timedelta(hours=2), 30, uid="m2"))
    assert (await desk.shows())[0] == "In a meeting"
    assert (await desk.quo("clear"))["text"] == "Welcome back. I show nothing until 10:50."
    assert await desk.shows() == ("", "", 0)
    desk.clock.move_to(start + timedelta(hours=2, minutes=1))
    assert (await desk.shows())[0] == "In a meeting"


async def test_clear_of_an_override_over_an_event_shows_the_event_again(desk: Desk) -> None:
    await desk.world.has(desk.ann, meeting(desk.clock.now(), 60))
    await desk.quo("Lunch")
    assert (await desk.shows())[0] == "Lunch"
    await desk.quo("clear")
    assert (await desk.shows())[0] == "In a meeting"


async def test_clear_with_nothing_to_clear_says_so(desk: Desk) -> None:
    assert (await desk.quo("clear"))["text"] == "There is nothing to change."


async def test_pause_leaves_the_status_alone_until_resume(desk: Desk) -> None:
    answer = await desk.quo("pause 2h")
    assert answer["text"] == ":double_vertical_bar: Paused: I leave your status alone until 12:00."
    await desk.world.has(desk.ann, meeting(desk.clock.now(), 60))
    assert (await desk.shows())[0] == ""
    assert (await desk.quo("resume"))["text"] == "I keep your status again."
    assert (await desk.shows())[0] == "In a meeting"
    assert (await desk.quo("resume"))["text"] == "There is nothing to change."


async def test_pause_without_a_time_holds_until_resumed(desk: Desk) -> None:
    assert (await desk.quo("pause"))["text"].endswith("until you resume.")
    await desk.click_message("resume")
    assert desk.message().text == "I keep your status again."


async def test_why_names_event_rule_and_what_was_ignored(desk: Desk) -> None:
    now = desk.clock.now()
    declined = replace(meeting(now, 30, uid="m2", response=Response.DECLINED), title="Budget")
    await desk.world.has(desk.ann, meeting(now, 60), declined)
    await desk.shows()
    answer = await desk.quo("why")
    said = text_of(answer)
    assert "Your status is :spiral_calendar_pad: *In a meeting* until 11:00." in answer["text"]
    assert "Shown because of “Plan” until 11:00." in answer["text"]
    assert "Budget: Ignored: you declined it." in said
    assert "Last, at 10:00: Set until 11:00: your status was empty." in said


async def test_why_names_a_status_of_their_own_that_is_left_alone(desk: Desk) -> None:
    await desk.world.has(desk.ann, meeting(desk.clock.now() - timedelta(minutes=5), 60))
    await desk.shows()
    desk.world.slack.type_status(ANN, "Dentist", ":tooth:", desk.clock.now() + timedelta(minutes=30))
    desk.clock.move(minutes=1)
    await desk.shows()
    answer = await desk.quo("why")
    assert answer["text"].startswith("You set :tooth: *Dentist* yourself. I leave it alone.")


async def test_preview_of_a_day_and_of_an_instant(desk: Desk) -> None:
    thursday = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    await desk.world.has(desk.ann, meeting(thursday, 60))
    day = await desk.quo("preview thursday")
    assert day["text"].splitlines() == [
        "*Thu 26 Nov*",
        "`10:00 – 11:00`  :spiral_calendar_pad: *In a meeting* · _Plan_",
    ]
    instant = await desk.quo("preview thursday 10:15")
    assert instant["text"].splitlines()[0] == "Thu 26 Nov, 10:15: :spiral_calendar_pad: *In a meeting*"
    empty = await desk.quo("preview friday 10:15")
    assert empty["text"].splitlines()[0] == "Fri 27 Nov, 10:15: nothing"


async def test_preview_of_a_day_far_ahead_knows_overrides(desk: Desk) -> None:
    await desk.ooo("24 dec - 2 jan")
    assert "Out of office until 3 January" in (await desk.quo("preview 24 dec"))["text"]


async def test_who_lists_those_whose_profile_says_that_they_are_out(desk: Desk) -> None:
    assert (await desk.quo("who"))["text"] == "Nobody is out, as far as I know."
    ben = PersonKey(TEAM, BEN)
    await desk.world.has(ben, absence(desk.clock.now(), 8))
    await desk.settle()
    answer = await desk.quo("who")
    assert answer["text"] == f"<@{BEN}> is out until 18:00: :palm_tree: *Out of office until 18:00*"
    assert await desk.quo("who @ben") == answer
    assert (await desk.quo("who @ann"))["text"] == f"<@{ANN}> is not out, as far as I know."


async def test_who_shows_nothing_of_somebody_who_paused(desk: Desk) -> None:
    ben = PersonKey(TEAM, BEN)
    await desk.quo("pause", user=BEN)
    await desk.world.has(ben, absence(desk.clock.now(), 8))
    await desk.settle()
    assert (await desk.quo("who"))["text"] == "Nobody is out, as far as I know."


async def test_calendars_lists_them_with_their_health(desk: Desk) -> None:
    answer = await desk.quo("calendars")
    assert [one["action_id"] for one in elements(answer["blocks"])] == ["open_connect"]
    assert "Being read for the first time." in answer["text"]


async def test_connect_opens_the_form_and_takes_no_address_in_the_command(desk: Desk) -> None:
    assert await desk.quo("connect") == {}
    assert desk.modal().view["callback_id"] == "connect_calendar"
    answer = await desk.quo("connect https://calendar.example.com/secret.ics")
    assert "Nothing was changed." in answer["text"]
    assert "secret.ics" not in answer["text"]


async def test_settings_opens_the_form(desk: Desk) -> None:
    assert await desk.quo("settings") == {}
    assert desk.modal().view["callback_id"] == "settings"


async def test_forget_deletes_everything_after_one_question(desk: Desk) -> None:
    await desk.quo("Lunch")
    answer = await desk.quo("forget")
    (button,) = elements(answer["blocks"])
    assert "confirm" in button
    assert await desk.people.get(desk.ann) is not None
    await desk.click_message("forget_me")
    assert desk.message().text.startswith("Everything I knew of you is deleted.")
    assert await desk.people.get(desk.ann) is None


@pytest.mark.parametrize("typed", ["", "help"])
async def test_help_says_what_it_can_do_and_how_the_status_stands(desk: Desk, typed: str) -> None:
    await desk.quo("Lunch for 45m")
    await desk.shows()
    answer = await desk.quo(typed)
    assert "Your status is :speech_balloon: *Lunch* until 10:45." in text_of(answer)
    assert "You asked for it, until 10:45." in text_of(answer)
    assert "`/quo pause 2h`" in text_of(answer)


async def test_same_trigger_counts_once(desk: Desk) -> None:
    person = known(await desk.people.ensure(desk.ann), desk.clock)
    for _ in range(2):
        await desk.commands.answer(person, "/quo", "Lunch", "trigger-1")
    assert len(await desk.standing()) == 1
