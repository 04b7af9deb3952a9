"""What Slack delivers, over HTTP or Socket Mode alike: signed, taken in once, strangers' news dropped early.

Slack delivers again what was not answered within three seconds, with the same ids (docs.slack.dev, "Events API").
Whether a request comes from Slack is told from its raw body before anything parses it: `v0=` + hex
HMAC-SHA256(signing secret, `v0:{timestamp}:{raw body}`), no older than five minutes (docs.slack.dev, "Verifying
requests from Slack").
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from handlers.slack.commands import QUO
from handlers.slack.payloads import Payload, check
from services.domain import command_parser
from services.domain.command_parser import Name, UnknownCommandError
from services.domain.errors import SignatureError, UnknownRequestError
from services.platform.metrics import Metrics
from services.ports import Clock
from services.store.deliveries import DeliveryStore
from services.usecases.people import People

log = structlog.get_logger(__name__)

PERSONAL_NEWS = frozenset({"user_status_changed", "user_profile_changed"})
"""Sent for every member of a workspace, the most frequent of all; taking one in twice does no harm."""

REPEATABLE = PERSONAL_NEWS | {"app_uninstalled", "tokens_revoked", "team_access_revoked"}
"""Dated by Slack and checked against what is kept: taken in twice they change nothing, and none may be lost."""

KNOWN_PERSON = "known_person"
"""Where the context of personal news holds the key of whom they are about."""

DELIVERY = "delivery"
"""In Bolt's context: the id under which what was delivered counts once."""

TIMESTAMP = "X-Slack-Request-Timestamp"
SIGNATURE = "X-Slack-Signature"
AGE = 300
"""Seconds that a signature is good for, before and after its time."""

_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_UNKNOWN = 404
_FAILED = 500
_RETRY = "x-slack-retry-num"
_EVENTS = REPEATABLE | {"app_home_opened", "file_shared", "message"}
_UNCLAIMED = frozenset({Name.STATUS, Name.WHY, Name.PREVIEW, Name.CALENDARS, Name.WHO, Name.HELP})
_LIVES = timedelta(minutes=10)
"""Signatures are taken five minutes before and after their time."""

_MOST = 20_000


class Intake:
    """Takes payloads whose origin is certain."""

    def __init__(
        self, bolt: AsyncApp, deliveries: DeliveryStore, people: People, *, clock: Clock, metrics: Metrics
    ) -> None:
        """`bolt` has every listener registered."""
        self._bolt = bolt
        self._deliveries = deliveries
        self._people = people
        self._clock = clock
        self._metrics = metrics
        self._recent = Recent()

    async def take(
        self, payload: Payload, headers: Mapping[str, str] | None = None, *, delivery: str = ""
    ) -> BoltResponse:
        """The answer to a payload. Raises RequestError where it is none, or nobody's.

        `delivery` tells this delivery from every other one (its signature, its envelope), where its payload has
        no id of its own that stays the same when it is sent again. A `trigger_id` is none: it is for opening views.
        """
        check(payload)
        kind = _kind(payload)
        if payload.get("type") == "url_verification":
            return BoltResponse(status=200, body={"challenge": payload["challenge"]})
        if payload.get("ssl_check"):
            return BoltResponse(status=200, body="")
        # Bolt sees a parsed payload: in its words that is Socket Mode, whichever way it came.
        request = AsyncBoltRequest(mode="socket_mode", body=payload)
        team_id, enterprise_id = request.context.team_id or "", request.context.enterprise_id or ""
        if kind in PERSONAL_NEWS:
            known = await self._people.find(team_id, enterprise_id, request.context.user_id or "")
            if known is None:
                return self._done(kind, "stranger", BoltResponse(status=200, body=""))
            request.context[KNOWN_PERSON] = known
        delivery_id = "" if kind in REPEATABLE else payload.get("event_id") or delivery
        home = team_id or enterprise_id
        by_heart = needs_no_claim(payload)
        if delivery_id and not await self._first(home, delivery_id, by_heart=by_heart):
            log.info("delivery_repeated", kind=kind, team_id=home, retry=(headers or {}).get(_RETRY, ""))
            return self._done(kind, "repeated", BoltResponse(status=200, body=""))
        request.context[DELIVERY] = delivery_id
        response = await self._bolt.async_dispatch(request)
        if response.status >= _FAILED and delivery_id:
            if by_heart:
                self._recent.release(home, delivery_id)
            else:
                await self._deliveries.release(home, delivery_id)
        if response.status == _UNKNOWN:
            self._done(kind, "unknown", response)
            raise UnknownRequestError("nobody listens", kind=kind)
        return self._done(kind, "failed" if response.status >= _FAILED else "taken", response)

    async def _first(self, home: str, delivery_id: str, *, by_heart: bool) -> bool:
        now = self._clock.now()
        if by_heart:
            return self._recent.claim(home, delivery_id, now)
        return await self._deliveries.claim(home, delivery_id, now)

    def _done(self, kind: str, outcome: str, response: BoltResponse) -> BoltResponse:
        self._metrics.deliveries.labels(kind, outcome).inc()
        return response


def _kind(payload: Payload) -> str:
    """A label of a bounded set: the event's type where it is one that we know, else the payload's."""
    if "command" in payload:
        return "command"
    if payload.get("type") == "event_callback":
        found = payload["event"]["type"]
        return found if found in _EVENTS else "other_event"
    return payload.get("type") or "ssl_check"


def needs_no_claim(payload: Payload) -> bool:
    """Whether what was delivered is a command that does no harm when it is done twice."""
    if payload.get("command") != QUO:
        return False
    try:
        return command_parser.read(str(payload.get("text", ""))).name in _UNCLAIMED
    except UnknownCommandError:
        return True  # is told so, and nothing else


class Recent:
    """The deliveries of the last minutes, as far as this process took them in.

    They stand in for a claim, which is a transaction of its own before anything is done. Most commands need none: they
    only read, or what they store counts once by the id of its request. Slack does not send commands again; a copy is
    somebody else's doing, and good for no longer than its signature.
    """

    def __init__(self, most: int = _MOST) -> None:
        """`most` are remembered."""
        self._most = most
        self._seen: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    def claim(self, home: str, delivery_id: str, now: datetime) -> bool:
        """Whether this is the first time; from now on it is not."""
        while self._seen and next(iter(self._seen.values())) < now - _LIVES:
            self._seen.popitem(last=False)
        if (home, delivery_id) in self._seen:
            return False
        if len(self._seen) >= self._most:
            self._seen.popitem(last=False)
        self._seen[home, delivery_id] = now
        return True

    def release(self, home: str, delivery_id: str) -> None:
        """It was not dealt with after all: let it come again."""
        self._seen.pop((home, delivery_id), None)


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
