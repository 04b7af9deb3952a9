from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from services.usecases.findings import Finding
from services.usecases.surroundings import GIB, MIB, look_at_disk, look_at_memory, look_at_public_address
from tests.support.sites import Site, certificate


class Usage(NamedTuple):
    free: int


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        (5 * GIB, (True, False, "5.0 GiB free at")),
        (GIB - 1, (True, True, "1023 MiB free at")),
        (100 * MIB - 1, (False, False, "99 MiB free at")),
    ],
)
def test_disk_is_looked_at_where_the_database_will_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, expected: tuple[bool, bool, str]
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(shutil, "disk_usage", lambda path: asked.append(path) or Usage(free))
    found = look_at_disk(tmp_path / "not" / "yet")
    assert (found.well, found.warns, found.sentence[: len(expected[2])]) == expected
    assert asked == [tmp_path]


def test_disk_of_another_machine_is_not_guessed() -> None:
    assert look_at_disk(None) == Finding.ok("disk", "PostgreSQL's own cannot be seen from here")


def machine(folder: Path, available: int) -> Path:
    folder.mkdir()
    (folder / "meminfo").write_text(f"MemTotal: 99 kB\nMemFree: 1 kB\nMemAvailable:   {available // 1024} kB\n")
    return folder


def container(folder: Path, limit: str, current: int, cached: int) -> Path:
    folder.mkdir()
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{current}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {cached}\nactive_file 7\n")
    return folder


def test_memory_is_the_least_of_what_machine_and_container_have_left(tmp_path: Path) -> None:
    of_machine, nothing = machine(tmp_path / "proc", 3 * GIB), tmp_path / "none"
    assert look_at_memory(of_machine, nothing) == Finding.ok("memory", "3.0 GiB available")
    unlimited = container(tmp_path / "free", "max", 0, 0)
    assert look_at_memory(of_machine, unlimited).sentence == "3.0 GiB available"
    small = container(tmp_path / "small", str(512 * MIB), 400 * MIB, 88 * MIB)
    found = look_at_memory(of_machine, small)
    assert (found.well, found.warns, found.sentence[:17]) == (True, True, "200 MiB available")
    assert look_at_memory(nothing, nothing) == Finding.ok("memory", "this system does not say how much is left")


async def test_public_address_that_leads_here_says_from_where_it_was_asked() -> None:
    async with Site() as site:
        site.gives(b'{"status": "alive"}')
        url = site.url("")
        found = await look_at_public_address(url, https=False)
        assert (found.well, found.warns, site.seen[-1].path) == (True, False, "/healthz")
        assert "leads here. This was asked from inside" in found.sentence
        plain = await look_at_public_address(url, https=True)
        assert (plain.well, plain.warns, "is not https" in plain.sentence) == (True, True, True)
    silent = await look_at_public_address(url, https=False)
    assert (silent.well, silent.warns, "does not answer" in silent.sentence) == (True, True, True)


async def test_public_address_of_somebody_else_or_without_a_good_certificate_is_a_warning(tmp_path: Path) -> None:
    async with Site() as site:
        found = await look_at_public_address(site.url(""), https=False)
    assert (found.well, found.warns) == (True, True)
    assert "answered by something else (HTTP 404)" in found.sentence
    theirs, ours = certificate(tmp_path, "localhost")
    async with Site(context=theirs) as site:
        site.gives(b'{"status": "alive"}')
        found = await look_at_public_address(site.url("", "localhost"), https=True)
        trusted = await look_at_public_address(site.url("", "localhost"), https=True, tls=ours)
    assert (found.well, found.warns) == (True, True)
    assert "has a certificate that is not accepted here" in found.sentence
    assert (trusted.well, trusted.warns) == (True, False)
