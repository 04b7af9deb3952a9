"""`app.py backup` and `restore` as an operator types them: what they refuse, and that a refusal changes nothing."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from services.commands import backup, restore
from services.platform import atomic_files
from services.platform.crypto import Encryptor, new_key
from services.store import backup_file, schema
from tests.support.command_line import Ran, run_here

SECRET = "correct horse battery"
NOBODY = "0 who were forgotten since were deleted. 0 keys of agents were revoked. Start the app.\n"
ROOM = "team_id, name, org_wide, app_id, bot_id, bot_user_id, bot_token, bot_scopes, installed_at, allow_titles"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of a passphrase in a millisecond."""
    monkeypatch.setattr(backup_file, "COST", 4)


@pytest.fixture
def installed(migrated_sqlite: Path, tmp_path: Path) -> Path:
    """A directory with an installation in `var`: one workspace, keys beside the database."""
    folder = tmp_path / "is #1, 100%?" / "var"
    folder.mkdir(parents=True)
    (folder / "statusquo.db").write_bytes(migrated_sqlite.read_bytes())
    (folder / "encryption.keys").write_text(new_key() + "\n")
    token = Encryptor([key_of(folder)]).seal("xoxb-1", "workspaces.bot_token", "T1")
    with closing(sqlite3.connect(folder / "statusquo.db")) as database, database:
        database.execute(
            f"INSERT INTO workspaces ({ROOM}, refresh_seq)"  # noqa: S608  # its own columns' names
            " VALUES ('T1', 'Ours', 0, '', '', '', ?, '', 0, 1, 0)",
            (token,),
        )
    return folder.parent


def key_of(folder: Path) -> str:
    return (folder / "encryption.keys").read_text().split()[0]


def workspaces(installation: Path) -> list[tuple[str, str]]:
    """What is in its database, and opens with the keys beside it."""
    with closing(sqlite3.connect(installation / "var" / "statusquo.db")) as database:
        rows = database.execute("SELECT team_id, bot_token FROM workspaces").fetchall()
    encryptor = Encryptor((installation / "var" / "encryption.keys").read_text().split())
    return [(team, encryptor.open(token, "workspaces.bot_token", team) or "") for team, token in rows]


def changed(file: Path, change: str) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(change)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refuses_links(*_paths: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def says(text: str) -> Callable[..., Ran]:
    """Run a command whose standard input is that text."""

    def run(*arguments: str, cwd: Path, **settings: str) -> Ran:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", io.StringIO(text))
            return run_here(*arguments, cwd=cwd, **settings)

    return run


def test_backup_is_restored_elsewhere_with_its_keys(installed: Path, tmp_path: Path) -> None:
    made = run_here("backup", "../a.backup", cwd=installed)
    assert (made.status, made.err) == (0, "")
    assert made.out.startswith("Backed up 0.")
    assert "keep it as you keep the keys" in made.out
    assert sorted(os.listdir(installed / "var")) == ["encryption.keys", "statusquo.db"]
    new = tmp_path / "new"
    new.mkdir()
    ran = run_here("restore", "../a.backup", cwd=new)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.endswith(f" UTC to var/statusquo.db. {NOBODY}")
    assert sorted(os.listdir(new / "var")) == ["encryption.keys", "statusquo.db"]
    assert {path.stat().st_mode & 0o777 for path in (new / "var").iterdir()} == {0o600}
    assert workspaces(new) == [("T1", "xoxb-1")]
    assert run_here("migrate", cwd=new).status == 0


def test_sealed_backup_takes_its_passphrase_from_the_standard_input(installed: Path, tmp_path: Path) -> None:
    for given, why in (("", "There is no passphrase"), ("short\n", "at least 12 characters")):
        ran = says(given)("backup", "--passphrase", "../s.backup", cwd=installed)
        assert (ran.status, ran.out, why in ran.err) == (2, "", True)
    assert sorted(os.listdir(tmp_path)) == ["is #1, 100%?"]
    assert says(SECRET + "\n")("backup", "--passphrase", "../s.backup", cwd=installed).status == 0
    assert key_of(installed / "var").encode() not in (tmp_path / "s.backup").read_bytes()
    new = tmp_path / "new"
    new.mkdir()
    wrong = says("another passphrase\n")("restore", "../s.backup", cwd=new)
    assert (wrong.status, wrong.err) == (1, "Nothing was restored. (the passphrase does not open the backup)\n")
    assert tree(new) == {}
    assert says(SECRET + "\n")("restore", "../s.backup", cwd=new).status == 0
    assert workspaces(new) == [("T1", "xoxb-1")]


def test_passphrase_on_a_terminal_is_asked_twice_and_never_shown(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter([SECRET, SECRET + "!", SECRET, SECRET])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("services.commands.passphrase.getpass", lambda _prompt: next(typed))
    ran = run_here("backup", "--passphrase", "../t.backup", cwd=installed)
    assert (ran.status, ran.err) == (2, "These were two different passphrases.\n")
    ran = run_here("backup", "--passphrase", "../t.backup", cwd=installed)
    assert (ran.status, SECRET in ran.out + ran.err) == (0, False)
    assert backup_file.is_sealed(tmp_path / "t.backup")


def test_what_cannot_be_backed_up_is_one_line_and_leaves_nothing(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there.backup").write_text("yesterday's")
    before = tree(tmp_path)
    elsewhere = {"DATABASE_URL": "postgresql://quo@127.0.0.1:1/x", "ENCRYPTION_KEYS": new_key()}
    for target, settings, why in (
        ("../there.backup", {}, "../there.backup is there already: name a new file"),
        ("../no/folder.backup", {}, "../no: No such file or directory"),
        ("../x.backup", {"DATABASE_URL": "sqlite:///var/none.db"}, "there is no database at var/none.db"),
        ("../x.backup", elsewhere, "PostgreSQL has pg_dump, see docs/upgrade.md"),
    ):
        ran = run_here("backup", target, cwd=installed, **settings)
        assert (ran.status, ran.out) == (1, "")
        assert ran.err.startswith("No backup was made. (")
        assert ran.err.endswith(f"{why})\n")
    monkeypatch.setattr(backup, "MARGIN", 1 << 60)
    ran = run_here("backup", "../x.backup", cwd=installed)
    assert (ran.status, "MB are needed and" in ran.err) == (1, True)
    assert tree(tmp_path) == before
    monkeypatch.undo()
    (installed / "var" / "encryption.keys").unlink()
    ran = run_here("backup", "../x.backup", cwd=installed)
    assert "the keys are missing: there is no var/encryption.keys" in ran.err
    assert os.listdir(installed / "var") == ["statusquo.db"]
    for arguments in ((), ("x", "--forgotten")):
        assert run_here("backup", *arguments, cwd=installed).status == 2


def test_no_backup_is_made_with_keys_that_do_not_open_it(installed: Path, tmp_path: Path) -> None:
    """Where the file of keys was lost, the next start has made another one."""
    (installed / "var" / "encryption.keys").write_text(new_key() + "\n")
    for settings in ({}, {"ENCRYPTION_KEYS": new_key()}):
        ran = run_here("backup", "../x.backup", cwd=installed, **settings)
        assert (ran.status, "the keys that are set do not open what is stored" in ran.err) == (1, True)
    assert not list(tmp_path.rglob("*x.backup*"))


def test_bad_input_restores_nothing_and_changes_nothing(installed: Path, tmp_path: Path) -> None:
    assert run_here("backup", "../good.backup", cwd=installed).status == 0
    changed(installed / "var" / "statusquo.db", "UPDATE alembic_version SET version_num = '9999'")
    assert run_here("backup", "../newer.backup", cwd=installed).status == 0
    (tmp_path / "cut.backup").write_bytes((tmp_path / "good.backup").read_bytes()[:-400_000])
    (tmp_path / "list").write_text('{"nothing": 1}\n')
    strange = {"digest": "d" * 64, "key_id": "k" * 16, "at": "2099-01-01T00:00:00Z"}
    (tmp_path / "strange").write_text(json.dumps(strange) + "\n")
    (tmp_path / "empty").mkdir()
    before = tree(tmp_path)
    for arguments, settings, why in (
        (("cut.backup",), {}, "is no backup, or is damaged"),
        (("list",), {}, "is no backup, or is damaged"),
        (("none.backup",), {}, "../none.backup: No such file or directory"),
        (("good.backup", "--passphrase"), {}, "../good.backup is not sealed under a passphrase"),
        (("good.backup",), {"ENCRYPTION_KEYS": new_key()}, "ENCRYPTION_KEYS lacks 1 of the backup's keys"),
        (("good.backup", "--forgotten", "../list"), {}, "is no list that `backup --forgotten` has printed"),
        (("good.backup", "--forgotten", "../strange"), {}, "1 of the forgotten are under a key that is not here"),
    ):
        ran = run_here("restore", f"../{arguments[0]}", *arguments[1:], cwd=tmp_path / "empty", **settings)
        assert (ran.status, ran.out) == (1, "")
        assert ran.err.startswith("Nothing was restored. ("), ran.err
        assert why in ran.err
    newer = run_here("restore", "../newer.backup", cwd=tmp_path / "empty")
    assert (newer.status, "it is at step 9999, and this version knows" in newer.err) == (1, True)
    there = run_here("restore", "../good.backup", cwd=installed)
    assert "there is an installation at var/statusquo.db already: move it away first" in there.err
    assert tree(tmp_path) == before
    for arguments in ((), ("x", "--loaded")):
        assert run_here("restore", *arguments, cwd=installed).status == 2


def test_empty_database_is_replaced_and_its_key_kept_but_not_while_the_app_runs(
    installed: Path, tmp_path: Path, migrated_sqlite: Path
) -> None:
    assert run_here("backup", "../good.backup", cwd=installed).status == 0
    new = tmp_path / "new"
    (new / "var").mkdir(parents=True)
    (new / "var" / "statusquo.db").write_bytes(migrated_sqlite.read_bytes())
    (new / "var" / "encryption.keys").write_text(new_key() + "\n")
    fresh = key_of(new / "var")
    with closing(sqlite3.connect(new / "var" / "statusquo.db")) as running:
        running.execute("PRAGMA journal_mode=WAL")
        running.execute("SELECT count(*) FROM people").fetchone()
        ran = run_here("restore", "../good.backup", cwd=new)
        assert (ran.status, "var/statusquo.db is in use: stop the app first" in ran.err) == (1, True)
    assert run_here("restore", "../good.backup", cwd=new).status == 0
    assert (new / "var" / "encryption.keys").read_text().split() == [key_of(installed / "var"), fresh]
    assert workspaces(new) == [("T1", "xoxb-1")]


def test_what_came_while_it_was_restored_is_not_replaced(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_here("backup", "../good.backup", cwd=installed).status == 0
    new = tmp_path / "new"
    settle = restore._settle

    async def beside_another(*given: Any, **more: Any) -> str:
        shutil.copy(installed / "var" / "statusquo.db", new / "var")
        (new / "var" / "encryption.keys").write_text("theirs\n")
        return await settle(*given, **more)

    new.mkdir()
    monkeypatch.setattr(restore, "_settle", beside_another)
    ran = run_here("restore", "../good.backup", cwd=new)
    assert (ran.status, "there is an installation at var/statusquo.db already" in ran.err) == (1, True)
    assert (new / "var" / "encryption.keys").read_text() == "theirs\n"


@pytest.mark.parametrize(("slow", "why"), [(restore, "there is an installation at"), (atomic_files, "File exists")])
def test_what_came_while_the_disk_took_the_database_or_its_keys_is_not_replaced(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slow: ModuleType, why: str
) -> None:
    """With keys that are set no file of keys is made."""
    assert run_here("backup", "../good.backup", cwd=installed).status == 0
    settings = {"ENCRYPTION_KEYS": key_of(installed / "var")} if slow is restore else {}
    (installed / "var" / "encryption.keys").write_text("theirs\n")
    new = tmp_path / "new"
    new.mkdir()

    def beside_another(_path: Path) -> None:
        shutil.copytree(installed / "var", new / "var", dirs_exist_ok=True)

    monkeypatch.setattr(slow, "sync", beside_another)
    ran = run_here("restore", "../good.backup", cwd=new, **settings)
    assert (ran.status, why in ran.err) == (1, True), ran.err
    assert tree(new / "var") == tree(installed / "var")


def test_keys_that_another_restore_has_added_meanwhile_stay(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_here("backup", "../good.backup", cwd=installed).status == 0
    there, added, settle = new_key(), new_key(), restore._settle
    file = tmp_path / "new" / "var" / "encryption.keys"
    file.parent.mkdir(parents=True)
    file.write_text(there)

    async def beside_another(*args: Any, **options: Any) -> str:
        file.write_text(f"{added}\n{there}\n")
        return await settle(*args, **options)

    monkeypatch.setattr(restore, "_settle", beside_another)
    assert run_here("restore", "../good.backup", cwd=tmp_path / "new").status == 0
    assert set(file.read_text().split()) == {key_of(installed / "var"), there, added}


@pytest.mark.parametrize("with_links", [True, False])
def test_backup_that_another_has_made_meanwhile_is_not_replaced(
    installed: Path, monkeypatch: pytest.MonkeyPatch, with_links: bool
) -> None:
    """Until the last moment, while the disk takes it, too."""
    if not with_links:
        monkeypatch.setattr(os, "link", refuses_links)

    def beside_another(_path: Path) -> None:
        (installed / "a.backup").write_text("theirs")

    monkeypatch.setattr(atomic_files, "sync", beside_another)
    ran = run_here("backup", "a.backup", cwd=installed)
    assert (ran.status, "a.backup is there already: name a new file" in ran.err) == (1, True)
    assert (installed / "a.backup").read_text() == "theirs"
    assert sorted(os.listdir(installed)) == ["a.backup", "var"]


def test_backup_is_made_where_the_file_system_has_no_hard_links(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refuses_links)
    assert run_here("backup", "a.backup", cwd=installed).status == 0
    assert sorted(os.listdir(installed)) == ["a.backup", "var"]


def test_older_backup_is_brought_up_to_date(installed: Path, tmp_path: Path) -> None:
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(installed / "var" / "statusquo.db")))
    with engine.begin() as connection:
        command.downgrade(schema.configuration(connection=connection), "0012")
    engine.dispose()
    assert run_here("backup", "../old.backup", cwd=installed).out.count("at step 0012") == 1
    (tmp_path / "new").mkdir()
    assert run_here("restore", "../old.backup", cwd=tmp_path / "new").status == 0
    with closing(sqlite3.connect(tmp_path / "new" / "var" / "statusquo.db")) as opened:
        assert opened.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.head(),)]


def test_database_that_the_app_has_open_is_not_taken_for_one_that_was_loaded(installed: Path) -> None:
    with closing(sqlite3.connect(installed / "var" / "statusquo.db")) as running:
        running.execute("PRAGMA journal_mode=WAL")
        running.execute("SELECT count(*) FROM people").fetchone()
        ran = run_here("restore", "--loaded", cwd=installed)
    assert (ran.status, "var/statusquo.db is in use: stop the app first" in ran.err) == (1, True)


def test_database_that_was_loaded_otherwise_is_made_fit_in_its_place(installed: Path) -> None:
    wrong = run_here("restore", "--loaded", cwd=installed, ENCRYPTION_KEYS=new_key())
    assert (wrong.status, "ENCRYPTION_KEYS does not open what is stored" in wrong.err) == (1, True)
    ran = run_here("restore", "--loaded", cwd=installed)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == NOBODY
    assert workspaces(installed) == [("T1", "xoxb-1")]


def test_what_killed_commands_have_left_is_in_nobodys_way_and_goes(installed: Path, tmp_path: Path) -> None:
    """In a container a job's process has the same number every time, so it is ours here."""
    pid = os.getpid()
    left = [
        installed / "var" / f".statusquo.db.{pid}.copy",
        installed / "var" / f".statusquo.db.{pid}.copy-journal",
        tmp_path / f".a.backup.{pid}.part",
        tmp_path / "new" / "var" / ".restore-abcd" / "statusquo.db",
    ]
    for one in left:
        one.parent.mkdir(parents=True, exist_ok=True)
        one.write_text("secret")
    assert run_here("backup", "../a.backup", cwd=installed).status == 0
    assert all(one.exists() for one in left)  # somebody may be at it
    os.unlink(tmp_path / "a.backup")
    for one in (*left, left[-1].parent):
        os.utime(one, (0, 0))
    assert run_here("backup", "../a.backup", cwd=installed).status == 0
    assert run_here("restore", "../a.backup", cwd=tmp_path / "new").status == 0
    assert not any(one.exists() for one in left)
    assert sorted(os.listdir(tmp_path / "new" / "var")) == ["encryption.keys", "statusquo.db"]


def test_passphrase_that_is_no_text_is_refused(installed: Path, tmp_path: Path) -> None:
    ran = says("passphrase\udcff\udcfe12345\n")("backup", "--passphrase", "../s.backup", cwd=installed)
    assert (ran.status, ran.err) == (2, "The passphrase is no text in UTF-8.\n")
    assert list(tmp_path.rglob("*s.backup*")) == []
