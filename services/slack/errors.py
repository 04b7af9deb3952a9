"""From what Slack answered to the tree of errors, in one place.

Codes and their classes: docs.slack.dev, "Errors" of users.profile.set and the common errors of the Web API;
`profile_status_set_failed_*` are undocumented and seen in the wild.
"""

from __future__ import annotations

from services.domain.errors import (
    BadEmojiError,
    GrantLostError,
    ScopeMissingError,
    SlackError,
    SlackRateLimitedError,
    SlackRefusedError,
    SlackUnavailableError,
    TokenExpiredError,
    TooLateError,
    WorkspaceBlockedError,
)

_GRANT_LOST = frozenset({
    "invalid_auth", "token_revoked", "account_inactive", "not_authed", "not_allowed_token_type",
    "two_factor_setup_required", "invalid_refresh_token", "user_removed_from_team",
})  # fmt: skip
_BLOCKED = frozenset({
    "access_denied", "accesslimited", "enterprise_is_restricted", "team_access_not_granted", "ekm_access_denied",
    "no_permission", "permission_denied", "cannot_update_admin_user", "not_admin", "restricted_action", "sudo_required",
    "paid_only",
})  # fmt: skip
_TRANSIENT = frozenset({
    "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org",
    "org_login_required", "partial_profile_set_failed", "profile_set_failed",
})  # fmt: skip
_BAD_EMOJI = frozenset({
    "invalid_emoji_not_allowed", "profile_status_set_failed_not_valid_emoji",
    "profile_status_set_failed_not_emoji_syntax",
})  # fmt: skip
_TRIGGER = frozenset({
    "expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged", "invalid_trigger_id",
    "invalid_trigger",
})  # fmt: skip
"""A form is opened within three seconds of what asks for it, and once (docs.slack.dev, views.open)."""
_SERVER_ERROR = 500
_TOO_MANY_REQUESTS = 429
LONGEST_WAIT = 900.0
"""Seconds that a Retry-After is obeyed at most: Slack's limits are by the minute, and one absurd number is not to
silence a workspace for days."""


def error_for(method: str, code: str, *, http_status: int = 200, retry_after: float | None = None) -> SlackError:
    """The error for `code` (Slack's `error`, "" where there was none) answered to `method`.

    `retry_after` is the Retry-After header in seconds, any number at all. `SlackRateLimitedError.retry_after` is 0
    where there was none (a `ratelimited` in a 200) or none of use: the caller backs off by itself.
    """
    if http_status == _TOO_MANY_REQUESTS or code in {"ratelimited", "rate_limited"}:
        asked = retry_after if retry_after is not None and retry_after > 0 else 0.0  # nan is not more than 0
        return SlackRateLimitedError(method, min(asked, LONGEST_WAIT))
    if http_status >= _SERVER_ERROR or code in _TRANSIENT or not code:
        return SlackUnavailableError(code or f"http_{http_status}", method=method)
    kinds: tuple[tuple[frozenset[str], type[SlackError]], ...] = (
        (_GRANT_LOST, GrantLostError),
        (frozenset({"token_expired"}), TokenExpiredError),
        (frozenset({"missing_scope"}), ScopeMissingError),
        (_BLOCKED, WorkspaceBlockedError),
        (_BAD_EMOJI, BadEmojiError),
        (_TRIGGER, TooLateError),
    )
    for codes, kind in kinds:
        if code in codes:
            return kind(code, method=method)
    return SlackRefusedError(code, method=method)
