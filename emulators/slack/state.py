"""What the local Slack holds: workspaces, members, tokens, channels, messages, views, calls. Plain values."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

DEFAULT_BOT_SCOPES = frozenset({
    "commands", "chat:write", "files:read", "im:history", "im:write", "users:read", "users.profile:read", "emoji:read",
    "channels:history", "groups:history", "channels:read", "groups:read", "dnd:read",
})  # fmt: skip
DEFAULT_USER_SCOPES = frozenset({
    "users.profile:write", "users.profile:read", "users:read", "dnd:read", "dnd:write", "users:write",
})  # fmt: skip
_EVENTS = frozenset({
    "user_change", "team_join", "app_home_opened", "file_shared", "message.im", "message.channels", "message.groups",
    "emoji_changed", "tokens_revoked", "app_uninstalled",
})  # fmt: skip
_BOT_OPTIONAL = frozenset({"channels:history", "channels:read", "emoji:read", "groups:history", "groups:read"})
_USER_OPTIONAL = frozenset({"dnd:read", "dnd:write", "users:read", "users:write"})
DAY_MINUTES = 1_440
_SECRET = {"token", "client_secret", "code", "refresh_token", "code_verifier"}
_MOST_CALLS, _MOST_CHANGES = 5_000, 10_000
PERSON, APP, TIME = "person", "app", "time"
"""Who changed something: the member's own hand, the app with their token, or the clock."""


class RefusalError(Exception):
    """A method's refusal: Slack's error code, further fields of the body, HTTP status and headers."""

    def __init__(
        self, code: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> None:
        super().__init__(code)
        self.code, self.status, self.headers = code, status, dict(headers or {})
        self.body: dict[str, Any] = {"ok": False, "error": code, **fields}


def rate_limited(retry_after: float) -> RefusalError:
    """429 with `Retry-After` in whole seconds (docs.slack.dev/apis/web-api/rate-limits)."""
    return RefusalError("ratelimited", status=429, headers={"Retry-After": str(max(1, math.ceil(retry_after)))})


@dataclass(slots=True)
class AppConfig:
    """The app as registered with this Slack. `request_url` is where commands, events and clicks are sent.

    `events` and `user_events` are what it subscribed to with its bot and with its users' grants; of the scopes that it
    asks for, people may leave out the `bot_optional` and `user_optional` ones (docs.slack.dev/reference/app-manifest).
    `ack_seconds`: how long an answer is waited for (docs.slack.dev, "Slash commands": 3 seconds).
    """

    app_id: str = "A0STATUSQUO"
    name: str = "Status Quo"
    client_id: str = "111.222"
    client_secret: str = field(default="local-client-secret", repr=False)
    signing_secret: str = field(default="local-signing-secret", repr=False)
    app_token: str = field(default="xapp-1-A0STATUSQUO-1-local", repr=False)
    request_url: str = ""
    redirect_urls: list[str] = field(default_factory=list)
    events: frozenset[str] = _EVENTS
    user_events: frozenset[str] = frozenset({"dnd_updated"})
    bot_optional: frozenset[str] = _BOT_OPTIONAL
    user_optional: frozenset[str] = _USER_OPTIONAL
    token_rotation: bool = False
    ack_seconds: float = 3.0


@dataclass(slots=True)
class Team:
    """A workspace; `emoji` are its own, name → address or `alias:name`; `snooze_ceiling` is in minutes.

    Slack does not say how long a snooze may be (dnd.setSnooze names `too_long` alone): a test sets what it needs. Nor
    does it say from how many members on users.list wants a `limit` (`large`), and how many it gives at most however
    many are asked for (`longest_page`). `paid`: on a free plan nobody sets somebody else's profile. `usergroups` are
    the members of each, by its id (`S…`).
    """

    team_id: str
    name: str
    domain: str
    emoji: dict[str, str] = field(default_factory=dict)
    snooze_ceiling: int = DAY_MINUTES
    paid: bool = True
    large: int = 1_000
    longest_page: int = 1_000
    usergroups: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunningSnooze:
    """Do not disturb until `end` (Unix seconds); `by` is PERSON or APP."""

    end: int
    by: str


@dataclass(frozen=True, slots=True)
class MemberPicture:
    """A member's own picture as it was given: size in pixels, `crop` as x, y and width of the square that is shown."""

    content: bytes = field(repr=False)
    content_type: str
    width: int
    height: int
    crop: tuple[int, int, int] | None
    hash: str
    by: str


@dataclass(frozen=True, slots=True)
class MemberChange:
    """Something besides the status that changed of a member; the local Slack's own record, which no app can read.

    `what` is `snooze` (`before` and `after` are a RunningSnooze or None), `presence` (`away` or `auto`) or `photo` (a
    MemberPicture or None). `by` is PERSON, APP or TIME; `whose` is who had made what was before, empty for nobody.
    """

    at: datetime
    user_id: str
    what: str
    by: str
    before: Any
    after: Any
    whose: str


@dataclass(slots=True)
class SlackMember:
    """A person or a bot, with what their profile shows: `text` un-escaped, `expiration` in Unix seconds or 0.

    `nightly` are the hours of do not disturb on their wall clock, of which those until `ended_until` (Unix seconds)
    were ended by hand. `away_by` is who set them away (PERSON, APP, or nobody), `connections` their open clients.
    The `is_…` are as in Slack's user object: who owns the workspace is an admin of it, too. `refuses` is the code that
    somebody else's token is refused with who sets their profile, beyond what the roles say (`sudo_required`, …).
    """

    team_id: str
    user_id: str
    name: str
    real_name: str
    title: str = ""
    email: str = ""
    tz: str = "Etc/UTC"
    locale: str = "en-US"
    first_name: str = ""
    last_name: str = ""
    display_name: str | None = None
    is_admin: bool = False
    is_owner: bool = False
    is_primary_owner: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    deleted: bool = False
    refuses: str = ""
    bot_id: str = ""
    text: str = ""
    emoji: str = ""
    expiration: int = 0
    updated: int = 0
    snooze: RunningSnooze | None = None
    nightly: tuple[time, time] | None = None
    ended_until: int = 0
    away_by: str = ""
    idle: bool = False
    connections: int = 1
    picture: MemberPicture | None = None

    @property
    def is_bot(self) -> bool:
        """Whether it is an app's."""
        return bool(self.bot_id)

    @property
    def rank(self) -> int:
        """Their place in Primary Owner > Owner > Admin > Member > Guest, higher for more."""
        if self.is_primary_owner or self.is_owner or self.is_admin:
            return 4 if self.is_primary_owner else 3 if self.is_owner else 2
        return 0 if self.is_restricted or self.is_ultra_restricted else 1


@dataclass(slots=True)
class SlackToken:
    """A bot token (`xoxb`, of a workspace) or a user token (`xoxp`, of a person). `expires_at` in seconds.

    `inactive`: its owner was deactivated, which is the end of it.
    """

    value: str = field(repr=False)
    kind: str
    team_id: str
    user_id: str
    scopes: set[str]
    refresh: str = field(default="", repr=False)
    expires_at: int | None = None
    revoked: bool = False
    inactive: bool = False


@dataclass(slots=True)
class Channel:
    """A channel, or the direct messages of one person with the app (`person` is set).

    `members` are user ids, bots' too; those of other workspaces where it is `shared` (Slack Connect). `refuses` is the
    code that whoever posts is refused with (`restricted_action_read_only_channel`, …); "" for none.
    """

    channel_id: str
    team_id: str
    name: str
    person: str = ""
    private: bool = False
    archived: bool = False
    shared: bool = False
    members: set[str] = field(default_factory=set)
    creator: str = ""
    created: int = 0
    refuses: str = ""


@dataclass(slots=True)
class SlackMessage:
    """A message; `only_for` is set for an ephemeral one, `thread_ts` for a reply in a thread.

    `linked`: Slack was asked to make mentions of the names in its text (`link_names`, or `parse` as "full").
    """

    ts: str
    channel_id: str
    user_id: str
    text: str
    blocks: list[dict[str, Any]]
    at: datetime
    only_for: str = ""
    bot: bool = False
    thread_ts: str = ""
    linked: bool = False


@dataclass(frozen=True, slots=True)
class UploadedPart:
    """A file in a multipart request, with the content type that its part gave."""

    filename: str
    content_type: str
    content: bytes = field(repr=False)


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


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A Web API call without its secrets: when (UTC), of whom (the token's owner), and what it was answered."""

    at: datetime
    method: str
    team_id: str
    user_id: str
    arguments: dict[str, Any]
    ok: bool
    error: str
    http_status: int
    number: int


def redacted(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call without tokens, codes, secrets and bytes (of which type and size are named)."""
    return {name: "***" if name in _SECRET else _without_bytes(value) for name, value in arguments.items()}


def _without_bytes(value: Any) -> Any:
    if isinstance(value, UploadedPart):
        return f"{value.content_type}, {len(value.content)} bytes"
    return value


class CallLog:
    """The calls, oldest first; the last 5,000 are kept."""

    def __init__(self) -> None:
        self._calls: deque[ApiCall] = deque(maxlen=_MOST_CALLS)

    def add(self, call: ApiCall) -> None:
        """Note a call."""
        self._calls.append(call)

    def all(self, method: str | None = None, *, user: str | None = None) -> list[ApiCall]:
        """The calls of `method` (default: of all) made with the token of `user` (default: of anybody)."""
        return [call for call in self._calls if method in (None, call.method) and user in (None, call.user_id)]

    def clear(self) -> None:
        """Forget them."""
        self._calls.clear()

    def __len__(self) -> int:
        return len(self._calls)


class Hub:
    """Tells whoever watches (the demo's page, a test) of changes, as `{"kind": …, …}` dicts."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[dict[str, Any]]] = set()

    def publish(self, kind: str, **facts: Any) -> None:
        """Tell the watchers; one that falls 10,000 behind loses the oldest."""
        for queue in self._watchers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait({"kind": kind, **facts})

    @contextmanager
    def watching(self) -> Iterator[asyncio.Queue[dict[str, Any]]]:
        """A queue of the changes from now on."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_MOST_CHANGES)
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)


def with_block_ids(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks with an id on each that has none, as Slack returns them."""
    return [one if one.get("block_id") else {**one, "block_id": f"b{index}"} for index, one in enumerate(blocks)]
