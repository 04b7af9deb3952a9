"""Why the app wrote a status, or left one alone: read from its own audit, as its owner can export it."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from emulators.slack import ApiCall, LocalSlack
from emulators.slack.text import unescape
from services.domain import explain
from services.domain.model import PersonKey
from services.store import json_values
from services.usecases.people import People

_WRITE = "users.profile.set"
_READ = "users.profile.get"
_PATIENCE = {_WRITE: (0.02, 0.05, 0.1, 0.2, 0.4, 0.8), _READ: (0.1, 0.4)}
_KEEP = 2_000


@dataclass(frozen=True, slots=True)
class Why:
    """A reason. `title` is the event's, for its owner alone; `left` what was left alone, as text and emoji."""

    sentence: str
    title: str = ""
    left: tuple[str, str] | None = None


class Reasons:
    """The reason of each write and of each status left alone, once the app has written it down."""

    def __init__(self, slack: LocalSlack, people: People) -> None:
        self._slack = slack
        self._people = people
        self._known: OrderedDict[int, Why] = OrderedDict()
        self._watching: asyncio.Task[None] | None = None
        self._asking: set[asyncio.Task[None]] = set()

    def of(self, call: ApiCall) -> Why | None:
        """The reason; None while it is not known, and for calls that need none."""
        return self._known.get(call.number)

    def start(self) -> None:
        """Watch the calls."""
        self._watching = asyncio.create_task(self._watch(), name="demo-reasons")

    async def stop(self) -> None:
        """Watch no more."""
        tasks = [*self._asking, *([self._watching] if self._watching else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self) -> None:
        with self._slack.hub.watching() as changes:
            while True:
                change = await changes.get()
                call = change.get("call")
                if change["kind"] == "call" and call is not None and call.method in _PATIENCE and call.ok:
                    task = asyncio.create_task(self._ask(call))
                    self._asking.add(task)
                    task.add_done_callback(self._asking.discard)

    async def _ask(self, call: ApiCall) -> None:
        zone = ZoneInfo(self._slack.member(call.user_id).tz)
        for pause in _PATIENCE[call.method]:
            await asyncio.sleep(pause)
            export = await self._people.export(PersonKey(call.team_id, call.user_id))
            why = _why(export, call, zone)
            if why is not None:
                self._known[call.number] = why
                while len(self._known) > _KEEP:
                    self._known.popitem(last=False)
                self._slack.hub.publish("reason", call=call)
                return


def _why(export: dict[str, Any], call: ApiCall, zone: ZoneInfo) -> Why | None:
    """What the audit says of this call: of a write its reason, of a read that something was left as it is."""
    for write in export.get("writes", ()):
        left = write["outcome"] == "left"
        if left != (call.method == _READ) or datetime.fromisoformat(write["at"]) < call.at:
            continue
        if not left and (write["status"]["text"], write["status"]["emoji"]) != _set(call):
            continue  # of another write at the same instant
        titles = [event["title"] for event in export["events"] if event["uid"] == write["uid"]]
        reason = json_values.reason_from_json(json.dumps(write["reason"]))
        until = _moment(reason.until.astimezone(zone), call.at.astimezone(zone)) if reason.until else ""
        message, facts = explain.sentence(reason, until=until)
        status = (write["status"]["text"], write["status"]["emoji"]) if left else None
        if status == ("", ""):
            return None
        return Why(message.format(**facts), titles[0] if write["uid"] and titles else "", status)
    return None


def _set(call: ApiCall) -> tuple[str, str]:
    """The text and emoji that a call set."""
    profile = call.arguments.get("profile")
    found = profile if isinstance(profile, dict) else {}
    return unescape(str(found.get("status_text", ""))), str(found.get("status_emoji", ""))


def _moment(at: datetime, now: datetime) -> str:
    """The time, and the day where it is another one."""
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at.day} {at:%b} {at:%H:%M}"
