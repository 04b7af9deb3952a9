"""When nobody is told that somebody is out: who did not ask, who may not know, and what Slack does not take."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.store.effect_tables import REPLIES
from services.store.tables import PEOPLE, WORKSPACES
from tests.support.clocks import ManualClock
from tests.support.office import BACK_ON_FRIDAY, CAT, EVE, OTHER, POST, Office, office_in
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at, open_running_app


async def test_own_messages_bots_edits_deletions_and_direct_messages_are_not_answered(office: Office) -> None:
    slack = office.app.slack
    await office.says("@ann and @cat?")  # who are not out
    said = slack.talk.say(BEN, office.channel.channel_id, "Hello")
    await office.is_out()
    await office.says(f"I, <@{ANN}>, am out", ANN)
    for subtype in (True, False):
        slack.talk.says_as_bot(office.channel.channel_id, "@ann?", subtype=subtype)
    slack.talk.edit(said, "@ann?")
    slack.talk.delete(said)
    slack.conversations.write(BEN, f"<@{ANN}>?")
    await office.app.settle()
    assert office.posts == 0
    assert await office.app.rows(sa.select(REPLIES)) == []
    await office.says("@ann?")
    assert office.told() == [BACK_ON_FRIDAY]


async def test_people_of_other_organisations_are_told_nothing(office: Office) -> None:
    slack = office.app.slack
    slack.add_workspace(OTHER, "Other", "other")
    slack.add_person(EVE, "eve", team_id=OTHER)
    shared = slack.talk.create("partners", TEAM, {ANN, BEN, EVE}, shared=True)
    slack.talk.invite_app(shared.channel_id)
    await office.is_out()
    await office.says("@ann?", EVE, channel=shared)
    assert office.posts == 0
    await office.says("@ann?", BEN, channel=shared)
    assert office.told() == [BACK_ON_FRIDAY]


async def test_lists_of_more_than_five_people_ask_nobody(office: Office) -> None:
    await office.is_out()
    others = " ".join(f"<@U0X{number}>" for number in range(5))
    await office.says(f"{others} <@{ANN}>")
    assert office.posts == 0
    await office.says(f"{others.rpartition(' ')[0]} <@{ANN}> <@{ANN}>")
    assert office.told() == [BACK_ON_FRIDAY]


async def test_channel_in_which_many_are_asked_about_within_a_minute_goes_quiet(office: Office) -> None:
    await office.is_out()
    slack, askers = office.app.slack, [f"U0MANY{number:04}" for number in range(22)]
    for user in askers:
        slack.add_person(user, user.lower(), team_id=TEAM)
        slack.talk.join(office.channel.channel_id, user)
    for user in askers:
        slack.talk.say(user, office.channel.channel_id, "@ann?")
    await office.app.settle()
    assert office.posts == 20
    office.app.clock.move(seconds=61)
    await office.says("@ann?", CAT)
    assert len(office.told(CAT)) == 1


async def test_paused_person_is_not_told_of(office: Office) -> None:
    await office.is_out()
    await office.app.types("/quo", "pause")
    await office.says("@ann?")
    assert office.posts == 0
    await office.app.types("/quo", "resume")
    await office.says("@ann?")
    assert office.told() == [BACK_ON_FRIDAY]


@pytest.mark.parametrize("by_hand", [("",), ("Here after all", ":wave:")])
async def test_person_who_cleared_their_status_or_typed_one_by_hand_is_not_told_of(
    office: Office, by_hand: tuple[str, ...]
) -> None:
    await office.is_out()
    office.app.clock.move(minutes=1)
    await office.app.says(*by_hand)
    await office.says("@ann?")
    assert office.posts == 0


async def test_nobody_is_told_of_after_the_end(office: Office) -> None:
    await office.is_out("until 15:30")
    await office.app.until(at("14:30"))
    await office.says("@ann?")
    assert office.posts == 0


async def test_workspace_that_does_not_want_it_and_person_who_lost_their_permission_are_left_alone(
    office: Office,
) -> None:
    await office.is_out()
    for change, back in (
        (sa.update(WORKSPACES).values(policy='{"replies":false}'), sa.update(WORKSPACES).values(policy="{}")),
        (sa.update(PEOPLE).values(grant_state="lost"), sa.update(PEOPLE).values(grant_state="ok")),
    ):
        await office.app.tampers(change)
        await office.knows()
        await office.says("@ann?")
        assert office.posts == 0
        await office.app.tampers(back)
    await office.knows()
    await office.says("@ann?")
    assert office.told() == [BACK_ON_FRIDAY]


async def test_operator_who_does_not_want_it_has_nothing_looked_through(clock: ManualClock, sqlite_url: str) -> None:
    async with open_running_app(clock, sqlite_url, {"REPLIES_ALLOWED": "false"}) as app:
        office = await office_in(app)
        assert app.service is not None
        assert app.service.listening.out is None
        await office.says("@ann?")
        assert office.posts == 0


async def test_asker_of_whom_slack_does_not_tell_is_asked_about_later(office: Office) -> None:
    """In somebody else's zone a time would be wrong; so nobody is told, and the next mention counts."""
    await office.is_out()
    calls = office.app.slack.calls
    office.app.slack.faults.add("users.info", retry_after=30)
    before = len(calls.all("users.info"))
    await office.says("@ann?")
    await office.says("@ann??")
    assert (office.posts, len(calls.all("users.info")) - before) == (0, 1)
    office.app.clock.move(seconds=31)
    await office.says("@ann???")
    assert office.told() == [BACK_ON_FRIDAY]


async def test_asker_who_is_no_colleague_by_what_slack_says_of_them_is_told_nothing(office: Office) -> None:
    await office.is_out()
    body = {"ok": True, "user": {"id": BEN, "team_id": OTHER, "tz": "Etc/UTC", "locale": "en-GB"}}
    office.app.slack.faults.add("users.info", status=200, body=body)
    await office.says("@ann?")
    await office.says("@ann??")  # it is remembered
    assert office.posts == 0


@pytest.mark.parametrize("archived", [True, False])
async def test_place_where_nothing_can_be_shown_is_silence(office: Office, *, archived: bool) -> None:
    await office.is_out()
    office.app.slack.talk.say(BEN, office.channel.channel_id, "@ann?")
    if archived:
        office.channel.archived = True
    else:
        office.app.slack.talk.leave(office.channel.channel_id, BEN)
    await office.app.settle()
    assert (office.posts, office.told()) == (1, [])
    assert office.app.told(BEN) == []
    (row,) = await office.app.rows(sa.select(REPLIES))
    assert row.due_at is None


async def test_mention_that_slack_tells_of_late_is_not_answered(office: Office) -> None:
    await office.is_out()
    event = {
        "type": "message", "channel": office.channel.channel_id, "channel_type": "channel", "user": BEN, "team": TEAM,
        "text": f"<@{ANN}>?", "ts": f"{(office.app.clock.now() - timedelta(minutes=6)).timestamp():.6f}",
    }  # fmt: skip
    office.app.slack.deliveries.event(TEAM, event, subscription="message.channels")
    await office.app.settle()
    assert await office.app.rows(sa.select(REPLIES)) == []


async def test_answer_that_could_not_be_shown_in_time_is_dropped(office: Office) -> None:
    await office.is_out()
    office.app.slack.faults.add(POST, retry_after=400)
    await office.says("@ann?")
    assert office.told() == []
    await office.app.until(office.app.clock.now() + timedelta(seconds=401))
    assert office.told() == []
    assert await office.app.rows(sa.select(REPLIES)) == []


async def test_name_that_is_not_known_is_asked_for_until_slack_says(office: Office) -> None:
    await office.is_out()
    await office.app.tampers(sa.update(PEOPLE).where(PEOPLE.c.user_id == ANN).values(names=None))
    fault = office.app.slack.faults.add(
        "users.info", error="internal_error", times=None, skip=1
    )  # the asker is told of
    await office.says("@ann?")
    assert office.posts == 0
    office.app.slack.faults.remove(fault)
    await office.app.until(office.app.clock.now() + timedelta(seconds=21))
    assert office.told() == [BACK_ON_FRIDAY]


async def test_answer_waits_as_long_as_slack_says(office: Office) -> None:
    await office.is_out()
    office.app.slack.faults.add(POST, retry_after=30)
    await office.says("@ann?")
    assert office.told() == []
    await office.app.until(office.app.clock.now() + timedelta(seconds=31))
    assert office.told() == [BACK_ON_FRIDAY]


async def test_app_that_was_installed_before_hears_nothing_and_goes_on(running_app: RunningApp) -> None:
    slack = running_app.slack
    slack.add_person(ANN, "ann", "Ann Lee", team_id=TEAM)
    slack.add_person(BEN, "ben", team_id=TEAM)
    await running_app.joins(ANN)
    channel = slack.talk.create("project", TEAM, {ANN, BEN})
    slack.talk.invite_app(channel.channel_id)
    office = Office(running_app, channel)
    await office.is_out()
    await office.says("@ann?")
    assert office.posts == 0
    assert running_app.text() != ""
