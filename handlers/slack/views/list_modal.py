"""A person's list: all of it in a modal, its first lines on the Home tab. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.fixed import fixed_note
from handlers.slack.views.lines import ListView, told
from handlers.slack.views.replies import undo_button
from handlers.slack.views.sentences import effect_names, shown
from services.domain.lines import Line, Routine
from services.domain.model import Effect, Kind
from services.platform.locale import Localizer

RULES = "rules"
ROUTINES = "routines"
MUTE = "mute_while"
BESIDE_ROWS = 10
"""Blocks at most that the list of a Home tab has beside its lines."""

A_PAGE = 40
"""Lines that a modal shows at once: two blocks each, of a hundred."""


def list_modal(
    view: ListView, callback: str = RULES, *, page: int = 0, undo_id: str = "", note: str = ""
) -> dict[str, Any]:
    """Return the whole list, from the top, or its routines, with what can be done to each.

    `undo_id`: of the last change.
    """
    l10n = view.l10n
    lines = list(enumerate(view.facts.lines))
    if callback == ROUTINES:
        lines = [one for one in lines if isinstance(one[1], Routine)]
    pages = max(1, -(-len(lines) // A_PAGE))
    page = min(max(page, 0), pages - 1)
    if callback == ROUTINES:
        how = l10n.say("A routine is a weekly entry of your own, such as lunch. It needs no calendar.")
    else:
        how = l10n.say(
            "The first line from the top that fits an event decides what your status says then, and what happens "
            "besides."
        )
    blocks: list[kit.Block] = []
    if note:
        blocks.append(kit.section(f":white_check_mark: {note}"))
    if undo_id:
        blocks.append(saved(view, undo_id))
    blocks += [kit.section(how), *fixed_note(l10n, view.policy), *waiting(view)]
    if not lines:
        blocks.append(kit.section(l10n.say("There are no routines yet.")))
    for number, line in lines[page * A_PAGE : (page + 1) * A_PAGE]:
        blocks += [kit.section(f"{number + 1}. {told(view, line)}"), kit.actions(*_buttons(view, number, line))]
    turn = []
    if page > 0:
        turn.append(kit.button(l10n.say("Earlier lines"), "list_page_before", value=str(page - 1)))
    if page < pages - 1:
        turn.append(kit.button(l10n.say("More lines"), "list_page_after", value=str(page + 1)))
    if turn:
        blocks.append(kit.actions(*turn))
    buttons = [one for one in adding(view) if callback != ROUTINES or one["action_id"] == "add_routine"]
    buttons[:1] = [{**one, "style": "primary"} for one in buttons[:1]]
    if callback != ROUTINES:
        buttons.append(kit.button(l10n.say("Export"), "export_list"))
    blocks += [kit.divider(), kit.actions(*buttons)] if buttons else []
    title = l10n.say("Your routines") if callback == ROUTINES else l10n.say("Your list")
    return kit.modal(callback, title, blocks, close=l10n.say("Close"), metadata=json.dumps({"page": str(page)}))


def adding(view: ListView) -> list[kit.Block]:
    """Return the buttons that add to the list, where the workspace allows lines of one's own.

    A routine has texts alone.
    """
    found = []
    if view.policy.rules:
        found.append(kit.button(view.l10n.say("Add a rule"), "add_line"))
    if view.policy.rules and view.policy.texts:
        found.append(kit.button(view.l10n.say("Add a routine"), "add_routine"))
    return found


def saved(view: ListView, undo_id: str) -> kit.Block:
    """Say that something was changed just now, and what takes it back."""
    return kit.section(":white_check_mark: " + view.l10n.say("Saved."), undo_button(view.l10n, undo_id))


def waiting(view: ListView, effects: Iterable[Effect] | None = None) -> list[kit.Block]:
    """Say what of `effects` (default: all that are chosen, or still on) waits for a permission, with the link."""
    l10n, blocks = view.l10n, list[kit.Block]()
    chosen = view.missing | view.barred if effects is None else frozenset(effects)
    if held := chosen & view.missing:
        names = ", ".join(name for effect, name in effect_names(l10n).items() if effect in held)
        said = l10n.say(":lock: Waiting for your permission: {effects}", effects=names)
        allow = kit.button(l10n.say("Allow"), "open_grant", url=view.link, style="primary")
        blocks.append(kit.section(said, allow))
    if chosen & view.barred:
        said = l10n.say(":lock: To answer mentions I need your workspace: a workspace admin has to allow it.")
        allow = kit.button(l10n.say("Allow it for the workspace"), "open_install", url=view.install_link)
        blocks.append(kit.section(said, allow if view.install_link else None))
    if Effect.PHOTO in chosen and view.lacks_picture:
        said = l10n.say(":frame_with_picture: Send me the picture first, in my messages tab. I have none of you yet.")
        blocks.append(kit.section(said))
    return blocks


def _buttons(view: ListView, number: int, line: Line) -> list[kit.Block]:
    l10n = view.l10n
    what = "routine" if isinstance(line, Routine) else "line"
    switch = l10n.say("Switch off") if line.enabled else l10n.say("Switch on")
    found = []
    if view.policy.may_have(line):
        found.append(kit.button(l10n.say("Edit"), f"edit_{what}", value=line.id))
    if number > 0:
        found.append(kit.button(l10n.say("Up"), f"move_{what}_up", value=line.id))
    if number < len(view.facts.lines) - 1:
        found.append(kit.button(l10n.say("Down"), f"move_{what}_down", value=line.id))
    found.append(kit.button(switch, f"switch_{what}", value=line.id))
    if isinstance(line, Routine) or line.kind is None:
        found.append(kit.button(l10n.say("Delete"), f"delete_{what}", value=line.id))
    return found


def mute_while(l10n: Localizer, lines: Sequence[str] = (), *more: kit.Block) -> dict[str, Any]:
    """Return the one question of the first connection: muted while what? `lines` and `more` come before it."""
    options = [
        kit.option(l10n.say("I focus"), Kind.FOCUS.value),
        kit.option(l10n.say("I am in meetings"), Kind.MEETING.value),
    ]
    hint = l10n.say(
        "A snooze of your own is never cut short. Your list on my Home tab has more to choose, line by line."
    )
    boxes = kit.choices("checkboxes", "value", options, ())
    question = kit.entry("mute", l10n.say("Mute notifications while"), boxes, optional=True, hint=hint)
    said = [kit.section("\n".join(lines)), *more, kit.divider()] if lines else []
    title = l10n.say("Mute notifications")
    return kit.modal(MUTE, title, [*said, question], submit=l10n.say("Save"), close=l10n.say("Not now"))


def home_list(view: ListView, most: int, *, asks: bool = False) -> list[kit.Block]:
    """Return the list as the Home tab shows it: at most `most` lines, with a button that edits each.

    `asks`: with the question of the first connection, while nothing is chosen besides the status.
    """
    l10n, lines = view.l10n, view.facts.lines
    rows = [
        kit.section(
            told(view, line),
            kit.button(l10n.say("Edit"), "edit_routine" if isinstance(line, Routine) else "edit_line", value=line.id)
            if view.policy.may_have(line)
            else None,
        )
        for line in lines[:most]
    ]
    if len(lines) > most:
        rows.append(
            kit.context(l10n.say("There are {count} more lines. *Whole list* shows them.", count=len(lines) - most))
        )
    if (idle := view.floored.preferences.idle) is not None:
        said = f"{shown(idle)}\n{l10n.say('When nothing is on')}"
        rows.append(kit.section(said, kit.button(l10n.say("Edit"), "open_settings")))
    how = l10n.say("What your status says, and what happens besides. The first line from the top that fits decides.")
    buttons = [
        kit.button(l10n.say("Whole list"), "open_rules"),
        *adding(view),
        kit.button(l10n.say("Routines"), "open_routines"),
    ]
    question = [
        kit.section(
            l10n.say("Shall I mute your notifications while you focus, or are in meetings?"),
            kit.button(l10n.say("Choose"), "choose_mute"),
        )
    ]
    asks = asks and not view.chosen and Effect.DND in view.policy.allowed
    head = [kit.header(l10n.say("Your list")), kit.context(how), *fixed_note(l10n, view.policy)]
    return [*head, *(question if asks else []), *waiting(view), *rows, kit.actions(*buttons)]
