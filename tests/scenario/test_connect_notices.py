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
from services.store.tables import NOTICES
from tests.support.clocks import ManualClock
from tests.support.engine import RunningEngine, open_engine, until
from tests.support.stepped_app import ANN, SteppedApp, open_stepped_app

LINK = "https://quo.example/connect/google?link=x"


@pytest.fixture
async def little(sqlite_url: str, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[RunningEngine]:
    database = Database(sqlite_url)
    async with open_engine(database, encryptor, clock) as made:
        yield made
    await database.close()


LOST = AccountLostError.sentence()


async def told(
    engine: RunningEngine, subject: str, lost: tuple[str, str, str, str] | None = None, **columns: Any
) -> list[Any]:
    """What somebody is told about `subject`."""
    replica = engine.replica()
    if lost is not None:
        replica.lost["g1"] = lost
    await replica.start()
    key = await engine.person(**columns)
    await tell(engine, key, subject)
    await engine.rests()
    await until(lambda: sent(engine))
    return list(engine.slack.direct_messages("U1"))


async def tell(engine: RunningEngine, key: PersonKey, subject: str) -> None:
    async with engine.database.write() as connection:
        await engine.replicas[0].notices.tell(connection, key, subject)


async def sent(engine: RunningEngine) -> bool:
    async with engine.database.read() as connection:
        return await connection.scalar(sa.select(NOTICES.c.sent_at)) is not None


async def test_lost_account_is_told_of_with_the_link_that_mends_it(little: RunningEngine) -> None:
    (message,) = await told(little, "account/g1", ("google", "ann@example.com", LINK, LOST))
    assert message.text == (
        "Google Calendar (ann@example.com): I may no longer read this account's calendars. Connect it again. "
        "The button works once, for a day. After that, type /quo connect."
    )
    (button,) = message.blocks[1]["elements"]
    assert (button["text"]["text"], button["url"]) == ("Connect again", LINK)


async def test_lost_account_without_a_link_is_mended_by_the_form(little: RunningEngine) -> None:
    (message,) = await told(little, "account/g1", ("caldav", "", "", LOST))
    assert message.text == "CalDAV: I may no longer read this account's calendars. Connect it again."
    (button,) = message.blocks[1]["elements"]
    assert (button["text"]["text"], button["action_id"], "url" in button) == ("Connect again", "open_connect", False)


@pytest.mark.parametrize("subject", ["account/g1", "account/", "nonsense", "nonsense/x"])
async def test_account_that_is_well_or_gone_is_not_told_of(little: RunningEngine, subject: str) -> None:
    assert await told(little, subject) == []


async def test_welcome_leads_to_the_form_of_a_calendar(little: RunningEngine) -> None:
    (message,) = await told(little, "welcome")
    (button,) = message.blocks[1]["elements"]
    assert (button["text"]["text"], button["action_id"], "url" in button) == (
        "Connect a calendar", "open_connect", False,
    )  # fmt: skip


async def test_button_in_a_message_opens_the_form_with_fresh_links(
    sqlite_url: str, encryptor: Encryptor, clock: ManualClock
) -> None:
    database = Database(sqlite_url)
    async with open_stepped_app(database, encryptor, clock) as app:
        await welcomed(app)
        assert app.modal().view["callback_id"] == "connect_calendar"
        assert app.accounts.made == 2
    await database.close()


async def welcomed(app: SteppedApp) -> None:
    """Ann is welcomed, and clicks."""
    async with app.engine.database.write() as connection:
        await app.replica.notices.tell(connection, app.ann, "welcome")
    await app.settle()
    (message,) = app.engine.slack.direct_messages(ANN)
    (button,) = message.blocks[1]["elements"]
    answer = await app.engine.slack.people.click_in_message(ANN, message.ts, {**button})
    assert answer.status == 200
