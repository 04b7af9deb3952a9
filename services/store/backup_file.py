"""The file of a backup: a plain tar, or the same sealed under a passphrase.

The tar holds `backup.json` (what it is, and SHA-256 of the database), `encryption.keys` and `statusquo.db`, in this
order, so `tar tvf` and `tar xf` open it. Sealed, it stands behind a line that says so, in chunks of a MiB of
AES-256-GCM under a key that scrypt (RFC 7914) makes of the passphrase. As in the STREAM construction (Hoang,
Reyhanitabar, Rogaway and Vizár, 2015) a chunk's nonce holds its number and whether it is the last one: so none can be
left out, swapped or added, and the end cannot be cut off.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from services.domain.operator_errors import RestoreError

FORMAT = 1
ABOUT, KEYS, DATABASE = "backup.json", "encryption.keys", "statusquo.db"
CHUNK = 1 << 20
COST = 17
"""The binary logarithm of scrypt's N, with r = 8 and p = 1: 128 MiB and half a second for each guess."""

_MOST_COST = 20
_SEALED = b"Status Quo backup, sealed 1\n"
_SALT, _PREFIX, _TAG = 16, 7, 16
_MOST_TEXT = 1 << 20
"""Bytes of the two small members at most."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is: `backup.json`. `sha256` and `size` are the database's, `step` its newest migration."""

    format: int = FORMAT
    version: str
    step: str
    made_at: datetime
    size: int
    sha256: str


def sha256_of(path: Path) -> str:
    """Of a file, 64 hexadecimal digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ── writing and reading ─────────────────────────────────────────────────────────────────────────────


def write(path: Path, about: About, keys: str, database: Path, passphrase: str | None) -> None:
    """Write a backup to `path`, which is there already; sealed where there is a passphrase. Raises OSError."""
    with path.open("wb") as file:
        out: Any = file if passphrase is None else _Sealing(file, passphrase)
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for name, content in ((ABOUT, msgspec.json.format(msgspec.json.encode(about))), (KEYS, keys.encode())):
                tar.addfile(_member(name, len(content), about.made_at), BytesIO(content))
            with database.open("rb") as copy:
                tar.addfile(_member(DATABASE, about.size, about.made_at), copy)
        if isinstance(out, _Sealing):
            out.end()


def is_sealed(path: Path) -> bool:
    """Return whether a backup is sealed under a passphrase. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(_SEALED)) == _SEALED


def read(path: Path, database: Path, passphrase: str | None) -> tuple[About, str]:
    """Return what a backup is, and its keys; its database is written to `database`, a new file of mode 600.

    Raises RestoreError for a file that is no backup, is damaged, or is not opened by the passphrase; OSError.
    """
    with path.open("rb") as file:
        source: Any = file if passphrase is None else _Opening(file, passphrase)
        try:
            with tarfile.open(fileobj=source, mode="r|") as tar:
                about = msgspec.json.decode(_text(tar, ABOUT), type=About)
                keys = _text(tar, KEYS).decode("ascii")
                if about.format != FORMAT:
                    raise RestoreError(f"{path} has a form that only a newer version knows")
                _copy(_next(tar, DATABASE), database)
                if tar.next() is not None:
                    raise RestoreError(f"{path} holds more than a backup does")
            if isinstance(source, _Opening):
                source.check_end()
        except (tarfile.TarError, EOFError, UnicodeDecodeError, msgspec.MsgspecError) as error:
            raise RestoreError(f"{path} is no backup, or is damaged") from error
    if (database.stat().st_size, sha256_of(database)) != (about.size, about.sha256):
        raise RestoreError(f"{path} is damaged: its database is not the one that was backed up")
    return about, keys


def _member(name: str, size: int, made_at: datetime) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(made_at.timestamp())
    return member


def _next(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    """Return the next member, which has to be the file of that name. Raises TarError."""
    member = tar.next()
    content = None if member is None or member.name != name or not member.isreg() else tar.extractfile(member)
    if content is None:
        raise tarfile.ReadError(name)
    return content


def _text(tar: tarfile.TarFile, name: str) -> bytes:
    content = _next(tar, name)
    text = content.read(_MOST_TEXT)
    if content.read(1):
        raise tarfile.ReadError(name)
    return text


def _copy(content: IO[bytes], path: Path) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while some := content.read(CHUNK):
            file.write(some)


# ── sealed under a passphrase ───────────────────────────────────────────────────────────────────────


class _Chunks:
    """The cipher of one file, and the nonce of each chunk: seven random bytes, its number, whether it is the last."""

    def __init__(self, header: bytes, passphrase: str) -> None:
        rest = header.removeprefix(_SEALED)
        cost, salt, self._prefix = rest[0], rest[1 : 1 + _SALT], rest[1 + _SALT :]
        key = Scrypt(salt=salt, length=32, n=1 << cost, r=8, p=1).derive(passphrase.encode())
        self._cipher, self._header, self._number = AESGCM(key), header, 0

    def _nonce(self, *, last: bool) -> bytes:
        self._number += 1
        return self._prefix + (self._number - 1).to_bytes(4) + bytes([last])

    def seal(self, plain: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(last=last), plain, self._header)

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        """Open it. Raises InvalidTag."""
        return self._cipher.decrypt(self._nonce(last=last), sealed, self._header)


class _Sealing:
    """Seals what is written, chunk by chunk; `end` seals the last one."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        header = _SEALED + bytes([COST]) + os.urandom(_SALT + _PREFIX)
        file.write(header)
        self._file, self._chunks, self._plain = file, _Chunks(header, passphrase), bytearray()

    def write(self, data: bytes, /) -> int:
        self._plain += data
        while len(self._plain) > CHUNK:  # what is left is not empty, and may be the last one
            self._file.write(self._chunks.seal(bytes(self._plain[:CHUNK]), last=False))
            del self._plain[:CHUNK]
        return len(data)

    def end(self) -> None:
        self._file.write(self._chunks.seal(bytes(self._plain), last=True))


class _Opening:
    """Opens chunk by chunk what is read. Raises RestoreError where one does not open."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        header = file.read(len(_SEALED) + 1 + _SALT + _PREFIX)
        if len(header) < len(_SEALED) + 1 + _SALT + _PREFIX or not 0 < header[len(_SEALED)] <= _MOST_COST:
            raise RestoreError("the backup is damaged: its beginning is cut off, or changed")
        self._file, self._chunks = file, _Chunks(header, passphrase)
        self._plain, self._is_first = bytearray(), True
        self._ahead = file.read(CHUNK + _TAG)

    def read(self, size: int, /) -> bytes:
        while len(self._plain) < size and self._ahead:
            self._plain += self._opened()
        data = bytes(self._plain[:size])
        del self._plain[:size]
        return data

    def check_end(self) -> None:
        """Open what is left: the end of the tar is not the end of the file."""
        while self._ahead:
            self._opened()

    def _opened(self) -> bytes:
        sealed, self._ahead = self._ahead, self._file.read(CHUNK + _TAG)
        try:
            plain = self._chunks.open(sealed, last=not self._ahead)
        except InvalidTag as error:
            what = "the passphrase does not open the backup" if self._is_first else "the backup is damaged, or cut off"
            raise RestoreError(what) from error
        self._is_first = False
        return plain
