"""Block Kit's limits as Slack documents them (docs.slack.dev/reference/block-kit), strict: what is not known fails."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

_VIEW_BYTES = 250_000
_ID = 255
_EMPTY = re.compile(r"^\s*$")


def check_view(view: Json) -> None:
    """Fail where Slack would refuse the Home tab or modal."""
    _only(view, {"type", "callback_id", "title", "submit", "close", "blocks", "private_metadata"}, "view")
    assert view["type"] in {"home", "modal"}
    assert len(json.dumps(view).encode()) <= _VIEW_BYTES
    assert len(view.get("callback_id", "")) <= _ID
    assert len(view.get("private_metadata", "")) <= 3000
    assert 1 <= len(view["blocks"]) <= 100
    if view["type"] == "modal":
        for part in ("title", "submit", "close"):
            if part == "title" or part in view:
                _plain(view[part], 24, part)
        if any(block["type"] == "input" for block in view["blocks"]):
            assert "submit" in view, "a modal with inputs needs a submit button"
    else:
        assert not {"title", "submit", "close"} & set(view)
    check_blocks(view["blocks"], 100)


def check_message(message: Json) -> None:
    """Fail where Slack would refuse the message."""
    _only(message, {"response_type", "text", "blocks"}, "message")
    assert message["text"]
    assert len(message["text"]) <= 4000
    check_blocks(message["blocks"], 50)


def check_blocks(blocks: list[Json], most: int) -> None:
    """Fail where Slack would refuse one of the blocks."""
    assert len(blocks) <= most
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(ids) == len(set(ids)), "block ids are unique"
    assert all(0 < len(one) <= _ID for one in ids)
    for block in blocks:
        _BLOCKS[block["type"]](block)
        actions = [one["action_id"] for one in block.get("elements", []) if "action_id" in one]
        assert len(actions) == len(set(actions)), "action ids are unique within a block"


def _only(part: Json, allowed: set[str], where: str) -> None:
    assert set(part) <= allowed, f"{where}: {set(part) - allowed}"


def _plain(text: Json, most: int, where: str) -> None:
    _only(text, {"type", "text", "emoji"}, where)
    assert text["type"] == "plain_text", where
    assert 0 < len(text["text"]) <= most, f"{where}: {text['text']!r}"
    assert not _EMPTY.match(text["text"]), where


def _mrkdwn(text: Json, most: int) -> None:
    _only(text, {"type", "text"}, "mrkdwn")
    assert text["type"] == "mrkdwn"
    assert 0 < len(text["text"]) <= most
    assert not _EMPTY.match(text["text"])


def _section(block: Json) -> None:
    _only(block, {"type", "text", "accessory", "block_id"}, "section")
    if block["text"]["type"] == "plain_text":
        _plain(block["text"], 3000, "section")
    else:
        _mrkdwn(block["text"], 3000)
    if "accessory" in block:
        _element(block["accessory"], {"button", "overflow", "users_select"})


def _header(block: Json) -> None:
    _only(block, {"type", "text", "block_id"}, "header")
    _plain(block["text"], 150, "header")


def _context(block: Json) -> None:
    _only(block, {"type", "elements", "block_id"}, "context")
    assert 1 <= len(block["elements"]) <= 10
    for element in block["elements"]:
        _mrkdwn(element, 3000)


def _divider(block: Json) -> None:
    _only(block, {"type", "block_id"}, "divider")


def _actions(block: Json) -> None:
    _only(block, {"type", "elements", "block_id"}, "actions")
    assert 1 <= len(block["elements"]) <= 25
    for element in block["elements"]:
        _element(element, {"button", "overflow"})


def _input(block: Json) -> None:
    _only(block, {"type", "block_id", "label", "element", "optional", "hint", "dispatch_action"}, "input")
    _plain(block["label"], 2000, "label")
    if "hint" in block:
        _plain(block["hint"], 2000, "hint")
    _element(
        block["element"],
        {"plain_text_input", "url_text_input", "number_input", "datepicker", "timepicker", "checkboxes",
         "radio_buttons", "static_select", "multi_static_select", "external_select", "users_select",
         "conversations_select"},
    )  # fmt: skip


def _element(element: Json, allowed: set[str]) -> None:
    kind = element["type"]
    assert kind in allowed, kind
    assert 0 < len(element["action_id"]) <= _ID
    _ELEMENTS[kind](element)
    if "confirm" in element:
        confirm = element["confirm"]
        _only(confirm, {"title", "text", "confirm", "deny", "style"}, "confirm")
        for part, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            _plain(confirm[part], most, f"confirm.{part}")
    if "placeholder" in element:
        _plain(element["placeholder"], 150, "placeholder")


def _button(element: Json) -> None:
    _only(element, {"type", "text", "action_id", "value", "url", "style", "confirm"}, "button")
    _plain(element["text"], 75, "button")
    assert len(element.get("value", "")) <= 2000
    assert len(element.get("url", "")) <= 3000
    assert element.get("style", "primary") in {"primary", "danger"}


def check_option(option: Json) -> None:
    """Fail where Slack would refuse an option of a menu."""
    _only(option, {"text", "value"}, "option")
    _plain(option["text"], 75, "option")
    assert 0 < len(option["value"]) <= 150


def _options(least: int, most: int) -> Callable[[Json], None]:
    def check(element: Json) -> None:
        known = {"type", "action_id", "options", "initial_options", "initial_option", "confirm", "placeholder"}
        _only(element, known, element["type"])
        assert least <= len(element["options"]) <= most
        for option in element["options"]:
            check_option(option)
        values = [option["value"] for option in element["options"]]
        assert len(values) == len(set(values))
        initial = element.get("initial_options", [])
        assert initial or "initial_options" not in element, "no empty list of initial options"
        for option in [*initial, *([element["initial_option"]] if "initial_option" in element else [])]:
            assert option in element["options"], "an initial option is one of the options"

    return check


def _users(element: Json) -> None:
    _only(element, {"type", "action_id", "initial_user", "placeholder"}, "users_select")


def _conversations(element: Json) -> None:
    _only(element, {"type", "action_id", "initial_conversation", "filter", "placeholder"}, "conversations_select")
    which = element["filter"]
    _only(which, {"include", "exclude_external_shared_channels", "exclude_bot_users"}, "filter")
    assert set(which["include"]) <= {"im", "mpim", "private", "public"}


def _text_input(element: Json) -> None:
    known = {"type", "action_id", "initial_value", "placeholder", "max_length", "multiline"}
    _only(element, known, "plain_text_input")
    assert 1 <= element.get("max_length", 3000) <= 3000
    assert len(element.get("initial_value", "")) <= element.get("max_length", 3000)


def _url_input(element: Json) -> None:
    _only(element, {"type", "action_id", "initial_value", "placeholder"}, "url_text_input")


def _number_input(element: Json) -> None:
    known = {"type", "action_id", "is_decimal_allowed", "initial_value", "min_value", "max_value"}
    _only(element, known, "number_input")
    assert isinstance(element["is_decimal_allowed"], bool)
    assert all(isinstance(element[part], str) for part in ("initial_value", "min_value", "max_value"))


def _external(element: Json) -> None:
    _only(element, {"type", "action_id", "min_query_length", "initial_option", "placeholder"}, "external_select")
    assert element.get("min_query_length", 3) >= 0
    if "initial_option" in element:
        check_option(element["initial_option"])


def _date(element: Json) -> None:
    _only(element, {"type", "action_id", "initial_date", "placeholder"}, "datepicker")
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", element.get("initial_date", "2026-01-01"))


def _time(element: Json) -> None:
    _only(element, {"type", "action_id", "initial_time", "placeholder", "timezone"}, "timepicker")
    assert re.fullmatch(r"\d{2}:\d{2}", element.get("initial_time", "09:00"))


_BLOCKS: dict[str, Callable[[Json], None]] = {
    "section": _section, "header": _header, "context": _context, "divider": _divider, "actions": _actions,
    "input": _input,
}  # fmt: skip
_ELEMENTS: dict[str, Callable[[Json], None]] = {
    "button": _button, "overflow": _options(1, 5), "checkboxes": _options(1, 10), "radio_buttons": _options(1, 10),
    "static_select": _options(1, 100), "multi_static_select": _options(1, 100), "external_select": _external,
    "users_select": _users, "conversations_select": _conversations, "plain_text_input": _text_input,
    "url_text_input": _url_input,
    "number_input": _number_input, "datepicker": _date, "timepicker": _time,
}  # fmt: skip
