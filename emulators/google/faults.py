"""What a test, or a visitor of the demo, asks to go wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class ApiError(Exception):
    """An unhappy answer, in the shape of the API's errors (…/calendar/api/guides/errors)."""

    def __init__(self, status: int, reason: str, message: str = "", domain: str = "global") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.message = message or reason
        self.domain = domain

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body."""
        named = {"domain": self.domain, "reason": self.reason, "message": self.message}
        return {"error": {"errors": [named], "code": self.status, "message": self.message}}


@dataclass(slots=True)
class Fault:
    """What shall happen to the next `times` calls (None: until removed) whose path contains `path`.

    `status` answers with `text`, or an error of that `reason`; `retry_after` seconds go with it. `cut` gives the real
    answer, but only half of it; `late` does what was asked and then answers 503; `drop` breaks the connection.
    """

    path: str = ""
    status: int = 0
    reason: str = "backendError"
    domain: str = "global"
    text: str | None = None
    retry_after: str = ""
    cut: bool = False
    late: bool = False
    drop: bool = False
    times: int | None = 1
    skip: int = 0


@dataclass(slots=True)
class Faults:
    """The faults in force, first come first served. Pushes: `lose` the next n, send each `twice`, `hold` them back."""

    answers: list[Fault] = field(default_factory=list)
    lose: int = 0
    twice: bool = False
    hold: bool = False
    late_watch: bool = False
    """Whether the answer to a watch comes after its `sync` message was delivered."""

    def add(self, path: str = "", **what: Any) -> Fault:
        """Put a fault in force; the fields are those of `Fault`."""
        fault = Fault(path, **what)
        self.answers.append(fault)
        return fault

    def quota(self, reason: str = "userRateLimitExceeded", *, status: int = 403, **what: Any) -> Fault:
        """An answer that says that a usage limit is reached."""
        return self.add("/calendar/v3/", status=status, reason=reason, domain="usageLimits", **what)

    def clear(self) -> None:
        """All is well again; pushes that are held back stay until they are released."""
        self.answers.clear()
        self.lose, self.twice, self.hold, self.late_watch = 0, False, False, False

    def take(self, path: str) -> Fault | None:
        """The fault that a call meets, counted down."""
        for fault in self.answers:
            if fault.path not in path:
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.answers.remove(fault)
            return fault
        return None
