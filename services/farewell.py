"""The last word on a profile of somebody who wants to be forgotten: what we covered is put back, what is ours goes.

It comes after the person's rows are deleted, so no lane can have them any more: this is the one write to a profile
outside the lanes, and there is nothing left that it could race with.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import structlog

from services import ownership
from services.errors import SlackError
from services.model import NO_STATUS, OwnStatusPolicy, PersonKey, Reason, ReasonCode, Span, Standing, Status
from services.ports import Clock

log = structlog.get_logger(__name__)


class Profiles(Protocol):
    """The Slack profiles: `services.slack.profile.SlackProfiles`. Each raises a SlackError."""

    async def read(self, token: str) -> Status:
        """What the token's owner's profile shows."""
        ...

    async def write(self, token: str, status: Status) -> Status:
        """Set the status of the token's owner; what Slack made of it."""
        ...


class Farewell:
    """Leaves a profile as if we had never been there."""

    def __init__(self, profiles: Profiles, clock: Clock) -> None:
        """`profiles` are read and written with the person's own token."""
        self._profiles = profiles
        self._clock = clock

    async def leave(self, key: PersonKey, token: str, standing: Standing) -> None:
        """Put back or clear, as at the end of a span with nothing after it. What Slack refuses is logged."""
        if standing.applied is None and standing.covered is None and standing.pending is None:
            return
        now = self._clock.now()
        nothing = Span(now, now + timedelta(days=1), NO_STATUS, "nothing", Reason(ReasonCode.NOTHING, "nothing"))
        try:
            decision = ownership.decide(
                await self._profiles.read(token), standing, nothing,
                policy=OwnStatusPolicy.COVER_AND_RESTORE, pause=None, now=now,
            )  # fmt: skip
            if decision.status is not None:
                await self._profiles.write(token, decision.status)
        except SlackError as failure:
            log.warning("farewell_failed", team_id=key.team_id, user_id=key.user_id, reason=failure.reason)
