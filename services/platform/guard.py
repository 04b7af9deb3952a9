"""The one place where whatever went wrong with one row is caught, counted and logged, so that the others go on."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from services.domain.errors import StatusQuoError

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Guarded:
    """Whether what ran under the guard failed."""

    failed: bool = False


@contextmanager
def guarded(event: str, **ids: str) -> Iterator[Guarded]:
    """Run one row's work; log a failure under the static name `event` with `ids`, and go on after the block.

    Neither the exception's message nor its values are logged, for they may hold what a row is about: only its
    class, and where it was raised. Cancellation passes.
    """
    result = Guarded()
    try:
        yield result
    except StatusQuoError as error:
        result.failed = True
        log.warning(event, error=type(error).__name__, error_id=error.id, reason=error.reason, **ids)
    except Exception as error:  # the guard of rows: one person's trouble never stops the batch
        result.failed = True
        last = traceback.extract_tb(error.__traceback__)[-1]
        log.error(event, error=type(error).__name__, where=f"{last.filename}:{last.lineno}", **ids)  # noqa: TRY400  # a traceback would print values
