"""One contract over every provider: what is entered, changed, moved and called off there is what Slack shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from services.domain.lines import Match, Rule
from services.domain.model import Look, PersonKey
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.preferences import LineStore
from tests.support.clocks import ManualClock
from tests.support.peers.entries import Answer, Entry
from tests.support.peers.joining import open_joined
from tests.support.peers.peer import JITTER, PROVIDERS, Deed, Peer, each
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at

MEETING = ("In a meeting", ":spiral_calendar_pad:")
NOTHING = ("", "", None)
TITLE = "Zeppelin talks"


@pytest.fixture
async def peer(
    request: pytest.FixtureRequest, sqlite_url: str, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Peer]:
    async with open_joined(request.param, clock, sqlite_url, capsys) as made:
        yield made


@asynccontextmanager
async def open_lists(running_app: RunningApp) -> AsyncIterator[LineStore]:
    """The lists of everybody, beside the app."""
    database = Database(running_app.database_url)
    yield LineStore(database, Encryptor([running_app.key]))
    await database.close()


def meeting(start: str, end: str, title: str = TITLE, day: int = 24, **more: object) -> Entry:
    return Entry(title, at(start, day), at(end, day), **more)  # type: ignore[arg-type]  # the fields of Entry


@pytest.mark.parametrize("peer", PROVIDERS, indirect=True)
@pytest.mark.usefixtures("reader_processes")
async def test_first_look_shows_the_meeting_that_runs_and_the_next_at_its_start(peer: Peer) -> None:
    running_app = peer.running_app
    await peer.add(meeting("08:30", "09:45"))
    await peer.add(meeting("11:00", "11:30"))
    await peer.connects()
    assert running_app.shows() == (*MEETING, at("09:45"))
    await running_app.until(at("09:45"))
    assert running_app.shows() == NOTHING
    await running_app.until(at("11:00") - timedelta(seconds=1))
    assert running_app.shows() == NOTHING
    await running_app.until(at("11:00"))
    assert running_app.shows() == (*MEETING, at("11:30"))
    assert running_app.written() == ["In a meeting", "In a meeting"]


@each(1)
async def test_rules_know_who_organizes_who_comes_and_whether_it_recurs(peer: Peer) -> None:
    running_app = peer.running_app
    boss = Rule("boss", "", Match(organizer=("@example.com",), recurring=True, external=False), Look("With the boss"))
    async with open_lists(running_app) as lists:
        await lists.change(PersonKey(TEAM, ANN), running_app.clock.now(), lambda lines: (boss, *lines))
    running_app.wake()
    await peer.connects()
    await peer.add(meeting("09:30", "10:00", answer=Answer.ACCEPTED, daily=2))
    await peer.add(meeting("10:30", "11:00", answer=Answer.ACCEPTED))
    await peer.add(meeting("11:30", "12:00", daily=2))
    await peer.follows()
    shown = []
    for start in ("09:30", "10:30", "11:30"):
        await running_app.until(at(start))
        shown.append(running_app.text())
    assert shown == ["With the boss", "In a meeting", "In a meeting"]


@each(2)
async def test_changes_of_a_running_meeting_are_followed(peer: Peer) -> None:
    running_app = peer.running_app
    await peer.connects()
    began = running_app.clock.now()
    key = await peer.add(meeting("08:30", "14:00"))
    await peer.follows()
    assert running_app.shows() == (*MEETING, at("14:00"))
    await peer.change(key, end=at("15:00"))
    await peer.follows()
    assert running_app.shows() == (*MEETING, at("15:00"))
    await peer.change(key, away=True)
    await peer.follows()
    assert running_app.shows() == ("Out of office until 15:00", ":palm_tree:", at("15:00"))
    await peer.change(key, away=False, free=True)
    await peer.follows()
    assert running_app.shows() == NOTHING
    await peer.change(key, free=False)
    await peer.move(key, at("16:00"), at("17:00"))
    await peer.follows()
    assert running_app.shows() == NOTHING
    await peer.move(key, at("15:00"), at("16:00"))
    await peer.follows()
    assert running_app.shows() == NOTHING
    assert (running_app.clock.now() == began) is peer.can(Deed.TELLS)
    await running_app.until(at("15:00"))
    assert running_app.shows() == (*MEETING, at("16:00"))
    await peer.cancel(key)
    await peer.follows()
    assert running_app.shows() == NOTHING


@each(3)
async def test_answers_and_marks_are_respected(peer: Peer) -> None:
    """With titles on: only a meeting that counts shows its own, and a private one shows none."""
    running_app = peer.running_app
    marked = {
        "10": meeting("10:00", "10:30", "Zeppelin refused", answer=Answer.DECLINED),
        "11": meeting("11:00", "11:30", "Zeppelin perhaps", answer=Answer.TENTATIVE),
        "12": meeting("12:00", "12:30", "Zeppelin free", free=True),
        "13": meeting("13:00", "13:30", "Zeppelin called off", cancelled=True),
        "14": meeting("14:00", "14:30", "Zeppelin secret", private=True),
        "15": meeting("15:00", "15:30", "Zeppelin", answer=Answer.ACCEPTED),
    }
    for one in marked.values():
        await peer.add(one)
    await running_app.edits("meeting", text="{title}")
    await running_app.chooses(options={"type": "checkboxes", "selected_options": [{"value": "titles"}]})
    await peer.connects()
    shown = {}
    for hour in marked:
        await running_app.until(at(f"{hour}:00"))
        shown[hour] = running_app.shows()
    assert {hour: status for hour, status in shown.items() if status != NOTHING} == {
        "14": (*MEETING, at("14:30")), "15": ("Zeppelin", MEETING[1], at("15:30")),
    }  # fmt: skip
    assert "Zeppelin secret" not in str([call.arguments for call in running_app.slack.calls.all()])


@each(4)
async def test_instances_of_a_series_are_called_off_and_moved_and_then_all_of_it_is_off(peer: Peer) -> None:
    running_app = peer.running_app
    key = await peer.add(meeting("09:00", "17:00", daily=5))
    other = await peer.add(meeting("18:00", "18:30", daily=5))
    await peer.connects()
    assert running_app.shows() == (*MEETING, at("17:00"))
    await peer.cancel_instance(key, at("09:00"))
    await peer.follows()
    assert running_app.shows() == NOTHING
    await peer.cancel_instance(key, at("09:00", 26))
    await peer.follows()
    await peer.move_instance(key, at("09:00", 25), at("10:00", 25), at("11:00", 25))
    await peer.follows()
    for day, hour, shown in (
        (25, "09", NOTHING),
        (25, "10", (*MEETING, at("11:00", 25))),
        (26, "09", NOTHING),
        (27, "09", (*MEETING, at("17:00", 27))),
    ):
        await running_app.until(at(f"{hour}:00", day))
        assert running_app.shows() == shown
    await peer.cancel(key)
    await peer.follows()
    assert running_app.shows() == NOTHING
    await running_app.until(at("09:00", 28))
    assert running_app.shows() == NOTHING
    await running_app.until(at("18:00", 28))
    assert running_app.shows() == (*MEETING, at("18:30", 28))
    assert other in peer.entries


@each(5)
async def test_two_people_of_a_workspace_see_nothing_of_each_other(peer: Peer) -> None:
    running_app = peer.running_app
    await running_app.joins(BEN)
    await peer.add(meeting("08:30", "17:00"))
    theirs = await peer.add(meeting("08:00", "12:00", "Zeppelin flight"), BEN)
    await peer.connects()
    assert running_app.shows(BEN) == NOTHING
    await peer.connects(BEN)
    assert (running_app.shows(ANN)[2], running_app.shows(BEN)[2]) == (at("17:00"), at("12:00"))
    await peer.change(theirs, away=True)
    await peer.follows()
    assert running_app.text(ANN) == "In a meeting"
    assert running_app.text(BEN) == "Out of office until 12:00"
    for user, own, other in ((ANN, "Zeppelin talks", "Zeppelin flight"), (BEN, "Zeppelin flight", "Zeppelin talks")):
        why = str(await running_app.types("/quo", "why", user))
        assert (own in why, other in why) == (True, False)
    await peer.disconnects()
    assert running_app.shows(ANN) == NOTHING
    assert running_app.text(BEN) == "Out of office until 12:00"


@each(0, Deed.ASKED)
async def test_change_that_nobody_told_of_is_seen_within_the_promised_pause(peer: Peer) -> None:
    """The worst case, in the app's time: the change comes right after a look, and its push, if any, is lost."""
    running_app = peer.running_app
    key = await peer.add(meeting("08:00", "23:30"))
    await peer.add(meeting("14:00", "14:20"))  # an edge, although nothing changes at it
    await peer.connects()
    for begins, pause, away in (
        ("10:00", peer.AWAKE, True),
        ("13:50", peer.NEAR, False),
        ("20:00", peer.RESTING, True),
    ):
        await running_app.until(at(begins))
        await peer.rests()
        await running_app.read_again()
        before = running_app.shows()
        peer.lose_pushes()
        await peer.change(key, away=away)
        await peer.rests()
        await running_app.until(at(begins) + pause - timedelta(seconds=1))
        assert running_app.shows() == before
        await running_app.until(at(begins) + pause * JITTER)
        assert running_app.text().startswith("Out of office" if away else "In a meeting")
