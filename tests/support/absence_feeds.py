"""A channel whose absences somebody subscribes to: how its feed is made in Slack, and fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import icalendar

from emulators.slack.state import Channel
from services.usecases.feeds import CHECKED_FOR
from tests.support.running_app import ANN, RunningApp


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def calendar(self) -> Any:
        assert self.status == 200, (self.status, self.body)
        return icalendar.Calendar.from_ical(self.body)

    def entries(self) -> list[tuple[str, Any, Any]]:
        """Title, start and end of each, as `icalendar` reads them."""
        return [(str(one["SUMMARY"]), one["DTSTART"].dt, one["DTEND"].dt) for one in self.calendar.walk("VEVENT")]


@dataclass
class Office:
    """The channel of `office.project_in`."""

    app: RunningApp
    channel: Channel

    async def gets(self, user: str = ANN, channel: Channel | None = None, language: str = "en") -> str:
        """Somebody has a feed of the channel made, in the form on their Home tab; its address."""
        answer = await self.fills_in(user, channel or self.channel, language)
        return address_in((answer.json() or {})["view"])

    async def fills_in(self, user: str, channel: Channel, language: str = "en") -> Any:
        people, slack = self.app.slack.people, self.app.slack
        await self.app.opens_home(user)
        await people.click_in_view(user, slack.homes[user].view_id, {"type": "button", "action_id": "make_feed"})
        chosen = {
            "channel": {"type": "conversations_select", "selected_conversation": channel.channel_id},
            "language": {"type": "static_select", "selected_option": {"value": language}},
        }
        answer = await people.submit(
            user, slack.modals[user][-1].view_id, {block: {"value": element} for block, element in chosen.items()}
        )
        assert answer.status == 200
        await self.app.settle()
        return answer

    async def gets_whole(self, user: str = ANN, language: str = "en") -> str:
        """An admin has a feed of the whole workspace made, in the form of the workspace; its address."""
        people, slack = self.app.slack.people, self.app.slack
        slack.membership.set_role(user, "admin")
        await self.app.opens_home(user)
        await people.click_in_view(user, slack.homes[user].view_id, {"type": "button", "action_id": "open_workspace"})
        button = {"type": "button", "action_id": "open_absences_feed"}
        await people.click_in_view(user, slack.modals[user][-1].view_id, button)
        chosen = {"language": {"value": {"type": "static_select", "selected_option": {"value": language}}}}
        answer = await people.submit(user, slack.modals[user][-1].view_id, chosen)
        assert answer.status == 200
        await self.app.settle()
        return address_in((answer.json() or {})["view"])

    async def chooses(self, what: str, user: str = ANN) -> None:
        """They choose that in the menu of the one feed on their Home tab."""
        await self.app.opens_home(user)
        home = self.app.slack.homes[user]
        (menu,) = [
            block["accessory"]
            for block in home.view["blocks"]
            if block.get("accessory", {}).get("action_id") == "feed_menu"
        ]
        option = next(one for one in menu["options"] if one["value"].startswith(what))
        action = {"type": "overflow", "action_id": "feed_menu", "selected_option": option}
        assert (await self.app.slack.people.click_in_view(user, home.view_id, action)).status == 200
        await self.app.settle()

    async def asked_again(self) -> None:
        """So much time passes that Slack is asked anew."""
        await self.app.until(self.app.clock.now() + CHECKED_FOR + timedelta(seconds=1))


def address_in(view: dict[str, Any]) -> str:
    (found,) = set(re.findall(r"http[^\s`\"']*/absences/[\w-]+\.ics", str(view["blocks"])))
    return str(found)


async def fetch(address: str, method: str = "GET", **headers: str) -> Answer:
    async with aiohttp.ClientSession() as session, session.request(method, address, headers=headers) as answer:
        return Answer(answer.status, await answer.read(), {name.lower(): one for name, one in answer.headers.items()})
