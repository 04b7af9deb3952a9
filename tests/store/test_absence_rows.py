"""Who is out of a workspace, as rows: told as Slack shows it now, and ahead where that is allowed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.domain.absences import FOREVER, Absence
from services.domain.decisions import Standing
from services.domain.model import NO_STATUS, Kind, Pause, PersonKey, Status
from services.domain.profile_state import ProfileState
from services.platform.crypto import Encryptor
from services.store.absence_rows import ResolvedAbsences, replace_absences
from services.store.absences import _OUT, _OUT_AMONG, AbsenceStore
from services.store.db import Database
from services.store.due import ProfileStateStore
from services.store.preferences import PreferenceStore
from services.store.tables import PEOPLE, SPANS, WORKSPACES
from services.store.workspace_tables import ABSENCES
from tests.support.databases import BOTH
from tests.support.statements import statements

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SINCE = NOW - DAY
ANN, BEN, CAT = PersonKey("T1", "U1"), PersonKey("T1", "U2"), PersonKey("T1", "U3")
NAMES = {ANN: "Ann Lee", BEN: "ben hall", CAT: "Cat Ito"}
OUT = Kind.OUT_OF_OFFICE
TODAY = Absence("now", OUT, NOW - HOUR, NOW + 3 * HOUR)
NEXT_WEEK = Absence(
    "next",
    OUT,
    NOW + 6 * DAY,
    NOW + 9 * DAY,
    first_day=date(2026, 11, 30),
    return_day=date(2026, 12, 3),
    told_ahead=True,
)
AT_HOME = Absence("home", Kind.WORKING_LOCATION, NOW - 9 * HOUR, NOW + 15 * HOUR, place="home", told_ahead=True)
SHOWN = Status("Out of office until 12:00", ":palm_tree:", NOW + 3 * HOUR)

pytestmark = BOTH


@pytest.fixture
async def store(database: Database, encryptor: Encryptor) -> AbsenceStore:
    async with database.write() as connection:
        await connection.execute(
            sa.insert(WORKSPACES), [{"team_id": team, "installed_at": NOW} for team in ("T1", "T2")]
        )
        for key, name in NAMES.items():
            sealed = encryptor.seal(json.dumps([name]), "people.names", key.team_id, key.user_id)
            await connection.execute(
                sa.insert(PEOPLE).values(
                    team_id=key.team_id, user_id=key.user_id, created_at=NOW, grant_state="ok", names=sealed,
                    zone="Europe/Berlin",
                )
            )  # fmt: skip
    return AbsenceStore(database, encryptor)


async def has(database: Database, key: PersonKey, *absences: Absence, now: datetime = NOW) -> None:
    async with database.write() as connection:
        await replace_absences(connection, {key: ResolvedAbsences(SINCE, absences)}, now)


async def shows(
    database: Database, encryptor: Encryptor, key: PersonKey, status: Status | None = SHOWN, *, kind: str = OUT.value,
    override: bool = False, **more: Any,
) -> None:  # fmt: skip
    """The person's timeline says that now, and their profile shows `status` of ours."""
    async with database.write() as connection:
        await connection.execute(sa.delete(SPANS).where(SPANS.c.user_id == key.user_id))
        await connection.execute(
            sa.insert(SPANS).values(
                team_id=key.team_id, user_id=key.user_id, start_at=NOW - HOUR, end_at=NOW + 3 * HOUR, rule="x",
                kind=kind, reason="{}", uid="", override=override,
            )
        )  # fmt: skip
        standing = Standing(applied=status, **more)
        await ProfileStateStore(encryptor).save(connection, key, ProfileState(standing=standing))


async def told(store: AbsenceStore, start: datetime = NOW, end: datetime = NOW + DAY, **more: Any) -> list[str]:
    return [f"{one.name} {one.place}".strip() for one in await store.out("T1", start, end, **{"now": NOW} | more)]


# ── now ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_is_out_now_is_told_as_slack_shows_it(
    store: AbsenceStore, database: Database, encryptor: Encryptor
) -> None:
    await has(database, ANN, TODAY)
    assert await told(store) == []  # nothing is written yet
    await shows(database, encryptor, ANN)
    (found,) = await store.out("T1", NOW, NOW + DAY, now=NOW)
    assert (found.user_id, found.name, found.start, found.until) == ("U1", "Ann Lee", TODAY.start, TODAY.end)
    assert (found.id, found.seq, found.place, found.told_ahead) == ("now", 0, "", False)
    assert await store.out("T2", NOW, NOW + DAY, now=NOW) == []
    assert await told(store, among=["U2", "U3"]) == []
    assert await told(store, among=["U1", "U3"]) == ["Ann Lee"]
    assert await told(store, among=[]) == []


@pytest.mark.parametrize("ahead", [False, True])
async def test_nobody_is_told_of_who_is_paused_back_early_or_shows_their_own(
    store: AbsenceStore, database: Database, encryptor: Encryptor, *, ahead: bool
) -> None:
    await has(database, ANN, replace(TODAY, told_ahead=ahead))
    preferences = PreferenceStore(database)
    await shows(database, encryptor, ANN, own=NO_STATUS)
    assert await told(store) == []
    await shows(database, encryptor, ANN, own=Status("Back at my desk", ":desktop_computer:"))
    assert await told(store) == []
    await shows(database, encryptor, ANN, replace(SHOWN, expiration=NOW))
    assert await told(store) == []
    await shows(database, encryptor, ANN, kind="", override=True)  # what they typed through us
    assert await told(store) == []
    await shows(database, encryptor, ANN)
    await preferences.pause(ANN, Pause(NOW - HOUR), NOW)
    assert await told(store) == []
    await preferences.pause(ANN, Pause(NOW + HOUR), NOW)
    assert await told(store) == ["Ann Lee"]


@pytest.mark.parametrize("change", [{"grant_state": "lost"}, {"grant_state": "none"}, {"leave_by": NOW + HOUR}])
async def test_nobody_is_told_of_who_gave_us_no_grant_or_leaves(
    store: AbsenceStore, database: Database, encryptor: Encryptor, change: dict[str, Any]
) -> None:
    await has(database, ANN, TODAY, NEXT_WEEK)
    await shows(database, encryptor, ANN)
    assert await told(store, end=NOW + 9 * DAY) == ["Ann Lee", "Ann Lee"]
    await database.execute(sa.update(PEOPLE).where(PEOPLE.c.user_id == "U1").values(**change))
    assert await told(store, end=NOW + 9 * DAY) == []


async def test_meeting_on_top_hides_only_what_nobody_is_told_of_ahead(
    store: AbsenceStore, database: Database, encryptor: Encryptor
) -> None:
    await shows(database, encryptor, ANN, Status("In a meeting", ":spiral_calendar_pad:", NOW + HOUR), kind="meeting")
    await has(database, ANN, TODAY)
    assert await told(store) == []
    await has(database, ANN, replace(TODAY, told_ahead=True))
    assert await told(store) == ["Ann Lee"]


async def test_end_is_the_one_that_slack_shows(store: AbsenceStore, database: Database, encryptor: Encryptor) -> None:
    midnight = datetime(2026, 11, 25, 23, tzinfo=UTC)
    open_one = replace(TODAY, id="open", told_ahead=True)
    await has(database, ANN, open_one, Absence("private", OUT, open_one.end, midnight))
    await shows(database, encryptor, ANN, replace(SHOWN, expiration=midnight))
    (found,) = await store.out("T1", NOW, NOW + DAY, now=NOW)
    assert (found.id, found.until, found.return_day) == ("open", midnight, date(2026, 11, 26))
    follows = replace(NEXT_WEEK, start=open_one.end)
    await has(database, ANN, open_one, follows)
    await shows(database, encryptor, ANN)
    (found,) = await store.out("T1", NOW, NOW + DAY, now=NOW)
    assert (found.start, found.until, found.return_day) == (open_one.start, follows.end, follows.return_day)
    await has(database, ANN, replace(open_one, end=FOREVER, ends=False))
    await shows(database, encryptor, ANN, replace(SHOWN, expiration=None))
    (found,) = await store.out("T1", NOW, NOW + DAY, now=NOW)
    assert (found.until, found.return_day) == (None, None)


# ── ahead ───────────────────────────────────────────────────────────────────────────────────────────


async def test_coming_absences_are_told_where_that_is_allowed_and_only_in_their_time(
    store: AbsenceStore, database: Database
) -> None:
    await has(database, ANN, NEXT_WEEK)
    await has(database, BEN, replace(NEXT_WEEK, told_ahead=False))
    assert await told(store) == []
    assert await told(store, NOW + 5 * DAY, NEXT_WEEK.start) == []
    assert await told(store, NEXT_WEEK.end, NOW + 20 * DAY) == []
    (found,) = await store.out("T1", NOW + 5 * DAY, NOW + 12 * DAY, now=NOW)
    assert (found.user_id, found.first_day, found.return_day) == ("U1", date(2026, 11, 30), date(2026, 12, 3))
    await PreferenceStore(database).pause(ANN, Pause(NOW - HOUR), NOW)  # about the present alone
    assert await told(store, NOW + 5 * DAY, NOW + 12 * DAY) == ["Ann Lee"]


async def test_people_come_by_name_those_who_are_out_first(
    store: AbsenceStore, database: Database, encryptor: Encryptor
) -> None:
    for key in (CAT, BEN, ANN):
        await has(database, key, AT_HOME if key == ANN else replace(TODAY, told_ahead=True))
        await shows(database, encryptor, key, kind=Kind.WORKING_LOCATION if key == ANN else OUT.value)
    assert await told(store) == ["ben hall", "Cat Ito", "Ann Lee home"]


async def test_working_place_is_told_of_who_shares_it_and_shows_something_of_ours(
    store: AbsenceStore, database: Database, encryptor: Encryptor
) -> None:
    await has(database, ANN, AT_HOME)
    await shows(database, encryptor, ANN, Status("In a meeting", ":spiral_calendar_pad:", NOW + HOUR), kind="meeting")
    assert await told(store) == ["Ann Lee home"]
    await shows(database, encryptor, ANN, kind=Kind.WORKING_LOCATION, own=NO_STATUS)
    assert await told(store) == []
    await shows(database, encryptor, ANN, kind=Kind.WORKING_LOCATION)
    await has(database, ANN, replace(AT_HOME, told_ahead=False))
    assert await told(store) == []


async def test_one_whose_row_cannot_be_read_hides_nobody_else(
    store: AbsenceStore, database: Database, encryptor: Encryptor
) -> None:
    for key in (ANN, BEN):
        await has(database, key, NEXT_WEEK)
    foreign = Encryptor([encryptor_key()]).seal("[]", "people.names", "T1", "U1")
    await database.execute(sa.update(PEOPLE).where(PEOPLE.c.user_id == "U1").values(names=foreign))
    assert await told(store, end=NOW + 9 * DAY) == ["ben hall"]


def encryptor_key() -> str:
    from services.platform.crypto import new_key  # noqa: PLC0415

    return new_key()


# ── written by difference ───────────────────────────────────────────────────────────────────────────


async def test_what_stays_the_same_is_not_written_and_a_change_of_times_is_counted(
    store: AbsenceStore, database: Database
) -> None:
    await has(database, ANN, TODAY, NEXT_WEEK)
    with statements(database) as asked:
        await has(database, ANN, NEXT_WEEK, TODAY, now=NOW + HOUR)
    assert not [one for one in asked if one.startswith(("INSERT", "UPDATE", "DELETE"))]
    moved = replace(NEXT_WEEK, end=NEXT_WEEK.end + DAY, return_day=date(2026, 12, 4))
    with statements(database) as asked:
        await has(database, ANN, TODAY, moved, now=NOW + HOUR)
    assert [one.split()[0] for one in asked if one.startswith(("INSERT", "UPDATE", "DELETE"))] == ["UPDATE"]
    await has(database, ANN, replace(moved, told_ahead=False), now=NOW + 2 * HOUR)
    row = await database.fetch_one(sa.select(ABSENCES))
    assert row is not None
    assert (row.absence_id, row.seq, row.changed_at) == ("next", 1, NOW + 2 * HOUR)  # told_ahead is no time
    await has(database, ANN)
    assert await database.fetch(sa.select(ABSENCES)) == []


async def test_absence_that_began_before_what_is_read_is_still_the_same_one(
    store: AbsenceStore, database: Database
) -> None:
    long = Absence("first", OUT, SINCE - 3 * DAY, NOW + DAY, told_ahead=True)
    await has(database, ANN, long)
    await has(database, ANN, Absence("second", OUT, SINCE - HOUR, NOW + 2 * DAY, told_ahead=True))
    row = await database.fetch_one(sa.select(ABSENCES))
    assert row is not None
    assert (row.absence_id, row.start_at, row.end_at, row.seq) == ("first", long.start, NOW + 2 * DAY, 1)


# ── the index ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("query", [_OUT, _OUT_AMONG])
async def test_absences_of_a_workspace_are_found_by_an_index(database: Database, query: sa.Select[Any]) -> None:
    compiled = query.compile(dialect=database.engine.dialect)
    given = {name: bind.value for name, bind in compiled.binds.items()}
    given |= {"team": "T1", "now": 10**15, "window_start": 10**15, "window_end": 10**15 + 1, "users": '[["U1"]]'}
    values = tuple(given[name] for name in compiled.positiontup or ())
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES), [{"team_id": f"T{n}", "installed_at": NOW} for n in range(5)])
        everybody = [{"team_id": f"T{n % 5}", "user_id": f"U{n}", "created_at": NOW} for n in range(2_000)]
        await connection.execute(sa.insert(PEOPLE), everybody)
        over = {"absence_id": "a", "kind": OUT.value, "start_at": SINCE, "end_at": NOW, "seq": 0, "changed_at": NOW}
        rows = [{"team_id": one["team_id"], "user_id": one["user_id"], **over} for one in everybody]
        await connection.execute(sa.insert(ABSENCES), rows)
        await connection.execute(sa.text("ANALYZE"))
        plan = "\n".join(str(row[-1]) for row in await connection.exec_driver_sql(explain + str(compiled), values))
    assert "Seq Scan on absences" not in plan
    assert "SCAN absences" not in plan
    assert "ix_absences_end" in plan or query is _OUT_AMONG  # a few people are found by who they are
