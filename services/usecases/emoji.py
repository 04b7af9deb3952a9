"""Choosing an emoji: from the standard ones and the workspace's own, searched by name while somebody types."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import timedelta

from services.domain.emoji import NOTHING, OwnEmoji, name_of, search, standard_names
from services.platform.concurrency import KeyedSemaphore, off_loop
from services.ports import Clock, WakeSignal
from services.store.emoji import EmojiStore
from services.store.workspaces import WorkspaceStore

MOST_NAMES = 120_000
"""Names that are held ready to be searched, of all workspaces together: some 70 MB at the worst."""

MOST_WORKSPACES = 1_000

OFFERED = 100
"""Choices in a menu (docs.slack.dev, "Select menu element")."""

SETTLED = timedelta(seconds=15)
"""How long after a change the table is read: changes come in floods, such as somebody's forty new ones."""


class EmojiSearch:
    """Finds emoji, and takes in that a workspace's have changed.

    What has been made ready to be searched is kept for the workspaces in which somebody chose last, as long as the
    table is the same.
    """

    def __init__(self, store: EmojiStore, workspaces: WorkspaceStore, clock: Clock, wake_signal: WakeSignal) -> None:
        self._store = store
        self._workspaces = workspaces
        self._clock = clock
        self._wake_signal = wake_signal
        self._ready: OrderedDict[str, tuple[str, OwnEmoji]] = OrderedDict()
        self._turns = KeyedSemaphore(1)

    async def search(self, team_id: str, text: str, limit: int = OFFERED) -> list[str]:
        """Return what `text` may mean, as `:name:`, the likeliest first; see `services.domain.emoji.search`."""
        table = await self._store.table(team_id)
        own = await self._own(team_id, table.digest) if table.digest else NOTHING
        return search(text, own, limit, complete=table.is_complete(self._clock.now()))

    async def gone(self, team_id: str, emoji: Iterable[str]) -> frozenset[str]:
        """Return those of `emoji` that the workspace does not know any more; none where that cannot be told."""
        asked = {one: name for one in emoji if (name := name_of(one)) and name not in standard_names()}
        if not asked:
            return frozenset()
        table, unknown = await self._store.without(team_id, set(asked.values()))
        if not table.is_complete(self._clock.now()):
            return frozenset()
        return frozenset(one for one, name in asked.items() if name in unknown)

    async def changed(self, team_id: str, enterprise_id: str) -> None:
        """Slack says that the emoji of that team (of that org) are others: they are read a little later."""
        home = await self._workspaces.locate(team_id, enterprise_id)
        if home is not None and await self._store.mark(home, self._clock.now() + SETTLED):
            self._wake_signal.wake()

    async def _own(self, team_id: str, digest: str) -> OwnEmoji:
        async with self._turns.of(team_id):
            ready = self._ready.get(team_id)
            if ready is None or ready[0] != digest:
                ready = digest, await off_loop(OwnEmoji, await self._store.names(team_id))
                self._ready[team_id] = ready
            self._ready.move_to_end(team_id)
            while len(self._ready) > 1 and self._is_too_much():
                self._ready.popitem(last=False)
            return ready[1]

    def _is_too_much(self) -> bool:
        return len(self._ready) > MOST_WORKSPACES or sum(len(own) for _, own in self._ready.values()) > MOST_NAMES
