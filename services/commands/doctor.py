"""`app.py doctor`: one line for each thing that is looked at."""

from __future__ import annotations

from services.commands import TROUBLE
from services.platform.settings import Settings
from services.ports import Clock
from services.slack.client import SlackHealth
from services.store.stores import Stores
from services.usecases.doctor import Doctor


async def examine(config: Settings, clock: Clock) -> int:
    """One line for each thing that is looked at; TROUBLE where one is not well."""
    troubles = 0
    async with Stores.at(config.database_url, config.keys(), clock) as opened:
        slack, missing = SlackHealth(config.slack_api_url), config.missing_for_serving()
        async for finding in Doctor(database=opened.health, slack=slack, clock=clock, missing=missing).examine():
            print(f"{'ok  ' if finding.well else 'FAIL'}  {finding.subject}: {finding.sentence}")
            troubles += not finding.well
    return TROUBLE if troubles else 0
