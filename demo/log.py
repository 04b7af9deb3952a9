"""The log: the app's Web API calls with the reasons from its own audit, and what Google and Microsoft told it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from demo.people import NAMES, PERSONAS
from emulators.google import LocalGoogle
from emulators.google.channels import channel_of
from emulators.microsoft import LocalMicrosoft
from emulators.pushes import SentPush
from emulators.slack import ApiCall, LocalSlack
from emulators.slack.text import unescape
from services.domain import reasons
from services.domain.calendars import GOOGLE, MICROSOFT
from services.domain.model import Effect, PersonKey
from services.domain.profile_state import AuditEntry
from services.store.stores import Stores

_WRITE, _READ, _SNOOZE = "users.profile.set", "users.profile.get", "dnd.setSnooze"
_EFFECTS = {
    _SNOOZE: Effect.DND, "dnd.endSnooze": Effect.DND, "users.setPresence": Effect.AWAY,
    "users.setPhoto": Effect.PHOTO, "users.deletePhoto": Effect.PHOTO,
}  # fmt: skip
"""The methods that the app's audit knows by an effect."""
_PATIENCE = dict.fromkeys([_WRITE, *_EFFECTS], (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)) | {_READ: (0.1, 0.4)}
_DOES = {
    _SNOOZE: "🔕 notifications muted", "dnd.endSnooze": "🔔 not muted any more",
    "users.setPhoto": "photo changed", "users.deletePhoto": "photo taken off", "chat.postEphemeral": "told who is out",
}  # fmt: skip
_MOST_PUSHES, _MOST_REASONS = 500, 2_000
_LINES = 50
"""So many lines of a person's audit are looked at: what is looked for was done a moment ago."""

_NEAR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AuditedReason:
    """Why a status was written or left. `title` is the event's, for its owner alone; `left` its text and emoji."""

    sentence: str
    title: str = ""
    left: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ToldPush:
    """A push. `calendar` is a name; `status` 0 where nobody answered; `hello`: of a watch that begins, of no change."""

    number: int
    at: datetime
    provider: str
    user_id: str
    calendar: str
    status: int
    hello: bool = False

    @property
    def ok(self) -> bool:
        """Whether the app took it."""
        return self.status in range(200, 300)


class DemoLog:
    """What happened, oldest first. The hub is told of a `push`, and of a `reason` once the app has written it down."""

    def __init__(self, slack: LocalSlack, google: LocalGoogle, microsoft: LocalMicrosoft, stores: Stores) -> None:
        self._slack, self._google, self._microsoft, self._stores = slack, google, microsoft, stores
        self._owners = {one.address(provider): one.user_id for one in PERSONAS for provider in (GOOGLE, MICROSOFT)}
        self._pushes: deque[ToldPush] = deque(maxlen=_MOST_PUSHES)
        self._reasons: OrderedDict[int, AuditedReason] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        google.pushes.on_answer = self._by_google
        microsoft.pushes.on_answer = self._by_microsoft

    def start(self) -> None:
        """Watch the calls."""
        self._soon(self._watch())

    async def stop(self) -> None:
        """Watch no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def latest(self, count: int) -> list[ApiCall | ToldPush]:
        """The last calls and pushes."""
        happened: list[ApiCall | ToldPush] = [*self._slack.calls.all()[-count:], *self._pushes]
        return sorted(happened, key=lambda entry: entry.number)[-count:]

    def last_push(self, user_id: str, provider: str) -> ToldPush | None:
        """The last one about a change in that person's calendars there."""
        theirs = (one for one in reversed(self._pushes) if (one.user_id, one.provider) == (user_id, provider))
        return next((one for one in theirs if not one.hello), None)

    def line(self, entry: ApiCall | ToldPush, viewer: str) -> dict[str, Any]:
        """An entry as the page shows it. What an event or a calendar is called is for its owner's eyes alone."""
        common = {"number": entry.number, "at": entry.at.timestamp(), "ok": entry.ok}
        if isinstance(entry, ApiCall):
            return common | self._call(entry, self._reasons.get(entry.number), viewer)
        which = f"“{entry.calendar}”" if entry.user_id == viewer else "a calendar"
        return common | {
            "push": NAMES[entry.provider],
            "person": self._slack.member(entry.user_id).real_name,
            "result": str(entry.status) if entry.status else "no answer",
            "says": f"{which} is watched from now on" if entry.hello else f"something changed in {which}",
            "reason": "",
        }

    def _call(self, call: ApiCall, why: AuditedReason | None, viewer: str) -> dict[str, Any]:
        status: dict[str, Any] | None = None
        person = call.user_id
        if call.method == _WRITE and isinstance(call.arguments.get("profile"), dict):
            text, emoji = _set(call)
            end = call.arguments["profile"].get("status_expiration")
            status = {"text": text, "emoji": emoji, "expiration": int(end or 0)}
            person = str(call.arguments.get("user") or person)
        elif why is not None and why.left is not None:
            status = {"text": why.left[0], "emoji": why.left[1], "expiration": 0, "left": True}
        else:
            person = str(call.arguments.get("user_id") or call.arguments.get("user") or person)
        member = self._slack.members.get(person)
        reason = why.sentence if why else ""
        if status is not None and person != call.user_id:
            reason = f"Their leave, with {self._slack.member(call.user_id).real_name}’s permission."
        if why and why.title and person == viewer:
            reason = f"“{why.title}”. {reason}"
        return {
            "method": call.method, "person": member.real_name if member else "", "bot": member is None or member.is_bot,
            "status": status, "result": "ok" if call.ok else call.error, "reason": reason,
            "does": _done(call) if call.ok else "",
            "until": call.at.timestamp() + 60 * int(call.arguments["num_minutes"]) if call.method == _SNOOZE else 0,
        }  # fmt: skip

    # ── pushes ──────────────────────────────────────────────────────────────────────────────────────

    def _by_google(self, push: SentPush) -> None:
        channel_id, state = channel_of(push)
        channel = self._google.channels.open.get(channel_id)
        if channel is not None:
            name = self._google.accounts[channel.account].calendars[channel.calendar].name
            self._note(GOOGLE, channel.account, name, push.status, hello=state == "sync")

    def _by_microsoft(self, push: SentPush) -> None:
        for account, name in sorted(set(self._about(push.body or {}))):
            self._note(MICROSOFT, account, name, push.status)

    def _about(self, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The accounts and calendars of a batch of notifications."""
        for notification in body["value"]:
            found = self._microsoft.subscriptions.all.get(notification["subscriptionId"])
            if found is not None:
                account = self._microsoft.accounts[found.account]
                yield found.account, account.calendars.get(found.calendar_id, account.main).name

    def _note(self, provider: str, account: str, calendar: str, status: int, *, hello: bool = False) -> None:
        at, number = self._slack.clock.now(), self._slack.number()
        push = ToldPush(number, at, provider, self._owners[account], calendar, status, hello)
        self._pushes.append(push)
        self._slack.hub.publish("push", entry=push)

    # ── reasons ─────────────────────────────────────────────────────────────────────────────────────

    def _soon(self, work: Any) -> None:
        task = asyncio.create_task(work, name="demo-log")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self) -> None:
        with self._slack.hub.watching() as changes:
            while True:
                change = await changes.get()
                if change["kind"] == "call" and change["entry"].ok and change["entry"].method in _PATIENCE:
                    self._soon(self._ask(change["entry"]))

    async def _ask(self, call: ApiCall) -> None:
        """Look for the reason in what the person could export, until it is there."""
        key = PersonKey(call.team_id, call.user_id)
        zone = ZoneInfo(self._slack.member(call.user_id).tz)
        for pause in _PATIENCE[call.method]:
            await asyncio.sleep(pause)
            found = _audited(await self._stores.writes.recent(key, _LINES, effects=True), call)
            why = None if found is None else _why(found, await self._title(key, found.uid, call.at), call, zone)
            if why is not None:
                self._reasons[call.number] = why
                if len(self._reasons) > _MOST_REASONS:
                    self._reasons.popitem(last=False)
                self._slack.hub.publish("reason", entry=call)
                return

    async def _title(self, key: PersonKey, uid: str, at: datetime) -> str:
        """What the event is called that was the reason."""
        if not uid:
            return ""
        facts = (await self._stores.facts.load([key], at - _NEAR, at + _NEAR)).get(key)
        return next((event.title for event in facts.events if event.uid == uid), "") if facts else ""


def _audited(entries: Iterable[AuditEntry], call: ApiCall) -> AuditEntry | None:
    """The line of the audit that is about this call: of a write it, of a read that something was left as it is."""
    for entry in entries:
        left = entry.outcome == "left"
        if left != (call.method == _READ) or entry.at < call.at or entry.effect != _EFFECTS.get(call.method):
            continue
        if call.method == _WRITE and (entry.status.text, entry.status.emoji) != _set(call):
            continue  # of another write at the same instant
        return entry
    return None


def _why(entry: AuditEntry, title: str, call: ApiCall, zone: ZoneInfo) -> AuditedReason | None:
    """What the audit says there; `title` is the event's. None of a profile that was left empty."""
    until = _moment(entry.reason.until.astimezone(zone), call.at.astimezone(zone)) if entry.reason.until else ""
    message, facts = reasons.sentence(entry.reason, until=until)
    status = (entry.status.text, entry.status.emoji) if entry.outcome == "left" else None
    if status == ("", ""):
        return None
    return AuditedReason(message.format(**facts), title, status)


def _done(call: ApiCall) -> str:
    """What a call other than of a status did, as everybody sees it; empty where there is nothing to see."""
    if call.method == "users.setPresence":
        return "shown as away" if call.arguments["presence"] == "away" else "active again"
    return _DOES.get(call.method, "")


def _set(call: ApiCall) -> tuple[str, str]:
    """The text and emoji that a call set."""
    profile = call.arguments.get("profile")
    found = profile if isinstance(profile, dict) else {}
    return unescape(str(found.get("status_text", ""))), str(found.get("status_emoji", ""))


def _moment(at: datetime, now: datetime) -> str:
    """The time, and the day where it is another one."""
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at.day} {at:%b} {at:%H:%M}"
