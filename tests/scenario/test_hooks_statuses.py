"""Statuses that other programs set through a person's hook, over HTTP."""

from __future__ import annotations

from tests.hooks import new_hook, posts, send
from tests.whole import Whole, at

NOTHING = ("", "", None)


async def test_posted_status_is_shown_replaced_and_ended(on_both: Whole) -> None:
    await on_both.joins()
    hook = await new_hook(on_both)
    said = await posts(on_both, hook, {"text": "Lunch", "emoji": ":pizza:", "minutes": 45})
    assert said == {"ok": True, "text": "Lunch", "emoji": ":pizza:", "until": "2026-11-24T09:45:00Z"}
    assert on_both.shows() == ("Lunch", ":pizza:", at("09:45"))
    await posts(on_both, hook, {"text": "On a walk", "minutes": 90})
    assert on_both.text() == "On a walk"
    assert on_both.shows()[2] == at("10:30")
    assert (await send(hook, method="DELETE"))[:2] == (200, {"ok": True, "ended": True})
    await on_both.settle()
    assert on_both.shows() == NOTHING
    assert (await send(hook, method="DELETE"))[:2] == (200, {"ok": True, "ended": False})
