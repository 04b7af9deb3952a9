"""Programs that post to a person's hook, and scheduling messages as organizers send them."""

from __future__ import annotations

import io
import json
import re
from datetime import datetime
from typing import Any

import aiohttp
import sqlalchemy as sa

from tests.support.feeds import lasting
from tests.support.running_app import ANN, RunningApp

CALENDAR = "text/calendar; charset=utf-8"
JSON = "application/json"


def itip(method: str, *entries: str) -> bytes:
    """A VCALENDAR that asks for something."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Mail//EN"]
    return "\r\n".join([*lines, *([f"METHOD:{method}"] if method else []), *entries, "END:VCALENDAR", ""]).encode()


def entry(uid: str, start: datetime, minutes: float, *lines: str, sequence: int = 0, stamp: str = "") -> str:
    """A VEVENT of a message; `stamp` is its DTSTAMP."""
    said = lasting(uid, start, minutes, "Secret talks", *lines, f"SEQUENCE:{sequence}")
    return said.replace("DTSTAMP:20261101T000000Z", f"DTSTAMP:{stamp}") if stamp else said


async def new_hook(running_app: RunningApp, user: str = ANN) -> str:
    """They create a hook in the modal; the address that it shows."""
    await running_app.types("/quo", "connect", user)
    modal = running_app.slack.modals[user][-1]
    answer = await running_app.slack.people.click_in_view(
        user, modal.view_id, {"type": "button", "action_id": "create_hook", "block_id": "more"}
    )
    assert answer.status == 200, answer.body
    await running_app.settle()
    return address_in(running_app.slack.modals[user][-1].view)


def address_in(view: dict[str, Any]) -> str:
    """The one address of a hook that a modal shows."""
    (found,) = set(re.findall(r"http[^\s`\"']*/hooks/[\w-]+", str(view["blocks"])))
    return str(found)


async def send(
    address: str, body: Any = b"", content_type: str = JSON, method: str = "POST"
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """One request: status, JSON, headers (names in lower case)."""
    headers = {"Content-Type": content_type} if content_type else {}
    data = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
    async with (
        aiohttp.ClientSession(skip_auto_headers={"Content-Type"}) as session,
        session.request(method, address, data=data, headers=headers) as answer,
    ):
        said = await answer.json(content_type=None)
        return answer.status, said, {name.lower(): value for name, value in answer.headers.items()}


async def posts(running_app: RunningApp, address: str, body: Any, content_type: str = "") -> dict[str, Any]:
    """A program posts, is answered, and all that follows from it happens."""
    kind = content_type or (CALENDAR if isinstance(body, bytes) else JSON)
    status, said, _ = await send(address, body, kind)
    assert status in {200, 202}, (status, said)
    await running_app.settle()
    return said


async def all_kept(running_app: RunningApp, *tables: sa.Table[Any]) -> bytes:
    """Every cell of those tables as it is in the database, text and bytes alike."""
    cells = [cell for table in tables for row in await running_app.rows(table.select()) for cell in row]
    assert len(cells) > len(tables)
    return b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)


async def rotates(running_app: RunningApp, user: str = ANN) -> str:
    """They give their hook a new address in the menu of the Home tab; the address that it shows."""
    await chooses(running_app, "rotate:", user)
    return address_in(running_app.slack.modals[user][-1].view)


async def disconnects(running_app: RunningApp, user: str = ANN) -> None:
    """They disconnect their one calendar in the menu of the Home tab."""
    await chooses(running_app, "disconnect:", user)
    await running_app.settle()


async def chooses(running_app: RunningApp, what: str, user: str) -> None:
    """They choose the one option whose value begins like that."""
    await running_app.opens_home(user)
    home = running_app.slack.homes[user]
    menus = [block["accessory"] for block in home.view["blocks"] if "accessory" in block]
    options = [one for menu in menus if menu["type"] == "overflow" for one in menu["options"]]
    (option,) = [one for one in options if one["value"].startswith(what)]
    action = {"type": "overflow", "action_id": "calendar_menu", "selected_option": option}
    answer = await running_app.slack.people.click_in_view(user, home.view_id, action)
    assert answer.status == 200, answer.body
