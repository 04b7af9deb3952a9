"""What only whoever runs the app can mend: settings, keys, addresses, the database, backups."""

from __future__ import annotations

import os

from services.domain.errors import StatusQuoError


class WrongRedirectError(StatusQuoError):
    """Nothing was connected: Status Quo's own address is not accepted there. Its operator has to mend that."""


class SettingsError(StatusQuoError):
    """The settings are not complete."""


class SealError(StatusQuoError):
    """I cannot open something that I keep for you. Whoever runs Status Quo has to mend that."""

    @classmethod
    def for_operator(cls) -> str:
        """Say it to the operator: a member meets it too, who knows of no keys."""
        return (
            "A sealed value cannot be opened: its key is missing from ENCRYPTION_KEYS, or it was moved to another row."
        )


class BotTokenRefusedError(StatusQuoError):
    """Slack does not take SLACK_BOT_TOKEN. Copy it anew from your Slack app's page, "OAuth & Permissions"."""


class ListenError(StatusQuoError):
    """Nothing can listen at that address. Choose another one with HOST and PORT."""

    def __init__(self, host: str, port: int, error: OSError | UnicodeError) -> None:
        """`error` is the system's: the port is in use or not ours to take, the host is not this machine."""
        number = (error.errno or 0) if isinstance(error, OSError) else 0
        super().__init__(f"{host}:{port}: {os.strerror(number).lower() if number > 0 else 'no such host'}")


class MetricsListenError(ListenError):
    """The metrics cannot listen at that address. Choose another one with METRICS_HOST and METRICS_PORT."""


class DatabaseError(StatusQuoError):
    """The database cannot be reached, or refuses us. Check DATABASE_URL."""


class DatabaseBusyError(DatabaseError):
    """The database is in use and cannot be brought up to date now. Start again in a minute."""


class NewerDatabaseError(DatabaseError):
    """The database was made by a newer version. Start that one again, or restore the backup from before the update."""


class BackupError(StatusQuoError):
    """No backup was made."""


class RestoreError(StatusQuoError):
    """Nothing was restored."""
