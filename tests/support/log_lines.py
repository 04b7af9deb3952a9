"""What is logged, as JSON lines."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import structlog

from services.platform import logs


def logged(level: str) -> Iterator[io.StringIO]:
    """Everything that is logged at `level` or above, for a fixture to yield from; then logs are as before."""
    root = logging.getLogger()
    handlers, before = root.handlers[:], root.level
    out = io.StringIO()
    logs.configure(level, "json", out)
    yield out
    root.handlers[:] = handlers
    root.setLevel(before)
    structlog.reset_defaults()
