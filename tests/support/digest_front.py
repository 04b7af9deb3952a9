"""A front for a WSGI server that lets nobody in but by Digest (RFC 7616), and passes on who it was as Basic."""

from __future__ import annotations

import base64
import hashlib
import secrets
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

HASHES: dict[str, Any] = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


@dataclass
class DigestFront:
    """Strict: each nonce is its own, counted without gaps or repeats, and good for `uses` requests.

    `schemes` are what it offers, in this order; `next_nonce` names the following nonce in each answer. `logins` are
    the Authorization headers that came, "" for none; `stale` counts nonces that were too old.
    """

    application: WSGIApplication
    users: dict[str, str]
    schemes: tuple[str, ...] = ("SHA-256", "MD5")
    qop: str = "auth, auth-int"
    uses: int = 1000
    next_nonce: bool = False
    says_stale: bool = True
    logins: list[str] = field(default_factory=list)
    stale: int = 0
    _nonces: dict[str, int] = field(default_factory=dict)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        given = environ.get("HTTP_AUTHORIZATION", "")
        self.logins.append(given)
        user, stale = self._who(environ, given)
        if user is None:
            self.stale += stale
            length = int(environ.get("CONTENT_LENGTH") or 0)
            environ["wsgi.input"].read(length)
            start_response("401 Unauthorized", [("WWW-Authenticate", one) for one in self._asks(stale)])
            return [b"who are you?"]
        password = self.users[user]
        environ["HTTP_AUTHORIZATION"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            info = [("Authentication-Info", f'nextnonce="{self._new()}"')] if self.next_nonce else []
            return start_response(status, [*headers, *info], *more)

        return self.application(environ, start)  # type: ignore[arg-type]  # what wsgiref's types ask of a callback

    def _new(self) -> str:
        nonce = secrets.token_urlsafe(12) + '=="\\'
        self._nonces[nonce] = 0
        return nonce.replace("\\", "\\\\").replace('"', '\\"')

    def _asks(self, stale: bool) -> list[str]:
        more = ", stale=true" if stale and self.says_stale else ""
        qop = f', qop="{self.qop}"' if self.qop else ""
        return [
            f'Digest realm="a \\"realm\\", b", nonce="{self._new()}", algorithm={one}{qop}, opaque="o,p=q"{more}'
            for one in self.schemes
        ]

    def _who(self, environ: dict[str, Any], given: str) -> tuple[str | None, bool]:
        """Who it is, None for nobody; and whether their nonce was too old."""
        if not given.startswith("Digest "):
            return None, False
        said = urllib.request.parse_keqv_list(urllib.request.parse_http_list(given[7:]))
        target = environ["PATH_INFO"] + (f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else "")
        right = (
            said["username"] in self.users
            and said["realm"] == 'a "realm", b'
            and said["opaque"] == "o,p=q"
            and said["algorithm"] in self.schemes
            and urllib.parse.unquote(said["uri"], encoding="latin-1") == target  # as WSGI has it
            and said["response"] == self._response(environ["REQUEST_METHOD"], said)
        )
        count = self._nonces.get(said["nonce"], self.uses)
        if not right or count >= self.uses:
            return None, right
        if self.qop and int(said["nc"], 16) != count + 1:
            return None, False
        self._nonces[said["nonce"]] = count + 1
        return said["username"], False

    def _response(self, method: str, said: dict[str, str]) -> str:
        algorithm = said["algorithm"].removesuffix("-sess")
        secret = self._hash(algorithm, f"{said['username']}:{said['realm']}:{self.users[said['username']]}")
        if said["algorithm"].endswith("-sess"):
            secret = self._hash(algorithm, f"{secret}:{said['nonce']}:{said['cnonce']}")
        request = self._hash(algorithm, f"{method}:{said['uri']}")
        middle = f"{said['nonce']}:{said['nc']}:{said['cnonce']}:{said['qop']}" if self.qop else said["nonce"]
        return self._hash(algorithm, f"{secret}:{middle}:{request}")

    @staticmethod
    def _hash(algorithm: str, text: str) -> str:
        return str(HASHES[algorithm](text.encode()).hexdigest())
