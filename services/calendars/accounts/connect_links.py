"""Links that lead from Slack to a provider: signed, single-use, expiring, and naming their person.

The person, the provider and a secret are sealed under the app's keys, so that a forged link is refused before the
database is asked. The secret is what makes it single-use and lets it expire.
"""

from __future__ import annotations

from datetime import datetime

from services.domain.errors import LinkExpiredError, SealError
from services.domain.model import PersonKey
from services.platform.crypto import Encryptor, digest_of
from services.store.oauth_states import OAuthStateStore, Ticket

_PLACE = "links"
_FORM = "link-forms"
_LONGEST = 1024
_PARTS = 4


class ConnectLinks:
    """Makes and takes them."""

    def __init__(self, encryptor: Encryptor, states: OAuthStateStore) -> None:
        """`states` keeps the secrets' digests."""
        self._encryptor = encryptor
        self._states = states

    async def make(self, provider: str, key: PersonKey, expires_at: datetime) -> str:
        """Make a url-safe text that `take` takes once, until `expires_at`."""
        secret = await self._states.issue(Ticket(_purpose(provider), key.team_id, key.user_id), expires_at)
        return self._encryptor.seal_token("\n".join((provider, key.team_id, key.user_id, secret)), _PLACE)

    async def read(self, provider: str, link: str, now: datetime) -> PersonKey:
        """Say whom it names; it stays good. Raises LinkExpiredError."""
        key, secret = self._opened(provider, link)
        if not await self._states.holds(secret, _purpose(provider), now):
            raise LinkExpiredError("used or expired")
        return key

    async def take(self, provider: str, link: str, now: datetime) -> PersonKey:
        """Say whom it names; it is good no more. Raises LinkExpiredError."""
        key, secret = self._opened(provider, link)
        found = await self._states.take(secret, _purpose(provider), now)
        if found is None or PersonKey(found.team_id, found.user_id) != key:
            raise LinkExpiredError("used or expired")
        return key

    def bind(self, link: str, cookie: str) -> str:
        """Make what a form has to bring along with `link`, from the browser with that cookie."""
        return self._encryptor.seal_token(f"{digest_of(link)}{digest_of(cookie)}", _FORM)

    def is_bound(self, token: str, link: str, cookie: str) -> bool:
        """Check whether `token` was made for this link in this browser."""
        if not token.isascii() or len(token) > _LONGEST:
            return False
        try:
            return self._encryptor.open_token(token, _FORM) == f"{digest_of(link)}{digest_of(cookie)}"
        except SealError:
            return False

    def _opened(self, provider: str, link: str) -> tuple[PersonKey, str]:
        """Return whom a link names, and its secret."""
        if not link.isascii() or len(link) > _LONGEST:
            raise LinkExpiredError("malformed")
        try:
            parts = self._encryptor.open_token(link, _PLACE).split("\n")
        except SealError:
            raise LinkExpiredError("not signed by us") from None
        if len(parts) != _PARTS or parts[0] != provider:
            raise LinkExpiredError("made for something else")
        return PersonKey(parts[1], parts[2]), parts[3]


def _purpose(provider: str) -> str:
    return f"link:{provider}"
