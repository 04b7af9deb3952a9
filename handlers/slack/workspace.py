"""The workspace as its admins manage it: the form of its policy, with what other parts of the program add to it.

Whether somebody is an admin is asked of Slack when the form is opened, and again when it is submitted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.slack.context import (
    Requester,
    Services,
    admin,
    metadata_of,
    open_view,
    person,
    refuse,
    view_call,
    with_metadata,
)
from handlers.slack.views.blocks import Block, Values
from handlers.slack.views.modals import View
from handlers.slack.views.workspace import WORKSPACE, Section, home_part, read_workspace, workspace_form
from services.domain.errors import InputError
from services.domain.model import PersonKey
from services.domain.policy import Policy
from services.domain.timeline import today
from services.platform.locale import Localizer

ReadSection = Callable[[PersonKey, Localizer], Awaitable[Section]]
"""Reads what a part of the program shows an admin, in their language."""


class PolicyChangedError(InputError):
    """Another admin has changed the policy since you opened this form. Open it again to see how it stands."""


@dataclass(frozen=True, slots=True)
class WorkspaceParts:
    """What the admins of a workspace see. `read` are the sections of the other parts, in their order."""

    services: Services
    read: Sequence[ReadSection] = ()

    async def home(self, who: Requester) -> list[Block]:
        """Return the admins' part of the Home tab; nothing for whoever is none by what Slack said last."""
        if not who.view.admin:
            return []
        now = self.services.clock.now()
        team_id = who.key.team_id
        numbers = await self.services.policies.numbers(team_id, *today(now, who.view.zone))
        install = self.services.permissions.again_link(team_id) if numbers.missing_scopes else ""
        return home_part(
            who.l10n, await self.services.policies.of(team_id), numbers, await self.sections(who), install=install,
            now=now,
        )  # fmt: skip

    async def form(self, who: Requester) -> View:
        """Return the form, as everything stands now."""
        policies = self.services.policies
        policy = await policies.stored(who.key.team_id)
        set_at = "" if policy.set_at is None else policy.set_at.isoformat()
        form = workspace_form(who.l10n, policy, policies.operator.forbids, await self.sections(who), metadata="")
        return with_metadata(form, set_at=set_at)

    async def sections(self, who: Requester) -> list[Section]:
        """Return what the other parts show."""
        return [await read(who.key, who.l10n) for read in self.read]


@dataclass(frozen=True, slots=True)
class WorkspaceForms:
    """The form of the workspace."""

    services: Services
    parts: WorkspaceParts

    def register(self, bolt: AsyncApp) -> None:
        """Bind it."""
        bolt.block_action("open_workspace")(self.open)
        bolt.view_submission(WORKSPACE)(self.submitted)

    async def open(self, args: AsyncArgs) -> None:
        """Open the form, for an admin. Raises NotAnAdminError."""
        await args.ack()
        who = await admin(self.services, args.context)
        await open_view(args, await self.parts.form(who))

    async def submitted(self, args: AsyncArgs) -> None:
        """Keep the policy whole, or show each mistake at its field. Raises NotAnAdminError."""
        who = await admin(self.services, args.context)
        form = args.body["view"]
        opened = metadata_of(form).get("set_at", "")
        errors: dict[str, InputError] = {}

        def edit(before: Policy) -> Policy:
            if opened != ("" if before.set_at is None else before.set_at.isoformat()):
                raise PolicyChangedError("since")
            after, found = read_workspace(Values.of(form), before)
            errors.update(found)
            return before if found else after

        await self.services.policies.change(who.key, edit)
        if errors:
            await refuse(args, who, errors)
            return
        await args.ack()

    async def show_again(self, args: AsyncArgs, view_id: str) -> None:
        """Show the form that is open as `view_id` as everything stands now; what is typed in it stays.

        Raises SlackError.
        """
        who = await person(self.services, args.context)
        await view_call(args.client, "views.update", view_id=view_id, view=await self.parts.form(who))
