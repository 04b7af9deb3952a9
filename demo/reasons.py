"""Why the app wrote a status: read from its own audit, as its owner can export it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from demo.slack import Call, LocalSlack
from services import codec, explain
from services.model import PersonKey

_METHOD = "users.profile.set"
_TRIES = 20
_BEAT = 0.05
_KEEP = 2_000


class Exporter(Protocol):
    """`services.people.People`, as far as it is asked here."""

    async def export(self, key: PersonKey) -> dict[str, Any]:
        """All that is known of a person."""
        ...


class Reasons:
    """The reason of each write, once the app has written it down."""

    def __init__(self, slack: LocalSlack, people: Exporter) -> None:
        self._slack = slack
        self._people = people
        self._known: OrderedDict[int, str] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    def of(self, call: Call) -> str:
        """The sentence; empty while it is not known, and for calls that need none."""
        return self._known.get(call.number, "")

    def start(self) -> None:
        """Watch the calls."""
        self._task = asyncio.create_task(self._watch(), name="demo-reasons")

    async def stop(self) -> None:
        """Watch no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        with self._slack.hub.watching() as changes:
            while True:
                change = await changes.get()
                call = change.get("call")
                if change["kind"] == "call" and call is not None and call.method == _METHOD and call.ok:
                    await self._find(call)

    async def _find(self, call: Call) -> None:
        zone = ZoneInfo(self._slack.member(call.user_id).tz)
        for _ in range(_TRIES):
            export = await self._people.export(PersonKey(call.team_id, call.user_id))
            sentence = _sentence(export, call.at, zone)
            if sentence:
                self._known[call.number] = sentence
                while len(self._known) > _KEEP:
                    self._known.popitem(last=False)
                self._slack.hub.publish("reason", call=call)
                return
            await asyncio.sleep(_BEAT)


def _sentence(export: dict[str, Any], since: datetime, zone: ZoneInfo) -> str:
    """What the audit says of the newest write at or after `since`: the event, and the reason."""
    for write in export.get("writes", ()):
        if write["outcome"] == "left" or datetime.fromisoformat(write["at"]) < since:
            continue
        titles = [event["title"] for event in export["events"] if event["uid"] == write["uid"]]
        because = f"“{titles[0]}”. " if write["uid"] and titles and titles[0] else ""
        reason = codec.reason_from_json(write["reason"])
        until = _moment(reason.until.astimezone(zone), since.astimezone(zone)) if reason.until else ""
        message, facts = explain.sentence(reason, until=until)
        return because + message.format(**facts)
    return ""


def _moment(at: datetime, now: datetime) -> str:
    """The time, and the day where it is another one."""
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at.day} {at:%b} {at:%H:%M}"
