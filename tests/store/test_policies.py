"""Policies as they are stored: what differs from the default, bounded; a change has everybody's timeline made anew."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.model import Kind, Look, PersonKey
from services.domain.people import LEAVE
from services.domain.policy import LONGEST_LEAVE_TYPE, MOST_LEAVE_TYPES, OF_POLICY, Freedom, Policy
from services.domain.request_errors import NotInstalledError
from services.store.db import Database
from services.store.policies import PolicyStore, allows_replies, policy_from_json, policy_to_json
from services.store.tables import PEOPLE, WORKSPACES
from tests.support.databases import BOTH

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
CID = PersonKey("T1", "CID")
TEXT = st.text(min_size=1, max_size=40)
LOOKS = st.builds(Look, st.none() | TEXT, st.none() | TEXT)
POLICIES = st.builds(
    Policy, titles=st.booleans(), effects=st.frozensets(st.sampled_from(sorted(OF_POLICY))), replies=st.booleans(),
    digests=st.booleans(), keeper=st.booleans(), agents=st.booleans(),
    looks=st.dictionaries(st.sampled_from(Kind), LOOKS).map(MappingProxyType),
    leave_types=st.lists(TEXT, max_size=5).map(tuple), members_may=st.frozensets(st.sampled_from(Freedom)),
)  # fmt: skip


@given(POLICIES)
def test_policy_is_read_back_as_it_was(policy: Policy) -> None:
    assert policy_from_json(policy_to_json(policy)) == policy


def test_only_what_differs_from_the_default_is_stored() -> None:
    assert policy_to_json(Policy()) == "{}"
    assert policy_to_json(replace(Policy(), titles=False)) == '{"titles":false}'
    assert policy_from_json("{}", "U1", NOW) == Policy()
    assert policy_from_json("{}", "U1", NOW).set_by == "U1"


@pytest.mark.parametrize(
    "text",
    ['{"titles":"no"}', '{"effects":["smell"]}', '{"looks":{"lunch":{}}}', '{"members_may":["all"]}', "[]", "",
     json.dumps({"leave_types": ["x"] * (MOST_LEAVE_TYPES + 1)}),
     json.dumps({"leave_types": ["x" * (LONGEST_LEAVE_TYPE + 1)]}),
     json.dumps({"leave_types": [""]}), json.dumps({"looks": {"focus": {"text": "x" * 501}}})],
)  # fmt: skip
def test_stored_text_that_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        policy_from_json(text)


async def people(database: Database, *columns: dict[str, object]) -> None:
    row = {"created_at": NOW, "stale": False, "facts_seq": 7}
    async with database.write() as connection:
        await connection.execute(
            sa.insert(WORKSPACES), [{"team_id": team, "installed_at": NOW} for team in ("T1", "T2")]
        )
        await connection.execute(sa.insert(PEOPLE).values(team_id="T2", user_id="EVE", **row))
        for one in columns:
            await connection.execute(sa.insert(PEOPLE).values(team_id="T1", **row, **one))


@BOTH
async def test_change_marks_everybody_of_the_workspace_and_those_who_show_titles_first(database: Database) -> None:
    titles, early, late = '{"titles":true}', NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    await people(
        database, {"user_id": "ANN", "due_at": late}, {"user_id": "BEN", "preferences": titles},
        {"user_id": "CID", "due_at": early}, {"user_id": "DAN", "due_at": early, "preferences": titles},
    )  # fmt: skip
    store = PolicyStore(database)
    before, after = await store.change(CID, NOW, lambda one: replace(one, titles=False))
    assert (before, after) == (Policy(), Policy(titles=False))
    found = await store.get("T1")
    assert (found, found.set_by, found.set_at) == (Policy(titles=False), "CID", NOW)
    assert await store.get("T2") == Policy()
    async with database.read() as connection:
        columns = (PEOPLE.c.user_id, PEOPLE.c.due_at, PEOPLE.c.stale, PEOPLE.c.facts_seq, PEOPLE.c.home_stale)
        rows = (await connection.execute(sa.select(*columns).order_by(PEOPLE.c.user_id))).all()
        assert (
            await connection.scalar(sa.select(WORKSPACES.c.allow_titles).where(WORKSPACES.c.team_id == "T1")) is False
        )
    first = NOW - timedelta(seconds=1)
    assert [tuple(row) for row in rows] == [
        ("ANN", NOW, True, 8, True), ("BEN", first, True, 8, True), ("CID", early, True, 8, True),
        ("DAN", early, True, 8, True), ("EVE", None, False, 7, False),
    ]  # fmt: skip


@BOTH
async def test_leave_is_found_anew_where_its_types_are_others_and_only_then(database: Database) -> None:
    await people(database, {"user_id": "ANN"}, {"user_id": LEAVE})
    store = PolicyStore(database)
    found = []
    for change in ({"titles": False}, {"leave_types": ("Sabbatical",)}):
        await store.change(CID, NOW, lambda one, change=change: replace(one, **change))  # type: ignore[misc]
        async with database.read() as connection:
            mine = sa.select(PEOPLE.c.stale, PEOPLE.c.due_at).where(PEOPLE.c.user_id == LEAVE)
            found.append(tuple((await connection.execute(mine)).one()))
    assert found == [(False, None), (True, NOW)]


@BOTH
async def test_change_that_changes_nothing_marks_nobody_and_one_that_fails_neither(database: Database) -> None:
    await people(database, {"user_id": "ANN"})
    store = PolicyStore(database)

    def fails(policy: Policy) -> Policy:
        raise InputError("no")

    assert await store.change(CID, NOW, lambda one: one) == (Policy(), Policy())
    with pytest.raises(InputError):
        await store.change(CID, NOW, fails)
    with pytest.raises(NotInstalledError):
        await store.change(PersonKey("T3", "X"), NOW, lambda one: one)
    async with database.read() as connection:
        assert not await connection.scalar(sa.select(sa.exists().where(PEOPLE.c.stale)))
    assert (await store.get("T1")).set_at is None
    assert await store.get("T3") == Policy()


@BOTH
async def test_workspaces_that_allow_replies_are_told_by_the_database(database: Database) -> None:
    await people(database)
    store = PolicyStore(database)
    trick = ('"replies":false', '\\"replies\\":false', '","replies":false,"')
    await store.change(CID, NOW, lambda one: replace(one, leave_types=trick, agents=False))
    query = sa.select(WORKSPACES.c.team_id).where(allows_replies()).order_by(WORKSPACES.c.team_id)
    async with database.read() as connection:
        assert (await connection.scalars(query)).all() == ["T1", "T2"]
    await store.change(CID, NOW, lambda one: replace(one, replies=False))
    async with database.read() as connection:
        assert (await connection.scalars(query)).all() == ["T2"]
