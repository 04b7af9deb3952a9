"""Where every error ends: one sentence for whoever asked, one line with the same id for the operator.

The one Bolt error listener, the one aiohttp middleware, and the owner of work that outlives its request. Besides the
engine's guard this is the only place that catches whatever there is.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError, SlackClientError

from handlers.web.pages import Page, render, wants_page
from services.domain.errors import (
    GrantLostError,
    InputError,
    NotAllowedError,
    NotGrantedError,
    SlackError,
    SlackRateLimitedError,
    SlackShutError,
    SlackUnavailableError,
    StatusQuoError,
    TooLateError,
    WrongPersonError,
)
from services.domain.model import PersonKey
from services.domain.operator_errors import WrongRedirectError
from services.domain.request_errors import BodyTooLargeError, MethodNotAllowedError, RequestError, UnknownPathError
from services.platform.logs import of_error
from services.ports import Say
from services.slack.messages import SlackMessages, SlackViews
from services.store.connecting import locked_out
from services.usecases.people import People

log = structlog.get_logger(__name__)

T = TypeVar("T")

DRAIN_SECONDS = 10.0
ERROR_ID = "Error {id}"

_SERVER_ERROR = 500
_BY_STATUS: dict[int, type[RequestError]] = {
    404: UnknownPathError,
    405: MethodNotAllowedError,
    413: BodyTooLargeError,
}
_STATUSES: tuple[tuple[type[StatusQuoError], int], ...] = (
    (WrongRedirectError, 502),
    (WrongPersonError, 403),
    (NotAllowedError, 403),
    (NotGrantedError, 403),
    (SlackUnavailableError, 503),
    (SlackRateLimitedError, 503),
    (SlackError, 400),
    (InputError, 400),
)


def known(error: BaseException) -> StatusQuoError:
    """`error` as one of ours: an unexpected one gets an id and says nothing of itself."""
    if isinstance(error, StatusQuoError):
        return error
    if isinstance(error, SlackClientError | SlackApiError):
        return SlackUnavailableError(type(error).__name__)
    return StatusQuoError(locked_out(error) or type(error).__name__)


def status_of(error: StatusQuoError) -> int:
    """Return the HTTP status of an error."""
    other = error.http_status if isinstance(error, RequestError) else _SERVER_ERROR
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), other)


def retry_after(error: StatusQuoError) -> dict[str, str]:
    """Return the header that says when to come back, where that is known (RFC 9110 §10.2.3)."""
    seconds = error.facts.get("retry_after")
    return {"Retry-After": str(math.ceil(seconds))} if isinstance(seconds, int | float) else {}


def record(error: BaseException, found: StatusQuoError, **where: object) -> None:
    """Log one line for the operator: expected errors without a traceback, unexpected ones with it."""
    if locked_out(error):  # by another program, which no stack of ours tells anything of
        log.warning("request_refused", error=type(error).__name__, error_id=found.id, reason=found.reason, **where)
        return
    if isinstance(error, StatusQuoError):
        if isinstance(error, InputError | RequestError):
            log.info("request_refused", **of_error(found), **where)
        else:
            log.warning("request_refused", **of_error(found), **where)
        return
    log.error("request_failed", error=type(error).__name__, error_id=found.id, exc_info=error, **where)


async def sheltered(work: Awaitable[T], **where: object) -> T | None:
    """Return what `work` gives; None where it failed, which is recorded. For tasks that nobody waits for."""
    try:
        return await work
    except Exception as failure:  # the same net, for what arrives by Socket Mode
        record(failure, known(failure), **where)
        return None


@dataclass(frozen=True, slots=True)
class Errors:
    """Answers for what went wrong.

    `views` shows what a click has no other place for, `messages` where no modal opens.
    """

    say: Say
    people: People
    views: SlackViews
    messages: SlackMessages

    async def on_bolt_error(self, error: Exception, request: AsyncBoltRequest) -> BoltResponse:
        """Bolt's error listener: an ephemeral sentence, errors in a modal, or a small modal."""
        found, body, key = known(error), request.body, request.context.get("person")
        if isinstance(found, GrantLostError):  # what is done at once in Slack is done with the bot's token alone
            error = found = SlackShutError(found.reason, **found.facts)
        record(error, found, kind=str(body.get("type") or body.get("command") or ""))
        locale = await self.people.locale(key) if isinstance(key, PersonKey) else "en-US"
        sentence = self.say(locale, found.sentence())
        if not isinstance(found, InputError | TooLateError | NotAllowedError):  # it is not they who can mend it
            sentence = f"{sentence} ({self.say(locale, ERROR_ID, id=found.id)})"
        answer: str | dict[str, Any] = ""
        status = 200
        if "command" in body:
            if isinstance(found, TooLateError):
                await self._tell(request, sentence, found)
            else:
                answer = {"response_type": "ephemeral", "text": sentence}
        elif body.get("type") == "view_submission":
            answer = _on_view(body["view"], found, sentence)
        elif body.get("type") in {"block_actions", "shortcut", "message_action"}:
            await self._show(request, sentence, found)
        elif body.get("type") == "block_suggestion":
            answer = {"options": []}
        elif not isinstance(error, StatusQuoError):
            status = _SERVER_ERROR
        return BoltResponse(status=status, body=answer)

    async def _show(self, request: AsyncBoltRequest, sentence: str, found: StatusQuoError) -> None:
        """In a modal; in a message where Slack opens none (any more)."""
        token, trigger = request.context.get("bot_token"), request.body.get("trigger_id")
        if token and trigger and not isinstance(found, TooLateError):
            try:
                await self.views.open_modal(token, trigger, _small_modal(sentence))
            except StatusQuoError as failure:
                log.info("error_in_no_modal", error_id=found.id, error=type(failure).__name__, reason=failure.reason)
            else:
                return
        await self._tell(request, sentence, found)

    async def _tell(self, request: AsyncBoltRequest, sentence: str, found: StatusQuoError) -> None:
        """Beside what was typed or clicked, which Slack takes for half an hour; else in our own conversation."""
        token, key = request.context.get("bot_token"), request.context.get("person")
        try:
            if request.context.response_url and (respond := request.context.respond) is not None:
                await respond(sentence, response_type="ephemeral", replace_original=False)
            elif token and isinstance(key, PersonKey):
                await self.messages.post(token, key.user_id, {"text": sentence})
        except (StatusQuoError, SlackClientError, aiohttp.ClientError, TimeoutError) as failure:
            log.warning("error_not_shown", error_id=found.id, reason=known(failure).reason)

    def middleware(self) -> Middleware:
        """Return the aiohttp middleware that turns every error into a page or JSON with one sentence."""

        @web.middleware
        async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                return await handler(request)
            except web.HTTPRedirection:
                raise
            except web.HTTPException as refusal:
                error: StatusQuoError = _BY_STATUS.get(refusal.status, RequestError)(refusal.reason)
                error_status = refusal.status
                headers = {"Allow": refusal.headers["Allow"]} if "Allow" in refusal.headers else {}
            except StatusQuoError as failure:
                error, error_status, headers = failure, status_of(failure), retry_after(failure)
                record(failure, failure, route=route_of(request))
            except Exception as failure:  # the one net of the web server: nobody sees a traceback
                error, error_status, headers = known(failure), _SERVER_ERROR, {}
                record(failure, error, route=route_of(request))
            if wants_page(request):
                return refusal_page(self.say, request, error, error_status, headers)
            sentence = self.say(accepted_locale(request), error.sentence())
            body = {"error": sentence, "error_id": error.id}
            return web.json_response(body, status=error_status, headers=headers)

        return answer


def refusal_page(
    say: Say, request: web.Request, error: StatusQuoError, status: int, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return the page that says `error`, in the browser's language."""
    locale = accepted_locale(request)
    note = say(locale, ERROR_ID, id=error.id)
    page = Page(title="Status Quo", sentence=say(locale, error.sentence()), note=note, ok=False)
    return render(page, locale, status=status, headers=headers)


def accepted_locale(request: web.Request) -> str:
    """Return the browser's first language; "en-US" where it names none."""
    first = request.headers.get("Accept-Language", "").split(",")[0].split(";")[0].strip()
    return first if first and first.replace("-", "").isalnum() and first.isascii() else "en-US"


def route_of(request: web.Request) -> str:
    """Return the route's pattern, never the path: that may hold a secret."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"


def _on_view(view: dict[str, Any], error: StatusQuoError, sentence: str) -> dict[str, Any]:
    """Errors on the block that they belong to, or on the first that takes input; else in the place of the view."""
    blocks = view.get("blocks")
    ids = [
        block["block_id"]
        for block in (blocks if isinstance(blocks, list) else [])
        if isinstance(block, dict) and block.get("type") == "input" and isinstance(block.get("block_id"), str)
    ]
    field = error.field if isinstance(error, InputError) and error.field in ids else (ids[0] if ids else None)
    if field is None:
        return {"response_action": "update", "view": _small_modal(sentence)}
    return {"response_action": "errors", "errors": {field: sentence}}


def _small_modal(sentence: str) -> dict[str, Any]:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Status Quo"},
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": sentence}}],
    }


class Background:
    """Owns tasks until they are done."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin `work`. Somebody has to await the task, or to `leave` it."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def leave(self, work: Awaitable[Any], **where: object) -> None:
        """Begin `work` that nobody waits for: what goes wrong is recorded, with `where` it happened."""
        self.start(sheltered(work, **where))

    async def close(self, seconds: float = DRAIN_SECONDS) -> None:
        """Wait until all is done; what takes longer than `seconds` is given up."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            log.warning("background_given_up", tasks=len(late))
            await asyncio.gather(*late, return_exceptions=True)


async def within(task: asyncio.Task[Any], seconds: float) -> bool:
    """Return whether `task` is done within that time; it goes on where it is not."""
    done, _ = await asyncio.wait({task}, timeout=seconds)
    return bool(done)
