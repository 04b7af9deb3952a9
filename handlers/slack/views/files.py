"""What is said of a file in the messages tab. Pure."""

from __future__ import annotations

from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.replies import reply
from services.domain.errors import StatusQuoError
from services.platform.locale import Voice

Message = dict[str, Any]

IMPORT = "import_file"
_LONGEST_NAME = 80


def offered(voice: Voice, name: str, events: int, file_id: str) -> Message:
    """A calendar that could be connected."""
    lines = [
        voice.say("*{name}* is a calendar. Events in the next 60 days: {count}.", name=_name(name), count=events),
        voice.say("I would take it as it is now. When it has changed, send it again, and I bring it up to date."),
    ]
    return _message(lines, kit.actions(kit.button(voice.say("Add it as a calendar"), IMPORT, value=file_id)))


def updated(voice: Voice, name: str, events: int) -> Message:
    """A calendar that was connected and is what the file holds from now on."""
    return _message(
        [
            voice.say(
                "*{name}* is up to date with this file. Events in the next 60 days: {count}.",
                name=_name(name),
                count=events,
            )
        ]
    )


def added(voice: Voice) -> Message:
    """That it is connected."""
    return _message([voice.say("Connected. I am reading it now; your Home tab shows how it goes.")])


def failed(voice: Voice, error: StatusQuoError) -> Message:
    """Why it is not."""
    return _message([voice.say(error.sentence())])


def hint(voice: Voice) -> Message:
    """What this conversation is for."""
    return _message(
        [
            voice.say("I do not read what is written here. Send me a calendar file (`.ics`), and I offer to add it."),
            voice.say("Try `/quo :pizza: Lunch for 45m`, `/ooo friday` or `/quo help` in any channel."),
        ]
    )


def _message(lines: list[str], *more: kit.Block) -> Message:
    made = reply(lines, *more)
    return {"text": made["text"], "blocks": made["blocks"]}


def _name(name: str) -> str:
    return kit.escape(kit.cut(" ".join(name.split()), _LONGEST_NAME)).replace("*", "")
