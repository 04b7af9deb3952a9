"""What the operator has to mend, in words; which refusals of Slack's end a grant, and which may be about everybody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.domain.errors import GrantLostError, SlackUnavailableError, StatusQuoError, WorkspaceBlockedError
from services.domain.faults import (
    CURES,
    REFUSED,
    OperatorFault,
    StandingFault,
    client_fault,
    concerns_bot,
    is_lost,
    redirect_fault,
    sentence,
)


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


@pytest.mark.parametrize(
    ("refusal", "concerns"),
    [
        (GrantLostError("account_inactive"), True),
        (WorkspaceBlockedError("team_access_not_granted"), True),
        (WorkspaceBlockedError("restricted_action"), False),
        (SlackUnavailableError("http 503"), False),
    ],
)
def test_refusal_concerns_the_bot_where_no_other_call_would_fare_better(
    refusal: StatusQuoError, concerns: bool
) -> None:
    assert concerns_bot(refusal) is concerns


def test_each_fault_has_words_and_two_are_of_one_workspace() -> None:
    assert set(CURES) == set(OperatorFault)
    assert {one.kind for one in OperatorFault} == set(REFUSED)
    assert [one.value for one in OperatorFault if one.of_workspace] == ["slack_tokens", "slack_bot"]


def test_fault_is_made_of_who_refuses_and_what() -> None:
    named = {(one.whose, one.kind, one.named) for one in (client_fault("google"), redirect_fault("microsoft"))}
    assert named == {("google", "client", "Google Calendar"), ("microsoft", "redirect", "Microsoft 365")}


@pytest.mark.parametrize(("detail", "more"), [("invalid_client", " (invalid_client)"), ("", "")])
def test_sentence_says_since_when_why_and_what_to_do(detail: str, more: str) -> None:
    since = datetime(2026, 11, 29, 9, 5, tzinfo=UTC)
    said = sentence(StandingFault(OperatorFault.GOOGLE_CLIENT, "", since, since, detail))
    assert said == f"does not take this app since 2026-11-29 09:05 UTC{more}: {CURES[OperatorFault.GOOGLE_CLIENT]}"
    assert "GOOGLE_CLIENT_SECRET" in said
