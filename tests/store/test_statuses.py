"""What people ask for and choose, stored: the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from services.domain.decisions import Standing
from services.domain.errors import NotGrantedError, NothingToDoError, TooManyError
from services.domain.lines import MOST_LINES, Match, Rule, complete, moved, put, without
from services.domain.model import Kind, Look, Override, OverrideKind, Pause, PersonKey, Status
from services.domain.operator_errors import SealError
from services.domain.people import Preferences
from services.domain.profile_state import ProfileState
from services.platform.crypto import Encryptor
from services.store.absences import AbsenceStore
from services.store.db import Database
from services.store.due import ProfileStateStore
from services.store.line_json import line_to_json
from services.store.overrides import OverrideStore
from services.store.person_rows import of_person
from services.store.preferences import LineStore, PreferenceStore
from services.store.tables import DELIVERIES, OVERRIDES, PEOPLE, RULES, WORKSPACES
from services.store.timeline import _RECENT

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANN, BEN = PersonKey("T1", "U1"), PersonKey("T1", "U2")
BY_HAND = frozenset({OverrideKind.STATUS, OverrideKind.OUT_OF_OFFICE})


@pytest.fixture
async def people(database: Database) -> Database:
    ids = [{"team_id": key.team_id, "user_id": key.user_id, "created_at": NOW} for key in (ANN, BEN)]
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id="T1", name="", installed_at=NOW))
        await connection.execute(sa.insert(PEOPLE), ids)
    return database


async def due(database: Database, key: PersonKey) -> tuple[datetime | None, bool]:
    async with database.read() as connection:
        row = (
            await connection.execute(
                sa.select(PEOPLE.c.due_at, PEOPLE.c.stale).where(
                    PEOPLE.c.team_id == key.team_id, PEOPLE.c.user_id == key.user_id
                )
            )
        ).one()
    return row.due_at, row.stale


def lunch(name: str = "o1", *, start: datetime = NOW, end: datetime | None = None) -> Override:
    return Override(name, start, end, NOW, text="Lunch", emoji=":pizza:")


async def test_override_comes_back_as_it_was_and_makes_its_person_due(people: Database, encryptor: Encryptor) -> None:
    store = OverrideStore(people, encryptor)
    assert await store.add(ANN, lunch(), NOW) is True
    assert await store.standing(ANN, NOW) == [lunch()]
    assert await store.standing(BEN, NOW) == []
    assert await due(people, ANN) == (NOW, True)
    assert await due(people, BEN) == (None, False)


async def test_override_with_an_id_that_is_there_changes_nothing(people: Database, encryptor: Encryptor) -> None:
    store = OverrideStore(people, encryptor)
    await store.add(ANN, lunch(), NOW)
    assert await store.add(ANN, replace(lunch(), text="Dinner"), NOW) is False
    assert await store.standing(ANN, NOW) == [lunch()]


async def test_override_ends_once_and_only_of_the_kinds_named(people: Database, encryptor: Encryptor) -> None:
    store = OverrideStore(people, encryptor)
    away = Override("o2", NOW - HOUR, NOW + HOUR, NOW, OverrideKind.OUT_OF_OFFICE)
    for one in (lunch(), away, lunch("o3", start=NOW + HOUR), lunch("o4", start=NOW - 2 * HOUR, end=NOW)):
        await store.add(ANN, one, NOW)
    assert await store.end(ANN, NOW, kinds=frozenset({OverrideKind.OUT_OF_OFFICE})) == ([away], "")
    assert await store.end(ANN, NOW, kinds=BY_HAND) == ([lunch()], "")
    assert await store.end(ANN, NOW, kinds=BY_HAND) == ([], "")
    assert [one.id for one in await store.standing(ANN, NOW)] == ["o3"]


async def test_override_removed_or_cancelled_is_as_if_it_had_never_been(people: Database, encryptor: Encryptor) -> None:
    store = OverrideStore(people, encryptor)
    coming = Override("o2", NOW + HOUR, None, NOW, OverrideKind.OUT_OF_OFFICE)
    await store.add(ANN, lunch(), NOW)
    await store.add(ANN, coming, NOW)
    assert await store.remove(BEN, "o1", NOW) is None
    assert await store.remove(ANN, "o1", NOW) == lunch()
    assert await store.remove(ANN, "o1", NOW) is None
    assert await store.cancel_coming(ANN, NOW, kind=OverrideKind.OUT_OF_OFFICE) == ([coming], "")
    assert await store.cancel_coming(ANN, NOW, kind=OverrideKind.OUT_OF_OFFICE) == ([], "")
    assert await store.standing(ANN, NOW) == []


async def test_overrides_that_arrive_together_are_all_stored_and_their_people_due(
    people: Database, encryptor: Encryptor
) -> None:
    store = OverrideStore(people, encryptor)
    asked = [(ANN, "a"), (BEN, "a"), (ANN, "b"), (ANN, "a")]
    added = await asyncio.gather(*(store.add(key, lunch(name), NOW) for key, name in asked))
    assert added == [True, True, True, False]
    assert {one.id for one in await store.standing(ANN, NOW)} == {"a", "b"}
    assert [one.id for one in await store.standing(BEN, NOW)] == ["a"]
    async with people.read() as connection:
        due = await connection.execute(sa.select(PEOPLE.c.user_id, PEOPLE.c.due_at, PEOPLE.c.stale))
        assert {tuple(row) for row in due} == {(ANN.user_id, NOW, True), (BEN.user_id, NOW, True)}


async def test_override_of_somebody_who_left_fails_alone(people: Database, encryptor: Encryptor) -> None:
    store = OverrideStore(people, encryptor)
    nobody = PersonKey(ANN.team_id, "U0GONE")
    found = await asyncio.gather(*(store.add(key, lunch(), NOW) for key in (ANN, nobody, BEN)), return_exceptions=True)
    assert [type(one) for one in found] == [bool, NotGrantedError, bool]
    assert [len(await store.standing(key, NOW)) for key in (ANN, nobody, BEN)] == [1, 0, 1]
    async with people.read() as connection:  # nothing of what failed, so that it may be asked for again
        assert await connection.scalar(sa.select(sa.func.count()).select_from(DELIVERIES)) == 2


async def test_request_that_comes_again_after_its_override_was_taken_back_changes_nothing(
    people: Database, encryptor: Encryptor
) -> None:
    store = OverrideStore(people, encryptor)
    assert await store.add(ANN, lunch("a"), NOW) is True
    assert await store.remove(ANN, "a", NOW) == lunch("a")
    assert await store.add(ANN, lunch("a"), NOW) is False
    assert await store.standing(ANN, NOW) == []
    assert await store.add(BEN, lunch("a"), NOW) is True


async def test_override_text_is_sealed_and_bound_to_its_row(people: Database, encryptor: Encryptor) -> None:
    store = OverrideStore(people, encryptor)
    await store.add(ANN, lunch(), NOW)
    async with people.write() as connection:
        content = await connection.scalar(sa.select(OVERRIDES.c.content))
        assert content is not None
        assert b"Lunch" not in content
        await connection.execute(sa.update(OVERRIDES).values(user_id=BEN.user_id))
    with pytest.raises(SealError):
        await store.standing(BEN, NOW)


def rule(name: str) -> Rule:
    return Rule(
        name, f"Rule {name}", Match(title_words=("plan",), kinds=frozenset({Kind.MEETING})), Look("Busy", ":x:")
    )


async def test_list_keeps_its_order_through_every_change(people: Database, encryptor: Encryptor) -> None:
    store = LineStore(people, encryptor)
    kinds = complete(())
    assert await store.list(ANN) == kinds
    for name in "abc":
        await store.change(ANN, NOW, partial(put, line=rule(name)))
    assert await store.list(ANN) == (rule("a"), rule("b"), rule("c"), *kinds)
    await store.change(ANN, NOW, partial(moved, line_id="c", by=-1))
    assert await store.list(ANN) == (rule("a"), rule("c"), rule("b"), *kinds)
    await store.change(ANN, NOW, partial(without, line_id="a"))
    assert await store.list(ANN) == (rule("c"), rule("b"), *kinds)
    with pytest.raises(NothingToDoError):
        await store.change(ANN, NOW, partial(without, line_id="a"))
    assert await store.list(BEN) == kinds
    assert await due(people, ANN) == (NOW, True)


async def test_list_of_before_the_kinds_had_lines_is_completed(people: Database, encryptor: Encryptor) -> None:
    async with people.write() as connection:
        chosen = '{"show": {"focus": {"text": "Deep work", "emoji": ":brain:"}}}'
        await connection.execute(sa.update(PEOPLE).where(of_person(PEOPLE, ANN)).values(preferences=chosen))
        body = encryptor.seal(line_to_json(rule("a")), "rules.body", ANN.team_id, ANN.user_id, "a")
        old = {"team_id": ANN.team_id, "user_id": ANN.user_id, "rule_id": "a", "position": 0, "body": body}
        await connection.execute(sa.insert(RULES).values(**old))
    await PreferenceStore(people).save(ANN, Preferences(titles=True), NOW)
    listed = await LineStore(people, encryptor).list(ANN)
    assert [line.id for line in listed] == ["a", "out_of_office", "meeting", "focus", "working_location"]
    assert listed[3].look == Look("Deep work", ":brain:")


async def test_lines_of_one_person_are_bounded(people: Database, encryptor: Encryptor) -> None:
    store = LineStore(people, encryptor)
    await store.change(ANN, NOW, lambda lines: (*(rule(f"r{index}") for index in range(MOST_LINES)), *lines))
    with pytest.raises(TooManyError):
        await store.change(ANN, NOW, partial(put, line=rule("one more")))
    await store.change(ANN, NOW, partial(without, line_id="r0"))
    await store.change(ANN, NOW, partial(put, line=rule("one more")))


async def test_rule_words_are_sealed(people: Database, encryptor: Encryptor) -> None:
    await LineStore(people, encryptor).change(ANN, NOW, partial(put, line=rule("a")))
    async with people.read() as connection:
        body = await connection.scalar(sa.select(RULES.c.body).order_by(RULES.c.position).limit(1))
    assert body is not None
    assert b"plan" not in body


async def test_preferences_and_pause_are_kept_apart(people: Database) -> None:
    store = PreferenceStore(people)
    assert await store.get(ANN) == Preferences()
    chosen = Preferences(idle=Status("Here", ":wave:"), titles=True)
    await store.save(ANN, chosen, NOW)
    for pause in (Pause(NOW, NOW + HOUR), Pause(NOW), None, None):
        assert await store.pause(ANN, pause, NOW) == ""
        start, end = (None, None) if pause is None else (pause.start, pause.end)
        columns = sa.select(PEOPLE.c.paused_from, PEOPLE.c.paused_until).where(of_person(PEOPLE, ANN))
        assert await people.fetch_one(columns) == (start, end)
    assert await store.get(ANN) == chosen
    assert await store.get(BEN) == Preferences()
    assert await due(people, ANN) == (NOW, True)


async def test_what_we_know_of_a_profile_is_read_and_of_a_stranger_nothing(
    people: Database, encryptor: Encryptor
) -> None:
    shown = Status("Out of office until 18:00", ":palm_tree:", NOW + HOUR)
    async with people.write() as connection:
        await ProfileStateStore(encryptor).save(connection, ANN, ProfileState(standing=Standing(applied=shown)))
    store = AbsenceStore(people, encryptor)
    assert await store.standing(ANN) == Standing(applied=shown)
    assert await store.standing(PersonKey("T1", "U9")) == Standing()


async def test_a_persons_newest_lines_are_found_by_their_index(database: Database) -> None:
    compiled = _RECENT.compile(dialect=database.engine.dialect)
    given = {"team": "T1", "user": "U1", "most": 20, "param_1": 0, "of_an_effect": "%:%"}
    values = tuple(given[name] for name in compiled.positiontup or ())
    async with database.engine.connect() as connection:
        if not database.is_sqlite:
            await connection.execute(sa.text("SET LOCAL enable_seqscan = off"))  # as if the table were large
            await connection.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        plan = "\n".join(str(row[-1]) for row in await connection.exec_driver_sql(explain + str(compiled), values))
    assert "ix_writes_person_at" in plan
    assert "json" not in plan  # nobody is looked for in a list: PostgreSQL then reads and sorts everybody's lines
