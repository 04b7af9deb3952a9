"""Unhappy answers in the shape of the API's errors (…/calendar/api/guides/errors)."""

from __future__ import annotations

from emulators.oauth import ApiError


def google_error(status: int, reason: str, message: str = "", domain: str = "global") -> ApiError:
    """The error to be raised."""
    message = message or reason
    named = {"domain": domain, "reason": reason, "message": message}
    return ApiError(status, {"error": {"errors": [named], "code": status, "message": message}})
