"""Home tabs and modals: what views.* accept, keep and return (docs.slack.dev/surfaces, …/reference/block-kit)."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from emulators.slack.kit import problems_of
from emulators.slack.state import RefusalError, ViewState, with_block_ids

if TYPE_CHECKING:
    from emulators.slack.server import LocalSlack

_MOST_BYTES = 250_000
_DEEPEST = 3


def as_returned(slack: LocalSlack, state: ViewState, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """The view object as methods and payloads carry it; `values` is the state of its inputs."""
    defaults = {
        "private_metadata": "", "callback_id": "", "external_id": "", "clear_on_close": False, "notify_on_close": False,
        "title": {"type": "plain_text", "text": "", "emoji": True}, "close": None, "submit": None,
    }  # fmt: skip
    modal = {"submit_disabled": False} if state.view["type"] == "modal" else {}
    return defaults | state.view | modal | {
        "id": state.view_id, "team_id": state.team_id, "state": {"values": values or {}}, "hash": state.hash,
        "previous_view_id": state.previous_view_id, "root_view_id": state.root_view_id, "app_id": slack.app.app_id,
        "app_installed_team_id": state.team_id, "bot_id": slack.bot_of(state.team_id).bot_id,
    }  # fmt: skip


def checked(slack: LocalSlack, view: Any, kind: str, *, replaced: str = "") -> dict[str, Any]:
    """The view with block ids, if Slack would take it. Raises RefusalError with Slack's code."""
    if not isinstance(view, dict):
        wrong = ["[ERROR] missing required field: view"]
    elif len(json.dumps(view).encode()) > _MOST_BYTES:
        raise RefusalError("view_too_large")
    else:
        wrong = problems_of(view, kind)
    if wrong:
        raise RefusalError("invalid_arguments", response_metadata={"messages": wrong})
    external = view.get("external_id")
    for state in _all(slack):
        if external and state.view.get("external_id") == external and state.view_id != replaced:
            raise RefusalError("duplicate_external_id")
    return {**view, "blocks": with_block_ids(view["blocks"])}


def publish(slack: LocalSlack, user_id: str, view: Any, expected: str | None) -> ViewState:
    """Put a Home tab up."""
    old = slack.homes.get(user_id)
    if expected and old is not None and old.hash != expected:
        raise RefusalError("hash_conflict")
    view_id = old.view_id if old else _new_id(slack)
    good = checked(slack, view, "home", replaced=view_id)
    state = ViewState(view_id, slack.member(user_id).team_id, user_id, good, _new_hash(slack), view_id)
    slack.homes[user_id] = state
    slack.hub.publish("home", user_id=user_id)
    return state


def open_modal(slack: LocalSlack, user_id: str, view: Any, *, push: bool = False) -> ViewState:
    """Open a modal: instead of the open ones, or (`push`) on top of them, three at most."""
    below = slack.modals.get(user_id, []) if push else []
    if push and not below:
        raise RefusalError("not_found")
    if len(below) >= _DEEPEST:
        raise RefusalError("push_limit_reached")
    view_id = _new_id(slack)
    root, previous = (below[0].view_id, below[-1].view_id) if below else (view_id, None)
    good, team_id = checked(slack, view, "modal"), slack.member(user_id).team_id
    state = ViewState(view_id, team_id, user_id, good, _new_hash(slack), root, previous)
    slack.modals[user_id] = [*below, state]
    slack.hub.publish("modal", user_id=user_id)
    return state


def update(slack: LocalSlack, state: ViewState, view: Any, expected: str | None = None) -> ViewState:
    """Replace what a view shows."""
    if expected and state.hash != expected:
        raise RefusalError("hash_conflict")
    state.view = checked(slack, view, state.view["type"], replaced=state.view_id)
    state.hash = _new_hash(slack)
    slack.hub.publish(state.view["type"], user_id=state.user_id)
    return state


def find(slack: LocalSlack, view_id: str | None, external_id: str | None = None) -> ViewState:
    """The open view of that id. Raises RefusalError `not_found`."""
    for state in _all(slack):
        if (view_id and state.view_id == view_id) or (external_id and state.view.get("external_id") == external_id):
            return state
    raise RefusalError("not_found")


def close(slack: LocalSlack, state: ViewState, *, whole_stack: bool = False) -> list[ViewState]:
    """Close a modal (or all of its stack); what was closed."""
    stack = slack.modals.get(state.user_id, [])
    closed = stack if whole_stack or state not in stack else stack[stack.index(state) :]
    slack.modals[state.user_id] = [kept for kept in stack if kept not in closed]
    slack.hub.publish("modal", user_id=state.user_id)
    return list(closed)


def _new_id(slack: LocalSlack) -> str:
    return f"V{slack.number():010d}"


def _new_hash(slack: LocalSlack) -> str:
    return f"{int(slack.clock.now().timestamp())}.{secrets.token_hex(4)}"


def _all(slack: LocalSlack) -> list[ViewState]:
    return [*slack.homes.values(), *(state for stack in slack.modals.values() for state in stack)]
