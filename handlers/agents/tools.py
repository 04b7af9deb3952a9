"""The table of operations as MCP's tools, and what a call of one is answered. Pure.

modelcontextprotocol.io, "Tools". In `_meta.slack` stands what Slackbot's client reads beside it
(docs.slack.dev/ai/slackbot-mcp-client/returning-rich-responses): that a tool answers in Block Kit, and the blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from handlers.agents.asker import Asker
from handlers.agents.operations import OPERATIONS, Operation, schema_of
from handlers.slack.views import blocks as kit
from handlers.slack.views.replies import grant_button, undo_button

_LONGEST_SECTION = 3000


def tool(operation: Operation) -> dict[str, Any]:
    """Return an operation as a tool."""
    hints = operation.hints
    return {
        "name": operation.name,
        "title": operation.slack_method or operation.name.replace("_", " ").capitalize(),
        "description": operation.sentence,
        "inputSchema": schema_of(operation.takes),
        "outputSchema": schema_of(operation.gives),
        "annotations": {
            "readOnlyHint": hints.read_only,
            "destructiveHint": hints.destructive,
            "idempotentHint": hints.idempotent,
            "openWorldHint": False,
        },
        "_meta": {"slack": {"supportsBlockKit": True}},
    }


@cache
def tools() -> Sequence[Mapping[str, Any]]:
    """List all of them: the same for everybody, and made when somebody first asks."""
    return tuple(map(tool, OPERATIONS))


def done(asker: Asker, answer: msgspec.Struct) -> dict[str, Any]:
    """Return what a tool gave: its sentence, then the whole of it as JSON, which older clients read there alone."""
    given = msgspec.to_builtins(answer)
    sentence = str(given.get("sentence") or "")
    text = [sentence] if sentence else []
    said = {
        "content": _texts(*text, msgspec.json.encode(given).decode()),
        "structuredContent": given,
        "isError": given.get("ok") is False,
    }
    undo_id = given.get("undo_id")
    buttons = [undo_button(asker.who.l10n, undo_id)] if isinstance(undo_id, str) and undo_id else []
    return _for_slackbot(asker, said, sentence, buttons)


def failed(asker: Asker, sentence: str, *more: str, grant_link: str = "") -> dict[str, Any]:
    """Say that a tool could not do it, and what the person can do; `more` is for the agent that called it.

    `grant_link` leads to a permission that it lacks.
    """
    said = {"content": _texts(*filter(None, (sentence, grant_link, *more))), "isError": True}
    buttons = [grant_button(asker.who.l10n, grant_link)] if grant_link else []
    return _for_slackbot(asker, said, sentence, buttons)


def _texts(*texts: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text} for text in texts]


def _for_slackbot(asker: Asker, said: dict[str, Any], sentence: str, buttons: list[kit.Block]) -> dict[str, Any]:
    """Return the same, for Slackbot with the sentence and the buttons as blocks.

    Plain text, nothing in it is markup.
    """
    if not asker.caller.slackbot:
        return said
    shown = [{"type": "section", "text": kit.plain(sentence, _LONGEST_SECTION)}] if sentence else []
    blocks = [*shown, *([kit.actions(*buttons)] if buttons else [])]
    return {**said, "_meta": {"slack": {"blocks": blocks}}} if blocks else said
