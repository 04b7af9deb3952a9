"""Events about people, as they come and as they come late."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.domain.members import Role, WorkspaceMember
from services.domain.model import PersonKey, Status
from services.platform.crypto import Encryptor
from services.store.due import ProfileStateStore
from services.store.members import MemberStore
from services.store.tables import METADATA, PEOPLE
from tests.support.databases import BOTH, SQLITE_FIRST
from tests.support.few import few
from tests.support.install_side import InstallSide, profile
from tests.support.oauth_stub import OAuthStub, answer

ANN = PersonKey("T1", "U1")
KINDS = pytest.mark.parametrize(
    "kind", few(["user_change", "team_join", "user_status_changed", "user_profile_changed"], quick=2)
)
"""All four carry the same user: of the last two a manifest has made our app hear before."""


async def memory_of(installed: InstallSide, encryptor: Encryptor) -> Status | None:
    async with installed.database.read() as connection:
        return (await ProfileStateStore(encryptor).load(connection, ANN)).standing.own


@BOTH
@KINDS
async def test_status_that_was_typed_is_remembered_and_its_person_due(
    installed: InstallSide, encryptor: Encryptor, kind: str
) -> None:
    async with installed.database.write() as connection:
        await connection.execute(sa.update(PEOPLE).values(due_at=None))
    rings = installed.wake_signal.rung
    installed.clock.move(minutes=1)
    user = profile(status_text="Tea &amp; cake", status_emoji=":tea:", status_expiration=0)
    assert await installed.event({"type": kind, "user": user}) == (200, "")
    assert await memory_of(installed, encryptor) == Status("Tea & cake", ":tea:")
    async with installed.database.read() as connection:
        assert await connection.scalar(sa.select(PEOPLE.c.due_at)) == installed.clock.now()
    assert installed.wake_signal.rung == rings + 1
    for again in ("user_status_changed", "user_change"):  # where an older manifest has both, each comes twice
        assert await installed.event({"type": again, "user": user}) == (200, "")
    assert installed.wake_signal.rung == rings + 1


@KINDS
async def test_older_status_that_comes_late_changes_no_memory_and_has_the_profile_looked_at(
    installed: InstallSide, encryptor: Encryptor, kind: str
) -> None:
    old = profile(status_text="Old", status_emoji=":one:")
    at = installed.clock.now().timestamp()
    installed.clock.move(seconds=5)
    await installed.event({"type": kind, "user": old, "event_ts": f"{at + 1:.6f}"})
    new = profile(status_text="New", status_emoji=":two:")
    await installed.event({"type": kind, "user": new, "event_ts": f"{at + 2:.6f}"}, event_id="Ev2")
    rings = installed.wake_signal.rung
    await installed.event({"type": kind, "user": old, "event_ts": f"{at + 1:.6f}"})
    assert await memory_of(installed, encryptor) == Status("New", ":two:")
    assert installed.wake_signal.rung == rings + 1
    await installed.event({"type": kind, "user": new, "event_ts": f"{at + 2:.6f}"}, event_id="Ev3")
    assert installed.wake_signal.rung == rings + 1


async def test_news_of_strangers_is_dropped_without_a_trace(installed: InstallSide) -> None:
    before = await rows_of(installed)
    for kind in ("user_change", "team_join", "user_status_changed", "user_profile_changed"):
        assert await installed.event({"type": kind, "user": profile("U404", status_text="x")}) == (200, "")
    assert await rows_of(installed) == before


# ── members without a grant, where a leave calendar or a keeper needs to know them ───────────────────


def member(user: str, tz: str = "Asia/Tokyo", **more: Any) -> dict[str, Any]:
    """The user object of somebody who is none of ours."""
    shown = {"real_name": "Ann Lee", "display_name": "", "email": "ann@example.com"}
    return {**profile(user, **shown), "tz": tz, "locale": "ja-JP", **more}


async def needed(installed: InstallSide, encryptor: Encryptor) -> MemberStore:
    """The members, from now on kept."""
    store = MemberStore(installed.database, encryptor)
    async with installed.database.write() as connection:
        await store.needed(connection, "T1", installed.clock.now())
    return store


@SQLITE_FIRST
@KINDS
async def test_member_is_followed_where_they_are_kept(installed: InstallSide, encryptor: Encryptor, kind: str) -> None:
    store, key = await needed(installed, encryptor), PersonKey("T1", "U404")
    rings = installed.wake_signal.rung
    for _ in range(2):
        assert await installed.event({"type": kind, "user": member("U404")}) == (200, "")
    ann = WorkspaceMember("U404", ("Ann Lee",), "ann@example.com", "Asia/Tokyo", "ja-JP")
    assert await store.one(key) == ann
    assert installed.wake_signal.rung == rings + 1
    installed.clock.move(minutes=1)
    shown = member("U404", "Europe/Rome", is_admin=True)
    del shown["locale"], shown["profile"]["email"]
    await installed.event({"type": kind, "user": shown})
    assert await store.one(key) == replace(ann, zone="Europe/Rome", role=Role.ADMIN)
    installed.clock.move(minutes=1)
    await installed.event({"type": kind, "user": {"id": "U404", "team_id": "T1", "deleted": True, "profile": {}}})
    found = await store.one(key)
    assert found is not None
    assert (found.deleted, found.is_admin) == (True, False)
    assert await installed.people.get(key) is None


async def test_persons_are_members_too_and_what_comes_late_changes_neither(
    installed: InstallSide, encryptor: Encryptor
) -> None:
    store, at = await needed(installed, encryptor), installed.clock.now().timestamp()
    installed.clock.move(seconds=10)
    for after, zone in ((5, "Asia/Tokyo"), (2, "Europe/Berlin")):
        news = {"type": "user_change", "user": member("U1", zone), "event_ts": f"{at + after:.6f}"}
        assert (await installed.event(news))[0] == 200
    view, found = await installed.people.get(ANN), await store.one(ANN)
    assert view is not None
    assert found is not None
    assert (view.zone.key, found.zone) == ("Asia/Tokyo", "Asia/Tokyo")


async def test_people_of_other_organisations_and_bots_are_told_apart(
    installed: InstallSide, encryptor: Encryptor
) -> None:
    store = await needed(installed, encryptor)
    await installed.event({"type": "user_change", "user": {**member("U7"), "team_id": "T7"}})
    await installed.event({"type": "user_change", "user": member("U8", is_bot=True)})
    found = await store.some("T1", ["U7", "U8"])
    assert {user: (one.stranger, one.bot) for user, one in found.items()} == {"U7": (True, False), "U8": (False, True)}


@pytest.mark.parametrize("user", [None, "U404", {}, {"id": "U404", "profile": []}])
async def test_news_of_nobody_is_answered(installed: InstallSide, encryptor: Encryptor, user: Any) -> None:
    await needed(installed, encryptor)
    assert (await installed.event({"type": "team_join", "user": user}))[0] == 200


async def rows_of(installed: InstallSide) -> dict[str, int]:
    async with installed.database.read() as connection:
        return {
            table.name: await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in METADATA.sorted_tables
        }


@KINDS
async def test_news_without_a_profile_is_answered(installed: InstallSide, kind: str) -> None:
    users: list[Any] = [None, "U1", {"id": "U1"}, {"id": "U1", "profile": None}, {"id": "U1", "profile": []}]
    for user in users:
        assert (await installed.event({"type": kind, "user": user}))[0] == 200, user


async def test_news_of_somebody_known_to_the_org_are_theirs_in_any_team(installed: InstallSide) -> None:
    await installed.install(answer("W1", team=None, enterprise="E1"))
    moved = {**profile("W1"), "tz": "Asia/Tokyo"}
    authorizations = [{"team_id": "T7", "enterprise_id": "E1", "is_enterprise_install": True}]
    news = {"type": "user_change", "user": moved}
    assert await installed.event(news, team_id="T7", authorizations=authorizations) == (200, "")
    view = await installed.people.get(PersonKey("E1", "W1"))
    assert view is not None
    assert view.zone.key == "Asia/Tokyo"


@KINDS
async def test_person_who_moves_is_followed(installed: InstallSide, kind: str) -> None:
    moved = {**profile(), "tz": "Asia/Tokyo", "locale": "ja-JP"}
    rings = installed.wake_signal.rung
    for _ in range(2):
        assert await installed.event({"type": kind, "user": moved}) == (200, "")
    view = await installed.people.get(ANN)
    assert view is not None
    assert (view.zone.key, view.locale) == ("Asia/Tokyo", "ja-JP")
    assert installed.wake_signal.rung == rings + 1


@BOTH
async def test_zone_of_an_older_event_that_comes_late_moves_nobody_back(installed: InstallSide) -> None:
    at = installed.clock.now().timestamp()
    for after, zone in ((5, "Asia/Tokyo"), (2, "Europe/Berlin"), (5, "Asia/Tokyo"), (9, "America/New_York")):
        news = {"type": "user_change", "user": {**profile(), "tz": zone}, "event_ts": f"{at + after:.6f}"}
        assert (await installed.event(news))[0] == 200
        view = await installed.people.get(ANN)
        assert view is not None
        assert view.zone.key == (zone if after > 2 else "Asia/Tokyo")


async def test_change_of_something_else_after_our_status_ran_out_is_no_clearing_by_hand(
    installed: InstallSide, encryptor: Encryptor
) -> None:
    """`user_change` tells of a huddle, a new title, a role as well, with whatever status shows then."""
    applied = Status("In a meeting", ":calendar:", installed.clock.now() + timedelta(minutes=5))
    async with installed.database.write() as connection:
        store = ProfileStateStore(encryptor)
        memory = await store.load(connection, ANN)
        looked = replace(memory.standing, applied=applied, looked_at=installed.clock.now())
        await store.save(connection, ANN, replace(memory, standing=looked))
    rings = installed.wake_signal.rung
    shows = profile(status_text="In a meeting", status_emoji=":calendar:", huddle_state="in_a_huddle")
    shows["profile"]["status_expiration"] = int(applied.expiration.timestamp()) if applied.expiration else 0
    installed.clock.move(minutes=1)
    await installed.event({"type": "user_change", "user": shows})
    installed.clock.move(minutes=5)
    await installed.event({"type": "user_change", "user": profile(title="Boss")})
    assert (await memory_of(installed, encryptor), installed.wake_signal.rung) == (None, rings)


@pytest.mark.parametrize(
    "zone", few(["Nowhere/Town", "../../etc/passwd", "", None, 5, "Europe", "EST5EDT\x1f"], quick=2)
)
async def test_zone_that_does_not_exist_changes_nothing(installed: InstallSide, stub: OAuthStub, zone: Any) -> None:
    stub.members["U1"] = {"tz": "Europe/Berlin", "locale": "en-GB"}
    await installed.install(answer())
    assert (await installed.event({"type": "user_change", "user": {**profile(), "tz": zone}}))[0] == 200
    view = await installed.people.get(ANN)
    assert view is not None
    assert view.zone.key == "Europe/Berlin"


async def test_home_that_is_opened_is_kept_up_to_date_also_for_somebody_new(installed: InstallSide) -> None:
    installed.stub.members["U5"] = {"tz": "Europe/Rome", "locale": "it-IT"}
    assert await installed.event({"type": "app_home_opened", "user": "U5", "tab": "messages"}) == (200, "")
    assert await installed.people.get(PersonKey("T1", "U5")) is None
    assert await installed.event({"type": "app_home_opened", "user": "U5", "tab": "home"}, event_id="Ev2") == (200, "")
    view = await installed.people.get(PersonKey("T1", "U5"))
    assert view is not None
    assert (view.granted, view.zone.key, view.locale) == (False, "Europe/Rome", "it-IT")
    async with installed.database.read() as connection:
        columns = sa.select(PEOPLE.c.home_opened_at, PEOPLE.c.home_stale).where(PEOPLE.c.user_id == "U5")
        home = (await connection.execute(columns)).one()
    assert tuple(home) == (installed.clock.now(), True)
