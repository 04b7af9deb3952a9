"""`app.py backup`: the embedded database and its keys as one file, while the app runs.

The copy is made by SQLite's VACUUM INTO in one read transaction: consistent, without a trace of what was deleted, and
in WAL mode it holds up nobody who writes. It lies beside the database, where it is as safe as that, until it is in the
backup.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from services import VERSION
from services.commands import passphrase
from services.commands.installation import installed
from services.domain.errors import StatusQuoError
from services.domain.operator_errors import BackupError, SealError
from services.platform.atomic_files import appearing, passing
from services.platform.crypto import Encryptor
from services.platform.keys import keys_of
from services.platform.settings import Settings
from services.ports import Clock
from services.store import backup_file, schema
from services.store.backup_file import About
from services.store.connecting import said_by
from services.store.forgotten import all_forgotten
from services.store.moved import place_after_move

MARGIN = 16 << 20
"""Bytes that stay free on a disk."""


def make(config: Settings, target: Path, clock: Clock, *, sealed: bool) -> int:
    """Back up to `target`, a new file. Raises BackupError; InputError for a bad passphrase."""
    database = config.database_file
    if not config.is_sqlite:
        raise BackupError("this is for the embedded database; PostgreSQL has pg_dump, see docs/upgrade.md")
    if not database.is_file():
        raise BackupError(f"there is no database at {database}")
    if (place := place_after_move(database)) is not None:
        raise BackupError(f"this database was moved to {place}, where all goes on: pg_dump backs that up")
    if target.exists():
        raise _is_there(target)
    if not config.encryption_keys and not config.key_file.is_file():
        raise BackupError(f"the keys are missing: there is no {config.key_file}, and ENCRYPTION_KEYS is not set")
    secret = passphrase.ask(new=True) if sealed else None
    began = time.monotonic()
    with refusing(BackupError), _copy_of(database) as copy:
        about = About(
            version=VERSION, step=_step(copy), made_at=clock.now(), size=copy.stat().st_size,
            sha256=backup_file.sha256_of(copy),
        )  # fmt: skip
        check_room(target.parent, about.size)
        keys = keys_of(config)
        _check_keys(copy, keys)
        try:
            with appearing(target, new=True) as part:
                backup_file.write(part, about, "".join(f"{key}\n" for key in keys), copy, secret)
        except FileExistsError:  # another backup was made meanwhile
            raise _is_there(target) from None
    print(
        f"Backed up {about.size / 1e6:.1f} MB at step {about.step} to {target} in {time.monotonic() - began:.1f} s."
        + ("" if sealed else " Whoever has the file has every permission in it: keep it as you keep the keys.")
    )
    return 0


def _is_there(target: Path) -> BackupError:
    return BackupError(f"{target} is there already: name a new file")


async def forgotten(config: Settings, clock: Clock) -> int:
    """Print who was forgotten, a line of JSON each: what `restore --forgotten` takes."""
    async with installed(config, clock) as opened:
        await schema.upgrade(opened.database)
        for one in await all_forgotten(opened.database):
            sys.stdout.write(msgspec.json.encode(one).decode() + "\n")
    return 0


@contextmanager
def refusing(kind: type[StatusQuoError]) -> Iterator[None]:
    """Raise what the disk or SQLite refuse as one line of that kind."""
    try:
        yield
    except OSError as error:
        raise kind(f"{error.filename or 'the disk'}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise kind(said_by(error)) from error


def check_room(folder: Path, needed: int) -> None:
    """Raise an OSError where a folder has no room for so many bytes, and a margin."""
    free = shutil.disk_usage(folder).free
    if free < needed + MARGIN:
        raise OSError(None, f"{(needed + MARGIN) / 1e6:.0f} MB are needed and {free / 1e6:.0f} are free", str(folder))


@contextmanager
def _copy_of(database: Path) -> Iterator[Path]:
    """Make a consistent, checked copy beside the database, deleted at the end. Raises OSError, sqlite3.Error."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)) as source:
        (pages,), (size,) = (source.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
        check_room(database.parent, pages * size)
        with passing(database, ".copy") as copy:
            source.execute("VACUUM INTO ?", (str(copy),))  # SQLite takes an empty file
            check(copy)
            yield copy


def check(copy: Path) -> None:
    """Raise sqlite3.DatabaseError for a database that is broken."""
    with closing(sqlite3.connect(copy)) as opened:
        found = [line for (line,) in opened.execute("PRAGMA quick_check(1)")]
    if found != ["ok"]:
        raise sqlite3.DatabaseError(f"the database is broken: {found[0]}")


def _step(copy: Path) -> str:
    with closing(sqlite3.connect(copy)) as opened:
        (step,) = opened.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(step)


def _check_keys(copy: Path, keys: Sequence[str]) -> None:
    """Raise BackupError where the keys do not open the workspaces' tokens: nobody could go on from such a backup."""
    encryptor = Encryptor(keys)
    with closing(sqlite3.connect(copy)) as opened:
        tokens = opened.execute("SELECT team_id, bot_token FROM workspaces WHERE bot_token IS NOT NULL").fetchall()
    try:
        for team_id, token in tokens:
            encryptor.open(token, "workspaces.bot_token", team_id)
    except SealError as error:
        raise BackupError("the keys that are set do not open what is stored, and are not those to be kept") from error
