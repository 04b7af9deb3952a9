"""The demo's agent: ready sentences, each of them one `tools/call` at the app's own /mcp, with a key of whoever asks.

There is no model. In an editor or Slackbot a model picks the tool and its arguments; here both are laid down.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from emulators.slack import LocalSlack
from services.domain.agents import AgentKey, May
from services.domain.model import PersonKey
from services.usecases.agents import AgentKeys

KEY_NAME = "Demo agent"
REVISION = "2026-07-28"
"""Of MCP: in this one a call is one request, and nothing is agreed on before it."""

MASKED = "quo_" + "•" * 12
_META = "io.modelcontextprotocol"
_CLIENT = {"name": "status-quo-demo", "version": "1"}
_PATIENCE = aiohttp.ClientTimeout(total=20)
_KEPT = 20
_UNDO, _FAILED = "undo", "isError"
_UNAUTHORIZED = 401
_HOURS = ("midnight", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "noon")
_NOON, _LATE, _THREE = 12, 14, 15
_WEDNESDAY, _THURSDAY, _FRIDAY = 2, 3, 4
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sentence:
    """What can be asked, and the call that it is."""

    id: str
    says: str
    tool: str
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Exchange:
    """What was asked and answered. `sent` and `got` are the messages as they went, without the key; `sent` may be "".

    `status` is of HTTP, 0 where nothing was sent or nobody answered; `more` what an answer has besides its sentence,
    `error` the code of what went wrong.
    """

    number: int
    at: datetime
    sentence: Sentence
    arguments: Mapping[str, str]
    sent: str = ""
    got: str = ""
    status: int = 0
    answer: str = ""
    more: Sequence[str] = ()
    undo_id: str = ""
    error: str = ""
    undone: bool = False


@dataclass(slots=True)
class _Person:
    """What the agent knows of somebody: their key, as long as this process runs, and what they asked."""

    key: AgentKey | None = None
    secret: str = ""
    revoked: bool = False
    asked: deque[Exchange] = field(default_factory=lambda: deque(maxlen=_KEPT))


def sentences(now: datetime) -> tuple[Sentence, ...]:
    """What can be asked at that instant, in the zone of whoever asks: an hour and a day that are still to come."""
    three = now.replace(hour=_THREE, minute=0, second=0, microsecond=0)
    back = three if now.hour < _LATE else three + timedelta(hours=now.hour + 2 - _THREE)
    hour = _HOURS[back.hour if back.hour <= _NOON else back.hour - _NOON]
    ahead = _FRIDAY - now.weekday() if now.weekday() < _THURSDAY else _WEDNESDAY + 7 - now.weekday()
    last = now.date() + timedelta(days=ahead - 1)
    dentist = {"text": "At the dentist", "emoji": ":tooth:", "until": f"{back:%Y-%m-%dT%H:%M}"}
    return (
        Sentence("dentist", f"I’m at the dentist until {hour}", "set_status", dentist),
        Sentence("out", f"I’m out until {last + _DAY:%A}", "set_out_of_office", {"to": last.isoformat()}),
        Sentence("why", "What is my status, and why?", "get_status"),
        Sentence("who", "Who is out this week?", "who_is_out", {"from": "this week"}),
        Sentence(_UNDO, "Undo that", _UNDO),
    )


class DemoAgent:
    """Asks the app at the address `app` for whoever is looked at. The hub is told of an `agent` when that changes."""

    def __init__(self, app: str, keys: AgentKeys, slack: LocalSlack) -> None:
        self._mcp, self._keys, self._slack = f"{app}/mcp", keys, slack
        self._people: dict[str, _Person] = {}
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Ask no more."""
        if self._session is not None:
            await self._session.close()

    async def ask(self, user_id: str, which: str) -> None:
        """Have one of the sentences done. Raises KeyError for another, and what making a key does."""
        sentence = next((one for one in sentences(self._local(user_id)) if one.id == which), None)
        if sentence is None:
            raise KeyError(which)
        person = self._people.setdefault(user_id, _Person())
        exchange = Exchange(self._slack.number(), self._slack.clock.now(), sentence, sentence.arguments)
        change = next((one for one in reversed(person.asked) if one.undo_id and not one.undone), None)
        if which != _UNDO:
            await self._call(user_id, person, exchange)
        elif change is None:
            exchange.answer = "I have changed nothing that could be taken back, so there is nothing to call."
        else:
            exchange.arguments = {"id": change.undo_id}
            await self._call(user_id, person, exchange)
            change.undone = not exchange.error or exchange.error == _FAILED  # what is too late now stays so
        person.asked.append(exchange)
        self._slack.hub.publish("agent", user_id=user_id)

    async def make_key(self, user_id: str) -> None:
        """A key of theirs, as the Home tab makes it; this process alone knows its secret.

        Raises what `AgentKeys.make` does.
        """
        person = self._people.setdefault(user_id, _Person())
        person.key, person.secret = await self._keys.make(self._key(user_id), KEY_NAME, May.WRITE)
        person.revoked = False
        self._slack.hub.publish("agent", user_id=user_id)

    async def look(self, user_id: str) -> None:
        """Find out whether their key is still there."""
        person = self._people.get(user_id)
        if person is None or person.key is None or person.revoked:
            return
        there = {key.key_id for key in await self._keys.list(self._key(user_id))}
        if person.key.key_id not in there:
            person.revoked = True
            self._slack.hub.publish("agent", user_id=user_id)

    def shown(self, user_id: str) -> dict[str, Any]:
        """What the page shows of it."""
        person = self._people.get(user_id) or _Person()
        made = person.key.made_at.timestamp() if person.key else 0
        return {
            "key": {"name": KEY_NAME, "masked": MASKED, "made": made, "revoked": person.revoked},
            "sentences": [{"id": one.id, "says": one.says} for one in sentences(self._local(user_id))],
            "asked": [_shown(exchange) for exchange in person.asked],
        }

    def _key(self, user_id: str) -> PersonKey:
        return PersonKey(self._slack.member(user_id).team_id, user_id)

    def _local(self, user_id: str) -> datetime:
        return self._slack.clock.now().astimezone(ZoneInfo(self._slack.member(user_id).tz))

    async def _call(self, user_id: str, person: _Person, exchange: Exchange) -> None:
        """POST it, with a key that is made if there is none yet, and note what came back."""
        if person.key is None:
            await self.make_key(user_id)
        tool = exchange.sentence.tool
        meta = {
            f"{_META}/protocolVersion": REVISION, f"{_META}/clientInfo": _CLIENT, f"{_META}/clientCapabilities": {},
        }  # fmt: skip
        message = {
            "jsonrpc": "2.0", "id": exchange.number, "method": "tools/call",
            "params": {"name": tool, "arguments": exchange.arguments, "_meta": meta},
        }  # fmt: skip
        headers = {
            "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": REVISION,
            "Mcp-Method": "tools/call", "Mcp-Name": tool,
        }  # fmt: skip
        exchange.sent = _http("POST /mcp", {"Authorization": f"Bearer {MASKED}", **headers}, _pretty(message))
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_PATIENCE, trust_env=False)
        try:
            with_key = {"Authorization": f"Bearer {person.secret}", **headers}
            async with self._session.post(self._mcp, json=message, headers=with_key) as response:
                exchange.status, raw = response.status, await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            exchange.answer, exchange.error = "The app did not answer.", type(error).__name__
            return
        _read(raw, exchange)
        person.revoked = person.revoked or exchange.status == _UNAUTHORIZED


def _read(raw: str, exchange: Exchange) -> None:
    """Note what an answer of JSON-RPC says."""
    first = f"HTTP {exchange.status}"
    try:
        body = json.loads(raw)
    except ValueError:
        exchange.got, exchange.error = _http(first, {}, raw), f"http_{exchange.status}"
        exchange.answer = f"The app answered {exchange.status}."
        return
    exchange.got = _http(first, {}, _pretty(body))
    if "error" in body:
        error = body["error"]
        exchange.answer, exchange.error = error["message"], str((error.get("data") or {}).get("error") or error["code"])
        return
    result = body["result"]
    given = result.get("structuredContent") or {}
    exchange.answer = given.get("sentence") or " ".join(part.get("text", "") for part in result["content"])
    exchange.undo_id = given.get("undo_id") or ""
    exchange.error = _FAILED if result.get("isError") else ""
    exchange.more = [f"{one['name']}, back {one['until'] or '?'}" for one in given.get("people", ())]
    if given.get("why", "") not in exchange.answer:
        exchange.more = [given["why"]]


def _http(first: str, headers: Mapping[str, str], body: str) -> str:
    return "\n".join([first, *(f"{name}: {value}" for name, value in headers.items()), "", body])


def _pretty(message: object) -> str:
    return json.dumps(message, indent=2, ensure_ascii=False)


def _shown(exchange: Exchange) -> dict[str, Any]:
    return {
        "number": exchange.number,
        "at": exchange.at.timestamp(),
        "says": exchange.sentence.says,
        "tool": exchange.sentence.tool,
        "arguments": exchange.arguments,
        "sent": exchange.sent,
        "got": exchange.got,
        "status": exchange.status,
        "answer": exchange.answer,
        "more": exchange.more,
        "undo_id": exchange.undo_id,
        "error": exchange.error,
        "undone": exchange.undone,
    }
