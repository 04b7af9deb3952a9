"""A calendar's provider as its person and the app meet it, and what each provider cannot do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

import pytest

from tests.support.hooks import chooses
from tests.support.peers.entries import Entry
from tests.support.peers.wire import Wire
from tests.support.running_app import ANN, INTERVAL, RunningApp

JITTER = 1.1
"""Looks are spread by up to a tenth of their pause."""

PROVIDERS = ("google", "microsoft", "caldav", "ics", "hook", "file")


class Deed(StrEnum):
    """What not every provider can do, or can have happen to it."""

    TELLS = "its changes come by themselves"
    WATCHED = "tells of changes because we asked it to, and may fail to"
    ASKED = "is asked by us, so that it can be out, and is looked at regularly"
    TOKEN = "gives tokens for what changed since, which it can forget"
    RENEWED = "is asked with tokens that run out and are renewed"
    ACCOUNT = "has an account, whose permission can end"
    REVOKED = "can be told that a permission is given back"


_IN_ITS_ADDRESS = "whoever knows its address may read it: there is no account"
_SENDS = "it comes to us: nobody asks for it, so nothing can be out, forgotten, refused or revoked"

CANNOT: Mapping[str, Mapping[Deed, str]] = {
    "google": {},
    "microsoft": {Deed.REVOKED: "Microsoft has no address at which an app gives a permission back"},
    "caldav": {
        Deed.TELLS: "CalDAV has no pushes that servers agree on",
        Deed.WATCHED: "the same",
        Deed.RENEWED: "its password is sent each time; a refused one is a lost one, told at once",
        Deed.REVOKED: "an app password is given back by its person alone",
    },
    "ics": {
        Deed.TELLS: "a feed has no pushes",
        Deed.WATCHED: "the same",
        Deed.TOKEN: "a feed comes whole each time: there is nothing to forget",
        Deed.RENEWED: _IN_ITS_ADDRESS,
        Deed.ACCOUNT: _IN_ITS_ADDRESS,
        Deed.REVOKED: _IN_ITS_ADDRESS,
    },
    "hook": dict.fromkeys((deed for deed in Deed if deed is not Deed.TELLS), _SENDS),
    "file": dict.fromkeys((deed for deed in Deed if deed is not Deed.TELLS), _SENDS),
}
"""The one place that says what is left out for whom, and why."""


def able(*deeds: Deed) -> list[str]:
    """The providers that can do all of these."""
    return [name for name in PROVIDERS if not CANNOT[name].keys() & set(deeds)]


def each(turn: int, *deeds: Deed) -> pytest.MarkDecorator:
    """A test is for every provider that can do all of these; in the quick run for one of them.

    Which one is told by `turn`, so that in a file of tests each provider has its own.
    """
    names = able(*deeds)
    quick = names[turn % len(names)]
    every = [name if name == quick else pytest.param(name, marks=pytest.mark.slow) for name in names]
    return pytest.mark.parametrize("peer", every, indirect=True)


class Peer(ABC):
    """One provider, through the whole app. Entries are known by a key; each belongs to one person's calendar.

    What is done here is done at the provider, and nobody waits for what the app makes of it: that is `follows`.
    """

    name: ClassVar[str]
    NEAR: ClassVar[timedelta] = timedelta(seconds=INTERVAL)
    """The pause between two looks near an edge; AWAKE: in working hours; else RESTING."""
    AWAKE: ClassVar[timedelta] = timedelta(seconds=INTERVAL)
    RESTING: ClassVar[timedelta] = timedelta(seconds=INTERVAL)

    def __init__(self, running_app: RunningApp, wire: Wire) -> None:
        self.running_app = running_app
        self.wire = wire
        self.entries: dict[str, Entry] = {}
        self.owners: dict[str, str] = {}

    def can(self, deed: Deed) -> bool:
        return deed not in CANNOT[self.name]

    # ── what its person does ────────────────────────────────────────────────────────────────────────

    @abstractmethod
    async def connects(self, user: str = ANN) -> None:
        """Connect it as people do in Slack; it is read."""

    async def add(self, entry: Entry, user: str = ANN) -> str:
        """Put an entry into a person's calendar; its key."""
        key = f"entry-{len(self.owners)}"
        self.entries[key], self.owners[key] = entry, user
        await self._added(key)
        return key

    async def change(self, key: str, **fields: Any) -> None:
        """Change fields of an entry, or of a whole series."""
        before = self.entries[key]
        self.entries[key] = replace(before, **fields)
        await self._changed(key, before)

    async def move(self, key: str, start: datetime | date, end: datetime | date) -> None:
        """Give an entry another time."""
        await self.change(key, start=start, end=end)

    async def cancel(self, key: str) -> None:
        """Call off an entry, or a whole series, as one does there."""
        del self.entries[key]
        await self._cancelled(key)

    @abstractmethod
    async def cancel_instance(self, key: str, start: datetime) -> None:
        """Call off the instance of a series that starts then."""

    @abstractmethod
    async def move_instance(self, key: str, original: datetime, start: datetime, end: datetime) -> None:
        """Give one instance of a series another time."""

    async def disconnects(self, user: str = ANN) -> None:
        """Disconnect what they have, on the Home tab."""
        await chooses(self.running_app, "disconnect:", user)
        await self.running_app.settle()

    # ── what goes wrong ─────────────────────────────────────────────────────────────────────────────

    def forget_tokens(self) -> None:
        """What it gave out for what changed since is worth nothing any more."""
        raise AssertionError(CANNOT[self.name][Deed.TOKEN])

    def expire_access(self) -> None:
        """Each access token is refused from now on; new ones are given."""
        raise AssertionError(CANNOT[self.name][Deed.RENEWED])

    def refuse(self, user: str = ANN) -> None:
        """The permission that a person gave is worth nothing any more."""
        raise AssertionError(CANNOT[self.name][Deed.ACCOUNT])

    def lose_pushes(self) -> None:  # noqa: B027 - most have none
        """The next message about a change gets lost, where there is one."""

    async def mends(self, user: str = ANN) -> None:
        """They do what the app's last message tells them to."""
        raise AssertionError(CANNOT[self.name][Deed.ACCOUNT])

    # ── what follows ────────────────────────────────────────────────────────────────────────────────

    async def arrives(self) -> None:  # noqa: B027 - it has, or nobody tells
        """Word of what was done has come to the app, where it comes by itself."""

    async def rests(self) -> None:
        """All that can happen without the clock moving has happened."""
        await self.running_app.settle()

    async def follows(self) -> None:
        """What is changed here is known there: at once where it comes by itself, else at the next look."""
        if not self.can(Deed.TELLS):
            self.running_app.clock.move_to(
                self.running_app.clock.now() + max(self.NEAR, self.AWAKE, self.RESTING) * JITTER
            )
        await self.rests()

    def watches(self) -> int:
        """How many promises to tell the provider keeps."""
        return 0

    # ── each in its own way ─────────────────────────────────────────────────────────────────────────

    @abstractmethod
    async def _added(self, key: str) -> None: ...

    @abstractmethod
    async def _changed(self, key: str, before: Entry) -> None: ...

    @abstractmethod
    async def _cancelled(self, key: str) -> None: ...

    def mail(self, user: str) -> str:
        """The address that Slack knows a person by."""
        return self.running_app.slack.member(user).email
