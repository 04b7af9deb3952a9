"""What a test, or a visitor of the demo, asks to go wrong at any of the local services."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Fault:
    """What the next `times` calls (None: all until it is removed) to `where` meet.

    `where` is a method of Slack's (`avatars`: its pictures; `*`: any), or a part of a path at Google or Microsoft.
    `status` answers with `body` (JSON, or bytes as they are) and `headers`; without a `body`, in the service's own
    words for `reason` (Slack: `error`, by itself with status 200). `retry_after` (s) is a 429 unless `status` says
    otherwise; `latency` (real s) delays, `until` holds up a call of Slack's until it is set; `drop` closes the
    connection, `truncate` cuts the real answer in half; `after=True` does what was asked first (and then waits, refuses
    or drops). `skip` lets so many calls pass; `user_id` and `team_id` are of Slack's token.
    """

    where: str = "*"
    error: str = ""
    status: int = 0
    body: dict[str, Any] | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    reason: str = "backendError"
    retry_after: float = 0
    latency: float = 0
    until: asyncio.Event | None = None
    drop: bool = False
    truncate: bool = False
    after: bool = False
    times: int | None = 1
    skip: int = 0
    user_id: str = ""
    team_id: str = ""

    async def wait(self) -> None:
        """Wait as long as it is to take."""
        await asyncio.sleep(self.latency)
        if self.until is not None:
            await self.until.wait()


class Faults:
    """The faults in force, first come first served. Pushes: `lose` the next n, send each `twice`, `hold` them back."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self.lose, self.twice, self.hold = 0, False, False

    @property
    def in_force(self) -> int:
        """How many there are."""
        return len(self._faults)

    def add(self, fault: Fault | str, **what: Any) -> Fault:
        """Put a fault in force, or one of these fields; returns it, for `remove`."""
        added = Fault(fault, **what) if isinstance(fault, str) else fault
        self._faults.append(added)
        return added

    def remove(self, fault: Fault) -> None:
        """Take a fault away; nothing happens if it is gone already."""
        if fault in self._faults:
            self._faults.remove(fault)

    def clear(self) -> None:
        """All is well again; pushes that are held back stay until they are released."""
        self._faults.clear()
        self.lose, self.twice, self.hold = 0, False, False

    def at_method(self, method: str, team_id: str, user_id: str) -> Fault | None:
        """The fault that a call of Slack's meets, counted down."""
        for fault in self._faults:
            theirs = fault.user_id in ("", user_id) and fault.team_id in ("", team_id)
            if theirs and fault.where in ("*", method):
                if not fault.skip:
                    return self._met(fault)
                fault.skip -= 1
        return None

    def at_path(self, path: str) -> Fault | None:
        """The fault that a request to a path meets, counted down."""
        for fault in self._faults:
            if fault.where == "*" or fault.where in path:
                if not fault.skip:
                    return self._met(fault)
                fault.skip -= 1
        return None

    def _met(self, fault: Fault) -> Fault:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._faults.remove(fault)
        return fault
