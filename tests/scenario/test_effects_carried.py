"""Effects in the whole app: from a line of the list to Slack and back, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from emulators.faults import Fault
from emulators.slack.state import APP, PERSON
from services.commands import person
from services.domain.lines import Rule
from services.domain.model import Effect, PersonKey
from services.domain.people import Member, Tokens
from services.platform import settings
from tests.support.clocks import ManualClock
from tests.support.engine import until
from tests.support.feeds import lasting
from tests.support.running_app import ANN, RunningApp, at, open_running_app
from tests.support.stretches import ALL

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BOTH = frozenset({Effect.DND, Effect.AWAY})


async def chooses(app: RunningApp, key: PersonKey, *effects: Effect, line_id: str = "meeting") -> None:
    """The person chooses effects for a line of their list."""
    assert app.service is not None
    await app.service.stores.lines.change(
        key,
        app.clock.now(),
        lambda lines: tuple(
            replace(line, effects=frozenset(effects)) if isinstance(line, Rule) and line.id == line_id else line
            for line in lines
        ),
    )
    app.wake()
    await app.settle()


async def allows(app: RunningApp, key: PersonKey) -> None:
    """The person allows all that effects need."""
    assert app.service is not None
    token = app.slack.grant(key.user_id, ALL)
    await app.service.stores.people.grant(key, Tokens(token.value, ALL), Member(), app.clock.now())
    app.wake()
    await app.settle()


async def joins(app: RunningApp, *effects: Effect) -> PersonKey:
    """Ann, who has meetings from 10 to 11 and from 11 to 12, and chose effects for them."""
    key = await app.joins()
    await allows(app, key)
    app.feeds["work"].has(lasting("a", at("10:00"), 60), lasting("b", at("11:00"), 60))
    await app.connects("work")
    await chooses(app, key, *effects)
    return key


def shows(app: RunningApp) -> tuple[str, str]:
    """Whose snooze runs, and who set them away."""
    snooze = app.slack.dnd.running(ANN)
    return "" if snooze is None else snooze.by, app.slack.presence.away_by(ANN)


async def said(app: RunningApp, command: str = "") -> str:
    answer = await app.types("/quo", command)
    return str(answer)


async def test_meetings_back_to_back_are_one_stretch_and_what_is_done_is_said(running_app: RunningApp) -> None:
    key = await joins(running_app, *BOTH)
    await running_app.until(at("10:00"))
    assert shows(running_app) == (APP, APP)
    assert running_app.service is not None
    exported = await running_app.service.stores.export.export(key)
    assert {name: memory["reason"]["code"] for name, memory in exported["effects"].items()} == {
        "dnd": "muted", "away": "away",
    }  # fmt: skip
    assert {line["effect"] for line in exported["writes"]} == {None, "dnd", "away"}
    for text in (await said(running_app), await said(running_app, "why")):
        assert "Your notifications are muted until 12:00." in text
        assert "You are shown as away until 12:00." in text
    await running_app.until(at("11:00"))
    await running_app.until(at("12:00"))
    assert shows(running_app) == ("", "")
    changes = [(one.what, one.by) for one in running_app.slack.changes]
    assert sorted(changes) == [("presence", APP), ("presence", APP), ("snooze", APP), ("snooze", "time")]
    assert "muted" not in await said(running_app)


async def test_what_is_left_alone_is_said(running_app: RunningApp) -> None:
    await joins(running_app, *BOTH)
    running_app.slack.dnd.snooze(ANN, until=at("10:30"))
    running_app.slack.presence.toggle(ANN, away=True)
    await running_app.until(at("10:00"))
    text = await said(running_app, "why")
    assert "Notifications left alone: your own snooze runs until 10:30." in text
    assert "Presence left alone: you had set yourself away." in text
    await running_app.until(at("10:30"))
    assert shows(running_app) == (APP, PERSON)
    await running_app.until(at("12:01"))
    assert shows(running_app) == ("", PERSON)
    assert running_app.slack.trespasses() == []


async def test_without_its_permission_it_says_so_and_is_done_once_that_is_given(running_app: RunningApp) -> None:
    key = await running_app.joins()
    running_app.feeds["work"].has(lasting("a", at("10:00"), 60))
    await running_app.connects("work")
    await chooses(running_app, key, Effect.DND)
    await running_app.until(at("10:00"))
    assert shows(running_app) == ("", "")
    assert "it needs a permission that you have not given" in await said(running_app, "why")
    await allows(running_app, key)
    assert shows(running_app) == (APP, "")


async def test_event_tells_that_the_person_ended_our_snooze_or_their_own(running_app: RunningApp) -> None:
    await joins(running_app, Effect.DND)
    await running_app.until(at("10:00"))
    looks = [call for call in running_app.slack.calls.all(user=ANN) if call.method == "dnd.info"]
    assert len(looks) == 1  # our own echo is none
    running_app.slack.dnd.end(ANN)
    await running_app.settle()
    assert "you ended my snooze yourself" in await said(running_app)
    running_app.slack.dnd.snooze(ANN, 10)
    await running_app.settle()
    running_app.slack.dnd.end(ANN)
    await running_app.settle()
    assert shows(running_app) == ("", "")


async def test_event_tells_that_an_own_snooze_has_ended_early(running_app: RunningApp) -> None:
    await joins(running_app, Effect.DND)
    running_app.slack.dnd.snooze(ANN, until=at("11:30"))
    await running_app.until(at("10:00"))
    running_app.slack.dnd.end(ANN)
    await running_app.settle()
    assert shows(running_app) == (APP, "")


async def test_pause_resume_and_turning_off(running_app: RunningApp) -> None:
    key = await joins(running_app, *BOTH)
    await running_app.until(at("10:00"))
    await running_app.types("/quo", "pause")
    assert shows(running_app) == ("", "")
    assert running_app.shows()[0] == "In a meeting"
    await running_app.types("/quo", "resume")
    assert shows(running_app) == (APP, APP)
    await chooses(running_app, key)
    assert shows(running_app) == ("", "")


async def test_forget_takes_everything_back_before_the_token_is_revoked(running_app: RunningApp) -> None:
    key = await joins(running_app, *BOTH)
    await running_app.until(at("10:00"))
    assert running_app.service is not None
    await running_app.service.cases.leaving.forget(key)
    await running_app.settle()
    assert shows(running_app) == ("", "")
    assert running_app.slack.tokens.user(ANN) is None
    assert running_app.slack.left_behind() == []


async def test_forget_names_what_could_not_be_taken_back(running_app: RunningApp) -> None:
    key = await joins(running_app, *BOTH)
    await running_app.until(at("10:00"))
    running_app.slack.faults.add(Fault("users.setPresence", status=503, times=None))
    running_app.slack.faults.add(Fault("dnd.info", status=503, times=None))
    assert running_app.service is not None
    await running_app.service.cases.leaving.forget(key)
    for _ in range(6):
        running_app.clock.move(seconds=12)
        await running_app.service.cases.leaving.run_due()
    await running_app.settle()
    told = " ".join(running_app.told())
    assert "I could not unmute your notifications. Do it in Slack." in told
    assert "I could not set you active again. Do it in Slack." in told
    assert running_app.slack.tokens.user(ANN) is None


async def test_uninstall_deletes_what_is_owed(running_app: RunningApp) -> None:
    await joins(running_app, Effect.AWAY)
    await running_app.until(at("10:00"))
    await running_app.until(running_app.clock.now() + timedelta(minutes=2))
    running_app.slack.uninstall(running_app.slack.member(ANN).team_id)
    await running_app.settle()
    assert shows(running_app) == ("", APP)


async def test_operators_command_takes_everything_back_without_the_app(running_app: RunningApp) -> None:
    key = await joins(running_app, *BOTH)
    await running_app.until(at("10:00"))
    assert shows(running_app) == (APP, APP)
    config = settings.load(running_app.environment(), dotenv=None)
    await running_app.stop()
    assert await person.forget(config, key, running_app.clock) == 0
    assert shows(running_app) == ("", "")
    assert running_app.slack.tokens.user(ANN) is None


async def test_who_was_deactivated_while_away_is_sent_nothing_once_they_are_deleted(
    database_url: str, clock: ManualClock
) -> None:
    async with open_running_app(clock, database_url, {"DEACTIVATED_KEPT_DAYS": "7"}) as app:
        await joins(app, Effect.AWAY)
        await app.until(at("10:00"))
        assert shows(app) == ("", APP)
        app.slack.membership.deactivate(ANN)
        await app.settle()
        told = len(app.told())
        with capture_logs() as logged:
            await app.until(at("10:01") + timedelta(days=7))
            await until(lambda: any(one["event"] == "person_forgotten" for one in logged))
            await app.settle()
        assert [one["left"] for one in logged if one["event"] == "person_forgotten"] == [1]
        assert len(app.told()) == told
