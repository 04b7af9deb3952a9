"""Renewing a rotated token (docs.slack.dev, "Using token rotation"): oauth.v2.access, grant_type=refresh_token.

An access token lives 12 hours; a refresh token is good for one use, the old one for a short grace after it.
"""

from __future__ import annotations

from services.domain.errors import SlackUnavailableError
from services.domain.tokens import Renewed
from services.slack.client import SlackClients

EXCHANGE = "oauth.v2.access"


class SlackRotation:
    """Exchanges refresh tokens."""

    def __init__(self, clients: SlackClients, client_id: str, client_secret: str) -> None:
        """`client_id` and `client_secret` are the app's."""
        self._clients = clients
        self._app = {"client_id": client_id, "client_secret": client_secret}

    async def renew(self, refresh_token: str) -> Renewed:
        """The new pair. Raises SlackError; GrantLostError where Slack does not know the refresh token any more."""
        answer = await self._clients.call(
            None, EXCHANGE, data={"grant_type": "refresh_token", "refresh_token": refresh_token}, auth=self._app
        )
        access, refresh, seconds = answer.get("access_token"), answer.get("refresh_token"), answer.get("expires_in")
        if not isinstance(access, str) or not isinstance(refresh, str) or not isinstance(seconds, int):
            raise SlackUnavailableError("no_tokens", method=EXCHANGE)
        return Renewed(access, refresh, seconds)
