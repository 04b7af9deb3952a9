"""Sealing of secrets and titles: AES-256-GCM under rotatable keys, bound to a place.

A sealed value is one byte that says how it is sealed, a random nonce of 96 bits, and the ciphertext with its tag. The
place (table, column and the row's key) is the associated data, so that a value moved to another row by somebody with
access to the database does not open. The AES keys come from the Fernet keys of `ENCRYPTION_KEYS` by HKDF-SHA256
(RFC 5869). What releases before sealed with Fernet, with the place inside of it, is still opened.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from functools import cached_property
from typing import overload

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.domain.operator_errors import SealError, SettingsError

_SEPARATOR = b"\x00"
_AES_GCM = b"\x01"  # the leading byte; a Fernet value is base64 and starts with "g"
_NONCE = 12
_HEAD = len(_AES_GCM) + _NONCE
_INFO = b"statusquo aes-256-gcm"
_PSEUDONYMS = b"statusquo pseudonyms"
_TOKEN = "sq1_"  # noqa: S105 - how a sealed text begins, so that it is known in a log


def new_key() -> str:
    """Return a fresh Fernet key, url-safe base64."""
    return Fernet.generate_key().decode("ascii")


def digest_of(secret: str) -> str:
    """Return what is kept of a random secret that somebody else has: SHA-256, 64 hexadecimal digits. Not for passwords.

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
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise SettingsError("ENCRYPTION_KEYS holds something that is no Fernet key") from error
        self._ciphers = [
            AESGCM(HKDF(SHA256(), length=32, salt=None, info=_INFO).derive(base64.urlsafe_b64decode(key)))
            for key in keys
        ]
        self._keys = tuple(keys)
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
        nonce = os.urandom(_NONCE)
        return SealedBytes(_AES_GCM + nonce + self._ciphers[0].encrypt(nonce, data, _place(column, row)))

    def open(self, sealed: bytes | None, column: str, *row: str) -> str | None:
        """Return the text that was sealed for that place. Raises SealError."""
        data = self.open_bytes(sealed, column, *row)
        return None if data is None else data.decode()

    def open_bytes(self, sealed: bytes | None, column: str, *row: str) -> bytes | None:
        """Return the bytes that were sealed for that place.

        Raises SealError: unknown key, changed value, or another place.
        """
        if sealed is None:
            return None
        place = _place(column, row)
        if sealed[:1] != _AES_GCM:  # of a release before: the place stands before the value
            try:
                found, _, plain = self._fernet.decrypt(bytes(sealed)).partition(_SEPARATOR)
            except InvalidToken as error:
                raise SealError("cannot be opened", place=column) from error
            if found != place:
                raise SealError("was sealed for another place", place=column)
            return plain
        for cipher in self._ciphers:
            opened = _decrypted(cipher, sealed, place)
            if opened is not None:
                return opened
        raise SealError("cannot be opened", place=column)

    def reseal(self, sealed: bytes, column: str, *row: str) -> SealedBytes | None:
        """Return the same value under the newest key; None where it is already. Raises SealError like `open_bytes`."""
        if sealed[:1] == _AES_GCM and _decrypted(self._ciphers[0], sealed, _place(column, row)) is not None:
            return None
        return self.seal(self.open_bytes(sealed, column, *row), column, *row)

    def seal_token(self, plain: str, purpose: str) -> str:
        """`plain` as a url-safe text that others may hold and only we can read, for `purpose` ("links")."""
        return _TOKEN + base64.urlsafe_b64encode(self.seal(plain, purpose)).decode("ascii").rstrip("=")

    def open_token(self, token: str, purpose: str) -> str:
        """Return what `seal_token` was given. Raises SealError."""
        try:
            data = token.removeprefix(_TOKEN).encode("ascii")
            sealed = base64.b64decode(data + b"=" * (-len(data) % 4), b"-_", validate=True)
        except ValueError as error:
            raise SealError("cannot be opened", place=purpose) from error
        return self.open(sealed if token.startswith(_TOKEN) else data, purpose) or ""

    def pseudonyms(self, *ids: str) -> list[tuple[str, str]]:
        """HMAC-SHA256 of `ids`, 64 hexadecimal digits, under a key from each of ours, newest first; which one it was.

        Whoever has none of the keys can neither tell whose one is, nor try.
        """
        message = _SEPARATOR.join(part.encode() for part in ids)
        return [(key_id, hmac.digest(key, message, "sha256").hex()) for key_id, key in self._pseudonym_keys]

    @cached_property
    def _pseudonym_keys(self) -> list[tuple[str, bytes]]:
        """A key from each of ours, and what it is called: 16 hexadecimal digits that tell nothing of it."""
        derived = [
            HKDF(SHA256(), length=32, salt=None, info=_PSEUDONYMS).derive(base64.urlsafe_b64decode(key))
            for key in self._keys
        ]
        return [(hashlib.sha256(key).hexdigest()[:16], key) for key in derived]

    def digest(self, plain: bytes) -> str:
        """Return a keyed digest, 32 hexadecimal digits: it tells equal values from others without telling them.

        It belongs to the newest key: after a rotation the same value has another one.
        """
        return hashlib.blake2b(plain, digest_size=16, key=self._digest_key).hexdigest()


def _decrypted(cipher: AESGCM, sealed: bytes, place: bytes) -> bytes | None:
    """Return the plain bytes; None under another key, for another place, or changed."""
    try:
        return cipher.decrypt(sealed[1:_HEAD], sealed[_HEAD:], place)
    except (InvalidTag, ValueError):  # the latter for a nonce that is cut off
        return None


def _place(column: str, row: tuple[str, ...]) -> bytes:
    """Return how a place is written: "people.token/T1/U1"."""
    return "/".join((column, *row)).encode()
