"""Two column types that make two mistakes impossible: a naive time, and a secret stored in clear.

Sealing and opening is done by the queries, through `Encryptor`, because the place of a value is its row's key, which a
column type cannot see.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from services.platform.crypto import SealedBytes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


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
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return an aware UTC datetime."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Sealed(TypeDecorator[bytes]):
    """A column for ciphertext alone."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Refuse whatever did not come out of `Encryptor.seal`."""
        if value is not None and not isinstance(value, SealedBytes):
            raise TypeError("a sealed column takes only SealedBytes")
        return value

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """Ciphertext, to be opened with `Encryptor.open`."""
        return None if value is None else SealedBytes(value)
