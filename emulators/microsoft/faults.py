"""What a test asks to go wrong at the local Microsoft."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Fault:
    """What the next `times` calls (None: all until it is removed) meet whose path holds `path`.

    `status` with `body` (JSON, or bytes as they are) and `headers` is answered instead; `truncate` cuts the real answer
    in half; `drop` closes the connection without one; `after=True` does what was asked first.
    """

    path: str = ""
    method: str = "*"
    status: int = 0
    body: dict[str, Any] | bytes = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    truncate: bool = False
    drop: bool = False
    after: bool = False
    times: int | None = 1


class Faults:
    """The faults in force, first come first served, and how the server is odd within what is allowed or was seen.

    `lose_pushes` and `duplicate_pushes` count down; `disorder_pushes` reverses what is sent together.
    `answer_zone`: times are in this zone (IANA, or Windows' with `answer_zone_name`), whatever was asked for.
    `omit_masters`: no delta holds a series master. `name_lost_instances`: a deleted instance comes as `@removed`,
    which the real one does not do. `repeat_items`: an entry comes twice, first as it was. `next_link`: where the
    next link of a delta leads to.
    """

    def __init__(self) -> None:
        self.lose_pushes = 0
        self.duplicate_pushes = 0
        self.disorder_pushes = False
        self.answer_zone = ""
        self.answer_zone_name = ""
        self.omit_masters = False
        self.name_lost_instances = False
        self.repeat_items = False
        self.next_link = ""
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
        """Everything is as it should be."""
        self.__init__()  # type: ignore[misc]

    def busy(self, path: str = "", seconds: int = 5, times: int = 1) -> Fault:
        """429 with Retry-After, as the limits of a mailbox answer."""
        body = {
            "error": {"code": "ApplicationThrottled", "message": "Application is over its MailboxConcurrency limit."}
        }
        return self.add(Fault(path, status=429, body=body, headers={"Retry-After": str(seconds)}, times=times))

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this call meets, counted down."""
        for fault in self._faults:
            if fault.path not in path or fault.method not in ("*", method):
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
            return fault
        return None
