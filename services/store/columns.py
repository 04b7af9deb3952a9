"""Column types that make two mistakes impossible: a naive time, and a secret in clear.

A `Sealed` column holds only ciphertext: binding anything but `SealedBytes` raises. Sealing and opening is
done by the queries, through `Encryptor`, because the place of a value is its row's key, which a column type cannot see.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from services.platform.crypto import SealedBytes

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
        return _EPOCH + timedelta(microseconds=value)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
