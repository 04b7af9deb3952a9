"""A digest of who is out is posted to a channel at its local minute, once, about its members, and notifies nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from emulators.slack.state import Channel, SlackMessage
from services.domain.digests import LATE
from services.domain.model import PersonKey
from services.domain.policy import Policy
from services.platform.crypto import SealedBytes
from services.platform.settings import Settings
from services.store.keeper import open_kept, seal_kept
from services.store.retention import KeptFor
from services.store.workspace_tables import DIGEST_POSTS, DIGESTS, KEPT, LEAVE_LINES
from tests.support.databases import SQLITE_FIRST
from tests.support.feeds import entry
from tests.support.few import few
from tests.support.leave import connects_leave
from tests.support.office import CAT, project_in
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at

KEEP = KeptFor.of(Settings())
POST = "chat.postMessage"


@dataclass
class Room:
    """The channel of `project_in`."""

    app: RunningApp
    channel: Channel

    async def types(self, text: str, user: str = ANN, *, channel: Channel | None = None) -> str:
        """Somebody types `/quo digest …` in the channel; the answer."""
        channel_id = (channel or self.channel).channel_id
        answer = await self.app.slack.people.command(user, "/quo", f"digest {text}".strip(), channel_id=channel_id)
        assert answer.status == 200
        await self.app.settle()
        return str((answer.json() or {})["text"])

    @property
    def posted(self) -> list[SlackMessage]:
        return self.app.slack.talk.posted(self.channel.channel_id)

    def said(self) -> list[str]:
        """The lines of what was posted last."""
        blocks = self.posted[-1].blocks or []
        texts = [part["text"] for block in blocks for part in (block.get("text"), *block.get("elements", ())) if part]
        return [line.removeprefix("• ") for text in texts for line in text.split("\n")]


@pytest.fixture
async def room(running_app: RunningApp) -> Room:
    return Room(running_app, await project_in(running_app))


@SQLITE_FIRST
async def test_digest_is_posted_at_its_local_minute_once_about_the_members_and_notifies_nobody(room: Room) -> None:
    said = await room.types("weekdays 9:00")
    assert "working days at 09:00, Europe/Berlin time" in said
    assert "First on Wed 25 Nov" in said
    await room.app.types("/ooo", "until friday", BEN)
    await room.app.types("/ooo", "until friday", CAT)
    await room.app.until(at("07:59", 25))
    assert room.posted == []
    await room.app.until(at("08:00", 25))
    (message,) = room.posted
    assert room.said() == ["Out on Wed 25 Nov", "Ben Hall: back on Fri 27 Nov"]
    assert room.app.slack.talk.notified(message) == frozenset()
    await room.app.until(at("08:30", 25))
    assert len(room.posted) == 1
    await room.app.until(at("08:00", 26))
    assert len(room.posted) == 2


@SQLITE_FIRST
async def test_digest_tells_of_who_is_out_from_its_minute_on(room: Room) -> None:
    """Their statuses are set at the same minute, and Slack takes some time over that."""
    await room.types("weekdays 9:00")
    kim = room.app.slack.add_person("U0KIM00001", "kim", "Kim Kay", team_id=TEAM, tz="Europe/Berlin")
    room.channel.members.add(kim.user_id)
    room.app.slack.membership.set_role(ANN, "admin")
    await room.app.types("/ooo", "tomorrow from 9am until 5pm", BEN)
    room.app.feeds["hr"].has(entry("1", at("08:00", 25), at("16:00", 25), "Kim Kay - vacation"))
    await room.app.service.stores.keepers.consent(PersonKey(TEAM, ANN), room.app.clock.now())
    await connects_leave(room.app)
    await room.app.until(at("08:00", 25))
    assert room.said() == ["Out on Wed 25 Nov", "Ben Hall: until 17:00", "Kim Kay: until 17:00"]
    assert await _out_while_the_keeper_writes(room.app, PersonKey(TEAM, kim.user_id)) == ["Ben Hall", "Kim Kay"]


async def _out_while_the_keeper_writes(app: RunningApp, key: PersonKey) -> list[str]:
    """Who is told of between the keeper's intent and its record."""
    stores, now = app.service.stores, app.clock.now()
    mine = KEPT.c.team_id == key.team_id, KEPT.c.user_id == key.user_id
    async with stores.database.write() as connection:
        memory = open_kept(stores.encryptor, await connection.scalar(sa.select(KEPT.c.memory).where(*mine)), key)
        standing = replace(memory.standing, applied=None, pending=memory.standing.applied)
        sealed = seal_kept(stores.encryptor, replace(memory, standing=standing), key)
        await connection.execute(sa.update(KEPT).where(*mine).values(memory=sealed))
    out = await stores.absences.out(key.team_id, now, now + timedelta(hours=1), now=now)
    return [one.name for one in out]


async def test_names_that_look_like_mentions_notify_nobody(room: Room) -> None:
    await room.types("weekdays 9:00")
    for user, name in ((BEN, "<!channel> & <@U0ANN00001>"), (ANN, "@here :tada: *Ann*")):
        room.app.slack.membership.rename(user, name)
        await room.app.settle()
        await room.app.types("/ooo", "until friday", user)
    await room.app.until(at("08:00", 25))
    (message,) = room.posted
    assert room.app.slack.talk.notified(message) == frozenset()
    assert "<!channel> & <@U0ANN00001>: back on Fri 27 Nov" in room.said()


async def test_weekly_digest_tells_of_seven_days_with_what_is_to_come(room: Room) -> None:
    await room.types("mondays 9:00")
    await room.app.types("/ooo", "3 dec - 4 dec", BEN)
    await room.app.until(at("08:00", 30))
    assert room.said() == ["Out from Mon 30 Nov to Sun 6 Dec", "Ben Hall: from Thu 3 Dec, back on Sat 5 Dec"]


async def test_quiet_day_is_silent(room: Room) -> None:
    await room.types("weekdays 9:00")
    await room.app.until(at("08:00", 25))
    assert room.posted == []
    outcomes = sa.select(DIGEST_POSTS.c.outcome)
    assert [row.outcome for row in await room.app.rows(outcomes)] == ["nobody"]
    rows, now = room.app.service.stores.retention, room.app.clock.now()
    await rows.delete_old(now, KEEP)
    assert len(await room.app.rows(outcomes)) == 1
    await rows.delete_old(now + KEEP.audit + timedelta(minutes=1), KEEP)
    assert await room.app.rows(outcomes) == []


async def test_weekend_has_no_daily_digest(room: Room) -> None:
    await room.types("daily 9:00")
    await room.app.types("/ooo", "until 3 dec", BEN)
    await room.app.until(at("08:00", 27))
    posted = len(room.posted)
    for day in (28, 29):
        await room.app.until(at("12:00", day))
    assert len(room.posted) == posted
    await room.app.until(at("08:00", 30))
    assert len(room.posted) == posted + 1


async def test_company_holiday_has_no_daily_digest(room: Room) -> None:
    await room.types("weekdays 9:00")
    await room.app.types("/ooo", "until friday", BEN)
    line = {"calendar_id": "c", "line_id": "l", "result": "holiday", "content": SealedBytes(b"x"), "team_id": TEAM}
    day = {"start_at": at("00:00", 25), "end_at": at("00:00", 26)}
    await room.app.tampers(sa.insert(LEAVE_LINES).values(**line, **day))  # type: ignore[arg-type]  # any statement
    await room.app.until(at("08:00", 25))
    assert room.posted == []
    await room.app.until(at("08:00", 26))
    assert len(room.posted) == 1


async def test_digest_that_is_two_hours_late_is_skipped(room: Room) -> None:
    await room.types("weekdays 9:00")
    await room.app.types("/ooo", "until 3 dec", BEN)
    await room.app.stop()
    room.app.clock.move_to(at("08:00", 25) + LATE)
    await room.app.start()
    await room.app.settle()
    assert room.posted == []
    await room.app.stop()
    room.app.clock.move_to(at("08:00", 26) + LATE - timedelta(minutes=1))
    await room.app.start()
    await room.app.settle()
    assert len(room.posted) == 1


@pytest.mark.parametrize("how", few(["archived", "left", "restricted", "deleted", "shared"], quick=2))
async def test_channel_that_refuses_pauses_it_and_its_creator_is_told_once(room: Room, how: str) -> None:
    await room.types("weekdays 9:00")
    await room.app.types("/ooo", "until 3 dec", BEN)
    talk, channel_id = room.app.slack.talk, room.channel.channel_id
    match how:
        case "archived":
            talk.archive(channel_id)
        case "left":
            talk.leave(channel_id, room.app.slack.install(TEAM).user_id)
        case "restricted":
            room.channel.refuses = "restricted_action_read_only_channel"
        case "deleted":
            talk.delete_channel(channel_id)
        case "shared":
            room.channel.shared = True
    await room.app.until(at("08:00", 25))
    await room.app.until(at("08:00", 26))
    told = [text for text in room.app.told(ANN) if "digest" in text]
    assert len(told) == 1
    (row,) = await room.app.rows(sa.select(DIGESTS.c.problem, DIGESTS.c.due_at))
    assert row.problem
    assert row.due_at is None
    if how in {"left", "restricted"}:  # where somebody can still type
        assert "Paused" in await room.types("")


async def test_slack_that_says_wait_gets_it_later_the_same_day(room: Room) -> None:
    await room.types("weekdays 9:00")
    await room.app.types("/ooo", "until 3 dec", BEN)
    room.app.slack.faults.add(Fault(POST, retry_after=30, times=1))
    await room.app.until(at("08:00", 25))
    assert room.posted == []
    await room.app.until(at("08:01", 25))
    assert len(room.posted) == 1


async def test_answer_that_is_lost_is_not_posted_twice(room: Room) -> None:
    await room.types("weekdays 9:00")
    await room.app.types("/ooo", "until 3 dec", BEN)
    room.app.slack.faults.add(Fault(POST, drop=True, after=True, times=1))
    await room.app.until(at("08:00", 25))
    await room.app.until(at("09:00", 25))
    assert len(room.posted) == 1


async def test_anybody_in_the_channel_ends_it(room: Room) -> None:
    await room.types("weekdays 9:00")
    assert "posted here" in await room.types("")
    assert await room.types("off", BEN) == "No digest is posted here any more."
    assert "has no digest" in await room.types("off", BEN)
    await room.app.types("/ooo", "until 3 dec", BEN)
    await room.app.until(at("08:00", 25))
    assert room.posted == []


async def test_who_is_not_in_the_channel_makes_none_and_ends_none(room: Room) -> None:
    await room.types("weekdays 9:00")
    assert "You are not in that channel" in await room.types("off", CAT)
    assert "You are not in that channel" in await room.types("mondays 9:00", CAT)
    assert len(await room.app.rows(sa.select(DIGESTS.c.period))) == 1


async def test_shared_channel_and_channel_without_the_app_are_refused_with_what_to_do(room: Room) -> None:
    talk = room.app.slack.talk
    shared = talk.create("shared", TEAM, {ANN}, shared=True)
    talk.invite_app(shared.channel_id)
    assert "shared with another organization" in await room.types("weekdays 9:00", channel=shared)
    alone = talk.create("alone", TEAM, {ANN})
    assert "/invite" in await room.types("weekdays 9:00", channel=alone)
    assert await room.app.rows(sa.select(DIGESTS.c.period)) == []


async def test_without_the_scopes_the_answer_says_what_an_admin_has_to_allow(running_app: RunningApp) -> None:
    app = running_app
    await app.joins(ANN)
    channel = app.slack.talk.create("project", TEAM, {ANN})
    app.slack.talk.invite_app(channel.channel_id)
    app.slack.membership.set_role(ANN, "admin")
    said = await Room(app, channel).types("weekdays 9:00")
    assert "Ask a workspace admin to allow that" in said
    assert await app.rows(sa.select(DIGESTS.c.period)) == []


async def test_half_understood_time_changes_nothing_and_says_how(room: Room) -> None:
    said = await room.types("mondays tomorrow")
    assert "/quo digest weekdays 9:00" in said
    assert await room.app.rows(sa.select(DIGESTS.c.period)) == []


async def test_new_time_takes_the_place_of_the_old_one(room: Room) -> None:
    await room.types("weekdays 9:00")
    await room.types("weekdays 10:00", BEN)
    await room.app.types("/ooo", "until 3 dec", BEN)
    await room.app.until(at("08:00", 25))
    assert room.posted == []
    await room.app.until(at("09:00", 25))
    assert len(room.posted) == 1


async def test_policy_against_digests_holds_at_once_and_refuses_new_ones(room: Room) -> None:
    await room.types("weekdays 9:00")
    await room.app.types("/ooo", "until 3 dec", BEN)
    service = room.app.service
    assert service is not None
    policies, ann = service.stores.policies, PersonKey(TEAM, ANN)
    await policies.change(ann, room.app.clock.now(), lambda policy: replace(policy, digests=False))
    room.app.wake()
    await room.app.until(at("08:00", 25))
    assert room.posted == []
    assert "does not allow that" in await room.types("mondays 9:00")
    await policies.change(ann, room.app.clock.now(), lambda _: Policy(members_may=frozenset()))
    room.app.wake()
    assert "Only an admin" in await room.types("mondays 9:00")
    room.app.slack.membership.set_role(ANN, "admin")
    assert "every Mon at 09:00" in await room.types("mondays 9:00")


async def test_digest_of_somebody_who_is_forgotten_goes_on_without_their_name(room: Room) -> None:
    await room.types("weekdays 9:00")
    await room.app.types("/ooo", "until 3 dec", BEN)
    assert room.app.service is not None
    await room.app.service.cases.people.forget(PersonKey(TEAM, ANN))
    await room.app.settle()
    assert [row.created_by for row in await room.app.rows(sa.select(DIGESTS.c.created_by))] == [""]
    await room.app.until(at("08:00", 25))
    assert len(room.posted) == 1


async def test_form_on_the_home_tab_makes_one_and_its_button_ends_it(room: Room) -> None:
    people, slack = room.app.slack.people, room.app.slack
    await room.app.opens_home(ANN)
    await people.click_in_view(ANN, slack.homes[ANN].view_id, {"type": "button", "action_id": "make_digest"})
    state = {
        "channel": {"type": "conversations_select", "selected_conversation": room.channel.channel_id},
        "days": {"type": "static_select", "selected_option": {"value": "working_days"}},
        "time": {"type": "timepicker", "selected_time": "09:30"},
        "silent": {"type": "checkboxes", "selected_options": []},
    }
    form = slack.modals[ANN][-1]
    answer = await people.submit(ANN, form.view_id, {block: {"value": element} for block, element in state.items()})
    assert (answer.status, answer.body) == (200, b"")
    await room.app.settle()
    await room.app.until(at("08:30", 25))
    assert room.said() == ["Out on Wed 25 Nov", "Nobody is out."]
    value = f"{room.channel.channel_id}:daily"
    button = {"type": "button", "action_id": "end_digest", "value": value}
    await people.click_in_view(ANN, slack.homes[ANN].view_id, button)
    await room.app.settle()
    assert await room.app.rows(sa.select(DIGESTS.c.period)) == []


async def test_form_says_what_is_wrong_at_its_block(room: Room) -> None:
    people, slack = room.app.slack.people, room.app.slack
    await room.app.opens_home(ANN)
    await people.click_in_view(ANN, slack.homes[ANN].view_id, {"type": "button", "action_id": "make_digest"})
    state = {
        "channel": {"type": "conversations_select", "selected_conversation": None},
        "days": {"type": "static_select", "selected_option": {"value": "working_days"}},
        "time": {"type": "timepicker", "selected_time": None},
    }
    form = slack.modals[ANN][-1]
    answer = await people.submit(ANN, form.view_id, {block: {"value": element} for block, element in state.items()})
    assert sorted((answer.json() or {})["errors"]) == ["channel", "time"]
    assert await room.app.rows(sa.select(DIGESTS.c.period)) == []


async def test_former_admin_who_ends_a_digest_in_a_form_left_open_is_shown_nothing_new(room: Room) -> None:
    app, slack = room.app, room.app.slack
    slack.membership.set_role(ANN, "admin")
    await room.types("weekdays 9:00")
    await app.opens_home(ANN)
    button = {"type": "button", "action_id": "open_workspace"}
    await slack.people.click_in_view(ANN, slack.homes[ANN].view_id, button)
    form = slack.modals[ANN][-1]
    slack.membership.set_role(ANN, "member")
    app.feeds["hr"].has(entry("1", date(2026, 11, 24), date(2026, 11, 27), "Zoe Nobody (Sick leave)"))
    await connects_leave(app)
    end = {"type": "button", "action_id": "end_digest", "value": f"{room.channel.channel_id}:daily"}
    await slack.people.click_in_view(ANN, form.view_id, end)
    await app.settle()
    assert "Zoe" not in str(slack.modals[ANN][-1].view)
    assert len(await app.rows(sa.select(DIGESTS.c.channel_id))) == 1
