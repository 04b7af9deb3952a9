"""Logging in with a user and a password: Basic (RFC 7617) where a server takes it, Digest (RFC 7616) where it asks.

Pure but for the random `cnonce`. Of Digest: MD5 and SHA-256, also as `-sess`, with `qop=auth` or, for old servers, none
(RFC 2069). A nonce is used again with its count raised, until the server calls it stale or names the next one.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

DIGEST = "digest"
"""What credentials hold as "login" where that is how their server is logged in to."""

_VALUE = r'"(?:[^"\\]|\\.)*"|[^\s,"=]+'
_PART = re.compile(rf"(?:^|[\s,])([A-Za-z0-9-]+)(?:[ \t]*=[ \t]*({_VALUE}))?(?=$|[\s,])")
_LONGEST = 8192
_ALGORITHMS: Mapping[str, Callable[[bytes], str]] = {
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),  # what the server asks for
}
"""By how much they are preferred."""


@dataclass(slots=True)
class Challenge:
    """What a server wants to see. `uses` counts how often its nonce was answered."""

    realm: str
    nonce: str = field(repr=False)
    algorithm: str = "MD5"
    session: bool = False
    opaque: str | None = field(default=None, repr=False)
    qop: bool = True
    stale: bool = False
    utf_8: bool = False
    uses: int = 0


class Login:
    """One user's way into one server; remembers what it asked for last."""

    def __init__(self, user: str, password: str, *, digest: bool = False) -> None:
        """With `digest` the password is not sent as it is, not even once: the server is asked first what it wants."""
        self._user = user
        self._password = password
        self._challenge: Challenge | None = None
        self._basic = not digest
        self._sent = ""

    @property
    def is_digest(self) -> bool:
        """Whether the server asks for Digest."""
        return self._challenge is not None or not self._basic

    def header(self, method: str, uri: str) -> dict[str, str]:
        """The Authorization of the next request; `uri` is its target as it is sent (path and query)."""
        self._sent = "digest" if self._challenge else "basic" if self._basic else ""
        if self._challenge is not None:
            return {"Authorization": self._answer(self._challenge, method, uri, secrets.token_urlsafe(24))}
        if self._basic:
            return {"Authorization": f"Basic {base64.b64encode(f'{self._user}:{self._password}'.encode()).decode()}"}
        return {}

    def refused(self, asked: str) -> bool:
        """A 401 came with this WWW-Authenticate: whether trying once more can help.

        It can where Digest is asked for and was not tried, or only its nonce was too old.
        """
        found = challenges(asked)
        digest = next((one for name in _ALGORITHMS for one in found if one.algorithm == name), None)
        if digest is None:
            return False
        before, self._challenge = self._challenge, digest
        # Not every server says `stale`: a nonce that it took before and takes no more is too old as well.
        return self._sent != "digest" or digest.stale or (before is not None and before.uses > 1)

    def heard(self, info: str) -> None:
        """An answer that was no 401 came with this Authentication-Info (RFC 7616 §3.5)."""
        following = dict(_parts(info)).get("nextnonce")
        if self._challenge is not None and following:
            self._challenge.nonce, self._challenge.uses = following, 0

    def _answer(self, challenge: Challenge, method: str, uri: str, cnonce: str) -> str:
        """The credentials for `challenge` (RFC 7616 §3.4)."""
        challenge.uses += 1
        count, hashed = f"{challenge.uses:08x}", _ALGORITHMS[challenge.algorithm]
        secret = hashed(f"{self._user}:{challenge.realm}:{self._password}".encode())
        if challenge.session:
            secret = hashed(f"{secret}:{challenge.nonce}:{cnonce}".encode())
        middle = [challenge.nonce, count, cnonce, "auth"] if challenge.qop else [challenge.nonce]
        response = hashed(":".join([secret, *middle, hashed(f"{method}:{uri}".encode())]).encode())
        name = f"username={_quoted(self._user)}"
        if not self._user.isascii() and challenge.utf_8:
            name = f"username*=UTF-8''{quote(self._user, safe='')}"
        parts = [
            name, f"realm={_quoted(challenge.realm)}", f"nonce={_quoted(challenge.nonce)}", f"uri={_quoted(uri)}",
            f"algorithm={challenge.algorithm}{'-sess' * challenge.session}", f"response={_quoted(response)}",
        ]  # fmt: skip
        if challenge.opaque is not None:
            parts.append(f"opaque={_quoted(challenge.opaque)}")
        if challenge.qop:
            parts += ["qop=auth", f"nc={count}"]
        if challenge.qop or challenge.session:
            parts.append(f"cnonce={_quoted(cnonce)}")
        return "Digest " + ", ".join(parts)


def challenges(asked: str) -> list[Challenge]:
    """The Digest challenges in a WWW-Authenticate that we can answer, in order; several headers joined by commas."""
    found: list[dict[str, str]] = []
    for name, value in _parts(asked):
        if value is None:  # a scheme, whose parameters follow; or what Negotiate and the like write
            found.append({"": name.lower()})
        elif found:
            found[-1].setdefault(name.lower(), value)
    return [one for one in map(_challenge, found) if one is not None]


def _challenge(fields: Mapping[str, str]) -> Challenge | None:
    algorithm, _, session = fields.get("algorithm", "MD5").upper().partition("-SESS")
    offered = [one.strip().lower() for one in fields.get("qop", "").split(",") if one.strip()]
    usable = "auth" in offered or not offered
    if fields.get("") != "digest" or not fields.get("nonce") or algorithm not in _ALGORITHMS or session or not usable:
        return None
    return Challenge(
        realm=fields.get("realm", ""),
        nonce=fields["nonce"],
        algorithm=algorithm,
        session=fields.get("algorithm", "").upper().endswith("-SESS"),
        opaque=fields.get("opaque"),
        qop=bool(offered),
        stale=fields.get("stale", "").lower() == "true",
        utf_8=fields.get("charset", "").upper() == "UTF-8",
    )


def _parts(text: str) -> list[tuple[str, str | None]]:
    """Words and parameters of a header, in order: a parameter has a value."""
    found = _PART.finditer(text[:_LONGEST])
    return [(one[1], None if one[2] is None else _unquoted(one[2])) for one in found]


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
