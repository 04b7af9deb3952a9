"""What people are told about connecting: once, with the button that does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from services.domain.errors import AccountLostError
from services.domain.model import PersonKey
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.models import Notice
from tests.support.clocks import ManualClock
from tests.support.engine import World, open_world, until
from tests.support.slack_surface import ANN, Desk, open_desk

LINK = "https://quo.example/connect/google?link=x"


@pytest.fixture
async def little(sqlite_url: str, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[World]:
    database = Database(sqlite_url)
    async with open_world(database, encryptor, clock) as made:
        yield made
    await database.close()


LOST = AccountLostError.sentence()


async def told(world: World, subject: str, lost: tuple[str, str, str, str] | None = None, **columns: Any) -> list[Any]:
    """What somebody is told about `subject`."""
    replica = world.replica()
    if lost is not None:
        replica.lost["g1"] = lost
    await replica.start()
    key = await world.person(**columns)
    await tell(world, key, subject)
    world.ring()
    await until(lambda: sent(world))
    return list(world.slack.direct_messages("U1"))


async def tell(world: World, key: PersonKey, subject: str) -> None:
    async with world.database.write() as connection:
        await world.replicas[0].notices.tell(connection, key, subject)


async def sent(world: World) -> bool:
    async with world.database.read() as connection:
        return await connection.scalar(sa.select(Notice.sent_at)) is not None


async def test_lost_account_is_told_of_with_the_link_that_mends_it(little: World) -> None:
    (message,) = await told(little, "account/g1", ("google", "ann@example.com", LINK, LOST))
    assert message.text == (
        "Google Calendar (ann@example.com): I may no longer read this account's calendars. Connect it again. "
        "The button works once, for a day. After that, type /quo connect."
    )
    (button,) = message.blocks[1]["elements"]
    assert (button["text"]["text"], button["url"]) == ("Connect again", LINK)


async def test_lost_account_without_a_link_is_mended_by_the_form(little: World) -> None:
    (message,) = await told(little, "account/g1", ("caldav", "", "", LOST))
    assert message.text == "CalDAV: I may no longer read this account's calendars. Connect it again."
    (button,) = message.blocks[1]["elements"]
    assert (button["text"]["text"], button["action_id"], "url" in button) == ("Connect again", "open_connect", False)


@pytest.mark.parametrize("subject", ["account/g1", "account/", "nonsense", "nonsense/x"])
async def test_account_that_is_well_or_gone_is_not_told_of(little: World, subject: str) -> None:
    assert await told(little, subject) == []


async def test_welcome_leads_to_the_form_of_a_calendar(little: World) -> None:
    (message,) = await told(little, "welcome")
    (button,) = message.blocks[1]["elements"]
    assert (button["text"]["text"], button["action_id"], "url" in button) == (
        "Connect a calendar", "open_connect", False,
    )  # fmt: skip


async def test_button_in_a_message_opens_the_form_with_fresh_links(
    sqlite_url: str, encryptor: Encryptor, clock: ManualClock
) -> None:
    database = Database(sqlite_url)
    async with open_desk(database, encryptor, clock) as desk:
        await welcomed(desk)
        assert desk.modal().view["callback_id"] == "connect_calendar"
        assert desk.accounts.made == 2
    await database.close()


async def welcomed(desk: Desk) -> None:
    """Ann is welcomed, and clicks."""
    async with desk.world.database.write() as connection:
        await desk.engine.notices.tell(connection, desk.ann, "welcome")
    await desk.settle()
    (message,) = desk.world.slack.direct_messages(ANN)
    (button,) = message.blocks[1]["elements"]
    answer = await desk.world.slack.people.click_in_message(ANN, message.ts, {**button})
    assert answer.status == 200
