"""What files that somebody sent to the app are answered, and a list that is sent to them: messages. Pure builders."""

from __future__ import annotations

from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.lines import picture_names
from handlers.slack.views.replies import Reply, listing, reply, with_undo
from handlers.slack.views.sentences import effect_names
from services.domain.model import Effect, Picture
from services.domain.text import escape
from services.platform.locale import Localizer
from services.usecases.sent_files import ListProblemsError

IMPORT = "import_file"

_LONGEST_CODE = 30_000
"""Characters of a message, of the 40,000 that Slack keeps of one."""


def file_offered(l10n: Localizer, name: str, events: int, file_id: str) -> Reply:
    """Return a calendar file that could be connected."""
    lines = [
        l10n.say("*{name}* is a calendar. Events in the next 60 days: {count}.", name=_file_name(name), count=events),
        l10n.say("I would take it as it is now. When it has changed, send it again, and I bring it up to date."),
    ]
    return reply(lines, kit.actions(kit.button(l10n.say("Add it as a calendar"), IMPORT, value=file_id)))


def file_updated(l10n: Localizer, name: str, events: int) -> Reply:
    """Return a calendar that was connected and is what the file holds from now on."""
    said = l10n.say(
        "*{name}* is up to date with this file. Events in the next 60 days: {count}.",
        name=_file_name(name),
        count=events,
    )
    return reply([said])


def file_added(l10n: Localizer) -> Reply:
    """Say that it is connected."""
    return reply([l10n.say("Connected. I am reading it now; your Home tab shows how it goes.")])


def picture_taken(l10n: Localizer, width: int, height: int) -> Reply:
    """Say that a picture is kept, and what to do next."""
    lines = [
        l10n.say(
            "Your picture is kept, {width} × {height} pixels. Your profile photo stays what it is until a line of "
            "your list changes it: there choose “{effect}” and “{picture}”.",
            width=width, height=height, effect=effect_names(l10n)[Effect.PHOTO],
            picture=picture_names(l10n)[Picture.OWN],
        ),
        l10n.say("While that line shows, it is your photo, and your present one comes back after it. A picture that "
                 "you send later takes its place."),
    ]  # fmt: skip
    edit = kit.button(l10n.say("Choose it for “Out of office”"), "choose_picture")
    return reply(lines, kit.actions(edit))


def list_taken(l10n: Localizer, name: str, lines: int, undo_id: str) -> Reply:
    """Say that the list in a file is the person's own from now on."""
    said = l10n.say("Your list is now the one in *{name}*. Lines: {count}.", name=_file_name(name), count=lines)
    return with_undo(l10n, said, undo_id, kit.button(l10n.say("Whole list"), "open_rules"))


def list_refused(l10n: Localizer, name: str, error: ListProblemsError) -> Reply:
    """Return what is wrong with the list in a file, field by field."""
    problems = [
        l10n.say(
            "• {place}: {problem}", place=_place(l10n, one.field or ""),
            problem=l10n.say(one.mistake.value, **{
                fact: _code(value) if isinstance(value, str) else value for fact, value in one.sentence_facts.items()
            }),
        )
        for one in error.problems
    ]  # fmt: skip
    return listing(l10n, [f"*{_file_name(name)}*", l10n.say(error.sentence()), *problems])


def _place(l10n: Localizer, path: str) -> str:
    """Return which line, and which field of it, a path such as `rules.lines.0.match.days.1` is, counted from one."""
    parts = path.split(".")[1:]
    said = []
    if parts[:1] == ["routines"] and parts[1:2]:
        said, parts = [l10n.say("Routine {number}", number=int(parts[1]) + 1)], parts[2:]
    elif (at := 1 if parts[:1] == ["lines"] else 0) < len(parts) and parts[at].isdigit():
        said, parts = [l10n.say("Line {number}", number=int(parts[at]) + 1)], parts[at + 1 :]
    entry = l10n.say("entry {number}", number=int(parts.pop()) + 1) if parts and parts[-1].isdigit() else ""
    field = ".".join(parts)
    return ", ".join([*said, *([f"`{_code(field)}`"] if field else []), *([entry] if entry else [])]) or "`{ }`"


def _code(text: str) -> str:
    """Return a text as it can stand between backticks."""
    return escape(kit.cut(text.replace("`", ""), 100)) or "?"


def list_exported(l10n: Localizer, written: str) -> list[dict[str, Any]]:
    """Return the list as messages, of which together the blocks of code are the file."""
    parts = [""]
    for line in written.split("\n"):
        if parts[-1] and len(parts[-1]) + len(line) > _LONGEST_CODE:
            parts.append("")
        parts[-1] += escape(line) + "\n"
    said = l10n.say("Your list. Save it as a `.json` file; send me such a file here, and it becomes your list.")
    return [{"text": said}, *({"text": f"```\n{part}```"} for part in parts)]


def file_hint(l10n: Localizer) -> Reply:
    """Return what this conversation is for."""
    lines = [
        l10n.say(
            "I do not read what is written here. Send me a calendar file (`.ics`), and I offer to add it; or a picture "
            "that may be your photo while you are out."
        ),
        l10n.say("Try `/quo :pizza: Lunch for 45m`, `/ooo friday` or `/quo help` in any channel."),
    ]
    return reply(lines)


def _file_name(name: str) -> str:
    return escape(kit.cut(" ".join(name.split()), 80)).replace("*", "")
