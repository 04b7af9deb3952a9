"""What the Containerfile and compose.yaml say, done without an engine: built, started, asked, updated, stopped."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
import yaml

from services.platform.concurrency import off_loop
from services.store import schema
from tests.support import images
from tests.support.command_line import environment_of
from tests.support.containerfile import ROOT
from tests.support.engine import until
from tests.support.images import PICTURES, Container, Image
from tests.support.running_app import free_port
from tests.support.visited import Outside, outside

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

USER = 10001
GRACE = 40.0


@pytest.fixture(scope="session")
def image(debian_tar: Path, folder: Path) -> Image:
    return images.build(ROOT / "deploy" / "Containerfile", debian_tar, folder / "image")


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside() as made:
        yield made


@pytest.fixture
def data(folder: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A volume, as the image's own /data begins: it belongs to the image's user."""
    made = folder / f"data-{request.node.name}"
    made.mkdir(mode=0o700)
    os.chown(made, USER, USER)
    yield made
    shutil.rmtree(made)


@contextmanager
def running(
    image: Image, data: Path, environment: Mapping[str, str], command: Sequence[str] | None = None
) -> Iterator[Container]:
    container = images.start(image, data, data.with_suffix(".log"), environment, command)
    try:
        yield container
    finally:
        container.kill()


async def healthy(container: Container) -> None:
    """Wait until the health check holds."""

    async def holds() -> bool:
        assert container.process.poll() is None, container.log.read_text()
        return (await off_loop(container.health))[0] == 0

    await until(holds, 90)


def without_keys(world: Outside) -> dict[str, str]:
    """The settings of an installation that makes its keys itself."""
    return {name: value for name, value in world.settings.items() if name != "ENCRYPTION_KEYS"}


async def serves_ann(container: Container, world: Outside) -> None:
    """Wait until it is healthy, and shows that Ann is in a meeting."""
    await healthy(container)
    await world.ann_connects()
    await world.ann_is_in_a_meeting("a")


async def test_image_serves_on_a_read_only_root_as_its_user_and_ends_in_time(
    image: Image, world: Outside, data: Path
) -> None:
    settings = without_keys(world)
    with running(image, data, settings) as container:
        await serves_ann(container, world)
        status = container.facts()
        assert status["Uid"].split() == status["Gid"].split() == [str(USER)] * 4
        assert {status[name] for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
        assert (status["NoNewPrivs"], status["NSpid"].split()[-1]) == ("1", "1")
        assert container.execute("touch", "/app/x")[1].endswith("Read-only file system\n")
        assert container.execute("python", "-c", PICTURES) == (0, "128 96\n")
        assert "ok    database: up to date" in (await off_loop(container.execute, "python", "app.py", "doctor"))[1]
        assert modes(data).items() >= {"statusquo.db": "0o600", "encryption.keys": "0o600"}.items()
        assert await off_loop(container.stop, GRACE) == 0
    assert "Traceback" not in container.log.read_text()


async def test_backup_made_in_a_container_is_restored_into_an_empty_volume(
    image: Image, world: Outside, data: Path
) -> None:
    settings = without_keys(world)
    with running(image, data, settings) as container:
        await serves_ann(container, world)
        status, said = await off_loop(container.execute, "python", "app.py", "backup", "/data/today.backup")
        assert status == 0, said
    lose(data)
    with running(image, data, settings, ["restore", "/data/today.backup"]) as container:
        assert await off_loop(container.process.wait, 60) == 0
    with running(image, data, settings) as container:
        await healthy(container)
        await world.ann_is_free()


def lose(data: Path) -> None:
    """Everything but the backup."""
    for path in data.iterdir():
        if path.suffix != ".backup":
            path.unlink()


async def test_health_check_fails_while_the_database_does_not_answer(image: Image, world: Outside, data: Path) -> None:
    with running(image, data, world.settings) as container:
        await healthy(container)
        connection = sqlite3.connect(data / "statusquo.db")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
        connection.commit()
        connection.close()
        status, said = container.health()
        assert status == 1
        assert "503" in said
    assert container.execute("true")[0] != 0


async def test_update_goes_on_with_what_the_version_before_has_stored(
    image: Image, world: Outside, data: Path, folder: Path
) -> None:
    before = older(folder / "older")
    url = f"sqlite+aiosqlite:///{data}/statusquo.db"
    settings = {name: value for name, value in world.settings.items() if name != "METRICS_PORT"}
    with serving(before, data.with_suffix(".before"), {**settings, "DATABASE_URL": url}) as log:
        await until(lambda: b"listens on" in log.read_bytes(), 60)
        await world.ann_connects()
        await world.ann_is_in_a_meeting("a")
    assert step(data) < schema.head()
    hand_over(data)
    with running(image, data, world.settings) as container:
        await healthy(container)
        await world.ann_is_free()
        await world.ann_is_in_a_meeting("b")
        assert await off_loop(container.stop, GRACE) == 0
    assert step(data) == schema.head()


def modes(data: Path) -> dict[str, str]:
    return {path.name: oct(path.stat().st_mode & 0o777) for path in data.iterdir()}


def hand_over(data: Path) -> None:
    """What was written by whoever runs this test belongs to the image's user from now on."""
    for path in data.iterdir():
        os.chown(path, USER, USER)


@contextmanager
def serving(program: Path, log: Path, settings: Mapping[str, str]) -> Iterator[Path]:
    """`app.py serve` of the project's files in `program`, ended in the end; its log."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, program / "app.py", "serve"],
            cwd=program, env=environment_of(settings), stdout=out, stderr=out,
        )  # fmt: skip
    try:
        yield log
    finally:
        process.terminate()
        assert process.wait(GRACE) == 0


def older(folder: Path) -> Path:
    """The project as it was before its newest migration came."""
    newest = next((ROOT / "migrations" / "versions").glob(f"{schema.head()}_*.py")).relative_to(ROOT)
    asked = ["git", "log", "--diff-filter=A", "--format=%H", "-1", "--", str(newest)]
    commit = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    content = subprocess.run(["git", "archive", f"{commit}^"], cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S607  # as the path has it
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def step(data: Path) -> str:
    connection = sqlite3.connect(data / "statusquo.db")
    (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    connection.close()
    return str(found)


async def test_version_that_is_older_than_the_database_ends_with_a_sentence(
    image: Image, world: Outside, data: Path
) -> None:
    with running(image, data, world.settings, ["migrate"]) as container:
        assert container.process.wait(60) == 0
    connection = sqlite3.connect(data / "statusquo.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    container.log.unlink()
    with running(image, data, world.settings) as container:
        assert container.process.wait(60) == 1
    said = container.log.read_text()
    assert said.startswith("The database was made by a newer version. Start that one again, or restore the backup")
    assert len(said.splitlines()) == 1
    assert step(data) == "9999"


async def test_fleet_of_the_scale_profile_shares_one_postgresql(
    image: Image, world: Outside, data: Path, postgres_server: str
) -> None:
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    name = "statusquo_fleet"
    admin = await asyncpg.connect(postgres_server.replace("+asyncpg", "") + "postgres")
    await admin.execute(f"CREATE DATABASE {name}")

    def of(service: str) -> dict[str, str]:
        """Compose's environment, and what leads it to this test's database and ports."""
        own = {"DATABASE_URL": postgres_server + name, "METRICS_PORT": str(free_port())}
        return {**services[service]["environment"], "TRUSTED_PROXIES": "127.0.0.1", **world.settings, **own}

    try:
        with (
            running(image, data, of("web"), services["web"]["command"]) as web,
            running(image, data, {**of("web"), "PORT": "0"}, services["web"]["command"]) as other,
            running(image, data, of("worker"), services["worker"]["command"]) as worker,
            running(image, data, of("worker"), services["worker"]["command"]) as second,
        ):
            for container in (web, other, worker, second):
                await healthy(container)
            await world.ann_connects()
            await world.ann_is_in_a_meeting("a")
            for container in (worker, web):
                assert await off_loop(container.stop, GRACE) == 0
            await world.ann_is_free()
            for container in (second, other):
                assert await off_loop(container.stop, GRACE) == 0
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()
