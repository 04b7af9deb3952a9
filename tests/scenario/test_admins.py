"""Who manages a workspace: asked of Slack each time, and kept only for drawing."""

from __future__ import annotations

import pytest

from emulators.faults import Fault
from services.access import admins
from services.domain.errors import NotAnAdminError, SlackUnavailableError
from services.domain.members import Role
from services.domain.model import PersonKey
from services.domain.request_errors import NotInstalledError
from services.slack.members import parse_member
from tests.support.running_app import ANN, TEAM, RunningApp
from tests.support.stepped_app import SteppedApp


async def drawn(app: SteppedApp) -> bool | None:
    view = await app.people.get(app.ann)
    return None if view is None else view.admin


@pytest.mark.parametrize(
    ("role", "found"),
    [("admin", Role.ADMIN), ("owner", Role.OWNER), ("primary_owner", Role.PRIMARY_OWNER)],
)
async def test_admins_and_owners_are_let_in(app: SteppedApp, role: str, found: Role) -> None:
    app.engine.slack.membership.set_role(ANN, role)
    member = await app.surface.admins.require(app.ann)
    assert (member.user_id, member.role) == (ANN, found)
    assert await drawn(app) is True


@pytest.mark.parametrize("role", ["member", "guest", "single_channel_guest"])
async def test_others_are_refused_each_time_they_ask_and_lose_what_was_drawn(app: SteppedApp, role: str) -> None:
    app.engine.slack.membership.set_role(ANN, "admin")
    await app.surface.admins.require(app.ann)
    app.engine.slack.membership.set_role(ANN, role)
    for _ in range(2):
        with pytest.raises(NotAnAdminError):
            await app.surface.admins.require(app.ann)
    assert await drawn(app) is False


async def test_admin_who_is_deactivated_is_none_any_more(app: SteppedApp) -> None:
    app.engine.slack.membership.set_role(ANN, "owner")
    app.engine.slack.membership.deactivate(ANN)
    with pytest.raises(NotAnAdminError):
        await app.surface.admins.require(app.ann)


async def test_somebody_of_another_workspace_is_none_here(app: SteppedApp) -> None:
    slack = app.engine.slack
    slack.add_workspace("T0OTHER001")
    slack.add_person("U0EVE00001", "eve", team_id="T0OTHER001", is_admin=True)
    slack.talk.create("shared", TEAM, {ANN, "U0EVE00001"}, shared=True)
    for user in ("U0EVE00001", "U0NOBODY01"):
        with pytest.raises(NotAnAdminError):
            await app.surface.admins.require(PersonKey(TEAM, user))


async def test_nobody_is_taken_for_an_admin_while_slack_does_not_answer(app: SteppedApp) -> None:
    app.engine.slack.membership.set_role(ANN, "admin")
    await app.surface.admins.require(app.ann)
    app.engine.slack.faults.add(Fault("users.info", error="internal_error"))
    with pytest.raises(SlackUnavailableError):
        await app.surface.admins.require(app.ann)
    with pytest.raises(NotInstalledError):
        await app.surface.admins.require(PersonKey("T0NONE0001", ANN))


async def test_answer_of_slack_that_comes_too_late_for_the_form_counts_for_nothing(
    app: SteppedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admins, "PATIENCE", 0.05)
    app.engine.slack.member(ANN).is_admin = True  # without an event
    app.engine.slack.faults.add(Fault("users.info", latency=0.3))
    with pytest.raises(SlackUnavailableError):
        await app.surface.admins.require(app.ann)
    assert await drawn(app) is None


def test_user_object_without_a_role_says_nothing_of_it_and_a_deactivated_one_has_none() -> None:
    assert [parse_member(user).admin for user in ({}, {"is_admin": False}, {"is_admin": True})] == [None, False, True]
    assert parse_member({"deleted": True, "is_admin": True}).admin is False


async def test_role_is_known_from_the_grant_and_followed_by_events(running_app: RunningApp) -> None:
    running_app.slack.add_person(ANN, "ann", team_id=TEAM, is_admin=True)
    ann = await running_app.joins()
    assert running_app.service is not None
    people = running_app.service.cases.people
    found = []
    for admin in (None, False, True):
        if admin is not None:
            running_app.slack.member(ANN).is_admin = admin
            running_app.slack.membership.rename(ANN, "Ann")
            await running_app.settle()
        view = await people.get(ann)
        found.append(view and view.admin)
    assert found == [True, False, True]


async def test_role_of_whom_it_was_never_asked_is_asked_when_they_open_their_home(app: SteppedApp) -> None:
    app.engine.slack.member(ANN).is_admin = True  # without an event
    assert await drawn(app) is None
    app.engine.slack.faults.add(Fault("users.info", error="internal_error"))
    await app.people.opened_home(app.ann)
    assert await drawn(app) is None
    await app.people.opened_home(app.ann)
    assert await drawn(app) is True
