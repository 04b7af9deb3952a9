"""What is said of a file in the messages tab. Pure."""

from __future__ import annotations

from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.replies import reply
from services.domain.errors import StatusQuoError
from services.platform.locale import Localizer

Message = dict[str, Any]

IMPORT = "import_file"
_LONGEST_NAME = 80


def offered(l10n: Localizer, name: str, events: int, file_id: str) -> Message:
    """A calendar that could be connected."""
    lines = [
        l10n.say("*{name}* is a calendar. Events in the next 60 days: {count}.", name=_name(name), count=events),
        l10n.say("I would take it as it is now. When it has changed, send it again, and I bring it up to date."),
    ]
    return _message(lines, kit.actions(kit.button(l10n.say("Add it as a calendar"), IMPORT, value=file_id)))


def updated(l10n: Localizer, name: str, events: int) -> Message:
    """A calendar that was connected and is what the file holds from now on."""
    return _message(
        [
            l10n.say(
                "*{name}* is up to date with this file. Events in the next 60 days: {count}.",
                name=_name(name),
                count=events,
            )
        ]
    )


def added(l10n: Localizer) -> Message:
    """That it is connected."""
    return _message([l10n.say("Connected. I am reading it now; your Home tab shows how it goes.")])


def failed(l10n: Localizer, error: StatusQuoError) -> Message:
    """Why it is not."""
    return _message([l10n.say(error.sentence())])


def hint(l10n: Localizer) -> Message:
    """What this conversation is for."""
    return _message(
        [
            l10n.say("I do not read what is written here. Send me a calendar file (`.ics`), and I offer to add it."),
            l10n.say("Try `/quo :pizza: Lunch for 45m`, `/ooo friday` or `/quo help` in any channel."),
        ]
    )


def _message(lines: list[str], *more: kit.Block) -> Message:
    made = reply(lines, *more)
    return {"text": made["text"], "blocks": made["blocks"]}


def _name(name: str) -> str:
    return kit.escape(kit.cut(" ".join(name.split()), _LONGEST_NAME)).replace("*", "")
