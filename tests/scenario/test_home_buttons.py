"""The Home tab as it is published, and its buttons clicked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.domain.model import OwnStatusPolicy, PersonKey, Status
from services.domain.people import Preferences, WorkingHours
from services.store.calendar_tables import CALENDARS
from tests.support import blockkit
from tests.support.engine import TEAM, meeting
from tests.support.stepped_app import ANN, BEN, SteppedApp, elements, text_of


def ids(view: dict[str, Any]) -> list[str]:
    return [one["action_id"] for one in elements(view["blocks"])]


async def test_home_shows_status_reason_today_calendars_and_every_button(app: SteppedApp) -> None:
    now = app.clock.now()
    await app.engine.has(app.ann, meeting(now, 60), meeting(now + timedelta(hours=3), 30, uid="m2"))
    await app.shows()
    view = await app.publish_home()
    blockkit.check_view(view)
    said = text_of(view)
    assert "Your status is :spiral_calendar_pad: *In a meeting* until 11:00." in said
    assert "Shown because of “Plan” until 11:00." in said
    assert "`13:00 – 13:30`  :spiral_calendar_pad: *In a meeting* · _Plan_" in said
    assert "Being read for the first time." in said
    assert ids(view) == [
        "open_override", "open_out_of_office", "clear_override", "pause",
        "choose_mute", "edit_line", "edit_line", "edit_line", "edit_line",
        "open_rules", "add_line", "add_routine", "open_routines",
        "calendar_menu", "open_connect", "make_digest", "make_feed", "open_keys", "open_settings", "forget_me",
    ]  # fmt: skip
    values = [one["value"] for one in elements(view["blocks"]) if one["action_id"] == "edit_line"]
    assert values == ["out_of_office", "meeting", "focus", "working_location"]


async def test_home_shows_what_was_chosen_in_the_settings(app: SteppedApp) -> None:
    chosen = Preferences(
        idle=Status("Ask me anything", ":wave:"), titles=True, working_hours=WorkingHours(), lead=timedelta(minutes=5),
        own_status=OwnStatusPolicy.MINE_ALWAYS_WINS,
    )  # fmt: skip
    await app.preferences.save(app.ann, chosen, app.clock.now())
    view = await app.publish_home()
    blockkit.check_view(view)
    assert ":wave: *Ask me anything*\\nWhen nothing is on" in text_of(view)
    assert (
        "Titles may be shown where a text asks for them · Ignore events outside of my working hours: Mon–Fri "
        "09:00–18:00 · A status I set myself: Mine always wins · Minutes a status may start early: 5"
    ) in text_of(view)


async def test_home_of_a_stranger_says_what_this_is_and_offers_the_grant(app: SteppedApp) -> None:
    key = PersonKey(TEAM, "U0NEW00001")
    view = await app.tab.home(key)
    blockkit.check_view(view)
    assert ids(view) == ["open_grant", "open_connect"]
    assert elements(view["blocks"])[0]["url"].startswith("https://quo.example/slack/install?link=")
    assert "A status that you typed yourself is never lost" in text_of(view)


async def test_home_without_a_grant_still_shows_everything_and_offers_the_grant(app: SteppedApp) -> None:
    await app.engine.change(app.ann, grant_state="none")
    view = await app.publish_home()
    assert ids(view)[0] == "open_grant"
    assert {"open_settings", "open_rules", "open_connect"} <= set(ids(view))


async def test_home_titles_are_shown_to_their_owner_alone(app: SteppedApp) -> None:
    await app.engine.has(app.ann, meeting(app.clock.now(), 60))
    assert "Plan" in text_of(await app.tab.home(app.ann))
    assert "Plan" not in text_of(await app.tab.home(PersonKey(TEAM, BEN)))


FORMS = [
    ("open_override", "override"), ("open_out_of_office", "out_of_office"), ("open_connect", "connect_calendar"),
    ("open_rules", "rules"), ("open_routines", "routines"), ("open_settings", "settings"), ("add_line", "line"),
    ("edit_line", "line"), ("add_routine", "routine"), ("choose_mute", "mute_while"),
]  # fmt: skip


async def test_home_button_opens_its_form(app: SteppedApp, subtests: pytest.Subtests) -> None:
    await app.publish_home()
    for action, callback in FORMS:
        with subtests.test(action=action):
            await app.click_home(action)
            view = app.modal().view
            blockkit.check_view(view)
            assert view["callback_id"] == callback


async def test_home_pause_and_resume_change_places_at_once(app: SteppedApp) -> None:
    await app.publish_home()
    await app.click_home("pause")
    view = app.engine.slack.homes[ANN].view
    assert "resume" in ids(view)
    assert "pause" not in ids(view)
    assert "Paused: I leave your status alone until you resume." in text_of(view)
    await app.click_home("resume")
    assert "pause" in ids(app.engine.slack.homes[ANN].view)


async def test_home_clear_ends_the_override_and_shows_it(app: SteppedApp) -> None:
    await app.quo("Lunch")
    await app.publish_home()
    await app.click_home("clear_override")
    assert await app.standing() == []
    assert "clear_override" not in ids(app.engine.slack.homes[ANN].view)


async def test_home_back_early_clears_the_event(app: SteppedApp) -> None:
    await app.engine.has(app.ann, meeting(app.clock.now(), 60))
    assert (await app.shows())[0] == "In a meeting"
    await app.publish_home()
    await app.click_home("clear_override")
    assert await app.shows() == ("", "", 0)


async def test_home_lists_what_is_coming(app: SteppedApp) -> None:
    await app.ooo("24 dec - 2 jan Skiing")
    view = await app.publish_home()
    assert "*Skiing* from Thu 24 Dec until the end of Sat, 2 Jan 2027" in text_of(view)


async def test_home_menu_disconnects_a_calendar(app: SteppedApp) -> None:
    await app.engine.has(app.ann, meeting(app.clock.now(), 60))
    await app.publish_home()
    await app.click_home("calendar_menu", "disconnect:c1")
    assert "No calendar is connected yet." in text_of(app.engine.slack.homes[ANN].view)
    assert await app.shows() == ("", "", 0)


async def test_home_menu_reads_a_calendar_now(app: SteppedApp) -> None:
    later = app.clock.now() + timedelta(hours=1)
    async with app.engine.database.write() as connection:
        await connection.execute(sa.update(CALENDARS).where(CALENDARS.c.user_id == ANN).values(due_at=later))
    await app.publish_home()
    await app.click_home("calendar_menu", "sync:c1")
    (line,) = await app.surface.calendars.list(app.ann)
    assert line.due_at == app.clock.now()  # type: ignore[attr-defined]  # CalendarView has it, the surface needs it not


async def test_home_forget_me_deletes_everything_and_greets_a_stranger(app: SteppedApp) -> None:
    await app.quo("Lunch")
    view = await app.publish_home()
    button = next(one for one in elements(view["blocks"]) if one["action_id"] == "forget_me")
    assert button["confirm"]["title"]["text"] == "Forget me?"
    await app.click_home("forget_me")
    assert await app.people.get(app.ann) is None
    assert ids(app.engine.slack.homes[ANN].view) == []


async def test_home_of_the_busiest_day_stays_within_slacks_limits(app: SteppedApp) -> None:
    now = app.clock.now().replace(hour=0)
    many = [meeting(now + timedelta(minutes=12 * index), 6, uid=f"m{index}") for index in range(110)]
    await app.engine.has(app.ann, *many)
    view = await app.publish_home()
    blockkit.check_view(view)


@pytest.mark.parametrize("callback", ["set_out_of_office", "set_status"])
async def test_shortcut_opens_its_form(app: SteppedApp, callback: str) -> None:
    answer = await app.engine.slack.people.shortcut(ANN, callback)
    assert answer.status == 200
    assert app.modal().view["callback_id"] == {"set_out_of_office": "out_of_office", "set_status": "override"}[callback]


async def test_form_that_slack_refuses_to_open_is_said_in_a_sentence(app: SteppedApp) -> None:
    await app.publish_home()
    app.engine.slack.faults.add(Fault("views.open", error="internal_error"))
    await app.click_home("open_override")
    assert "Slack does not answer at the moment. I keep trying." in text_of(app.modal().view)


async def test_home_button_that_slack_does_not_answer_for_is_said_in_a_sentence(app: SteppedApp) -> None:
    await app.publish_home()
    app.engine.slack.faults.add(Fault("views.open", drop=True))
    await app.click_home("open_settings")
    assert "Slack does not answer at the moment. I keep trying." in text_of(app.modal().view)


TOO_LATE = "That took too long, and Slack did not open it. Do it once more."


def told(app: SteppedApp) -> list[str]:
    """What Ann was told, by an answer or in the app's own conversation."""
    slack = app.engine.slack
    return [one.text for one in (*slack.ephemeral_messages(ANN), *slack.direct_messages(ANN)) if TOO_LATE in one.text]


@pytest.mark.parametrize("code", ["expired_trigger_id", "trigger_expired", "exchanged_trigger_id"])
async def test_click_whose_trigger_expired_is_answered_where_no_form_can_be(app: SteppedApp, code: str) -> None:
    await app.publish_home()
    app.engine.slack.faults.add(Fault("views.open", error=code, times=None))
    await app.click_home("open_override")
    assert len(told(app)) == 1
    app.engine.slack.faults.clear()
    await app.click_home("open_override")
    assert app.modal().view["callback_id"] == "override"


@pytest.mark.parametrize("callback", ["set_out_of_office", "set_status"])
async def test_shortcut_whose_trigger_expired_is_answered(app: SteppedApp, callback: str) -> None:
    app.engine.slack.faults.add(Fault("views.open", error="expired_trigger_id", times=None))
    await app.engine.slack.people.shortcut(ANN, callback)
    assert len(told(app)) == 1


async def test_form_on_top_of_a_form_whose_trigger_expired_is_answered(app: SteppedApp) -> None:
    await app.publish_home()
    await app.click_home("open_rules")
    app.engine.slack.faults.add(Fault("views.push", error="expired_trigger_id", times=None))
    app.engine.slack.faults.add(Fault("views.open", error="expired_trigger_id", times=None))
    await app.click_view(app.modal(), "add_line")
    assert len(told(app)) == 1


@pytest.mark.parametrize("command", ["/quo connect", "/quo settings", "/ooo"])
async def test_command_whose_trigger_expired_is_answered(app: SteppedApp, command: str) -> None:
    app.engine.slack.faults.add(Fault("views.open", error="expired_trigger_id", times=None))
    name, _, text = command.partition(" ")
    answer = await app.engine.slack.people.command(ANN, name, text)
    assert answer.status == 200
    assert len(told(app)) == 1


async def test_button_of_an_answer_whose_trigger_expired_is_answered_beside_it(app: SteppedApp) -> None:
    await app.quo("calendars")
    answered = app.engine.slack.ephemeral_messages(ANN)[-1]
    button = next(one for one in elements(answered.blocks) if one["action_id"] == "open_connect")
    app.engine.slack.faults.add(Fault("views.open", error="expired_trigger_id", times=None))
    await app.engine.slack.people.click_in_message(ANN, answered.ts, button)
    assert len(told(app)) == 1
    assert answered in app.engine.slack.messages
    assert TOO_LATE not in answered.text


@pytest.mark.parametrize("code", ["internal_error", "expired_trigger_id"])
async def test_click_that_slack_lets_nobody_answer_is_no_failure_of_ours(app: SteppedApp, code: str) -> None:
    await app.publish_home()
    app.engine.slack.faults.add(Fault("views.open", error=code, times=None))
    app.engine.slack.faults.add(Fault("chat.postMessage", status=503, times=None))
    await app.click_home("open_override")


@pytest.mark.parametrize("typed", ["pause", "Lunch"])
async def test_answer_button_for_what_is_over_says_that_there_is_nothing_to_change(app: SteppedApp, typed: str) -> None:
    await app.publish_home()
    if typed == "pause":
        await app.quo("pause")
        await app.quo("resume")
        await app.publish_home()
    else:
        await app.quo("Lunch")
        await app.publish_home()
        await app.quo("clear")
        await app.click_home("clear_override")
        assert "clear_override" not in ids(app.engine.slack.homes[ANN].view)
        return
    answered = [one for one in app.engine.slack.messages if one.only_for == ANN and "Paused" in one.text][-1]
    button = next(one for one in elements(answered.blocks) if one["action_id"] == "resume")
    await app.engine.slack.people.click_in_message(ANN, answered.ts, {**button})
    assert answered.text == "There is nothing to change."
