"""Links that lead from Slack to a provider: signed, single-use, expiring, and naming their person.

The person, the provider and a secret are sealed under the app's keys, so that a forged link is refused before the
database is asked. The secret is what makes it single-use and lets it expire.
"""

from __future__ import annotations

from datetime import datetime

from services.crypto import Sealer
from services.errors import LinkExpiredError, SealError
from services.grants import States, Ticket
from services.model import PersonKey

_PLACE = "links"
_LONGEST = 1024
_PARTS = 4


class SignedLinks:
    """Makes and takes them."""

    def __init__(self, sealer: Sealer, states: States) -> None:
        """`states` keeps the secrets' digests."""
        self._sealer = sealer
        self._states = states

    async def make(self, provider: str, key: PersonKey, expires_at: datetime) -> str:
        """A url-safe text that `take` takes once, until `expires_at`."""
        secret = await self._states.issue(Ticket(_purpose(provider), key.team_id, key.user_id), expires_at)
        return self._sealer.seal("\n".join((provider, key.team_id, key.user_id, secret)).encode(), _PLACE).decode()

    async def take(self, provider: str, link: str, now: datetime) -> PersonKey:
        """Whom it names; it is good no more. Raises LinkExpiredError."""
        if not link.isascii() or len(link) > _LONGEST:
            raise LinkExpiredError("malformed")
        try:
            parts = self._sealer.open(link.encode(), _PLACE).decode().split("\n")
        except SealError:
            raise LinkExpiredError("not signed by us") from None
        if len(parts) != _PARTS or parts[0] != provider:
            raise LinkExpiredError("made for something else")
        key = PersonKey(parts[1], parts[2])
        found = await self._states.take(parts[3], _purpose(provider), now)
        if found is None or PersonKey(found.team_id, found.user_id) != key:
            raise LinkExpiredError("used or expired")
        return key


def _purpose(provider: str) -> str:
    return f"link:{provider}"
