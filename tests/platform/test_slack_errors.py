"""From what Slack answers to what it means for us: each word that its methods can refuse with."""

from __future__ import annotations

import pytest

from services.domain.errors import (
    BadEmojiError,
    BadPictureError,
    GrantLostError,
    PictureMovesError,
    PictureTooLargeError,
    ScopeMissingError,
    SlackError,
    SlackRateLimitedError,
    SlackRefusedError,
    SlackShutError,
    SlackUnavailableError,
    TokenExpiredError,
    WorkspaceBlockedError,
)
from services.slack.client import error_for

WORDS: dict[type[SlackError], str] = {
    BadEmojiError: "invalid_emoji_not_allowed profile_status_set_failed_not_valid_emoji"
    " profile_status_set_failed_not_emoji_syntax",
    GrantLostError: "invalid_auth token_revoked account_inactive not_authed not_allowed_token_type",
    ScopeMissingError: "missing_scope",
    TokenExpiredError: "token_expired",
    SlackShutError: "bad_client_secret invalid_client_id",
    WorkspaceBlockedError: "access_denied enterprise_is_restricted team_access_not_granted ekm_access_denied"
    " no_permission permission_denied cannot_update_admin_user not_admin sudo_required",
    SlackRateLimitedError: "ratelimited rate_limited",
    SlackUnavailableError: "internal_error fatal_error service_unavailable request_timeout profile_set_failed"
    " partial_profile_set_failed",
    BadPictureError: "bad_image",
    PictureTooLargeError: "too_large",
    PictureMovesError: "too_many_frames",
    SlackRefusedError: "email_taken invalid_ooo_message invalid_profile invalid_starts_with_at name_not_allowed"
    " must_clear_both_status_text_and_status_emoji not_app_admin reserved_name too_long username_same user_not_found"
    " user_not_visible a_word_that_slack_may_add",
}


@pytest.mark.parametrize(("kind", "word"), [(kind, word) for kind, words in WORDS.items() for word in words.split()])
def test_each_word_of_slack_has_its_kind(kind: type[SlackError], word: str) -> None:
    error = error_for("users.profile.set", word)
    assert type(error) is kind
    assert error.reason == ("ratelimited" if kind is SlackRateLimitedError else word)
