"""The drill of docs/upgrade.md in the whole app: back up, lose everything, restore; no status is lost or doubled."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from emulators.slack.state import APP, PERSON
from services.commands import backup, restore
from services.domain.agents import May
from services.domain.asks import AskedLine
from services.domain.model import Effect, PersonKey
from services.platform import settings
from services.platform.concurrency import off_loop
from services.store.agent_tables import AGENT_KEYS
from services.store.tables import ASKS, OAUTH_STATES, PEOPLE
from tests.scenario.test_effects_carried import allows, chooses, shows
from tests.support.clocks import ManualClock
from tests.support.feeds import lasting
from tests.support.running_app import ANN, BEN, RunningApp, at, open_running_app

FISHING = "Gone fishing"
MEETING = "In a meeting"
OTHER_TIMES = (("09:30", "12:20"), ("11:30", "13:30"), ("12:15", "12:20"))


@pytest.fixture
async def app(tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningApp]:
    """The app on an embedded database, with keys that it has made itself."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'var' / 'statusquo.db'}"
    async with open_running_app(clock, url, {"ENCRYPTION_KEYS": ""}) as running:
        yield running


async def backs_up(app: RunningApp, file: Path) -> None:
    """The operator's command, while the app runs."""
    config = settings.load(app.environment(), dotenv=None)
    assert await off_loop(lambda: backup.make(config, file, app.clock, sealed=False)) == 0


async def loses_everything(app: RunningApp, file: Path, **options: object) -> None:
    """The app, its database and its keys are gone; the backup is restored, and the app started."""
    await app.close()
    app._look = None
    config = settings.load(app.environment(), dotenv=None)
    shutil.rmtree(config.database_file.parent)
    asked = restore.Options(**{"keep_keys": False, "forgotten": None, "sealed": False, **options})  # type: ignore[arg-type]  # as the command line has them
    assert await off_loop(lambda: restore.restore(config, file, asked, app.clock)) == 0
    await app.start()
    await app.settle()


async def fishes_between_meetings(app: RunningApp) -> PersonKey:
    """Ann, whose own status has no end, with meetings from 10 to 11 and from 12 to 13."""
    key = await app.joins()
    await app.says(FISHING, ":fish:")
    app.feeds["work"].has(lasting("a", at("10:00"), 60), lasting("b", at("12:00"), 60))
    await app.connects("work")
    return key


@pytest.mark.parametrize(
    ("made_at", "lost_at"),
    [
        ("10:30", "12:59"),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in OTHER_TIMES),
    ],
)
async def test_own_status_comes_back_after_the_meeting_wherever_the_backup_was_made(
    app: RunningApp, tmp_path: Path, made_at: str, lost_at: str
) -> None:
    await fishes_between_meetings(app)
    for instant in ("09:30", "10:30", "11:30", "12:15"):
        await app.until(at(instant))
        if instant == made_at:
            await backs_up(app, tmp_path / "nightly.backup")
    await app.until(at("12:20"))
    assert app.written() == [MEETING, FISHING, MEETING]
    app.clock.move_to(at(lost_at))
    app.slack.expiry.sweep()
    await loses_everything(app, tmp_path / "nightly.backup")
    await app.until(at("13:31"))
    assert app.text() == FISHING
    assert app.written() == [MEETING, FISHING, MEETING, FISHING]
    assert app.slack.trespasses() == []


async def test_what_was_typed_since_and_while_it_was_down_stays(app: RunningApp, tmp_path: Path) -> None:
    await fishes_between_meetings(app)
    await app.joins(BEN)
    await backs_up(app, tmp_path / "nightly.backup")
    await app.says("On the road", ":car:")
    await app.types("/quo", ":pizza: Lunch until 13:30", BEN)
    await app.stop()
    app.slack.type_status(ANN, "Nearly there", ":car:", at("18:00"))
    app.clock.move_to(at("10:30"))
    await loses_everything(app, tmp_path / "nightly.backup")
    await app.until(at("13:31"))
    assert (app.text(), app.text(BEN)) == ("Nearly there", "")
    assert (app.written(), app.written(BEN)) == ([], ["Lunch"])


@pytest.mark.slow
@pytest.mark.parametrize("made_at", ["09:30", "10:30"])
async def test_who_was_set_away_or_muted_since_is_not_left_so(app: RunningApp, tmp_path: Path, made_at: str) -> None:
    key = await app.joins()
    await allows(app, key)
    app.feeds["work"].has(lasting("a", at("10:00"), 60))
    await app.connects("work")
    await chooses(app, key, Effect.DND, Effect.AWAY)
    for instant in ("09:30", "10:30"):
        await app.until(at(instant))
        if instant == made_at:
            await backs_up(app, tmp_path / "nightly.backup")
    assert shows(app) == (APP, APP)
    app.clock.move_to(at("11:10"))
    await loses_everything(app, tmp_path / "nightly.backup")
    await app.until(at("11:11"))
    assert shows(app) == ("", "")
    app.slack.presence.toggle(ANN, away=True)
    await app.until(at("12:00"))
    assert shows(app) == ("", PERSON)


async def test_nothing_that_is_done_once_is_done_again_and_nobody_is_let_in_by_old_keys(
    app: RunningApp, tmp_path: Path
) -> None:
    key = await fishes_between_meetings(app)
    assert app.service is not None
    await app.service.cases.agents.keys.make(key, "editor", May.WRITE)
    await app.service.cases.people.grant_link(key)
    await app.service.cases.people.store.ask(key, AskedLine("/quo", "pause"), app.clock.now())
    await backs_up(app, tmp_path / "nightly.backup")
    await loses_everything(app, tmp_path / "nightly.backup")
    counts = [sa.select(sa.func.count()).select_from(table) for table in (AGENT_KEYS, OAUTH_STATES, ASKS)]
    assert [await app.rows(count) for count in counts] == [[(0,)]] * 3
    await loses_everything(app, tmp_path / "nightly.backup", keep_keys=True)
    assert await app.rows(counts[0]) == [(1,)]


@pytest.mark.slow
async def test_who_was_forgotten_since_is_deleted_and_who_came_back_stays(app: RunningApp, tmp_path: Path) -> None:
    await fishes_between_meetings(app)
    for user in (BEN, "U0CAT00001"):
        await app.joins(user)
    await backs_up(app, tmp_path / "nightly.backup")
    assert app.service is not None
    app.clock.move(minutes=1)
    for user in (ANN, BEN):
        await app.service.cases.people.forget(PersonKey("T0DEMO0001", user))
        await app.settle()
    printed = tmp_path / "forgotten.jsonl"
    config = settings.load(app.environment(), dotenv=None)
    with pytest.MonkeyPatch.context() as patch, printed.open("w") as out:
        patch.setattr("sys.stdout", out)
        assert await backup.forgotten(config, app.clock) == 0
    assert (len(printed.read_text().splitlines()), ANN in printed.read_text()) == (2, False)
    await loses_everything(app, tmp_path / "nightly.backup", forgotten=printed)
    people = sa.select(PEOPLE.c.user_id).order_by(PEOPLE.c.user_id)
    assert [user for (user,) in await app.rows(people)] == ["U0CAT00001"]
    app.clock.move(minutes=1)
    await app.joins(ANN)
    await backs_up(app, tmp_path / "later.backup")
    await loses_everything(app, tmp_path / "later.backup", forgotten=printed)
    assert [user for (user,) in await app.rows(people)] == [ANN, "U0CAT00001"]
