"""`POST /hooks/team/{secret}`: a leave system posts who of a workspace is on leave, as JSON by e-mail (contract.md).

The secret is all that lets a caller in; it is in no log and no label, and with `Authorization: Bearer` in no path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from aiohttp import web

from handlers.slack.payloads import strict_json
from handlers.web.webhooks import in_utf8, secret_of
from services.domain.request_errors import RequestError
from services.platform.concurrency import off_loop_if
from services.usecases.team_hooks import PATH, Half, SentLeave, TeamHooks

MOST_LINES = 10_000
LONGEST = timedelta(days=5 * 366)
"""Of one leave."""

_LARGE = 1 << 16
_LONGEST_KIND = 200
_LONGEST_ADDRESS = 320  # RFC 5321 §4.5.3.1: 64 characters, the @ and 255
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_YEARS = range(2000, 2101)


class LeaveTypeError(RequestError):
    """Send the list of leave as `application/json`."""

    http_status = 415


class NoListError(RequestError):
    """Send a JSON list of at most 10,000 objects with `email`, `from` and `to`, and `half` and `kind` where needed."""


@dataclass(frozen=True, slots=True)
class TeamHookRoutes:
    """The two addresses of team hooks."""

    hooks: TeamHooks

    def routes(self) -> list[web.RouteDef]:
        """With the secret in the path, or in a header."""
        return [web.post(PATH, self.post), web.post(f"{PATH}/{{secret}}", self.post)]

    async def post(self, request: web.Request) -> web.Response:
        """Take the whole list of a hook; what became of each line."""
        hook = await self.hooks.find(secret_of(request))
        if request.content_type != "application/json":
            raise LeaveTypeError("content type")
        body = await in_utf8(await request.read(), request.charset)
        lines = await off_loop_if(len(body) >= _LARGE, read_lines, body)
        answers = await self.hooks.take(hook, lines, all_of_it=request.query.get("replace") == "all")
        said = [
            {"line": number, "result": answer.result.value, "sentence": answer.sentence}
            for number, answer in enumerate(answers)
        ]
        return web.json_response({"lines": said})


def read_lines(body: bytes) -> list[SentLeave | str]:
    """Return each line of a list, or a sentence that says what is wrong with it. Raises RequestError."""
    try:
        said = strict_json(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise RequestError("not UTF-8") from error
    if not isinstance(said, list) or len(said) > MOST_LINES:
        raise NoListError("no list, or too long")
    return [_line(one) for one in said]


def _line(said: object) -> SentLeave | str:  # noqa: PLR0911  # a sentence for each thing that can be wrong
    if not isinstance(said, dict):
        return "That is no object with `email`, `from` and `to`."
    address, kind = said.get("email"), said.get("kind")
    if not isinstance(address, str) or len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address.strip()):
        return "`email` is no e-mail address."
    first, last = _day(said.get("from")), _day(said.get("to"))
    if first is None or last is None:
        return "`from` and `to` are days such as `2026-12-01`."
    if not first <= last <= first + LONGEST:
        return "`to` is before `from`, or years after it."
    half = said.get("half")
    if half is not None and (not isinstance(half, str) or half not in set(Half)):
        return "`half` is `am` or `pm`."
    if half is not None and first != last:
        return "`half` is of one day: send a line for each."
    if not isinstance(kind, str | None) or len(kind or "") > _LONGEST_KIND or not _storable(address + (kind or "")):
        return "`kind` is a text of at most 200 characters."
    return SentLeave(address.strip(), first, last, None if half is None else Half(half), (kind or "").strip())


def _day(said: object) -> date | None:
    if not isinstance(said, str) or not _DAY.fullmatch(said):
        return None
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def _storable(text: str) -> bool:
    """Return whether a text can be stored: JSON can spell half a character, and NUL."""
    try:
        return "\x00" not in text and bool(text.encode())
    except UnicodeEncodeError:
        return False
