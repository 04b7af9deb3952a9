"""`app.py restore`: a backup back into an empty installation; and what a database that pg_restore has filled needs.

All is done to a copy beside the place where the database is to be, which takes that place at the end: whatever goes
wrong before changes nothing, but that the backup's keys may stand among those that are there already.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from services.commands import passphrase
from services.commands.backup import check, check_room, refusing
from services.commands.installation import installed
from services.domain.errors import StatusQuoError
from services.domain.operator_errors import RestoreError
from services.platform.atomic_files import appearing, sweep, sync
from services.platform.crypto import Encryptor
from services.platform.keys import keys_of
from services.platform.settings import Settings
from services.ports import Clock
from services.store import backup_file, restored, schema
from services.store.forgotten import Forgotten
from services.store.stores import Stores

_BESIDE = ".restore-"


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for: `forgotten` is a list that `backup --forgotten` printed; `sealed`: under a passphrase."""

    keep_keys: bool
    forgotten: Path | None
    sealed: bool


def restore(config: Settings, source: Path, options: Options, clock: Clock) -> int:
    """Restore the backup `source`. Raises RestoreError, NewerDatabaseError; InputError for a bad passphrase."""
    if not config.is_sqlite:
        raise RestoreError("this is for the embedded database; PostgreSQL has pg_restore, see docs/upgrade.md")
    place = config.database_file
    with refusing(RestoreError):
        _check_empty(place)
        is_sealed = backup_file.is_sealed(source)
        if options.sealed and not is_sealed:
            raise RestoreError(f"{source} is not sealed under a passphrase")
        secret = passphrase.ask(new=False) if is_sealed else None
        forgotten = _forgotten(options.forgotten)
        place.parent.mkdir(parents=True, exist_ok=True)
        sweep(place.parent, f"{_BESIDE}*")
        check_room(place.parent, source.stat().st_size)
        with TemporaryDirectory(prefix=_BESIDE, dir=place.parent) as folder:
            copy = Path(folder) / place.name
            about, text = backup_file.read(source, copy, secret)
            check(copy)
            schema.check_not_newer(about.step)
            has_keys = config.key_file.exists()
            keys = _keys(config, text.split())
            opening = Stores.at(f"sqlite+aiosqlite:///{copy}", keys, clock)
            told = asyncio.run(_settle(opening, forgotten, about.made_at, clock, keep_keys=options.keep_keys))
            _check_empty(place)  # once more: another restore, or an app, may have come meanwhile
            keys = _keys(config, text.split())
            if not config.encryption_keys:
                with appearing(config.key_file, new=not has_keys) as part:
                    part.write_text("".join(f"{key}\n" for key in keys))
            _put(copy, place)
    print(f"Restored the backup of {about.made_at:%Y-%m-%d %H:%M} UTC to {place}. {told}")
    return 0


def loaded(config: Settings, options: Options, clock: Clock) -> int:
    """Do what a restored database needs to one that pg_restore, or a copied file, has filled. Raises RestoreError."""
    if options.sealed:
        raise RestoreError("--passphrase is for the FILE of a backup")
    with refusing(RestoreError):
        forgotten = _forgotten(options.forgotten)
        if config.is_sqlite and config.database_file.is_file():
            with closing(_opened(config.database_file)) as database:
                _check_unused(database, config.database_file)
    print(asyncio.run(_settle(installed(config, clock), forgotten, None, clock, keep_keys=options.keep_keys)))
    return 0


async def _settle(
    opening: AbstractAsyncContextManager[Stores], forgotten: Sequence[Forgotten], made_at: datetime | None,
    clock: Clock, *, keep_keys: bool,
) -> str:  # fmt: skip
    """Bring the database up to date and have nothing in it done twice; what was done, for the operator."""
    async with opening as stores:
        if not stores.database.is_sqlite and (others := await stores.database.others()):
            raise RestoreError(f"Status Quo is connected to this database (connections: {others}): stop the app first")
        await schema.upgrade(stores.database)
        await _check_keys(stores)
        gone = await restored.forget_again(stores, forgotten, made_at, clock.now())
        revoked = 0 if keep_keys else await restored.revoke_keys(stores.database)
        await restored.settle(stores, clock.now())
    with_keys = "Agents' keys are as they were" if keep_keys else f"{revoked} keys of agents were revoked"
    return f"{gone} who were forgotten since were deleted. {with_keys}. Start the app."


async def _check_keys(stores: Stores) -> None:
    """Raise RestoreError where the keys do not open the workspaces' tokens."""
    try:
        await stores.health.bots()
    except StatusQuoError as error:
        raise RestoreError("ENCRYPTION_KEYS does not open what is stored: it has to hold the keys of then") from error


def _check_empty(place: Path) -> None:
    """Raise RestoreError where there is an installation already, or a process has its database open."""
    if not place.exists():
        return
    with closing(_opened(place)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in tables & {"people", "workspaces"}:
            if database.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,):  # noqa: S608  # one of these two
                raise RestoreError(f"there is an installation at {place} already: move it away first")
        _check_unused(database, place)


def _opened(place: Path) -> sqlite3.Connection:
    return sqlite3.connect(place, timeout=0.5, isolation_level=None)


def _check_unused(database: sqlite3.Connection, place: Path) -> None:
    """Raise RestoreError where a process has the database open."""
    database.execute("PRAGMA locking_mode=EXCLUSIVE")
    try:
        database.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_BUSY":
            raise
        raise RestoreError(f"{place} is in use: stop the app first") from error
    database.execute("ROLLBACK")


def _keys(config: Settings, theirs: Sequence[str]) -> list[str]:
    """Return the keys to go on with, newest first.

    Raises RestoreError where one of the backup's is lacking, SettingsError.
    """
    Encryptor(theirs)
    if config.encryption_keys:
        ours = keys_of(config)
        if lacking := len(set(theirs) - set(ours)):
            raise RestoreError(
                f"ENCRYPTION_KEYS lacks {lacking} of the backup's keys: add them at its end, or leave it unset, and "
                f"they are written to {config.key_file}"
            )
        return ours
    here = config.key_file.read_text().split() if config.key_file.is_file() else []
    return [*theirs, *(key for key in here if key not in theirs)]


def _forgotten(path: Path | None) -> list[Forgotten]:
    """Return the list that `backup --forgotten` printed. Raises RestoreError, OSError."""
    if path is None:
        return []
    try:
        return [msgspec.json.decode(line, type=Forgotten) for line in path.read_bytes().splitlines() if line.strip()]
    except msgspec.MsgspecError as error:
        raise RestoreError(f"{path} is no list that `backup --forgotten` has printed") from error


def _put(copy: Path, place: Path) -> None:
    """Put the finished database in its place, in one step. Raises RestoreError, OSError, sqlite3.Error."""
    with closing(sqlite3.connect(copy, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=DELETE")  # one file
    sync(copy)
    _check_empty(place)  # at the last moment: the disk took its time
    for beside in ("-wal", "-shm"):  # of an empty database that it replaces
        place.with_name(place.name + beside).unlink(missing_ok=True)
    os.replace(copy, place)
    sync(place.parent)
