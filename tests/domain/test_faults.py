"""Which refusals of Slack's end a grant by themselves, and which may be about everybody."""

from __future__ import annotations

import pytest

from services.domain.errors import GrantLostError, SlackUnavailableError, StatusQuoError
from services.domain.faults import is_lost


@pytest.mark.parametrize(
    ("refusal", "lost"),
    [
        (GrantLostError("token_revoked"), True),
        (GrantLostError("account_inactive"), True),
        (GrantLostError("invalid_auth"), False),
        (SlackUnavailableError("http 503"), False),
    ],
)
def test_grant_is_lost_where_there_is_no_doubt(refusal: StatusQuoError, lost: bool) -> None:
    assert is_lost(refusal) is lost
