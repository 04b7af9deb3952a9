"""What the local Slack holds: workspaces, members, tokens, channels, messages. Plain values, changed by the methods."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

DEFAULT_BOT_SCOPES = frozenset(
    {
        "commands", "chat:write", "files:read", "im:history", "im:write", "users:read", "users.profile:read",
        "emoji:read",
    }
)  # fmt: skip
DEFAULT_USER_SCOPES = frozenset(
    {"users.profile:write", "users.profile:read", "users:read", "dnd:read", "dnd:write", "users:write"}
)


@dataclass(slots=True)
class AppConfig:
    """The app as registered with this Slack. `request_url` is where commands, events and clicks are sent."""

    app_id: str = "A0STATUSQUO"
    name: str = "Status Quo"
    client_id: str = "111.222"
    client_secret: str = field(default="local-client-secret", repr=False)
    signing_secret: str = field(default="local-signing-secret", repr=False)
    verification_token: str = field(default="local-verification-token", repr=False)
    bot_name: str = "statusquo"
    request_url: str = ""
    redirect_urls: list[str] = field(default_factory=list)
    events: set[str] = field(
        default_factory=lambda: {
            "user_status_changed",
            "user_profile_changed",
            "app_home_opened",
            "file_shared",
            "message",
            "tokens_revoked",
            "app_uninstalled",
        }
    )
    token_rotation: bool = False


@dataclass(slots=True)
class Workspace:
    """A team. With an `enterprise_id` it belongs to an Enterprise org."""

    team_id: str
    name: str
    domain: str
    enterprise_id: str | None = None
    enterprise_name: str | None = None
    emoji: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Member:
    """A person or a bot, with what their profile shows: `text` un-escaped, `expiration` in Unix seconds or 0."""

    team_id: str
    user_id: str
    name: str
    real_name: str
    title: str = ""
    email: str = ""
    tz: str = "Etc/UTC"
    locale: str = "en-US"
    is_admin: bool = False
    is_bot: bool = False
    bot_id: str = ""
    deleted: bool = False
    avatar: str = ""
    avatar_hash: str = "0" * 12
    text: str = ""
    emoji: str = ""
    expiration: int = 0
    presence: str = "auto"
    active: bool = True
    snooze_until: int = 0
    updated: int = 0


@dataclass(slots=True)
class Token:
    """A bot token (`xoxb`, of a workspace or org) or a user token (`xoxp`, of a person). `expires_at` in seconds."""

    value: str = field(repr=False)
    kind: str
    team_id: str
    user_id: str
    scopes: set[str]
    enterprise_id: str | None = None
    org_wide: bool = False
    refresh: str = field(default="", repr=False)
    expires_at: int | None = None
    revoked: bool = False


@dataclass(slots=True)
class Channel:
    """A channel, or the direct messages of one person with the app (`person` is set)."""

    channel_id: str
    team_id: str
    name: str
    person: str = ""


@dataclass(slots=True)
class Message:
    """A message; `only_for` is set for an ephemeral one."""

    ts: str
    channel_id: str
    user_id: str
    text: str
    blocks: list[dict[str, Any]]
    at: datetime
    only_for: str = ""
    bot: bool = False
    attachments: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class StoredFile:
    """A file that a person sent into a channel. `address` is set for one that lives elsewhere."""

    file_id: str
    team_id: str
    user_id: str
    channel_id: str
    name: str
    mimetype: str
    filetype: str
    content: bytes = field(repr=False)
    address: str = ""
    size: int | None = None


@dataclass(slots=True)
class ViewState:
    """A Home tab or an open modal: who it belongs to, the view as given, and what Slack adds to it."""

    view_id: str
    team_id: str
    user_id: str
    view: dict[str, Any]
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
