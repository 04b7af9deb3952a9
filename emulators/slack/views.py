"""Home tabs and modals: what views.* accept, keep and return (docs.slack.dev/surfaces, …/reference/block-kit)."""

from __future__ import annotations

import json
import secrets
from typing import Any

from emulators.slack.core import SlackCore, with_block_ids
from emulators.slack.errors import RefusalError
from emulators.slack.kit import problems_of
from emulators.slack.state import ViewState

_MOST_BYTES = 250_000
_DEEPEST = 3


def as_returned(slack: SlackCore, state: ViewState, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """The view object as methods and payloads carry it; `values` is the state of its inputs."""
    view = state.view
    blank = {"type": "plain_text", "text": "", "emoji": True}
    returned = {
        "id": state.view_id,
        "team_id": state.team_id,
        "type": view["type"],
        "blocks": view["blocks"],
        "private_metadata": view.get("private_metadata", ""),
        "callback_id": view.get("callback_id", ""),
        "external_id": view.get("external_id", ""),
        "state": {"values": values or {}},
        "hash": state.hash,
        "title": view.get("title", blank),
        "clear_on_close": view.get("clear_on_close", False),
        "notify_on_close": view.get("notify_on_close", False),
        "close": view.get("close"),
        "submit": view.get("submit"),
        "previous_view_id": state.previous_view_id,
        "root_view_id": state.root_view_id,
        "app_id": slack.app.app_id,
        "app_installed_team_id": state.team_id,
        "bot_id": slack.bot_of(state.team_id).bot_id,
    }
    if view["type"] == "modal":
        returned["submit_disabled"] = False
    return returned


def checked(slack: SlackCore, view: Any, kind: str, *, replaced: str = "") -> dict[str, Any]:
    """The view with block ids, if Slack would take it. Raises RefusalError with Slack's code."""
    if not isinstance(view, dict):
        raise RefusalError(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: view"]}
        )
    if len(json.dumps(view).encode()) > _MOST_BYTES:
        raise RefusalError("view_too_large")
    wrong = problems_of(view, kind)
    if wrong:
        raise RefusalError("invalid_arguments", response_metadata={"messages": wrong})
    external = view.get("external_id")
    for state in _all(slack):
        if external and state.view.get("external_id") == external and state.view_id != replaced:
            raise RefusalError("duplicate_external_id")
    return {**view, "blocks": with_block_ids(view["blocks"])}


def publish(slack: SlackCore, user_id: str, view: Any, expected: str | None) -> ViewState:
    """Put a Home tab up."""
    member = slack.member(user_id)
    old = slack.homes.get(user_id)
    if expected and old is not None and old.hash != expected:
        raise RefusalError("hash_conflict")
    view_id = old.view_id if old else new_view_id(slack)
    good = checked(slack, view, "home", replaced=view_id)
    state = ViewState(view_id, member.team_id, user_id, good, new_hash(slack), view_id)
    slack.homes[user_id] = state
    slack.hub.publish("home", user_id=user_id)
    return state


def open_modal(slack: SlackCore, user_id: str, view: Any) -> ViewState:
    """Open a modal; another one that is open is closed by it."""
    good = checked(slack, view, "modal")
    view_id = new_view_id(slack)
    state = ViewState(view_id, slack.member(user_id).team_id, user_id, good, new_hash(slack), view_id)
    slack.modals[user_id] = [state]
    slack.hub.publish("modal", user_id=user_id)
    return state


def push_modal(slack: SlackCore, user_id: str, view: Any) -> ViewState:
    """Put a modal on top of those that are open, three at most."""
    stack = slack.modals.get(user_id, [])
    if not stack:
        raise RefusalError("not_found")
    if len(stack) >= _DEEPEST:
        raise RefusalError("push_limit_reached")
    good = checked(slack, view, "modal")
    below = stack[-1]
    state = ViewState(
        new_view_id(slack), below.team_id, user_id, good, new_hash(slack), below.root_view_id, below.view_id
    )
    slack.modals[user_id] = [*stack, state]
    slack.hub.publish("modal", user_id=user_id)
    return state


def update(slack: SlackCore, state: ViewState, view: Any, expected: str | None = None) -> ViewState:
    """Replace what a view shows."""
    if expected and state.hash != expected:
        raise RefusalError("hash_conflict")
    state.view = checked(slack, view, state.view["type"], replaced=state.view_id)
    state.hash = new_hash(slack)
    slack.hub.publish("modal" if state.view["type"] == "modal" else "home", user_id=state.user_id)
    return state


def find(slack: SlackCore, view_id: str | None, external_id: str | None = None) -> ViewState:
    """The open view of that id. Raises RefusalError `not_found`."""
    for state in _all(slack):
        if (view_id and state.view_id == view_id) or (external_id and state.view.get("external_id") == external_id):
            return state
    raise RefusalError("not_found")


def close(slack: SlackCore, state: ViewState, *, whole_stack: bool = False) -> list[ViewState]:
    """Close a modal (or all of its stack); what was closed."""
    stack = slack.modals.get(state.user_id, [])
    closed = stack if whole_stack or state not in stack else stack[stack.index(state) :]
    slack.modals[state.user_id] = [kept for kept in stack if kept not in closed]
    slack.hub.publish("modal", user_id=state.user_id)
    return list(closed)


def new_view_id(slack: SlackCore) -> str:
    """An id for a view."""
    return f"V{slack.number():010d}"


def new_hash(slack: SlackCore) -> str:
    """A view's version."""
    return f"{int(slack.clock.now().timestamp())}.{secrets.token_hex(4)}"


def _all(slack: SlackCore) -> list[ViewState]:
    return [*slack.homes.values(), *(state for stack in slack.modals.values() for state in stack)]
