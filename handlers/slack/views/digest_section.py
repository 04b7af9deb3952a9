"""What admins see of the digests of their workspace. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.slack.views import blocks as kit
from handlers.slack.views.digests import digest_rows
from handlers.slack.views.workspace import Section
from services.platform.locale import Localizer
from services.store.digests import Digest

_MOST = 20
"""Of a hundred blocks."""


def digest_section(l10n: Localizer, digests: Sequence[Digest]) -> Section:
    """Return each digest with a button that ends it; how many there are; those that their channels refuse."""
    if not digests:
        return Section()
    refused = [
        l10n.say("{channel} takes no digest any more.", channel=f"<#{one.channel_id}>")
        for one in digests
        if one.problem
    ]
    return Section(
        modal=(kit.header(l10n.say("Digests")), *digest_rows(l10n, digests, _MOST)),
        home=(l10n.say("Digests: *{count}*", count=len(digests)),),
        problems=tuple(refused[:_MOST]),
    )
