"""Who is reactivated in a workspace whose members are kept: they have everything done again, or are told once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.domain.model import NO_STATUS, PersonKey
from services.engine.account_checks import SOONEST
from services.slack.members import INFO
from services.store.members import EVERY
from services.store.tables import PEOPLE
from tests.support.databases import BOTH
from tests.support.engine import until
from tests.support.feeds import entry
from tests.support.leave import connects_leave, workspace
from tests.support.running_app import BEN, TEAM, RunningApp


@pytest.fixture
async def app(running_app: RunningApp) -> RunningApp:
    """Ben has typed a status, and the members are kept, for the leave calendar."""
    await workspace(running_app)
    await running_app.joins(BEN)
    running_app.feeds["hr"].has(entry("1", date(2026, 12, 14), date(2026, 12, 15), "Ann Lee (Vacation - 1 day)"))
    await connects_leave(running_app)
    await until(lambda: keeps(running_app))
    await running_app.settle()
    await running_app.types("/quo", "Lunch for 6h", user=BEN)
    assert running_app.text(BEN) == "Lunch"
    return running_app


async def keeps(app: RunningApp) -> bool:
    assert app.service is not None
    return BEN in await app.service.stores.members.some(TEAM, [BEN])


async def ben(app: RunningApp) -> tuple[str, bool]:
    """How his grant stands, and whether he is taken for deactivated."""
    theirs = sa.select(PEOPLE.c.grant_state, PEOPLE.c.deactivated_at).where(PEOPLE.c.user_id == BEN)
    ((state, deactivated_at),) = await app.rows(theirs)
    return state, deactivated_at is not None


def silently(app: RunningApp, *, deleted: bool) -> None:
    """The same happens at Slack while nobody tells."""
    member = app.slack.member(BEN)
    member.deleted = deleted
    if deleted:
        member.text, member.emoji, member.expiration = "", "", 0


async def event_comes(app: RunningApp, of: datetime) -> None:
    """An event of that instant, which says that he is a member, comes now."""
    assert app.service is not None
    await app.service.cases.deactivated.reactivate(PersonKey(TEAM, BEN), of, NO_STATUS)
    await app.settle()


def token_dies(app: RunningApp) -> None:
    token = app.slack.tokens.user(BEN)
    assert token is not None
    token.revoked = token.inactive = True


async def is_asked_anew(app: RunningApp, told: int) -> None:
    """He got one message with the link, and all is as before once he allows it again."""
    assert await ben(app) == ("lost", False)
    assert len(app.told(BEN)) == told + 1
    await app.joins(BEN)
    assert await ben(app) == ("ok", False)
    assert app.text(BEN) == "Lunch"
    assert len(app.told(BEN)) == told + 1


@BOTH
async def test_event_that_tells_of_it_brings_them_back_with_the_link(app: RunningApp) -> None:
    told = len(app.told(BEN))
    app.slack.membership.deactivate(BEN)
    await app.settle()
    assert await ben(app) == ("deactivated", True)
    app.clock.move(minutes=10)
    app.slack.membership.reactivate(BEN)
    await app.settle()
    await is_asked_anew(app, told)


async def test_event_brings_them_back_without_a_click_where_their_token_lives(app: RunningApp) -> None:
    told = len(app.told(BEN))
    silently(app, deleted=True)
    app.slack.deliveries.user_event("", app.slack.member(BEN))
    await app.settle()
    assert await ben(app) == ("deactivated", True)
    app.clock.move(minutes=10)
    app.slack.membership.reactivate(BEN)
    await app.settle()
    assert await ben(app) == ("ok", False)
    assert (app.text(BEN), len(app.told(BEN))) == ("Lunch", told)


@BOTH
@pytest.mark.parametrize("lives", [False, True])
async def test_daily_reading_brings_back_whom_nobody_told_of(app: RunningApp, lives: bool) -> None:
    told = len(app.told(BEN))
    app.slack.membership.deactivate(BEN)
    await app.settle()
    if lives:
        token = next(one for one in app.slack.tokens.by_value.values() if one.user_id == BEN and one.kind == "user")
        token.revoked = token.inactive = False
    silently(app, deleted=False)
    app.clock.move(hours=1)
    await app.types("/quo", "Tea for 40h")  # Ann's: what others do changes nothing
    assert await ben(app) == ("deactivated", True)
    await app.until(app.clock.now() + EVERY)
    await until(lambda: is_back(app))
    await app.settle()
    assert await ben(app) == (("ok", False) if lives else ("lost", False))
    assert len(app.told(BEN)) == told + (not lives)


async def is_back(app: RunningApp) -> bool:
    return not (await ben(app))[1]


async def test_refused_token_of_who_is_there_is_no_deactivation(app: RunningApp) -> None:
    """He was deactivated and reactivated while nobody told: the next write finds that his token is dead."""
    told = len(app.told(BEN))
    token_dies(app)
    await app.types("/quo", "clear", user=BEN)
    assert await ben(app) == ("lost", False)
    assert len(app.told(BEN)) == told + 1


async def test_event_from_before_the_write_that_was_refused_brings_them_back(app: RunningApp) -> None:
    """The write's refusal is dated by our clock, after he was reactivated by Slack's."""
    told = len(app.told(BEN))
    silently(app, deleted=True)
    token_dies(app)
    back_at = app.clock.now()
    app.clock.move(seconds=30)
    await app.types("/quo", "Tea for 6h", user=BEN)
    assert await ben(app) == ("deactivated", True)
    silently(app, deleted=False)
    await event_comes(app, back_at)
    assert await ben(app) == ("lost", False)
    assert len(app.told(BEN)) == told + 1


async def test_late_event_brings_nobody_back_who_was_deactivated_again(app: RunningApp) -> None:
    told = app.told(BEN)
    app.slack.membership.deactivate(BEN)
    await app.settle()
    app.clock.move(minutes=1)
    back_at = app.clock.now()
    app.clock.move(minutes=1)
    await event_comes(app, back_at)  # he is deactivated again by now, and of that nobody told yet
    assert await ben(app) == ("deactivated", True)
    assert app.told(BEN) == told
    app.slack.membership.reactivate(BEN)
    app.slack.membership.deactivate(BEN)
    await app.settle()
    assert (await ben(app))[1]


async def test_who_is_back_unseen_is_not_deleted_when_the_time_is_over(running_app: RunningApp) -> None:
    """No members are kept here, so nothing but the look before the deletion tells."""
    app = running_app
    await app.joins()
    await app.joins(BEN)
    told = len(app.told(BEN))
    app.slack.membership.deactivate(BEN)
    await app.settle()
    silently(app, deleted=False)
    await app.until(app.clock.now() + timedelta(days=30, minutes=1))
    await until(lambda: is_back(app))
    await app.settle()
    assert await ben(app) == ("lost", False)
    assert len(app.told(BEN)) == told + 1


async def test_event_counts_where_slack_does_not_say_how_they_stand(app: RunningApp) -> None:
    app.slack.membership.deactivate(BEN)
    await app.settle()
    deactivated_at = app.clock.now()
    app.clock.move(minutes=10)
    silently(app, deleted=False)
    app.slack.faults.add(Fault(INFO, status=503, times=None))
    await event_comes(app, deactivated_at - timedelta(seconds=1))
    assert await ben(app) == ("deactivated", True)
    await event_comes(app, app.clock.now())
    assert await ben(app) == ("lost", False)


@pytest.mark.parametrize("silent", [{"status": 503}, {"error": "invalid_auth"}, {"error": "missing_scope"}], ids=str)
async def test_nobody_is_deleted_while_slack_does_not_say_whether_they_are_back(
    app: RunningApp, silent: dict[str, Any]
) -> None:
    """Of these the second is everybody's while the machine's address is not among the allowed ones."""
    app.slack.membership.deactivate(BEN)
    await app.settle()
    app.slack.faults.add(Fault(INFO, times=None, **silent))
    asked = len(app.slack.calls.all(INFO))
    await app.until(app.clock.now() + timedelta(days=30, minutes=1))
    await until(lambda: len(app.slack.calls.all(INFO)) > asked)
    await app.settle()
    assert await ben(app) == ("deactivated", True)
    app.slack.faults.clear()
    await app.until(app.clock.now() + SOONEST)
    await until(lambda: is_deleted(app))


async def is_deleted(app: RunningApp) -> bool:
    return await app.rows(sa.select(PEOPLE.c.user_id).where(PEOPLE.c.user_id == BEN)) == []
