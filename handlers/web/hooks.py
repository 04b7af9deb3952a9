"""Inbound hooks: the addresses that other programs post to, and the modals in which a person gets one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack.calls import view_call
from handlers.slack.surface import Requester, Surface, person, text_of
from handlers.slack.views import modals, replies
from handlers.slack.views.hooks import shown_once
from handlers.web.hook_status import read
from services.calendars.hooks import PATH, Hooks
from services.calendars.ical.charset import as_utf8, codec_of
from services.domain.errors import InputError, NothingToDoError, RequestError
from services.platform.threads import off_loop
from services.ports import Clock

Body = dict[str, Any]

_CALENDAR = "text/calendar"
_JSON = "application/json"


class HookTypeError(RequestError):
    """Send a status as `application/json`, or a calendar as `text/calendar`."""

    http_status = 415


@dataclass(frozen=True, slots=True)
class HookRoutes:
    """`POST` and `DELETE /hooks/{secret}`. The secret is all that lets a caller in; it is in no log and no label."""

    hooks: Hooks
    clock: Clock

    def routes(self) -> list[web.RouteDef]:
        """One address, two methods."""
        return [web.post(f"{PATH}{{secret}}", self.post), web.delete(f"{PATH}{{secret}}", self.delete)]

    async def post(self, request: web.Request) -> web.Response:
        """A status or a calendar; 202 for what is taken in and done in a moment."""
        hook = await self.hooks.find(request.match_info["secret"])
        kind, body = request.content_type, await request.read()
        if kind == _CALENDAR:
            entries = await self.hooks.take(hook, await _in_utf8(body, request.charset))
            return web.json_response({"ok": True, "entries": entries}, status=202)
        if kind != _JSON:
            raise HookTypeError("content type")
        wanted = read(await _in_utf8(body, request.charset), hook.zone, self.clock.now())
        made = await self.hooks.show(hook, text=wanted.text, emoji=wanted.emoji, end=wanted.end)
        until = None if made.end is None else made.end.isoformat().replace("+00:00", "Z")
        return web.json_response({"ok": True, "text": made.text, "emoji": made.emoji, "until": until})

    async def delete(self, request: web.Request) -> web.Response:
        """End the status that this hook shows; that there is none is well, too."""
        hook = await self.hooks.find(request.match_info["secret"])
        return web.json_response({"ok": True, "ended": await self.hooks.end(hook)})


async def _in_utf8(body: bytes, charset: str | None) -> bytes:
    """A body in the encoding that calendars and JSON are read in. Raises HookTypeError."""
    if charset is None:
        return body
    if codec_of(charset) is None:
        raise HookTypeError("charset")
    return await off_loop(as_utf8, body, charset)


@dataclass(frozen=True, slots=True)
class HookModals:
    """The buttons."""

    surface: Surface

    async def create_hook(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """A new hook, its address in the place of the modal that the button is in."""
        await ack()
        who = await person(self.surface, context)
        try:
            address = await self.surface.hooks.create(who.key)
        except InputError as error:
            view = modals.done(who.voice, who.voice.say("Your hook"), [who.voice.say(error.sentence())])
        else:
            view = shown_once(who.voice, address, *await self._grant(who))
        await _show(client, body, view)

    async def _grant(self, who: Requester) -> list[dict[str, Any]]:
        """The link for somebody whose status we may not set yet: until then nothing is shown."""
        if who.view.granted:
            return []
        blocks: list[dict[str, Any]] = replies.grant(
            who.voice, await self.surface.people.grant_link(who.key), kept=False
        )["blocks"]
        return blocks


async def show_rotated(surface: Surface, who: Requester, client: AsyncWebClient, body: Body, calendar_id: str) -> None:
    """Give a hook a new address and show it in a modal. Raises NothingToDoError where there is no such hook."""
    address = await surface.hooks.rotate(who.key, calendar_id)
    if address is None:
        raise NothingToDoError("no such hook")
    await _show(client, body, shown_once(who.voice, address))


async def _show(client: AsyncWebClient, body: Body, view: dict[str, Any]) -> None:
    """In the place of the modal that was clicked in, else in a new one."""
    clicked = body.get("view")
    if isinstance(clicked, dict) and clicked.get("type") == "modal" and isinstance(clicked.get("id"), str):
        await view_call(client, "views.update", view_id=clicked["id"], view=view)
    else:
        await view_call(client, "views.open", trigger_id=text_of(body, "trigger_id"), view=view)
