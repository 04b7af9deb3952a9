"""What people do on the demo's page, by name; each ends in the local Slack, a calendar or the clock."""

from __future__ import annotations

import base64
import contextlib
import html
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from demo.agent import DemoAgent
from demo.books import FEED, Book
from demo.clock import DemoClock
from demo.feeds import Feeds, sample
from emulators.slack import LocalSlack
from emulators.slack.state import RefusalError
from services.domain.errors import StatusQuoError
from services.store.db import Database
from services.store.tables import SPANS

_LONGEST_NAME, _LONGEST_MESSAGE = 200, 4_000
_LONGEST_JUMP = timedelta(days=60)
Body = Mapping[str, Any]


class NotDoneError(ValueError):
    """What was asked for makes no sense; the text is for whoever asked."""


class Actions:
    """The things that the page can ask for. `books` by person, and by where they are kept; `database` is the app's."""

    def __init__(
        self,
        slack: LocalSlack,
        clock: DemoClock,
        feeds: Feeds,
        books: Mapping[str, Mapping[str, Book]],
        *,
        agent: DemoAgent,
        database: Database,
    ) -> None:
        self.slack, self.clock, self.books, self.agent = slack, clock, books, agent
        self._feeds, self._database = feeds, database
        self._all: dict[str, Callable[[Body], Awaitable[dict[str, Any]]]] = {
            "message": self._message,
            "home": self._home,
            "click": self._click,
            "submit": self._submit,
            "suggest": self._suggest,
            "dismiss": self._dismiss,
            "file": self._file,
            "sample": self._sample,
            "shortcut": self._shortcut,
            "status": self._status,
            "mute": self._mute,
            "presence": self._presence,
            "photo": self._photo,
            "entry-add": self._entry_add,
            "entry-change": self._entry_change,
            "entry-remove": self._entry_remove,
            "clock": self._set_clock,
            "ask-agent": self._ask_agent,
            "agent-key": self._agent_key,
        }

    async def do(self, what: str, body: Body) -> dict[str, Any]:
        """Do it. Raises NotDoneError, NotAnEntryError, KeyError, RefusalError."""
        action = self._all.get(what)
        if action is None or not isinstance(body, Mapping):
            raise NotDoneError("There is no such thing to do.")
        if what != "clock":
            self.clock.tick()
        return await action(body)

    async def _message(self, body: Body) -> dict[str, Any]:
        """A line typed into the message box: a slash command goes to the app, anything else into the conversation."""
        person, text = str(body["person"]), str(body["text"]).strip()[:_LONGEST_MESSAGE]
        if not text:
            return {}
        if text.startswith("/"):
            command, _, rest = text.partition(" ")
            if command not in ("/quo", "/ooo"):
                raise NotDoneError(f"{command} is not a command here. Try /quo or /ooo.")
            channel = self.slack.direct_channel(person).channel_id if _with_app(body) else ""
            await self.slack.people.command(person, command, rest.strip(), channel_id=channel)
            return {}
        if _with_app(body):
            self.slack.conversations.write(person, html.escape(text, quote=False))
            return {}
        general = self.slack.general(self.slack.member(person).team_id)
        self.slack.talk.say(person, general.channel_id, text, thread_ts=str(body.get("thread") or ""))
        return {}

    async def _home(self, body: Body) -> dict[str, Any]:
        await self.slack.people.home_opened(str(body["person"]))
        return {}

    async def _click(self, body: Body) -> dict[str, Any]:
        person, action = str(body["person"]), dict(body["action"])
        if body.get("ts"):
            answer = await self.slack.people.click_in_message(person, str(body["ts"]), action)
        else:
            answer = await self.slack.people.click_in_view(person, str(body["view_id"]), action, body.get("values"))
        return {} if answer.ok else {"problem": answer.failure or f"the app answered {answer.status}"}

    async def _submit(self, body: Body) -> dict[str, Any]:
        answer = await self.slack.people.submit(str(body["person"]), str(body["view_id"]), dict(body["values"]))
        reply = answer.json()
        if isinstance(reply, dict) and reply.get("response_action") == "errors":
            return {"errors": reply.get("errors") or {}}
        return {} if answer.ok else {"problem": answer.failure or f"the app answered {answer.status}"}

    async def _suggest(self, body: Body) -> dict[str, Any]:
        """What the app offers for what was typed into a select that asks it."""
        names = {name: str(body[name]) for name in ("view_id", "action_id", "value", "block_id")}
        return {"options": await self.slack.people.suggest(str(body["person"]), **names, values=body.get("values"))}

    async def _dismiss(self, body: Body) -> dict[str, Any]:
        with contextlib.suppress(RefusalError):  # it is closed already
            await self.slack.people.dismiss(str(body["person"]), str(body["view_id"]))
        return {}

    async def _shortcut(self, body: Body) -> dict[str, Any]:
        await self.slack.people.shortcut(str(body["person"]), str(body["callback_id"]))
        return {}

    async def _file(self, body: Body) -> dict[str, Any]:
        """A file for the app."""
        name = str(body["name"]).strip()[:_LONGEST_NAME]
        if not name:
            raise NotDoneError("A file needs a name.")
        ending = name.rpartition(".")[2].lower()
        self.slack.conversations.send(
            str(body["person"]), name, _content(body), mimetype=_type_of(name), filetype=ending
        )
        return {}

    async def _sample(self, body: Body) -> dict[str, Any]:
        person = self.slack.member(str(body["person"]))
        self.slack.conversations.send(person.user_id, "sample.ics", sample(self.clock.now(), person.email, person.tz))
        return {}

    async def _status(self, body: Body) -> dict[str, Any]:
        until = body.get("until")
        end = datetime.fromtimestamp(float(until), UTC) if until else None
        self.slack.type_status(str(body["person"]), str(body.get("text") or ""), str(body.get("emoji") or ""), end)
        return {}

    async def _mute(self, body: Body) -> dict[str, Any]:
        """Mute one's notifications by hand for so many minutes; 0: not any more."""
        person, minutes = str(body["person"]), float(body["minutes"])
        if minutes:
            self.slack.dnd.snooze(person, minutes)
        else:
            self.slack.dnd.end(person)
        return {}

    async def _presence(self, body: Body) -> dict[str, Any]:
        self.slack.presence.toggle(str(body["person"]), away=bool(body["away"]))
        return {}

    async def _photo(self, body: Body) -> dict[str, Any]:
        """Another photo of one's own, put on by hand."""
        self.slack.photos.upload(str(body["person"]), _content(body), _type_of(str(body["name"])))
        return {}

    async def _ask_agent(self, body: Body) -> dict[str, Any]:
        """One of the agent's sentences."""
        try:
            await self.agent.ask(str(body["person"]), str(body["sentence"]))
        except StatusQuoError as error:
            raise NotDoneError(error.sentence()) from error
        return {}

    async def _agent_key(self, body: Body) -> dict[str, Any]:
        """A new key for the agent, in the place of one that was revoked."""
        try:
            await self.agent.make_key(str(body["person"]))
        except StatusQuoError as error:
            raise NotDoneError(error.sentence()) from error
        return {}

    async def _entry_add(self, body: Body) -> dict[str, Any]:
        self._book(body).add(dict(body["entry"]))
        return self._edited(body)

    async def _entry_change(self, body: Body) -> dict[str, Any]:
        self._book(body).change(str(body["id"]), dict(body["entry"]), series=bool(body.get("series")))
        return self._edited(body)

    async def _entry_remove(self, body: Body) -> dict[str, Any]:
        self._book(body).remove(str(body["id"]), series=bool(body.get("series")))
        return self._edited(body)

    def _book(self, body: Body) -> Book:
        return self.books[str(body["person"])][str(body.get("book") or FEED)]

    def _edited(self, body: Body) -> dict[str, Any]:
        """A feed is read again at once, by a click on the Home tab; accounts tell the app themselves."""
        self.slack.hub.publish("calendar", user_id=str(body["person"]))
        if str(body.get("book") or FEED) == FEED:
            self._feeds.on_change(str(body["person"]))
        return {}

    async def _set_clock(self, body: Body) -> dict[str, Any]:
        if "speed" in body:
            self.clock.set_speed(float(body["speed"]))
        elif body.get("pause"):
            self.clock.pause()
        elif body.get("resume"):
            self.clock.resume()
        elif body.get("next"):
            self._go(await self.next_edge())
        elif "by" in body:
            self._go(self.clock.now() + timedelta(seconds=float(body["by"])))
        elif "to" in body:
            self._go(datetime.fromtimestamp(float(body["to"]), UTC))
        else:
            raise NotDoneError("The clock can be set to a speed, paused, resumed or moved.")
        return {}

    async def next_edge(self) -> datetime:
        """The next instant at which anybody's timeline changes, or something set by hand ends. Raises NotDoneError."""
        now = self.clock.now()
        ends = [datetime.fromtimestamp(one.expiration, UTC) for one in self.slack.members.values() if one.expiration]
        ends += [datetime.fromtimestamp(end, UTC) for end in self.slack.dnd.ends()]
        async with self._database.read() as connection:
            edge = await connection.scalar(select(func.min(SPANS.c.start_at)).where(SPANS.c.start_at > now))
        later = [at for at in (*ends, edge) if at is not None and at > now]
        if not later:
            raise NotDoneError("Nothing is planned any more. Add an event first.")
        return min(later)

    def _go(self, to: datetime) -> None:
        """Start the jump; the page sees it happen."""
        now = self.clock.now()
        if to < now:
            raise NotDoneError("Time does not run backwards. Choose a later time.")
        if to - now > _LONGEST_JUMP:
            raise NotDoneError("That is too far away. Choose a time within 60 days.")
        self.clock.aim(to)


def _content(body: Body) -> bytes:
    """A file's bytes, which come as base64."""
    return base64.b64decode(str(body["content"]), validate=True)


def _type_of(name: str) -> str:
    """The content type of a file of that name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _with_app(body: Body) -> bool:
    """Whether it is done in the conversation with the app."""
    return body.get("tab") == "messages"
