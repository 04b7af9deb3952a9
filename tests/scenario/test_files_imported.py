"""Calendar files sent to the app: offered, imported, brought up to date, or refused in a sentence."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.store.calendar_tables import CALENDARS, EVENTS, INBOX
from services.store.tables import PEOPLE
from tests.support.engine import until
from tests.support.feeds import calendar, lasting
from tests.support.hooks import all_kept, disconnects, entry, itip
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at
from tests.support.slack_files import at_rest, clicks, sends

MEETING = ("In a meeting", ":spiral_calendar_pad:")
NOTHING = ("", "", None)
CONNECTED = "Connected. I am reading it now; your Home tab shows how it goes."
UNREADABLE = "That is not a calendar that I can read. Send a whole `.ics` file."
HINT = "I do not read what is written here."


async def test_file_is_offered_imported_and_updated_when_it_is_sent_again(running_app: RunningApp) -> None:
    await running_app.joins()
    before = len(running_app.told())
    work = calendar("X-WR-CALNAME:Ann & work", lasting("a", at("10:00"), 60), lasting("b", at("12:00", 26), 60))
    await sends(running_app, "work.ics", work)
    assert running_app.told()[before:] == [
        "*Ann &amp; work* is a calendar. Events in the next 60 days: 2.\n"
        "I would take it as it is now. When it has changed, send it again, and I bring it up to date."
    ]
    await running_app.until(at("10:00"))
    assert running_app.shows() == NOTHING
    await clicks(running_app)
    assert running_app.told()[before:] == [CONNECTED]
    assert running_app.shows() == (*MEETING, at("11:00"))
    await sends(running_app, "work (1).ics", calendar(lasting("a", at("10:00"), 90)))
    assert running_app.told()[-1] == "*Ann &amp; work* is up to date with this file. Events in the next 60 days: 1."
    assert running_app.shows() == (*MEETING, at("11:30"))


async def test_same_file_twice_and_a_second_click_change_nothing(running_app: RunningApp) -> None:
    await running_app.joins()
    work = calendar(lasting("a", at("09:00"), 60))
    await sends(running_app, "work.ics", work)
    offer = running_app.slack.direct_messages(ANN)[-1].blocks
    await clicks(running_app)
    before = await running_app.rows(sa.select(EVENTS.c.detail))
    assert len(before) == 1
    await sends(running_app, "work.ics", work)
    running_app.slack.direct_messages(ANN)[-1].blocks = offer
    await clicks(running_app)
    assert await running_app.rows(sa.select(EVENTS.c.detail)) == before
    assert len(await running_app.rows(sa.select(CALENDARS.c.calendar_id))) == 1
    assert running_app.written() == ["In a meeting"]


async def test_file_counts_once_though_slack_tells_of_it_twice(running_app: RunningApp) -> None:
    await running_app.joins()
    before = len(running_app.told())
    file = await sends(running_app, "work.ics", calendar())
    kinds = [one["event"]["type"] for one in running_app.slack.deliveries.delivered]
    assert (kinds.count("file_shared"), kinds.count("message")) == (1, 1)
    assert running_app.slack.conversations.given == [file.file_id]
    assert len(running_app.told()) == before + 1


async def test_file_that_was_not_to_be_had_at_first_is_looked_at_when_slack_tells_of_it_again(
    running_app: RunningApp,
) -> None:
    await running_app.joins()
    before = len(running_app.told())
    running_app.slack.faults.add(Fault("files.info", error="internal_error"))
    await sends(running_app, "work.ics", calendar(lasting("a", at("09:00"), 60)))
    assert [one.partition(".")[0] for one in running_app.told()[before:]] == [
        "Slack does not answer at the moment", "*work* is a calendar",
    ]  # fmt: skip
    await clicks(running_app)
    assert running_app.shows() == (*MEETING, at("10:00"))


async def test_file_that_is_not_to_be_had_at_all_is_told_of_once(running_app: RunningApp) -> None:
    await running_app.joins()
    before = len(running_app.told())
    running_app.slack.faults.add(Fault("files.info", error="internal_error", times=None))
    await sends(running_app, "work.ics", calendar())
    assert len(running_app.told()) == before + 1


async def test_file_of_another_name_is_another_calendar(running_app: RunningApp) -> None:
    await running_app.joins()
    await sends(running_app, "work.ics", calendar(lasting("a", at("09:00"), 30)))
    await clicks(running_app)
    await sends(running_app, "home.ics", calendar(lasting("b", at("09:00"), 60)))
    await clicks(running_app)
    assert running_app.shows() == (*MEETING, at("10:00"))
    assert len(await running_app.rows(sa.select(CALENDARS.c.calendar_id))) == 2


async def test_invitation_in_a_file_is_news_about_one_entry(running_app: RunningApp) -> None:
    await running_app.joins()
    await sends(running_app, "invite.ics", itip("REQUEST", entry("a", at("09:00"), 30)))
    await clicks(running_app)
    await sends(running_app, "invite.ics", itip("REQUEST", entry("b", at("11:00"), 30)))
    assert running_app.shows() == (*MEETING, at("09:30"))
    await sends(running_app, "invite.ics", itip("CANCEL", entry("a", at("09:00"), 30, sequence=1)))
    assert running_app.shows() == NOTHING
    await running_app.until(at("11:00"))
    assert running_app.shows() == (*MEETING, at("11:30"))


async def test_disconnected_file_is_offered_anew(running_app: RunningApp) -> None:
    await running_app.joins()
    await sends(running_app, "work.ics", calendar(lasting("a", at("09:00"), 30)))
    await clicks(running_app)
    await disconnects(running_app)
    assert running_app.shows() == NOTHING
    await sends(running_app, "work.ics", calendar(lasting("a", at("09:00"), 30)))
    assert running_app.told()[-1].startswith("*work* is a calendar.")
    assert running_app.shows() == NOTHING


async def test_imported_calendar_is_expanded_further_as_time_goes_by(running_app: RunningApp) -> None:
    await running_app.joins()
    await sends(running_app, "work.ics", calendar(lasting("a", at("10:00"), 60, "x", "RRULE:FREQ=DAILY;INTERVAL=80")))
    await clicks(running_app)
    start = at("10:00") + timedelta(days=80)
    while running_app.clock.now() < start:
        await running_app.until(min(running_app.clock.now() + timedelta(days=4), start))
    assert running_app.shows() == (*MEETING, start + timedelta(hours=1))


async def test_what_is_no_calendar_is_refused_in_a_sentence(running_app: RunningApp) -> None:
    await running_app.joins()
    half = calendar(lasting("a", at("10:00"), 60))[:-30]
    before = len(running_app.told())
    for name, content in {"page.ics": b"<html>sign in</html>", "half.ics": half, "empty.ics": b""}.items():
        await sends(running_app, name, content)
    assert running_app.told()[before:] == [UNREADABLE] * 3
    assert await running_app.rows(sa.select(CALENDARS.c.calendar_id)) == []


async def test_other_files_are_not_fetched(running_app: RunningApp) -> None:
    await running_app.joins()
    before = len(running_app.told())
    await sends(running_app, "notes.pdf", b"%PDF-1.7", mimetype="application/pdf", filetype="pdf")
    assert running_app.told()[before:] == [UNREADABLE]
    assert running_app.slack.conversations.given == []


async def test_too_large_a_file_is_not_fetched(running_app: RunningApp) -> None:
    await running_app.joins()
    await sends(running_app, "big.ics", calendar(), size=25 * 2**20 + 1)
    assert running_app.told()[-1] == "That calendar is larger than 25 MiB. Connect a smaller one."
    assert running_app.slack.conversations.given == []


async def test_token_does_not_travel_to_another_host(running_app: RunningApp) -> None:
    await running_app.joins()
    feed = running_app.feeds["work"]
    await sends(running_app, "work.ics", b"", address=running_app.feeds.address("work"))
    assert running_app.told()[-1] == UNREADABLE
    assert feed.hits == 0


async def test_deleted_file_and_missing_scope_are_told(running_app: RunningApp) -> None:
    await running_app.joins()
    file = await sends(running_app, "work.ics", calendar())
    del running_app.slack.files[file.file_id]
    await clicks(running_app)
    assert running_app.told()[-1] == "Slack refused that. Please try again, or tell your workspace's admin."
    bot = running_app.slack.tokens.bot(TEAM)
    assert bot is not None
    bot.scopes.discard("files:read")
    await sends(running_app, "other.ics", calendar())
    assert running_app.told()[-1] == "Slack says that a permission is missing. Allow it again."


async def test_words_are_answered_once_an_hour_at_most(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.joins(BEN)
    before = len(running_app.told()), len(running_app.told(BEN))
    answered: list[int] = []
    for minute in range(0, 160, 10):
        running_app.slack.conversations.write(ANN, "hello?")
        await at_rest(running_app)
        if len(running_app.told()) > before[0] + len(answered):
            answered.append(minute)
        running_app.clock.move(minutes=10)
    assert [running_app.told()[-1].startswith(HINT), len(answered)] == [True, 3]
    assert all(later - earlier > 60 for earlier, later in pairwise(answered))
    running_app.slack.conversations.write(BEN, "hello?")
    await at_rest(running_app)
    assert len(running_app.told(BEN)) == before[1] + 1


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


async def test_other_conversations_bots_and_odd_events_are_left_alone(running_app: RunningApp) -> None:
    await running_app.joins()
    told = len(running_app.slack.messages)
    for event in STRANGE:
        running_app.slack.deliveries.event(TEAM, {"type": "message", **event}, user_id=ANN)
    await at_rest(running_app)
    assert len(running_app.slack.messages) == told
    assert running_app.slack.calls.all("files.info") == []
    odd: tuple[Any, ...] = (None, "F1", {"id": "F1"}, [None], ["F1"], [{"id": 1}], [{}])
    for files in odd:
        event = {"type": "message", "channel_type": "im", "channel": "D0ANN00001", "user": ANN, "subtype": "file_share"}
        running_app.slack.deliveries.event(TEAM, {**event, "files": files}, user_id=ANN)
    await at_rest(running_app)
    assert running_app.slack.calls.all("files.info") == []


async def test_somebody_new_sends_a_file_in_their_own_language(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.slack.add_person(BEN, "ben", tz="Europe/Berlin", locale="de-DE")
    await sends(running_app, "arbeit.ics", calendar(lasting("a", at("09:00"), 30)), BEN)
    assert len(running_app.told(BEN)) == 1
    await clicks(running_app, BEN)
    assert running_app.shows(BEN) == NOTHING
    zones = sa.select(PEOPLE.c.zone).where(PEOPLE.c.user_id == BEN)
    assert await running_app.rows(zones) == [("Europe/Berlin",)]
    await running_app.joins(BEN, locale="de-DE")
    assert running_app.shows(BEN)[2] == at("09:30")


async def test_nothing_of_a_file_is_logged_or_kept_in_clear(
    running_app: RunningApp, capsys: pytest.CaptureFixture[str]
) -> None:
    await running_app.joins()
    await sends(
        running_app, "zeppelin.ics", calendar("X-WR-CALNAME:Zeppelin", lasting("a", at("10:00"), 60, "Zeppelin"))
    )
    assert running_app.service is not None
    await running_app.service.engine.stop()
    message = running_app.slack.direct_messages(ANN)[-1]
    action = {"type": "button", "action_id": "import_file", "value": message.blocks[-1]["elements"][0]["value"]}
    await running_app.slack.people.click_in_message(ANN, message.ts, action)
    await until(lambda: running_app.rows(sa.select(INBOX.c.seq)))
    kept = await all_kept(running_app, INBOX, CALENDARS)
    await running_app.stop()
    await running_app.start()
    await running_app.settle()
    kept += await all_kept(running_app, CALENDARS, EVENTS)
    logged = "".join(capsys.readouterr())
    assert "file_connected" in logged
    assert "eppelin" not in logged
    assert b"eppelin" not in kept
