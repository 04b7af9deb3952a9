"""The addresses that other programs post to: a calendar, or a status as JSON (`text`, `emoji`, `until`, `minutes`)."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from aiohttp import web

from services.calendars.hooks import PATH, Hooks
from services.calendars.ical.charset import as_utf8, codec_of
from services.domain import command_parser, times
from services.domain.errors import InputError, RequestError, TimeInThePastError, TooFarAwayError
from services.domain.times import Speaker
from services.platform.concurrency import off_loop
from services.ports import Clock

_CALENDAR = "text/calendar"
_JSON = "application/json"

LONGEST = timedelta(days=731)
"""How far off an end may be: as far as one that is typed."""

_FIELDS = frozenset({"text", "emoji", "until", "minutes"})
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_MOMENT = re.compile(r"\d{4}-?\d\d-?\d\d[T ]\d\d:?\d\d.*", re.ASCII | re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class HookTypeError(RequestError):
    """Send a status as `application/json`, or a calendar as `text/calendar`."""

    http_status = 415


class HookFieldsError(InputError):
    """Send `text` or `emoji` or both, and `until` or `minutes` or neither; nothing else."""


class HookTimeError(InputError):
    """That is no time. Send `until` as `2026-11-24T15:00`, `15:00` or Unix seconds, or `minutes` as a number."""


@dataclass(frozen=True, slots=True)
class HookRoutes:
    """`POST` and `DELETE /hooks/{secret}`. The secret is all that lets a caller in; it is in no log and no label."""

    hooks: Hooks
    clock: Clock

    def routes(self) -> list[web.RouteDef]:
        """One address, two methods."""
        return [web.post(f"{PATH}{{secret}}", self.post), web.delete(f"{PATH}{{secret}}", self.delete)]

    async def post(self, request: web.Request) -> web.Response:
        """A status or a calendar; 202 for what is taken in and done in a moment."""
        hook = await self.hooks.find(request.match_info["secret"])
        kind, body = request.content_type, await request.read()
        if kind == _CALENDAR:
            entries = await self.hooks.take(hook, await _in_utf8(body, request.charset))
            return web.json_response({"ok": True, "entries": entries}, status=202)
        if kind != _JSON:
            raise HookTypeError("content type")
        wanted = read_status(await _in_utf8(body, request.charset), hook.zone, self.clock.now())
        made = await self.hooks.show(hook, text=wanted.text, emoji=wanted.emoji, end=wanted.end)
        until = None if made.end is None else made.end.isoformat().replace("+00:00", "Z")
        return web.json_response({"ok": True, "text": made.text, "emoji": made.emoji, "until": until})

    async def delete(self, request: web.Request) -> web.Response:
        """End the status that this hook shows; that there is none is well, too."""
        hook = await self.hooks.find(request.match_info["secret"])
        return web.json_response({"ok": True, "ended": await self.hooks.end(hook)})


async def _in_utf8(body: bytes, charset: str | None) -> bytes:
    """A body in the encoding that calendars and JSON are read in. Raises HookTypeError."""
    if charset is None:
        return body
    if codec_of(charset) is None:
        raise HookTypeError("charset")
    return await off_loop(as_utf8, body, charset)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A status to show; `end` is UTC, None for until it is ended."""

    text: str
    emoji: str
    end: datetime | None


def read_status(body: bytes, zone: ZoneInfo, now: datetime) -> Wanted:
    """The status that is asked for, times without an offset being in `zone`. Raises RequestError and InputErrors."""
    said = _object(body)
    text, emoji = said.get("text"), said.get("emoji")
    if not said.keys() <= _FIELDS or not isinstance(text, str | None) or not isinstance(emoji, str | None):
        raise HookFieldsError("fields")
    until, minutes = said.get("until"), said.get("minutes")
    if until is not None and minutes is not None:
        raise HookFieldsError("both until and minutes")
    words = command_parser.status_text(" ".join(_CONTROL.sub(" ", _text(text)).split()))
    sign = command_parser.emoji_of(_text(emoji))
    if not words and not sign:
        raise HookFieldsError("neither text nor emoji")
    end = _after(minutes, now) if minutes is not None else None if until is None else _until(until, zone, now)
    return Wanted(words, sign, end)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RequestError("malformed JSON") from error
    if not isinstance(found, dict):
        raise HookFieldsError("JSON, but no object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _text(value: str | None) -> str:
    """A text that can be stored: JSON can spell half a character."""
    text = value or ""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise HookFieldsError("text that is no text") from error
    return text


def _after(minutes: object, now: datetime) -> datetime:
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not minutes > 0:
        raise HookTimeError("minutes")
    if minutes > LONGEST.total_seconds() / 60:
        raise TooFarAwayError("minutes")
    return _bounded(now + timedelta(seconds=math.ceil(minutes * 60)), now)


def _until(until: object, zone: ZoneInfo, now: datetime) -> datetime:
    try:
        if isinstance(until, int | float) and not isinstance(until, bool):
            return _bounded(datetime.fromtimestamp(until, UTC), now)
        if isinstance(until, str):
            return _bounded(_written(until.strip(), zone, now), now)
    except (ValueError, OverflowError, OSError) as error:
        raise HookTimeError("until") from error
    raise HookTimeError("until")


def _written(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """`15:00`, which is today's or else tomorrow's, or ISO 8601; without an offset in `zone`. Raises ValueError."""
    if clock := _CLOCK.fullmatch(text):
        return times.until_time(time(int(clock[1]), int(clock[2])), Speaker(now, zone))
    if not _MOMENT.fullmatch(text):
        raise ValueError("neither a time of day nor a date with a time")
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)


def _bounded(end: datetime, now: datetime) -> datetime:
    """Slack knows whole seconds: an end within the current one is over."""
    end = end.replace(microsecond=0)
    if end <= now:
        raise TimeInThePastError("until")
    if end - now > LONGEST:
        raise TooFarAwayError("until")
    return end
