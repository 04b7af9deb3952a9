"""Structured logs: a static event name with ids beside it, one line each, and nothing that could leak.

Two nets, both as code: values under a name of `SECRET_NAMES` are dropped, and whatever looks like a token, a
key, a bearer header or the path of an address is cut out of every text, also in those of the libraries.
`guarded` is where whatever goes wrong with one row is caught and logged, so that the others go on.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

import structlog
from prometheus_client import Counter
from structlog.types import EventDict, Processor

from services.domain.errors import StatusQuoError

log = structlog.get_logger(__name__)

HIDDEN = "***"

SECRET_NAMES = frozenset(
    {
        "token", "bot_token", "user_token", "access_token", "refresh_token", "secret", "client_secret",
        "signing_secret", "password", "credentials", "authorization", "cookie", "code", "state", "verifier",
        "title", "summary", "location", "attendees", "guests", "organizer", "organizer_text", "guest_domains",
        "domains", "text", "status_text", "address", "addresses",
        "email", "url", "body", "payload", "headers", "response_url", "trigger_id", "key", "keys", "name",
    }
)  # fmt: skip
"""Names whose values are never logged. `key` is a person's; say `team_id` and `user_id` instead."""

_TOKEN = re.compile(r"\bx(?:ox[a-z]|oxe\.xox[a-z]|app)-[\w.%-]+", re.IGNORECASE)
_AGENT_KEY = re.compile(r"\bquo_[\w-]{20,}", re.ASCII)
_SEALED = re.compile(r"\b(?:sq1_|gAAAA)[\w-]{20,}={0,2}")
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]+", re.IGNORECASE)
_PAIR = re.compile(
    r"((?:access_token|refresh_token|client_secret|code|token|state|secret|password)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',}]+",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"\b(https?|webcals?|ics)://(?:[^\s/@\"'<>]*@)?([^\s/?#\"'<>]+)([/?#][^\s\"'<>]*)?", re.IGNORECASE
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")

_FLOORS = {
    "slack_sdk": logging.INFO,  # prints tokens at DEBUG
    "slack_bolt": logging.INFO,  # prints payloads at DEBUG
    "alembic": logging.WARNING,
    "aiohttp.access": logging.WARNING,
    "asyncio": logging.WARNING,
    "sqlalchemy.engine": logging.WARNING,  # prints parameters
    "aiosqlite": logging.INFO,  # prints them at DEBUG
}
"""Libraries that never get below a level, whatever LOG_LEVEL says."""


_TROUBLE = frozenset({"warning", "error", "exception", "critical"})


def redact(value: Any) -> Any:
    """`value` with everything that could leak cut out; texts, bytes, mappings and sequences at any depth."""
    if isinstance(value, str):
        return _redact_text(value)
    if isinstance(value, bytes):
        return HIDDEN
    if isinstance(value, dict):
        return {name: HIDDEN if _is_secret(name) else redact(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redact(inner) for inner in value]
    return value


def _is_secret(name: object) -> bool:
    return isinstance(name, str) and name.lower() in SECRET_NAMES


def _redact_text(text: str) -> str:
    text = _TOKEN.sub(HIDDEN, text)
    text = _AGENT_KEY.sub(HIDDEN, text)
    text = _SEALED.sub(HIDDEN, text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _ADDRESS.sub(
        lambda found: f"{found[1]}://{found[2]}" + (f"/{HIDDEN}" if (found[3] or "/") != "/" else ""), text
    )
    text = _PAIR.sub(rf"\g<1>{HIDDEN}", text)
    return _MAIL.sub(HIDDEN, text)


def _redact_event(_logger: Any, _method: str, event: EventDict) -> EventDict:
    return {
        name: value if name in {"event", "level", "timestamp", "logger"} and not isinstance(value, str)
        else HIDDEN if _is_secret(name) else redact(value)
        for name, value in event.items()
    }  # fmt: skip


def _stack_of_lines(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """For a terminal: `stack` is the renderer's own name, and it wants it as one text, a line for each place."""
    if isinstance(stack := event.get("stack"), list):
        event["stack"] = "\n".join(f"  {place}" for place in stack)
    return event


def configure(level: str = "INFO", form: str | None = None, stream: TextIO | None = None) -> None:
    """Send every log of this process, the libraries' included, to `stream` (stderr) as `form` "console" or "json".

    The Slack SDK prints tokens at DEBUG: it never gets below INFO, whatever `level` says.
    """
    out = stream or sys.stderr
    form = form or ("console" if out.isatty() else "json")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    rendered: list[Processor] = (
        [_stack_of_lines, structlog.dev.ConsoleRenderer(colors=out.isatty())]
        if form == "console"
        else [structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    least = logging.getLevelName(level)
    for name, floor in _FLOORS.items():
        logging.getLogger(name).setLevel(max(least, floor))


def count_errors(errors: Counter) -> None:
    """From now on count each line of ours that is a warning or worse, by its event and by `error`, in `errors`.

    Both are of a bounded set: an event's name is static, and `error` is the name of a class.
    """

    def count(_logger: Any, method: str, event: EventDict) -> EventDict:
        if method in _TROUBLE:
            errors.labels(event["event"], event.get("error", "")).inc()
        return event

    structlog.configure(processors=[count, *structlog.get_config()["processors"]])


def of_error(error: BaseException) -> dict[str, str]:
    """Return what a line says of `error`: its class, and of one of ours its id and its reason.

    Never a message of others.
    """
    if isinstance(error, StatusQuoError):
        return {"error": type(error).__name__, "error_id": error.id, "reason": error.reason}
    return {"error": type(error).__name__}


@dataclass(slots=True)
class Guarded:
    """Whether what ran under the guard failed."""

    failed: bool = False


@contextmanager
def guarded(event: str, **ids: str) -> Iterator[Guarded]:
    """Run one row's work; log a failure under the static name `event` with `ids`, and go on after the block.

    Neither the exception's message nor its values are logged, for they may hold what a row is about: only its
    class, and where it was raised. Cancellation passes.
    """
    result = Guarded()
    try:
        yield result
    except StatusQuoError as error:
        result.failed = True
        log.warning(event, **of_error(error), **ids)
    except Exception as error:  # the guard of rows: one person's trouble never stops the batch
        result.failed = True
        last = traceback.extract_tb(error.__traceback__)[-1]
        log.error(event, **of_error(error), where=f"{last.filename}:{last.lineno}", **ids)  # noqa: TRY400  # a traceback would print values
