"""The file of a backup: what `tar` shows of it, and that nothing of a sealed one can be read, changed or left out."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from pathlib import Path

import pytest

from services.domain.operator_errors import RestoreError
from services.platform.atomic_files import appearing
from services.store import backup_file
from services.store.backup_file import About
from tests.support.profiles import at

SECRET = "correct horse battery"
ABOUT = {"version": "1.2.3", "step": "0011", "made_at": at(9)}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 64 bytes, and a key in a millisecond."""
    monkeypatch.setattr(backup_file, "CHUNK", 64)
    monkeypatch.setattr(backup_file, "COST", 4)


def made(folder: Path, content: bytes, passphrase: str | None) -> Path:
    """A backup of a database with that content."""
    (folder / "db").write_bytes(content)
    about = About(size=len(content), sha256=hashlib.sha256(content).hexdigest(), **ABOUT)
    file = folder / "made.backup"
    with appearing(file) as part:
        backup_file.write(part, about, "key1\nkey2\n", folder / "db", passphrase)
    return file


def read(file: Path, passphrase: str | None) -> tuple[About, str, bytes]:
    out = file.with_name(f"out{len(os.listdir(file.parent))}")
    about, keys = backup_file.read(file, out, passphrase)
    assert out.stat().st_mode & 0o777 == 0o600
    return about, keys, out.read_bytes()


def test_backup_is_a_tar_that_anybody_can_open_by_hand_and_only_its_owner_can_read(tmp_path: Path) -> None:
    file = made(tmp_path, b"SQLite", None)
    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as tar:
        held = {one.name: (oct(one.mode), tar.extractfile(one).read()) for one in tar}  # type: ignore[union-attr]  # all of them files
    assert list(held) == ["backup.json", "encryption.keys", "statusquo.db"]
    assert held["encryption.keys"] == ("0o600", b"key1\nkey2\n")
    assert held["statusquo.db"] == ("0o600", b"SQLite")
    assert json.loads(held["backup.json"][1]) == {
        "format": 1, "version": "1.2.3", "step": "0011", "made_at": "2026-11-24T09:00:00Z", "size": 6,
        "sha256": hashlib.sha256(b"SQLite").hexdigest(),
    }  # fmt: skip
    assert os.listdir(tmp_path).count("made.backup") == 1
    about, keys, content = read(file, None)
    assert (about.step, about.made_at, keys, content) == ("0011", at(9), "key1\nkey2\n", b"SQLite")


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 5000])
def test_sealed_backup_comes_back_whole_and_shows_nothing(tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * 20
    file = made(tmp_path, content[:size], SECRET)
    assert backup_file.is_sealed(file)
    assert file.read_bytes().startswith(b"Status Quo backup, sealed 1\n")
    assert b"key1" not in file.read_bytes()
    assert read(file, SECRET)[1:] == ("key1\nkey2\n", content[:size])


def test_sealed_backup_that_was_changed_anywhere_or_cut_off_is_refused(tmp_path: Path) -> None:
    file = made(tmp_path, b"x" * 300, SECRET)
    whole = file.read_bytes()
    head, step = len(b"Status Quo backup, sealed 1\n") + 1 + 16 + 7, 64 + 16
    one, two, rest = whole[:head], whole[head : head + step], whole[head + step :]
    broken = {
        "its first byte is another": one + bytes([two[0] ^ 1]) + two[1:] + rest,
        "a chunk is missing": one + two + rest[step:],
        "two are swapped": one + two + rest[step : 2 * step] + rest[:step] + rest[2 * step :],
        "one is there twice": one + two + two + rest,
        "the last chunk is missing": whole[:-step],
        "its end is cut off": whole[:-1],
        "something follows": whole + b"\0",
        "the salt is another": whole[: head - 8] + bytes([whole[head - 8] ^ 1]) + whole[head - 7 :],
    }
    for what, content in broken.items():
        file.write_bytes(content)
        with pytest.raises(RestoreError, match=r"damaged|does not open"):
            pytest.fail(f"{what}: {read(file, SECRET)}")
    for content in (whole[:20], whole[: len(b"Status Quo backup, sealed 1\n")] + b"\xff" + whole[head:]):
        file.write_bytes(content)
        with pytest.raises(RestoreError):
            read(file, SECRET)
    file.write_bytes(whole)
    with pytest.raises(RestoreError, match=r"^the passphrase does not open the backup$"):
        read(file, "another passphrase")


def test_file_that_is_no_backup_or_another_one_is_refused(tmp_path: Path) -> None:
    file = made(tmp_path, b"x" * 3000, None)
    whole = file.read_bytes()
    place = whole.index(b"xxx")
    newer = whole.replace(b'"format": 1', b'"format": 2')
    for content, why in (
        (b"", "no backup"), (b"<html>" * 500, "no backup"), (whole[:3000], "no backup, or is damaged"),
        (whole[:place] + b"y" + whole[place + 1 :], "not the one that was backed up"), (newer, "only a newer version"),
        (whole.replace(b"statusquo.db", b"statusquo.xy"), "no backup"),
    ):  # fmt: skip
        file.write_bytes(content)
        with pytest.raises(RestoreError, match=why):
            read(file, None)


def test_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "there"
    place.write_text("before")

    def fails() -> None:
        with appearing(place) as part:
            part.write_text("half")
            raise RestoreError("no")

    with pytest.raises(RestoreError):
        fails()
    assert (os.listdir(tmp_path), place.read_text()) == (["there"], "before")
    with appearing(place) as part:
        part.write_text("after")
    assert (os.listdir(tmp_path), place.read_text()) == (["there"], "after")


@pytest.mark.parametrize("cost", [0, 21, 255])
def test_sealed_backup_whose_cost_was_changed_is_refused_before_any_work(tmp_path: Path, cost: int) -> None:
    file = made(tmp_path, b"SQLite", SECRET)
    changed = bytearray(file.read_bytes())
    changed[changed.index(b"\n") + 1] = cost
    file.write_bytes(changed)
    with pytest.raises(RestoreError, match="its beginning is cut off, or changed"):
        read(file, SECRET)
