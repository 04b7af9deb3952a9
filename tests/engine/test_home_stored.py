"""A Home tab at an edge: made of the stored timeline, and the same as one that is resolved anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from services.domain.lines import Match, Rule, put
from services.domain.model import Look, Status
from services.domain.people import Preferences
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.tables import PEOPLE, SPANS
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH
from tests.support.engine import absence, meeting
from tests.support.statements import statements
from tests.support.stepped_app import SteppedApp, open_stepped_app, text_of


@pytest.fixture
async def app(database: Database, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[SteppedApp]:
    """Ann in Berlin, Tuesday 24 November 2026, 10:00 there, with a full calendar and ten rules."""
    async with open_stepped_app(database, encryptor, clock) as made:
        early = datetime(2026, 11, 24, 5, tzinfo=UTC)
        starts = [early + timedelta(days=day, minutes=75 * hour) for day in range(5) for hour in range(8)]
        events = [replace(meeting(at, 45, uid=f"m{at}"), title=f"Plan {at:%d %H:%M}") for at in starts]
        late = replace(meeting(early.replace(hour=22, minute=30), 60, uid="late"), title="Late call")
        await made.engine.has(made.ann, absence(early - timedelta(hours=9), 10), late, *events)
        for number in range(10):
            rule = Rule(f"r{number}", f"Rule {number}", Match(title_words=(f"1{number}",)), Look(text=f"Busy {number}"))
            await made.lines.change(made.ann, clock.now(), partial(put, line=rule))
        await made.settle()
        yield made


async def publishes(app: SteppedApp) -> tuple[dict[str, Any], int]:
    """The tab, and how often events were read for it."""
    with statements(app.engine.database) as said:
        view = await app.tab.home(app.ann)
    return view, sum("events.uid, " in one for one in said)


async def resolved_anew(app: SteppedApp) -> dict[str, Any]:
    """The tab of this instant where nothing is taken from what is stored."""
    await _sets(app, stale=True)
    view, reads = await publishes(app)
    assert reads
    await _sets(app, stale=False)
    return view


async def _sets(app: SteppedApp, **columns: Any) -> None:
    async with app.engine.database.write() as connection:
        await connection.execute(sa.update(PEOPLE).where(PEOPLE.c.user_id == app.ann.user_id).values(**columns))


async def test_home_at_each_edge_is_made_of_what_is_stored_and_shows_all_of_the_day(app: SteppedApp) -> None:
    await app.preferences.save(app.ann, Preferences(idle=Status("Around", ":wave:")), app.clock.now())
    await app.quo("Lunch from 12:30 to 13:10")
    await app.settle()
    for _ in range(9):
        async with app.engine.database.read() as connection:
            edge = await connection.scalar(sa.select(PEOPLE.c.due_at).where(PEOPLE.c.user_id == app.ann.user_id))
        assert edge is not None
        app.clock.move_to(max(edge, app.clock.now()))
        await app.settle()
        view, reads = await publishes(app)
        assert (view, reads) == (await resolved_anew(app), 0)
    said = text_of(view)
    assert "`12:30 – 13:10`  :speech_balloon: *Lunch*" in said, said
    assert "_Plan 24 06:15_" in said
    assert app.clock.now() > datetime(2026, 11, 24, 13, tzinfo=UTC)


@pytest.mark.parametrize("night", [time(22, 59), time(23)])
async def test_home_around_midnight_shows_the_persons_day(app: SteppedApp, night: time) -> None:
    app.clock.move_to(datetime.combine(datetime(2026, 11, 24), night, UTC))
    await app.settle()
    view, reads = await publishes(app)
    assert (view, reads) == (await resolved_anew(app), 0)
    shown = "23:30 –" if night.hour == 22 else "00:00 – 00:30"
    assert f"`{shown}`  :spiral_calendar_pad: *In a meeting* · _Late call_" in text_of(view)


async def test_home_follows_pause_status_and_own_choice_before_the_timeline_is_resolved_anew(app: SteppedApp) -> None:
    await app.quo("pause")
    view, _ = await publishes(app)
    assert "Paused: I leave your status alone until you resume." in text_of(view)
    await app.quo("resume")
    await app.quo("Lunch for 30m")
    view, reads = await publishes(app)
    assert reads
    assert "Your status is :speech_balloon: *Lunch* until 10:30." in text_of(view)


@BOTH
async def test_home_resolves_where_what_is_stored_does_not_reach(app: SteppedApp) -> None:
    await _deletes(app, SPANS.c.end_at <= app.clock.now())  # as the release before stored it
    _, reads = await publishes(app)
    assert reads
    await _deletes(app, sa.true())
    _, reads = await publishes(app)
    assert reads


async def test_home_tells_the_end_of_an_absence_that_lasts_longer_than_what_is_stored(app: SteppedApp) -> None:
    start = app.clock.now() + timedelta(hours=2)
    await app.engine.has(app.ann, absence(start, 24 * 14))
    await app.settle()
    app.clock.move_to(start)
    await app.replica.reconciler.run_due()
    view, _ = await publishes(app)
    assert "*Out of office until 8 December* until Tue 8 Dec, 12:00." in text_of(view)


async def test_home_names_the_meeting_that_is_on_of_those_back_to_back(app: SteppedApp) -> None:
    now = app.clock.now()
    first = replace(meeting(now, 30, uid="a"), title="First")
    await app.engine.has(app.ann, first, replace(meeting(now + timedelta(minutes=30), 30, uid="b"), title="Second"))
    await app.settle()
    view, reads = await publishes(app)
    assert "because of “First” until 11:00" in text_of(view)
    assert not reads
    app.clock.move(minutes=40)
    await app.settle()
    view, _ = await publishes(app)
    assert "because of “Second” until 11:00" in text_of(view)


async def _deletes(app: SteppedApp, condition: Any) -> None:
    async with app.engine.database.write() as connection:
        await connection.execute(sa.delete(SPANS).where(SPANS.c.user_id == app.ann.user_id, condition))
