"""The Web API's methods that the app calls: which token and scopes each needs, and what it does.

Scopes: docs.slack.dev/reference/methods. A request's arguments come as JSON, form or query.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from emulators.slack import channels, dnd, emoji, membership, photos, presence, talk, views
from emulators.slack.people import as_file
from emulators.slack.state import RefusalError, SlackMember, SlackToken, UploadedPart, ViewState, rate_limited

if TYPE_CHECKING:
    from emulators.slack.server import LocalSlack

Answer = dict[str, Any]


@dataclass(slots=True)
class ApiRequest:
    """What a method is called with."""

    slack: LocalSlack
    arguments: dict[str, Any]
    now: datetime
    token: SlackToken

    @property
    def owner(self) -> SlackMember:
        """Whose token it is."""
        return self.slack.member(self.token.user_id)

    def text(self, name: str, default: str = "") -> str:
        """An argument as text."""
        return str(self.arguments.get(name, default))

    def flag(self, name: str) -> bool:
        """An argument as a yes or no."""
        return self.text(name).lower() in {"1", "true"}

    def parsed(self, name: str, refusal: str = "invalid_arguments") -> Any:
        """An argument that is JSON, sent as such or as its text. Raises RefusalError with the code given."""
        value = self.arguments.get(name)
        try:
            return json.loads(value) if isinstance(value, str) and value else value or None
        except ValueError as error:
            raise RefusalError(refusal) from error

    def visible(self, user_id: str) -> SlackMember:
        """A member of the token's workspace. Raises RefusalError."""
        member = self.slack.member(user_id)
        if member.team_id != self.token.team_id:
            raise RefusalError("user_not_found")
        return member


@dataclass(frozen=True, slots=True)
class Method:
    """A method; tokens of all `kinds` may call it, any one of `scopes` must be granted."""

    do: Callable[[ApiRequest], Answer]
    scopes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("bot", "user")


def admitted(slack: LocalSlack, name: str, token: SlackToken, now: datetime, headers: dict[str, str]) -> Method:
    """The method, if that token may call it now; notes the scopes in the answer's `headers`. Raises RefusalError."""
    method = METHODS.get(name)
    if method is None:
        raise RefusalError("unknown_method", req_method=name)
    granted, needed = ",".join(sorted(token.scopes)), ",".join(method.scopes)
    headers["X-OAuth-Scopes"] = granted
    if needed:
        headers["X-Accepted-OAuth-Scopes"] = needed
    if token.kind not in method.kinds:
        raise RefusalError("not_allowed_token_type")
    if needed and not token.scopes & set(method.scopes):
        raise RefusalError("missing_scope", needed=needed, provided=granted)
    wait = slack.limits.check(name, token.team_id, now)
    if wait:
        raise rate_limited(wait)
    return method


async def arguments_of(request: web.Request) -> tuple[dict[str, Any], str, tuple[str, str] | None]:
    """The arguments, the token's value (header, or `token` in the body; empty without one), and basic credentials.

    Raises RefusalError `invalid_json`, `json_not_object`, `invalid_client_id`.
    """
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError as error:
            raise RefusalError("invalid_json") from error
        if not isinstance(body, dict):
            raise RefusalError("json_not_object")
        arguments |= body
    elif request.method == "POST":
        arguments |= {name: _part(value) for name, value in (await request.post()).items()}
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    token = value.strip() if scheme.lower() == "bearer" else str(arguments.get("token") or "")
    basic = None
    if scheme.lower() == "basic":
        try:
            login, _, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
        except ValueError as error:
            raise RefusalError("invalid_client_id") from error
        basic = (login, password)
    return arguments, token, basic


def _part(value: str | bytes | bytearray | web.FileField) -> Any:
    """A field of a form: text, or a file with the content type that its part gave."""
    if isinstance(value, web.FileField):
        return UploadedPart(value.filename, value.content_type, value.file.read())
    return value if isinstance(value, str) else ""


# ── what they do ────────────────────────────────────────────────────────────────────────────────────


def _auth_test(request: ApiRequest) -> Answer:
    member, token = request.owner, request.token
    workspace = request.slack.workspaces[member.team_id]
    body = {
        "ok": True, "url": f"https://{workspace.domain}.slack.com/", "team": workspace.name, "user": member.name,
        "team_id": token.team_id, "user_id": member.user_id, "is_enterprise_install": False,
    }  # fmt: skip
    left = {} if token.expires_at is None else {"expires_in": token.expires_at - int(request.now.timestamp())}
    return body | ({"bot_id": member.bot_id} if token.kind == "bot" else {}) | left


def _revoke(request: ApiRequest) -> Answer:
    request.slack.revoke(request.token)
    return {"ok": True, "revoked": True}


def _file_info(request: ApiRequest) -> Answer:
    file = request.slack.files.get(request.text("file"))
    if file is None or file.team_id != request.token.team_id:
        raise RefusalError("file_not_found")
    return {"ok": True, "file": as_file(request.slack, file), "comments": []}


def _open(request: ApiRequest, *, push: bool = False) -> Answer:
    """With a trigger."""
    user_id = request.slack.triggers.use(request.text("trigger_id"))
    return _shown(request, views.open_modal(request.slack, user_id, request.parsed("view"), push=push))


def _update(request: ApiRequest) -> Answer:
    """By view id or external id."""
    state = views.find(request.slack, request.text("view_id"), request.text("external_id"))
    return _shown(request, views.update(request.slack, state, request.parsed("view"), request.text("hash")))


def _publish(request: ApiRequest) -> Answer:
    view, user_id = request.parsed("view"), request.text("user_id")
    return _shown(request, views.publish(request.slack, user_id, view, request.text("hash")))


def _shown(request: ApiRequest, state: ViewState) -> Answer:
    return {"ok": True, "view": views.as_returned(request.slack, state)}


_BOT, _USER = ("bot",), ("user",)
METHODS: dict[str, Method] = {
    "auth.revoke": Method(_revoke),
    "auth.teams.list": Method(membership.list_teams),
    "auth.test": Method(_auth_test),
    "chat.postEphemeral": Method(talk.post_ephemeral, ("chat:write",)),
    "chat.postMessage": Method(talk.post_message, ("chat:write",)),
    "conversations.info": Method(channels.info, channels.READ_SCOPES),
    "conversations.members": Method(channels.members, channels.READ_SCOPES),
    "dnd.endDnd": Method(dnd.end_dnd, ("dnd:write",), _USER),
    "dnd.endSnooze": Method(dnd.end_snooze, ("dnd:write",), _USER),
    "dnd.info": Method(dnd.info, ("dnd:read",)),
    "dnd.setSnooze": Method(dnd.set_snooze, ("dnd:write",), _USER),
    "dnd.teamInfo": Method(dnd.team_info, ("dnd:read",)),
    "emoji.list": Method(emoji.list_emoji, ("emoji:read",)),
    "files.info": Method(_file_info, ("files:read",)),
    "users.conversations": Method(channels.conversations_of, channels.READ_SCOPES),
    "users.deletePhoto": Method(photos.delete_photo, ("users.profile:write",), _USER),
    "users.getPresence": Method(presence.get_presence, ("users:read",)),
    "users.info": Method(membership.user_info, ("users:read",)),
    "users.list": Method(membership.list_users, ("users:read",)),
    "users.profile.get": Method(membership.profile_get, ("users.profile:read",)),
    "users.profile.set": Method(membership.profile_set, ("users.profile:write",), _USER),
    "users.setPhoto": Method(photos.set_photo, ("users.profile:write",), _USER),
    "users.setPresence": Method(presence.set_presence, ("users:write",)),
    "views.open": Method(_open, (), _BOT),
    "views.publish": Method(_publish, (), _BOT),
    "views.push": Method(lambda request: _open(request, push=True), (), _BOT),
    "views.update": Method(_update, (), _BOT),
}
