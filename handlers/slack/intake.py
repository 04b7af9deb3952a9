"""What Slack delivers, over HTTP or Socket Mode alike: taken in once, and dispatched by Bolt.

Slack delivers again what was not answered within three seconds, with the same ids (docs.slack.dev, "Events API").

Bolt dispatches, and the rest is ours. Its own `authorize` asks auth.test for each request and, with rotating tokens,
writes one person's tokens over another's; ours looks into our own tables, calls nobody, and touches no person's token.
"""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError
from structlog.contextvars import bind_contextvars

from handlers.errors import Errors
from handlers.slack.commands import QUO
from handlers.slack.mentions import Mentions, is_in_channel
from handlers.slack.payloads import Payload, check, happened_at
from services.domain import command_parser
from services.domain.command_parser import Name, UnknownCommandError
from services.domain.model import PersonKey
from services.domain.request_errors import UnknownRequestError
from services.platform.metrics import Metrics
from services.ports import Clock
from services.store.overrides import DeliveryStore
from services.store.workspaces import WorkspaceStore
from services.usecases.members import Members
from services.usecases.people import People

log = structlog.get_logger(__name__)
_LOG = logging.getLogger("slack_bolt.statusquo")
_LOG.setLevel(logging.CRITICAL)  # below that Bolt logs whole payloads; what fails is logged by handlers.errors

USER_NEWS = frozenset({"user_change", "team_join", "user_status_changed", "user_profile_changed"})
"""With the whole user object of any member, the most frequent of all.

`user_status_changed` and `user_profile_changed` are of older manifests: Slack dispatches them at the same time as
`user_change`, with the same user (docs.slack.dev/reference/events/user_status_changed).
"""

PERSONAL_NEWS = USER_NEWS | {"dnd_updated"}
"""About one member; taking one in twice does no harm."""

REPEATABLE = PERSONAL_NEWS | {
    "app_uninstalled", "tokens_revoked", "team_access_revoked", "emoji_changed", "block_suggestion",
}  # fmt: skip
"""Checked against what is kept, or a question: taken in twice they change nothing, and none may be lost."""

KNOWN_PERSON = "known_person"
"""Where the context of personal news holds the key of whom they are about."""

_UNKNOWN = 404
_FAILED = 500
_RETRY = "x-slack-retry-num"
_EVENTS = REPEATABLE | {"app_home_opened", "file_shared", "message"}
_UNCLAIMED = frozenset({Name.STATUS, Name.WHY, Name.PREVIEW, Name.CALENDARS, Name.WHO, Name.HELP})
_LIVES = timedelta(minutes=10)
"""Signatures are taken five minutes before and after their time."""


def bolt_app(authorize: Authorize, errors: Errors, client: AsyncWebClient, *, not_installed: str) -> AsyncApp:
    """Return a Bolt application without listeners.

    `client` carries every call (its token is replaced for each request); `not_installed` is the sentence for a
    workspace that is not ours (any more).
    """
    # Bolt takes SLACK_CLIENT_ID and others from the environment behind our back, and would set up its own OAuth.
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("SLACK_")}
    try:
        bolt = AsyncApp(
            name="statusquo",
            logger=_LOG,
            client=client,
            authorize=authorize,  # type: ignore[arg-type]  # Bolt takes an AsyncAuthorize as well, and says so in its code alone
            user_facing_authorize_error_message=not_installed,
            # Listeners store a fact and answer: waiting for `ack` in steps would only add 10 ms to each.
            process_before_response=True,
            request_verification_enabled=False,  # done before anything is parsed
            ssl_check_enabled=False,
            url_verification_enabled=False,
            ignoring_self_events_enabled=False,  # nothing that a bot does is subscribed
            attaching_function_token_enabled=False,
        )
    finally:
        os.environ.update(hidden)
    bolt.error(errors.on_bolt_error)
    return bolt


class Authorize(AsyncAuthorize):
    """Bolt's `authorize`. Puts who sent the request into the context: `person`, the key, and `view`, what is known."""

    def __init__(self, workspaces: WorkspaceStore) -> None:
        self._workspaces = workspaces

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,
        actor_team_id: str | None = None,
        actor_user_id: str | None = None,
    ) -> AuthorizeResult | None:
        """Return the bot of the workspace; None where the app is not installed there."""
        found = await self._workspaces.meet(team_id or "", enterprise_id or "", user_id or "")
        if found is None:
            return None
        bot, view = found
        if user_id:
            context["person"] = PersonKey(bot.team_id, user_id)
            context["view"] = view
        return AuthorizeResult(
            enterprise_id=bot.enterprise_id,
            team_id=bot.team_id,
            bot_id=bot.bot_id or None,
            bot_user_id=bot.bot_user_id or None,
            bot_token=bot.token,
            bot_scopes=sorted(bot.scopes),
            user_id=user_id,
        )


class Intake:
    """Takes payloads whose origin is certain."""

    def __init__(
        self, bolt: AsyncApp, deliveries: DeliveryStore, people: People, members: Members, mentions: Mentions, *,
        errors: Errors, clock: Clock, metrics: Metrics,
    ) -> None:  # fmt: skip
        """`bolt` has every listener registered; `errors` answers where it does not come to them."""
        self._bolt = bolt
        self._errors = errors
        self._deliveries = deliveries
        self._people = people
        self._members = members
        self._mentions = mentions
        self._clock = clock
        self._metrics = metrics
        self._recent = Recent()

    async def take(
        self, payload: Payload, headers: Mapping[str, str] | None = None, *, delivery: str = ""
    ) -> BoltResponse:
        """Return the answer to a payload. Raises RequestError where it is none, or nobody's.

        `delivery` tells this delivery from every other one (its signature, its envelope), where its payload has
        no id of its own that stays the same when it is sent again. A `trigger_id` is none: it is for opening views.
        """
        check(payload)
        kind = _kind(payload)
        if payload.get("type") == "url_verification":
            return BoltResponse(status=200, body={"challenge": payload["challenge"]})
        if payload.get("ssl_check"):
            return BoltResponse(status=200, body="")
        if is_in_channel(payload):
            self._metrics.deliveries.labels(kind, await self._mentions.take(payload)).inc()
            return BoltResponse(status=200, body="")
        response, outcome = await self._dispatch(payload, kind, headers or {}, delivery)
        self._metrics.deliveries.labels(kind, outcome).inc()
        if outcome == "unknown":
            raise UnknownRequestError("nobody listens", kind=kind)
        return response

    async def _dispatch(
        self, payload: Payload, kind: str, headers: Mapping[str, str], delivery: str
    ) -> tuple[BoltResponse, str]:
        """Return the answer, and what became of the payload: a label of the metric."""
        # Bolt sees a parsed payload: in its words that is Socket Mode, whichever way it came.
        request = AsyncBoltRequest(mode="socket_mode", body=payload)
        team_id, enterprise_id = request.context.team_id or "", request.context.enterprise_id or ""
        bind_contextvars(team_id=team_id or enterprise_id, user_id=request.context.user_id or "")
        if kind in USER_NEWS:  # with a grant or without: for leave calendars and the keeper
            event = payload["event"]
            await self._members.changed(team_id, enterprise_id, event.get("user"), happened_at(payload, event))
        if kind in PERSONAL_NEWS:
            known = await self._people.find(team_id, enterprise_id, request.context.user_id or "")
            if known is None:
                return BoltResponse(status=200, body=""), "stranger"
            request.context[KNOWN_PERSON] = known
        delivery_id = "" if kind in REPEATABLE else payload.get("event_id") or delivery
        home = team_id or enterprise_id
        by_heart = needs_no_claim(payload)
        now = self._clock.now()
        if not delivery_id:
            first = True
        elif by_heart:
            first = self._recent.claim(home, delivery_id, now)
        else:
            try:
                first = await self._deliveries.claim(home, delivery_id, now)
            except SQLAlchemyError as error:  # the disk is full: somebody waits for an answer all the same
                request.context["person"] = await self._people.find(
                    team_id, enterprise_id, request.context.user_id or ""
                )
                return await self._errors.on_bolt_error(error, request), "failed"
        if not first:
            log.info("delivery_repeated", kind=kind, team_id=home, retry=headers.get(_RETRY, ""))
            return BoltResponse(status=200, body=""), "repeated"
        request.context["delivery"] = delivery_id  # under which it counts once
        response = await self._bolt.async_dispatch(request)
        if response.status == _UNKNOWN:
            return response, "unknown"
        if response.status < _FAILED:
            return response, "taken"
        if delivery_id and by_heart:
            self._recent.release(home, delivery_id)
        elif delivery_id:
            await self._deliveries.release(home, delivery_id)
        return response, "failed"


def _kind(payload: Payload) -> str:
    """Return a label of a bounded set: the event's type where it is one that we know, else the payload's."""
    if "command" in payload:
        return "command"
    if payload.get("type") == "event_callback":
        found = payload["event"]["type"]
        return found if found in _EVENTS else "other_event"
    return payload.get("type") or "ssl_check"


def needs_no_claim(payload: Payload) -> bool:
    """Return whether what was delivered is a command that does no harm when it is done twice."""
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

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._seen: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    def claim(self, home: str, delivery_id: str, now: datetime) -> bool:
        """Return whether this is the first time; from now on it is not."""
        while self._seen and next(iter(self._seen.values())) < now - _LIVES:
            self._seen.popitem(last=False)
        if (home, delivery_id) in self._seen:
            return False
        if len(self._seen) >= self._most:
            self._seen.popitem(last=False)
        self._seen[home, delivery_id] = now
        return True

    def release(self, home: str, delivery_id: str) -> None:
        """Note that it was not dealt with after all: let it come again."""
        self._seen.pop((home, delivery_id), None)
