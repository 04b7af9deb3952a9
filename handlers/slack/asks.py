"""Doing what somebody asks for in parts: a line that was read, a form, or what was kept until they had granted."""

from __future__ import annotations

from handlers.slack.context import Requester, Services, list_view
from handlers.slack.views import modals
from handlers.slack.views.blocks import Block
from handlers.slack.views.list_modal import waiting
from services.domain.asks import AskedAbsence, AskedStatus, begins_at
from services.domain.model import Override


async def do(
    services: Services, who: Requester, ask: AskedStatus | AskedAbsence, request: str
) -> tuple[Override, list[Block]]:
    """Show the status or be out of office; what is made, and what tells of the permissions that it waits for.

    The same `request` counts once. What began while it waited begins now. Raises TimeInThePastError where it is over.
    """
    start = begins_at(ask.start, ask.end, services.clock.now())
    if isinstance(ask, AskedStatus):
        made = await services.statuses.override(
            who.key, text=ask.text, emoji=ask.emoji, start=start, end=ask.end, request=request, effects=ask.effects
        )
        view = await list_view(services, who, effects=ask.effects, ask_slack=True) if ask.effects else None
        return made, [] if view is None else waiting(view, ask.effects)
    made = await services.statuses.out_of_office(
        who.key, start=start, end=ask.end, note=ask.note, request=request, stand_in=ask.stand_in
    )
    target = await services.own.put(who.key, made.id) if ask.in_calendar else None
    return made, [] if target is None or not target.link else modals.allow_writing(who.l10n, target)
