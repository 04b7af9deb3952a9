"""What lets us into an account, and what proves that it was we who asked for it. Pure."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

SPARE = timedelta(seconds=60)
"""A token that lives shorter than this is renewed before it is used."""


def new_verifier() -> str:
    """A fresh PKCE code verifier: 43 url-safe characters (RFC 7636 §4.1)."""
    return secrets.token_urlsafe(32)


def challenge_of(verifier: str) -> str:
    """The S256 code challenge of a verifier (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What lets us in. `expires_at` (UTC) is the access token's; `scopes` were granted."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime
    scopes: frozenset[str] = frozenset()

    def good_at(self, now: datetime) -> bool:
        """Whether the access token is worth sending."""
        return bool(self.access) and now + SPARE < self.expires_at

    def to_json(self) -> dict[str, Any]:
        """As it is sealed."""
        return {
            "access": self.access,
            "refresh": self.refresh,
            "expires_at": self.expires_at.isoformat(),
            "scopes": sorted(self.scopes),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Credentials:
        """The reverse of `to_json`."""
        return cls(
            value["access"], value["refresh"], datetime.fromisoformat(value["expires_at"]), frozenset(value["scopes"])
        )
