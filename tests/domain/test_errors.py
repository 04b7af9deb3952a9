"""What errors carry besides their sentence."""

from __future__ import annotations

import errno

from services.domain.errors import AppRefusedError, CalendarBusyError, SlackRateLimitedError
from services.domain.operator_errors import ListenError, SealError
from services.domain.request_errors import LinkOfAnotherError


def test_waits_are_in_seconds_and_for_whom_they_are_asked() -> None:
    limited = SlackRateLimitedError("users.profile.set", 30.0)
    assert (limited.method, limited.retry_after) == ("users.profile.set", 30.0)
    busy, refused = CalendarBusyError(retry_after=9.0), AppRefusedError("invalid_client")
    assert (busy.retry_after, busy.everybody) == (9.0, False)
    assert (refused.retry_after, refused.everybody) == (300.0, True)


def test_browser_of_somebody_else_is_told_in_which_workspace() -> None:
    assert LinkOfAnotherError("other", team_id="T1").team_id == "T1"


def test_why_nothing_can_listen_is_the_systems_reason() -> None:
    taken = OSError(errno.EADDRINUSE, "no matter")
    assert "127.0.0.1:80: address already in use" in str(ListenError("127.0.0.1", 80, taken))
    for error in (OSError("no number"), UnicodeError("label too long")):
        assert "nowhere:80: no such host" in str(ListenError("nowhere", 80, error))


def test_what_only_the_operator_can_mend_is_told_a_member_without_the_cure() -> None:
    assert "ENCRYPTION_KEYS" in SealError.for_operator()
    assert "ENCRYPTION_KEYS" not in SealError.sentence()
    assert ListenError.for_operator() == ListenError.sentence()
