"""Sealing of secrets and titles: Fernet (AES-128-CBC with HMAC-SHA256) under rotatable keys, bound to a place.

A sealed value names the table, column and row it belongs to inside the ciphertext, so that one moved to
another row by somebody with access to the database does not open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import overload

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from services.domain.errors import SealError, SettingsError

_SEPARATOR = b"\x00"


def new_key() -> str:
    """A fresh Fernet key, url-safe base64."""
    return Fernet.generate_key().decode("ascii")


def digest_of(secret: str) -> str:
    """What is kept of a random secret that somebody else has: SHA-256, 64 hexadecimal digits. Not for passwords.

    What comes from outside may be no secret of ours, and not even text that UTF-8 can hold.
    """
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


class SealedBytes(bytes):
    """Ciphertext made by `Encryptor`; the only thing that a `Sealed` column takes."""


class Encryptor:
    """Seals with the newest key, opens with any; for one column of one row, or as a text for one purpose."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys` newest first. Raises SettingsError when there is none or one is malformed."""
        if not keys:
            raise SettingsError("ENCRYPTION_KEYS is empty")
        try:
            self._fernets = [Fernet(key) for key in keys]
        except ValueError as error:
            raise SettingsError("ENCRYPTION_KEYS holds something that is no Fernet key") from error
        self._multi = MultiFernet(self._fernets)
        self._digest_key = hashlib.sha256(b"digest" + _SEPARATOR + keys[0].encode()).digest()

    @overload
    def seal(self, plain: str | bytes, column: str, *row: str) -> SealedBytes: ...
    @overload
    def seal(self, plain: str | bytes | None, column: str, *row: str) -> SealedBytes | None: ...
    def seal(self, plain: str | bytes | None, column: str, *row: str) -> SealedBytes | None:
        """`plain` sealed for `column` ("people.token") of the row with key `row`; None stays None."""
        if plain is None:
            return None
        data = plain.encode() if isinstance(plain, str) else plain
        return SealedBytes(self._fernets[0].encrypt(_place(column, row) + _SEPARATOR + data))

    def open(self, sealed: bytes | None, column: str, *row: str) -> str | None:
        """The text that was sealed for that place. Raises SealError."""
        data = self.open_bytes(sealed, column, *row)
        return None if data is None else data.decode()

    def open_bytes(self, sealed: bytes | None, column: str, *row: str) -> bytes | None:
        """The bytes that were sealed for that place. Raises SealError: unknown key, changed value, or another place."""
        if sealed is None:
            return None
        try:
            bound = self._multi.decrypt(bytes(sealed))
        except InvalidToken as error:
            raise SealError("cannot be opened", place=column) from error
        found, _, plain = bound.partition(_SEPARATOR)
        if found != _place(column, row):
            raise SealError("was sealed for another place", place=column)
        return plain

    def seal_token(self, plain: str, purpose: str) -> str:
        """`plain` as a url-safe text that others may hold and only we can read, for `purpose` ("links")."""
        return self.seal(plain, purpose).decode("ascii")

    def open_token(self, token: str, purpose: str) -> str:
        """What `seal_token` was given. Raises SealError."""
        return self.open(token.encode(), purpose) or ""

    def digest(self, plain: bytes) -> str:
        """A keyed digest, 32 hexadecimal digits: tells equal values apart from others without telling what they are.

        It belongs to the newest key: after a rotation the same value has another one.
        """
        return hashlib.blake2b(plain, digest_size=16, key=self._digest_key).hexdigest()

    def reseal(self, sealed: bytes) -> SealedBytes:
        """The same value for the same place under the newest key. Raises SealError for an unknown key."""
        try:
            return SealedBytes(self._multi.rotate(sealed))
        except InvalidToken as error:
            raise SealError("cannot be opened") from error

    def is_newest(self, sealed: bytes) -> bool:
        """Whether `sealed` needs no re-sealing."""
        try:
            self._fernets[0].decrypt(sealed)
        except InvalidToken:
            return False
        return True


def _place(column: str, row: tuple[str, ...]) -> bytes:
    """How a place is written inside a ciphertext: "people.token/T1/U1"."""
    return "/".join((column, *row)).encode()
