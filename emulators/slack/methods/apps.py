"""auth.*, apps.*, bots.info, team.info, emoji.list, api.test."""

from __future__ import annotations

from typing import Any

from emulators.slack.emoji import standard
from emulators.slack.errors import RefusalError
from emulators.slack.request import ApiRequest


def api_test(request: ApiRequest) -> dict[str, Any]:
    """api.test: the arguments back."""
    return {"ok": True, "args": {name: value for name, value in request.arguments.items() if name != "token"}}


def auth_test(request: ApiRequest) -> dict[str, Any]:
    """auth.test: whose token it is."""
    token = request.owner
    member = request.slack.member(token.user_id)
    workspace = request.slack.workspaces[member.team_id]
    body: dict[str, Any] = {
        "ok": True,
        "url": f"https://{workspace.domain}.slack.com/",
        "team": workspace.enterprise_name if token.org_wide else workspace.name,
        "user": member.name,
        "team_id": token.team_id,
        "user_id": member.user_id,
        "is_enterprise_install": token.org_wide,
    }
    if workspace.enterprise_id:
        body["enterprise_id"] = workspace.enterprise_id
    if token.kind == "bot":
        body["bot_id"] = member.bot_id
    if token.expires_at is not None:
        body["expires_in"] = token.expires_at - int(request.now.timestamp())
    return body


def revoke(request: ApiRequest) -> dict[str, Any]:
    """auth.revoke: this token alone. With `test` nothing happens."""
    if not request.flag("test"):
        request.slack.revoke(request.owner)
    return {"ok": True, "revoked": not request.flag("test")}


def uninstall(request: ApiRequest) -> dict[str, Any]:
    """apps.uninstall: all tokens of the workspace."""
    if request.text("client_id") != request.slack.app.client_id:
        raise RefusalError("invalid_client_id")
    if request.text("client_secret") != request.slack.app.client_secret:
        raise RefusalError("bad_client_secret")
    request.slack.uninstall(request.owner.team_id)
    return {"ok": True}


def bots_info(request: ApiRequest) -> dict[str, Any]:
    """bots.info of the app's bot."""
    for member in request.slack.members.values():
        if member.is_bot and request.text("bot", member.bot_id) == member.bot_id:
            app_id = request.slack.app.app_id
            bot = {
                "id": member.bot_id,
                "name": member.name,
                "user_id": member.user_id,
                "app_id": app_id,
                "deleted": False,
            }
            return {"ok": True, "bot": bot}
    raise RefusalError("bot_not_found")


def team_info(request: ApiRequest) -> dict[str, Any]:
    """team.info of the token's workspace."""
    team_id = request.text("team") or request.slack.member(request.owner.user_id).team_id
    workspace = request.slack.workspaces.get(team_id)
    if workspace is None:
        raise RefusalError("team_not_found")
    team = {
        "id": workspace.team_id,
        "name": workspace.name,
        "domain": workspace.domain,
        "icon": {"image_default": True},
    }
    return {"ok": True, "team": team}


def emoji_list(request: ApiRequest) -> dict[str, Any]:
    """emoji.list: the workspace's own; the standard ones too with `include_categories`."""
    workspace = request.slack.workspaces[request.slack.member(request.owner.user_id).team_id]
    body: dict[str, Any] = {"ok": True, "emoji": dict(workspace.emoji), "cache_ts": str(int(request.now.timestamp()))}
    if request.flag("include_categories"):
        body["categories"] = [{"name": "All", "emoji_names": sorted(standard())}]
    return body
