"""What admins see of the digests of their workspace. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.slack.views import blocks as kit
from handlers.slack.views.digests import END, channel_line
from handlers.slack.views.workspace import Section
from services.platform.locale import Localizer
from services.store.digests import Digest

_MOST = 20
"""Of a hundred blocks."""


def digest_section(l10n: Localizer, digests: Sequence[Digest]) -> Section:
    """Each digest with a button that ends it; how many there are; those that their channels refuse."""
    if not digests:
        return Section()
    rows = [
        kit.section(channel_line(l10n, one), kit.button(l10n.say("End"), END, value=f"{one.channel_id}:{one.period}"))
        for one in digests[:_MOST]
    ]
    if len(digests) > _MOST:
        rows.append(kit.context(l10n.say("… and {count} more.", count=len(digests) - _MOST)))
    refused = [
        l10n.say("{channel} takes no digest any more.", channel=f"<#{one.channel_id}>")
        for one in digests
        if one.problem
    ]
    return Section(
        modal=(kit.header(l10n.say("Digests")), *rows),
        home=(l10n.say("Digests: *{count}*", count=len(digests)),),
        problems=tuple(refused[:_MOST]),
    )
