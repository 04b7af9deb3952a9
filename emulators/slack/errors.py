"""What a Web API method answers when it does not do it: `{"ok": false, "error": …}`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


class RefusalError(Exception):
    """A method's refusal: Slack's error code, further fields of the body, HTTP status and headers."""

    def __init__(
        self, code: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.headers = dict(headers or {})
        self.fields = fields

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        return {"ok": False, "error": self.code, **self.fields}


def rate_limited(retry_after: float) -> RefusalError:
    """429 with `Retry-After` in whole seconds (docs.slack.dev/apis/web-api/rate-limits)."""
    return RefusalError("ratelimited", status=429, headers={"Retry-After": str(max(1, math.ceil(retry_after)))})
