"""What the use cases need from outside, as small Protocols.

Adapters (`services.store`, `services.slack`, `services.calendars` clients, `services.platform.net`) implement these;
only `services.bootstrap`, `services.commands` and `services.wiring` name the adapters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.domain.model import PersonKey


class Clock(Protocol):
    """The time, as the app sees it."""

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        ...

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        """Return at `until` or once `wake` is set; None waits for `wake` alone. Does not clear `wake`."""
        ...


class WakeSignal(Protocol):
    """Tells the engine that something may be due now. Wake after the commit, never before."""

    def wake(self) -> None:
        """Have the loop look at what is due. Cheap, never blocks, may be lost: it looks by itself, too."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What one run of a job did."""

    done: int = 0
    changed: int = 0
    failed: int = 0


class DueWork(Protocol):
    """One kind of periodic work: rows with a due time. The engine runs each kind in a loop of its own."""

    name: str

    async def next_due(self) -> datetime | None:
        """Return when the earliest row is due; None when there is none."""
        ...

    async def run_due(self) -> Report:
        """Do a batch of what is due now. One row's failure never stops the batch."""
        ...


# ── the Home tab ────────────────────────────────────────────────────────────────────────────────────


class HomeRenderer(Protocol):
    """Builds a person's Home tab."""

    async def home(self, key: PersonKey) -> dict[str, Any]:
        """Return the view as Block Kit, ready for views.publish."""
        ...


Say = Callable[..., str]
"""`say(locale, message_id, **facts)`: the sentence in a locale; `services.platform.locale.say`."""
