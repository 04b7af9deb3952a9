"""views.open, views.push, views.update, views.publish."""

from __future__ import annotations

from typing import Any

from emulators.slack import views
from emulators.slack.request import ApiRequest
from emulators.slack.state import ViewState


def open_view(request: ApiRequest) -> dict[str, Any]:
    """views.open with a trigger."""
    user_id = request.slack.triggers.use(request.text("trigger_id"))
    return _answer(request, views.open_modal(request.slack, user_id, request.parsed("view")))


def push(request: ApiRequest) -> dict[str, Any]:
    """views.push with a trigger."""
    user_id = request.slack.triggers.use(request.text("trigger_id"))
    return _answer(request, views.push_modal(request.slack, user_id, request.parsed("view")))


def update(request: ApiRequest) -> dict[str, Any]:
    """views.update by view id or external id."""
    state = views.find(request.slack, request.text("view_id"), request.text("external_id"))
    return _answer(request, views.update(request.slack, state, request.parsed("view"), request.text("hash")))


def publish(request: ApiRequest) -> dict[str, Any]:
    """views.publish: somebody's Home tab."""
    view = request.parsed("view")
    return _answer(request, views.publish(request.slack, request.text("user_id"), view, request.text("hash")))


def _answer(request: ApiRequest, state: ViewState) -> dict[str, Any]:
    return {"ok": True, "view": views.as_returned(request.slack, state)}
