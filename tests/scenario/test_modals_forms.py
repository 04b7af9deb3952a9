"""The modals filled in and sent from a Slack on loopback: what is stored, and which field a mistake is shown at."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.domain.model import OverrideKind, OwnStatusPolicy, Status
from services.store.tables import WORKSPACES
from tests.support import blockkit
from tests.support.stepped_app import ANN, SteppedApp, local, text_of


def typed(value: str | None, action: str = "value") -> tuple[str, dict[str, Any]]:
    return action, {"type": "plain_text_input", "value": value}


def date(value: str | None) -> tuple[str, dict[str, Any]]:
    return "date", {"type": "datepicker", "selected_date": value}


def clock_time(value: str | None) -> tuple[str, dict[str, Any]]:
    return "time", {"type": "timepicker", "selected_time": value}


def user(value: str) -> tuple[str, dict[str, Any]]:
    return "user", {"type": "users_select", "selected_user": value}


def picked(*values: str) -> tuple[str, dict[str, Any]]:
    return "value", {"type": "checkboxes", "selected_options": [{"value": value} for value in values]}


def radio(value: str) -> tuple[str, dict[str, Any]]:
    return "value", {"type": "radio_buttons", "selected_option": {"value": value}}


async def opened(app: SteppedApp, shortcut: str) -> None:
    await app.engine.slack.people.shortcut(ANN, shortcut)


# ── a status ────────────────────────────────────────────────────────────────────────────────────────


async def test_status_form_sets_the_status_until_its_time(app: SteppedApp) -> None:
    await opened(app, "set_status")
    answer = await app.submit({"emoji": typed(":pizza:"), "text": typed("Lunch & tea"), "until": clock_time("13:30")})
    assert answer == {}
    made = await app.only()
    assert (made.text, made.emoji, made.end and local(made.end)) == ("Lunch & tea", ":pizza:", "2026-11-24 13:30")
    assert (await app.shows())[:2] == ("Lunch & tea", ":pizza:")


async def test_status_form_with_a_time_that_has_passed_means_tomorrows(app: SteppedApp) -> None:
    await opened(app, "set_status")
    await app.submit({"emoji": typed(None), "text": typed("Lunch"), "until": clock_time("09:55")})
    made = await app.only()
    assert made.end is not None
    assert local(made.end) == "2026-11-25 09:55"


@pytest.mark.parametrize("emoji", ["pizza", "🍕", ":pizza:"])
async def test_status_form_takes_an_emoji_however_it_is_written(app: SteppedApp, emoji: str) -> None:
    await opened(app, "set_status")
    await app.submit({"emoji": typed(emoji), "text": typed("Lunch"), "until": clock_time(None)})
    made = await app.only()
    assert (made.emoji, made.text, made.end) == (":pizza:", "Lunch", None)


STATUS_MISTAKES = [
    ({"emoji": typed("no emoji"), "text": typed("Lunch"), "until": clock_time(None)},
     {"emoji": "That is not an emoji. Write it as :palm_tree:."}),
    ({"emoji": typed(None), "text": typed("x" * 101), "until": clock_time(None)},
     {"text": "Slack allows 100 characters in a status. Shorten the text."}),
    ({"emoji": typed(None), "text": typed(None), "until": clock_time(None)},
     {"text": "Write a text: Slack takes no status without one."}),
    ({"emoji": typed("no emoji"), "text": typed("x" * 101),
      "until": ("time", {"type": "timepicker", "selected_time": "soon"})},
     {"emoji": "That is not an emoji. Write it as :palm_tree:.",
      "text": "Slack allows 100 characters in a status. Shorten the text.",
      "until": "Choose a time."}),
    ({"text": typed("Lunch"), "effects": picked("dnd", "dance")},
     {"effects": "That is not one of the choices. Choose one of them."}),
    ({"text": typed("Lunch"), "until": ("time", {"type": "timepicker", "selected_time": "lunchtime"})},
     {"until": "Choose a time."}),
]  # fmt: skip


async def test_status_form_shows_each_mistake_at_its_field_and_saves_nothing(
    app: SteppedApp, subtests: pytest.Subtests
) -> None:
    for number, (values, errors) in enumerate(STATUS_MISTAKES):
        with subtests.test(number=number):
            await opened(app, "set_status")
            answer = await app.submit(values)
            assert answer == {"response_action": "errors", "errors": errors}
            assert await app.standing() == []


async def test_status_form_sent_twice_counts_once(app: SteppedApp) -> None:
    await opened(app, "set_status")
    view = app.modal()
    values = {"emoji": dict([typed(":pizza:")]), "text": dict([typed("Lunch")]), "until": dict([clock_time(None)])}
    await app.engine.slack.people.submit(ANN, view.view_id, values)
    app.engine.slack.modals[ANN].append(view)
    await app.engine.slack.people.submit(ANN, view.view_id, values)
    assert len(await app.standing()) == 1


# ── out of office ───────────────────────────────────────────────────────────────────────────────────


def absence(first: str | None, last: str | None, **more: Any) -> dict[str, Any]:
    return {"from": date(first), "to": date(last), "from_time": clock_time(None), "to_time": clock_time(None),
            "note": typed(None), **more}  # fmt: skip


async def test_out_of_office_form_means_whole_days_both_included(app: SteppedApp) -> None:
    await app.ooo()
    assert await app.submit(absence("2026-12-24", "2027-01-02", note=typed("Skiing"))) == {}
    made = await app.only()
    assert made.end is not None
    assert (made.kind, made.text) == (OverrideKind.OUT_OF_OFFICE, "Skiing")
    assert (local(made.start), local(made.end)) == ("2026-12-24 00:00", "2027-01-03 00:00")


async def test_out_of_office_form_with_times_ends_at_the_time(app: SteppedApp) -> None:
    await app.ooo()
    await app.submit(absence("2026-11-24", "2026-11-24", from_time=clock_time("09:00"), to_time=clock_time("12:30")))
    made = await app.only()
    assert made.end is not None
    assert (made.start, local(made.end)) == (app.clock.now(), "2026-11-24 12:30")
    assert (await app.shows())[0] == "Out of office until 12:30"


ABSENCE_MISTAKES = [
    (absence("2026-12-24", "2026-12-23"), "to", "The end is before the start. Choose a later end."),
    (absence("2026-11-20", "2026-11-23"), "to", "That time has already passed. Choose a later one."),
    (absence("2026-11-24", "2026-11-24", to_time=clock_time("09:00")), "to_time",
     "That time has already passed. Choose a later one."),
    (absence("2026-12-24", "2036-12-24"), "to", "That is more than two years away. Choose an earlier time."),
    (absence(None, "2026-12-24"), "from", "Choose a day."),
    (absence("2026-12-24", None), "to", "Choose a day."),
    (absence("soon", "2026-12-24"), "from", "Choose a day."),
    (absence("2026-12-24", "2026-12-25", to_time=clock_time("99:99")), "to_time", "Choose a time."),
    (absence("2026-12-24", "2026-12-25", stand_in=user(ANN)), "stand_in",
     "Choose somebody else: you are the one who is out."),
    *[
        (absence("2026-12-24", "2026-12-25", stand_in=user(one)), "stand_in",
         "Choose a person: an app cannot stand in for you.")
        for one in ("USLACKBOT", "B0BOT", "<!channel>")
    ],
    (absence("2026-12-24", "2026-12-25", note=typed("x" * 101)), "note",
     "Slack allows 100 characters in a status. Shorten the text."),
]  # fmt: skip


async def test_out_of_office_form_shows_a_mistake_at_its_field_and_saves_nothing(
    app: SteppedApp, subtests: pytest.Subtests
) -> None:
    for number, (values, block, sentence) in enumerate(ABSENCE_MISTAKES):
        with subtests.test(number=number):
            await app.ooo()
            assert await app.submit(values) == {"response_action": "errors", "errors": {block: sentence}}
            assert await app.standing() == []


async def test_app_itself_stands_in_for_nobody(app: SteppedApp) -> None:
    async with app.engine.database.write() as connection:
        await connection.execute(sa.update(WORKSPACES).values(bot_user_id="U0APP"))
    await app.ooo()
    answer = await app.submit(absence("2026-12-24", "2026-12-25", stand_in=user("U0APP")))
    assert answer["errors"] == {"stand_in": "Choose a person: an app cannot stand in for you."}
    assert await app.standing() == []


# ── a calendar ──────────────────────────────────────────────────────────────────────────────────────


async def test_connect_form_connects_a_feed_and_says_so(app: SteppedApp) -> None:
    await app.quo("connect")
    address = ("url", {"type": "url_text_input", "value": "https://calendar.example.com/secret/basic.ics"})
    answer = await app.submit({"feed": address})
    assert answer["response_action"] == "update"
    blockkit.check_view(answer["view"])
    assert "Connected. I am reading it now" in text_of(answer["view"])
    found = await app.surface.calendars.list(app.ann)
    assert {line.host for line in found} == {"", "calendar.example.com"}
    assert "secret" not in text_of(await app.tab.home(app.ann))


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("not an address", "That is not an address."),
        ("ftp://calendar.example.com/a.ics", "That "),
        ("https://127.0.0.1/a.ics", "That address leads to a place that I may not visit."),
        ("https://169.254.169.254/latest/meta-data", "That address leads to a place that I may not visit."),
    ],
)
async def test_connect_form_shows_a_wrong_address_at_its_field(app: SteppedApp, address: str, sentence: str) -> None:
    await app.quo("connect")
    answer = await app.submit({"feed": ("url", {"type": "url_text_input", "value": address})})
    assert answer["response_action"] == "errors"
    assert list(answer["errors"]) == ["feed"]
    assert answer["errors"]["feed"].startswith(sentence)


async def test_connect_form_refuses_the_same_calendar_twice(app: SteppedApp) -> None:
    address = ("url", {"type": "url_text_input", "value": "https://calendar.example.com/a.ics"})
    for expected in ("update", "errors"):
        await app.quo("connect")
        answer = await app.submit({"feed": address})
        assert answer["response_action"] == expected
    assert answer["errors"] == {"feed": "This calendar is already connected."}


# ── settings ────────────────────────────────────────────────────────────────────────────────────────


def chosen(**more: Any) -> dict[str, Any]:
    return {
        "idle_text": typed(None), "idle_emoji": typed(None),
        "options": picked(), "days": picked("0", "1", "2"), "day_from": clock_time("08:00"),
        "day_to": clock_time("16:30"), "own_status": radio("cover_and_restore"), "lead": typed("0"),
        "bridge": typed("0"), **more,
    }  # fmt: skip


async def test_settings_are_saved_whole_and_shown_again(app: SteppedApp) -> None:
    await app.quo("settings")
    blockkit.check_view(app.modal().view)
    answer = await app.submit(
        chosen(
            idle_text=typed("Here"), idle_emoji=typed(":wave:"), options=picked("count_unconfirmed", "titles", "guard"),
            own_status=radio("mine_always_wins"), lead=typed("5"), bridge=typed("10"),
        )
    )  # fmt: skip
    assert answer == {}
    kept = await app.preferences.get(app.ann)
    assert kept.idle == Status("Here", ":wave:")
    assert (kept.count_unconfirmed, kept.titles, kept.own_status) == (True, True, OwnStatusPolicy.MINE_ALWAYS_WINS)
    assert (kept.lead, kept.bridge) == (timedelta(minutes=5), timedelta(minutes=10))
    assert kept.working_hours is not None
    assert dict(kept.working_hours.days) == dict.fromkeys((0, 1, 2), (time(8), time(16, 30)))
    await app.quo("settings")
    view = app.modal().view
    blockkit.check_view(view)
    assert "Here" in text_of(view)


async def test_settings_change_what_is_shown_at_once(app: SteppedApp) -> None:
    assert await app.shows() == ("", "", 0)
    await app.quo("settings")
    await app.submit(chosen(idle_text=typed("Here"), idle_emoji=typed(":wave:")))
    assert (await app.shows())[:2] == ("Here", ":wave:")


SETTINGS_MISTAKES = [
    ({"idle_emoji": typed("a b")}, "idle_emoji", "That is not an emoji. Write it as :palm_tree:."),
    ({"idle_text": typed(None), "idle_emoji": typed(":wave:")}, "idle_text",
     "Write a text: Slack takes no status without one."),
    ({"idle_text": typed("x" * 101)}, "idle_text", "Slack allows 100 characters in a status. Shorten the text."),
    ({"idle_text": typed("{secret}")}, "idle_text",
     "Only {title}, {until} and {location} can stand in braces."),
    ({"lead": typed("31")}, "lead", "That is not a number in this range."),
    ({"bridge": typed("x")}, "bridge", "That is not a number in this range."),
    ({"options": picked("guard"), "day_to": clock_time("07:00")}, "day_to",
     "The end of the working day is before its start."),
    ({"options": picked("guard"), "day_from": clock_time("early")}, "day_from",
     "Choose a time."),
    ({"options": picked("guard"), "days": picked()}, "days",
     "Choose at least one working day, or turn the guard off."),
]  # fmt: skip


async def test_settings_show_a_mistake_at_its_field_and_save_nothing(
    app: SteppedApp, subtests: pytest.Subtests
) -> None:
    for number, (more, block, sentence) in enumerate(SETTINGS_MISTAKES):
        with subtests.test(number=number):
            before = await app.preferences.get(app.ann)
            await app.quo("settings")
            answer = await app.submit(chosen(**{"idle_text": typed("Here"), **more}))
            assert answer == {"response_action": "errors", "errors": {block: sentence}}
            assert await app.preferences.get(app.ann) == before


async def test_connect_form_before_the_grant_connects_and_offers_the_grant(app: SteppedApp) -> None:
    await app.engine.change(app.ann, grant_state="none")
    await app.quo("connect")
    address = ("url", {"type": "url_text_input", "value": "https://calendar.example.com/a.ics"})
    answer = await app.submit({"feed": address})
    blockkit.check_view(answer["view"])
    assert "open_grant" in text_of(answer["view"])
    assert "Connected. I am reading it now" in text_of(answer["view"])
    assert len(await app.surface.calendars.list(app.ann)) == 2
