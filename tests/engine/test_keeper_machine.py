"""Whatever happens in whichever order, a process that dies at any step among it: nobody's own status is lost, and what
is ours is never written twice in a row, and gone when it is over."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.platform.crypto import Encryptor
from services.store.db import Database
from tests.support.clocks import ManualClock
from tests.support.crashes import dies_at
from tests.support.engine import SET, open_engine, until
from tests.support.keeper import KeptWorkspace, a_kept_workspace

STEPS = {"read_of": "kept_profiles", "take_up": "kept", "set_for": "kept_profiles", "settle": "kept"}
HAPPENS = st.one_of(
    st.tuples(st.just("leave"), st.integers(0, 20), st.integers(5, 40)),
    st.tuples(st.just("no leave")),
    st.tuples(st.just("types"), st.sampled_from(["Thesis", "Garden"])),
    st.tuples(st.just("clears")),
    st.tuples(st.just("opts out")),
    st.tuples(st.just("opts in")),
    st.tuples(st.just("time"), st.integers(1, 25)),
    st.tuples(st.just("dies"), st.sampled_from(sorted(STEPS)), st.booleans()),
)
"""`leave` in minutes from then and how long; `dies` at the next such step, before or after it."""


@dataclass
class Story:
    """A member, what happens to them, and what they have on their profile by their own hand."""

    kept: KeptWorkspace
    own: str = ""
    died: list[asyncio.Event] = field(default_factory=list)

    async def happens(self, what: str, *how: Any) -> None:
        kept, engine = self.kept, self.kept.engine
        now = engine.clock.now()
        minute = (now - kept.start).total_seconds() / 60
        if what == "leave":
            await kept.has_leave("UBOB", begins=minute + how[0], ends=minute + how[0] + how[1])
        elif what == "no leave":
            await kept.has_no_leave("UBOB")
        elif what in {"types", "clears"}:
            now = engine.clock.move(seconds=31)  # sooner after our look, it may be taken for what was there before
            if how or not kept.text("UBOB").startswith("Out of office"):  # else what we have covered comes back
                self.own = how[0] if how else ""
            text = how[0] if how else ""
            engine.slack.type_status("UBOB", text, ":books:" if text else "")
            await kept.replica.kept.see(kept.key("UBOB"), kept.status_of("UBOB"), now, now)
        elif what == "opts out":
            await kept.replica.refusals.put(kept.key("UBOB"), "keeper", now)
        elif what == "opts in":
            await kept.replica.refusals.delete(kept.key("UBOB"), "keeper", now)
        elif what == "time":
            engine.clock.move(minutes=how[0])
        else:
            owner = getattr(kept.replica, STEPS[how[0]])
            self.died.append(dies_at(kept.replica, owner, how[0], after=how[1]))
        await self.rests()

    async def rests(self) -> None:
        """All that follows has happened; a process that has died is started again."""
        engine = self.kept.engine
        engine.ring()
        self.kept.replica.sender.wake(typed=False)
        await until(lambda: any(one.is_set() for one in self.died) or self._at_rest())
        if any(one.is_set() for one in self.died):
            self.died.clear()
            self.kept.replica = await engine.replaced(self.kept.replica)
            engine.clock.move(seconds=30)
            await self.rests()

    def _at_rest(self) -> bool:
        return self.kept.replica.engine.at_rest and not self.kept.engine.slack.busy

    async def ends(self) -> None:
        """No leave is left, and nobody dies any more."""
        self.died.clear()
        self.kept.replica = await self.kept.engine.replaced(self.kept.replica)
        await self.happens("no leave")
        for _ in range(3):
            await self.happens("time", 2)


async def told(events: list[tuple[Any, ...]], template: Path, encryptor: Encryptor) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "statusquo.db"
        copy(template, path)
        database = Database(f"sqlite+aiosqlite:///{path}")
        try:
            async with open_engine(database, encryptor, ManualClock()) as engine:
                story = Story(await a_kept_workspace(engine))
                await story.kept.member("UBOB")
                for event in events:
                    await story.happens(*event)
                await story.ends()
                assert story.kept.text("UBOB") == story.own
                written = [(call.at, call.arguments["profile"]) for call in engine.calls(SET, user="UADMIN") if call.ok]
                typed = [one for one in events if one[0] in {"types", "clears"}]
                if not typed:
                    repeated = [later for (_, earlier), (_, later) in pairwise(written) if earlier == later]
                    assert repeated == []
                assert all(call.ok for call in engine.calls())
        finally:
            await database.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(events=st.lists(HAPPENS, max_size=9))
def test_own_status_is_what_is_left_whatever_happens_and_whenever_a_process_dies(
    events: list[tuple[Any, ...]], migrated_sqlite: Path, encryptor: Encryptor
) -> None:
    asyncio.run(told(events, migrated_sqlite, encryptor))
