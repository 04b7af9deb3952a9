"""What `doctor` asks Slack: only the headers of an answer."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from services.domain.errors import SlackRefusedError, SlackUnavailableError


class SlackHealth:
    """Implements `services.usecases.doctor.Slack`. The SDK hides failures' headers: these few calls are plain HTTP."""

    def __init__(self, base_url: str, *, seconds: float = 10.0) -> None:
        """`base_url` is SLACK_API_URL."""
        self._base_url = base_url
        self._timeout = aiohttp.ClientTimeout(total=seconds)

    async def headers_of(self, method: str, token: str | None) -> Mapping[str, str]:
        """The headers of Slack's answer to `method`, names in lower case.

        Raises SlackUnavailableError when there is none, SlackRefusedError with Slack's code when it says no.
        """
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout) as session,
                session.post(self._base_url + method, headers=authorization) as response,
            ):
                answer = await response.json(content_type=None)
                headers = {name.lower(): value for name, value in response.headers.items()}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SlackUnavailableError(type(error).__name__, method=method) from error
        if not isinstance(answer, dict) or not answer.get("ok"):
            code = answer.get("error") if isinstance(answer, dict) else None
            raise SlackRefusedError(str(code or f"HTTP {response.status}"), method=method)
        return headers
