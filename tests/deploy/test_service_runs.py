"""docs/deploy.md's commands for one server, typed on one: Debian with its own systemd, which runs the unit."""

from __future__ import annotations

import asyncio
import shlex
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.platform.concurrency import off_loop
from tests.support.containerfile import ROOT
from tests.support.debian import Booted, Machine, booted
from tests.support.documented import blocks
from tests.support.engine import until
from tests.support.images import PICTURES, kernels
from tests.support.visited import Outside, outside

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

INSTALL, START, UPDATE = blocks(ROOT / "docs" / "deploy.md", "One server with systemd")
SETTINGS = "etc/statusquo/env"
FOLDERS = ("demo", "deploy", "emulators", "handlers", "migrations", "services", "docs")
FILES = (".env.example", "LICENSE", "Makefile", "README.md", "app.py", "manifest.yml", "pyproject.toml")
LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside() as made:
        yield made


@pytest.fixture
def server(debian_tar: Path, folder: Path) -> Iterator[Booted]:
    """A server on which nothing but systemd is installed, and the project's files."""
    machine = Machine.unpacked(debian_tar, folder / "server")
    machine.install("systemd", "systemd-sysv", "dbus")
    there = machine.root / "opt/statusquo"
    there.mkdir(parents=True)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, there / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*FILES, *LOCKS):
        shutil.copy(ROOT / name, there)
    with booted(machine) as running:
        yield running


def typed(server: Booted, lines: list[str]) -> None:
    server.run("sh", "-e", "-c", "\n".join(lines))


async def ready(server: Booted, world: Outside) -> None:
    asked = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{world.settings['METRICS_PORT']}/readyz')"

    async def holds() -> bool:
        return (await off_loop(server.status, "python3", "-c", asked))[0] == 0

    await until(holds, 60)


def shown(server: Booted, name: str) -> str:
    return server.run("systemctl", "show", "--value", f"--property={name}", "statusquo").strip()


async def test_documented_commands_install_start_and_update_a_confined_service(server: Booted, world: Outside) -> None:
    root = server.machine.root
    typed(server, INSTALL)
    settings = {name: value for name, value in world.settings.items() if name != "ENCRYPTION_KEYS"}
    with (root / SETTINGS).open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())
    *start, doctor = START
    typed(server, start)
    await ready(server, world)
    await world.ann_connects()
    await world.ann_is_in_a_meeting("a")

    said = (await off_loop(server.status, *shlex.split(doctor)))[1]
    assert "ok    settings: complete" in said
    assert "ok    database: up to date" in said
    assert "people: 1, calendars: 1" in said

    (root / "opt/statusquo/pictures.py").write_text(PICTURES)
    text = (root / "etc/systemd/system/statusquo.service").read_text()
    other = {"app.py serve": "pictures.py", "Type=exec": "Type=oneshot", "Restart=on-failure": ""}
    for old, new in (other | {"/run/credentials/statusquo.": "/run/credentials/pictures."}).items():
        text = text.replace(old, new)
    (root / "etc/systemd/system/pictures.service").write_text(text)
    typed(server, ["systemctl daemon-reload", "systemctl start pictures"])

    environment = server.run("cat", f"/proc/{shown(server, 'MainPID')}/environ")
    assert world.settings["SLACK_CLIENT_SECRET"] not in environment
    status = kernels(server.run("cat", f"/proc/{shown(server, 'MainPID')}/status"))
    assert (status["CapEff"], status["NoNewPrivs"], status["Seccomp"]) == ("0" * 16, "1", "2")
    assert server.run("stat", "--format=%a", "/var/lib/statusquo/statusquo.db").strip() == "600"

    typed(server, UPDATE)
    await ready(server, world)
    await world.ann_is_free()
    began = asyncio.get_running_loop().time()
    await off_loop(server.run, "systemctl", "stop", "statusquo")
    assert asyncio.get_running_loop().time() - began < 40
    ended = [shown(server, name) for name in ("Result", "ExecMainStatus", "NRestarts")]
    assert ended == ["success", "0", "0"]
    assert "Traceback" not in server.run("journalctl", "--no-pager", "--unit=statusquo")
