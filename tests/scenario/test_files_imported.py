"""Calendar files sent to the app: offered, imported, brought up to date, or refused in a sentence."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.store.models import Calendar, EventRow, InboxRow, Person
from tests.support.feeds import calendar, lasting
from tests.support.hooks import all_kept, disconnects, entry, itip
from tests.support.running_app import ANN, BEN, TEAM, Whole, at
from tests.support.slack_files import at_rest, clicks, sends

MEETING = ("In a meeting", ":spiral_calendar_pad:")
NOTHING = ("", "", None)
CONNECTED = "Connected. I am reading it now; your Home tab shows how it goes."
UNREADABLE = "That is not a calendar that I can read. Send a whole `.ics` file."
HINT = "I do not read what is written here."


async def test_file_is_offered_imported_and_updated_when_it_is_sent_again(whole: Whole) -> None:
    await whole.joins()
    before = len(whole.told())
    work = calendar("X-WR-CALNAME:Ann & work", lasting("a", at("10:00"), 60), lasting("b", at("12:00", 26), 60))
    await sends(whole, "work.ics", work)
    assert whole.told()[before:] == [
        "*Ann &amp; work* is a calendar. Events in the next 60 days: 2.\n"
        "I would take it as it is now. When it has changed, send it again, and I bring it up to date."
    ]
    await whole.until(at("10:00"))
    assert whole.shows() == NOTHING
    await clicks(whole)
    assert whole.told()[before:] == [CONNECTED]
    assert whole.shows() == (*MEETING, at("11:00"))
    await sends(whole, "work (1).ics", calendar(lasting("a", at("10:00"), 90)))
    assert whole.told()[-1] == "*Ann &amp; work* is up to date with this file. Events in the next 60 days: 1."
    assert whole.shows() == (*MEETING, at("11:30"))


async def test_same_file_twice_and_a_second_click_change_nothing(whole: Whole) -> None:
    await whole.joins()
    work = calendar(lasting("a", at("09:00"), 60))
    await sends(whole, "work.ics", work)
    offer = whole.slack.direct_messages(ANN)[-1].blocks
    await clicks(whole)
    before = await whole.rows(sa.select(EventRow.detail))
    assert len(before) == 1
    await sends(whole, "work.ics", work)
    whole.slack.direct_messages(ANN)[-1].blocks = offer
    await clicks(whole)
    assert await whole.rows(sa.select(EventRow.detail)) == before
    assert len(await whole.rows(sa.select(Calendar.calendar_id))) == 1
    assert whole.written() == ["In a meeting"]


async def test_file_counts_once_though_slack_tells_of_it_twice(whole: Whole) -> None:
    await whole.joins()
    before = len(whole.told())
    file = await sends(whole, "work.ics", calendar())
    kinds = [one["event"]["type"] for one in whole.slack.deliveries.delivered]
    assert (kinds.count("file_shared"), kinds.count("message")) == (1, 1)
    assert whole.slack.conversations.given == [file.file_id]
    assert len(whole.told()) == before + 1


async def test_file_that_was_not_to_be_had_at_first_is_looked_at_when_slack_tells_of_it_again(whole: Whole) -> None:
    await whole.joins()
    before = len(whole.told())
    whole.slack.faults.add(Fault("files.info", error="internal_error"))
    await sends(whole, "work.ics", calendar(lasting("a", at("09:00"), 60)))
    assert [one.partition(".")[0] for one in whole.told()[before:]] == [
        "Slack does not answer at the moment", "*work* is a calendar",
    ]  # fmt: skip
    await clicks(whole)
    assert whole.shows() == (*MEETING, at("10:00"))


async def test_file_that_is_not_to_be_had_at_all_is_told_of_once(whole: Whole) -> None:
    await whole.joins()
    before = len(whole.told())
    whole.slack.faults.add(Fault("files.info", error="internal_error", times=None))
    await sends(whole, "work.ics", calendar())
    assert len(whole.told()) == before + 1


async def test_file_of_another_name_is_another_calendar(whole: Whole) -> None:
    await whole.joins()
    await sends(whole, "work.ics", calendar(lasting("a", at("09:00"), 30)))
    await clicks(whole)
    await sends(whole, "home.ics", calendar(lasting("b", at("09:00"), 60)))
    await clicks(whole)
    assert whole.shows() == (*MEETING, at("10:00"))
    assert len(await whole.rows(sa.select(Calendar.calendar_id))) == 2


async def test_invitation_in_a_file_is_news_about_one_entry(whole: Whole) -> None:
    await whole.joins()
    await sends(whole, "invite.ics", itip("REQUEST", entry("a", at("09:00"), 30)))
    await clicks(whole)
    await sends(whole, "invite.ics", itip("REQUEST", entry("b", at("11:00"), 30)))
    assert whole.shows() == (*MEETING, at("09:30"))
    await sends(whole, "invite.ics", itip("CANCEL", entry("a", at("09:00"), 30, sequence=1)))
    assert whole.shows() == NOTHING
    await whole.until(at("11:00"))
    assert whole.shows() == (*MEETING, at("11:30"))


async def test_disconnected_file_is_offered_anew(whole: Whole) -> None:
    await whole.joins()
    await sends(whole, "work.ics", calendar(lasting("a", at("09:00"), 30)))
    await clicks(whole)
    await disconnects(whole)
    assert whole.shows() == NOTHING
    await sends(whole, "work.ics", calendar(lasting("a", at("09:00"), 30)))
    assert whole.told()[-1].startswith("*work* is a calendar.")
    assert whole.shows() == NOTHING


async def test_imported_calendar_is_expanded_further_as_time_goes_by(whole: Whole) -> None:
    await whole.joins()
    await sends(whole, "work.ics", calendar(lasting("a", at("10:00"), 60, "x", "RRULE:FREQ=DAILY;INTERVAL=80")))
    await clicks(whole)
    start = at("10:00") + timedelta(days=80)
    while whole.clock.now() < start:
        await whole.until(min(whole.clock.now() + timedelta(days=4), start))
    assert whole.shows() == (*MEETING, start + timedelta(hours=1))


async def test_what_is_no_calendar_is_refused_in_a_sentence(whole: Whole) -> None:
    await whole.joins()
    half = calendar(lasting("a", at("10:00"), 60))[:-30]
    before = len(whole.told())
    for name, content in {"page.ics": b"<html>sign in</html>", "half.ics": half, "empty.ics": b""}.items():
        await sends(whole, name, content)
    assert whole.told()[before:] == [UNREADABLE] * 3
    assert await whole.rows(sa.select(Calendar.calendar_id)) == []


async def test_other_files_are_not_fetched(whole: Whole) -> None:
    await whole.joins()
    before = len(whole.told())
    await sends(whole, "photo.png", b"\x89PNG", mimetype="image/png", filetype="png")
    assert whole.told()[before:] == [UNREADABLE]
    assert whole.slack.conversations.given == []


async def test_too_large_a_file_is_not_fetched(whole: Whole) -> None:
    await whole.joins()
    await sends(whole, "big.ics", calendar(), size=25 * 2**20 + 1)
    assert whole.told()[-1] == "That calendar is larger than 25 MiB. Connect a smaller one."
    assert whole.slack.conversations.given == []


async def test_token_does_not_travel_to_another_host(whole: Whole) -> None:
    await whole.joins()
    feed = whole.feeds["work"]
    await sends(whole, "work.ics", b"", address=whole.feeds.address("work"))
    assert whole.told()[-1] == UNREADABLE
    assert feed.hits == 0


async def test_deleted_file_and_missing_scope_are_told(whole: Whole) -> None:
    await whole.joins()
    file = await sends(whole, "work.ics", calendar())
    del whole.slack.files[file.file_id]
    await clicks(whole)
    assert whole.told()[-1] == "Slack refused that. Please try again, or tell your workspace's admin."
    bot = whole.slack.tokens.bot(TEAM)
    assert bot is not None
    bot.scopes.discard("files:read")
    await sends(whole, "other.ics", calendar())
    assert whole.told()[-1] == "Slack says that a permission is missing. Allow it again."


async def test_words_are_answered_once_an_hour_at_most(whole: Whole) -> None:
    await whole.joins()
    await whole.joins(BEN)
    before = len(whole.told()), len(whole.told(BEN))
    answered: list[int] = []
    for minute in range(0, 160, 10):
        whole.slack.conversations.write(ANN, "hello?")
        await at_rest(whole)
        if len(whole.told()) > before[0] + len(answered):
            answered.append(minute)
        whole.clock.move(minutes=10)
    assert [whole.told()[-1].startswith(HINT), len(answered)] == [True, 3]
    assert all(later - earlier > 60 for earlier, later in pairwise(answered))
    whole.slack.conversations.write(BEN, "hello?")
    await at_rest(whole)
    assert len(whole.told(BEN)) == before[1] + 1


STRANGE: list[dict[str, Any]] = [
    {"channel_type": "channel", "channel": "C0GENERAL1", "user": ANN, "text": "hi"},
    {"channel_type": "group", "channel": "G1", "user": ANN, "subtype": "file_share", "files": [{"id": "F1"}]},
    {"channel": "D0ANN00001", "user": ANN, "text": "hi"},
    {"channel_type": "im", "channel": "D0ANN00001", "user": "U0BOT0001", "bot_id": "B0BOT00010", "text": "hi"},
    {"channel_type": "im", "channel": "D0ANN00001", "user": "U0BOT0001", "text": "hi"},
    {
        "channel_type": "im",
        "channel": "D0ANN00001",
        "user": ANN,
        "subtype": "message_changed",
        "message": {"user": ANN},
    },
    {"channel_type": "im", "channel": "D0ANN00001", "user": ANN, "subtype": "bot_message", "files": [{"id": "F1"}]},
    {"channel_type": "im", "channel": "D0ANN00001", "subtype": "file_share", "files": [{"id": "F1"}]},
    {"type": "file_shared", "channel_id": "C0GENERAL1", "user_id": ANN, "file_id": "F1", "file": {"id": "F1"}},
    {"type": "file_shared", "channel_id": None, "user_id": ANN, "file_id": "F1"},
    {"type": "file_shared", "channel_id": "D0ANN00001", "user_id": ANN, "file_id": ["F1"]},
    {"type": "file_shared", "channel_id": "D0ANN00001", "user_id": "U0BOT0001", "file_id": "F1"},
]


async def test_other_conversations_bots_and_odd_events_are_left_alone(whole: Whole) -> None:
    await whole.joins()
    told = len(whole.slack.messages)
    for event in STRANGE:
        whole.slack.deliveries.event(TEAM, {"type": "message", **event}, user_id=ANN)
    await at_rest(whole)
    assert len(whole.slack.messages) == told
    assert whole.slack.calls.all("files.info") == []
    odd: tuple[Any, ...] = (None, "F1", {"id": "F1"}, [None], ["F1"], [{"id": 1}], [{}])
    for files in odd:
        event = {"type": "message", "channel_type": "im", "channel": "D0ANN00001", "user": ANN, "subtype": "file_share"}
        whole.slack.deliveries.event(TEAM, {**event, "files": files}, user_id=ANN)
    await at_rest(whole)
    assert whole.slack.calls.all("files.info") == []


async def test_somebody_new_sends_a_file_in_their_own_language(whole: Whole) -> None:
    await whole.joins()
    whole.slack.add_person(BEN, "ben", tz="Europe/Berlin", locale="de-DE")
    await sends(whole, "arbeit.ics", calendar(lasting("a", at("09:00"), 30)), BEN)
    assert len(whole.told(BEN)) == 1
    await clicks(whole, BEN)
    assert whole.shows(BEN) == NOTHING
    zones = sa.select(Person.zone).where(Person.user_id == BEN)
    assert await whole.rows(zones) == [("Europe/Berlin",)]
    await whole.joins(BEN, locale="de-DE")
    assert whole.shows(BEN)[2] == at("09:30")


async def test_nothing_of_a_file_is_logged_or_kept_in_clear(whole: Whole, capsys: pytest.CaptureFixture[str]) -> None:
    await whole.joins()
    await sends(whole, "zeppelin.ics", calendar("X-WR-CALNAME:Zeppelin", lasting("a", at("10:00"), 60, "Zeppelin")))
    assert whole.service is not None
    await whole.service.engine.stop()
    message = whole.slack.direct_messages(ANN)[-1]
    action = {"type": "button", "action_id": "import_file", "value": message.blocks[-1]["elements"][0]["value"]}
    await whole.slack.people.click_in_message(ANN, message.ts, action)
    while not await whole.rows(sa.select(InboxRow.seq)):
        await asyncio.sleep(0.02)
    kept = await all_kept(whole, InboxRow, Calendar)
    await whole.stop()
    await whole.start()
    await whole.settle()
    kept += await all_kept(whole, Calendar, EventRow)
    logged = "".join(capsys.readouterr())
    assert "file_connected" in logged
    assert "eppelin" not in logged
    assert b"eppelin" not in kept
