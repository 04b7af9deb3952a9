"""Whether a request comes from Slack, told from its raw body before anything parses it.

`v0=` + hex HMAC-SHA256(signing secret, `v0:{timestamp}:{raw body}`), no older than five minutes
(docs.slack.dev, "Verifying requests from Slack").
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Protocol

from services.domain.errors import SignatureError
from services.ports import Clock

TIMESTAMP = "X-Slack-Request-Timestamp"
SIGNATURE = "X-Slack-Signature"
AGE = 300
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


class Headers(Protocol):
    """A request's headers, of which one name may have several values."""

    def getall(self, key: str, default: Sequence[str], /) -> Sequence[str]:
        """Every value of the header."""
        ...


class Signatures:
    """Checks signatures with one signing secret."""

    def __init__(self, secret: str, clock: Clock) -> None:
        """`secret` is SLACK_SIGNING_SECRET; `clock` says how old a request is."""
        if not secret:
            raise ValueError("an empty secret signs nothing")
        self._secret = secret.encode()
        self._clock = clock

    def sign(self, timestamp: int, body: bytes) -> str:
        """The signature that Slack would give `body` at `timestamp` (Unix seconds)."""
        return self._signature(str(timestamp), body)

    def check(self, headers: Headers, body: bytes) -> None:
        """Raises SignatureError unless `body` was signed with our secret in the last five minutes.

        A header that is missing, there twice or malformed is as bad as a wrong one.
        """
        timestamp = _only(headers, TIMESTAMP)
        given = _only(headers, SIGNATURE)
        if not _SECONDS.fullmatch(timestamp):
            raise SignatureError("timestamp is no number")
        if abs(self._clock.now().timestamp() - int(timestamp)) > AGE:
            raise SignatureError("timestamp is too far from now")
        expected = self._signature(timestamp, body)
        if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape")):
            raise SignatureError("signature does not match")

    def _signature(self, timestamp: str, body: bytes) -> str:
        signed = b"v0:" + timestamp.encode() + b":" + body
        return "v0=" + hmac.new(self._secret, signed, hashlib.sha256).hexdigest()


def _only(headers: Headers, name: str) -> str:
    values = headers.getall(name, ())
    if len(values) != 1:
        raise SignatureError("header is missing" if not values else "header is there twice", header=name)
    return values[0]
