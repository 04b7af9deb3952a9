"""Who is deactivated in Slack: nothing is done for them, they come back as they were, or are deleted in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.domain.model import PersonKey
from services.store.calendar_tables import CALENDARS
from services.store.tables import PEOPLE
from services.store.workspace_tables import ABSENCES
from tests.support.engine import until
from tests.support.feeds import lasting
from tests.support.running_app import ANN, BEN, SET, TEAM, RunningApp, at


@pytest.fixture
async def app(running_app: RunningApp) -> RunningApp:
    await running_app.joins()
    running_app.feeds["ann"].has(lasting("a", at("10:00"), 120))
    await running_app.connects("ann")
    return running_app


async def state(app: RunningApp) -> list[tuple[str, bool]]:
    people = await app.rows(sa.select(PEOPLE.c.grant_state, PEOPLE.c.token.is_not(None)).where(PEOPLE.c.user_id == ANN))
    return [tuple(row) for row in people]


async def is_deleted(app: RunningApp) -> bool:
    return not await state(app)


def calls(app: RunningApp) -> int:
    return len(app.slack.calls.all(SET, user=ANN))


async def test_nothing_is_done_for_them_and_they_are_deleted_after_thirty_days(app: RunningApp) -> None:
    await app.until(at("10:00"))
    assert app.text() == "In a meeting"
    await app.types("/ooo", "until friday")
    app.slack.membership.deactivate(ANN)
    await app.settle()
    made, fetched, told = calls(app), app.feeds["ann"].hits, app.told()
    await app.until(at("12:00"))
    await app.polled()
    assert (calls(app), app.feeds["ann"].hits, app.told()) == (made, fetched, told)
    assert await state(app) == [("deactivated", True)]
    assert await app.rows(sa.select(ABSENCES.c.user_id)) == []
    await app.until(at("11:59", 24) + timedelta(days=29, hours=21))
    assert await state(app) == [("deactivated", True)]
    await app.until(at("12:01", 24) + timedelta(days=30))
    await until(lambda: is_deleted(app))
    assert await app.rows(sa.select(CALENDARS.c.calendar_id)) == []


async def test_who_is_back_allows_it_once_more_and_has_everything_as_before(app: RunningApp) -> None:
    await app.until(at("10:00"))
    app.slack.membership.deactivate(ANN)
    await app.settle()
    fetched = app.feeds["ann"].hits
    app.clock.move(minutes=10)
    app.slack.membership.reactivate(ANN)
    await app.settle()
    assert await state(app) == [("lost", False)]  # what they had allowed ended with their account, says Slack
    assert app.feeds["ann"].hits > fetched
    assert len(app.told()) == 2  # the welcome, and the link
    await app.joins()
    assert app.text() == "In a meeting"
    await app.until(at("12:00"))
    assert app.text() == ""


async def test_who_is_back_with_a_token_that_lives_needs_no_click(app: RunningApp) -> None:
    """Slack does not say that such tokens die; so what we have is tried."""
    await app.until(at("10:00"))
    member = app.slack.member(ANN)
    member.deleted, member.text, member.emoji, member.expiration = True, "", "", 0
    app.slack.deliveries.user_event("", member)
    await app.settle()
    assert await state(app) == [("deactivated", True)]
    app.clock.move(minutes=10)
    app.slack.membership.reactivate(ANN)
    await app.settle()
    assert await state(app) == [("ok", True)]
    assert (app.text(), len(app.told())) == ("In a meeting", 1)


async def test_who_was_deactivated_while_nobody_told_is_found_by_the_next_write(app: RunningApp) -> None:
    member = app.slack.member(ANN)
    member.deleted = True
    token = app.slack.tokens.user(ANN)
    assert token is not None
    token.revoked = token.inactive = True
    told = app.told()
    await app.until(at("10:00"))
    assert await state(app) == [("deactivated", True)]
    await app.until(at("10:00") + timedelta(days=31))
    await until(lambda: is_deleted(app))
    assert app.told() == told


async def test_event_that_is_late_deactivates_nobody_who_came_back(app: RunningApp) -> None:
    member = app.slack.member(ANN)
    app.clock.move(minutes=5)
    app.slack.membership.deactivate(ANN)
    await app.settle()
    app.clock.move(minutes=5)
    app.slack.membership.reactivate(ANN)
    await app.settle()
    assert await state(app) == [("lost", False)]
    assert app.service is not None
    late = app.clock.now() - timedelta(minutes=5)
    assert not await app.service.stores.deactivated.deactivate(PersonKey(TEAM, ANN), late, app.clock.now())
    assert await app.rows(sa.select(PEOPLE.c.deactivated_at)) == [(None,)]
    assert member.deleted is False


async def test_zero_days_delete_at_once_and_only_whom(running_app: RunningApp) -> None:
    running_app.more["DEACTIVATED_KEPT_DAYS"] = "0"
    await running_app.stop()
    await running_app.start()
    await running_app.joins()
    await running_app.joins(BEN)
    running_app.slack.membership.deactivate(ANN)
    await running_app.settle()
    assert await running_app.rows(sa.select(PEOPLE.c.team_id, PEOPLE.c.user_id)) == [(TEAM, BEN)]
