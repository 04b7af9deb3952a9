"""The pieces of Block Kit that the views are made of, and the values that a submitted view brings back. Pure.

User text enters through `escape`; whatever is cut is cut with an ellipsis rather than refused by Slack (limits:
docs.slack.dev/reference/block-kit). `view.state.values` is block id → action id → element
(docs.slack.dev/reference/interaction-payloads).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from services.domain.emoji import standard_names
from services.domain.errors import InputError

Block = dict[str, Any]

LONGEST_OPTION = 75
LONGEST_VALUE = 150
"""Characters that an option shows, and of its value."""


def cut(text: str, most: int) -> str:
    """At most `most` characters; never inside of an entity."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    ampersand = kept.rfind("&", most - 8)
    if ampersand != -1 and ";" not in kept[ampersand:]:
        kept = kept[:ampersand]
    return kept + "…"


def plain(text: str, most: int) -> Block:
    """Return a plain text object."""
    return {"type": "plain_text", "text": cut(text, most), "emoji": True}


def markdown(text: str) -> Block:
    """Return a mrkdwn text object."""
    return {"type": "mrkdwn", "text": cut(text, 3000)}


def header(text: str) -> Block:
    """Return a heading."""
    return {"type": "header", "text": plain(text, 150)}


def section(text: str, accessory: Block | None = None) -> Block:
    """Return a paragraph of mrkdwn, with something clickable beside it."""
    block: Block = {"type": "section", "text": markdown(text)}
    if accessory is not None:
        block["accessory"] = accessory
    return block


def context(text: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [markdown(text)]}


def divider() -> Block:
    """Return a line."""
    return {"type": "divider"}


def actions(*elements: Block) -> Block:
    """Return a row of things to click; at most 25."""
    return {"type": "actions", "elements": list(elements)}


def button(text: str, action_id: str, *, value: str = "", url: str = "", style: str = "") -> Block:
    """Return a button; with `url` it opens that."""
    made: Block = {"type": "button", "text": plain(text, 75), "action_id": action_id}
    if value:
        made["value"] = value
    if url:
        made["url"] = url
    if style:
        made["style"] = style
    return made


def asks_first(made: Block, *, title: str, text: str, confirm: str, deny: str) -> Block:
    """Return a button that does what cannot be undone, once its question was answered with `confirm`."""
    question = {
        "title": plain(title, 100), "text": plain(text, 300), "confirm": plain(confirm, 30), "deny": plain(deny, 30),
        "style": "danger",
    }  # fmt: skip
    return {**made, "confirm": question}


def option(text: str, value: str) -> Block:
    """Return one choice of several."""
    return {"text": plain(text, LONGEST_OPTION), "value": value}


def overflow(action_id: str, options: Sequence[Block]) -> Block:
    """Return a menu behind three dots; two to five options."""
    return {"type": "overflow", "action_id": action_id, "options": list(options)}


def entry(block_id: str, label: str, element: Block, *, optional: bool = False, hint: str = "") -> Block:
    """Return a labelled input of a modal."""
    block: Block = {"type": "input", "block_id": block_id, "label": plain(label, 2000), "element": element}
    if optional:
        block["optional"] = True
    if hint:
        block["hint"] = plain(hint, 2000)
    return block


def text_entry(
    block_id: str, label: str, *, initial: str = "", placeholder: str = "", most: int = 0, hint: str = ""
) -> Block:
    """Return a line to type in, which may stay empty."""
    element: Block = {"type": "plain_text_input", "action_id": "value"}
    if initial:
        element["initial_value"] = initial
    if placeholder:
        element["placeholder"] = plain(placeholder, 150)
    if most:
        element["max_length"] = most
    return entry(block_id, label, element, optional=True, hint=hint)


def channel_entry(label: str, *, hint: str) -> Block:
    """Return a channel to choose, public or private, and of this organisation alone."""
    element: Block = {
        "type": "conversations_select", "action_id": "value",
        "filter": {"include": ["public", "private"], "exclude_external_shared_channels": True},
    }  # fmt: skip
    return entry("channel", label, element, hint=hint)


def emoji_option(emoji: str) -> Block:
    """Return the choice of `:name:`, seen and named."""
    name = emoji.strip(":").replace("::", " ").replace(":", " ")
    seen = f"{standard_names().get(name, emoji)} {name}"  # the character itself leaves more room for its name
    return option(seen if len(seen) <= LONGEST_OPTION else emoji, emoji)


def emoji_select(block_id: str, label: str, *, initial: str = "", hint: str = "") -> Block:
    """Return a menu of emoji that is searched while somebody types; it may stay empty.

    `initial` is chosen: `:name:`.
    """
    element: Block = {"type": "external_select", "action_id": "value", "min_query_length": 1}
    if initial and len(initial) <= LONGEST_VALUE:
        element["initial_option"] = emoji_option(initial)
    return entry(block_id, label, element, optional=True, hint=hint)


def choices(kind: str, action_id: str, options: Sequence[Block], chosen: Sequence[str]) -> Block:
    """`checkboxes`, `radio_buttons`, or a menu of options, with the values in `chosen` chosen."""
    element: Block = {"type": kind, "action_id": action_id, "options": list(options)}
    initial = [one for one in options if one["value"] in chosen]
    if initial and kind in {"radio_buttons", "static_select"}:
        element["initial_option"] = initial[0]
    elif initial:
        element["initial_options"] = initial
    return element


def modal(
    callback_id: str, title: str, blocks: Sequence[Block], *, close: str, submit: str = "", metadata: str = ""
) -> Block:
    """Return a modal view; `metadata` comes back with its submission."""
    view: Block = {"type": "modal", "callback_id": callback_id, "title": plain(title, 24), "blocks": list(blocks)}
    if submit:
        view["submit"] = plain(submit, 24)
    if metadata:
        view["private_metadata"] = metadata
    return {**view, "close": plain(close, 24)}


class NoDateError(InputError):
    """Choose a day."""


class NoTimeError(InputError):
    """Choose a time."""


class NotAChoiceError(InputError):
    """That is not one of the choices. Choose one of them."""


_INITIAL = {
    "value": "initial_value",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_user": "initial_user",
}
"""What the state of an element without options is called, and what it begins with."""


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one submission. What was left empty reads as "", None or an empty list."""

    blocks: dict[str, Any]

    @classmethod
    def of(cls, view: dict[str, Any]) -> Values:
        """Return the values of `view` in a payload."""
        state = view.get("state")
        values = state.get("values") if isinstance(state, dict) else None
        return cls(values if isinstance(values, dict) else {})

    def _element(self, block: str) -> dict[str, Any]:
        actions = self.blocks.get(block)
        first = next(iter(actions.values()), None) if isinstance(actions, dict) else None
        return first if isinstance(first, dict) else {}

    def text(self, block: str) -> str:
        """Return what was typed, on one line."""
        return " ".join(self.secret(block).split())

    def secret(self, block: str) -> str:
        """Return what was typed, as it was typed but for the space around it."""
        value = self._element(block).get("value")
        return value.strip() if isinstance(value, str) else ""

    def date(self, block: str) -> date | None:
        """Return the chosen date. Raises InputError for what is none."""
        value = self._element(block).get("selected_date")
        if not value:
            return None
        try:
            return date.fromisoformat(str(value))
        except ValueError as error:
            raise NoDateError("not a date", field=block) from error

    def time(self, block: str) -> time | None:
        """Return the chosen time of day. Raises InputError for what is none."""
        value = self._element(block).get("selected_time")
        if not value:
            return None
        try:
            return time.fromisoformat(str(value)).replace(tzinfo=None)
        except ValueError as error:
            raise NoTimeError("not a time", field=block) from error

    def one(self, block: str) -> str:
        """Return the value of the chosen option."""
        option = self._element(block).get("selected_option")
        return str(option.get("value", "")) if isinstance(option, dict) else ""

    def said(self, block: str) -> str:
        """Return what was chosen, or typed where the element is one to type in."""
        return self.one(block) or self.text(block)

    def several(self, block: str) -> list[str]:
        """Return the values of the chosen options, of one where the element takes but one."""
        return self.chosen(block) or [one for one in [self.one(block)] if one]

    def offered(self, block: str, offered: Collection[str], errors: dict[str, InputError]) -> list[str]:
        """Return the chosen of what a menu or boxes have offered; something else is an error of the block."""
        found = self.several(block)
        if not set(found) <= set(offered):
            errors[block] = NotAChoiceError("not offered", field=block)
        return [one for one in found if one in offered]

    def user(self, block: str) -> str:
        """Return the id of the chosen user."""
        value = self._element(block).get("selected_user")
        return value if isinstance(value, str) else ""

    def conversation(self, block: str) -> str:
        """Return the id of the chosen channel."""
        value = self._element(block).get("selected_conversation")
        return value if isinstance(value, str) else ""

    def kept(self, block: str, element: Block) -> Block:
        """`element` of a form with what is filled in at its block as what it begins with."""
        begins = {name: value for name, value in element.items() if not name.startswith("initial_")}
        filled = [one["value"] for one in element.get("options", ()) if one["value"] in self.several(block)]
        if element["type"] == "external_select" and self.one(block):
            begins["initial_option"] = emoji_option(self.one(block))
        elif filled:
            begins |= choices(element["type"], element["action_id"], element["options"], filled)
        for name, initial in _INITIAL.items():
            if value := self._element(block).get(name):
                begins[initial] = value
        return begins

    def chosen(self, block: str) -> list[str]:
        """Return the values of the chosen options."""
        options = self._element(block).get("selected_options")
        options = options if isinstance(options, list) else []
        return [str(one.get("value", "")) for one in options if isinstance(one, dict)]
