"""What is logged, as JSON lines."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from services.platform import logs


@contextmanager
def put_back() -> Iterator[None]:
    """Whatever is done to the logs within is undone: a handler left behind writes to what was closed since."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()


def logged(level: str) -> Iterator[io.StringIO]:
    """Everything that is logged at `level` or above, for a fixture to yield from; then logs are as before."""
    with put_back():
        out = io.StringIO()
        logs.configure(level, "json", out)
        yield out
