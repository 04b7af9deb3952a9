"""The README's two commands on a machine that has Python, make and nothing else, by somebody who is not root, timed."""

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
def running(machine: Machine, port: int) -> Iterator[float]:
    """`make run` until its page is there: after how many seconds. It is interrupted in the end, as by a key."""
    began = time.monotonic()
    process = machine.start(["make", "run"], {"PORT": str(port)}, PLACE, USER)
    try:
        while not there(port):
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() - began < 600
            time.sleep(0.1)
        yield time.monotonic() - began
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=30)


def there(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
            return b"Status Quo" in page.read()
    except OSError:
        return False


def test_make_run_is_the_demo_and_quick_the_second_time(fresh: Machine) -> None:
    with running(fresh, free_port()) as first:
        pass
    with running(fresh, free_port()) as second:
        pass
    print(f"make run: {first:.0f} s on a fresh machine, {second:.1f} s from then on")  # noqa: T201  # shown with -s
    assert first < 600
    assert second < 30


def test_make_test_is_green_and_says_what_it_needs_for_what_it_skips(fresh: Machine) -> None:
    began = time.monotonic()
    fresh.run(["make", ".venv/.dev"], cwd=PLACE, user=USER)
    ready = time.monotonic() - began
    printed = fresh.run(["make", "test"], cwd=PLACE, user=USER)
    took = time.monotonic() - began - ready
    *_, last = printed.splitlines()
    print(f"make test: set up in {ready:.0f} s, the tests in {took:.0f} s: {last}")  # noqa: T201  # shown with -s
    assert re.search(r"\b[1-9]\d* passed, \d+ skipped", last)
    unsaid = [line for line in printed.splitlines() if line.startswith("SKIPPED") and not SAID.search(line)]
    assert unsaid == []
