"""The operator's own bot token at the start."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.engine import given_bot
from services.engine.given_bot import GivenBot
from tests.support.clocks import ManualClock


class Silent:
    """Slack that does not answer; a database in which that workspace is, or not."""

    def __init__(self, *, kept: bool) -> None:
        self.asked, self.kept = 0, kept

    async def install_of(self, token: str) -> Any:
        self.asked += 1
        await asyncio.Event().wait()

    async def has_bot(self, token: str) -> bool:
        return self.kept


@pytest.mark.parametrize("kept", [False, True])
async def test_start_is_not_held_up_by_a_slack_that_is_silent_which_is_asked_again_unless_the_token_is_known(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    monkeypatch.setattr(given_bot, "AT_START", 0.01)
    silent: Any = Silent(kept=kept)
    bot = GivenBot("xoxb-1", silent, silent, clock)
    async with asyncio.timeout(30):
        await bot.adopt()
    again = None if kept else clock.now() + timedelta(seconds=2)
    assert (silent.asked, await bot.next_due(), await bot.is_adopted()) == (1, again, kept)


@pytest.mark.parametrize("kept", [False, True])
async def test_nothing_is_ready_before_slack_was_asked_unless_the_token_is_known(
    clock: ManualClock, kept: bool
) -> None:
    """Requests are listened to before: whoever sends them asks `/readyz`."""
    silent: Any = Silent(kept=kept)
    assert await GivenBot("xoxb-1", silent, silent, clock).is_adopted() is kept
    assert await GivenBot("", silent, silent, clock).is_adopted()
