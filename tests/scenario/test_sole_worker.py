"""One process works with an embedded database: another one is refused, whatever it would listen at."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path

import pytest

from services.domain.operator_errors import SettingsError
from services.store import sole_worker as module
from services.store.sole_worker import sole_worker
from tests.support.command_line import ROOT, run_here

OF_SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_second_process_that_would_work_is_refused(tmp_path: Path, command: str) -> None:
    assert run_here("migrate", cwd=tmp_path).status == 0
    with sole_worker(tmp_path / "var" / "statusquo.db"):
        ran = run_here(command, cwd=tmp_path, **OF_SLACK)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(
        "The settings need mending:\n  DATABASE_URL: another process works with var/statusquo.db already, and SQLite"
    )


def test_process_that_ends_is_waited_for(tmp_path: Path) -> None:
    first = sole_worker(tmp_path / "x.db")
    first.__enter__()
    # for whoever waits for another process there is nothing to be told but the lock
    ending = threading.Timer(0.2, lambda: first.__exit__(None, None, None))
    ending.start()
    with sole_worker(tmp_path / "x.db"):
        ending.join()


@pytest.mark.usefixtures("impatient")
async def test_lock_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    # it sleeps until it is killed
    holding = (
        "import sys, time; from pathlib import Path; from services.store.sole_worker import sole_worker\n"
        "with sole_worker(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    file = tmp_path / "x.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", holding, str(file), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    with pytest.raises(SettingsError), sole_worker(file):
        pass
    process.kill()
    await process.wait()
    with sole_worker(file):
        pass


def test_folder_that_cannot_be_made_is_the_databases_to_tell_of(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file, and no folder")
    with sole_worker(tmp_path / "var" / "x.db"):
        pass
