"""Column types that make two mistakes impossible: a naive time, and a secret in clear.

A `Sealed` column holds only ciphertext: binding anything but `SealedBytes` raises. Sealing and opening is
done by the queries, through `Vault`, because the place of a value is its row's key, which a column type cannot see.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from services.platform.crypto import Sealer

_MICRO = 1_000_000


class UtcInstant(TypeDecorator[datetime]):
    """An aware instant, stored as microseconds since the epoch: exact, ordered and the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a naive datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        delta = value - _EPOCH
        return (delta.days * 86_400 + delta.seconds) * _MICRO + delta.microseconds

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """An aware UTC datetime."""
        if value is None:
            return None
        seconds, micros = divmod(value, _MICRO)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SealedBytes(bytes):
    """Ciphertext made by `Vault.seal`; the only thing that a `Sealed` column takes."""


class Sealed(TypeDecorator[bytes]):
    """A column for ciphertext alone."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Refuse whatever did not come out of `Vault.seal`."""
        if value is not None and not isinstance(value, SealedBytes):
            raise TypeError("a sealed column takes only SealedBytes")
        return value

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """Ciphertext, to be opened with `Vault.open`."""
        return None if value is None else SealedBytes(value)


class Vault:
    """Seals for and opens from one column of one row."""

    def __init__(self, sealer: Sealer) -> None:
        """`sealer` holds the keys."""
        self.sealer = sealer

    def seal(self, plain: str | bytes | None, column: str, *row: str) -> SealedBytes | None:
        """`plain` sealed for `column` ("people.token") of the row with key `row`; None stays None."""
        if plain is None:
            return None
        data = plain.encode() if isinstance(plain, str) else plain
        return SealedBytes(self.sealer.seal(data, place(column, row)))

    def open(self, sealed: bytes | None, column: str, *row: str) -> str | None:
        """The text that was sealed for that place. Raises SealError."""
        data = self.open_bytes(sealed, column, *row)
        return None if data is None else data.decode()

    def open_bytes(self, sealed: bytes | None, column: str, *row: str) -> bytes | None:
        """The bytes that were sealed for that place. Raises SealError."""
        return None if sealed is None else self.sealer.open(bytes(sealed), place(column, row))


def place(column: str, row: tuple[str, ...]) -> str:
    """How a place is written inside a ciphertext."""
    return "/".join((column, *row))
