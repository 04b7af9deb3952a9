"""The list and its buttons, what it waits for, and the question of the first connection; clicked on loopback."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from services.domain.lines import Match, Routine, Rule
from services.domain.model import Effect, Look, OverrideKind
from services.store.tables import OAUTH_STATES
from tests.support import blockkit
from tests.support.engine import meeting
from tests.support.list_forms import (
    OWN,
    added,
    clicked,
    filled,
    listed,
    lunch,
    opened,
    picked,
    rule,
    typed,
)
from tests.support.stepped_app import ANN, BEN, SteppedApp, text_of

# ── the list ────────────────────────────────────────────────────────────────────────────────────────


async def test_lines_are_moved_switched_deleted_and_put_back_in_the_list(app: SteppedApp) -> None:
    await app.engine.has(app.ann, meeting(app.clock.now(), 60))
    await added(app, title_words=typed("plan"), text=typed("Planning"))
    made = await rule(app)
    await app.quo("rules")
    blockkit.check_view(app.modal().view)
    assert "1. :spiral_calendar_pad: *Planning*" in text_of(app.modal().view)
    await clicked(app, "move_line_down", made.id)
    assert [line.id for line in await listed(app)] == ["out_of_office", made.id, *OWN[1:]]
    await clicked(app, "move_line_up", "meeting")
    assert [line.id for line in await listed(app)] == ["out_of_office", "meeting", made.id, *OWN[2:]]
    await clicked(app, "undo")
    assert [line.id for line in await listed(app)] == ["out_of_office", made.id, *OWN[1:]]
    await clicked(app, "switch_line", made.id)
    assert (await app.shows())[0] == "In a meeting"
    assert "_switched off_" in text_of(app.modal().view)
    await clicked(app, "switch_line", "meeting")
    assert await app.shows() == ("", "", 0)
    await clicked(app, "delete_line", made.id)
    assert [line.id for line in await listed(app)] == OWN
    assert "delete_line" not in text_of(app.modal().view)  # the kinds' own stay
    await clicked(app, "undo")
    assert [line.id for line in await listed(app)] == ["out_of_office", made.id, *OWN[1:]]


async def test_form_on_top_of_the_list_updates_the_list_beneath(app: SteppedApp) -> None:
    await app.quo("rules")
    await clicked(app, "add_routine")
    assert await app.submit(filled(app, **lunch())) == {}
    view = app.modal().view
    assert view["callback_id"] == "rules"
    assert "*Lunch*" in text_of(view)
    assert "Saved." in text_of(view)
    await clicked(app, "undo")
    assert "*Lunch*" not in text_of(app.modal().view)
    assert [line.id for line in await listed(app)] == OWN


async def test_routines_have_a_list_of_their_own(app: SteppedApp) -> None:
    await opened(app, "open_routines")
    assert "There are no routines yet." in text_of(app.modal().view)
    await clicked(app, "add_routine")
    await app.submit(filled(app, **lunch()))
    assert app.modal().view["callback_id"] == "routines"
    await clicked(app, "switch_routine")
    (made,) = [line for line in await listed(app) if isinstance(line, Routine)]
    assert not made.enabled
    await clicked(app, "move_routine_up")
    assert [line.id for line in await listed(app)] == ["out_of_office", "meeting", made.id, *OWN[2:]]
    await clicked(app, "edit_routine")
    assert app.modal().view["callback_id"] == "routine"
    await app.submit(filled(app, text=typed("Tea")))
    assert "*Tea*" in text_of(app.modal().view)
    await clicked(app, "delete_routine")
    assert [line.id for line in await listed(app)] == OWN


async def test_longest_list_is_turned_page_by_page_and_stays_where_it_was(app: SteppedApp) -> None:
    many = tuple(Rule(f"r{index}", "x", Match(title_words=(f"w{index}",)), Look("x")) for index in range(50))
    await app.lines.change(app.ann, app.clock.now(), lambda lines: (*many, *lines))
    blockkit.check_view(await app.publish_home())
    await app.quo("rules")
    blockkit.check_view(app.modal().view)
    await clicked(app, "list_page_after")
    blockkit.check_view(app.modal().view)
    assert "54. :house: *Working from home*" in text_of(app.modal().view)
    await clicked(app, "move_line_up", "r45")
    assert "54. " in text_of(app.modal().view)
    await clicked(app, "edit_line", "r45")
    await app.submit(filled(app, text=typed("Other")))
    assert "54. " in text_of(app.modal().view)
    await clicked(app, "list_page_before")
    assert "1. " in text_of(app.modal().view)


async def test_line_that_is_gone_is_said_to_be(app: SteppedApp) -> None:
    await added(app, title_words=typed("plan"), text=typed("Planning"))
    made = await rule(app)
    await app.quo("rules")
    await app.lines.change(app.ann, app.clock.now(), lambda lines: lines[1:])
    await clicked(app, "switch_line", made.id)
    assert "There is nothing to change." in text_of(app.modal().view)


async def test_list_is_its_owners_alone(app: SteppedApp) -> None:
    await added(app, title_words=typed("plan"), text=typed("Planning"))
    made = await rule(app)
    action = {"type": "button", "action_id": "delete_line", "value": made.id}
    await app.quo("rules", BEN)
    await app.engine.slack.people.click_in_view(BEN, app.modal(BEN).view_id, action)
    assert await rule(app) == made


# ── permissions ─────────────────────────────────────────────────────────────────────────────────────


STATUS_ALONE = "users.profile:read,users.profile:write"


async def test_effect_that_needs_a_permission_is_kept_and_its_link_is_shown(app: SteppedApp) -> None:
    await app.engine.change(app.ann, scopes=STATUS_ALONE)
    await opened(app, "edit_line", "meeting")
    answer = await app.submit(filled(app, effects=picked("dnd", "away")))
    assert answer["response_action"] == "update"
    blockkit.check_view(answer["view"])
    said = text_of(answer["view"])
    assert "Waiting for your permission: Mute notifications, Set me away" in said
    assert "https://quo.example/slack/install?link=" in said
    kept = next(line for line in await listed(app) if line.id == "meeting")
    assert kept.effects == {Effect.DND, Effect.AWAY}
    home = text_of(await app.publish_home())
    assert "Meeting · mutes :lock: · away :lock:" in home
    assert "Waiting for your permission: Mute notifications, Set me away" in home
    await app.engine.change(app.ann, scopes=f"dnd:read,dnd:write,{STATUS_ALONE}")
    assert "Waiting for your permission: Set me away" in text_of(await app.publish_home())


async def test_form_makes_no_link_that_it_does_not_show(app: SteppedApp) -> None:
    async def links() -> int:
        return int(await app.engine.database.scalar(select(func.count()).select_from(OAUTH_STATES)))

    await app.engine.change(app.ann, scopes=STATUS_ALONE)
    await opened(app, "edit_line", "meeting")
    await app.submit(filled(app, effects=picked("dnd")))
    before = await links()
    await app.publish_home()
    of_home = await links() - before
    await opened(app, "edit_line", "meeting")  # from a Home tab of its own
    assert (of_home, await links() - before) == (1, 2)
    await app.engine.change(app.ann, grant_state="lost")
    before = await links()
    home = text_of(await app.publish_home())
    assert home.count("https://quo.example/slack/install?link=") == 2  # the same one
    assert await links() - before == 1


async def test_replies_need_the_workspace_and_say_so(app: SteppedApp) -> None:
    await opened(app, "edit_line", "out_of_office")
    answer = await app.submit(filled(app, effects=picked("reply")))
    assert "a workspace admin has to allow it" in text_of(answer["view"])


async def test_override_carries_its_effects_and_absence_its_stand_in(app: SteppedApp) -> None:
    await app.engine.change(app.ann, scopes=STATUS_ALONE)
    await opened(app, "open_override")
    answer = await app.submit(filled(app, text=typed("Deep work"), effects=picked("dnd")))
    assert "Waiting for your permission: Mute notifications" in text_of(answer["view"])
    made = await app.only()
    assert (made.text, made.effects) == ("Deep work", {Effect.DND})
    await app.quo("clear")
    await opened(app, "open_out_of_office")
    stand_in = ("user", {"type": "users_select", "selected_user": BEN})
    assert await app.submit(filled(app, stand_in=stand_in)) == {}
    made = await app.only()
    assert (made.kind, made.stand_in) == (OverrideKind.OUT_OF_OFFICE, BEN)


async def test_nobody_stands_in_for_themselves(app: SteppedApp) -> None:
    await opened(app, "open_out_of_office")
    answer = await app.submit(filled(app, stand_in=("user", {"type": "users_select", "selected_user": ANN})))
    assert answer["errors"] == {"stand_in": "Choose somebody else: you are the one who is out."}
    assert await app.standing() == []


# ── the question of the first connection ────────────────────────────────────────────────────────────


async def test_first_calendar_asks_what_to_mute_for_and_the_answer_is_in_the_list(app: SteppedApp) -> None:
    await app.engine.change(app.ann, scopes=STATUS_ALONE)
    await app.publish_home()
    await app.click_home("calendar_menu", "disconnect:c1")
    await app.quo("connect")
    address = ("url", {"type": "url_text_input", "value": "https://calendar.example.com/a.ics"})
    asks = (await app.submit({"feed": address}))["view"]
    blockkit.check_view(asks)
    assert asks["callback_id"] == "mute_while"
    assert "Connected. I am reading it now" in text_of(asks)
    answer = await app.submit({"mute": picked("focus", "nonsense")})
    assert "Waiting for your permission: Mute notifications" in text_of(answer["view"])
    assert {line.id: line.effects for line in await listed(app) if line.effects} == {"focus": {Effect.DND}}
    await clicked(app, "undo")
    assert [line.effects for line in await listed(app)] == [frozenset()] * 4


async def test_further_calendar_and_one_who_chose_already_are_not_asked(app: SteppedApp) -> None:
    await app.quo("connect")
    address = ("url", {"type": "url_text_input", "value": "https://calendar.example.com/a.ics"})
    assert (await app.submit({"feed": address}))["view"]["callback_id"] == "done"
    assert "choose_mute" in text_of(await app.publish_home())
    await opened(app, "choose_mute")
    assert await app.submit({"mute": picked()}) == {}
    await opened(app, "choose_mute")
    await app.submit({"mute": picked("meeting", "focus")})
    assert "choose_mute" not in text_of(await app.publish_home())


async def test_home_stops_asking_after_a_week(app: SteppedApp) -> None:
    app.clock.move_to(app.clock.now() + timedelta(days=8))
    assert "choose_mute" not in text_of(await app.publish_home())
