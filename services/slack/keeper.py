"""Somebody else's status, set with an admin's token: users.profile.set with `user`. For the workspace's keeper alone.

docs.slack.dev, users.profile.set: on paid plans, and of those whose role is below the token owner's. `not_admin`,
`cannot_update_admin_user`, `sudo_required` and `permission_denied` come as WorkspaceBlockedError, with Slack's code as
its reason, `not_app_admin` and `user_not_found` as SlackRefusedError; for a free plan Slack documents no code.
Everybody's own status is set without `user`: see `services.slack.profile`.
"""

from __future__ import annotations

from services.domain.model import Status
from services.slack.client import SlackClients
from services.slack.profile import GET, SET, profile_of, returned_status


class KeeperProfiles:
    """Reads with the bot's token, and writes with the keeper's."""

    def __init__(self, clients: SlackClients) -> None:
        self._clients = clients

    async def read_of(self, bot_token: str, user_id: str) -> Status:
        """Return what the profile of that member shows. Raises SlackError."""
        answer = await self._clients.call(bot_token, GET, plain=True, http_verb="GET", params={"user": user_id})
        return returned_status(answer, GET)

    async def set_for(self, token: str, user_id: str, status: Status) -> Status:
        """Set the status of that member; gives what Slack made of it, which may differ.

        Raises SlackError; ValueError without `user_id`, which would set the token owner's own.
        """
        if not user_id:
            raise ValueError("nobody's profile")
        wanted = {"user": user_id, "profile": profile_of(status)}
        return returned_status(await self._clients.call(token, SET, plain=True, json=wanted), SET)
