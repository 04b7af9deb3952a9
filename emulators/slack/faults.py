"""Errors and delays that a test asks the local Slack for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Fault:
    """What shall go wrong with `method` (`*`: any), for the next `times` calls (None: until removed).

    `error` answers 200 with that code (and `body` beside it); `status` another HTTP status; `retry_after` (s) a
    429 unless `status` says otherwise; `latency` (real s) delays the answer; `drop` closes the connection, before
    the call is done, or after it with `after=True` (as a time-out between doing and answering).
    """

    method: str = "*"
    error: str = ""
    status: int = 0
    retry_after: float = 0
    latency: float = 0
    drop: bool = False
    after: bool = False
    times: int | None = 1
    user_id: str = ""
    team_id: str = ""
    body: dict[str, Any] = field(default_factory=dict)


class Faults:
    """The faults in force, first come first served."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force; returns it, for `remove`."""
        self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Take a fault away; nothing happens if it is gone already."""
        if fault in self._faults:
            self._faults.remove(fault)

    def clear(self) -> None:
        """Take all faults away."""
        self._faults.clear()

    def take(self, method: str, team_id: str, user_id: str) -> Fault | None:
        """The fault that this call meets, counted down."""
        for fault in self._faults:
            if fault.method not in ("*", method):
                continue
            if (fault.user_id and fault.user_id != user_id) or (fault.team_id and fault.team_id != team_id):
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
            return fault
        return None
