"""Files that are there whole or not at all: made beside their place, and then put there in one step."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

LEFT = 3600.0
"""Seconds: what is half made, and was not written to for so long, is nobody's any more."""


@contextmanager
def appearing(path: Path, *, new: bool = False) -> Iterator[Path]:
    """Make a file beside `path`, mode 600, which takes its place at the end, on disk for good; on an error it is gone.

    Whatever has that name is replaced. `new`: nothing is, FileExistsError instead. Raises OSError.
    """
    with passing(path, ".part") as part:
        yield part
        sync(part)
        if new:
            _put_new(part, path)
        else:
            part.replace(path)
        sync(path.parent)


def _put_new(part: Path, path: Path) -> None:
    """Give a file the name `path`, which nothing may have. Raises FileExistsError, OSError."""
    try:
        os.link(part, path)  # looks and names in one step
    except OSError as error:
        if isinstance(error, FileExistsError) or path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
        part.replace(path)  # not every file system has hard links, and each says so in its own way
    else:
        part.unlink()


@contextmanager
def passing(path: Path, suffix: str) -> Iterator[Path]:
    """Make an empty file beside `path`, mode 600, which is gone at the end. Raises OSError.

    What processes that were killed have left of the kind goes first: it is as secret as what it was made of.
    """
    sweep(path.parent, f".{escape(path.name)}.*{suffix}*")
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=suffix, dir=path.parent)
    os.close(descriptor)
    made = Path(name)
    try:
        yield made
    finally:
        made.unlink(missing_ok=True)


def sweep(folder: Path, pattern: str) -> None:
    """Delete what has such a name, and what is in it, where nothing of it was written for `LEFT`. Raises OSError."""
    for found in folder.glob(pattern):
        held = [found, *found.rglob("*")]
        with suppress(FileNotFoundError):  # whose it is has just deleted it
            if max(one.lstat().st_mtime for one in held) < time.time() - LEFT:
                for one in reversed(held):
                    one.rmdir() if one.is_dir() else one.unlink()


def sync(path: Path) -> None:
    """Have the disk hold a file, or the names in a directory. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
