"""What several people send to their hooks at once is looked at fairly, and not without end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.calendars.connections import AT_ONCE, Hooks
from services.domain.model import PersonKey
from services.domain.request_errors import TooManyRequestsError
from services.platform.crypto import digest_of
from tests.support.calendar_stack import ANN, BOB, CalendarStack
from tests.support.engine import until
from tests.support.subscriptions import calendar


class Slow:
    """A reader that takes as long as it is told to; keeps whose files it was given."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go_on = asyncio.Event()

    async def ask(self, task: str, calendar_id: str, *_: Any) -> tuple[dict[str, Any], list[bytes]]:
        self.asked.append(calendar_id)
        await self.go_on.wait()
        return {"entries": 1, "alone": True, "name": None, "events": 1}, []


async def hooked(stack: CalendarStack, hooks: Hooks, key: PersonKey) -> Any:
    await stack.stores.hooks.create(key, digest_of(key.user_id), stack.clock.now())
    return await hooks.find(key.user_id)


async def test_one_persons_many_calendars_hold_nobody_else_up_and_only_so_many_wait(stack: CalendarStack) -> None:
    slow = Slow()
    hooks = Hooks(
        stack.stores.hooks, stack.stores.inbox, stack.stores.overrides, expander=slow, clock=stack.clock,
        wake_signal=stack.wake_signal, base_url="http://x",
    )  # fmt: skip
    anns, bobs = await hooked(stack, hooks, ANN), await hooked(stack, hooks, BOB)
    sent = [asyncio.create_task(hooks.take(anns, calendar(f"{number}"))) for number in range(AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequestsError) as refused:
        await hooks.take(anns, calendar("one too many"))
    assert refused.value.facts["retry_after"] > 0
    sent.append(asyncio.create_task(hooks.take(bobs, calendar("his"))))
    await until(lambda: len(slow.asked) == 2)
    assert sorted(slow.asked) == sorted([anns.calendar_id, bobs.calendar_id])
    slow.go_on.set()
    assert await asyncio.gather(*sent) == [1] * (AT_ONCE + 1)
    assert len(await stack.stores.inbox.waiting(ANN, anns.calendar_id)) == AT_ONCE
    assert await hooks.take(anns, calendar("and again")) == 1
