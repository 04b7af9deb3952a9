"""Keys for agents: the form in which they are made, shown once and revoked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.slack.context import (
    Requester,
    Services,
    keys_view,
    open_view,
    person,
    refuse,
    request_of,
    text_of,
    view_call,
)
from handlers.slack.home import HomeTab
from handlers.slack.views import keys as views
from handlers.slack.views.blocks import Values
from handlers.slack.views.keys import KeysView
from handlers.slack.views.modals import View
from services.domain.errors import AlreadyMadeError, InputError, NotGrantedError, StatusQuoError
from services.domain.request_errors import AgentsNotAllowedError

_REVOKE = re.compile(views.REVOKE + "([0-9a-f]{1,64})")
_AS_IT_STANDS = (NotGrantedError, AgentsNotAllowedError)
"""What the form says by itself, as soon as it is shown anew."""


@dataclass(frozen=True, slots=True)
class KeyForms:
    """What makes and revokes keys. `base_url` is PUBLIC_URL without a slash at its end."""

    services: Services
    tab: HomeTab
    base_url: str

    def register(self, bolt: AsyncApp) -> None:
        """Bind them."""
        bolt.block_action(views.OPEN)(self.open)
        bolt.block_action(views.MAKE)(self.make)
        bolt.block_action(_REVOKE)(self.revoke)
        bolt.view_submission(views.KEYS)(self.submitted)

    async def open(self, args: AsyncArgs) -> None:
        """Show the keys, in the place of the modal that was clicked in."""
        await args.ack()
        who = await person(self.services, args.context)
        await self._show(args, await keys_form(self.services, who))

    async def make(self, args: AsyncArgs) -> None:
        """Make a key, shown in the place of the form; or show the form again, with what is wrong."""
        await args.ack()
        who = await person(self.services, args.context)
        form = args.body.get("view") or {}
        values = Values.of(form)
        # clicked twice before the first answer is there, it is the same form still
        made, errors = await self._make(who, values, f"{text_of(form, 'id')}/{text_of(form, 'hash')}")
        if any(isinstance(error, AlreadyMadeError) for error in errors.values()):
            return  # the key stands in its place
        if made is None:
            problem = next(iter(errors.values()), None)
            made = views.keys_form(who.l10n, await _keys(self.services, who), problem=problem, before=values)
        await self._show(args, made)
        await self.tab.publish(args, who.key)

    async def submitted(self, args: AsyncArgs) -> None:
        """Do the same for who closes the form with a name in it; without one there is nothing to do."""
        who = await person(self.services, args.context)
        values = Values.of(args.body["view"])
        if not values.text("name"):
            await args.ack()
            return
        made, errors = await self._make(who, values, request_of(args.context))
        if errors:
            await refuse(args, who, errors)
            return
        await args.ack(response_action="update", view=made or await keys_form(self.services, who))
        await self.tab.publish(args, who.key)

    async def revoke(self, args: AsyncArgs) -> None:
        """End a key; the form shows those that are left."""
        await args.ack()
        who = await person(self.services, args.context)
        if (found := _REVOKE.fullmatch(text_of(args.body["actions"][0], "action_id"))) is not None:
            await self.services.keys.revoke(who.key, found[1])
        await self._show(args, await keys_form(self.services, who))
        await self.tab.publish(args, who.key)

    async def _make(
        self, who: Requester, values: Values, request: str
    ) -> tuple[View | None, dict[str, StatusQuoError]]:
        """Return the modal that shows a new key; None, and what is wrong by block, where there is none."""
        name, may, wrong = views.read_key(values)
        errors: dict[str, StatusQuoError] = {**wrong}
        if not errors:
            try:
                made, secret = await self.services.keys.make(who.key, name, may, request=request)
            except InputError as error:
                errors[error.field or "name"] = error
            except _AS_IT_STANDS:
                pass
            else:
                return views.key_shown_once(who.l10n, made, secret, self.base_url), {}
        return None, errors

    async def _show(self, args: AsyncArgs, view: View) -> None:
        clicked = args.body.get("view")
        if isinstance(clicked, dict) and clicked.get("type") == "modal":
            await view_call(args.client, "views.update", view_id=text_of(clicked, "id"), view=view)
        else:
            await open_view(args, view)


async def keys_form(services: Services, who: Requester) -> View:
    """Return the form, as everything stands now."""
    return views.keys_form(who.l10n, await _keys(services, who))


async def _keys(services: Services, who: Requester) -> KeysView:
    link = "" if who.view.granted else await services.people.grant_link(who.key)
    return replace(await keys_view(services, who), link=link)
