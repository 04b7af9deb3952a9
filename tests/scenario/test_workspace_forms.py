"""The workspace as its admins manage it: the form of its policy, who is let in, and what members see of it at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from emulators.faults import Fault
from handlers.slack.views.workspace import Section
from services.domain.model import Effect, Kind, Look, PersonKey
from services.domain.people import Preferences
from services.domain.policy import Freedom, Policy
from services.platform.locale import Localizer
from services.usecases.workspace import OperatorAllows
from tests.support import blockkit
from tests.support.engine import meeting
from tests.support.list_forms import Field, filled, one, picked, typed
from tests.support.stepped_app import ANN, SteppedApp, elements, text_of

REFUSED = "Only an admin of your workspace can do that, and Slack says that you are not one. Nothing was changed."


@pytest.fixture
async def admin(app: SteppedApp) -> SteppedApp:
    """Ann is an admin of the workspace."""
    app.engine.slack.membership.set_role(ANN, "admin")
    await app.people.opened_home(app.ann)
    return app


async def opens(app: SteppedApp) -> dict[str, Any]:
    """She opens the form from her Home tab; the form."""
    await app.publish_home()
    await app.click_home("open_workspace")
    view: dict[str, Any] = app.modal().view
    blockkit.check_view(view)
    return view


async def saves(app: SteppedApp, **fields: Field) -> dict[str, Any]:
    await opens(app)
    return await app.submit(filled(app, **fields))


async def policy(app: SteppedApp) -> Policy:
    return await app.surface.policies.of(app.ann.team_id)


def blocks_of(view: dict[str, Any]) -> list[str]:
    return [block["block_id"] for block in view["blocks"] if block["type"] == "input"]


# ── who is let in ───────────────────────────────────────────────────────────────────────────────────


async def test_home_of_an_admin_alone_has_the_workspace(app: SteppedApp) -> None:
    assert "open_workspace" not in text_of(await app.publish_home())
    app.engine.slack.membership.set_role(ANN, "owner")
    await app.people.opened_home(app.ann)
    view = await app.publish_home()
    blockkit.check_view(view)
    assert "Your workspace" in text_of(view)
    assert [one["action_id"] for one in elements(view["blocks"])].count("open_workspace") == 1


async def test_member_who_is_no_admin_any_more_is_refused_at_the_button(admin: SteppedApp) -> None:
    await admin.publish_home()
    admin.engine.slack.membership.set_role(ANN, "member")
    await admin.click_home("open_workspace")
    assert text_of(admin.modal().view).count(REFUSED) == 1
    assert "open_workspace" not in text_of(await admin.publish_home())


async def test_form_that_a_former_admin_has_still_open_is_refused_on_its_first_block(admin: SteppedApp) -> None:
    view = await opens(admin)
    admin.engine.slack.membership.set_role(ANN, "guest")
    answer = await admin.submit(filled(admin, titles=one("no")))
    assert answer == {"response_action": "errors", "errors": {blocks_of(view)[0]: REFUSED}}
    assert await policy(admin) == Policy()


async def test_nothing_is_changed_while_slack_does_not_say_who_is_an_admin(admin: SteppedApp) -> None:
    await opens(admin)
    admin.engine.slack.faults.add(Fault("users.info", error="internal_error"))
    answer = await admin.submit(filled(admin, titles=one("no")))
    assert answer["response_action"] == "errors"
    assert "Slack does not answer at the moment." in answer["errors"]["titles"]
    assert await policy(admin) == Policy()


# ── the form ────────────────────────────────────────────────────────────────────────────────────────


async def test_form_has_the_blocks_that_others_rely_on_and_saved_as_it_is_changes_nothing(admin: SteppedApp) -> None:
    view = await opens(admin)
    kinds = ("out_of_office", "meeting", "focus", "working_location")
    assert set(blocks_of(view)) == {
        "titles", "effects", "replies", "digests", "keeper", "agents", "members_may", "leave_types",
        *(f"kind_{kind}_{part}" for kind in kinds for part in ("text", "emoji")),
    }  # fmt: skip
    actions = {block["element"]["action_id"] for block in view["blocks"] if block["type"] == "input"}
    assert actions == {"value"}
    assert await admin.submit(filled(admin)) == {}
    found = await policy(admin)
    assert (found, found.set_at) == (Policy(), None)


async def test_form_is_saved_whole_with_who_and_when_and_shows_it_the_next_time(admin: SteppedApp) -> None:
    answer = await saves(
        admin, titles=one("no"), replies=one("no"), digests=one("no"), keeper=one("no"), agents=one("no"),
        effects=picked("dnd", "away"), members_may=picked("digests"),
        leave_types=typed(" Sabbatical \n\nKurzarbeit\nSabbatical\n"),
        kind_meeting_text=typed("At work until {until}"), kind_focus_emoji=one(":brain:"),
    )  # fmt: skip
    assert answer == {}
    found = await policy(admin)
    assert found == Policy(
        titles=False, effects=frozenset({Effect.DND, Effect.AWAY}), replies=False, digests=False, keeper=False,
        agents=False, leave_types=("Sabbatical", "Kurzarbeit"), members_may=frozenset({Freedom.DIGESTS}),
        looks={Kind.MEETING: Look("At work until {until}"), Kind.FOCUS: Look(None, ":brain:")},
    )  # fmt: skip
    assert (found.set_by, found.set_at) == (ANN, admin.clock.now())
    await opens(admin)
    assert await admin.submit(filled(admin)) == {}
    assert (await policy(admin)) == found
    said = text_of(await admin.publish_home())
    for line in (
        ":no_entry_sign: Titles in statuses: not allowed",
        ":white_check_mark: Besides the status: Do not disturb, Shown as away",
        ":no_entry_sign: Answers to mentions: not allowed", "Members may have: Digests in their channels",
        "The same for everybody: Meeting: :spiral_calendar_pad: *At work until {until}* · Focus time: :brain:",
        "More types of leave: Sabbatical, Kurzarbeit", f"Changed by <@{ANN}>, 10:00",
    ):  # fmt: skip
        assert line in said, line


MISTAKES: list[tuple[dict[str, Field], str, str]] = [
    ({"kind_meeting_text": typed("On {title}")}, "kind_meeting_text", "titles and places are their owner's"),
    ({"kind_focus_text": typed("At {location}")}, "kind_focus_text", "titles and places are their owner's"),
    ({"kind_focus_text": typed("{when}")}, "kind_focus_text", "Only {title}, {until} and {location}"),
    ({"kind_focus_text": typed("x" * 101)}, "kind_focus_text", "Slack allows 100 characters in a status."),
    ({"kind_focus_emoji": one("no emoji")}, "kind_focus_emoji", "That is not an emoji."),
    ({"leave_types": typed("x" * 61)}, "leave_types", "Write one type a line"),
    ({"leave_types": typed("Sabbatical\n---")}, "leave_types", "Write one type a line"),
    ({"leave_types": typed("\n".join(f"type {n}" for n in range(41)))}, "leave_types", "Write one type a line"),
    ({"effects": picked("dnd", "reply")}, "effects", "That is not one of the choices."),
    ({"members_may": picked("everything")}, "members_may", "That is not one of the choices."),
    ({"titles": one("maybe")}, "titles", "That is not one of the choices."),
]


async def test_bad_value_is_said_at_its_block_and_nothing_is_half_saved(
    admin: SteppedApp, subtests: pytest.Subtests
) -> None:
    for number, (fields, block, sentence) in enumerate(MISTAKES):
        with subtests.test(number=number, block=block):
            answer = await saves(admin, **{"agents": one("no"), **fields})
            assert answer["response_action"] == "errors"
            assert list(answer["errors"]) == [block]
            assert sentence in answer["errors"][block]
            assert await policy(admin) == Policy()


async def test_form_that_another_admin_has_overtaken_is_refused_and_takes_nothing_back(admin: SteppedApp) -> None:
    await saves(admin, agents=one("no"))
    await opens(admin)
    admin.clock.move(minutes=1)
    await admin.surface.policies.change(PersonKey(admin.ann.team_id, "U0BEN00001"), lambda one: Policy(titles=False))
    answer = await admin.submit(filled(admin, keeper=one("no")))
    assert answer["errors"]["titles"].startswith("Another admin has changed the policy since you opened this form.")
    assert await policy(admin) == Policy(titles=False)


async def test_what_the_operator_has_switched_off_is_said_and_stays_as_it_was(admin: SteppedApp) -> None:
    policies = admin.surface.policies
    object.__setattr__(policies, "operator", OperatorAllows(replies=False, keeper=False, agents=False))
    view = await opens(admin)
    assert {"replies", "keeper", "agents"}.isdisjoint(blocks_of(view))
    assert text_of(view).count("switched off by the operator of Status Quo.") == 3
    assert await admin.submit(filled(admin, titles=one("no"))) == {}
    found = await policy(admin)
    assert (found.titles, found.replies, found.keeper, found.agents) == (False, False, False, False)
    assert await policies.stored(admin.ann.team_id) == Policy(titles=False)


async def test_sections_of_other_parts_stand_in_the_form_and_on_the_home_tab(admin: SteppedApp) -> None:
    async def read(key: PersonKey, l10n: Localizer) -> Section:
        block = {"type": "section", "text": {"type": "mrkdwn", "text": f"A part for {key.user_id} in {l10n.locale}"}}
        return Section((block,), ("*Part*: in order",), ("The part is broken.",))

    object.__setattr__(admin.tab.workspace, "read", (read,))
    assert f"A part for {ANN} in en-GB" in text_of(await opens(admin))
    said = text_of(await admin.publish_home())
    assert "*Part*: in order" in said
    assert ":warning: The part is broken." in said


# ── what comes of it ────────────────────────────────────────────────────────────────────────────────


async def test_title_goes_off_the_profile_when_titles_are_forbidden(admin: SteppedApp) -> None:
    now = admin.clock.now()
    await admin.preferences.save(admin.ann, Preferences(titles=True), now)
    await admin.engine.has(admin.ann, meeting(now - timedelta(minutes=5), 60))
    await admin.surface.settings.change_lines(
        admin.ann, lambda lines: tuple(one if one.id != "meeting" else _titled(one) for one in lines)
    )
    assert (await admin.shows())[0] == "Plan"
    await saves(admin, titles=one("no"))
    assert (await admin.shows())[0] == "In a meeting"
    await saves(admin, titles=one("yes"), kind_meeting_text=typed("Busy"), kind_meeting_emoji=one(":no_entry:"))
    assert (await admin.shows())[:2] == ("Busy", ":no_entry:")


def _titled(line: Any) -> Any:
    return replace(line, look=Look("{title}"))
