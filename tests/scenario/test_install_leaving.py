"""What ends: uninstalls and revocations in any order, late and twice; "forget me"."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.domain.asks import AskedLine
from services.domain.model import PersonKey
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.tables import METADATA, NOTICES, PEOPLE, WORKSPACES
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH, SQLITE_FIRST
from tests.support.install_side import InstallSide, open_install_side
from tests.support.oauth_stub import answer, oauth_stub

ANN, BOB = PersonKey("T1", "U1"), PersonKey("T1", "U2")


@pytest.fixture
async def install_side(database: Database, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[InstallSide]:
    async with oauth_stub() as stub, open_install_side(database, encryptor, clock, stub) as found:
        await found.install(answer())
        await found.install(answer("U2", token="xoxp-2"))
        await found.install(answer("U1", team="T2", bot="xoxb-t2", token="xoxp-t2"))
        clock.move(minutes=5)
        yield found


async def rows(install_side: InstallSide, team_id: str) -> dict[str, int]:
    """How many rows of a workspace each table holds, those without any left out."""
    found = {}
    async with install_side.database.read() as connection:
        for table in (one for one in METADATA.sorted_tables if "team_id" in one.c):
            number = await connection.scalar(
                sa.select(sa.func.count()).select_from(table).where(table.c.team_id == team_id)
            )
            if number:
                found[table.name] = number
    return found


async def state(install_side: InstallSide, key: PersonKey) -> str:
    view = await install_side.people.get(key)
    assert view is not None
    return view.grant_state.value


def revoked(*users: str, bot: bool = False) -> dict[str, Any]:
    return {"type": "tokens_revoked", "tokens": {"oauth": list(users), "bot": ["UBOT"] if bot else []}}


UNINSTALLED = {"type": "app_uninstalled"}


@BOTH
async def test_uninstall_deletes_everything_of_the_workspace_and_nothing_of_others(install_side: InstallSide) -> None:
    await install_side.people.grant_link(ANN)
    before = await rows(install_side, "T2")
    assert (await install_side.event(UNINSTALLED))[0] == 200
    assert await rows(install_side, "T1") == {}
    assert await rows(install_side, "T2") == before
    assert before["people"] == 1


@pytest.mark.parametrize("order", [("app", "tokens"), ("tokens", "app")])
async def test_uninstall_and_revocation_in_either_order_leave_nothing(
    install_side: InstallSide, order: tuple[str, str]
) -> None:
    events = {"app": UNINSTALLED, "tokens": revoked("U1", "U2", bot=True)}
    for number, name in enumerate(order):
        assert (await install_side.event(events[name], event_id=f"Ev{number}"))[0] == 200
    assert await rows(install_side, "T1") == {}


async def test_revocation_takes_the_named_persons_grant_alone_and_tells_them_once(install_side: InstallSide) -> None:
    for number in range(2):
        assert (await install_side.event(revoked("U1"), event_id=f"Ev{number}"))[0] == 200
    assert [await state(install_side, key) for key in (ANN, BOB, PersonKey("T2", "U1"))] == ["lost", "ok", "ok"]
    assert await install_side.people_store.the_grant(ANN) is None
    async with install_side.database.read() as connection:
        told = (
            (await connection.execute(sa.select(NOTICES.c.user_id).where(NOTICES.c.subject == "grant"))).scalars().all()
        )
    assert told == ["U1"]
    assert await install_side.workspaces.bot_token("T1") == "xoxb-1"


async def test_late_revocation_does_not_take_a_newer_grant(install_side: InstallSide) -> None:
    at = install_side.clock.now()
    install_side.clock.move(minutes=10)
    await install_side.install(answer(token="xoxp-new"))
    assert (await install_side.event(revoked("U1", bot=True), event_time=int(at.timestamp())))[0] == 200
    grant = await install_side.people_store.the_grant(ANN)
    assert grant is not None
    assert grant.token == "xoxp-new"
    assert await install_side.workspaces.bot_token("T1") == "xoxb-1"


async def test_revocation_in_the_second_of_the_grant_is_settled_by_asking_slack(install_side: InstallSide) -> None:
    install_side.clock.move(microseconds=400_000)
    await install_side.install(answer(token="xoxp-alive"))
    await install_side.install(answer("U2", token="xoxp-dead"))
    del install_side.stub.owners["xoxp-dead"]
    at = install_side.clock.now().replace(microsecond=0)
    assert (await install_side.event(revoked("U1", "U2"), event_time=int(at.timestamp())))[0] == 200
    assert [await state(install_side, ANN), await state(install_side, BOB)] == ["ok", "lost"]


async def test_revocation_in_doubt_counts_while_slack_is_down_unless_it_is_surely_older(
    install_side: InstallSide,
) -> None:
    install_side.clock.move(microseconds=400_000)
    await install_side.install(answer(token="xoxp-a"))
    at = install_side.clock.now().replace(microsecond=0)
    install_side.clock.move(seconds=5)
    await install_side.install(answer("U2", token="xoxp-b"))
    install_side.stub.down = True
    assert (await install_side.event(revoked("U1", "U2"), event_time=int(at.timestamp())))[0] == 200
    assert [await state(install_side, ANN), await state(install_side, BOB)] == ["lost", "ok"]


@SQLITE_FIRST
async def test_late_uninstall_does_not_delete_a_newer_install(install_side: InstallSide) -> None:
    at = install_side.clock.now()
    install_side.clock.move(minutes=2)
    await install_side.install(answer())
    assert (await install_side.event(UNINSTALLED, event_time=int(at.timestamp())))[0] == 200
    assert await install_side.workspaces.bot_token("T1") == "xoxb-1"


async def test_revoked_bot_is_forgotten_but_its_people_stay(install_side: InstallSide) -> None:
    assert (await install_side.event(revoked(bot=True)))[0] == 200
    assert await install_side.workspaces.bot_token("T1") is None
    assert await state(install_side, ANN) == "ok"


async def test_uninstall_of_a_team_does_not_touch_its_orgs_install(install_side: InstallSide) -> None:
    await install_side.install(answer("W1", team=None, enterprise="E1"))
    install_side.clock.move(minutes=2)
    gone = [{"team_id": "T9", "enterprise_id": "E1", "is_enterprise_install": False}]
    await install_side.event(UNINSTALLED, team_id="T9", enterprise_id="E1", authorizations=gone)
    assert await install_side.workspaces.bot_token("E1") == "xoxb-1"
    gone = [{"team_id": None, "enterprise_id": "E1", "is_enterprise_install": True}]
    await install_side.event(UNINSTALLED, team_id="T9", enterprise_id="E1", authorizations=gone, event_id="Ev2")
    assert await rows(install_side, "E1") == {}


async def test_uninstall_of_an_unknown_workspace_is_answered(install_side: InstallSide) -> None:
    assert (await install_side.event(UNINSTALLED, team_id="T404"))[0] == 200
    assert (await install_side.event(revoked("U1", bot=True), team_id="T404", event_id="Ev2"))[0] == 200


@SQLITE_FIRST
async def test_forget_deletes_everything_of_one_person_and_revokes_their_token(install_side: InstallSide) -> None:
    await install_side.people.ask(ANN, AskedLine("/quo", "pause"))
    await install_side.people.grant_link(ANN)
    assert await install_side.people.forget(ANN) is True
    assert await install_side.people.get(ANN) is None
    assert install_side.stub.revoked == ["xoxp-1"]
    async with install_side.database.read() as connection:
        for table in METADATA.sorted_tables:
            if "user_id" in table.c:
                left = (
                    sa.select(sa.func.count())
                    .select_from(table)
                    .where(table.c.team_id == "T1", table.c.user_id == "U1")
                )
                kept = table.name == "refusals"  # that they are not to be kept by an admin's permission
                assert (table.name, await connection.scalar(left)) == (table.name, int(kept))
    assert [await state(install_side, key) for key in (BOB, PersonKey("T2", "U1"))] == ["ok", "ok"]
    assert await install_side.people.forget(ANN) is False


async def test_forget_deletes_although_slack_cannot_revoke(install_side: InstallSide) -> None:
    install_side.stub.down = True
    assert await install_side.people.forget(ANN) is True
    assert await install_side.people.get(ANN) is None


async def test_person_who_was_forgotten_can_come_back(install_side: InstallSide) -> None:
    await install_side.people.forget(ANN)
    await install_side.install(answer(token="xoxp-again"))
    assert await state(install_side, ANN) == "ok"


async def test_grant_after_a_revocation_is_told_again_the_next_time(install_side: InstallSide) -> None:
    await install_side.event(revoked("U1"))
    install_side.clock.move(minutes=1)
    await install_side.install(answer(token="xoxp-new"))
    async with install_side.database.read() as connection:
        told = (
            await connection.execute(
                sa.select(NOTICES.c.subject).where(NOTICES.c.user_id == "U1", NOTICES.c.team_id == "T1")
            )
        ).scalars()
        assert sorted(told) == ["welcome"]


async def test_row_of_a_person_survives_the_revocation_with_its_choices(install_side: InstallSide) -> None:
    async with install_side.database.write() as connection:
        await connection.execute(sa.update(PEOPLE).values(preferences='{"titles": true}'))
    await install_side.event(revoked("U1"))
    async with install_side.database.read() as connection:
        kept = await connection.scalar(
            sa.select(PEOPLE.c.preferences).where(PEOPLE.c.team_id == "T1", PEOPLE.c.user_id == "U1")
        )
        installed = await connection.scalar(sa.select(WORKSPACES.c.installed_at).where(WORKSPACES.c.team_id == "T1"))
    assert kept == '{"titles": true}'
    assert installed == install_side.clock.now() - timedelta(minutes=5)
