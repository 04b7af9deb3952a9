"""Slack's tokens: when they are to be renewed, and which workspace they are for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.domain.people import RENEWAL_SPREAD, RENEWED_AHEAD, OAuthAnswer, Tokens

EXPIRES = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)


def test_token_that_expires_is_renewed_hours_before_spread_by_its_owner() -> None:
    tokens = Tokens("xoxe.xoxp-1", refresh="xoxe-1", expires_at=EXPIRES)
    due = {tokens.refresh_due_at("T1", f"U{number}") for number in range(100)}
    assert len(due) == 100
    assert all(
        at is not None and EXPIRES - RENEWED_AHEAD - RENEWAL_SPREAD < at <= EXPIRES - RENEWED_AHEAD for at in due
    )
    assert tokens.refresh_due_at("T1", "U1") == tokens.refresh_due_at("T1", "U1")


@pytest.mark.parametrize("tokens", [Tokens("xoxp-1"), Tokens("xoxp-1", expires_at=EXPIRES), Tokens("x", refresh="y")])
def test_token_that_does_not_expire_or_cannot_be_renewed_is_never_due(tokens: Tokens) -> None:
    assert tokens.refresh_due_at("T1") is None


@pytest.mark.parametrize(
    ("team", "org", "org_wide", "home"),
    [("T1", "", False, "T1"), ("T1", "E1", False, "T1"), ("T1", "E1", True, "E1"), ("", "E1", False, "E1")],
)
def test_workspace_is_kept_under_its_team_and_an_org_under_its_own_id(
    team: str, org: str, org_wide: bool, home: str
) -> None:
    assert OAuthAnswer(team, org, org_wide, "Acme", "A1", "U1").home == home


def test_no_token_is_in_what_is_printed() -> None:
    assert "secret" not in repr(Tokens("xoxp-secret", refresh="xoxe-secret", expires_at=EXPIRES))
