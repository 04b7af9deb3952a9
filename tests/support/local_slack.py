"""Who there is in a local Slack, and how the app asks it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from emulators.slack import LocalSlack

TEAM, ANN, BEN = "T0DEMO0001", "U0ANN00001", "U0BEN00001"
SCHEMAS = Path(__file__).resolve().parent.parent / "fixtures" / "slack-api"


def own(slack: LocalSlack, user: str = ANN) -> AsyncWebClient:
    """Slack, asked with a token of that person's."""
    return AsyncWebClient(token=slack.grant(user).value, base_url=slack.api_url)


def bot(slack: LocalSlack) -> AsyncWebClient:
    """Slack, asked with the app's own token."""
    return AsyncWebClient(token=slack.install(TEAM).value, base_url=slack.api_url)


async def refused(call: Any) -> str:
    """The error that Slack refuses the call with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


def schema_of(method: str) -> dict[str, Any]:
    """The shape that Slack publishes of a method's answer."""
    response: dict[str, Any] = json.loads((SCHEMAS / f"{method}.json").read_text())["response"]
    return response
