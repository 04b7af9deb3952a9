"""`app.py why`: the reasons that `/quo why` gives its person, without a word that they or others wrote."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy as sa

import app as program
from services.commands.why import why
from services.domain.model import PersonKey
from services.platform import settings
from services.platform.crypto import new_key
from services.platform.settings import Settings
from services.store import line_file, schema
from services.store.columns import UtcInstant
from services.store.tables import PEOPLE, PROFILE_STATES
from services.store.workspace_tables import OPERATOR_FAULTS
from tests.support.clocks import ManualClock
from tests.support.feeds import lasting
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at

KEY = PersonKey(TEAM, ANN)
PRIVATE = (
    "Okapi", "Zebra", ":tea:", ":zap:", "Gnu", "Puffin", "org@", "Dodo", "Heron", "work.ics", "xoxp-", "example",
)  # fmt: skip


def config(running_app: RunningApp) -> Settings:
    return settings.load(running_app.environment(), dotenv=None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_operator_is_told_the_reasons_and_nothing_that_anybody_wrote(
    running_app: RunningApp, capsys: pytest.CaptureFixture[str]
) -> None:
    await running_app.joins()
    organizer = 'ORGANIZER;CN="Puffin":mailto:org@example.com'
    running_app.feeds["work"].has(
        lasting("a@example", at("08:30"), 90, "Okapi takeover", "LOCATION:Gnu room", organizer),
        lasting("b@example", at("14:00"), 60, "Dodo lunch", "TRANSP:TRANSPARENT"),
    )
    await running_app.connects("work")
    await running_app.edits("meeting", text="Heron", emoji=":zap:")
    await running_app.types("/quo", ":tea: Zebra for 10m")
    await running_app.types("/ooo", "friday Gnu")
    told = json.dumps(await running_app.types("/quo", "why"))
    capsys.readouterr()
    assert await why(config(running_app), KEY, running_app.clock) == 0
    printed, errors = capsys.readouterr()
    assert [word for word in PRIVATE if word in printed + errors] == []
    lines = printed.splitlines()
    for sentence in (
        "Counted: it takes your time and you have not declined it.", "Ignored: it is marked as free.",
    ):  # fmt: skip
        assert sentence in told
        assert sum(sentence in line for line in lines) == 1
    assert lines[0] == f"{TEAM} {ANN}, at 2026-11-24 09:00 in Etc/UTC"
    assert lines[1].startswith("Permission: ok, since 2026-11-24 09:00; scopes: ")
    assert "Should show: a text and an emoji (hidden), until 2026-11-24 09:10 (kind none, rule override)" in lines
    assert "  because: You asked for it, until 2026-11-24 09:10." in lines
    assert "Shows, as far as known: ours, a text and an emoji (hidden)" in lines
    (event,) = (line for line in lines if line.startswith("  + "))
    assert event.startswith("  + 2026-11-24 08:30 - 2026-11-24 10:00, calendar ")
    assert "Waiting to be written: nothing" in lines
    assert any(
        line.startswith(
            "The workspace's calls that count in the last minute (some are set aside ahead): users.profile.get "
        )
        for line in lines
    )
    (calendar,) = lines[lines.index("Calendars:") + 1 :]
    assert ": ok, 2 events; read 2026-11-24 09:00" in calendar
    assert sum(line.startswith("Asked for by hand, ") for line in lines) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_rule_that_came_in_a_file_with_an_id_of_ones_own_is_not_named(
    running_app: RunningApp, capsys: pytest.CaptureFixture[str]
) -> None:
    await running_app.joins()
    assert running_app.service is not None
    file = {
        "version": 2,
        "lines": [{"id": "Okapi takeover", "match": {"title_words": ["plan"]}, "show": {"text": "X"}}],
    }
    await running_app.service.stores.lines.change(
        KEY, running_app.clock.now(), lambda _: line_file.lines_from_file(file)
    )
    running_app.wake()
    running_app.feeds["work"].has(lasting("a", at("08:30"), 90, "Plan"))
    await running_app.connects("work")
    assert running_app.text() == "X"
    capsys.readouterr()
    assert await why(config(running_app), KEY, running_app.clock) == 0
    printed = capsys.readouterr().out
    assert ("Okapi" in printed, printed.count("rule of their own (hidden)")) == (False, 2)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_waits_what_is_paused_and_what_is_wrong_is_told(
    running_app: RunningApp, capsys: pytest.CaptureFixture[str]
) -> None:
    await running_app.joins()
    await running_app.connects("work")
    await running_app.types("/quo", "Lunch for 5m")
    await running_app.types("/quo", "pause 2h")
    await running_app.settle()
    running_app.feeds["work"].status = 404
    for _ in range(3):
        await running_app.polled()
    await running_app.stop()
    now = running_app.clock.now()
    later = sa.literal(now + timedelta(minutes=5), UtcInstant)
    await running_app.tampers(
        sa.update(PROFILE_STATES).values(
            seq=PROFILE_STATES.c.seq + 1, wished_at=now, not_before=later, failures=3, urgency=2
        ),
        sa.update(PEOPLE).values(grant_state="lost"),
        sa.insert(OPERATOR_FAULTS).values(
            [
                {"team_id": team_id, "fault": fault, "since": now, "seen_at": now, "detail": f"said by {fault}"}
                for fault in ("slack_tokens", "google_client")
                for team_id in (TEAM, "T0OTHER", "")
                if (fault, team_id) != ("slack_tokens", "")
            ]
        ),
    )
    capsys.readouterr()
    assert await why(config(running_app), KEY, running_app.clock) == 0
    printed = capsys.readouterr().out
    assert "Paused since 2026-11-24 09:00, until 2026-11-24 11:00\n" in printed
    assert "Permission: lost, since" in printed
    since, again = f"{now:%Y-%m-%d %H:%M}", f"{now + timedelta(minutes=5):%Y-%m-%d %H:%M}"
    assert f"Waiting to be written: since {since} (urgency 2, 3 failures in a row, not before {again})\n" in printed
    assert "broken, CalendarGoneError" in printed
    mend = [line for line in printed.splitlines() if line.startswith("Yours to mend: ")]
    assert [line.partition(" (")[2].partition(")")[0] for line in mend] == [
        "said by google_client",
        "said by slack_tokens",
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_stranger_is_one_sentence_and_a_member_who_has_not_connected_is_told_as_that(
    running_app: RunningApp, capsys: pytest.CaptureFixture[str]
) -> None:
    await running_app.joins()
    capsys.readouterr()
    for user in ("U0NOBODY01", "leave"):
        assert await why(config(running_app), PersonKey(TEAM, user), running_app.clock) == 1
        assert capsys.readouterr() == ("", "Nobody of that team and user is known.\n")
    assert await why(config(running_app), PersonKey(TEAM, BEN), running_app.clock) in {0, 1}


async def test_older_database_stays_as_it_is(
    sqlite_url: str, clock: ManualClock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"))) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    older = settings.load({"DATABASE_URL": sqlite_url, "ENCRYPTION_KEYS": new_key()}, dotenv=None)
    monkeypatch.setattr(schema, "upgrade", None)
    assert await why(older, KEY, clock) == 1
    assert "from before this version" in capsys.readouterr().err


def test_team_and_user_are_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(["why", "--team", TEAM])
    assert ended.value.code == 2
    assert "--user" in capsys.readouterr().err
