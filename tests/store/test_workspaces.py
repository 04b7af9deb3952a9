"""Workspaces, single-use secrets and deliveries as both databases keep them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from services.domain.people import OAuthAnswer, Tokens
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.oauth_states import OAuthStateStore, Ticket
from services.store.overrides import DeliveryStore
from services.store.workspaces import WorkspaceStore
from tests.support.clocks import ManualClock


def answer(team: str, bot: str, *, org: str = "", org_wide: bool = False) -> OAuthAnswer:
    return OAuthAnswer(
        "" if org_wide else team, org, org_wide, f"Name of {team}", "A1", "U1", "UBOT",
        bot=Tokens(bot, frozenset({"commands", "chat:write"})),
    )  # fmt: skip


@pytest.fixture
def workspaces(database: Database, encryptor: Encryptor) -> WorkspaceStore:
    return WorkspaceStore(database, encryptor)


async def test_install_is_found_with_everything_that_a_request_needs(
    workspaces: WorkspaceStore, clock: ManualClock
) -> None:
    await workspaces.install(answer("T1", "xoxb-1", org="E1"), clock.now())
    bot = await workspaces.find("T1", "")
    assert bot is not None
    assert (bot.team_id, bot.enterprise_id, bot.name, bot.app_id, bot.bot_user_id, bot.token, bot.installed_at) == (
        "T1", "E1", "Name of T1", "A1", "UBOT", "xoxb-1", clock.now(),
    )  # fmt: skip
    assert bot.scopes == {"commands", "chat:write"}
    assert "xoxb-1" not in repr(bot)


@pytest.mark.parametrize(
    ("team", "org", "home"),
    [("T1", "E1", "T1"), ("T9", "E1", "E1"), ("", "E1", "E1"), ("T9", "", None), ("", "", None), ("T9", "T1", None)],
)
async def test_home_of_a_request_is_the_team_or_else_an_org_that_installed_org_wide(
    workspaces: WorkspaceStore, clock: ManualClock, team: str, org: str, *, home: str | None
) -> None:
    await workspaces.install(answer("T1", "xoxb-1", org="E1"), clock.now())
    await workspaces.install(answer("E1", "xoxb-e", org="E1", org_wide=True), clock.now())
    assert await workspaces.locate(team, org) == home


async def test_revoked_bot_is_dropped_only_where_it_is_the_install_that_was_meant(
    workspaces: WorkspaceStore, clock: ManualClock
) -> None:
    first = clock.now()
    await workspaces.install(answer("T1", "xoxb-1"), first)
    await workspaces.install(answer("T1", "xoxb-2"), clock.move(minutes=1))
    await workspaces.drop_bot("T1", first)
    assert await workspaces.bot_token("T1") == "xoxb-2"
    await workspaces.drop_bot("T1", clock.now())
    assert await workspaces.bot_token("T1") is None
    bot = await workspaces.find("T1", "")
    assert bot is not None
    assert bot.token is None


async def test_secret_is_good_once_also_for_two_who_come_at_once(
    database: Database, encryptor: Encryptor, clock: ManualClock
) -> None:
    states = OAuthStateStore(database, encryptor)
    secret = await states.issue(Ticket("state", "T1", "U1"), clock.now() + timedelta(minutes=1), "cookie")
    found = await asyncio.gather(*(states.take(secret, "state", clock.now(), "cookie") for _ in range(5)))
    assert sorted(found, key=str) == [None, None, None, None, Ticket("state", "T1", "U1")]


@pytest.mark.parametrize(("purpose", "cookie", "later"), [("other", "c", 0), ("state", "d", 0), ("state", "c", 60)])
async def test_secret_for_another_purpose_or_browser_or_too_late_is_refused(
    database: Database, encryptor: Encryptor, clock: ManualClock, purpose: str, cookie: str, *, later: int
) -> None:
    states = OAuthStateStore(database, encryptor)
    secret = await states.issue(Ticket("state"), clock.now() + timedelta(minutes=1), "c")
    assert await states.take(secret, purpose, clock.now() + timedelta(seconds=later), cookie) is None


@pytest.mark.parametrize("secret", ["", ".", "a.b", "T1.", "T1\x00." + "a" * 43, "T1." + "a" * 42, "T1." + "ä" * 43])
async def test_malformed_secret_is_refused(
    database: Database, encryptor: Encryptor, clock: ManualClock, secret: str
) -> None:
    assert await OAuthStateStore(database, encryptor).take(secret, "state", clock.now()) is None


async def test_delivery_is_claimed_once_also_by_several_at_once(database: Database, clock: ManualClock) -> None:
    deliveries = DeliveryStore(database)
    claims = await asyncio.gather(*(deliveries.claim("T1", "Ev1", clock.now()) for _ in range(5)))
    assert sorted(claims) == [False, False, False, False, True]
    assert await deliveries.claim("T2", "Ev1", clock.now()) is True
    await deliveries.release("T1", "Ev1")
    assert await deliveries.claim("T1", "Ev1", clock.now()) is True


async def test_deliveries_that_arrive_together_are_told_apart(database: Database, clock: ManualClock) -> None:
    deliveries = DeliveryStore(database)
    ids = [f"Ev{number % 150}" for number in range(450)]
    claims = await asyncio.gather(*(deliveries.claim("T1", one, clock.now()) for one in ids))
    assert claims == [True] * 150 + [False] * 300


async def test_claim_that_failed_leaves_the_others_theirs(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliveries = DeliveryStore(database)
    write, failures = database.write, iter([True, True])  # of all together, then of the first alone

    def sometimes() -> object:
        if next(failures, False):
            raise OSError("the database is away")
        return write()

    monkeypatch.setattr(database, "write", sometimes)
    found = await asyncio.gather(
        *(deliveries.claim("T1", one, clock.now()) for one in ("Ev1", "Ev2", "Ev3")), return_exceptions=True
    )
    assert [type(one) for one in found] == [OSError, bool, bool]
    assert found[1:] == [True, True]
    assert await deliveries.claim("T1", "Ev1", clock.now()) is True


async def test_delivery_is_claimed_by_one_of_several_replicas(
    database: Database, database_url: str, clock: ManualClock
) -> None:
    other = Database(database_url)
    replicas = [DeliveryStore(database), DeliveryStore(other)]
    ids = [f"Ev{number}" for number in range(40)]
    claims = await asyncio.gather(
        *(
            replica.claim("T1", one, clock.now())
            for replica, order in zip(replicas, (ids, ids[::-1]), strict=True)
            for one in order
        )
    )
    await other.close()
    assert claims.count(True) == 40
