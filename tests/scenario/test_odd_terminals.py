"""Commands whose streams are closed or have no room, and whose database is broken: one line, and never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import ROOT, environment_of, run_here

APP = f"exec {sys.executable} {ROOT / 'app.py'}"


def ran(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What a shell makes of the line."""
    return subprocess.run(
        ["/bin/sh", "-c", f"{APP} {line}"], cwd=cwd, env=environment_of({}), capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_command_without_a_standard_output_does_its_work(tmp_path: Path) -> None:
    ended = ran("migrate >&-", tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "var" / "statusquo.db").is_file()


@pytest.mark.slow
def test_sealed_backup_without_a_standard_input_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert run_here("migrate", cwd=tmp_path).status == 0
    ended = ran("backup --passphrase x.backup <&-", tmp_path)
    assert (ended.returncode, ended.stderr) == (
        2, "There is no passphrase: type it, or give it as the first line of the standard input.\n"
    )  # fmt: skip


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is none on this system")
@pytest.mark.parametrize("command", ["understand Lunch", pytest.param("doctor", marks=pytest.mark.slow)])
def test_output_that_has_no_room_is_one_line(tmp_path: Path, command: str) -> None:
    ended = ran(f"{command} >/dev/full", tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "What is printed: no space left on device\n")


@pytest.mark.parametrize(
    "command", ["migrate", *(pytest.param(name, marks=pytest.mark.slow) for name in ("rotate-keys", "serve"))]
)
def test_broken_database_is_one_line_with_what_sqlite_says(tmp_path: Path, command: str) -> None:
    assert run_here("migrate", cwd=tmp_path).status == 0
    (tmp_path / "var" / "statusquo.db").write_bytes(b"no database" * 1000)
    ended = run_here(command, cwd=tmp_path, SLACK_BOT_TOKEN="xoxb-1", SLACK_SIGNING_SECRET="s")
    said = "The database cannot be reached, or refuses us. Check DATABASE_URL. (SQLite says: file is not a database)\n"
    assert (ended.status, ended.out, ended.err) == (1, "", said)
