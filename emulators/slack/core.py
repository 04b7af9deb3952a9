"""The state of the local Slack and the parts that its methods work with; `server.py` puts it on the web."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from emulators.faults import Faults
from emulators.slack.calls import Calls
from emulators.slack.errors import RefusalError
from emulators.slack.hub import Hub
from emulators.slack.limits import Limits
from emulators.slack.state import (
    DEFAULT_BOT_SCOPES,
    DEFAULT_USER_SCOPES,
    AppConfig,
    Channel,
    Member,
    Message,
    StoredFile,
    Token,
    ViewState,
    Workspace,
)
from emulators.slack.tokens import TokenBook
from emulators.slack.triggers import Triggers
from services.ports import Clock


class SlackCore:
    """Workspaces, members, tokens, channels, messages, views, and the knobs of tests.

    `clock` is what statuses, codes, limits and signatures go by; triggers and the three seconds to acknowledge
    are real time, because they are about the network.
    """

    def __init__(self, clock: Clock, app: AppConfig | None = None) -> None:
        self.clock = clock
        self.app = app or AppConfig()
        self.workspaces: dict[str, Workspace] = {}
        self.members: dict[str, Member] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: list[Message] = []
        self.files: dict[str, StoredFile] = {}
        self.homes: dict[str, ViewState] = {}
        self.modals: dict[str, list[ViewState]] = {}
        self.tokens = TokenBook()
        self.calls = Calls()
        self.faults = Faults()
        self.limits = Limits()
        self.triggers = Triggers()
        self.hub = Hub()
        self.url = ""
        self._numbers = itertools.count(1)

    # ── people and places ───────────────────────────────────────────────────────────────────────────

    def add_workspace(
        self,
        team_id: str = "T0DEMO0001",
        name: str = "Acme",
        domain: str = "acme",
        *,
        enterprise_id: str | None = None,
        enterprise_name: str | None = None,
    ) -> Workspace:
        """A workspace with a channel #general and the app's bot user (which can do nothing until installed)."""
        workspace = Workspace(team_id, name, domain, enterprise_id, enterprise_name)
        self.workspaces[team_id] = workspace
        general = Channel(f"C0GENERAL{len(self.workspaces)}", team_id, "general")
        self.channels[general.channel_id] = general
        number = f"{len(self.workspaces):04d}"
        bot = Member(team_id, f"U0BOT{number}", self.app.bot_name, self.app.name, is_bot=True, bot_id=f"B0BOT{number}0")
        self.members[bot.user_id] = bot
        return workspace

    def add_person(
        self,
        user_id: str,
        name: str,
        real_name: str = "",
        *,
        team_id: str = "T0DEMO0001",
        tz: str = "Etc/UTC",
        locale: str = "en-US",
        title: str = "",
        is_admin: bool = False,
        avatar: str = "",
    ) -> Member:
        """A member with that handle; `avatar` is an SVG picture. The workspace is created if there is none yet."""
        if team_id not in self.workspaces:
            self.add_workspace(team_id)
        member = Member(
            team_id,
            user_id,
            name,
            real_name or name.title(),
            title=title,
            email=f"{name}@example.com",
            tz=tz,
            locale=locale,
            is_admin=is_admin,
            avatar=avatar,
            updated=int(self.clock.now().timestamp()),
        )
        self.members[user_id] = member
        return member

    def install(self, team_id: str, scopes: Iterable[str] = DEFAULT_BOT_SCOPES) -> Token:
        """A bot token without going through OAuth."""
        return self.tokens.issue("bot", team_id, self.bot_of(team_id).user_id, scopes)

    def grant(self, user_id: str, scopes: Iterable[str] = DEFAULT_USER_SCOPES) -> Token:
        """A user token without going through OAuth."""
        return self.tokens.issue("user", self.member(user_id).team_id, user_id, scopes)

    def member(self, user_id: str) -> Member:
        """The member. Raises RefusalError `user_not_found`."""
        found = self.members.get(user_id)
        if found is None:
            raise RefusalError("user_not_found")
        return found

    def bot_of(self, team_id: str) -> Member:
        """The app's bot user in a workspace (of an org: in its first workspace)."""
        for member in self.members.values():
            workspace = self.workspaces[member.team_id]
            if member.is_bot and team_id in (workspace.team_id, workspace.enterprise_id):
                return member
        raise RefusalError("user_not_found")

    def people_of(self, team_id: str) -> list[Member]:
        """The people of a workspace, without bots."""
        return [m for m in self.members.values() if m.team_id == team_id and not m.is_bot]

    def direct_channel(self, user_id: str) -> Channel:
        """The channel of direct messages between a person and the app."""
        channel_id = f"D{user_id[1:]}"
        if channel_id not in self.channels:
            self.channels[channel_id] = Channel(channel_id, self.member(user_id).team_id, "directmessage", user_id)
        return self.channels[channel_id]

    def direct_messages(self, user_id: str) -> list[Message]:
        """What the app told a person directly, oldest first."""
        channel_id = self.direct_channel(user_id).channel_id
        return [m for m in self.messages if m.channel_id == channel_id and m.bot]

    def ephemeral_messages(self, user_id: str) -> list[Message]:
        """What only that person sees, oldest first."""
        return [m for m in self.messages if m.only_for == user_id]

    # ── messages ────────────────────────────────────────────────────────────────────────────────────

    def number(self) -> int:
        """The next number, for ids that must be unique."""
        return next(self._numbers)

    def timestamp(self) -> str:
        """A message's `ts`: seconds on the clock, and a number that makes it unique."""
        return f"{int(self.clock.now().timestamp())}.{self.number():06d}"

    def post(
        self,
        channel_id: str,
        user_id: str,
        text: str,
        blocks: list[dict[str, Any]] | None = None,
        *,
        only_for: str = "",
        bot: bool = True,
    ) -> Message:
        """Put a message into a channel."""
        message = Message(
            self.timestamp(), channel_id, user_id, text, with_block_ids(blocks or []), self.clock.now(), only_for, bot
        )
        self.messages.append(message)
        self.hub.publish("message", message=message)
        return message


def with_block_ids(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks with an id on each that has none, as Slack returns them."""
    return [
        block if block.get("block_id") else {**block, "block_id": f"b{index}"} for index, block in enumerate(blocks)
    ]
