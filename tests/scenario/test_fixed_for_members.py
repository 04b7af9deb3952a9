"""What a workspace has fixed, in the forms of its members: shown as fixed, with by whom, and refused where forged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.domain.lines import Rule, complete, put
from services.domain.model import Effect, Kind, Look, PersonKey, Photo, Status
from services.domain.people import Preferences
from services.domain.policy import FixedError, Freedom, Policy
from tests.support import blockkit
from tests.support.few import few
from tests.support.list_forms import clicked, filled, listed, lunch, one, opened, picked, typed
from tests.support.lists import routine, rule
from tests.support.stepped_app import ANN, BEN, SteppedApp, elements, text_of

BY = f"fixed by <@{BEN}> for your workspace."
FIXED = "Your workspace has fixed this for everybody. A workspace admin can change it."
CLOSED = Policy(
    titles=False, effects=frozenset({Effect.AWAY}), replies=False, members_may=frozenset(),
    looks={Kind.MEETING: Look("At work", ":office:")},
)  # fmt: skip


async def fixes(app: SteppedApp, policy: Policy) -> None:
    """An admin, Ben, sets the policy."""
    await app.surface.policies.change(PersonKey(app.ann.team_id, BEN), lambda _: policy)


def input_of(view: dict[str, Any]) -> set[str]:
    return {block["block_id"] for block in view["blocks"] if block["type"] == "input"}


def options_of(view: dict[str, Any], block_id: str) -> list[str]:
    block = next(one for one in view["blocks"] if one.get("block_id") == block_id)
    return [one["value"] for one in block["element"]["options"]]


def refused(answer: dict[str, Any]) -> list[str]:
    assert answer.get("response_action") == "errors", answer
    assert set(answer["errors"].values()) == {FIXED}
    return list(answer["errors"])


# ── the line's form ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("look", "missing"),
    few(
        [
            (Look("At work", ":office:"), {"text", "emoji"}),
            (Look("At work"), {"text"}),
            (Look(None, ":office:"), {"emoji"}),
        ]
    ),
)
async def test_form_of_a_line_shows_what_is_fixed_as_fixed_and_saves_the_rest(
    app: SteppedApp, look: Look, missing: set[str]
) -> None:
    mine = tuple(replace(one, look=Look("Mine", ":cat:")) if one.id == "meeting" else one for one in complete(()))
    await app.surface.settings.change_lines(app.ann, lambda _: mine)
    await fixes(app, Policy(looks={Kind.MEETING: look}))
    await opened(app, "edit_line", "meeting")
    view = app.modal().view
    assert {"text", "emoji"} - input_of(view) == missing
    assert text_of(view).count(BY) == len(missing)
    assert await app.submit(filled(app, effects=picked("dnd"))) == {}
    (line,) = [one for one in await listed(app) if one.id == "meeting"]
    assert (line.look, line.effects) == (Look("Mine", ":cat:"), frozenset({Effect.DND}))


async def test_effects_that_are_not_allowed_are_not_offered_and_stay_for_when_they_are(app: SteppedApp) -> None:
    both = frozenset({Effect.DND, Effect.AWAY, Effect.PHOTO})
    mine = tuple(
        replace(one, effects=both, photo=Photo(crop="top")) if one.id == "focus" else one for one in complete(())
    )
    await app.surface.settings.change_lines(app.ann, lambda _: mine)
    await fixes(app, Policy(effects=frozenset({Effect.AWAY})))
    await opened(app, "edit_line", "focus")
    view = app.modal().view
    assert options_of(view, "effects") == ["away", "reply"]
    assert "photo" not in input_of(view)
    assert await app.submit(filled(app, effects=picked(), text=typed("Deep work"))) == {}
    (line,) = [one for one in await listed(app) if one.id == "focus"]
    assert (line.effects, line.photo) == (both - {Effect.AWAY}, Photo(crop="top"))
    home = text_of(await app.publish_home())
    assert "mutes" not in home
    assert "not allowed: Mute notifications, Change my photo" in home


@pytest.mark.parametrize(
    ("fields", "block"),
    few(
        [
            ({"text": typed("Mine")}, "text"),
            ({"effects": picked("dnd")}, "effects"),
            ({"emoji": one(":cat:")}, "emoji"),
            ({"effects": picked("reply")}, "effects"),
        ],
        quick=2,
    ),
)
async def test_form_of_a_line_that_was_open_when_it_was_fixed_is_refused_at_its_block(
    app: SteppedApp, fields: dict[str, Any], block: str
) -> None:
    await opened(app, "edit_line", "meeting")
    await fixes(app, CLOSED)
    assert refused(await app.submit(filled(app, **fields))) == [block]
    assert await app.submit(filled(app)) == {}
    assert await listed(app) == complete(())


async def test_rule_without_texts_of_ones_own_has_only_what_it_matches_and_does(app: SteppedApp) -> None:
    await fixes(app, Policy(members_may=frozenset({Freedom.RULES})))
    await opened(app, "add_line")
    assert {"text", "emoji"}.isdisjoint(input_of(app.modal().view))
    answer = await app.submit(filled(app, title_words=typed("sync")))
    assert list(answer["errors"]) == ["effects"]
    assert await app.submit(filled(app, title_words=typed("sync"), effects=picked("dnd"))) == {}
    (made,) = [one for one in await listed(app) if isinstance(one, Rule) and one.kind is None]
    assert (made.look, made.effects) == (Look(), frozenset({Effect.DND}))


# ── the list ────────────────────────────────────────────────────────────────────────────────────────


async def test_list_says_what_is_fixed_and_by_whom_and_offers_nothing_that_is_not_allowed(app: SteppedApp) -> None:
    await app.surface.settings.change_lines(app.ann, lambda lines: put(put(lines, rule("r1", "sync")), routine()))
    await fixes(app, CLOSED)
    await opened(app, "open_rules")
    for view in (app.modal().view, await app.publish_home()):
        blockkit.check_view(view)
        said, actions = text_of(view), [one["action_id"] for one in elements(view["blocks"])]
        assert f"Fixed by <@{BEN}> for your workspace: all texts and emoji" in said
        for words in ("all texts and emoji", "no rules and routines of one's own", "no titles"):
            assert words in said
        assert said.count("not allowed by your workspace: it does not count") == 2
        assert said.count("_fixed by your workspace_") == 5
        assert "*At work*" in said
        assert {"add_line", "add_routine", "edit_routine"}.isdisjoint(actions)
        assert actions.count("edit_line") == 4
    await clicked(app, "delete_line", "r1")
    await clicked(app, "switch_routine")
    assert [one.id for one in await listed(app) if not one.enabled] == ["Lunch"]


@pytest.mark.parametrize(("action", "value"), [("add_line", ""), ("add_routine", ""), ("edit_line", "r1")])
async def test_forged_click_opens_no_form_of_what_is_not_allowed(app: SteppedApp, action: str, value: str) -> None:
    await app.surface.settings.change_lines(app.ann, lambda lines: put(lines, rule("r1", "sync")))
    await app.publish_home()
    await fixes(app, CLOSED)
    button = {"type": "button", "action_id": action, "value": value}
    await app.engine.slack.people.click_in_view(ANN, app.engine.slack.homes[ANN].view_id, button)
    assert FIXED in text_of(app.modal().view)
    assert input_of(app.modal().view) == set()


async def test_routine_whose_form_was_open_when_it_was_forbidden_is_refused(app: SteppedApp) -> None:
    await opened(app, "add_routine")
    await fixes(app, Policy(members_may=frozenset({Freedom.TEXTS})))
    assert refused(await app.submit(filled(app, **lunch()))) == ["text"]
    assert await listed(app) == complete(())


async def test_list_from_a_file_that_has_what_is_fixed_changes_nothing(app: SteppedApp) -> None:
    await fixes(app, CLOSED)
    for lines in ((rule("r1", "sync"),), (routine(),)):
        with pytest.raises(FixedError):
            await app.surface.settings.change_lines(app.ann, lambda _, lines=lines: complete(lines))  # type: ignore[misc]
    assert await listed(app) == complete(())


async def test_question_of_the_first_days_is_not_asked_where_muting_is_not_allowed(app: SteppedApp) -> None:
    assert "choose_mute" in text_of(await app.publish_home())
    await fixes(app, Policy(effects=frozenset({Effect.AWAY})))
    assert "choose_mute" not in text_of(await app.publish_home())


# ── the settings, and a status ──────────────────────────────────────────────────────────────────────


async def test_settings_show_what_is_fixed_as_fixed_and_keep_what_was_chosen(app: SteppedApp) -> None:
    chosen = Preferences(titles=True, idle=Status("Ask me", ":wave:"))
    await app.preferences.save(app.ann, chosen, app.clock.now())
    await fixes(app, CLOSED)
    await opened(app, "open_settings")
    view = app.modal().view
    assert options_of(view, "options") == ["count_unconfirmed", "guard"]
    assert {"idle_text", "idle_emoji"}.isdisjoint(input_of(view))
    assert text_of(view).count(BY) == 2
    assert await app.submit(filled(app, options=picked("count_unconfirmed"))) == {}
    assert await app.preferences.get(app.ann) == replace(chosen, count_unconfirmed=True)


@pytest.mark.parametrize(
    ("fields", "block"),
    [({"options": picked("titles")}, "options"), ({"idle_text": typed("Ask me")}, "idle_text"),
     ({"idle_emoji": typed(":wave:")}, "idle_emoji")],
)  # fmt: skip
async def test_settings_that_were_open_when_they_were_fixed_are_refused_at_their_block(
    app: SteppedApp, fields: dict[str, Any], block: str
) -> None:
    await opened(app, "open_settings")
    await fixes(app, CLOSED)
    assert refused(await app.submit(filled(app, **fields))) == [block]
    assert await app.preferences.get(app.ann) == Preferences()


async def test_status_of_ones_own_has_its_own_words_and_only_allowed_effects(app: SteppedApp) -> None:
    await opened(app, "open_override")
    await fixes(app, CLOSED)
    fields = {"text": typed("Lunch"), "emoji": one(":pizza:")}
    assert refused(await app.submit(filled(app, **fields, effects=picked("dnd")))) == ["effects"]
    await app.submit(filled(app, **fields, effects=picked("away")))
    assert (await app.shows())[:2] == ("Lunch", ":pizza:")
    await opened(app, "open_override")
    assert options_of(app.modal().view, "effects") == ["away"]


async def test_where_nothing_besides_the_status_is_allowed_the_form_says_so(app: SteppedApp) -> None:
    await fixes(app, Policy(effects=frozenset(), replies=False))
    await opened(app, "open_override")
    view = app.modal().view
    assert "effects" not in input_of(view)
    assert f"Besides the status: nothing: {BY}" in text_of(view)


async def test_nothing_is_asked_of_a_person_for_an_effect_that_is_not_allowed(app: SteppedApp) -> None:
    mine = tuple(replace(one, effects=frozenset(Effect)) for one in complete(()))
    await app.surface.settings.change_lines(app.ann, lambda _: mine)
    assert await app.surface.permissions.chosen(app.ann) == frozenset(Effect)
    await fixes(app, Policy(effects=frozenset({Effect.AWAY}), replies=False))
    assert await app.surface.permissions.chosen(app.ann) == frozenset({Effect.AWAY})
