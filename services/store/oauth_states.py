"""The single-use states and links of connecting and installing: of a secret nothing is kept but a digest."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select

from services.domain.operator_errors import SealError
from services.platform.crypto import digest_of
from services.store.db import Store
from services.store.tables import OAUTH_STATES


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a single-use secret was made for. `user_id` is "" where it names nobody.

    `secret` comes back with it and only we may know it: PKCE's verifier, or what waits for whoever comes back.
    """

    purpose: str
    team_id: str = ""
    user_id: str = ""
    secret: str = field(default="", repr=False)


_VERIFIER = "oauth_states.verifier"
_SECRET = re.compile(r"([A-Z0-9]{0,63})\.[A-Za-z0-9_-]{43}")


class OAuthStateStore(Store):
    """Makes and takes single-use secrets."""

    async def issue(self, ticket: Ticket, expires_at: datetime, bound_to: str = "") -> str:
        """Return a new secret for `ticket`, of url-safe characters, good once until `expires_at`.

        `bound_to` is a browser's cookie: a browser that brings another one cannot use the secret.
        """
        secret = f"{ticket.team_id}.{secrets.token_urlsafe(32)}"
        digest = digest_of(secret)
        state = insert(OAUTH_STATES).values(
            team_id=ticket.team_id,
            digest=digest,
            browser=digest_of(bound_to) if bound_to else "",
            purpose=ticket.purpose,
            user_id=ticket.user_id,
            expires_at=expires_at,
            verifier=self._encryptor.seal(ticket.secret or None, _VERIFIER, ticket.team_id, digest),
        )
        await self._database.execute(state)
        return secret

    async def holds(self, secret: str, purpose: str, now: datetime) -> bool:
        """Return whether `secret` is good for `purpose`; it stays so."""
        where = _is_good(secret, purpose, now)
        return bool(where) and bool(await self._database.fetch(select(OAUTH_STATES.c.digest).where(*where)))

    async def take(self, secret: str, purpose: str, now: datetime, bound_to: str = "") -> Ticket | None:
        """Return what `secret` was made for, and it is good no more.

        None where it is unknown, used, expired, made for another purpose or bound to another browser than the one
        that brings the cookie `bound_to`. One that brings none is let through: an install is opened in Slack's own
        browser and finished in another, and a token is only ever kept for whom Slack says it belongs to. Where nobody
        says so, whoever calls asks for a cookie first.
        """
        where = _is_good(secret, purpose, now)
        if not where:
            return None
        if bound_to:
            where.append(OAUTH_STATES.c.browser.in_(("", digest_of(bound_to))))
        taken = delete(OAUTH_STATES).where(*where)
        returned = taken.returning(OAUTH_STATES.c.team_id, OAUTH_STATES.c.user_id, OAUTH_STATES.c.verifier)
        async with self._database.write() as connection:
            row = (await connection.execute(returned)).one_or_none()
        if row is None:
            return None
        try:
            opened = self._encryptor.open(row.verifier, _VERIFIER, row.team_id, digest_of(secret))
        except SealError:  # its key is gone: as good as expired
            return None
        return Ticket(purpose, row.team_id, row.user_id, opened or "")


def _is_good(secret: str, purpose: str, now: datetime) -> list[ColumnElement[bool]]:
    """Match the state that `secret` is of, while it is good for `purpose`; empty for what no secret looks like."""
    form = _SECRET.fullmatch(secret)
    if form is None:
        return []
    is_it = OAUTH_STATES.c.team_id == form[1], OAUTH_STATES.c.digest == digest_of(secret)
    return [*is_it, OAUTH_STATES.c.purpose == purpose, OAUTH_STATES.c.expires_at > now]
