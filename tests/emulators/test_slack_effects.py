"""The local Slack's do not disturb, presence and faults keep Slack's own rules."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from emulators.faults import Fault
from emulators.slack import LocalSlack
from emulators.slack.state import APP, PERSON, TIME, RunningSnooze
from tests.support.clocks import ManualClock
from tests.support.local_slack import ANN, BEN, TEAM, bot, own, refused


def in_minutes(clock: ManualClock, minutes: int) -> int:
    return int((clock.now() + timedelta(minutes=minutes)).timestamp())


# ── do not disturb ──────────────────────────────────────────────────────────────────────────────────


async def test_snooze_is_set_from_query_form_and_json(slack: LocalSlack, clock: ManualClock) -> None:
    web = own(slack)
    answers = [
        await web.dnd_setSnooze(num_minutes=10),
        await web.api_call("dnd.setSnooze", data={"num_minutes": "20"}),
        await web.api_call("dnd.setSnooze", json={"num_minutes": 30}),
    ]
    assert [answer["snooze_endtime"] for answer in answers] == [in_minutes(clock, m) for m in (10, 20, 30)]
    assert answers[2].data == {
        "ok": True, "snooze_enabled": True, "snooze_endtime": in_minutes(clock, 30), "snooze_remaining": 1800,
        "snooze_is_indefinite": False,
    }  # fmt: skip


async def test_second_snooze_replaces_a_longer_one_of_the_persons_own(slack: LocalSlack, clock: ManualClock) -> None:
    slack.dnd.snooze(ANN, 120)
    await own(slack).dnd_setSnooze(num_minutes=5)
    assert slack.dnd.running(ANN) == RunningSnooze(in_minutes(clock, 5), APP)
    (change,) = slack.trespasses()
    assert (change.what, change.before.end, change.after.end) == (
        "snooze", in_minutes(clock, 120), in_minutes(clock, 5),
    )  # fmt: skip


async def test_app_that_changes_its_own_snooze_is_no_trespass(slack: LocalSlack) -> None:
    await own(slack).dnd_setSnooze(num_minutes=60)
    await own(slack).dnd_setSnooze(num_minutes=90)
    await own(slack).dnd_endSnooze()
    slack.dnd.snooze(ANN, 30)
    assert slack.trespasses() == []
    assert [(one.by, one.whose) for one in slack.changes] == [(APP, ""), (APP, APP), (APP, APP), (PERSON, "")]


async def test_snooze_ends_by_itself_without_an_event(slack: LocalSlack, clock: ManualClock) -> None:
    web = own(slack)
    await web.dnd_setSnooze(num_minutes=10)
    told = len(slack.deliveries.delivered)
    clock.move(minutes=9, seconds=59)
    assert (await web.dnd_info())["snooze_remaining"] == 1
    clock.move(seconds=1)
    body = (await web.dnd_info()).data
    assert body == {
        "ok": True, "dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1, "snooze_enabled": False,
        "snooze_is_indefinite": False,
    }  # fmt: skip
    assert (slack.changes[-1].by, slack.changes[-1].after) == (TIME, None)
    assert len(slack.deliveries.delivered) == told
    assert await refused(web.dnd_endSnooze()) == "snooze_not_active"


@pytest.mark.parametrize(
    ("minutes", "error"),
    [("", "missing_duration"), ("0", "snooze_failed"), ("-5", "snooze_failed"), ("1.5", "snooze_failed"),
     ("1441", "too_long")],
)  # fmt: skip
async def test_number_of_minutes_that_slack_does_not_take(slack: LocalSlack, minutes: str, error: str) -> None:
    assert await refused(own(slack).dnd_setSnooze(num_minutes=minutes)) == error
    assert slack.dnd.running(ANN) is None


async def test_ceiling_of_a_workspace_can_be_lower(slack: LocalSlack) -> None:
    slack.workspaces[TEAM].snooze_ceiling = 60
    assert await refused(own(slack).dnd_setSnooze(num_minutes=61)) == "too_long"
    assert (await own(slack).dnd_setSnooze(num_minutes=60))["snooze_enabled"]


async def test_bot_may_read_hours_but_neither_set_nor_see_a_snooze(slack: LocalSlack) -> None:
    slack.dnd.snooze(ANN, 60)
    assert await refused(bot(slack).dnd_setSnooze(num_minutes=5)) == "not_allowed_token_type"
    seen = [await bot(slack).dnd_info(user=ANN), await own(slack, BEN).dnd_info(user=ANN)]
    assert [{name for name in answer.data if name.startswith("snooze")} for answer in seen] == [set(), set()]
    assert (await own(slack).dnd_info(user=ANN))["snooze_enabled"] is True
    assert await refused(own(slack).dnd_info(user="U0NOBODY01")) == "user_not_found"


async def test_nightly_hours_are_no_snooze(slack: LocalSlack, clock: ManualClock) -> None:
    slack.dnd.nightly(ANN, time(22), time(7))
    body = (await own(slack).dnd_info()).data
    berlin = ZoneInfo("Europe/Berlin")
    day = clock.now().astimezone(berlin).date()
    start = datetime.combine(day, time(22), berlin)
    end = datetime.combine(day + timedelta(days=1), time(7), berlin)
    assert (body["dnd_enabled"], body["snooze_enabled"], body["next_dnd_start_ts"], body["next_dnd_end_ts"]) == (
        True, False, int(start.timestamp()), int(end.timestamp()),
    )  # fmt: skip
    assert not slack.dnd.muted(ANN)
    assert await refused(own(slack).dnd_endDnd()) == "not_in_dnd"


async def test_running_hours_are_ended_for_this_night_alone(slack: LocalSlack, clock: ManualClock) -> None:
    now = clock.now().astimezone(ZoneInfo("Europe/Berlin")).time().replace(second=0)
    slack.dnd.nightly(ANN, now, time((now.hour + 1) % 24, now.minute))
    assert slack.dnd.muted(ANN)
    before = (await own(slack).dnd_info())["next_dnd_start_ts"]
    await own(slack).dnd_endDnd()
    assert not slack.dnd.muted(ANN)
    assert (await own(slack).dnd_info())["next_dnd_start_ts"] == before + 86_400


async def test_team_info_shows_hours_of_many_and_nobodys_snooze(slack: LocalSlack) -> None:
    slack.dnd.snooze(ANN, 60)
    slack.dnd.nightly(BEN, time(22), time(7))
    users = (await bot(slack).dnd_teamInfo(users=[ANN, BEN]))["users"]
    hours = {"dnd_enabled", "next_dnd_start_ts", "next_dnd_end_ts"}
    assert [set(users[user]) for user in (ANN, BEN)] == [hours, hours]
    assert (users[ANN]["dnd_enabled"], users[BEN]["dnd_enabled"]) == (False, True)
    assert await refused(bot(slack).dnd_teamInfo(users="")) == "no_users_provided"


async def test_own_snooze_is_told_to_the_app_by_the_persons_grant(slack: LocalSlack, clock: ManualClock) -> None:
    slack.dnd.snooze(BEN, 30)
    assert slack.deliveries.delivered == []  # without a grant nothing is told
    slack.grant(ANN, {"dnd:write"})
    slack.dnd.snooze(ANN, 30)
    assert slack.deliveries.delivered == []  # nor without the scope
    slack.grant(ANN, {"dnd:read"})
    slack.dnd.snooze(ANN, 60)
    slack.dnd.end(ANN)
    first, last = slack.deliveries.delivered
    assert first["authorizations"][0] | {"user_id": ANN, "is_bot": False} == first["authorizations"][0]
    assert first["event"]["user"] == ANN
    assert first["event"]["dnd_status"]["snooze_endtime"] == in_minutes(clock, 60)
    assert (last["event"]["type"], last["event"]["dnd_status"]["snooze_enabled"]) == ("dnd_updated", False)


async def test_twenty_first_snooze_of_a_workspace_in_a_minute_is_limited(slack: LocalSlack, clock: ManualClock) -> None:
    for number in range(20):
        await own(slack, (ANN, BEN)[number % 2]).dnd_setSnooze(num_minutes=30)
    with pytest.raises(SlackApiError) as caught:
        await own(slack).dnd_setSnooze(num_minutes=30)
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "60")
    await own(slack).dnd_info()
    clock.move(minutes=1)
    await own(slack).dnd_setSnooze(num_minutes=30)


# ── what goes wrong ─────────────────────────────────────────────────────────────────────────────────


async def test_error_after_the_effect_has_had_its_effect(slack: LocalSlack) -> None:
    slack.faults.add(Fault("users.setPresence", error="fatal_error", after=True))
    assert await refused(own(slack).users_setPresence(presence="away")) == "fatal_error"
    assert slack.presence.away_by(ANN) == APP
    assert [call.ok for call in slack.calls.all("users.setPresence")] == [False]


async def test_fault_lets_calls_pass_first(slack: LocalSlack) -> None:
    slack.faults.add(Fault("dnd.setSnooze", error="internal_error", skip=1))
    await own(slack).dnd_setSnooze(num_minutes=5)
    assert await refused(own(slack).dnd_setSnooze(num_minutes=6)) == "internal_error"
    await own(slack).dnd_setSnooze(num_minutes=7)


@pytest.mark.parametrize(
    ("method", "scope"),
    [("dnd.setSnooze", "dnd:write"), ("dnd.info", "dnd:read"), ("users.setPresence", "users:write"),
     ("users.setPhoto", "users.profile:write"), ("emoji.list", "emoji:read")],
)  # fmt: skip
async def test_missing_scope_is_named(slack: LocalSlack, method: str, scope: str) -> None:
    token = slack.grant(BEN, {"users:read"}).value
    with pytest.raises(SlackApiError) as caught:
        await AsyncWebClient(token=token, base_url=slack.api_url).api_call(method)
    assert caught.value.response.data == {
        "ok": False, "error": "missing_scope", "needed": scope, "provided": "users:read",
    }  # fmt: skip


# ── presence ────────────────────────────────────────────────────────────────────────────────────────


async def test_away_stays_until_auto_is_sent(slack: LocalSlack, clock: ManualClock) -> None:
    await own(slack).users_setPresence(presence="away")
    clock.move(hours=100)
    slack.presence.connects(ANN, 0)
    slack.presence.connects(ANN, 2)
    assert (await own(slack).users_getPresence(user=ANN))["manual_away"] is True
    assert (await own(slack, BEN).users_getPresence(user=ANN)).data == {"ok": True, "presence": "away"}
    await own(slack).users_setPresence(presence="auto")
    assert (await own(slack).users_getPresence(user=ANN)).data == {
        "ok": True, "presence": "active", "online": True, "auto_away": False, "manual_away": False,
        "connection_count": 2, "last_activity": int(clock.now().timestamp()),
    }  # fmt: skip


async def test_auto_does_not_make_somebody_active_who_is_idle(slack: LocalSlack) -> None:
    slack.presence.connects(ANN, 1, idle=True)
    await own(slack).users_setPresence(presence="auto")
    body = (await own(slack).users_getPresence(user=ANN)).data
    assert (body["presence"], body["auto_away"], body["manual_away"]) == ("away", True, False)


async def test_presence_of_the_bots_token_is_the_bots(slack: LocalSlack) -> None:
    slack.install(TEAM, {"users:write"})
    await bot(slack).users_setPresence(presence="away")
    assert (slack.presence.of(ANN), slack.presence.of(slack.bot_of(TEAM).user_id)) == ("active", "away")


@pytest.mark.parametrize("presence", ["active", "", "AWAY"])
async def test_presence_that_slack_does_not_know(slack: LocalSlack, presence: str) -> None:
    assert await refused(own(slack).users_setPresence(presence=presence)) == "invalid_presence"


async def test_away_by_hand_that_the_app_takes_off_is_a_trespass(slack: LocalSlack) -> None:
    slack.presence.toggle(ANN, away=True)
    await own(slack).users_setPresence(presence="away")  # nothing changes: it stays the person's
    assert slack.presence.away_by(ANN) == PERSON
    await own(slack).users_setPresence(presence="auto")
    assert [(one.what, one.before, one.after) for one in slack.trespasses()] == [("presence", "away", "auto")]


async def test_person_ends_the_apps_away_by_hand(slack: LocalSlack) -> None:
    await own(slack).users_setPresence(presence="away")
    slack.presence.toggle(ANN, away=False)
    assert (await own(slack).users_getPresence(user=ANN))["manual_away"] is False
    assert slack.trespasses() == []
