"""An inbound hook's address, shown once, and what to know of it. Pure."""

from __future__ import annotations

from typing import Any

from handlers.slack.views import blocks as kit
from services.platform.locale import Voice

HOOK = "hook"
_EXAMPLE = '{"text": "Lunch", "emoji": ":pizza:", "minutes": 45}'


def shown_once(voice: Voice, address: str, *more: kit.Block) -> dict[str, Any]:
    """The modal with the address of a new hook, or the new address of one."""
    example = f"curl {address} -H 'Content-Type: application/json' -d '{_EXAMPLE}'"
    lines = [
        voice.say("Whatever posts to this address sets your status (JSON), or fills a calendar (`text/calendar`):"),
        f"```{address}```",
        voice.say("For example, from a shell:"),
        f"```{kit.escape(example)}```",
        voice.say(
            "Keep it secret: whoever has it can set your status. I show it only now. If it is lost or known to others, "
            "choose “Give it a new address” in its menu on your Home tab, or disconnect it there."
        ),
    ]
    return kit.modal(
        HOOK, voice.say("Your hook"), [*(kit.section(line) for line in lines), *more], close=voice.say("Close")
    )
