"""Bodies of 1 MiB that are made to hold the program up, by every way in: nobody else waits for them.

The reader processes work as long as they do; the loop, which answers everybody, is never late by more than 0.2 s, and
no row of the database is larger than 64 KiB.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
import sqlalchemy as sa

from services.calendars.ical.expand import Expander
from services.calendars.providers.caldav.source import CaldavSource
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient
from services.store.calendar_tables import EVENTS
from tests.support import hostile_shapes as shapes
from tests.support.caldav_account import account
from tests.support.caldav_server import CaldavServer
from tests.support.hooks import CALENDAR, JSON, new_hook, send
from tests.support.hostile import FORM, Browser
from tests.support.loop_watch import SLOWER, watched
from tests.support.running_app import ANN, RunningApp
from tests.support.sites import Site
from tests.support.slack_files import sends

pytestmark = pytest.mark.usefixtures("reader_processes", "database_threads")

SIZE = shapes.MIB - 1024
LATE = 0.4 * SLOWER  # a form of a MiB takes a quarter of that; on a busy machine twice as long
LARGEST = 64 * 1024

SHAPES = (
    "newlines", "newlines and blanks", "returns", "half calendars", "one line", "folded", "quotes", "colons",
    "semicolons", "blanks before a colon", "nothing", "zone of slashes", "zone of digits", "numbers", "stamp",
    "long names", "letters of four bytes", "rubbish",
)  # fmt: skip
"""Those that a reader is done with soon; whatever the shape, a hook takes it in the slow suite."""

FEW = ("newlines", "long names")
"""Each way in has these; the slow suite has all of them."""

FEW_BODIES = {"keys", "escapes", "lists", "command of words"}

each_body = pytest.mark.parametrize(
    "names",
    [
        pytest.param(FEW_BODIES, id="few"),
        pytest.param({*shapes.JSONS, *shapes.FORMS}, id="all", marks=pytest.mark.slow),
    ],
)

each_shape = pytest.mark.parametrize(
    "names", [pytest.param(FEW, id="few"), pytest.param(SHAPES, id="all", marks=pytest.mark.slow)]
)


async def _largest_row(running_app: RunningApp) -> int:
    row = sa.func.length(EVENTS.c.uid) + sa.func.length(EVENTS.c.occurrence) + sa.func.length(EVENTS.c.detail)
    ((largest,),) = await running_app.rows(sa.select(sa.func.max(row)))
    return largest or 0


async def _by_hook(running_app: RunningApp, hook: str, name: str, method: str) -> None:
    body = shapes.as_message(shapes.CALENDARS[name](SIZE), method)
    if len(body) > shapes.MIB:  # its lines are longer than most
        body = shapes.as_message(shapes.CALENDARS[name](SIZE * SIZE // len(body)), method)
    assert len(body) <= shapes.MIB
    async with watched(LATE, name):
        status, said, _ = await send(hook, body, CALENDAR)
        await running_app.settle(60)
    assert status in {202, 422}, said
    assert await _largest_row(running_app) <= LARGEST


@pytest.fixture
async def hook(running_app: RunningApp) -> str:
    await running_app.joins()
    return await new_hook(running_app)


@each_shape
async def test_no_message_to_a_hook_holds_up_the_loop(
    running_app: RunningApp, hook: str, names: tuple[str, ...]
) -> None:
    for name in names:
        await _by_hook(running_app, hook, name, "REQUEST")
    for name in ("folded", "long names") if names is SHAPES else ():
        await _by_hook(running_app, hook, name, "CANCEL")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("method", ["PUBLISH", "REQUEST", "CANCEL", "ADD"])
@pytest.mark.parametrize("name", shapes.CALENDARS)
async def test_no_shape_at_all_holds_up_the_loop(running_app: RunningApp, hook: str, name: str, method: str) -> None:
    await _by_hook(running_app, hook, name, method)


@each_body
async def test_no_json_holds_up_the_loop(running_app: RunningApp, hook: str, names: set[str]) -> None:
    for name in sorted(shapes.JSONS.keys() & names):
        body = shapes.JSONS[name](SIZE)
        async with watched(LATE, name):
            status, _, _ = await send(hook, body, JSON)
            assert status in {200, 400}, name
    await running_app.settle()


@each_shape
async def test_no_file_holds_up_the_loop(running_app: RunningApp, names: tuple[str, ...]) -> None:
    await running_app.joins()
    for number, name in enumerate(names):
        body, told = shapes.CALENDARS[name](SIZE), len(running_app.told())
        async with watched(LATE, name):
            await sends(running_app, f"c{number}.ics", body)
        assert len(running_app.told()) == told + 1


@each_shape
async def test_no_feed_holds_up_the_loop(running_app: RunningApp, names: tuple[str, ...]) -> None:
    await running_app.joins()
    await running_app.connects("odd")
    for name in names:
        running_app.feeds["odd"].body = shapes.CALENDARS[name](SIZE)
        hits = running_app.feeds["odd"].hits
        async with watched(LATE, name):
            await running_app.polled()
        assert running_app.feeds["odd"].hits > hits
        assert await _largest_row(running_app) <= LARGEST


@pytest.fixture
async def reading() -> AsyncIterator[tuple[GuardedClient, Expander]]:
    client, expander = GuardedClient(AddressRules(private=True)), Expander(workers=1)
    yield client, expander
    await client.close()
    await expander.close()


@each_shape
async def test_no_member_of_a_collection_holds_up_the_loop(
    reading: tuple[GuardedClient, Expander], names: tuple[str, ...]
) -> None:
    client, expander = reading
    async with Site() as site:
        server = CaldavServer(site)
        ann = account(client, server.url)
        ann.source = CaldavSource(client, expander)
        for name in names:
            if name in {"rubbish", "nothing"}:  # no XML either
                continue
            server.put("odd.ics", shapes.CALENDARS[name](SIZE))
            async with watched(LATE, name):
                await ann.fetch()
            assert all(len(event.title + event.location + event.uid) <= 3_000 for event in ann.held.values())


@each_body
async def test_no_payload_of_slacks_holds_up_the_loop(running_app: RunningApp, names: set[str]) -> None:
    await running_app.joins()
    async with Browser(running_app) as browser:
        for kind, made in ((JSON, shapes.JSONS), (FORM, shapes.FORMS)):
            for name in sorted(made.keys() & names):
                body = made[name](SIZE)
                async with watched(LATE, name):
                    status, _ = await browser.send(body, kind)
                    assert status < 500, name
                    await running_app.settle()


@each_body
async def test_nothing_that_comes_from_a_browser_or_a_provider_holds_up_the_loop(
    running_app: RunningApp, names: set[str]
) -> None:
    await running_app.joins()
    async with Browser(running_app) as browser:
        for name in sorted(shapes.JSONS.keys() & names):
            body = shapes.JSONS[name](SIZE)
            async with watched(LATE, name):
                for path in ("/webhooks/microsoft", "/webhooks/microsoft/lifecycle", "/webhooks/google"):
                    data = BytesIO(body)
                    status, _ = await browser.ask("POST", path, data=data, headers={"Content-Type": JSON})
                    assert status < 500, name
        for name, part in {
            "letters": "x",
            "dots": ".",
            "escapes": "%25",
            "ampersands": "&a=",
            "quotes": '"%5C',
        }.items():
            long = part * (7_000 // len(part))
            async with watched(LATE, name):
                for path in ("/slack/oauth_redirect", "/slack/install", "/connect/google/callback", "/connect/google"):
                    for query in (f"state={long}", f"code=1&state=1&error={long}", f"link={long}"):
                        status, _ = await browser.ask(
                            "GET", f"{path}?{query}", headers={"Cookie": f"statusquo-oauth={long[:7_000]}"}
                        )
                        assert status < 500, (name, path)


async def test_what_is_typed_is_answered_while_somebody_posts_what_takes_long(
    running_app: RunningApp, hook: str
) -> None:
    body = shapes.CALENDARS["every second"](SIZE)
    posts = [asyncio.create_task(send(hook, body, CALENDAR)) for _ in range(6)]
    async with watched(LATE):
        answer = await running_app.slack.people.command(ANN, "/quo", "Lunch for 45m")
        assert answer.status == 200
        assert not any(post.done() for post in posts)
        for post in posts:
            post.cancel()
        await asyncio.gather(*posts, return_exceptions=True)
        await running_app.settle()
    assert running_app.text() == "Lunch"
