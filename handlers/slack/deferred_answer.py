"""Answering a submitted form that another server has a say in: Slack wants an answer within three seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from handlers.background import Background, within
from handlers.errors import sheltered
from handlers.slack.context import Requester, view_call
from handlers.slack.views import modals
from services.domain.errors import InputError, StatusQuoError

View = dict[str, Any]

PATIENCE = 2.0
"""Seconds that an answer waits for what asks another server."""

SETTLES = 0.5
"""Seconds from our answer until Slack has surely worked it in: a `views.update` before that would be undone by it."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A submission that may have to be answered twice."""

    ack: AsyncAck
    who: Requester
    body: dict[str, Any]
    client: AsyncWebClient


@dataclass(frozen=True, slots=True)
class DeferredAnswer:
    """`background` owns what takes longer than `seconds`."""

    background: Background
    seconds: float = PATIENCE

    async def answer(
        self, form: Submitted, work: Coroutine[Any, Any, View], again: Callable[[str], Awaitable[View]]
    ) -> None:
        """Answer with the view that `work` gives; where it takes long, at once, and show that view when it is there.

        What goes wrong is said at its block; later on, by the view that `again` makes of the sentence.
        """
        working = self.background.start(work)
        if not await within(working, self.seconds):
            await form.ack(response_action="update", view=modals.looking(form.who.l10n))
            self.background.leave(_show(form, working, again), form=form.body["view"]["callback_id"])
            return
        try:
            done = working.result()
        except InputError as error:
            await refuse(form.ack, form.who, {error.field or "feed": error})
        else:
            await form.ack(response_action="update", view=done)


async def refuse(ack: AsyncAck, who: Requester, errors: Mapping[str, InputError]) -> None:
    """Say each error at its block; nothing that was typed is lost."""
    await ack(
        response_action="errors",
        errors={block: who.l10n.say(error.sentence()) for block, error in errors.items()},
    )


async def _show(form: Submitted, working: Awaitable[View], again: Callable[[str], Awaitable[View]]) -> None:
    view = form.body["view"]
    found = await sheltered(_outcome(form, working, again), form=view["callback_id"])
    found = found or await again(form.who.l10n.say(StatusQuoError.sentence()))
    await asyncio.sleep(SETTLES)
    await view_call(form.client, "views.update", view_id=view["id"], view=found)


async def _outcome(form: Submitted, working: Awaitable[View], again: Callable[[str], Awaitable[View]]) -> View:
    try:
        return await working
    except InputError as error:
        return await again(form.who.l10n.say(error.sentence()))
