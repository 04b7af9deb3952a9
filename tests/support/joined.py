"""Joining, which most scenarios begin with: what came of it once in this process is put in its place again.

In earnest it takes twice as long as starting the app. What comes of it are rows, tokens, and what the app says to the
member; then the app is told to look, and finds nothing left to do. So it goes where all is as it was the first time:
the member, the workspace, the settings, the clock; and, but for those who joined before, nothing has happened to the
app since its start. Else they join in earnest.
"""

from __future__ import annotations

import asyncio
import copy
import re
import sqlite3
import zlib
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from emulators.slack import LocalSlack
from emulators.slack.methods import ApiRequest, admitted
from emulators.slack.state import ApiCall, SlackToken
from services.store.workspace_tables import WORKSPACE_BUDGETS

_Key = tuple[Hashable, ...]
_Tables = dict[str, list[tuple[Any, ...]]]
_PORT = re.compile(r":\d{4,5}\b")
_OF_THE_PROCESS = WORKSPACE_BUDGETS.name
"""The process that has a workspace's budget in memory says so there: the next one has not."""
_WORD = "chat.postMessage"


@dataclass(frozen=True, slots=True)
class _Joined:
    """The tables that changed, as they are then; all tokens that there are then; all that the app has said."""

    tables: _Tables
    tokens: list[SlackToken]
    calls: list[ApiCall]


_JOINED: dict[_Key | None, _Joined] = {}


class Joins:
    """Who has joined an app since it was started, on the SQLite database at `path`."""

    def __init__(self, slack: LocalSlack, writer: asyncio.Lock, path: Path, settings: Mapping[str, str]) -> None:
        """`writer`: whoever writes there has it."""
        self._slack = slack
        self._writer = writer
        self._path = path
        self._settings = tuple((name, _PORT.sub("", value)) for name, value in sorted(settings.items()))
        self._database: sqlite3.Connection | None = None
        self._version = 0
        self._so_far: _Key | None = None  # None: something else has happened
        self._known = _Joined({}, [], [])

    async def join(self, user: str, add: str, in_earnest: Callable[[], Awaitable[None]]) -> None:
        """They join: `in_earnest`, which returns when the app is at rest, unless the same has joined before."""
        async with self._writer:
            if self._database is None:
                self._begin()
            self._so_far = who = self._who(user, add)
            if who in _JOINED:
                self._put(_JOINED[who])
                return
            before = None if who is None else self._tables()
        await in_earnest()
        if who is not None and before is not None:
            self._remember(who, before)

    def close(self) -> None:
        """The app is stopped."""
        if self._database is not None:
            self._database.close()

    def _begin(self) -> None:
        self._database = sqlite3.connect(self._path, isolation_level=None)
        self._version = self._changes()
        log = self._path.with_name(self._path.name + "-wal")
        if not log.exists() or not log.stat().st_size:  # nothing has been written since: all is in the file itself
            self._so_far = (zlib.crc32(self._path.read_bytes()), self._settings)

    def _who(self, user: str, add: str) -> _Key | None:
        """What comes of it depends on this."""
        if self._so_far is None or self._is_another():
            return None
        slack, member = self._slack, self._slack.member(user)
        around = repr((slack.workspaces[member.team_id], slack.bot_of(member.team_id), member))
        app = repr(replace(slack.app, request_url="", redirect_urls=[]))
        return (*self._so_far, around, app, add, slack.clock.now())

    def _is_another(self) -> bool:
        slack, known = self._slack, self._known
        return (
            self._changes() != self._version
            or list(slack.tokens.by_value.values()) != known.tokens
            or len(slack.calls) != len(known.calls)
            or slack.faults.in_force
        )

    def _changes(self) -> int:
        """Another number than before, where somebody else has changed what the database holds."""
        ((version,),) = self._rows("PRAGMA data_version")
        return int(version)

    def _tables(self) -> _Tables:
        named = self._rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        return {name: self._rows(f"SELECT * FROM {name}") for (name,) in named if name != _OF_THE_PROCESS}  # noqa: S608  # its own tables' names

    def _rows(self, asked: str) -> list[tuple[Any, ...]]:
        assert self._database is not None
        return self._database.execute(asked).fetchall()

    def _remember(self, who: _Key, before: _Tables) -> None:
        self._version = self._changes()
        tables = {name: rows for name, rows in self._tables().items() if rows != before[name]}
        tokens, calls = list(self._slack.tokens.by_value.values()), self._slack.calls.all()
        self._known = copy.deepcopy(_Joined(tables, tokens, calls))
        if all(call.ok and call.method == _WORD for call in calls):
            _JOINED[who] = self._known

    def _put(self, joined: _Joined) -> None:
        """The same is there again."""
        assert self._database is not None
        self._rows("BEGIN IMMEDIATE")
        for name, rows in joined.tables.items():
            self._rows(f"DELETE FROM {name}")  # noqa: S608  # as above; so is the next
            if rows:
                places = ", ".join("?" * len(rows[0]))
                self._database.executemany(f"INSERT INTO {name} VALUES ({places})", rows)  # noqa: S608
        self._rows("COMMIT")
        for token in joined.tokens:
            self._slack.tokens.by_value.setdefault(token.value, copy.copy(token)).scopes = set(token.scopes)
        for call in joined.calls[len(self._known.calls) :]:
            self._say(call)
        self._known = joined

    def _say(self, call: ApiCall) -> None:
        slack, now, said = self._slack, self._slack.clock.now(), copy.deepcopy(call.arguments)
        token = slack.tokens.bot(call.team_id)
        assert token is not None
        admitted(slack, call.method, token, now, {}).do(ApiRequest(slack, said, now, token))
        slack.calls.add(replace(call, at=now, arguments=said, number=slack.number()))
