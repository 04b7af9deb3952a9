"""What was chosen before it was allowed is kept, and done as soon as it is; in the whole app, by the person's link."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulators.slack.state import APP
from services.domain.lines import Line, complete, kind_line
from services.domain.model import Effect, Kind, PersonKey
from services.slack.client import SlackClients
from services.slack.oauth import SlackAuthority
from services.usecases.grants import Permissions, Waiting
from tests.support.feeds import lasting
from tests.support.running_app import ANN, RunningApp, at

BOTH = frozenset({Effect.DND, Effect.AWAY})


@pytest.fixture
async def ann(running_app: RunningApp) -> PersonKey:
    """Ann chose to be muted and away in meetings, which she has not allowed, and is in one."""
    key = await running_app.joins()
    running_app.feeds["work"].has(lasting("a", at("09:30"), 60))
    await running_app.connects("work")

    def chosen(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        at = kind_line(lines, Kind.MEETING)
        return (*lines[:at], replace(lines[at], effects=BOTH), *lines[at + 1 :])

    assert running_app.service is not None
    await running_app.service.stores.lines.change(key, running_app.clock.now(), chosen)
    running_app.wake()
    await running_app.until(at("09:30"))
    return key


def shows(app: RunningApp) -> tuple[str, str, str]:
    """The status, whose snooze runs, and who set them away."""
    snooze = app.slack.dnd.running(ANN)
    return app.text(), "" if snooze is None else snooze.by, app.slack.presence.away_by(ANN)


async def allows(app: RunningApp, key: PersonKey, *without: str) -> str:
    """She follows her link and allows, but for what she leaves out; the page that she ends on."""
    assert app.service is not None
    status, page = await app.slack.allow(await app.service.cases.people.grant_link(key), ANN, without=without)
    assert status == 200, page
    await app.settle()
    return page


async def test_what_waits_for_a_permission_is_done_once_it_is_given(running_app: RunningApp, ann: PersonKey) -> None:
    assert shows(running_app) == ("In a meeting", "", "")
    assert not running_app.slack.calls.all("dnd.setSnooze")
    await allows(running_app, ann)
    assert shows(running_app) == ("In a meeting", APP, APP)
    await running_app.until(at("10:30"))
    assert shows(running_app) == ("", "", "")


async def test_permission_that_was_left_out_holds_up_nothing_else(running_app: RunningApp, ann: PersonKey) -> None:
    page = await allows(running_app, ann, "users:write")
    assert "A permission was left out" in page
    assert shows(running_app) == ("In a meeting", APP, "")
    assert not running_app.slack.calls.all("users.setPresence")
    assert "A permission was left out" not in await allows(running_app, ann)
    assert shows(running_app) == ("In a meeting", APP, APP)


async def test_what_cannot_be_taken_back_without_its_permission_is_said_with_the_link(
    running_app: RunningApp, ann: PersonKey
) -> None:
    await allows(running_app, ann)
    assert shows(running_app) == ("In a meeting", APP, APP)
    # Slack has taken it all back; she allows anew where a status alone is asked for, and her list is plain by now.
    running_app.slack.revoke_of(ANN)
    await running_app.settle()
    status, page = await running_app.slack.allow(f"{running_app.url}/slack/install", ANN)
    assert status == 200, page
    assert running_app.service is not None
    await running_app.service.stores.lines.change(ann, running_app.clock.now(), lambda _: complete(()))
    running_app.wake()
    await running_app.settle()
    assert shows(running_app) == ("In a meeting", APP, APP)
    said = str(await running_app.types("/quo", "why"))
    assert "I have set you away, and you still are. To take it back I need your permission again." in said
    assert "Your notifications are still muted by me." in said
    assert f"{running_app.url}/slack/install?link=" in said
    await running_app.slack.people.home_opened(ANN)
    await running_app.settle()
    home = str(running_app.slack.homes[ANN].view)
    assert "I have set you away, and you still are." in home
    assert "Waiting for your permission: Mute notifications, Set me away" in home
    assert f"{running_app.url}/slack/install?link=" in home
    await allows(running_app, ann)
    assert shows(running_app) == ("In a meeting", "", "")
    assert "permission" not in str(await running_app.types("/quo", "why"))


async def test_admins_install_for_replies_takes_nothing_from_what_a_person_allowed(
    running_app: RunningApp, ann: PersonKey
) -> None:
    await allows(running_app, ann)
    running_app.slack.members[ANN].is_admin = True
    assert running_app.service is not None
    stores, clients = running_app.service.stores, SlackClients(running_app.slack.api_url)
    reader = Permissions(
        stores.people, stores.lines, stores.overrides, stores.effects, stores.workspaces, stores.policies,
        SlackAuthority(clients, "", ""), running_app.clock, running_app.url, can_install=True,
    )  # fmt: skip
    assert await reader.waiting(ann, [Effect.REPLY]) == Waiting(frozenset(), frozenset({Effect.REPLY}))
    link = await reader.install_link(ann, "replies")
    status, page = await running_app.slack.allow(link, ANN)
    assert status == 200, page
    await running_app.settle()
    assert await reader.waiting(ann, [*BOTH, Effect.REPLY]) == Waiting()
    assert shows(running_app) == ("In a meeting", APP, APP)
    await clients.close()
