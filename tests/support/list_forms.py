"""The forms of a list's lines: opened on the Home tab, filled in as Slack would send them."""

from __future__ import annotations

from typing import Any

from services.domain.lines import Line, Rule
from tests.support import blockkit
from tests.support.stepped_app import ANN, SteppedApp, elements

OWN = ["out_of_office", "meeting", "focus", "working_location"]
Field = tuple[str, dict[str, Any]]


def typed(value: str | None) -> Field:
    return "value", {"type": "plain_text_input", "value": value}


def picked(*values: str) -> Field:
    return "value", {"type": "checkboxes", "selected_options": [{"value": value} for value in values]}


def one(value: str | None) -> Field:
    return "value", {"type": "static_select", "selected_option": None if value is None else {"value": value}}


def at(value: str | None) -> Field:
    return "value", {"type": "timepicker", "selected_time": value}


def day(value: str | None) -> Field:
    return "value", {"type": "datepicker", "selected_date": value}


def filled(app: SteppedApp, **more: Field) -> dict[str, Field]:
    """What Slack sends of the form on top: what it began with, and `more` that was filled in."""
    state: dict[str, Field] = {}
    for block in app.modal().view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            begun = {name.replace("initial_", "selected_"): element[name] for name in element if "initial_" in name}
            if "selected_value" in begun:
                begun["value"] = begun.pop("selected_value")
            state[block["block_id"]] = (element["action_id"], {"type": element["type"], **begun})
    assert set(more) <= set(state)
    return {**state, **more}


async def opened(app: SteppedApp, action: str, value: str = "") -> None:
    """Open a form from the Home tab."""
    view = await app.publish_home()
    home = app.engine.slack.homes[ANN]
    button = next(
        part for part in elements(view["blocks"]) if part["action_id"] == action and part.get("value", "") == value
    )
    answer = await app.engine.slack.people.click_in_view(ANN, home.view_id, button)
    assert answer.status == 200, answer.body
    blockkit.check_view(app.modal().view)


async def clicked(app: SteppedApp, action: str, value: str = "") -> None:
    """Click in the modal on top."""
    modal = app.modal()
    button = next(
        part
        for part in elements(modal.view["blocks"])
        if part["action_id"] == action and value in part.get("value", "")
    )
    answer = await app.engine.slack.people.click_in_view(ANN, modal.view_id, button)
    assert answer.status == 200, answer.body


async def listed(app: SteppedApp) -> tuple[Line, ...]:
    return await app.lines.list(app.ann)


async def rule(app: SteppedApp) -> Rule:
    """The one rule of Ann's own."""
    (found,) = [line for line in await listed(app) if isinstance(line, Rule) and line.kind is None]
    return found


async def added(app: SteppedApp, **more: Field) -> dict[str, Any]:
    await opened(app, "add_line")
    return await app.submit(filled(app, **more))


def lunch(**more: Field) -> dict[str, Field]:
    return {"text": typed("Lunch"), "emoji": one(":sandwich:"), "from": at("12:30"), "to": at("13:30"), **more}
