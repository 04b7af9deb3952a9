"""Telling a person something in the app's own conversation with them, at once."""

from __future__ import annotations

from typing import Any

from services.domain.model import PersonKey
from services.slack.messages import SlackMessages
from services.store.workspaces import WorkspaceStore


class Teller:
    """Tells a person something at once, beside the sender: the answer to what they had asked for."""

    def __init__(self, bots: WorkspaceStore, slack: SlackMessages) -> None:
        """`slack` posts with the workspace's bot token."""
        self._bots = bots
        self._slack = slack

    async def tell(self, key: PersonKey, message: dict[str, Any]) -> None:
        """Send `message` (text and blocks) to the person. Raises SlackError, NotInstalledError."""
        await self._slack.post(await self._bots.the_bot_token(key.team_id), key.user_id, message)
