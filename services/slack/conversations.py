"""Channels and who is in them, with the workspace's bot token (scopes `channels:read`, `groups:read` of private ones).

docs.slack.dev/reference/methods/conversations.info (Tier 3), conversations.members (Tier 4).
"""

from __future__ import annotations

from dataclasses import dataclass

from services.domain.errors import SlackUnavailableError
from services.slack.client import SlackClients
from services.slack.members import mapping, next_cursor, slack_id, text

INFO = "conversations.info"
MEMBERS = "conversations.members"
PAGE = 200
MOST_PAGES = 500
"""Pages of one channel: 100,000 members."""

_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """A channel as Slack shows it to the app. `shared`: with another organisation; `joined`: the app is in it."""

    channel_id: str
    name: str = ""
    archived: bool = False
    shared: bool = False
    joined: bool = False


class SlackConversations:
    """Reads channels. ChannelRefusedError where there is none that the app may see, ScopeMissingError without scope."""

    def __init__(self, clients: SlackClients) -> None:
        self._clients = clients

    async def info(self, token: str, channel_id: str) -> ChannelFacts:
        """Return what the channel is now. Raises SlackError."""
        answer = await self._clients.call(token, INFO, plain=True, http_verb="GET", params={"channel": channel_id})
        found = mapping(answer.get("channel"))
        if found.get("id") != channel_id:
            raise SlackUnavailableError("no_channel", method=INFO)
        outside = found.get("is_shared") is True and found.get("is_org_shared") is not True
        return ChannelFacts(
            channel_id=channel_id,
            name=text(found.get("name"))[:_LONGEST_NAME],
            archived=found.get("is_archived") is True,
            shared=found.get("is_ext_shared") is True or outside,
            joined=found.get("is_member") is True,
        )

    async def page(self, token: str, channel_id: str, cursor: str = "") -> tuple[tuple[str, ...], str]:
        """User ids of a page of the members, bots and strangers among them, and the next cursor, "" after the last.

        Raises SlackError.
        """
        wanted = {"channel": channel_id, "limit": str(PAGE)} | ({"cursor": cursor} if cursor else {})
        answer = await self._clients.call(token, MEMBERS, plain=True, http_verb="GET", params=wanted)
        listed = answer.get("members")
        if not isinstance(listed, list):
            raise SlackUnavailableError("no_members", method=MEMBERS)
        return tuple(filter(None, map(slack_id, listed))), next_cursor(answer, cursor, MEMBERS)

    async def members(self, token: str, channel_id: str) -> frozenset[str]:
        """User ids of all members of the channel. Raises SlackError, also where a page in the middle is refused."""
        found: set[str] = set()
        cursor = ""
        for _ in range(MOST_PAGES):
            some, cursor = await self.page(token, channel_id, cursor)
            found.update(some)
            if not cursor:
                return frozenset(found)
        raise SlackUnavailableError("too_many_pages", method=MEMBERS)
