"""The forms of rules and routines, filled in and sent from a Slack on loopback."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from functools import partial

import pytest

from services.domain.lines import Match, Routine, Rule, complete, put, without
from services.domain.model import Effect, Kind, Look, Photo, Picture
from tests.support import blockkit
from tests.support.engine import meeting
from tests.support.few import few
from tests.support.list_forms import (
    OWN,
    Field,
    added,
    at,
    clicked,
    day,
    filled,
    listed,
    lunch,
    one,
    opened,
    picked,
    rule,
    typed,
)
from tests.support.stepped_app import ANN, SteppedApp, elements, text_of

# ── a rule ──────────────────────────────────────────────────────────────────────────────────────────


async def test_rule_with_every_condition_is_stored_and_shown_again_as_filled_in(app: SteppedApp) -> None:
    await added(
        app, title_words=typed("1:1, sync,  Jour  fixe"), not_title_words=typed("cancel*"), kinds=picked("meeting"),
        location_words=typed("Room 4、自宅"), organizer=typed("boss@example.com"), calendar=picked("c1", "not-mine"),
        guests=typed("2-5"), external=one("outside"), length=typed("-30"), days=picked("mon", "fri"),
        hours=typed("9:00 – 17:30"), recurring=one("yes"), text=typed("Talking until {until}"), emoji=one(":phone:"),
        effects=picked("dnd", "photo"), photo=one("headphones"), crop=typed("top"),
    )  # fmt: skip
    made = await rule(app)
    assert made == Rule(
        made.id, "1:1, sync, Jour fixe",
        Match(
            kinds=frozenset({Kind.MEETING}), title_words=("1:1", "sync", "Jour fixe"), not_title_words=("cancel*",),
            location_words=("Room 4", "自宅"), organizer=("boss@example.com",), calendar_ids=frozenset({"c1"}),
            external=True, recurring=True, days=frozenset({0, 4}), hours=(time(9), time(17, 30)),
            min_guests=2, max_guests=5, max_minutes=30,
        ),
        Look("Talking until {until}", ":phone:"), effects=frozenset({Effect.DND, Effect.PHOTO}),
        photo=Photo(Picture.HEADPHONES, "top"),
    )  # fmt: skip
    assert [line.id for line in await listed(app)] == [made.id, *OWN]
    await opened(app, "edit_line", made.id)
    await app.submit(filled(app))
    assert await rule(app) == made


async def test_rule_decides_what_is_shown_and_is_edited_in_place(app: SteppedApp) -> None:
    await app.engine.has(app.ann, meeting(app.clock.now(), 60))
    assert (await app.shows())[0] == "In a meeting"
    assert await added(app, title_words=typed("plan"), text=typed("Planning"), emoji=typed("pizza")) == {}
    assert (await app.shows())[:2] == ("Planning", ":pizza:")
    made = await rule(app)
    await opened(app, "edit_line", made.id)
    assert await app.submit(filled(app, text=typed("Plotting"))) == {}
    assert (await app.shows())[:2] == ("Plotting", ":pizza:")
    assert (await rule(app)) == replace(made, look=Look("Plotting", ":pizza:"))
    await opened(app, "edit_line", made.id)
    assert await app.submit(filled(app, does=one("ignore"))) == {}
    assert await app.shows() == ("", "", 0)


async def test_kinds_own_line_has_no_conditions_and_is_edited(app: SteppedApp) -> None:
    await app.engine.has(app.ann, meeting(app.clock.now(), 60))
    await opened(app, "edit_line", "meeting")
    blocks = [block["block_id"] for block in app.modal().view["blocks"] if block["type"] == "input"]
    assert blocks == ["text", "emoji", "effects", "photo", "crop", "place"]
    assert "In a meeting" in text_of(app.modal().view)  # the placeholder
    assert await app.submit(filled(app, text=typed("Busy"), emoji=one(":no_entry:"))) == {}
    assert (await app.shows())[:2] == ("Busy", ":no_entry:")
    await opened(app, "edit_line", "meeting")
    placeholder = next(block for block in app.modal().view["blocks"] if block.get("block_id") == "text")
    assert placeholder["element"]["placeholder"]["text"] == "In a meeting"
    assert placeholder["element"]["initial_value"] == "Busy"


RULE_MISTAKES: list[tuple[dict[str, Field], str, str]] = [
    ({"text": typed("Busy")}, "title_words", "Say which events the rule is about"),
    ({"title_words": typed("plan")}, "text", "Say what the status shall be"),
    ({"title_words": typed("plan"), "emoji": typed("a b")}, "emoji", "That is not an emoji."),
    ({"title_words": typed("plan"), "text": typed("x" * 101)}, "text", "Slack allows 100 characters in a status."),
    ({"title_words": typed("plan"), "text": typed("{name}")}, "text", "Only {title}, {until} and {location}"),
    ({"title_words": typed(",".join(f"w{index}" for index in range(21))), "text": typed("x")}, "title_words",
     "At most 20 words, please"),
    ({"not_title_words": typed("x" * 101), "title_words": typed("a"), "text": typed("x")}, "not_title_words",
     "At most 20 words, please"),
    ({"title_words": typed("*"), "text": typed("x")}, "title_words", "A word needs a letter or a digit"),
    ({"organizer": typed("…"), "text": typed("x")}, "organizer", "A word needs a letter or a digit"),
    ({"title_words": typed("a"), "text": typed("x"), "guests": typed("5-2")}, "guests", "Write a range as 2-5"),
    ({"title_words": typed("a"), "text": typed("x"), "guests": typed("some")}, "guests", "Write a range as 2-5"),
    ({"title_words": typed("a"), "text": typed("x"), "guests": typed("-")}, "guests", "Write a range as 2-5"),
    ({"title_words": typed("a"), "text": typed("x"), "guests": typed("２-５")}, "guests", "Write a range as 2-5"),
    ({"title_words": typed("a"), "text": typed("x"), "length": typed("0-999999")}, "length",
     "Write a range as 2-5"),
    ({"title_words": typed("a"), "text": typed("x"), "hours": typed("9-17")}, "hours", "Write hours as"),
    ({"title_words": typed("a"), "text": typed("x"), "hours": typed("09:00-09:00")}, "hours", "Write hours as"),
    ({"title_words": typed("a"), "text": typed("x"), "hours": typed("09:00-24:30")}, "hours", "Write hours as"),
    ({"title_words": typed("a"), "text": typed("x"), "crop": typed("left")}, "crop", "Write centre, top"),
    ({"title_words": typed("a"), "text": typed("x"), "crop": typed("1,2,0")}, "crop", "Write centre, top"),
    *[
        ({"title_words": typed("a"), "text": typed("x"), block: bad}, block, "That is not one of the choices.")
        for block, bad in {
            "photo": one("zebra"), "does": one("dance"), "days": picked("mon", "xxx"), "kinds": picked("party"),
            "effects": picked("dnd", "dance"), "external": one("upside"), "recurring": one("maybe"),
            "calendar": picked("not-mine"),
        }.items()
    ],
    ({"title_words": typed("a"), "text": typed("x"), "place": one("nowhere")}, "place", "That line is not in your"),
    ({"title_words": typed("a"), "effects": picked("dance")}, "effects", "That is not one of the choices."),
    *[
        ({"title_words": typed("a"), "text": typed(text)}, "text", "Write what stands in braces with both of them")
        for text in ("{title", "until {until.", "title}", "{ title }", "{my title}")
    ],
]  # fmt: skip


async def test_rule_shows_a_mistake_at_its_field_and_saves_nothing(app: SteppedApp, subtests: pytest.Subtests) -> None:
    for number, (more, block, sentence) in enumerate(RULE_MISTAKES):
        with subtests.test(number=number, block=block):
            answer = await added(app, **more)
            assert (answer["response_action"], list(answer["errors"])) == ("errors", [block])
            assert answer["errors"][block].startswith(sentence)
            assert [line.id for line in await listed(app)] == OWN


async def test_rule_shows_all_its_mistakes_at_once(app: SteppedApp) -> None:
    answer = await added(app, guests=typed("x"), length=typed("x"), hours=typed("x"), text=typed("{x}"))
    assert set(answer["errors"]) == {"guests", "length", "hours", "text"}


@pytest.mark.parametrize(
    ("typed_range", "least", "most"),
    few([("2-", 2, None), ("-5", None, 5), ("2-5", 2, 5), ("3", 3, 3), ("2–5", 2, 5)], quick=2),
)
async def test_rule_takes_a_range_with_either_side_empty(
    app: SteppedApp, typed_range: str, least: int | None, most: int | None
) -> None:
    await added(app, guests=typed(typed_range), text=typed("x"))
    match = (await rule(app)).match
    assert (match.min_guests, match.max_guests) == (least, most)


async def test_place_above_a_line_that_was_deleted_while_the_form_was_open_is_asked_for_again(app: SteppedApp) -> None:
    await added(app, title_words=typed("plan"), text=typed("Planning"))
    plan = await rule(app)
    await opened(app, "edit_line", "meeting")
    view, values = app.modal(), filled(app, text=typed("Busy"), place=one(plan.id))
    await app.lines.change(app.ann, app.clock.now(), partial(without, line_id=plan.id))
    answer = await app.submit(values)
    assert answer["errors"] == {"place": "That line is not in your list any more. Choose another place."}
    assert await listed(app) == complete(())
    app.engine.slack.modals[ANN] = [view]
    assert await app.submit({**values, "place": one("end")}) == {}
    assert [line.id for line in await listed(app)] == ["out_of_office", "focus", "working_location", "meeting"]


@pytest.mark.parametrize("text", few(["Tea :-}", "{-: Tea", "Set } and {", "{tea"]))
async def test_brace_that_is_no_placeholder_is_said_as_it_stands(app: SteppedApp, text: str) -> None:
    assert await added(app, title_words=typed("plan"), text=typed(text)) == {}
    assert (await rule(app)).look.text == text


async def test_rule_that_only_does_something_besides_needs_no_text(app: SteppedApp) -> None:
    await added(app, title_words=typed("plan"), effects=picked("dnd"))
    made = await rule(app)
    assert (made.look, made.effects) == (Look(), {Effect.DND})


async def test_rule_sent_twice_counts_once(app: SteppedApp) -> None:
    await opened(app, "add_line")
    view, values = app.modal(), filled(app, title_words=typed("plan"), text=typed("Planning"))
    state = {block: {action: element} for block, (action, element) in values.items()}
    for _ in range(2):
        app.engine.slack.modals[ANN] = [view]
        await app.engine.slack.people.submit(ANN, view.view_id, state)
    assert (await rule(app)).name == "plan"


async def test_place_below_meetings_is_kept_by_later_edits(app: SteppedApp) -> None:
    await added(app, title_words=typed("on call"), text=typed("On call"), place=one("focus"))
    made = await rule(app)
    assert [line.id for line in await listed(app)] == ["out_of_office", "meeting", made.id, *OWN[2:]]
    await opened(app, "edit_line", made.id)
    await app.submit(filled(app, text=typed("On duty")))
    assert [line.id for line in await listed(app)] == ["out_of_office", "meeting", made.id, *OWN[2:]]
    await opened(app, "edit_line", made.id)
    await app.submit(filled(app, place=one("end")))
    assert [line.id for line in await listed(app)] == [*OWN, made.id]


async def test_kinds_own_line_can_be_placed_in_its_form(app: SteppedApp) -> None:
    await opened(app, "edit_line", "focus")
    await app.submit(filled(app, place=one("out_of_office")))
    assert [line.id for line in await listed(app)] == ["focus", "out_of_office", "meeting", "working_location"]


async def test_one_line_too_many_is_said_at_its_form(app: SteppedApp) -> None:
    many = tuple(Rule(f"r{index}", "x", Match(title_words=(f"w{index}",)), Look("x")) for index in range(50))
    await app.lines.change(app.ann, app.clock.now(), lambda lines: (*many, *lines))
    answer = await added(app, title_words=typed("plan"), text=typed("Planning"))
    assert answer["errors"] == {"text": "That is more than one person can have. Remove something first."}
    assert len(await listed(app)) == 54


# ── what it changes, before it is saved ─────────────────────────────────────────────────────────────


async def test_preview_tells_what_changes_and_keeps_what_is_filled_in(app: SteppedApp) -> None:
    now = app.clock.now()
    more = [meeting(now + timedelta(days=index, hours=2), 30, uid=f"m{index}") for index in range(8)]
    syncs = [replace(event, title="Sync") for event in more]
    await app.engine.has(app.ann, replace(meeting(now + timedelta(hours=5), 60), title="Budget"), *syncs)
    await opened(app, "add_line")
    form = app.modal()
    values = filled(app, title_words=typed("sync"), text=typed("Syncing"), emoji=one(":phone:"), effects=picked("dnd"))
    state = {block: {action: element} for block, (action, element) in values.items()}
    button = next(part for part in elements(form.view["blocks"]) if part["action_id"] == "preview")
    await app.engine.slack.people.click_in_view(ANN, form.view_id, button, state)
    shown = app.modal().view
    blockkit.check_view(shown)
    said = text_of(shown)
    assert "7 events of the coming week would now say:" in said
    assert "`12:00 – 12:30` _Sync_\\n:spiral_calendar_pad: *In a meeting* → :phone: *Syncing* · mutes" in said
    assert "… and 2 more." in said
    assert "Budget" not in said
    kept = {block["block_id"]: block["element"] for block in shown["blocks"] if block["type"] == "input"}
    assert kept["text"]["initial_value"] == "Syncing"
    assert kept["emoji"]["initial_option"]["value"] == ":phone:"
    assert [one["value"] for one in kept["effects"]["initial_options"]] == ["dnd"]
    assert [line.id for line in await listed(app)] == OWN
    await app.submit(filled(app))
    assert (await rule(app)).look == Look("Syncing", ":phone:")


async def test_preview_of_what_cannot_be_saved_says_why(app: SteppedApp) -> None:
    await opened(app, "add_line")
    await clicked(app, "preview")
    assert "Say which events the rule is about" in text_of(app.modal().view)


async def test_preview_of_what_changes_nothing_says_so(app: SteppedApp) -> None:
    await opened(app, "edit_line", "focus")
    await clicked(app, "preview")
    assert "Nothing changes in the coming week." in text_of(app.modal().view)


# ── a routine ───────────────────────────────────────────────────────────────────────────────────────


async def test_routine_is_made_shown_and_edited(app: SteppedApp) -> None:
    await opened(app, "add_routine")
    first, last = day("2026-11-24"), day("2026-12-24")
    more = lunch(days=picked("tue", "wed"), first=first, last=last, absent=picked("absent"))
    assert await app.submit(filled(app, **more)) == {}
    (made,) = [line for line in await listed(app) if isinstance(line, Routine)]
    assert made == Routine(
        made.id, Look("Lunch", ":sandwich:"), frozenset({1, 2}), time(12, 30), time(13, 30), date(2026, 11, 24),
        date(2026, 12, 24), not_when_absent=True,
    )  # fmt: skip
    assert [line.id for line in await listed(app)] == [*OWN[:3], made.id, OWN[3]]
    app.clock.move_to(app.clock.now() + timedelta(hours=3))
    assert (await app.shows())[:2] == ("Lunch", ":sandwich:")
    home = text_of(await app.publish_home())
    assert "Tue, Wed 12:30–13:30 · from Tue 24 Nov · until Thu 24 Dec · not when I am away" in home
    await opened(app, "edit_routine", made.id)
    assert await app.submit(filled(app, to=at("14:00"))) == {}
    assert made.id in [line.id for line in await listed(app)]
    assert replace(made, end=time(14)) in await listed(app)


async def test_why_tells_what_becomes_of_todays_routines(app: SteppedApp) -> None:
    await app.engine.has(app.ann, meeting(app.clock.now(), 30))
    day = frozenset({1})
    routines = [
        Routine("a", Look("Coffee"), day, time(10), time(10, 30)), Routine("b", Look("Lunch"), day, time(12), time(13)),
        Routine("c", Look("Tea"), day, time(16), time(17), enabled=False),
        Routine("d", Look("Wine"), frozenset({4}), time(18), time(19)),
        Routine("e", Look("Later"), day, time(18), time(19), first=date(2026, 12, 1)),
    ]  # fmt: skip
    for one_more in routines:
        await app.lines.change(app.ann, app.clock.now(), partial(put, line=one_more))
    said = text_of(await app.quo("why"))
    assert ":heavy_minus_sign: `10:00 – 10:30` *Coffee*: not shown: something that stands above it in your list" in said
    assert ":white_check_mark: `12:00 – 13:00` *Lunch*: shown" in said
    assert ":heavy_minus_sign: `16:00 – 17:00` *Tea*: switched off in your list" in said
    assert "Wine" not in said
    assert "Later" not in said
    app.clock.move_to(app.clock.now() + timedelta(hours=2, minutes=5))
    assert "Shown because of your routine “Lunch” until 13:00." in text_of(await app.quo("why"))


ROUTINE_MISTAKES: list[tuple[dict[str, Field], str, str]] = [
    ({"text": typed(None), "emoji": one(None)}, "text", "Write a text: Slack takes no status without one."),
    ({"text": typed(None), "emoji": typed(":sandwich:")}, "text", "Write a text: Slack takes no status without one."),
    ({"text": typed("x" * 101)}, "text", "Slack allows 100 characters in a status."),
    ({"text": typed("{title}")}, "text", "A routine has no title and no place"),
    ({"emoji": typed("a b")}, "emoji", "That is not an emoji."),
    ({"days": picked()}, "days", "Choose at least one day."),
    ({"from": at(None)}, "from", "Choose a time."),
    ({"to": at(None)}, "to", "Choose a time."),
    ({"to": at("12:30")}, "to", "The end has to be another time than the start."),
    ({"from": at("noon")}, "from", "Choose a time."),
    ({"to": at("99:99")}, "to", "Choose a time."),
    ({"first": day("2026-12-01"), "last": day("2026-11-30")}, "last", "The end is before the start."),
    ({"last": day("soon")}, "last", "Choose a day."),
    ({"first": day("2026-99-99")}, "first", "Choose a day."),
    ({"days": picked("mon", "xxx")}, "days", "That is not one of the choices."),
    ({"days": picked("xxx")}, "days", "That is not one of the choices."),
    ({"effects": picked("dance")}, "effects", "That is not one of the choices."),
    ({"photo": one("zebra")}, "photo", "That is not one of the choices."),
    ({"absent": picked("x")}, "absent", "That is not one of the choices."),
    ({"place": one("nowhere")}, "place", "That line is not in your list any more."),
    ({"text": typed("{until")}, "text", "Write what stands in braces with both of them"),
    ({"crop": typed("x")}, "crop", "Write centre, top"),
]  # fmt: skip


async def test_routine_shows_a_mistake_at_its_field_and_saves_nothing(
    app: SteppedApp, subtests: pytest.Subtests
) -> None:
    for number, (more, block, sentence) in enumerate(ROUTINE_MISTAKES):
        with subtests.test(number=number, block=block):
            await opened(app, "add_routine")
            answer = await app.submit(filled(app, **lunch(**more)))
            assert (answer["response_action"], list(answer["errors"])) == ("errors", [block])
            assert answer["errors"][block].startswith(sentence)
            assert [line.id for line in await listed(app)] == OWN


async def test_routine_is_previewed(app: SteppedApp) -> None:
    await opened(app, "add_routine")
    form, values = app.modal(), filled(app, **lunch(days=picked("fri")))
    state = {block: {action: element} for block, (action, element) in values.items()}
    button = next(part for part in elements(form.view["blocks"]) if part["action_id"] == "preview")
    await app.engine.slack.people.click_in_view(ANN, form.view_id, button, state)
    said = text_of(app.modal().view)
    assert "1 event of the coming week would now say:" in said
    assert "nothing → :sandwich: *Lunch*" in said
