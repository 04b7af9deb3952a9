"""What Slack delivers, over HTTP or Socket Mode alike: taken in once, strangers' news dropped early, then Bolt's.

Slack delivers again what was not answered within three seconds, with the same ids (docs.slack.dev, "Events API").
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from handlers.slack.payloads import Payload, check
from handlers.slack.repeats import Recent, needs_no_claim
from services.domain.errors import UnknownRequestError
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

_UNKNOWN = 404
DELIVERY = "delivery"
"""In Bolt's context: the id under which what was delivered counts once."""

_FAILED = 500
_RETRY = "x-slack-retry-num"


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


_EVENTS = REPEATABLE | {"app_home_opened", "file_shared", "message"}
