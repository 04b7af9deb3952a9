"""Who mentions somebody who is out is told so: once a day, where they wrote, seen by them alone."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import sqlalchemy as sa

from services.domain.model import Kind, PersonKey
from services.platform.settings import Settings
from services.store.effect_tables import REPLIES
from services.store.retention import KeptFor
from services.store.tables import PEOPLE
from services.usecases import replies
from services.usecases.replies import WhoIsOut
from tests.support.databases import SQLITE_FIRST
from tests.support.engine import until
from tests.support.feeds import entry, lasting
from tests.support.office import BACK_ON_FRIDAY, CAT, POST, Office
from tests.support.running_app import ANN, BEN, TEAM, at
from tests.support.statements import statements

# ── what is told ────────────────────────────────────────────────────────────────────────────────────


@SQLITE_FIRST
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
    await office.app.tampers(sa.update(PEOPLE).where(PEOPLE.c.user_id == BEN).values(locale="de-DE"))
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


# ── what is kept ────────────────────────────────────────────────────────────────────────────────────


async def test_nothing_of_a_message_is_stored_or_logged(office: Office, written: StringIO) -> None:
    await office.is_out("until friday Private note")
    await office.says("@ann the MERGER is tomorrow")
    rows = await office.app.rows(sa.select(REPLIES))
    assert len(rows) == 1
    assert "MERGER" not in written.getvalue() + str(rows)
    assert "Private note" not in written.getvalue()


async def test_who_is_forgotten_leaves_no_trace_as_asker_either(office: Office) -> None:
    await office.app.joins(BEN)
    await office.is_out()
    await office.says("@ann?", BEN)
    await office.says("@ann?", CAT)
    assert office.app.service is not None
    await office.app.service.cases.people.forget(PersonKey(TEAM, BEN))
    await office.app.settle()
    assert [row.asker_id for row in await office.app.rows(sa.select(REPLIES))] == [CAT]
    await office.app.service.cases.people.forget(PersonKey(TEAM, ANN))
    await office.app.settle()
    assert await office.app.rows(sa.select(REPLIES)) == []


async def test_rows_are_gone_after_two_days(office: Office) -> None:
    await office.is_out()
    await office.says("@ann?")
    assert office.app.service is not None
    rows = office.app.service.stores.retention
    now = office.app.clock.now()
    await rows.delete_old(now + timedelta(hours=47), KeptFor.of(Settings()))
    assert len(await office.app.rows(sa.select(REPLIES))) == 1
    await rows.delete_old(now + timedelta(hours=49), KeptFor.of(Settings()))
    assert await office.app.rows(sa.select(REPLIES)) == []


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
