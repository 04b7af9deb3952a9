"""`app.py setup` in this process: what it asks in which case, and what it leaves behind."""

from __future__ import annotations

import builtins
import io
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import chdir
from functools import partial
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from rich.console import Console

from emulators.microsoft.server import LocalMicrosoft
from emulators.slack import AppConfig, LocalSlack
from services.commands import dialogue, doctor, setup
from services.domain.operator_errors import SettingsError
from services.platform.clock import SystemClock
from services.platform.concurrency import off_loop
from services.platform.crypto import new_key
from tests.support.command_line import ROOT, run_here

CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET = "1234567890.9876543210", "a1" * 16, "b2" * 16
TOKEN = "xapp-1-A0STATUSQUO-1-right"
PUBLIC_URL = "http://127.0.0.1:9"
OF_SLACK = {"SLACK_CLIENT_ID": CLIENT_ID, "SLACK_CLIENT_SECRET": CLIENT_SECRET, "SLACK_SIGNING_SECRET": SIGNING_SECRET}


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    app = AppConfig(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, signing_secret=SIGNING_SECRET, app_token=TOKEN)
    async with LocalSlack(SystemClock(), app) as found:
        yield found


class TypedAt(io.StringIO):
    def isatty(self) -> bool:
        return True


class Person:
    """Sits at the terminal: has an answer for each question in turn, an exception for a key that stops it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.shown = io.StringIO()
        self.left: list[str | type[BaseException]] = []
        console = partial(Console, file=self.shown, force_terminal=True, width=80, color_system=None)
        monkeypatch.setattr(setup, "Console", console)
        monkeypatch.setattr(doctor, "Console", console)
        monkeypatch.setattr(sys, "stdin", TypedAt())
        monkeypatch.setattr(builtins, "input", self._typed)
        monkeypatch.setattr(dialogue, "getpass", self._unseen)

    @property
    def text(self) -> str:
        return " ".join(self.shown.getvalue().split())

    @property
    def env(self) -> str:
        return (self.folder / ".env").read_text()

    async def goes_through(self, *answers: str | type[BaseException], also: tuple[str, ...] = (), **around: str) -> int:
        self.left = list(answers)
        self.shown.seek(0)
        self.shown.truncate()
        manifest = (ROOT / "manifest.yml").read_text()

        def run() -> int:
            with chdir(self.folder):
                return setup.run(around, manifest, also=also)

        status = await off_loop(run)
        assert self.left == []
        return status

    def _typed(self) -> str:
        answer = self.left.pop(0)
        if isinstance(answer, str):
            return answer
        raise answer

    def _unseen(self, prompt: str) -> str:
        self.shown.write(prompt)
        return self._typed()


@pytest.fixture
def person(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Where there is a database already: to make one takes half a second, and is tried at a real terminal."""
    (tmp_path / "var").mkdir()
    shutil.copy(migrated_sqlite, tmp_path / "var" / "statusquo.db")
    (tmp_path / "var" / "encryption.keys").write_text(new_key())
    return Person(tmp_path, monkeypatch)


def set_before(person: Person, slack: LocalSlack, **values: str) -> None:
    lines = {"SLACK_API_URL": slack.api_url, **values}
    (person.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))


async def test_setup_of_socket_mode_asks_for_the_token_and_no_signing_secret(person: Person, slack: LocalSlack) -> None:
    status = await person.goes_through(
        "2", PUBLIC_URL, CLIENT_ID, CLIENT_SECRET, "xoxb-1", "xapp-1-wrong", TOKEN, "1", "", "",
        SLACK_API_URL=slack.api_url,
    )  # fmt: skip
    assert status == 0
    assert '"socket_mode_enabled": true' in person.text
    assert "That is a bot token, which belongs elsewhere." in person.text
    assert "FAIL app token: Slack says invalid_auth to SLACK_APP_TOKEN" in person.text
    assert "signing secret:" not in person.text
    assert person.env.splitlines() == [
        f"PUBLIC_URL={PUBLIC_URL}", f"SLACK_CLIENT_ID={CLIENT_ID}", f"SLACK_CLIENT_SECRET={CLIENT_SECRET}",
        f"SLACK_APP_TOKEN={TOKEN}", "DATABASE_URL=sqlite+aiosqlite:///var/statusquo.db",
    ]  # fmt: skip


async def test_setup_again_asks_nothing_and_changes_nothing(person: Person, slack: LocalSlack) -> None:
    set_before(person, slack, PUBLIC_URL=PUBLIC_URL, **OF_SLACK)
    before = person.env
    assert await person.goes_through() == 0
    assert "Nothing is missing." in person.text
    assert "From a manifest" not in person.text
    assert person.env == before


async def test_setup_keeps_what_there_is_and_asks_for_the_rest_alone(person: Person, slack: LocalSlack) -> None:
    (person.folder / ".env").write_text(
        f"# ours\nSLACK_API_URL={slack.api_url}\n\n#SLACK_SIGNING_SECRET=\nLOG_LEVEL=WARNING  # less\n"
        f"SLACK_CLIENT_ID={CLIENT_ID}"
    )
    (person.folder / ".env").chmod(0o644)
    assert await person.goes_through("", PUBLIC_URL, CLIENT_SECRET, SIGNING_SECRET, "", "", "") == 0
    assert person.env == (
        f"# ours\nSLACK_API_URL={slack.api_url}\n\nSLACK_SIGNING_SECRET={SIGNING_SECRET}\nLOG_LEVEL=WARNING  # less\n"
        f"SLACK_CLIENT_ID={CLIENT_ID}\nPUBLIC_URL={PUBLIC_URL}\nSLACK_CLIENT_SECRET={CLIENT_SECRET}\n"
        "DATABASE_URL=sqlite+aiosqlite:///var/statusquo.db\n"
    )
    assert (person.folder / ".env").stat().st_mode & 0o777 == 0o600


async def test_secret_that_slack_refuses_is_asked_for_anew_where_the_file_holds_it(
    person: Person, slack: LocalSlack
) -> None:
    set_before(person, slack, PUBLIC_URL=PUBLIC_URL, **OF_SLACK | {"SLACK_CLIENT_SECRET": "old"})
    assert await person.goes_through(f" '{CLIENT_SECRET}' ") == 0
    assert f"SLACK_CLIENT_SECRET={CLIENT_SECRET}\n" in person.env
    set_before(person, slack, PUBLIC_URL=PUBLIC_URL)
    before = person.env
    of_environment = OF_SLACK | {"SLACK_CLIENT_SECRET": "old"}
    assert await person.goes_through(SLACK_API_URL=slack.api_url, **of_environment) == 1
    assert person.text.count("FAIL Slack app: Slack does not take this SLACK_CLIENT_SECRET") == 2
    assert "Mend what is marked FAIL" in person.text
    assert person.env == before


async def test_secret_of_microsoft_that_has_run_out_is_asked_for_anew_with_its_end(
    person: Person, slack: LocalSlack
) -> None:
    async with LocalMicrosoft(SystemClock().now) as microsoft:
        pair = {"MICROSOFT_CLIENT_ID": microsoft.client.client_id, "MICROSOFT_CLIENT_SECRET": "Old~1"}
        around = {"MICROSOFT_AUTHORITY": f"{microsoft.url}/common", "MICROSOFT_GRAPH_URL": microsoft.graph_url}
        set_before(person, slack, PUBLIC_URL=PUBLIC_URL, MICROSOFT_SECRET_EXPIRES="2020-01-01", **OF_SLACK, **pair)
        new = microsoft.client.client_secret
        assert await person.goes_through(microsoft.client.client_id, new, "soon", "2999-01-01", **around) == 0
        assert "It must be a day such as 2028-11-30." in person.text
        assert "counts once the app is started again" in person.text
        assert f"MICROSOFT_CLIENT_SECRET={new}\n" in person.env
        assert "MICROSOFT_SECRET_EXPIRES=2999-01-01\n" in person.env
        microsoft.client.client_secret = "New~2"
        chosen = (microsoft.client.client_id, "New~2", "")
        assert await person.goes_through(*chosen, also=("microsoft",), **around) == 0
        assert "MICROSOFT_CLIENT_SECRET=New~2\n" in person.env
        assert "make run" not in person.text


async def test_odd_signing_secret_and_plain_address_are_doubted(person: Person, slack: LocalSlack) -> None:
    set_before(person, slack, PUBLIC_URL=PUBLIC_URL, SLACK_CLIENT_ID=CLIENT_ID, SLACK_CLIENT_SECRET=CLIENT_SECRET)
    assert await person.goes_through("1", CLIENT_ID, "short", "n", SIGNING_SECRET) == 0
    assert "That is the client id; the signing secret stands below it" in person.text
    assert "32 digits of base 16, and that is not." in person.text
    assert f"SLACK_SIGNING_SECRET={SIGNING_SECRET}\n" in person.env
    (person.folder / ".env").unlink()
    # a real Slack is https, and nothing is asked of it before the address is one
    assert await person.goes_through("1", "http://quo.example.com", "n", KeyboardInterrupt) == 1
    assert "Slack calls, and sends browsers back to, https addresses alone." in person.text
    assert person.text.endswith("Stopped. Nothing was written; run it again to go on.")
    assert await person.goes_through("1", "quo.example.com/", EOFError) == 1
    assert person.env == "PUBLIC_URL=https://quo.example.com\n"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_setup_with_postgresql_tries_it_and_makes_the_keys(
    person: Person, slack: LocalSlack, database_url: str
) -> None:
    status = await person.goes_through(
        "1", PUBLIC_URL, CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET, "2", "sqlite:///x.db",
        "postgresql://quo:hunter2@127.0.0.1:9/x", database_url, "", "", SLACK_API_URL=slack.api_url,
    )  # fmt: skip
    assert status == 0
    assert "An address of PostgreSQL begins with postgresql://." in person.text
    assert "The database cannot be reached, or refuses us. Check DATABASE_URL." in person.text
    assert "hunter2" not in person.text + person.env
    (key,) = (line.partition("=")[2] for line in person.env.splitlines() if line.startswith("ENCRYPTION_KEYS="))
    assert Fernet(key).decrypt(Fernet(key).encrypt(b"x")) == b"x"
    assert key not in person.text
    assert key not in (person.folder / "var" / "encryption.keys").read_text()


async def test_whoever_cannot_be_asked_is_told_and_the_answer_kept(person: Person) -> None:
    nowhere = {"SLACK_API_URL": "http://127.0.0.1:9/api/", "PUBLIC_URL": PUBLIC_URL}
    assert await person.goes_through("1", CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET, "1", "n", "n", **nowhere) == 1
    assert "That cannot be tried now, nobody answers" in person.text
    assert f"SLACK_CLIENT_SECRET={CLIENT_SECRET}\n" in person.env


async def test_what_is_malformed_is_named_before_anything_is_asked(person: Person) -> None:
    for text, named in (("PORT=many\n", "PORT"), ("LOG_LEVEL='x\n", "LOG_LEVEL: line 1"), ("GOOGLE_API_URL=x", "GOOG")):
        (person.folder / ".env").write_text(text)
        with pytest.raises(SettingsError, match=named):
            await person.goes_through()


def test_setup_without_a_terminal_says_what_to_do_in_a_sentence(tmp_path: Path) -> None:
    ran = run_here("setup", cwd=tmp_path)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "copy .env.example to .env" in ran.err
    assert os.listdir(tmp_path) == []
