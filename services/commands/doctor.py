"""`app.py doctor`: one line for each thing that is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.calendars.oauth import OAuthApp
from services.commands import TROUBLE
from services.commands.installation import missing
from services.domain.calendars import MICROSOFT, named
from services.domain.operator_errors import DatabaseError, SettingsError
from services.platform.addresses import AddressRules
from services.platform.keys import keys_of
from services.platform.net import GuardedClient
from services.platform.outbound import Outbound
from services.platform.settings import Settings, plain
from services.ports import Clock
from services.slack.client import SlackHealth
from services.store.db import Database
from services.store.moved import check_not_moved
from services.store.stores import Stores
from services.usecases.credentials import (
    APP_TOKEN,
    BOT_TOKEN,
    SLACK_APP,
    look_at_app_token,
    look_at_bot_token,
    look_at_provider,
    look_at_slack_app,
    reached,
)
from services.usecases.doctor import Doctor
from services.usecases.findings import SECONDS, Finding
from services.usecases.surroundings import look_at_disk, look_at_memory, look_at_public_address
from services.wiring.calendars import oauth_apps


async def examine(config: Settings, clock: Clock) -> int:
    """Return one line for each thing that is looked at; TROUBLE where one is not well."""
    troubles = 0
    console = Console(highlight=False)
    slack, client = slack_health(config), provider_client(config)
    try:
        async with AsyncExitStack() as stack:
            stores, absent = None, missing(config)
            around = [look_at_disk(config.database_file.parent if config.is_sqlite else None), look_at_memory()]
            if not absent:
                stores = await stack.enter_async_context(Stores.at(config.database_url, keys_of(config), clock))
                around += await _moved(stores.database, config)
            doctor = Doctor(
                stores, slack, clock, config.missing_for_serving(), around, list(_looks(config, slack, client, clock)),
                signed=not config.slack_app_token, absent=absent,
            )  # fmt: skip
            async for finding in doctor.examine():
                show(console, finding)
                troubles += not finding.well
    finally:
        await client.close()
    return TROUBLE if troubles else 0


async def _moved(database: Database, config: Settings) -> list[Finding]:
    """Return what is wrong where no app starts with this database, because it was moved, or is being moved."""
    try:
        async with asyncio.timeout(SECONDS):
            await check_not_moved(database, config.database_file)
    except SettingsError as error:
        return [Finding.fail("database", error.reason.removeprefix("DATABASE_URL: "))]
    except (DatabaseError, TimeoutError):
        return []  # which is found out, and told, in its turn
    return []


def slack_health(config: Settings) -> SlackHealth:
    """Return what asks Slack."""
    return SlackHealth(config.slack_api_url, outbound=Outbound.of(config))


def provider_client(config: Settings) -> GuardedClient:
    """Return what asks Google and Microsoft: where they are is the operator's own setting."""
    return GuardedClient(AddressRules(private=True), outbound=Outbound.of(config))


def show(console: Console, finding: Finding) -> None:
    """Print one: a line of its own, which on a terminal is folded below its subject."""
    state, colour = ("warn", "yellow") if finding.warns else ("ok", "green")
    if not finding.well:
        state, colour = "FAIL", "bold red"
    mark, said = Text(f"{state:<4}", style=colour), Text(f"{finding.subject}: {finding.sentence}")
    if console.is_terminal:
        folded = Table.grid(padding=(0, 2, 0, 0))
        folded.add_row(mark, said)
        console.print(folded)
    else:
        console.print(Text.assemble(mark, "  ", said), soft_wrap=True)


def _looks(
    config: Settings, slack: SlackHealth, client: GuardedClient, clock: Clock
) -> Iterator[Coroutine[Any, Any, Finding]]:
    """Yield what there is to be looked at beyond this machine, with these settings."""
    https = config.slack_api_url.startswith("https:")
    yield look_at_public_address(config.base_url, https=https, tls=Outbound.of(config).tls)
    if config.slack_client_id:
        found = look_at_slack_app(slack, config.slack_client_id, plain(config.slack_client_secret))
        yield reached(SLACK_APP, found)
    if config.slack_app_token:
        yield reached(APP_TOKEN, look_at_app_token(slack, plain(config.slack_app_token)))
    if config.slack_bot_token:
        yield reached(BOT_TOKEN, look_at_bot_token(slack, plain(config.slack_bot_token)))
    for app in oauth_apps(config):
        yield reached(named(app.provider), look_at_calendars(config, client, app, clock))


def look_at_calendars(
    config: Settings, client: GuardedClient, app: OAuthApp, clock: Clock
) -> Coroutine[Any, Any, Finding]:
    """Return our app at Google or Microsoft, as `look_at_provider`."""
    resource, expires = "", None
    if app.provider == MICROSOFT:
        resource, expires = config.microsoft_graph_url.removesuffix("v1.0/"), config.microsoft_secret_expires
    return look_at_provider(client, app, resource=resource, expires=expires, today=clock.now().date())
