"""The keeper in the form of the workspace keeps within Slack's limits, in every language, whatever became of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from handlers.slack.views import blocks as kit
from handlers.slack.views import keeper_section
from services.domain.keeper import KeeperState
from services.domain.model import PersonKey
from services.platform.locale import Localizer
from services.store.keeper import KeeperCounts, StandingKeeper
from services.usecases.keeper import KeeperView
from tests.support import blockkit

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LONG = "<!channel> & *bold* <https://x.example|y> `code` " + "長" * 31


@pytest.mark.parametrize("locale", ["en-US", "de-DE", "fr-FR", "es-ES", "ja-JP"])
@pytest.mark.parametrize("state", KeeperState)
def test_keeper_as_admins_see_it_stays_within_slacks_limits(locale: str, state: KeeperState) -> None:
    l10n = Localizer(locale, "Europe/Berlin")
    standing = StandingKeeper(PersonKey("T1", "U1"), NOW, state, "paid_only")
    codes = [*keeper_section.WHY, "something_else"] * 4
    refused = tuple((LONG, code) for code in codes)[:20]
    counts = KeeperCounts(20_000, 20_000, tuple(("U1", code) for code in codes))
    for view in (KeeperView(), KeeperView(allowed=False), KeeperView(standing, LONG, counts, refused)):
        section = keeper_section.keeper_section(l10n, view)
        if section.modal:
            blockkit.check_view(kit.modal("m", "Title", section.modal, close="Close"))
        assert all(len(line) < 1_000 for line in (*section.home, *section.problems))
    blockkit.check_view(keeper_section.agree_modal(l10n, "https://quo.example/keeper?link=" + "x" * 500))
