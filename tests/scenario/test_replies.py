"""Who mentions somebody who is out is told so: once a day, where they wrote, seen by them alone; and when not."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import sqlalchemy as sa

from emulators.slack.state import Channel
from services.domain.lines import Line, kind_line
from services.domain.model import Effect, Kind, PersonKey
from services.store.effect_models import ReplyRow
from services.store.models import Person, Workspace
from services.usecases import replies
from services.usecases.replies import WhoIsOut
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH
from tests.support.engine import until
from tests.support.feeds import entry, lasting
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at, open_running_app
from tests.support.statements import statements

CAT, EVE, OTHER = "U0CAT00001", "U0EVE00001", "T0OTHER001"
POST = "chat.postEphemeral"
BACK_ON_FRIDAY = "Ann Lee is away and back on Fri 27 Nov."


@dataclass
class Office:
    """Ann's workspace, in whose #project the app is; she lives in Berlin, Ben, who never used the app, in New York."""

    app: RunningApp
    channel: Channel

    async def is_out(self, typed: str = "until friday", *, user: str = ANN, replies: bool = True) -> None:
        """Somebody has whoever mentions them told while they are out, and is out from now on."""
        if replies:
            await self.chooses(user)
        await self.app.types("/ooo", typed, user)
        await self.knows()

    async def chooses(self, user: str = ANN, kind: Kind = Kind.OUT_OF_OFFICE) -> None:
        """Somebody has whoever mentions them told, whenever that line of their list shows."""
        assert self.app.service is not None

        def chosen(lines: tuple[Line, ...]) -> tuple[Line, ...]:
            at = kind_line(lines, kind)
            return (*lines[:at], replace(lines[at], effects=frozenset({Effect.REPLY})), *lines[at + 1 :])

        await self.app.service.stores.lines.change(PersonKey(TEAM, user), self.app.clock.now(), chosen)

    async def has(self, *entries: str) -> None:
        """Ann's calendar has these entries, and is read."""
        self.app.feeds["work"].has(*entries)
        await self.app.connects("work")
        await self.knows()

    async def stands_in(self, user: str) -> None:
        """Ann names somebody to stand in for her."""
        assert self.app.service is not None
        overrides, now, ann = self.app.service.stores.overrides, self.app.clock.now(), PersonKey(TEAM, ANN)
        (override,) = await overrides.standing(ann, now)
        await overrides.put(ann, replace(override, stand_in=user), now)
        self.app.service.engine.wake_signal.wake()
        await self.app.settle()
        await self.knows()

    async def knows(self) -> None:
        """The app looks at who is out."""
        assert self.app.service is not None
        assert self.app.service.out is not None
        await self.app.service.out.refresh()

    async def says(self, text: str, user: str = BEN, *, channel: Channel | None = None, **more: Any) -> str:
        """Somebody says something in the channel, and what follows happens; the message's ts."""
        said = self.app.slack.talk.say(user, (channel or self.channel).channel_id, text, **more)
        await self.app.settle()
        return said.ts

    def told(self, user: str = BEN) -> list[str]:
        """What that person alone was shown in channels."""
        return [message.text for message in self.app.slack.ephemeral_messages(user)]

    @property
    def posts(self) -> int:
        return len(self.app.slack.calls.all(POST))


@pytest.fixture
async def office(running_app: RunningApp) -> Office:
    return await opened(running_app)


async def opened(app: RunningApp) -> Office:
    slack = app.slack
    slack.add_person(ANN, "ann", "Ann Lee", team_id=TEAM, tz="Europe/Berlin", locale="en-GB")
    slack.add_person(BEN, "ben", "Ben Hall", team_id=TEAM, tz="America/New_York", locale="en-GB")
    slack.add_person(CAT, "cat", "Cat Ito", team_id=TEAM, tz="Asia/Tokyo", locale="ja-JP")
    status, page = await slack.allow(f"{app.url}/slack/install?add=replies", ANN)
    assert status == 200, page
    await app.settle()
    channel = slack.talk.create("project", TEAM, {ANN, BEN, CAT})
    slack.talk.invite_app(channel.channel_id)
    return Office(app, channel)


# ── what is told ────────────────────────────────────────────────────────────────────────────────────


@BOTH
async def test_mention_of_somebody_who_is_out_is_answered_to_who_asked_alone(office: Office) -> None:
    await office.is_out()
    await office.says("@ann could you look at this?")
    (message,) = office.app.slack.ephemeral_messages(BEN)
    assert (message.text, message.channel_id, message.thread_ts) == (BACK_ON_FRIDAY, office.channel.channel_id, "")
    assert (office.told(CAT), office.app.told(BEN), office.posts) == ([], [], 1)


async def test_absence_of_a_calendar_is_told_without_its_title_or_kind(office: Office) -> None:
    await office.chooses()
    await office.has(entry("a", date(2026, 11, 24), date(2026, 12, 19), "Sick leave in Spain"))
    await office.says("@ann?")
    assert office.told() == ["Ann Lee is away and back on Sat 19 Dec."]  # further than is resolved beforehand


async def test_absences_one_after_the_other_end_with_the_last(office: Office) -> None:
    await office.chooses()
    await office.has(
        entry("a", date(2026, 11, 24), date(2026, 11, 25), "Vacation"),
        entry("b", date(2026, 11, 25), date(2026, 11, 27), "Sick"),
    )
    await office.says("@ann?")
    assert office.told() == [BACK_ON_FRIDAY]


async def test_line_of_meetings_may_be_answered_for_as_well(office: Office) -> None:
    await office.chooses(kind=Kind.MEETING)
    await office.has(lasting("a", at("08:45"), 60, "Salary talk"))
    await office.says("@ann?")
    assert office.told() == ["Ann Lee is away until 04:45."]


async def test_person_who_did_not_choose_it_is_not_told_of(office: Office) -> None:
    await office.is_out(replies=False)
    await office.says("@ann?")
    assert office.posts == 0


async def test_answer_is_in_the_thread_of_the_mention(office: Office) -> None:
    await office.is_out()
    parent = await office.says("Good morning", CAT)
    await office.says("@ann?", thread_ts=parent)
    assert [(m.text, m.thread_ts) for m in office.app.slack.ephemeral_messages(BEN)] == [(BACK_ON_FRIDAY, parent)]
    assert office.app.slack.talk.unseen == []


async def test_reply_that_is_sent_to_the_channel_too_counts(office: Office) -> None:
    await office.is_out()
    parent = await office.says("Good morning", CAT)
    await office.says("@ann?", thread_ts=parent, broadcast=True)
    assert office.told() == [BACK_ON_FRIDAY]


async def test_private_channel_is_as_good(office: Office) -> None:
    await office.is_out()
    secret = office.app.slack.talk.create("secret", TEAM, {ANN, BEN}, private=True)
    office.app.slack.talk.invite_app(secret.channel_id)
    await office.says("@ann?", channel=secret)
    assert office.told() == [BACK_ON_FRIDAY]


async def test_day_of_return_is_the_absent_persons_and_never_converted(office: Office) -> None:
    """Midnight in Berlin is Thursday evening in New York, and Friday morning in Tokyo."""
    await office.is_out()
    await office.says("@ann?", BEN)
    await office.says("@ann?", CAT)
    assert office.told(BEN) == [BACK_ON_FRIDAY]
    assert office.told(CAT) == ["Ann Leeさんは不在です。11月27日(金)に戻ります。"]


async def test_time_of_return_is_told_in_the_askers_zone(office: Office) -> None:
    await office.is_out("until 15:30")
    await office.says("@ann?", BEN)
    await office.says("@ann?", CAT)
    assert office.told(BEN) == ["Ann Lee is away until 09:30."]
    assert office.told(CAT) == ["Ann Leeさんは23:30まで不在です。"]


async def test_note_is_repeated_and_is_no_markup(office: Office) -> None:
    await office.is_out("until friday Skiing & <!channel> fun")
    await office.says("@ann?")
    (message,) = office.app.slack.ephemeral_messages(BEN)
    section = message.blocks[0]["text"]
    assert section["type"] == "plain_text"
    assert section["text"].startswith(BACK_ON_FRIDAY + "\n“Skiing &")
    assert "<" not in message.text


async def test_stand_in_is_named_and_not_mentioned(office: Office) -> None:
    await office.is_out()
    await office.stands_in(CAT)
    await office.says("@ann?")
    assert office.told() == [f"{BACK_ON_FRIDAY} Meanwhile, Cat Ito stands in."]
    (message,) = office.app.slack.ephemeral_messages(BEN)
    assert "<@" not in json.dumps(message.blocks) + message.text


async def test_what_was_entered_in_the_form_is_repeated(office: Office) -> None:
    await office.is_out("until 12:00")
    await office.app.types("/ooo", "off")
    await office.app.types("/ooo")
    day = {"type": "datepicker", "selected_date": "2026-11-24"}
    blocks = {
        "from": {"date": day}, "to": {"date": {**day, "selected_date": "2026-12-31"}},
        "note": {"value": {"type": "plain_text_input", "value": "Winter break"}},
        "stand_in": {"user": {"type": "users_select", "selected_user": CAT}},
    }  # fmt: skip
    answer = await office.app.slack.people.submit(ANN, office.app.slack.modals[ANN][-1].view_id, blocks)
    assert answer.status == 200, answer.body
    await office.app.settle()
    await office.knows()
    await office.says("@ann?")
    (message,) = office.app.slack.ephemeral_messages(BEN)
    assert message.text == "Ann Lee is away and back on Fri, 1 Jan 2027. Meanwhile, Cat Ito stands in.\n“Winter break”"


async def test_stand_in_who_is_no_colleague_any_more_is_left_out(office: Office) -> None:
    await office.is_out()
    await office.stands_in("U0GONE0001")
    await office.says("@ann?")
    assert office.told() == [BACK_ON_FRIDAY]


async def test_asker_of_ours_is_spoken_to_in_the_language_that_we_know(office: Office) -> None:
    await office.app.joins(BEN)
    await office.app.tampers(sa.update(Person).where(Person.user_id == BEN).values(locale="de-DE"))
    await office.is_out()
    before = len(office.app.slack.calls.all("users.info"))
    await office.says("@ann?")
    assert office.told() == ["Ann Lee ist abwesend und am Fr., 27. Nov. zurück."]
    assert len(office.app.slack.calls.all("users.info")) == before


# ── once a day ──────────────────────────────────────────────────────────────────────────────────────


async def test_who_asks_again_is_told_on_their_next_day(office: Office) -> None:
    await office.is_out()
    await office.says("@ann?")
    await office.says("@ann??")
    assert office.told() == [BACK_ON_FRIDAY]
    await office.app.until(datetime(2026, 11, 25, 4, 30, tzinfo=UTC))  # still the 24th in New York
    await office.knows()
    await office.says("@ann???")
    assert office.told() == [BACK_ON_FRIDAY]
    await office.app.until(datetime(2026, 11, 25, 5, 30, tzinfo=UTC))
    await office.knows()
    await office.says("@ann????")
    assert office.told() == [BACK_ON_FRIDAY] * 2


async def test_each_asker_is_told_of_each_person(office: Office) -> None:
    await office.app.joins(CAT)
    await office.is_out()
    await office.is_out(user=CAT)
    await office.says("@ann and @cat, who of you?")
    # in Japanese, "until" a day ends with it; and it is Cat's Saturday, not Ben's
    assert sorted(office.told()) == [BACK_ON_FRIDAY, "Cat Ito is away and back on Sat 28 Nov."]


async def test_delivery_that_slack_repeats_is_answered_once(office: Office) -> None:
    await office.is_out()
    await office.says("@ann?")
    slack = office.app.slack
    slack.deliveries._deliver(TEAM, slack.deliveries.delivered[-1]["event"], "", is_bot=True)
    await office.app.settle()
    assert office.posts == 1


# ── when nobody is told ─────────────────────────────────────────────────────────────────────────────


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
    assert await office.app.rows(sa.select(ReplyRow.__table__)) == []
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
        (sa.update(Workspace).values(allow_replies=False), sa.update(Workspace).values(allow_replies=True)),
        (sa.update(Person).values(grant_state="lost"), sa.update(Person).values(grant_state="ok")),
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
        office = await opened(app)
        assert app.service is not None
        assert app.service.out is None
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
    (row,) = await office.app.rows(sa.select(ReplyRow.__table__))
    assert row.due_at is None


async def test_mention_that_slack_tells_of_late_is_not_answered(office: Office) -> None:
    await office.is_out()
    event = {
        "type": "message", "channel": office.channel.channel_id, "channel_type": "channel", "user": BEN, "team": TEAM,
        "text": f"<@{ANN}>?", "ts": f"{(office.app.clock.now() - timedelta(minutes=6)).timestamp():.6f}",
    }  # fmt: skip
    office.app.slack.deliveries.event(TEAM, event, subscription="message.channels")
    await office.app.settle()
    assert await office.app.rows(sa.select(ReplyRow.__table__)) == []


async def test_answer_that_could_not_be_shown_in_time_is_dropped(office: Office) -> None:
    await office.is_out()
    office.app.slack.faults.add(POST, retry_after=400)
    await office.says("@ann?")
    assert office.told() == []
    await office.app.until(office.app.clock.now() + timedelta(seconds=401))
    assert office.told() == []
    assert await office.app.rows(sa.select(ReplyRow.__table__)) == []


async def test_name_that_is_not_known_is_asked_for_until_slack_says(office: Office) -> None:
    await office.is_out()
    await office.app.tampers(sa.update(Person).where(Person.user_id == ANN).values(names=None))
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


# ── what is kept ────────────────────────────────────────────────────────────────────────────────────


async def test_nothing_of_a_message_is_stored_or_logged(office: Office, written: StringIO) -> None:
    await office.is_out("until friday Private note")
    await office.says("@ann the MERGER is tomorrow")
    rows = await office.app.rows(sa.select(ReplyRow.__table__))
    assert len(rows) == 1
    assert "MERGER" not in written.getvalue() + str(rows)
    assert "Private note" not in written.getvalue()


async def test_who_is_forgotten_leaves_no_trace_as_asker_either(office: Office) -> None:
    await office.app.joins(BEN)
    await office.is_out()
    await office.says("@ann?", BEN)
    await office.says("@ann?", CAT)
    assert office.app.service is not None
    await office.app.service.people.forget(PersonKey(TEAM, BEN))
    await office.app.settle()
    assert [row.asker_id for row in await office.app.rows(sa.select(ReplyRow.__table__))] == [CAT]
    await office.app.service.people.forget(PersonKey(TEAM, ANN))
    await office.app.settle()
    assert await office.app.rows(sa.select(ReplyRow.__table__)) == []


async def test_rows_are_gone_after_two_days(office: Office) -> None:
    await office.is_out()
    await office.says("@ann?")
    assert office.app.service is not None
    rows = office.app.service.stores.retention
    now = office.app.clock.now()
    await rows.delete_old(now + timedelta(hours=47), audit_before=now)
    assert len(await office.app.rows(sa.select(ReplyRow.__table__))) == 1
    await rows.delete_old(now + timedelta(hours=49), audit_before=now)
    assert await office.app.rows(sa.select(ReplyRow.__table__)) == []


# ── what it costs, and what a restart does ──────────────────────────────────────────────────────────


async def test_message_that_mentions_nobody_who_is_out_leaves_nothing_in_the_database(office: Office) -> None:
    await office.is_out()
    service = office.app.service
    assert service is not None
    with statements(service.stores.database) as asked:
        for text in ("Hello", "@ben and @cat?", "@ben?"):
            answer = await office.app.slack.deliveries.send(*channel_message(office, text))
            assert (answer.status, answer.body) == (200, b"")
        assert [one for one in asked if "deliveries" in one or "INSERT" in one] == []


def channel_message(office: Office, text: str) -> tuple[bytes, str]:
    """What Slack delivers of a message of Ben's in the channel."""
    named = text.replace("@ben", f"<@{BEN}>").replace("@cat", f"<@{CAT}>")
    event = {
        "type": "message", "channel": office.channel.channel_id, "channel_type": "channel", "user": BEN, "team": TEAM,
        "text": named, "ts": f"{office.app.clock.now().timestamp():.6f}",
    }  # fmt: skip
    envelope = {"type": "event_callback", "team_id": TEAM, "event_id": "Ev1", "event": event}
    return json.dumps(envelope).encode(), "application/json"


async def test_who_was_not_told_before_a_restart_is_told_after_it_once(office: Office) -> None:
    await office.is_out()
    fault = office.app.slack.faults.add(POST, retry_after=60, times=None)
    await office.says("@ann?")
    office.app.slack.faults.remove(fault)
    await office.app.stop()
    office.app.clock.move(seconds=61)
    await office.app.start()
    await office.app.settle()
    assert office.told() == [BACK_ON_FRIDAY]
    await office.app.stop()
    await office.app.start()
    await office.app.settle()
    assert office.told() == [BACK_ON_FRIDAY]


async def test_answer_of_which_nobody_knows_whether_it_was_shown_is_not_repeated(office: Office) -> None:
    await office.is_out()
    office.app.slack.faults.add(POST, drop=True, after=True)
    await office.says("@ann?")
    await office.app.until(office.app.clock.now() + timedelta(minutes=2))
    assert office.told() == [BACK_ON_FRIDAY]


@pytest.mark.parametrize("by_itself", [True, False])
async def test_app_finds_out_who_is_out_and_is_not_any_more(
    office: Office, monkeypatch: pytest.MonkeyPatch, *, by_itself: bool
) -> None:
    monkeypatch.setattr(replies, "SOON", 0.01)
    monkeypatch.setattr(replies, "REFRESH", 0.01 if by_itself else 60.0)
    monkeypatch.setattr(replies, "SHARE", 10**6 if by_itself else 1)  # as if a look took long on a busy machine
    assert office.app.service is not None
    out, stop = WhoIsOut(office.app.service.stores.replies, office.app.clock), asyncio.Event()
    wake = asyncio.Event() if by_itself else office.app.service.engine.wake_signal.listen()
    looking = asyncio.create_task(out.run(stop, wake))
    await office.is_out()
    await until(lambda: out.holds(TEAM, ANN))
    await office.app.types("/ooo", "off")
    await until(lambda: not out.holds(TEAM, ANN))
    stop.set()
    await looking
