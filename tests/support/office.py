"""An office in which people mention each other: who is out, what is said, and what is shown to whom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from emulators.slack.state import Channel
from services.domain.lines import Line, kind_line
from services.domain.model import Effect, Kind, PersonKey
from tests.support.running_app import ANN, BEN, TEAM, RunningApp

CAT, EVE, OTHER = "U0CAT00001", "U0EVE00001", "T0OTHER001"
POST = "chat.postEphemeral"
BACK_ON_FRIDAY = "Ann Lee is away and back on Fri 27 Nov."


@dataclass
class Office:
    """Ann's workspace, in whose #project the app is; she lives in Berlin, Ben, who never used the app, in New York."""

    app: RunningApp
    channel: Channel

    async def is_out(self, typed: str = "until friday", *, user: str = ANN, replies: bool = True) -> None:
        """Somebody has whoever mentions them told while they are out, and is out from now on."""
        if replies:
            await self.chooses(user)
        await self.app.types("/ooo", typed, user)
        await self.knows()

    async def chooses(self, user: str = ANN, kind: Kind = Kind.OUT_OF_OFFICE) -> None:
        """Somebody has whoever mentions them told, whenever that line of their list shows."""
        assert self.app.service is not None

        def chosen(lines: tuple[Line, ...]) -> tuple[Line, ...]:
            at = kind_line(lines, kind)
            return (*lines[:at], replace(lines[at], effects=frozenset({Effect.REPLY})), *lines[at + 1 :])

        await self.app.service.stores.lines.change(PersonKey(TEAM, user), self.app.clock.now(), chosen)
        self.app.wake()

    async def has(self, *entries: str) -> None:
        """Ann's calendar has these entries, and is read."""
        self.app.feeds["work"].has(*entries)
        await self.app.connects("work")
        await self.knows()

    async def stands_in(self, user: str) -> None:
        """Ann names somebody to stand in for her."""
        assert self.app.service is not None
        overrides, now, ann = self.app.service.stores.overrides, self.app.clock.now(), PersonKey(TEAM, ANN)
        (override,) = await overrides.standing(ann, now)
        await overrides.put(ann, replace(override, stand_in=user), now)
        self.app.wake()
        await self.app.settle()
        await self.knows()

    async def knows(self) -> None:
        """The app looks at who is out."""
        assert self.app.service is not None
        assert self.app.service.listening.out is not None
        await self.app.service.listening.out.refresh()

    async def says(self, text: str, user: str = BEN, *, channel: Channel | None = None, **more: Any) -> str:
        """Somebody says something in the channel, and what follows happens; the message's ts."""
        said = self.app.slack.talk.say(user, (channel or self.channel).channel_id, text, **more)
        await self.app.settle()
        return said.ts

    def told(self, user: str = BEN) -> list[str]:
        """What that person alone was shown in channels."""
        return [message.text for message in self.app.slack.ephemeral_messages(user)]

    @property
    def posts(self) -> int:
        return len(self.app.slack.calls.all(POST))


async def office_in(app: RunningApp) -> Office:
    """The office, once Ann has installed the app."""
    slack = app.slack
    slack.add_person(ANN, "ann", "Ann Lee", team_id=TEAM, tz="Europe/Berlin", locale="en-GB")
    slack.add_person(BEN, "ben", "Ben Hall", team_id=TEAM, tz="America/New_York", locale="en-GB")
    slack.add_person(CAT, "cat", "Cat Ito", team_id=TEAM, tz="Asia/Tokyo", locale="ja-JP")
    await app.joins(ANN, add="replies")
    channel = slack.talk.create("project", TEAM, {ANN, BEN, CAT})
    slack.talk.invite_app(channel.channel_id)
    return Office(app, channel)


async def project_in(app: RunningApp) -> Channel:
    """#project, in which the app, Ann and Ben are; Cat is not. All three use the app, and live in Berlin."""
    slack = app.slack
    for user, name, real in ((ANN, "ann", "Ann Lee"), (BEN, "ben", "Ben Hall"), (CAT, "cat", "Cat Ito")):
        slack.add_person(user, name, real, team_id=TEAM, tz="Europe/Berlin", locale="en-GB")
    await app.joins(ANN, add="digests")
    await app.joins(BEN)
    await app.joins(CAT)
    channel = slack.talk.create("project", TEAM, {ANN, BEN})
    slack.talk.invite_app(channel.channel_id)
    return channel
