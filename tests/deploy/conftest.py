from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support import debian


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """For machines, which take some hundred MB each."""
    with TemporaryDirectory(prefix="statusquo-machines-") as made:
        yield Path(made)


@pytest.fixture(scope="session")
def debian_tar(folder: Path) -> Path:
    return debian.archive(folder)
