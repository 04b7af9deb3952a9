"""Slack is asked before anything is taken from who was deactivated, and before they are deleted: within its limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.domain.request_errors import WrongKeyError
from services.engine.account_checks import FRESH, LATEST, SOONEST
from services.slack.limits import LIMITS, WINDOW
from services.slack.members import INFO
from services.store.agent_tables import AGENT_KEYS
from services.store.calendar_tables import CALENDARS
from services.store.tables import PEOPLE, WORKSPACES
from services.store.workspace_tables import ABSENCES
from tests.support.agents import makes_key
from tests.support.databases import BOTH
from tests.support.engine import until
from tests.support.feeds import lasting
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at

OTHER = "T0OTHER001"
KEPT = timedelta(days=30)


async def accounts(app: RunningApp, *users: str) -> dict[str, tuple[str, bool, datetime | None]]:
    """Of people, or all: how their grant stands, whether they are taken for deactivated, and when Slack is asked."""
    whose = PEOPLE.c.user_id.in_(users) if users else sa.true()
    rows = await app.rows(sa.select(PEOPLE).where(whose))
    assert {row.account_told_at for row in rows} <= {None}
    return {row.user_id: (row.grant_state, row.deactivated_at is not None, row.account_check_at) for row in rows}


async def lets_in(app: RunningApp, secret: str) -> bool:
    assert app.service is not None
    try:
        await app.service.cases.agents.keys.caller(secret)
    except WrongKeyError:
        return False
    return True


async def late_event(app: RunningApp, user: str = ANN, late: timedelta = timedelta(minutes=5)) -> None:
    """Slack tells so late that they were deactivated; they are back by now, with what they had allowed."""
    happened = f"{app.clock.now().timestamp():.6f}"
    await app.until(app.clock.now() + late)
    member = app.slack.member(user)
    member.deleted = True
    app.slack.deliveries.user_event("", member, event_ts=happened)
    member.deleted = False


def ended(app: RunningApp, user: str = ANN, *, token_lives: bool = True) -> None:
    """Their account is at an end, and nobody tells."""
    member = app.slack.member(user)
    member.deleted, member.text, member.emoji, member.expiration = True, "", "", 0
    token = app.slack.tokens.user(user)
    assert token is not None
    token.revoked = token.inactive = not token_lives


async def crowd(app: RunningApp, count: int, team: str = TEAM, **columns: Any) -> list[str]:
    """So many members who have not allowed anything yet."""
    users = [f"U0{team[2:5]}{number:04}" for number in range(count)]
    rows = [{"team_id": team, "user_id": user, "created_at": app.clock.now(), **columns} for user in users]
    for user in users:
        app.slack.add_person(user, user.lower(), team_id=team)
    assert app.service is not None
    async with app.service.stores.database.write() as connection:
        await connection.execute(sa.insert(PEOPLE), rows)
    return users


def asked(app: RunningApp) -> int:
    return len(app.slack.calls.all(INFO))


@BOTH
async def test_event_that_is_late_takes_nothing_from_who_is_a_member(running_app: RunningApp) -> None:
    app = running_app
    await app.joins()
    app.feeds["ann"].has(lasting("a", at("10:00"), 120))
    await app.connects("ann")
    secret = await makes_key(app.slack, ANN)
    await app.types("/ooo", "friday")
    await app.until(at("10:00"))
    absences = await app.rows(sa.select(ABSENCES))
    await late_event(app)
    await app.settle()
    assert await accounts(app) == {ANN: ("ok", False, None)}
    assert (app.text(), len(app.told())) == ("In a meeting", 1)
    assert await app.rows(sa.select(ABSENCES)) == absences != []
    assert await lets_in(app, secret)
    await app.until(at("12:00"))
    assert app.text() == ""


async def test_event_that_is_fresh_counts_until_slack_can_have_said_the_same(running_app: RunningApp) -> None:
    app = running_app
    await app.joins()
    secret = await makes_key(app.slack, ANN)
    await late_event(app, late=FRESH)
    await app.settle()
    assert await accounts(app) == {ANN: ("deactivated", True, app.clock.now() + SOONEST)}
    assert not await lets_in(app, secret)
    await app.until(app.clock.now() + SOONEST)
    assert await accounts(app) == {ANN: ("ok", False, None)}
    assert await lets_in(app, secret)


async def test_event_that_is_fresh_counts_though_an_older_one_of_a_member_comes_after_it(
    running_app: RunningApp,
) -> None:
    app = running_app
    await app.joins()
    earlier = f"{app.clock.now().timestamp():.6f}"
    app.clock.move(minutes=2)
    await late_event(app, late=timedelta())
    await app.settle()
    app.slack.deliveries.user_event("", app.slack.member(ANN), event_ts=earlier)
    await app.settle()
    assert await accounts(app) == {ANN: ("deactivated", True, app.clock.now() + SOONEST)}
    await app.until(app.clock.now() + SOONEST)
    assert await accounts(app) == {ANN: ("ok", False, None)}


async def test_who_is_brought_back_by_a_process_of_before_stays_a_member_when_the_check_was_due(
    running_app: RunningApp,
) -> None:
    app = running_app
    await app.joins()
    secret = await makes_key(app.slack, ANN)
    await late_event(app, late=FRESH)
    await app.settle()
    now = app.clock.now()
    await app.tampers(sa.update(PEOPLE).values(deactivated_at=None, grant_state="ok", moved_at=now))
    assert await lets_in(app, secret)
    await app.until(now + SOONEST)
    ((grant_state, gone, _),) = (await accounts(app)).values()
    assert (grant_state, gone) == ("ok", False)
    assert await lets_in(app, secret)


async def test_event_is_believed_where_slack_does_not_say_and_it_is_asked_again_soon(running_app: RunningApp) -> None:
    app = running_app
    await app.joins()
    secret = await makes_key(app.slack, ANN)
    silent = app.slack.faults.add(Fault(INFO, status=503, times=None))
    await late_event(app, late=timedelta())
    await app.settle()
    assert await accounts(app) == {ANN: ("deactivated", True, app.clock.now() + SOONEST)}
    assert not await lets_in(app, secret)
    await app.until(app.clock.now() + SOONEST)
    assert await accounts(app) == {ANN: ("deactivated", True, app.clock.now() + SOONEST)}
    app.slack.faults.remove(silent)
    await app.until(app.clock.now() + SOONEST)
    assert await accounts(app) == {ANN: ("ok", False, None)}
    assert len(app.told()) == 1
    assert await lets_in(app, secret)


@BOTH
@pytest.mark.parametrize("so", [False, True])
async def test_key_of_who_is_believed_to_be_deactivated_is_kept_until_slack_has_said_so(
    running_app: RunningApp, monkeypatch: pytest.MonkeyPatch, so: bool
) -> None:
    app = running_app
    await app.joins()
    secret = await makes_key(app.slack, ANN)
    with monkeypatch.context() as full:
        full.setitem(LIMITS, INFO, 0)  # no room to ask
        if so:
            ended(app)
            app.slack.deliveries.user_event("", app.slack.member(ANN))
        else:
            await late_event(app)
        await app.settle()
        assert await accounts(app) == {ANN: ("deactivated", True, app.clock.now() + WINDOW)}
        assert not await lets_in(app, secret)
        assert len(await app.rows(sa.select(AGENT_KEYS.c.key_id))) == 1
    await app.until(app.clock.now() + WINDOW)
    assert await accounts(app) == {ANN: ("deactivated", True, None) if so else ("ok", False, None)}
    assert await lets_in(app, secret) is not so
    assert len(await app.rows(sa.select(AGENT_KEYS.c.key_id))) == (not so)


async def test_key_is_gone_with_a_token_that_is_worth_nothing_when_they_are_back(running_app: RunningApp) -> None:
    app = running_app
    await app.joins()
    await makes_key(app.slack, ANN)
    await late_event(app, late=FRESH)
    await app.settle()
    token = app.slack.tokens.user(ANN)
    assert token is not None
    token.revoked = True
    await app.until(app.clock.now() + SOONEST)
    assert await accounts(app) == {ANN: ("lost", False, None)}
    assert await app.rows(sa.select(AGENT_KEYS.c.key_id)) == []


@BOTH
async def test_thousand_who_are_deactivated_at_once_are_so_at_once_and_asked_about_within_the_limits(
    running_app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve stand for them, where there is room for six in a minute."""
    app, room = running_app, 6
    monkeypatch.setitem(LIMITS, INFO, 2 * room)
    await app.joins()
    users = await crowd(app, 12)
    before = asked(app)
    for user in users:
        app.slack.membership.deactivate(user)
    await app.settle()
    found = await accounts(app, *users)
    assert {gone for _, gone, _ in found.values()} == {True}
    assert (asked(app) - before, sum(later is None for *_, later in found.values())) == (room, room)
    await app.until(app.clock.now() + WINDOW)
    assert asked(app) - before == 12
    assert set((await accounts(app, *users)).values()) == {("none", True, None)}


async def test_those_about_whom_slack_does_not_say_are_put_off_and_keep_nobody_waiting(running_app: RunningApp) -> None:
    app = running_app
    app.slack.add_workspace(OTHER)
    await app.joins()
    await app.joins("U0EVE00001", team=OTHER)
    since = app.clock.now()
    silent = await crowd(app, 25, OTHER, deactivated_at=since, grant_state="none")
    app.slack.faults.add(Fault(INFO, error="internal_error", times=None, team_id=OTHER))
    app.clock.move(seconds=1)
    app.slack.membership.deactivate(ANN)
    await app.settle()
    before = asked(app)
    await app.until(app.clock.now() + KEPT)
    await until(lambda: is_deleted(app))
    await app.settle()
    assert {later for *_, later in (await accounts(app, *silent)).values()} == {app.clock.now() + SOONEST}
    assert asked(app) - before == 25 + 1
    waits = set()
    for _ in range(10):
        (next_at,) = {later for *_, later in (await accounts(app, *silent)).values()}
        assert next_at is not None
        waits.add(next_at - app.clock.now())
        await app.until(next_at)
    assert (min(waits), max(waits)) == (SOONEST, LATEST)
    app.slack.faults.clear()
    await app.until(app.clock.now() + LATEST)
    assert set((await accounts(app, *silent)).values()) == {("none", False, None)}


async def is_deleted(app: RunningApp) -> bool:
    return await accounts(app, ANN) == {}


@pytest.mark.parametrize("lives", [False, True])
async def test_without_a_bot_their_own_token_says_whether_they_are_deleted_in_time(
    running_app: RunningApp, lives: bool
) -> None:
    app = running_app
    await app.joins()
    await app.joins(BEN)
    ended(app, token_lives=lives)
    app.slack.deliveries.user_event("", app.slack.member(ANN))
    await app.settle()
    assert (await accounts(app, ANN)) == {ANN: ("deactivated", True, None)}
    await app.tampers(sa.update(WORKSPACES).values(bot_token=None))
    await app.until(app.clock.now() + KEPT)
    assert (await accounts(app, ANN)) == ({ANN: ("ok", False, None)} if lives else {})
    assert (await accounts(app, BEN)) == {BEN: ("ok", False, None)}


async def test_without_a_bot_nobody_is_deleted_while_slack_does_not_answer(running_app: RunningApp) -> None:
    app = running_app
    await app.joins()
    ended(app)
    app.slack.deliveries.user_event("", app.slack.member(ANN))
    await app.settle()
    await app.tampers(sa.update(WORKSPACES).values(bot_token=None))
    app.slack.faults.add(Fault("auth.test", status=503, times=None))
    await app.until(app.clock.now() + KEPT)
    assert await accounts(app) == {ANN: ("deactivated", True, app.clock.now() + SOONEST)}


async def test_without_a_bot_an_event_counts_unless_their_own_token_is_taken(running_app: RunningApp) -> None:
    app = running_app
    await app.joins()
    await app.joins(BEN)
    await app.tampers(sa.update(WORKSPACES).values(bot_token=None))
    await late_event(app)
    ended(app, BEN, token_lives=False)
    app.slack.deliveries.user_event("", app.slack.member(BEN))
    await app.settle()
    assert await accounts(app) == {ANN: ("ok", False, None), BEN: ("deactivated", True, None)}
    assert await app.rows(sa.select(CALENDARS.c.calendar_id)) == []
