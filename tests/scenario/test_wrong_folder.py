"""Commands in a folder where no installation is, or with the address of an empty database: nothing is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.platform.crypto import new_key
from tests.support.command_line import run_here

OF_ANN = ("--team", "T1", "--user", "U1")
ASKING = [
    ("why", *OF_ANN), ("export", *OF_ANN), ("forget", *OF_ANN), ("rotate-keys",), ("backup", "--forgotten"),
    ("restore", "--loaded"),
]  # fmt: skip
FIRST = "start the app first; if it runs, run this in its folder, with its settings"


@pytest.mark.parametrize("command", [*ASKING, ("doctor",)], ids=" ".join)
def test_command_makes_no_installation_where_none_is(tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = run_here(*command, cwd=tmp_path)
    said = f"there is no file {tmp_path / 'var' / 'statusquo.db'}: {FIRST}"
    assert (ran.status, said in ran.out + ran.err) == (1, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_empty_database_is_none_to_work_on(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "x.db").touch()
    url = f"sqlite:///{tmp_path}/x.db"
    ran = run_here(*command, cwd=tmp_path, DATABASE_URL=url, ENCRYPTION_KEYS=new_key())
    said = f"The database cannot be reached, or refuses us. Check DATABASE_URL. (it is empty: {FIRST})\n"
    assert (ran.status, ran.out, ran.err) == (1, "", said)


def test_keys_are_made_along_with_the_database_and_never_beside_one_that_is_there(tmp_path: Path) -> None:
    assert run_here("migrate", cwd=tmp_path).status == 0
    keys = tmp_path / "var" / "encryption.keys"
    keys.unlink()
    for command in (*ASKING, ("doctor",), ("backup", "x.backup"), ("serve",), ("migrate",)):
        ran = run_here(*command, cwd=tmp_path, SLACK_BOT_TOKEN="xoxb-1", SLACK_SIGNING_SECRET="s")
        assert (ran.status, keys.exists()) == (1, False), command
        assert ("missing" in ran.err, "Traceback" in ran.err) == (True, False), ran.err
