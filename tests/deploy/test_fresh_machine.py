"""The README's two commands on a machine that has Python, make and nothing else, by somebody who is not root."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.containerfile import ROOT
from tests.support.debian import Machine
from tests.support.running_app import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

USER = "ann"
PLACE = f"/home/{USER}/statusquo"
LEFT_OUT = (".git", ".venv", "var", ".env", "__pycache__", "*_cache", ".hypothesis", ".coverage*")
FETCHES = "Fetching the libraries"
SAID = re.compile(r": (PostgreSQL|Chromium|curl|systemd-analyze) is not installed")


@pytest.fixture(scope="module")
def fresh(debian_tar: Path, folder: Path) -> Machine:
    """The project's files on it, as whoever unpacks them has them."""
    machine = Machine.unpacked(debian_tar, folder / "fresh")
    machine.run(["useradd", "--create-home", USER])
    shutil.copytree(ROOT, machine.root / PLACE[1:], ignore=shutil.ignore_patterns(*LEFT_OUT))
    machine.run(["chown", "-R", f"{USER}:{USER}", PLACE])
    return machine


@contextmanager
def running(machine: Machine, port: int) -> Iterator[list[str]]:
    """`make run` until its page is there. It is interrupted in the end, as by a key; then there is what it said."""
    said: list[str] = []
    process = machine.start(["make", "run"], {"PORT": str(port)}, PLACE, USER)
    try:
        while not there(port):
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.1)  # another process begins
        yield said
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        said.append(process.communicate(timeout=30)[0])


def there(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
            return b"Status Quo" in page.read()
    except OSError:
        return False


def test_make_run_is_the_demo_and_fetches_nothing_the_second_time(fresh: Machine) -> None:
    with running(fresh, free_port()) as first:
        pass
    with running(fresh, free_port()) as second:
        pass
    assert [FETCHES in "".join(said) for said in (first, second)] == [True, False]


def test_make_test_is_green_and_says_what_it_needs_for_what_it_skips(fresh: Machine) -> None:
    fresh.run(["make", ".venv/.dev"], cwd=PLACE, user=USER)
    printed = fresh.run(["make", "test"], cwd=PLACE, user=USER)
    *_, last = printed.splitlines()
    assert re.search(r"\b[1-9]\d* passed, \d+ skipped", last)
    unsaid = [line for line in printed.splitlines() if line.startswith("SKIPPED") and not SAID.search(line)]
    assert unsaid == []
