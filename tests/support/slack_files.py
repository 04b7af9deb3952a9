"""Files that people send to the app."""

from __future__ import annotations

import asyncio
import time
from zoneinfo import ZoneInfo

from emulators.slack.state import StoredFile
from services.calendars.connections import Seen
from services.calendars.ical.expand import UnreadableCalendarError
from services.domain.errors import BadPictureError, NotAListError
from services.domain.model import PersonKey
from services.pictures.reader import TakenPicture
from services.slack.files import SentFile
from services.usecases.sent_files import TakenList
from tests.support.running_app import ANN, RunningApp


class KeptFiles:
    """Stands in for `services.calendars.connections.Files` where there are no calendars: nothing is one."""

    async def info(self, key: PersonKey, file_id: str) -> SentFile:
        raise UnreadableCalendarError("kept")

    async def look(self, key: PersonKey, zone: ZoneInfo, file: SentFile) -> Seen:
        raise UnreadableCalendarError("kept")

    async def add(self, key: PersonKey, zone: ZoneInfo, file_id: str) -> Seen:
        raise UnreadableCalendarError("kept")


class KeptSentFiles:
    """Stands in for `services.usecases.sent_files.SentFiles` beside it."""

    async def has_picture(self, key: PersonKey) -> bool:
        return False

    async def take_picture(self, key: PersonKey, file: SentFile) -> TakenPicture:
        raise BadPictureError("kept")

    async def take_list(self, key: PersonKey, file: SentFile) -> TakenList:
        raise NotAListError("kept")


async def at_rest(running_app: RunningApp) -> None:
    """Wait for what goes on after the app has answered, too."""
    deadline = time.monotonic() + 20
    clean = 0
    while clean < 2:  # what ends while it is looked at may leave something to do
        before = _under_way()
        await running_app.settle()
        clean = 0 if before or _under_way() else clean + 1
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)  # what is sheltered goes on, in threads too


def _under_way() -> bool:
    return any(getattr(task.get_coro(), "__qualname__", "") == "sheltered" for task in asyncio.all_tasks())


async def sends(running_app: RunningApp, name: str, content: bytes, user: str = ANN, **more: str | int) -> StoredFile:
    """They send a file to the app, which looks into it."""
    file = running_app.slack.conversations.send(user, name, content, **more)  # type: ignore[arg-type]  # as its parameters are
    await at_rest(running_app)
    return file


async def clicks(running_app: RunningApp, user: str = ANN) -> None:
    """They click the button in the last thing that the app told them."""
    message = running_app.slack.direct_messages(user)[-1]
    (button,) = [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]
    action = {"type": "button", "action_id": button["action_id"], "value": button["value"]}
    answer = await running_app.slack.people.click_in_message(user, message.ts, action)
    assert answer.status == 200, answer.body
    await at_rest(running_app)
