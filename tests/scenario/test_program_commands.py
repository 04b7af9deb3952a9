"""The commands of `python app.py`: what they print, and what they leave behind."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

import app as program
from services import bootstrap
from services.domain.operator_errors import SealError
from services.platform import settings
from services.platform.crypto import new_key
from services.store import sqlite_driver
from services.store.calendar_tables import CALENDARS
from services.store.tables import PEOPLE
from tests.support.clocks import ManualClock
from tests.support.command_line import ROOT, run, run_here, run_process
from tests.support.databases import BOTH, SQLITE_FIRST
from tests.support.feeds import SECRET_PATH, calendar, entry, lasting
from tests.support.running_app import ANN, TEAM, RunningApp, at, open_running_app


def test_python_that_lacks_the_libraries_is_told_which_one_to_take() -> None:
    bare = [sys.executable, "-S", str(ROOT / "app.py"), "doctor"]  # without what is installed beside it
    ended = subprocess.run(bare, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "This Python has no structlog: `make run` installs it for .venv/bin/python app.py …\n"


def test_whoever_has_seen_enough_of_what_is_printed_gets_no_traceback() -> None:
    printing = [sys.executable, str(ROOT / "app.py"), "manifest", "--url", "https://quo.example.com"]
    with subprocess.Popen(printing, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (1, b"")


def test_every_mistake_in_the_settings_is_named_at_once_and_no_value_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {
        "PORT": "many", "SLACK_API_URL": "ftp://slack", "FEED_INTERVAL": "0", "ENCRYPTION_KEYS": "not-a-key-4711",
        "DATABASE_URL": "mysql://root:hunter2@db/x", "LOG_LEVEL": "LOUD", "ALLOW_PRIVATE_ADDRESSES": "perhaps",
    }  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    for command in ("serve", "worker", "migrate", "doctor", "rotate-keys", "export", "forget", "why"):
        whom = ["--team", TEAM, "--user", ANN] if command in {"export", "forget", "why"} else []
        assert program.main([command, *whom]) == 1  # in this process: it goes no further than that
        said = capsys.readouterr()
        assert [name for name in wrong if name not in said.err] == []
        assert said.out == ""
        assert [value for value in ("4711", "hunter2") if value in said.err] == []
    assert os.listdir(tmp_path) == []


async def test_worker_alone_soon_sees_what_people_type_at_another_process(sqlite_url: str, clock: ManualClock) -> None:
    config = settings.load({"DATABASE_URL": sqlite_url, "ENCRYPTION_KEYS": new_key()}, dotenv=None)
    service = await bootstrap.build(config, clock=clock, listens=False)
    await service.stop()
    assert service.engine._poll <= 0.25


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(["--version"])
    package = tomllib.loads((Path(program.__file__).parent / "pyproject.toml").read_text())["project"]
    assert (ended.value.code, capsys.readouterr().out) == (0, f"Status Quo {package['version']}\n")


def test_database_that_is_not_there_is_one_line_whatever_the_command(tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "postgresql://quo:hunter2@127.0.0.1:1/x", "ENCRYPTION_KEYS": new_key()}
    serving = dict.fromkeys(("SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"), "1.2")
    whom = ("--team", TEAM, "--user", ANN)
    for command in (
        ("run",), ("migrate",), ("doctor",), ("rotate-keys",), ("worker",), ("backup", "--forgotten"),
        ("restore", "--loaded"), ("why", *whom), ("export", *whom), ("forget", *whom),
    ):  # fmt: skip
        ran = run_here(*command, cwd=tmp_path, SLACK_API_URL="http://127.0.0.1:9/api/", **nowhere, **serving)
        assert ran.status == 1
        said = ran.out + ran.err
        assert said.count("The database cannot be reached, or refuses us. Check DATABASE_URL.") == 1
        assert said.count("nothing listens at 127.0.0.1:1: is PostgreSQL running there") == 1
        assert ("Traceback" in said, "hunter2" in said) == (False, False)
    (tmp_path / "file").touch()
    within = {"DATABASE_URL": f"sqlite:///{tmp_path}/file/x.db", "ENCRYPTION_KEYS": new_key()}
    ran = run_here("migrate", cwd=tmp_path, **within)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("The database cannot be reached, or refuses us. Check DATABASE_URL.")


@pytest.mark.slow
def test_file_that_another_process_has_to_itself_is_one_line_whatever_the_command(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite_driver._connect

    def impatient(path: str) -> sqlite3.Connection:
        connection = connect(path)
        connection.execute("PRAGMA busy_timeout=0").close()
        return connection

    monkeypatch.setattr(sqlite_driver, "_connect", impatient)
    serving = dict.fromkeys(("SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"), "1.2")
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for command in (("serve",), ("worker",), ("forget", "--team", TEAM, "--user", ANN)):
            ran = run_here(
                *command, cwd=tmp_path, DATABASE_URL=sqlite_url, ENCRYPTION_KEYS=new_key(), PORT="0", **serving
            )
            assert (ran.status, ran.out) == (1, "")
            assert ran.err.endswith(
                "The database cannot be reached, or refuses us. Check DATABASE_URL. (SQLite says: database is locked; "
                "another process has the file to itself, as `app.py move` does until it is done: wait for that)\n"
            )


def test_no_command_starts_on_a_database_that_a_newer_version_has_updated(sqlite_url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"))) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    serving = dict.fromkeys(("SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"), "1.2")
    whom = ("--team", TEAM, "--user", ANN)
    for command in (("serve",), ("worker",), ("migrate",), ("rotate-keys",), ("export", *whom), ("forget", *whom)):
        ran = run_here(*command, cwd=tmp_path, DATABASE_URL=sqlite_url, ENCRYPTION_KEYS=new_key(), **serving)
        assert (ran.status, ran.out) == (1, "")
        (line,) = ran.err.splitlines()
        assert line.startswith("The database was made by a newer version. Start that one again, or restore the backup")
        assert "it is at step 9999" in line


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which somebody else listens."""
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        yield somebody.getsockname()[1]


def test_port_in_use_or_a_host_that_is_not_here_is_one_line(
    taken: int, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
        monkeypatch.setenv(name, "1.2")
    for name, value in {"DATABASE_URL": sqlite_url, "ENCRYPTION_KEYS": new_key(), "PORT": str(taken)}.items():
        monkeypatch.setenv(name, value)
    for host, where in (
        ("127.0.0.1", f"127.0.0.1:{taken}"),
        ("192.0.2.1", f"192.0.2.1:{taken}"),
        ("no host", "no host"),
    ):
        monkeypatch.setenv("HOST", host)
        assert program.main(["serve"]) == 1
        (line,) = [line for line in capsys.readouterr().err.splitlines() if "[info" not in line]
        assert line.startswith("Nothing can listen at that address. Choose another one with HOST and PORT.")
        assert where in line
    for host in ("192.0.2.1", "no host"):
        assert program.main(["demo", "--host", host]) == 1
        assert capsys.readouterr().err.startswith("Nothing can listen at that address.")
    with pytest.raises(SystemExit):
        program.main(["demo", "--port", "70000"])
    assert "70000" in capsys.readouterr().err


async def test_serve_without_any_setting_says_what_is_missing_and_starts_nothing(tmp_path: Path) -> None:
    ran = await run_process("serve", cwd=tmp_path)
    assert (ran.status, ran.out) == (1, "")
    assert [name for name in ("SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID") if name not in ran.err] == []
    assert "Traceback" not in ran.err
    assert os.listdir(tmp_path) == []


async def test_migrate_makes_a_database_once_and_prints_sql_without_one(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'made.db'}"
    nowhere = {"DATABASE_URL": "postgresql+asyncpg://nobody@127.0.0.1:9/none", "ENCRYPTION_KEYS": new_key()}
    printed = await run("migrate", "--sql", cwd=tmp_path, **nowhere)
    assert (printed.status, printed.out.count("CREATE TABLE people")) == (0, 1), printed.err
    assert os.listdir(tmp_path) == []
    first = await run("migrate", cwd=tmp_path, DATABASE_URL=url)
    again = await run("migrate", cwd=tmp_path, DATABASE_URL=url)
    assert (first.status, again.status) == (0, 0)
    assert first.out == again.out
    assert first.out.startswith("The database is at step ")
    assert (await run("migrate", "--check", cwd=tmp_path, DATABASE_URL=url)).status == 0


def test_preview_prints_what_the_contract_says(tmp_path: Path) -> None:
    file = tmp_path / "a.ics"
    file.write_bytes(
        calendar(
            lasting("m", at("15:00"), 60, "Okapi"),
            lasting("no", at("10:00"), 30, "Declined", "ATTENDEE;PARTSTAT=DECLINED:mailto:ann@example.com"),
            entry("note", date(2026, 11, 24), date(2026, 11, 25), "Sprint"),
            "BEGIN:VEVENT\r\nUID:broken\r\nDTSTART:yesterday\r\nEND:VEVENT",
        )
    )
    (tmp_path / "b.ics").write_bytes(b"<html>")
    options = ("--json", "--from", "2026-11-24", "--to", "2026-11-25", "--email", "ann@example.com")
    ran = run_here("preview", str(file), *options, cwd=tmp_path)
    assert (ran.status, ran.err) == (0, "")
    (line,) = ran.out.splitlines()
    told = json.loads(line)
    assert sorted(told) == ["events", "file", "problems", "timeline"]
    assert [(one["uid"], one["start"], one["all_day"], one["counted"]) for one in told["events"]] == [
        ("note", "2026-11-24", True, False),
        ("no", "2026-11-24T10:00:00Z", False, False),
        ("m", "2026-11-24T15:00:00Z", False, True),
    ]
    assert [problem["uid"] for problem in told["problems"]] == ["broken"]
    (span,) = [one for one in told["timeline"] if one["status_text"]]
    assert (span["start"], span["end"], span["status_text"], span["status_expiration"], span["uid"]) == (
        "2026-11-24T15:00:00Z", "2026-11-24T16:00:00Z", "In a meeting", int(at("16:00").timestamp()), "m",
    )  # fmt: skip
    both = run_here("preview", str(file), str(tmp_path / "b.ics"), *options, cwd=tmp_path)
    lines = [json.loads(line) for line in both.out.splitlines()]
    assert (both.status, sorted(lines[1])) == (1, ["error", "file"])
    assert "Traceback" not in both.err
    assert sorted(os.listdir(tmp_path)) == ["a.ics", "b.ics"]


async def test_understand_prints_what_a_line_is_taken_for(tmp_path: Path) -> None:
    zoned = ("--timezone", "Europe/Berlin", "--now", "2026-11-24T10:00")
    ran = await run_process("understand", ":pizza: Lunch until half past 1", "--as", "quo", *zoned, cwd=tmp_path)
    assert (ran.status, ran.err, ran.out.count("\n")) == (0, "", 1)
    assert json.loads(ran.out) == {
        "text": "Lunch", "emoji": ":pizza:", "start": "2026-11-24T10:00:00+01:00", "end": "2026-11-24T13:30:00+01:00",
    }  # fmt: skip
    asked = await run("understand", "24.12. und 31.12.", "--as", "ooo", "--locale", "de-DE", *zoned, cwd=tmp_path)
    assert (asked.status, list(json.loads(asked.out))) == (0, ["asks"])
    assert json.loads(asked.out)["asks"].startswith("Diese Zeitangabe")
    bad = await run("understand", "x", "--as", "oo", cwd=tmp_path)
    assert (bad.status, bad.out, bad.err) == (2, "", "--as: 'oo' is none of ooo, quo, pause, preview\n")
    assert os.listdir(tmp_path) == []


async def with_calendar(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("a", at("10:00"), 60, "Okapi takeover"))
    await running_app.connects("work")
    await running_app.types("/quo", ":tea: Zebra for 10m")


async def test_doctor_tells_of_each_part_and_fails_where_one_does(tmp_path: Path, running_app: RunningApp) -> None:
    await with_calendar(running_app)
    ran = await run("doctor", cwd=tmp_path, **running_app.environment())
    lines = {line[6:].partition(":")[0]: line[:4] for line in ran.out.splitlines()}
    # The test's clock stands in 2026, the doctor's does not: only Slack's own clock is looked at, and that is real.
    assert {name: lines.pop(name) in {"ok  ", "warn"} for name in ("disk", "memory")} == {"disk": True, "memory": True}
    looked_at = (
        "settings", "clock", "public address", "Slack app", "database", "keys", "signing secret", "calendars",
        "effects", "workspace Acme",
    )  # fmt: skip
    assert lines == dict.fromkeys(looked_at, "ok  ")
    assert ran.status == 0, ran.out
    broken = await run(
        "doctor", cwd=tmp_path, **running_app.environment() | {"SLACK_API_URL": "http://127.0.0.1:9/api/"}
    )
    assert broken.status == 1
    assert [line[:4] for line in broken.out.splitlines() if line[6:].startswith(("Slack", "workspace"))] == ["FAIL"] * 3
    other = await run("doctor", cwd=tmp_path, **running_app.environment() | {"ENCRYPTION_KEYS": new_key()})
    assert other.status == 1
    assert "keys: A sealed value cannot be opened: its key is missing from ENCRYPTION_KEYS" in other.out
    assert "Traceback" not in ran.err + broken.err + other.err


async def test_keys_of_another_database_are_refused(running_app: RunningApp, clock: ManualClock) -> None:
    await running_app.joins()
    wrong = settings.load(running_app.environment() | {"ENCRYPTION_KEYS": new_key()}, dotenv=None)
    with pytest.raises(SealError, match="the keys open no workspace's token: they are those of another database"):
        await bootstrap.build(wrong, clock=clock, listens=False)


@pytest.mark.slow
@BOTH
async def test_keys_of_another_database_start_nothing(tmp_path: Path, running_app: RunningApp) -> None:
    await running_app.joins()
    wrong = running_app.environment() | {"ENCRYPTION_KEYS": new_key(), "PORT": "0"}
    ran = await run_process("serve", cwd=tmp_path, **wrong)
    assert ran.status == 1
    assert "the keys open no workspace's token: they are those of another database" in ran.err
    assert len(ran.err.splitlines()) == 1


NOBODY = "Nobody of that team and user is known."


async def test_export_prints_a_persons_data_and_forget_deletes_it(tmp_path: Path, running_app: RunningApp) -> None:
    await with_calendar(running_app)
    token = running_app.slack.tokens.user(ANN)
    assert token is not None
    whom = ("--team", TEAM, "--user", ANN)
    exported = await run("export", *whom, cwd=tmp_path, **running_app.environment())
    assert exported.status == 0, exported.err
    told = json.loads(exported.out)
    assert (told["team_id"], told["user_id"], told["zone"]) == (TEAM, ANN, "Etc/UTC")
    assert "Okapi takeover" in exported.out
    assert "Zebra" in exported.out
    assert [
        secret for secret in (token.value, running_app.key, token.refresh or "xoxp-") if secret in exported.out
    ] == []
    assert SECRET_PATH not in exported.err

    forgotten = await run("forget", *whom, cwd=tmp_path, **running_app.environment())
    assert (forgotten.status, forgotten.out) == (0, "Everything is deleted.\n")
    assert token.revoked
    assert await running_app.rows(sa.select(PEOPLE.c.user_id)) == []
    assert await running_app.rows(sa.select(CALENDARS.c.calendar_id)) == []
    again = await run("forget", *whom, cwd=tmp_path, **running_app.environment())
    assert (again.status, again.out, again.err.splitlines()[-1]) == (1, "", NOBODY)
    left = await run("export", *whom, cwd=tmp_path, **running_app.environment())
    assert {name: told for name, told in json.loads(left.out).items() if told} == {
        "team_id": TEAM, "user_id": ANN, "refusals": ["keeper"],
    }  # fmt: skip
    stranger = ("--team", TEAM, "--user", "U0NOBODY01")
    nobody = await run("export", *stranger, cwd=tmp_path, **running_app.environment())
    assert (nobody.status, nobody.out, nobody.err.splitlines()[-1]) == (1, "", NOBODY)


@SQLITE_FIRST
async def test_keys_are_rotated_while_the_app_serves(tmp_path: Path, database_url: str, clock: ManualClock) -> None:
    async with open_running_app(clock, database_url) as running_app:
        await with_calendar(running_app)
        old, new = running_app.key, new_key()
        running_app.key = f"{new},{old}"
        await running_app.stop()
        await running_app.start()
        ran = await run("rotate-keys", cwd=tmp_path, **running_app.environment())
        assert ran.status == 0, ran.err
        assert ran.out.strip().endswith("; nothing is left under an older key.")
        await running_app.until(at("10:00"))
        assert running_app.text() == "In a meeting"
        again = await run("rotate-keys", cwd=tmp_path, **running_app.environment())
        assert again.out == "Re-sealed 0 values; nothing is left under an older key.\n"
        running_app.key = new
        await running_app.stop()
        await running_app.start()
        await running_app.polled()
        assert running_app.shows() == ("In a meeting", ":spiral_calendar_pad:", at("11:00"))
        await running_app.types("/quo", ":tea: Tea for 10m")
        assert running_app.text() == "Tea"
