"""Do not disturb and presence of a token's owner: none of these methods has an argument for somebody else.

docs.slack.dev/reference/methods: dnd.info shows `snooze_*` to the snooze's own owner alone, and its end only while it
runs (`dnd_enabled` is the nightly schedule); dnd.setSnooze changes the length of one that runs; users.getPresence shows
`manual_away` to the owner alone. Each argument goes into the query, where Slack's own SDK puts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.domain.errors import SlackRefusedError, SlackUnavailableError
from services.slack.client import SlackClients

DND_INFO = "dnd.info"
SET_SNOOZE = "dnd.setSnooze"
END_SNOOZE = "dnd.endSnooze"
GET_PRESENCE = "users.getPresence"
SET_PRESENCE = "users.setPresence"

_ENDED_ALREADY = frozenset({"snooze_not_active", "not_in_dnd"})


class SlackPresence:
    """Reads and sets snoozes and presence. Each method raises SlackError."""

    def __init__(self, clients: SlackClients) -> None:
        self._clients = clients

    async def snooze(self, token: str) -> datetime | None:
        """Return the end (UTC) of the snooze that runs; None where none does."""
        return snooze_of(await self._clients.call(token, DND_INFO, plain=True, http_verb="GET"))

    async def set_snooze(self, token: str, minutes: int) -> datetime:
        """Mute notifications for `minutes` from now, in the place of a snooze that runs; its end as Slack returns it.

        SlackRefusedError with the reason `too_long` where Slack does not take so many.
        """
        arguments = {"num_minutes": str(minutes)}
        answer = await self._clients.call(token, SET_SNOOZE, plain=True, http_verb="GET", params=arguments)
        return _end(answer)

    async def end_snooze(self, token: str) -> None:
        """End the snooze that runs. That none does is as good."""
        try:
            await self._clients.call(token, END_SNOOZE, plain=True)
        except SlackRefusedError as error:
            if error.reason not in _ENDED_ALREADY:
                raise

    async def is_away_by_hand(self, token: str) -> bool:
        """Return whether the owner was set away, by themselves or by an app.

        Neither by Slack itself nor by being offline.
        """
        answer = await self._clients.call(token, GET_PRESENCE, plain=True, http_verb="GET")
        return _flag(answer, "manual_away")

    async def set_presence(self, token: str, *, away: bool) -> None:
        """Set the owner away, which nothing ends by itself, or let Slack tell."""
        await self._clients.call(token, SET_PRESENCE, plain=True, params={"presence": "away" if away else "auto"})


def snooze_of(status: Mapping[str, Any]) -> datetime | None:
    """Return the end (UTC) of the snooze in what dnd.info or a `dnd_updated` shows; None where none runs.

    Raises SlackUnavailableError where the snooze is not shown.
    """
    return _end(status) if _flag(status, "snooze_enabled") else None


def _flag(shown: Mapping[str, Any], name: str) -> bool:
    """Return a yes or no. Raises SlackUnavailableError where there is neither: somebody else's is shown without it."""
    value = shown.get(name)
    if not isinstance(value, bool):
        raise SlackUnavailableError(f"no_{name}")
    return value


def _end(shown: Mapping[str, Any]) -> datetime:
    try:
        return datetime.fromtimestamp(int(shown["snooze_endtime"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise SlackUnavailableError("no_snooze_endtime") from error
