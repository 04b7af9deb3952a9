"""A policy in the whole app: an admin's form, in a signed request, and what everybody's profile shows after it."""

from __future__ import annotations

from tests.support import blockkit
from tests.support.feeds import lasting
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at


async def manages(app: RunningApp, **fields: tuple[str, str]) -> None:
    """Ann, an admin, opens the form on her Home tab, fills it in, and saves it. `fields`: what kind, which value."""
    await app.opens_home()
    home = app.slack.homes[ANN]
    blockkit.check_view(home.view)
    button = {"type": "button", "action_id": "open_workspace"}
    assert (await app.slack.people.click_in_view(ANN, home.view_id, button)).status == 200
    modal = app.slack.modals[ANN][-1]
    blockkit.check_view(modal.view)
    state = {}
    for block in modal.view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            begun = {name.replace("initial_", "selected_"): one for name, one in element.items() if "initial_" in name}
            state[block["block_id"]] = {"value": {"type": element["type"], **begun}}
    for name, (kind, value) in fields.items():
        chosen = {"selected_option": {"value": value}} if kind == "static_select" else {"value": value}
        state[name] = {"value": {"type": kind, **chosen}}
    answer = await app.slack.people.submit(ANN, modal.view_id, state)
    assert answer.status == 200
    assert not answer.body, answer.body


async def test_what_an_admin_forbids_and_fixes_is_on_everybodys_profile_at_once(running_app: RunningApp) -> None:
    app = running_app
    app.slack.add_person(ANN, "ann", team_id=TEAM, is_admin=True)
    for user in (ANN, BEN):
        await app.joins(user)
        app.feeds[user].has(lasting("a", at("09:30"), 60, "Okapi takeover"))
        await app.connects(user, user)
        await app.edits("meeting", user, text="{title}")
        switch = {"type": "checkboxes", "selected_options": [{"value": "titles"}]}
        await app.chooses(user, options=switch)
    await app.until(at("10:00"))
    assert [app.text(user) for user in (ANN, BEN)] == ["Okapi takeover"] * 2

    await manages(app, titles=("static_select", "no"))
    await app.settle()
    assert [app.text(user) for user in (ANN, BEN)] == ["In a meeting"] * 2
    await manages(app, kind_meeting_text=("plain_text_input", "At work"))
    await app.settle()
    assert [app.text(user) for user in (ANN, BEN)] == ["At work"] * 2
    said = await app.types("/quo", "preview", BEN)
    assert "At work" in str(said)
    app.slack.membership.set_role(ANN, "member")
    await app.settle()
    assert "open_workspace" not in str(app.slack.homes[ANN].view)
