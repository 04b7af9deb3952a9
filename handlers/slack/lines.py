"""The list of a person's lines: shown whole, each line edited in a form, moved, switched off, deleted, put back.

A line and a routine have the same buttons under names of their own. What a form would change can be seen before it is
saved; what was changed can be taken back where it was changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.slack.context import (
    Body,
    Services,
    chosen,
    list_view,
    metadata_of,
    open_view,
    person,
    read_list,
    refuse,
    show_on_top,
    view_call,
    with_metadata,
)
from handlers.slack.home import HomeTab
from handlers.slack.modals import check_emoji, close, submission_id
from handlers.slack.views import file_replies, line_form, modals, replies, routine_form
from handlers.slack.views.blocks import Values
from handlers.slack.views.line_answers import Errors, read_line
from handlers.slack.views.line_form import PREVIEW
from handlers.slack.views.lines import ListView, changes
from handlers.slack.views.list_modal import MUTE, ROUTINES, RULES, list_modal, mute_while, saved, waiting
from handlers.slack.views.modals import View
from handlers.slack.views.routine_form import read_routine
from services.domain import lines
from services.domain.errors import InputError
from services.domain.lines import Line, Routine, Rule
from services.domain.model import Effect, Kind, Photo, Picture
from services.domain.policy import FixedError
from services.store.line_file import written
from services.usecases.statuses import request_id
from services.usecases.teller import Teller

Edit = Callable[[tuple[Line, ...]], tuple[Line, ...]]


@dataclass(frozen=True, slots=True)
class ListForms:
    """The list and the forms of its lines."""

    services: Services
    tab: HomeTab
    teller: Teller

    def register(self, bolt: AsyncApp) -> None:
        """Bind them: the buttons of a routine have its name, and do what those of other lines do."""
        for what in ("line", "routine"):
            bolt.block_action(f"edit_{what}")(self.edit_line)
            bolt.block_action(f"move_{what}_up")(self.move_up)
            bolt.block_action(f"move_{what}_down")(self.move_down)
            bolt.block_action(f"switch_{what}")(self.switch)
            bolt.block_action(f"delete_{what}")(self.delete)
            bolt.view_submission(what)(self.submitted)
        bolt.block_action("add_line")(self.add_line)
        bolt.block_action("add_routine")(self.add_routine)
        bolt.block_action("choose_picture")(self.choose_picture)
        bolt.block_action("open_rules")(self.open_rules)
        bolt.block_action("open_routines")(self.open_routines)
        bolt.block_action("list_page_before")(self.turn_page)
        bolt.block_action("list_page_after")(self.turn_page)
        bolt.block_action(PREVIEW)(self.preview)
        bolt.block_action("export_list")(self.export)
        bolt.block_action("choose_mute")(self.choose_mute)
        bolt.view_submission(MUTE)(self.mute)
        bolt.block_action("undo")(self.undo)
        bolt.block_action("undo_override")(self.undo)

    # ── the list ────────────────────────────────────────────────────────────────────────────────────

    async def open_rules(self, args: AsyncArgs) -> None:
        """Open the whole list."""
        await args.ack()
        await open_view(args, list_modal(await self._view(args)))

    async def open_routines(self, args: AsyncArgs) -> None:
        """Open the routines of the list."""
        await args.ack()
        await open_view(args, list_modal(await self._view(args), ROUTINES))

    async def turn_page(self, args: AsyncArgs) -> None:
        """Other lines of a long list."""
        await args.ack()
        page = chosen(args.body)
        view = await self._view(args)
        await self._show_list(args, view, args.body["view"], {"page": page if page.isdigit() else "0"})

    async def move_up(self, args: AsyncArgs) -> None:
        """Have a line looked at one place earlier."""
        await self._change(args, partial(lines.moved, line_id=chosen(args.body), by=-1))

    async def move_down(self, args: AsyncArgs) -> None:
        """Have a line looked at one place later."""
        await self._change(args, partial(lines.moved, line_id=chosen(args.body), by=1))

    async def switch(self, args: AsyncArgs) -> None:
        """Switch a line off, or on again."""
        await self._change(args, partial(lines.switched, line_id=chosen(args.body)))

    async def delete(self, args: AsyncArgs) -> None:
        """Delete a line."""
        await self._change(args, partial(lines.without, line_id=chosen(args.body)))

    async def export(self, args: AsyncArgs) -> None:
        """Send the person their list, as a file of it holds it."""
        await args.ack()
        view = await self._view(args)
        for message in file_replies.list_exported(view.l10n, written(view.facts.lines)):
            await self.teller.tell(view.facts.key, message)
        await self._show_list(args, view, args.body["view"], note=view.l10n.say("I sent it to you in my messages."))

    async def undo(self, args: AsyncArgs) -> None:
        """Take back what was changed: said in the answer that was clicked, or shown where it was clicked."""
        await args.ack()
        who = await person(self.services, args.context)
        clicked = args.body.get("view")
        try:
            change = await self.services.undos.undo(who.key, chosen(args.body))
            said = replies.undone(who.l10n, change, self.services.clock.now())
        except InputError as error:
            if isinstance(clicked, dict):
                raise
            said = replies.sentence(who.l10n, error)
        if not isinstance(clicked, dict) and not args.context.response_url:  # Slackbot shows the answer, not a message
            await self.teller.tell(who.key, replies.posted(said))
        elif not isinstance(clicked, dict):
            await args.respond(**replies.posted(said), replace_original=True)
        elif clicked.get("callback_id") in {RULES, ROUTINES}:
            await self._show_list(args, await self._view(args), clicked)
        elif clicked.get("type") == "modal":
            view = modals.done(who.l10n, who.l10n.say("Undone"), [said["text"]])
            await view_call(args.client, "views.update", view_id=clicked["id"], view=view)
        else:
            await self.tab.publish(args, who.key)

    async def _change(self, args: AsyncArgs, edit: Edit) -> None:
        await args.ack()
        who = await person(self.services, args.context)
        undo_id = await self.services.settings.change_lines(who.key, edit)
        clicked = args.body["view"]
        if clicked.get("type") == "modal":
            await self._show_list(args, await self._view(args), clicked, undo_id=undo_id)
        else:
            await self.tab.publish(args, who.key)

    # ── the forms ───────────────────────────────────────────────────────────────────────────────────

    async def add_line(self, args: AsyncArgs) -> None:
        """Open the form of a new rule."""
        await args.ack()
        view = await self._read_list(args)
        _allow(view, Rule("", ""))
        await _show_form(args, line_form.line_form(view, None))

    async def edit_line(self, args: AsyncArgs) -> None:
        """Open the form of a line; of a routine, its own."""
        await args.ack()
        view = await self._read_list(args)
        line = lines.known(view.facts.lines, chosen(args.body))
        _allow(view, line)
        await _show_form(args, _form(view, line))

    async def choose_picture(self, args: AsyncArgs) -> None:
        """Open the form of the out-of-office line, with the picture that the person has sent filled in."""
        await args.ack()
        view = await self._read_list(args)
        line = lines.known(view.facts.lines, Kind.OUT_OF_OFFICE.value)
        line = replace(line, effects=line.effects | {Effect.PHOTO}, photo=Photo(Picture.OWN))
        await _show_form(args, _form(view, line))

    async def add_routine(self, args: AsyncArgs) -> None:
        """Open the form of a new routine."""
        await args.ack()
        view = await self._read_list(args)
        _allow(view, routine_form.NEW)
        await _show_form(args, routine_form.routine_form(view, None))

    async def preview(self, args: AsyncArgs) -> None:
        """Tell what a form would change, in the form as it is filled in."""
        await args.ack()
        view, form = await self._read_list(args), args.body["view"]
        if form.get("callback_id") not in {line_form.LINE, routine_form.ROUTINE}:
            return
        line, below, errors = await self._read(args.body, view)
        if errors:
            said = [f":warning: {view.l10n.say(error.sentence())}" for error in errors.values()]
        else:
            try:
                put = partial(lines.put, line=line, below=below)
                found = await self.services.reader.would_change(view.facts.key, put)
                said = [changes(view.l10n, found, self.services.clock.now())]
            except InputError as error:
                said = [f":warning: {view.l10n.say(error.sentence())}"]
        is_new = all(one.id != line.id for one in view.facts.lines)
        filled = line_form.previewed(_form(view, line, is_new=is_new), Values.of(form), "\n".join(said))
        filled = with_metadata(filled, **metadata_of(form))
        await view_call(args.client, "views.update", view_id=form["id"], view=filled)

    async def submitted(self, args: AsyncArgs) -> None:
        """Save a line or a routine whole, or show each mistake at its field."""
        who = await person(self.services, args.context)
        view = await read_list(self.services, who)
        line, below, errors = await self._read(args.body, view)
        if not errors:
            try:
                put = partial(lines.put, line=line, below=below)
                undo_id = await self.services.settings.change_lines(who.key, put)
            except InputError as error:
                errors[error.field or "text"] = error
        if errors:
            await refuse(args, who, errors)
            return
        view, form = await self._view(args), args.body["view"]
        told = waiting(view, line.effects if line.enabled else frozenset())
        done = [saved(view, undo_id)] if undo_id and told else []
        await close(args, who, who.l10n.say("Your list"), [*done, *told])
        below_form = form.get("previous_view_id")
        if isinstance(below_form, str) and below_form:
            kept = metadata_of(form)
            beneath = {"id": below_form, "callback_id": kept.get("list", RULES), "private_metadata": json.dumps(kept)}
            await self._show_list(args, view, beneath, undo_id=undo_id)

    async def choose_mute(self, args: AsyncArgs) -> None:
        """Take the answer to the question of the first connection, asked by the Home tab."""
        await args.ack()
        who = await person(self.services, args.context)
        await open_view(args, mute_while(who.l10n))

    async def mute(self, args: AsyncArgs) -> None:
        """Mute while what was chosen: those lines of the list do it from now on."""
        who = await person(self.services, args.context)
        kinds = Values.of(args.body["view"]).several("mute")
        undo_id = await self.services.settings.change_lines(who.key, partial(_muting, kinds=kinds))
        view = await list_view(self.services, who)
        done = [saved(view, undo_id)] if undo_id else []
        await close(args, who, who.l10n.say("Mute notifications"), [*done, *waiting(view)])

    async def _read(self, body: Body, view: ListView) -> tuple[Line, str | None, Errors]:
        """Return the line that a form makes, the id of the line below it, and what is wrong."""
        form = body["view"]
        values, line_id = Values.of(form), metadata_of(form).get("id", "")
        before = next((line for line in view.facts.lines if line.id == line_id), None)
        made_id = line_id or request_id(view.facts.key, submission_id(body))
        line: Line
        if form["callback_id"] == routine_form.ROUTINE:
            line, below, errors = read_routine(
                values, made_id, before if isinstance(before, Routine) else None, view.policy
            )
        else:
            before = before if isinstance(before, Rule) else Rule(made_id, "")
            line, below, errors = read_line(values, before, view.calendars, view.policy)
        emoji = line.look.emoji or ""
        if before is None or emoji != before.look.emoji:  # one that has vanished since may stay
            await check_emoji(self.services, view.facts.key, {"emoji": emoji}, errors)
        return line, below, errors

    # ── where they are shown ────────────────────────────────────────────────────────────────────────

    async def _read_list(self, args: AsyncArgs) -> ListView:
        return await read_list(self.services, await person(self.services, args.context))

    async def _view(self, args: AsyncArgs) -> ListView:
        who = await person(self.services, args.context)
        return await list_view(self.services, who, ask_slack=True)

    async def _show_list(
        self,
        args: AsyncArgs,
        view: ListView,
        shown: Mapping[str, Any],
        change: Mapping[str, str] | None = None,
        *,
        undo_id: str = "",
        note: str = "",
    ) -> None:
        """Show the list in the place of the modal `shown`, at the page it was at."""
        kept = {**metadata_of(shown), **(change or {})}
        page = int(kept["page"]) if kept.get("page", "").isdigit() else 0
        fresh = list_modal(view, shown["callback_id"], page=page, undo_id=undo_id, note=note)
        await view_call(args.client, "views.update", view_id=shown["id"], view=fresh)


def _allow(view: ListView, line: Line) -> None:
    """Refuse the form of a line that the workspace does not let members have. Raises FixedError."""
    if not view.policy.may_have(line):
        raise FixedError("line")


def _form(view: ListView, line: Line, *, is_new: bool = False) -> View:
    if isinstance(line, Routine):
        return routine_form.routine_form(view, line, is_new=is_new)
    return line_form.line_form(view, line, is_new=is_new)


def _muting(listed: tuple[Line, ...], kinds: Collection[str]) -> tuple[Line, ...]:
    """Return the list whose own lines of `kinds` mute notifications, too."""
    return tuple(replace(one, effects=one.effects | {Effect.DND}) if one.id in kinds else one for one in listed)


async def _show_form(args: AsyncArgs, form: View) -> None:
    """On top of the modal that was clicked in, whose page it remembers; else in a new one."""
    clicked = args.body.get("view")
    if isinstance(clicked, dict) and clicked.get("type") == "modal":
        form = with_metadata(form, page=metadata_of(clicked).get("page", ""), list=str(clicked.get("callback_id", "")))
    await show_on_top(args, form)
