"""Sealing of secrets and titles: Fernet (AES-128-CBC with HMAC-SHA256) under rotatable keys, bound to a place.

A sealed value names the table, column and row it belongs to inside the ciphertext, so that one moved to
another row by somebody with access to the database does not open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

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


class Sealer:
    """Seals with the newest key, opens with any."""

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

    def seal(self, plain: bytes, place: str) -> bytes:
        """`plain` sealed for `place`, such as `people.token/T1/U1`."""
        return self._fernets[0].encrypt(place.encode() + _SEPARATOR + plain)

    def open(self, sealed: bytes, place: str) -> bytes:
        """The plain bytes. Raises SealError for an unknown key, a changed value, or another place."""
        try:
            bound = self._multi.decrypt(sealed)
        except InvalidToken as error:
            raise SealError("cannot be opened", place=place.split("/", 1)[0]) from error
        found, _, plain = bound.partition(_SEPARATOR)
        if found != place.encode():
            raise SealError("was sealed for another place", place=place.split("/", 1)[0])
        return plain

    def digest(self, plain: bytes) -> str:
        """A keyed digest, 32 hexadecimal digits: tells equal values apart from others without telling what they are.

        It belongs to the newest key: after a rotation the same value has another one.
        """
        return hashlib.blake2b(plain, digest_size=16, key=self._digest_key).hexdigest()

    def reseal(self, sealed: bytes) -> bytes:
        """The same value for the same place under the newest key. Raises SealError for an unknown key."""
        try:
            return self._multi.rotate(sealed)
        except InvalidToken as error:
            raise SealError("cannot be opened") from error

    def is_newest(self, sealed: bytes) -> bool:
        """Whether `sealed` needs no re-sealing."""
        try:
            self._fernets[0].decrypt(sealed)
        except InvalidToken:
            return False
        return True
