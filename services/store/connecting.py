"""Why a database cannot be reached, or refuses us, in words for the operator: what it is, and what to do.

PostgreSQL's names of its errors: its manual, appendix A. Nothing here repeats a password.
"""

from __future__ import annotations

import socket
import sqlite3
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError

from services.domain.operator_errors import DatabaseError

_PORT = 5432

_BY_CLASS: Mapping[str, str] = MappingProxyType(
    {
        "InvalidPasswordError": "it does not take the password of {user}: mend user and password in the address",
        "InvalidCatalogNameError": "there is no database {name} at {place}: make it (createdb), or mend the name",
        "TooManyConnectionsError": "it takes no more connections: raise its max_connections, or stop what has them",
        "CannotConnectNowError": "it is starting or stopping: try again in a minute",
        "InsufficientPrivilegeError": "{user} may not do that there: make {user} the owner of the database {name}",
        "ReadOnlySQLTransactionError": "it can only be read, as a replica of another one: name the one that is written",
        "FileNotFoundError": "there is no socket of PostgreSQL there: is it running on this machine?",
    }
)
TO_ITSELF = "another process has the file to itself, as `app.py move` does until it is done: wait for that"
"""Of SQLite's `database is locked`: our own programs leave it to each other within a second or two."""

_NOT_OURS = "have its folder there, and let this user write to both"

_OF_SQLITE: Mapping[str, str] = MappingProxyType(
    {"SQLITE_BUSY": TO_ITSELF, "SQLITE_CANTOPEN": _NOT_OURS, "SQLITE_READONLY": _NOT_OURS}
)

_NOBODY_LISTENS = "nothing listens at {place}: is PostgreSQL running there, and is that its port?"
_NO_LINE = "by its pg_hba.conf {user} may not come to {name} from here: have a line for that made there"
_UNSEALED = "it takes nobody without TLS: add ?sslmode=require to the address"
_NO_TLS = "it has no TLS, and the address wants it: switch TLS on there, or take sslmode out of the address"
_NO_USER = "it knows no user {user}: make it (createuser), or mend the user in the address"


def said_by(error: Exception, url: str = "") -> str:
    """Say what the driver raised, in a sentence where we have one, and by its class: its message may hold values.

    Of SQLite its own words: `disk I/O error`, `file is not a database`, `attempt to write a readonly database`.
    """
    origin: BaseException = error
    # what a TimeoutError was made of is only that somebody stopped waiting
    while not isinstance(origin, TimeoutError) and (
        (inner := getattr(origin, "orig", None) or origin.__cause__) is not None
    ):
        origin = inner
    if isinstance(origin, sqlite3.Error):
        named = getattr(origin, "sqlite_errorname", "")
        todo = next((told for name, told in _OF_SQLITE.items() if named.startswith(name)), "")
        return f"SQLite says: {origin}" + (todo and f"; {todo}")
    name = type(origin).__name__
    sentence = _sentence(origin) if url else ""
    return f"{sentence.format(**_facts(make_url(url)))} ({name})" if sentence else name


@contextmanager
def locked_out_is_said() -> Iterator[None]:
    """Raise DatabaseError where another process has an SQLite file to itself for longer than is waited for."""
    try:
        yield
    except DBAPIError as error:
        if not (reason := locked_out(error)):
            raise
        raise DatabaseError(reason) from error


def locked_out(error: BaseException) -> str:
    """Return what to tell the operator where another process kept an SQLite file for too long; "" for other errors."""
    if isinstance(error, DBAPIError) and "BUSY" in getattr(error.orig, "sqlite_errorname", ""):
        return said_by(error)
    return ""


def _facts(url: URL) -> dict[str, str]:
    """Return what the sentences name of an address."""
    host = url.host or "this machine"
    return {
        "user": url.username or "that user", "name": url.database or "of that name", "host": host,
        "place": f"{host}:{url.port or _PORT}",
    }  # fmt: skip


def _sentence(origin: BaseException) -> str:
    """Return what is amiss, and what to do; "" where only the name of the error is known."""
    message, state = str(origin), getattr(origin, "sqlstate", None)
    said = (
        (isinstance(origin, socket.gaierror), "no machine is called {host}: mend the host in the address"),
        (isinstance(origin, TimeoutError), "{place} does not answer: mend host and port, or look at the firewall"),
        (isinstance(origin, ssl.SSLError), "its certificate is not trusted here: name its authority (?sslrootcert=…)"),
        (isinstance(origin, ConnectionError) and "SSL" in message, _NO_TLS),
        (isinstance(origin, OSError) and "Connect call failed" in message, _NOBODY_LISTENS),
        (state == "28000" and "does not exist" in message, _NO_USER),
        (state == "28000" and "no encryption" in message, _UNSEALED),
        (state == "28000", _NO_LINE),
    )
    return next((sentence for holds, sentence in said if holds), _BY_CLASS.get(type(origin).__name__, ""))
