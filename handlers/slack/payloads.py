"""From the bytes that Slack sent to a payload whose shape the rest may rely on. Pure; raises RequestError."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from services.domain.request_errors import RequestError

Payload = dict[str, Any]

_TEXTS = (
    "type", "team_id", "user_id", "enterprise_id", "api_app_id", "event_id", "trigger_id", "command", "channel_id",
    "text", "response_url", "callback_id", "challenge", "thread_ts",
)  # fmt: skip
_TEXT_OR_OBJECT = ("team", "enterprise", "user", "channel")
_OBJECTS = ("view", "event", "message", "previous_message", "container", "item", "assistant_thread", "function_data")
_LISTS_OF_OBJECTS = ("authorizations", "actions", "response_urls")
_IDS = (
    "team_id", "user_id", "enterprise_id", "event_id", "trigger_id", "channel_id", "api_app_id", "id",
    "app_installed_team_id",
)  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9._-]{0,255}")
_FIELDS = 100


NEEDS: Mapping[str, tuple[str, ...]] = {
    "event_callback": ("event",),
    "url_verification": ("challenge",),
    "block_actions": ("user", "actions"),
    "view_submission": ("user", "view"),
    "view_closed": ("user", "view"),
    "shortcut": ("user", "callback_id"),
    "message_action": ("user", "callback_id"),
    "block_suggestion": ("user", "action_id"),
}
"""What a payload of each type cannot do without."""


def parse(content_type: str, raw: bytes) -> Payload:
    """Return what a body of that Content-Type (without parameters) holds; to be checked. Raises RequestError."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise RequestError("not UTF-8") from error
    if content_type == "application/json":
        found = strict_json(text)
    elif content_type == "application/x-www-form-urlencoded":
        found = _form(text)
        found = strict_json(found["payload"]) if "payload" in found else found
    else:
        raise RequestError("neither JSON nor a form")
    if not isinstance(found, dict):
        raise RequestError("JSON, but no object")
    return found


def check(payload: Payload) -> None:
    """Check the shape of `payload` (of HTTP or of Socket Mode). Raises RequestError where it has not the one."""
    _check_texts(payload)
    _check_shape(payload)
    if "command" in payload:
        _need(payload, ("team_id", "user_id"), or_else="enterprise_id")
        return
    if payload.get("ssl_check"):
        return
    kind = payload.get("type") or ""
    if kind not in NEEDS:
        raise RequestError("unknown type")
    _need(payload, NEEDS[kind])
    if kind == "event_callback":
        _need(payload["event"], ("type",))
        _check_shape(payload["event"])
    if kind.startswith("view_"):
        _need(payload["view"], ("type",))
        if not isinstance(payload["view"].get("callback_id"), str):
            raise RequestError("a part is missing", part="callback_id")
    if kind == "block_actions" and not all(isinstance(action.get("action_id"), str) for action in payload["actions"]):
        raise RequestError("an action without an id")


def strict_json(text: str, made: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """JSON without `NaN` and the like; objects are what `made` makes of their members. Raises RequestError."""
    try:
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=made)
    except (ValueError, RecursionError) as error:
        raise RequestError("malformed JSON") from error


def instant_of(stamp: object) -> datetime | None:
    """Return a `ts`, `event_ts` or `event_time` of Slack's, in seconds, as an instant (UTC); None where it is none."""
    try:
        return datetime.fromtimestamp(float(stamp), UTC)  # type: ignore[arg-type]  # what TypeError is caught for
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def happened_at(body: Payload, event: Payload) -> datetime:
    """Return when an event happened, by Slack's clock.

    `event_ts`, to the microsecond, if there is one, else `event_time`.
    """
    return instant_of(event.get("event_ts")) or instant_of(body.get("event_time")) or datetime.fromtimestamp(0, UTC)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _form(text: str) -> dict[str, str]:
    if text.count("%") * 3 > len(text):  # an escape has three characters: a million that are none take long
        raise RequestError("malformed form")
    try:
        fields = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError as error:
        raise RequestError("malformed form") from error
    form = dict(fields)
    if len(form) != len(fields):
        raise RequestError("a field is there twice")
    return form


def _check_texts(payload: Payload) -> None:
    """Neither lone surrogates (which cannot be encoded) nor NUL (which PostgreSQL cannot store), at any depth."""
    try:
        whole = json.dumps(payload, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError) as error:
        raise RequestError("text that is no text") from error
    if b"\\u0000" in whole.replace(b"\\\\", b""):
        raise RequestError("NUL in a text")


def _check_shape(part: Payload) -> None:
    for name in _TEXTS:
        if not isinstance(part.get(name), str | None):
            raise RequestError("not a text", part=name)
    for name in _TEXT_OR_OBJECT:
        if not isinstance(part.get(name), str | dict | None):
            raise RequestError("neither text nor object", part=name)
        if isinstance(part.get(name), dict):
            _check_ids(part[name])
    for name in _OBJECTS:
        if not isinstance(part.get(name), dict | None):
            raise RequestError("not an object", part=name)
    _check_ids(part.get("view") or {})
    for name in _LISTS_OF_OBJECTS:
        listed = part.get(name)
        if name in part and not (isinstance(listed, list) and all(isinstance(one, dict) for one in listed)):
            raise RequestError("not a list of objects", part=name)
    for one in part.get("authorizations") or ():
        _check_ids(one)
    _check_ids(part)
    for name in _TEXT_OR_OBJECT:
        if isinstance(part.get(name), str) and not _ID.fullmatch(part[name]):
            raise RequestError("not an id", part=name)


def _check_ids(part: Payload) -> None:
    for name in _IDS:
        found = part.get(name)
        if found is not None and not (isinstance(found, str) and _ID.fullmatch(found)):
            raise RequestError("not an id", part=name)


def _need(part: Payload, names: tuple[str, ...], or_else: str = "") -> None:
    for name in names:
        if not part.get(name) and not (or_else and name != "user_id" and part.get(or_else)):
            raise RequestError("a part is missing", part=name)
