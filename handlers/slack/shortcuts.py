"""The global shortcuts: a form each, from anywhere in Slack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack.home import HomeButtons


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """Set me out of office; set a status."""

    home: HomeButtons

    async def set_out_of_office(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, context: AsyncBoltContext
    ) -> None:
        """The out-of-office form."""
        await self.home.open_out_of_office(ack, body, client, context)

    async def set_status(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, context: AsyncBoltContext
    ) -> None:
        """The form of a status."""
        await self.home.open_override(ack, body, client, context)
