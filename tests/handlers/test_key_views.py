"""Keys for agents in every language within Slack's limits, also with the longest names and addresses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from handlers.slack.views.keys import KeysView, home_keys, key_shown_once, keys_form
from services.domain.agents import LONGEST_KEY_NAME, MOST_KEYS, AgentKey, May
from services.domain.errors import TooManyKeysError
from services.platform.locale import Localizer
from tests.support import blockkit

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
NASTY = "<!here> & *b* `c` _長_"
MANY = [
    AgentKey(f"{number:016x}", (NASTY * 3)[:LONGEST_KEY_NAME], May.WRITE, NOW, NOW if number else None)
    for number in range(MOST_KEYS)
]
LINK = "https://quo.example/" + "x" * 900
LOCALIZERS = [Localizer(code, "Europe/Berlin") for code in ("en-US", "de-DE", "fr-FR", "es-ES", "ja-JP")]


@pytest.mark.parametrize("l10n", LOCALIZERS, ids=lambda l10n: l10n.locale)
def test_views_of_keys_stay_within_slacks_limits_and_nothing_is_cut(l10n: Localizer) -> None:
    for view in (
        KeysView([], NOW), KeysView(MANY, NOW), KeysView(MANY, NOW, allowed=False),
        KeysView(MANY, NOW, allowed=False, by_operator=True), KeysView([], NOW, link=LINK),
    ):  # fmt: skip
        form = keys_form(l10n, view, problem=TooManyKeysError("keys"))
        for shown in (form, {"type": "home", "blocks": home_keys(l10n, view)}):
            blockkit.check_view(shown)
            assert "…" not in str(shown)
            assert "<!here>" not in str(shown)
    secret = "quo_" + "x" * 43
    once = key_shown_once(l10n, MANY[0], secret, "https://" + "status-quo." * 22 + "example.com")
    blockkit.check_view(once)
    assert "…" not in str(once)
    assert str(once["blocks"]).count(secret) == 4


def test_key_whose_name_cannot_be_opened_can_still_be_revoked() -> None:
    nameless = AgentKey("00ff", "", May.READ, NOW)
    form = keys_form(LOCALIZERS[0], KeysView([nameless], NOW))
    assert "*(no name)*\\nreads only" in str(form)
    assert "revoke_00ff" in str(form)
