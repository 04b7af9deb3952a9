"""How the text of a setting is read: each function raises ValueError that says what it has to be and shows no value."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from services.domain.operator_errors import SettingsError
from services.platform.crypto import Encryptor

if TYPE_CHECKING:
    from sqlalchemy import URL

T = TypeVar("T", bound=str)

PROXY_CHARSET = "latin-1"
"""Of a proxy's user and password: what aiohttp takes where they stand in its address."""

_IN_NO_ADDRESS = re.compile(r"""[\s"'<>\\^`{|}]""")
"""RFC 3986 §2 and appendix C: a blank behind it, or quotes around it, are of the file that it was read from."""

_WHOLE = re.compile(r" *-?[0-9]+ *")
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
_YES = frozenset({"1", "true", "t", "yes", "y", "on"})
_NO = frozenset({"0", "false", "f", "no", "n", "off"})


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that whatever prints it shows as `***`."""

    value: str

    def __repr__(self) -> str:
        return "***"


def text(value: str) -> str:
    """Take whatever is written there."""
    return value


def secret(value: str) -> Secret:
    """Take whatever is written there, and show it to nobody."""
    return Secret(value)


def yes_or_no(value: str) -> bool:
    """Read `true` or `false`, also as 1, 0, yes, no, on, off."""
    low = value.lower()
    if low not in _YES | _NO:
        raise ValueError("must be true or false")
    return low in _YES


def whole(least: int, most: int) -> Callable[[str], int]:
    """Make what reads a number of that range, in digits alone: Python would take 1_0 for ten."""

    def read(value: str) -> int:
        if not _WHOLE.fullmatch(value) or not least <= int(value) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}, in digits alone")
        return int(value)

    return read


def one_of(*choices: T, turned: Callable[[str], str] = str) -> Callable[[str], T]:
    """Make what reads one of `choices`, which what is written there is first `turned` into."""

    def read(value: str) -> T:
        found = next((choice for choice in choices if choice == turned(value)), None)
        if found is None:
            raise ValueError(f"must be {', '.join(choices[:-1])} or {choices[-1]}")
        return found

    return read


def day(value: str) -> date:
    """Read a day as ISO 8601 has it."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a day such as 2028-11-30") from None


def web_address(value: str) -> str:
    """Read an address of the web."""
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        good = good and not _IN_NO_ADDRESS.search(value)
    except ValueError:  # brackets, or a port that is no number
        good = False
    if not good:
        raise ValueError("must be an address that starts with http:// or https://")
    return value


def api_address(value: str) -> str:
    """Read an address that others are made of: it ends in a slash."""
    return web_address(value).rstrip("/") + "/"


def whole_host(value: str) -> str:
    """Read an address that is a host, and no place at it."""
    parts = urlsplit(web_address(value))
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be scheme, host and port alone: I answer at https://quo.example.com, not below it")
    return value


def networks_of(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read networks, comma-separated; an address is a network of one."""
    return tuple(ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())


def networks(value: str) -> str:
    """Take text that `networks_of` can read."""
    try:
        networks_of(value)
    except ValueError:
        raise ValueError("must be addresses or networks, comma-separated, such as 10.0.0.1,10.1.0.0/16") from None
    return value


def hosts(value: str) -> str:
    """Take hosts, domains and networks, comma-separated."""
    try:
        networks_of(",".join(part for part in value.split(",") if "/" in part))
    except ValueError:
        raise ValueError("must be hosts, domains and networks, comma-separated: .corp.example,10.0.0.0/8") from None
    return value


def proxy(value: str) -> Secret:
    """Read a proxy's address, in which its user and password may stand."""
    from yarl import URL  # noqa: PLC0415  # what `understand` and `--help` do not need

    try:
        url = URL(value)
        f"{url.user}{url.password}".encode(PROXY_CHARSET)
        good = url.scheme in {"http", "https"} and bool(url.host and url.port) and ":" not in (url.user or "")
        good = good and url.raw_path == "/" and not url.raw_query_string and not url.raw_fragment
    except ValueError:  # brackets, a port that is no number, a password that no header can hold
        good = False
    if not good:
        raise ValueError(
            "must be http://host:port or https://host:port, where it wants them with user:password@ before the "
            "host and their special characters as %40"
        )
    return Secret(value)


def certificates(value: str) -> str:
    """Take the path of a file of certificates that can be read."""
    from ssl import SSLError  # noqa: PLC0415  # a twelfth of a second that most installations do not need

    from services.platform.certificates import trusting  # noqa: PLC0415  # as above

    try:
        trusting(value)
    except SSLError:
        raise ValueError("is no file of certificates (PEM)") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {(error.strerror or 'no such file').lower()}") from None
    return value


def database(value: str) -> str:
    """Read a database's address, with the driver that we use."""
    url = database_url(value)
    backend = url.drivername.partition("+")[0]
    if backend not in _DRIVERS:
        raise ValueError("must be a sqlite or a postgresql URL")
    if backend == "sqlite" and url.database in {None, "", ":memory:"}:
        raise ValueError("must name a file, such as sqlite+aiosqlite:///var/statusquo.db")
    return url.set(drivername=_DRIVERS[backend]).render_as_string(hide_password=False)


def database_url(value: str) -> URL:
    """Take a database's address apart."""
    from sqlalchemy import make_url  # noqa: PLC0415  # a third of a second that `understand` and `--help` do not need
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415  # as above

    try:
        return make_url(value)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise ValueError("must be an SQLAlchemy URL such as postgresql+asyncpg://user@host/name") from None


def keys(value: str) -> Secret:
    """Take keys to seal with, comma-separated."""
    try:
        Encryptor(keys_of(value))
    except SettingsError as error:
        raise ValueError("must be Fernet keys, comma-separated, newest first") from error
    return Secret(value)


def keys_of(value: str) -> list[str]:
    """List keys that are comma-separated, newest first."""
    return [key.strip() for key in value.split(",") if key.strip()]
