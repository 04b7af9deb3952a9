"""Calls to Slack that an answer needs: what goes wrong is one of our own errors, without Slack's answer in it."""

from __future__ import annotations

from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from services.domain.errors import SlackUnavailableError
from services.slack.errors import error_for


async def view_call(client: AsyncWebClient, method: str, **arguments: Any) -> None:
    """`views.open`, `views.push`, `views.update` or `views.publish`. Raises SlackError."""
    try:
        await client.api_call(method, json=arguments)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise SlackUnavailableError(type(error).__name__, method=method) from error
    except SlackApiError as error:
        code = error.response.get("error")
        raise error_for(method, code if isinstance(code, str) else "", http_status=error.response.status_code) from None
