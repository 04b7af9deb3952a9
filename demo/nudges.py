"""After an edit of a calendar its owner opens the Home tab and clicks "Read it now", so that nobody has to wait."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from emulators.slack import LocalSlack

log = structlog.get_logger(__name__)

_PATIENCE = 5.0


class Nudges:
    """The clicks, through the app's own Home tab; edits while one is under way end in one more."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    def edited(self, user_id: str) -> None:
        """That person's calendar was edited."""
        if user_id in self._tasks:
            self._again.add(user_id)
            return
        task = asyncio.create_task(self._click(user_id), name="demo-nudge")
        self._tasks[user_id] = task
        task.add_done_callback(lambda _: self._done(user_id))

    async def stop(self) -> None:
        """Click no more."""
        self._again.clear()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, user_id: str) -> None:
        del self._tasks[user_id]
        if user_id in self._again:
            self._again.discard(user_id)
            self.edited(user_id)

    async def _click(self, user_id: str) -> None:
        found = self._menu(user_id)
        if found is None:
            with self._slack.hub.watching() as changes:
                await self._slack.people.home_opened(user_id)
                try:
                    async with asyncio.timeout(_PATIENCE):
                        while (found := self._menu(user_id)) is None:
                            await changes.get()
                except TimeoutError:
                    log.warning("calendar_not_on_home", user_id=user_id)
                    return
        await self._slack.people.click_in_view(user_id, self._slack.homes[user_id].view_id, found)

    def _menu(self, user_id: str) -> dict[str, Any] | None:
        """The first calendar's "Read it now", as the click on it is sent."""
        home = self._slack.homes.get(user_id)
        for block in home.view["blocks"] if home else ():
            accessory = block.get("accessory") or {}
            for option in accessory.get("options", ()):
                if str(option.get("value", "")).startswith("sync:"):
                    ids = {"action_id": accessory["action_id"], "block_id": block["block_id"]}
                    return {"type": "overflow", **ids, "selected_option": option}
        return None
