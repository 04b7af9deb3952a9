"""`/quo` typed in a Slack on loopback: what is answered, what is stored, what the profile shows then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handlers.slack.context import known
from services.domain.model import OverrideKind, PersonKey, Response
from tests.support.engine import TEAM, absence, meeting
from tests.support.stepped_app import ANN, BEN, SteppedApp, elements, local, text_of


async def test_quo_with_text_emoji_and_length_is_set_at_once_and_ends_by_itself(app: SteppedApp) -> None:
    answer = await app.quo(":pizza: Lunch for 45m")
    end = app.clock.now() + timedelta(minutes=45)
    assert await app.shows() == ("Lunch", ":pizza:", int(end.timestamp()))
    assert answer["response_type"] == "ephemeral"
    assert answer["text"] == "Your status: :pizza: *Lunch* until 10:45."
    app.clock.move(minutes=46)
    assert await app.shows() == ("", "", 0)


async def test_quo_without_an_end_stays_until_cleared(app: SteppedApp) -> None:
    answer = await app.quo("Lunch")
    assert answer["text"] == "Your status: *Lunch* until you clear it."
    assert (await app.shows())[0] == "Lunch"
    assert (await app.quo("clear"))["text"] == "Ended: *Lunch*"
    assert (await app.shows())[:2] == ("", "")


@pytest.mark.parametrize(
    ("typed", "text", "emoji", "end"),
    [
        ("Lunch until 13:30", "Lunch", "", "2026-11-24 13:30"),
        ("Lunch until 9:30am", "Lunch", "", "2026-11-25 09:30"),
        ("🍕 Lunch for 1h30", "Lunch", ":pizza:", "2026-11-24 11:30"),
        ("Lunch for 45m :pizza:", "Lunch", ":pizza:", "2026-11-24 10:45"),
        ("Lunch :pizza: until 1pm", "Lunch", ":pizza:", "2026-11-24 13:00"),
        (":wave::skin-tone-2: Hi until tomorrow", "Hi", ":wave::skin-tone-2:", "2026-11-25 00:00"),
        ("👋🏽 Hi for 2 hours", "Hi", ":wave::skin-tone-4:", "2026-11-24 12:00"),
        ("R&D <3 for 1h", "R&D <3", "", "2026-11-24 11:00"),
        ("see https://example.com/a?b=1&c=2 for 1h", "see https://example.com/a?b=1&c=2", "", "2026-11-24 11:00"),
        ("Sunday roast for 45m", "Sunday roast", "", "2026-11-24 10:45"),
        ("May I help", "May I help", "", None),
    ],
)
async def test_quo_reads_emoji_text_and_time_wherever_they_stand(
    app: SteppedApp, typed: str, text: str, emoji: str, end: str | None
) -> None:
    await app.quo(typed)
    made = await app.only()
    assert (made.kind, made.text, made.emoji) == (OverrideKind.STATUS, text, emoji)
    assert (None if made.end is None else local(made.end)) == end


async def test_emoji_alone_is_refused_as_slack_would_refuse_it(app: SteppedApp) -> None:
    for typed in (":tea:", "🍕 for 45m"):
        assert (await app.quo(typed))["text"].startswith("Write a text: Slack takes no status without one.")
    assert await app.standing() == []


NOT_UNDERSTOOD = [
    "pause banana", "preview someday", "Lunch until Firday", "Lunch for 45x", "clear the desk", "who let the dogs out",
    "setings", "until 3pm", "x for 0m", "x for 9999 days", "x until 2020-01-01", "a" * 301, "a" * 101,
]  # fmt: skip
USAGE = "Type `/quo [emoji] [text] [for or until when]`, for example `/quo :pizza: Lunch for 45m`."


async def test_quo_not_understood_answers_usage_with_an_example_and_changes_nothing(
    app: SteppedApp, subtests: pytest.Subtests
) -> None:
    for number, typed in enumerate(NOT_UNDERSTOOD):
        with subtests.test(number=number):
            answer = await app.quo(typed)
            assert USAGE in answer["text"]
            assert await app.standing() == []
            assert await app.shows() == ("", "", 0)


async def test_quo_near_miss_names_the_command_that_was_meant(app: SteppedApp) -> None:
    answer = await app.quo("setings")
    assert answer["text"].splitlines()[0] == "I do not know that. Did you mean `/quo settings`?"


async def test_quo_near_miss_offers_the_command_and_does_it(app: SteppedApp) -> None:
    await app.quo("puase")
    assert await app.standing() == []
    assert not any(one["action_id"] == "undo_override" for one in elements(app.message().blocks))
    await app.click_message("run_meant")
    assert "pause" in app.message().text.lower()
    assert (await app.quo("resume"))["text"] == "I keep your status again."


async def test_quo_near_miss_of_a_form_opens_it(app: SteppedApp) -> None:
    await app.quo("setings")
    await app.click_message("run_meant")
    assert app.modal().view["callback_id"] == "settings"


async def test_quo_near_miss_can_be_a_status_all_the_same(app: SteppedApp) -> None:
    await app.quo("Clean")
    await app.click_message("set_as_typed")
    assert (await app.only()).text == "Clean"
    assert app.message().text == "Your status: *Clean* until you clear it."


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u3000", "\u2009"])
async def test_quo_commands_are_commands_whatever_blank_was_typed(app: SteppedApp, blank: str) -> None:
    await app.quo(f"pause{blank}2h")
    assert await app.standing() == []
    assert (await app.quo("resume"))["text"] == "I keep your status again."


async def test_quo_undo_takes_back_what_was_set(app: SteppedApp) -> None:
    await app.quo("Lunch for 45m")
    assert (await app.shows())[0] == "Lunch"
    await app.click_message("undo_override")
    assert app.message().text == "Taken back: *Lunch* until 10:45"
    assert await app.shows() == ("", "", 0)
    await app.quo("Tea")
    await app.click_message("undo_override")
    assert await app.standing() == []


async def test_quo_undo_twice_says_that_it_is_undone_already(app: SteppedApp) -> None:
    await app.quo("Lunch")
    message = app.message()
    button = next(one for one in elements(message.blocks) if one["action_id"] == "undo_override")
    for _ in range(2):
        await app.engine.slack.people.click_in_message(ANN, message.ts, {**button})
    assert message.text == "That can no longer be undone: it is undone already, or was more than ten minutes ago."


async def test_clear_during_an_event_is_back_early_until_the_event_is_over(app: SteppedApp) -> None:
    start = app.clock.now() - timedelta(minutes=10)
    await app.engine.has(app.ann, meeting(start, 60), meeting(start + timedelta(hours=2), 30, uid="m2"))
    assert (await app.shows())[0] == "In a meeting"
    assert (await app.quo("clear"))["text"] == "Welcome back. I show nothing until 10:50."
    assert await app.shows() == ("", "", 0)
    app.clock.move_to(start + timedelta(hours=2, minutes=1))
    assert (await app.shows())[0] == "In a meeting"


async def test_clear_of_an_override_over_an_event_shows_the_event_again(app: SteppedApp) -> None:
    await app.engine.has(app.ann, meeting(app.clock.now(), 60))
    await app.quo("Lunch")
    assert (await app.shows())[0] == "Lunch"
    await app.quo("clear")
    assert (await app.shows())[0] == "In a meeting"


async def test_event_shows_again_in_the_second_in_which_slack_takes_the_override_off(app: SteppedApp) -> None:
    await app.engine.has(app.ann, meeting(app.clock.now(), 60))
    end = app.clock.now() + timedelta(minutes=30)
    app.clock.move(seconds=0.4)
    await app.quo(":pizza: Lunch for 30m")
    assert await app.shows() == ("Lunch", ":pizza:", int(end.timestamp()))
    app.clock.move_to(end)
    assert (await app.shows())[0] == "In a meeting"


async def test_clear_with_nothing_to_clear_says_so(app: SteppedApp) -> None:
    assert (await app.quo("clear"))["text"] == "There is nothing to change."


async def test_pause_leaves_the_status_alone_until_resume(app: SteppedApp) -> None:
    answer = await app.quo("pause 2h")
    assert answer["text"] == ":double_vertical_bar: Paused: I leave your status alone until 12:00."
    await app.engine.has(app.ann, meeting(app.clock.now(), 60))
    assert (await app.shows())[0] == ""
    assert (await app.quo("resume"))["text"] == "I keep your status again."
    assert (await app.shows())[0] == "In a meeting"
    assert (await app.quo("resume"))["text"] == "There is nothing to change."


async def test_pause_without_a_time_holds_until_resumed(app: SteppedApp) -> None:
    assert (await app.quo("pause"))["text"].endswith("until you resume.")
    await app.click_message("resume")
    assert app.message().text == "I keep your status again."


async def test_why_names_event_rule_and_what_was_ignored(app: SteppedApp) -> None:
    now = app.clock.now()
    declined = replace(meeting(now, 30, uid="m2", response=Response.DECLINED), title="Budget")
    await app.engine.has(app.ann, meeting(now, 60), declined)
    await app.shows()
    answer = await app.quo("why")
    said = text_of(answer)
    assert "Your status is :spiral_calendar_pad: *In a meeting* until 11:00." in answer["text"]
    assert "Shown because of “Plan” until 11:00." in answer["text"]
    assert "Budget: Ignored: you declined it." in said
    assert "Last, at 10:00: Set until 11:00: your status was empty." in said


async def test_why_tells_an_end_once_where_the_status_says_it_itself(app: SteppedApp) -> None:
    await app.ooo("until 3pm")
    await app.shows()
    assert (await app.quo("why"))["text"].startswith("Your status is :palm_tree: *Out of office until 15:00*.\n")


async def test_why_names_a_status_of_their_own_that_is_left_alone(app: SteppedApp) -> None:
    await app.engine.has(app.ann, meeting(app.clock.now() - timedelta(minutes=5), 60))
    await app.shows()
    app.engine.slack.type_status(ANN, "Dentist", ":tooth:", app.clock.now() + timedelta(minutes=30))
    app.clock.move(minutes=1)
    await app.shows()
    answer = await app.quo("why")
    assert answer["text"].startswith("You set :tooth: *Dentist* yourself. I leave it alone.")


async def test_preview_of_a_day_and_of_an_instant(app: SteppedApp) -> None:
    thursday = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    await app.engine.has(app.ann, meeting(thursday, 60))
    day = await app.quo("preview thursday")
    assert day["text"].splitlines() == [
        "*Thu 26 Nov*",
        "`10:00 – 11:00`  :spiral_calendar_pad: *In a meeting* · _Plan_",
    ]
    instant = await app.quo("preview thursday 10:15")
    assert instant["text"].splitlines()[0] == "Thu 26 Nov, 10:15: :spiral_calendar_pad: *In a meeting*"
    empty = await app.quo("preview friday 10:15")
    assert empty["text"].splitlines()[0] == "Fri 27 Nov, 10:15: nothing"


async def test_preview_of_a_day_far_ahead_knows_overrides(app: SteppedApp) -> None:
    await app.ooo("24 dec - 2 jan")
    assert "Out of office until 3 January" in (await app.quo("preview 24 dec"))["text"]


async def test_who_lists_those_whose_profile_says_that_they_are_out(app: SteppedApp) -> None:
    assert (await app.quo("who"))["text"] == "Nobody is out, as far as I know."
    ben = PersonKey(TEAM, BEN)
    await app.engine.has(ben, absence(app.clock.now(), 8))
    await app.settle()
    answer = await app.quo("who")
    first, line = answer["text"].split("\n")
    assert (first, line[-13:]) == ("*Who is out: today*", ": until 18:00")  # the name comes with Slack's event
    assert (await app.quo("who @ben"))["text"] in {"• Ben: until 18:00", f"• {BEN}: until 18:00"}
    assert (await app.quo("who @ann"))["text"].endswith(" not out, as far as I know.")


async def test_who_shows_nothing_of_somebody_who_paused(app: SteppedApp) -> None:
    ben = PersonKey(TEAM, BEN)
    await app.quo("pause", user=BEN)
    await app.engine.has(ben, absence(app.clock.now(), 8))
    await app.settle()
    assert (await app.quo("who"))["text"] == "Nobody is out, as far as I know."


async def test_calendars_lists_them_with_their_health(app: SteppedApp) -> None:
    answer = await app.quo("calendars")
    assert [one["action_id"] for one in elements(answer["blocks"])] == ["open_connect"]
    assert "Being read for the first time." in answer["text"]


async def test_connect_opens_the_form_and_takes_no_address_in_the_command(app: SteppedApp) -> None:
    assert await app.quo("connect") == {}
    assert app.modal().view["callback_id"] == "connect_calendar"
    answer = await app.quo("connect https://calendar.example.com/secret.ics")
    assert "Nothing was changed." in answer["text"]
    assert "secret.ics" not in answer["text"]


async def test_settings_opens_the_form(app: SteppedApp) -> None:
    assert await app.quo("settings") == {}
    assert app.modal().view["callback_id"] == "settings"


async def test_forget_deletes_everything_after_one_question(app: SteppedApp) -> None:
    await app.quo("Lunch")
    answer = await app.quo("forget")
    (button,) = elements(answer["blocks"])
    assert "confirm" in button
    assert await app.people.get(app.ann) is not None
    await app.click_message("forget_me")
    assert app.message().text.startswith("Everything I knew of you is deleted.")
    assert await app.people.get(app.ann) is None


@pytest.mark.parametrize("typed", ["", "help"])
async def test_help_says_what_it_can_do_and_how_the_status_stands(app: SteppedApp, typed: str) -> None:
    await app.quo("Lunch for 45m")
    await app.shows()
    answer = await app.quo(typed)
    assert "Your status is :speech_balloon: *Lunch* until 10:45." in text_of(answer)
    assert "You asked for it, until 10:45." in text_of(answer)
    assert "`/quo pause 2h`" in text_of(answer)


async def test_same_trigger_counts_once(app: SteppedApp) -> None:
    person = known(await app.people.ensure(app.ann), app.clock)
    for _ in range(2):
        await app.commands.answer(person, "/quo", "Lunch", "trigger-1")
    assert len(await app.standing()) == 1
