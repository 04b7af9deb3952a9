"""The keys that seal what is stored: ENCRYPTION_KEYS, or those of a file beside the embedded database."""

from __future__ import annotations

import os
from pathlib import Path

from services.domain.operator_errors import SettingsError
from services.platform.crypto import Encryptor, new_key
from services.platform.settings import Settings


def keys_of(config: Settings) -> list[str]:
    """Return the Fernet keys, newest first; with SQLite they are created on the first run, before the database is.

    Raises SettingsError where there are none, and may be none made: what is stored is sealed under others.
    """
    if given := config.given_keys:
        return given
    if not config.is_sqlite:
        raise SettingsError("ENCRYPTION_KEYS is not set")
    path, database = config.key_file, config.database_file
    try:
        if not path.exists():
            if database.is_file() and database.stat().st_size:
                raise SettingsError(
                    f"ENCRYPTION_KEYS is not set, and {path} is missing beside {database}: put the keys back, or move "
                    "that database away where nothing is stored yet"
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_first(path, new_key() + "\n")
        found = path.read_text(errors="replace").split()
    except OSError as error:
        raise SettingsError(f"ENCRYPTION_KEYS is not set, and {path}: {error.strerror}") from None
    if not found:
        raise SettingsError(
            f"ENCRYPTION_KEYS is not set, and {path} is empty: put the keys back into it, or delete it where "
            "nothing is stored yet"
        )
    try:
        Encryptor(found)
    except SettingsError:
        raise SettingsError(
            f"ENCRYPTION_KEYS is not set, and {path} holds something that is no Fernet key: put the keys back into "
            "it, one a line, newest first"
        ) from None
    return found


def _write_first(path: Path, text: str) -> None:
    """Make a file of mode 600, whole or not at all. Raises OSError, also where there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()
        raise
