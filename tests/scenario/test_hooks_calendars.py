"""Calendars and scheduling messages that other programs send to a person's hook, over HTTP."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from services.store.calendar_tables import CALENDARS, EVENTS, INBOX
from tests.support.databases import BOTH, SQLITE_FIRST
from tests.support.engine import until
from tests.support.feeds import entry as plain_entry
from tests.support.hooks import CALENDAR, all_kept, disconnects, entry, itip, new_hook, posts, rotates, send
from tests.support.running_app import ANN, RunningApp, at

MEETING = ("In a meeting", ":spiral_calendar_pad:")
NOTHING = ("", "", None)


async def test_invitation_is_shown_moved_and_cancelled(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    said = await posts(running_app, hook, itip("REQUEST", entry("a", at("10:00"), 60)))
    assert said == {"ok": True, "entries": 1}
    await running_app.until(at("10:00"))
    assert running_app.shows() == (*MEETING, at("11:00"))
    await posts(running_app, hook, itip("REQUEST", entry("a", at("10:00"), 90, sequence=2)))
    assert running_app.shows() == (*MEETING, at("11:30"))
    await posts(running_app, hook, itip("REQUEST", entry("a", at("10:00"), 30, sequence=1)))
    assert running_app.shows() == (*MEETING, at("11:30"))
    await posts(running_app, hook, itip("CANCEL", entry("a", at("10:00"), 90, sequence=1)))
    assert running_app.shows() == (*MEETING, at("11:30"))
    await posts(running_app, hook, itip("CANCEL", entry("a", at("10:00"), 90, sequence=3)))
    assert running_app.shows() == NOTHING


async def test_instance_and_then_the_series_are_cancelled(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    await posts(running_app, hook, itip("REQUEST", entry("s", at("10:00"), 60, "RRULE:FREQ=DAILY")))
    off = entry("s", at("10:00", 25), 60, "RECURRENCE-ID:20261125T100000Z", sequence=1)
    await posts(running_app, hook, itip("CANCEL", off))
    shown = {}
    for day in (24, 25, 26):
        await running_app.until(at("10:00", day))
        shown[day] = running_app.text()
    assert shown == {24: "In a meeting", 25: "", 26: "In a meeting"}
    await posts(running_app, hook, itip("CANCEL", entry("s", at("10:00"), 60, sequence=1)))
    assert running_app.shows() == NOTHING
    await running_app.until(at("10:00", 27))
    assert running_app.shows() == NOTHING


async def test_all_day_absence_is_the_persons_day(running_app: RunningApp) -> None:
    await running_app.joins(tz="Asia/Tokyo")
    hook = await new_hook(running_app)
    day = plain_entry("d", date(2026, 11, 25), date(2026, 11, 26), "Vacation")
    await posts(running_app, hook, itip("PUBLISH", day))
    await running_app.until(at("14:59"))
    assert running_app.shows() == NOTHING
    await running_app.until(at("15:00"))
    assert running_app.shows()[::2] == ("Out of office until 26 November", at("15:00", 25))


async def test_window_moves_with_time_though_nothing_arrives(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    start = at("10:00") + timedelta(days=80)
    await posts(running_app, hook, itip("", entry("s", at("10:00"), 60, "RRULE:FREQ=DAILY;INTERVAL=80")))
    while running_app.clock.now() < start:
        await running_app.until(min(running_app.clock.now() + timedelta(days=4), start))
    assert running_app.shows() == (*MEETING, start + timedelta(hours=1))


async def test_series_follows_its_person_to_another_zone(running_app: RunningApp) -> None:
    await running_app.joins(tz="Etc/UTC")
    hook = await new_hook(running_app)
    floating = entry("f", at("10:00"), 60).replace("T100000Z", "T100000").replace("T110000Z", "T110000")
    await posts(running_app, hook, itip("PUBLISH", floating))
    running_app.slack.set_zone(ANN, "Europe/Berlin")
    await running_app.settle()
    await running_app.until(at("09:00"))
    assert running_app.shows() == (*MEETING, at("10:00"))


@SQLITE_FIRST
async def test_what_waits_is_worked_in_after_a_crash_and_counts_once(running_app: RunningApp) -> None:
    """Nobody works meanwhile: the address answers, and what it took is in the database alone."""
    await running_app.joins()
    hook = await new_hook(running_app)
    assert running_app.service is not None
    await running_app.service.engine.stop()
    for number in range(3):
        body = itip(
            "REQUEST", entry("a", at("10:00"), 30 + number, sequence=number), entry(f"b{number}", at("12:00"), 5)
        )
        assert (await send(hook, body, CALENDAR))[0] == 202
    assert len(await running_app.rows(sa.select(INBOX.c.seq))) == 3
    await running_app.stop()
    await running_app.start()
    await running_app.settle()
    assert await running_app.rows(sa.select(INBOX.c.seq)) == []
    assert sorted(uid for (uid,) in await running_app.rows(sa.select(EVENTS.c.uid))) == ["a", "b0", "b1", "b2"]
    await running_app.until(at("10:00"))
    assert running_app.shows() == (*MEETING, at("10:32"))


@BOTH
async def test_calendar_that_another_process_reads_is_left_to_it_where_there_can_be_one(
    running_app: RunningApp,
) -> None:
    alone = running_app.database_url.startswith("sqlite")
    await running_app.joins()
    hook = await new_hook(running_app)
    await posts(running_app, hook, itip("REQUEST", entry("a", at("10:00"), 60)))
    assert running_app.service is not None
    await running_app.service.engine.stop()
    await send(hook, itip("CANCEL", entry("a", at("10:00"), 60, sequence=1)), CALENDAR)
    await running_app.tampers(sa.update(CALENDARS).values(leased_until=running_app.clock.now() + timedelta(minutes=2)))
    assert len(await running_app.rows(sa.select(INBOX.c.seq))) == 1
    await running_app.stop()
    await running_app.start()
    if not alone:
        await until(running_app.service.at_rest)
        assert len(await running_app.rows(sa.select(INBOX.c.seq))) == 1
        running_app.clock.move(minutes=3)
    await running_app.settle()
    assert await running_app.rows(sa.select(INBOX.c.seq)) == []
    await running_app.until(at("10:00"))
    assert running_app.shows() == NOTHING


BROKEN = {
    "empty": b"", "page": b"<html></html>", "half": itip("REQUEST", entry("a", at("10:00"), 60))[:-20],
    "unended": itip("REQUEST", entry("a", at("10:00"), 60).removesuffix("END:VEVENT")), "bytes": bytes(range(256)) * 20,
    "json": b'{"text": "x"}',
}  # fmt: skip


async def test_what_is_no_calendar_is_refused_and_changes_nothing(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    await posts(running_app, hook, itip("REQUEST", entry("a", at("09:00"), 60)))
    for name, body in BROKEN.items():
        status, said, _ = await send(hook, body, CALENDAR)
        assert (status, said.get("error")) == (
            422,
            "That is not a calendar that I can read. Send a whole `.ics` file.",
        ), name
    await running_app.settle()
    assert running_app.shows() == (*MEETING, at("10:00"))
    assert await running_app.rows(sa.select(INBOX.c.seq)) == []


async def test_calendar_without_entries_and_answers_are_taken_and_are_nothing(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    for body in (
        itip("PUBLISH"),
        itip("REPLY", entry("a", at("09:00"), 60)),
        itip("", "BEGIN:VTODO", "UID:t", "END:VTODO"),
    ):
        assert (await posts(running_app, hook, body)) == {"ok": True, "entries": 0}
    assert await running_app.rows(sa.select(CALENDARS.c.due_at)) == [(None,)]
    assert running_app.shows() == NOTHING


async def test_inbox_takes_so_much_and_no_more(running_app: RunningApp, monkeypatch: pytest.MonkeyPatch) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    assert running_app.service is not None
    await running_app.service.engine.stop()
    monkeypatch.setattr("services.store.watches.MOST_WAITING", 3)
    answers = [await send(hook, itip("", entry(f"e{number}", at("10:00"), 5)), CALENDAR) for number in range(4)]
    assert [status for status, _, _ in answers] == [202, 202, 202, 429]
    assert answers[-1][2]["retry-after"] == "60"


async def test_disconnected_hook_is_gone_with_all_that_it_held(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    await posts(running_app, hook, itip("REQUEST", entry("a", at("09:00"), 60)))
    assert running_app.shows() == (*MEETING, at("10:00"))
    await disconnects(running_app)
    assert running_app.shows() == NOTHING
    assert (await send(hook, itip("REQUEST", entry("a", at("09:00"), 60)), CALENDAR))[0] == 404
    for table in (CALENDARS.c.calendar_id, EVENTS.c.uid, INBOX.c.seq):
        assert await running_app.rows(sa.select(table)) == []


async def test_rotated_hook_keeps_its_events(running_app: RunningApp) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    await posts(running_app, hook, itip("REQUEST", entry("a", at("09:00"), 60)))
    other = await rotates(running_app)
    assert (await send(hook, itip("CANCEL", entry("a", at("09:00"), 60, sequence=1)), CALENDAR))[0] == 404
    assert running_app.shows() == (*MEETING, at("10:00"))
    await posts(running_app, other, itip("CANCEL", entry("a", at("09:00"), 60, sequence=1)))
    assert running_app.shows() == NOTHING


async def test_nothing_of_a_calendar_is_logged_or_kept_in_clear(
    running_app: RunningApp, capsys: pytest.CaptureFixture[str]
) -> None:
    await running_app.joins()
    hook = await new_hook(running_app)
    assert running_app.service is not None
    await running_app.service.engine.stop()
    await send(hook, itip("REQUEST", entry("a", at("10:00"), 60, "LOCATION:Room Zeppelin")), CALENDAR)
    await send(hook, BROKEN["half"], CALENDAR)
    kept = await all_kept(running_app, INBOX, CALENDARS)
    await running_app.stop()
    await running_app.start()
    await running_app.settle()
    kept += await all_kept(running_app, CALENDARS, EVENTS)
    logged = "".join(capsys.readouterr())
    assert "calendar_synced" in logged
    for private in ("Secret talks", "Zeppelin", hook.rpartition("/")[2]):
        assert private not in logged
        assert private.encode() not in kept
