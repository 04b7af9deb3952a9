"""Block Kit's limits (docs.slack.dev/reference/block-kit): what Slack would refuse in a view or a message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_MOST_BLOCKS = {"home": 100, "modal": 100, "message": 50}
_BLOCKS = {
    "actions", "context", "context_actions", "divider", "header", "image", "input", "markdown", "rich_text", "section",
    "video", "alert", "card", "table",
}  # fmt: skip
_ELEMENTS = {
    "button", "checkboxes", "datepicker", "datetimepicker", "email_text_input", "external_select",
    "multi_static_select", "multi_users_select", "number_input", "overflow", "plain_text_input",
    "radio_buttons", "rich_text_input",
    "static_select", "timepicker", "url_text_input", "users_select", "conversations_select", "channels_select",
    "multi_external_select", "image",
}  # fmt: skip
_TEXTS = {"section": 3000, "header": 150, "input": 2000}
_SHORT = 24
_OPTION = 75
_ID = 255
_METADATA = 3000
_BUTTON = 75
_VALUE = 2000
_ACTIONS = 25
_FIELDS = 10
_CHOICES = {"static_select", "multi_static_select", "overflow", "checkboxes", "radio_buttons"}
_OPTIONS = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}
_CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}


def problems_of(view: dict[str, Any], kind: str) -> list[str]:
    """What is wrong with a view of that kind (`home`, `modal`), in Slack's manner; empty for a good one."""
    wrong = []
    if view.get("type") != kind:
        wrong.append(f"[ERROR] invalid view type: must be {kind} [json-pointer:/view/type]")
    if len(view.get("private_metadata") or "") > _METADATA:
        wrong.append("[ERROR] must be less than 3001 characters [json-pointer:/view/private_metadata]")
    if len(view.get("callback_id") or "") > _ID:
        wrong.append("[ERROR] must be less than 256 characters [json-pointer:/view/callback_id]")
    if kind == "modal":
        for part in ("title", "submit", "close"):
            wrong += _plain(view.get(part), _SHORT, f"/view/{part}", required=part == "title")
        has_input = any(isinstance(b, dict) and b.get("type") == "input" for b in view.get("blocks") or ())
        if has_input and not view.get("submit"):
            wrong.append("[ERROR] submit is required when an input block is present [json-pointer:/view/submit]")
    return wrong + problems_of_blocks(view.get("blocks"), kind, "/view/blocks")


def problems_of_blocks(blocks: Any, kind: str, where: str = "/blocks") -> list[str]:
    """What is wrong with a list of blocks."""
    if not isinstance(blocks, list):
        return [f"[ERROR] missing required field: blocks [json-pointer:{where}]"]
    wrong = []
    if len(blocks) > _MOST_BLOCKS[kind]:
        wrong.append(f"[ERROR] no more than {_MOST_BLOCKS[kind]} items allowed [json-pointer:{where}]")
    ids = [b.get("block_id") for b in blocks if isinstance(b, dict) and b.get("block_id")]
    if len(ids) != len(set(ids)):
        wrong.append(f"[ERROR] block_id is not unique [json-pointer:{where}]")
    for index, block in enumerate(blocks):
        wrong += _block(block, f"{where}/{index}")
    return wrong


def _block(block: Any, where: str) -> Iterator[str]:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in _BLOCKS:
        yield f"[ERROR] unsupported type: {kind} [json-pointer:{where}/type]"
        return
    if len(block.get("block_id") or "") > _ID:
        yield f"[ERROR] must be less than 256 characters [json-pointer:{where}/block_id]"
    if kind == "header":
        yield from _plain(block.get("text"), _TEXTS[kind], f"{where}/text", required=True)
    elif kind == "input":
        yield from _plain(block.get("label"), _TEXTS[kind], f"{where}/label", required=True)
        yield from _element(block.get("element"), f"{where}/element")
    elif kind in _PARTS:
        yield from _PARTS[kind](block, where)


def _section(block: dict[str, Any], where: str) -> Iterator[str]:
    if not block.get("text") and not block.get("fields"):
        yield f"[ERROR] missing required field: text [json-pointer:{where}]"
    yield from _text(block.get("text"), _TEXTS["section"], f"{where}/text")
    fields = block.get("fields") or []
    if len(fields) > _FIELDS:
        yield f"[ERROR] no more than 10 items allowed [json-pointer:{where}/fields]"
    for number, entry in enumerate(fields):
        yield from _text(entry, _VALUE, f"{where}/fields/{number}")
    if block.get("accessory"):
        yield from _element(block["accessory"], f"{where}/accessory")


def _actions(block: dict[str, Any], where: str) -> Iterator[str]:
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= _ACTIONS:
        yield f"[ERROR] must have 1 to 25 items [json-pointer:{where}/elements]"
    for number, element in enumerate(elements):
        yield from _element(element, f"{where}/elements/{number}")


def _context(block: dict[str, Any], where: str) -> Iterator[str]:
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= _FIELDS:
        yield f"[ERROR] must have 1 to 10 items [json-pointer:{where}/elements]"
    for number, element in enumerate(elements):
        if element.get("type") != "image":
            yield from _text(element, _VALUE, f"{where}/elements/{number}")


_PARTS = {"section": _section, "actions": _actions, "context": _context}


def _element(element: Any, where: str) -> Iterator[str]:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind not in _ELEMENTS:
        yield f"[ERROR] unsupported type: {kind} [json-pointer:{where}/type]"
        return
    if len(element.get("action_id") or "") > _ID:
        yield f"[ERROR] must be less than 256 characters [json-pointer:{where}/action_id]"
    if kind == "button":
        yield from _plain(element.get("text"), _BUTTON, f"{where}/text", required=True)
        if len(element.get("value") or "") > _VALUE:
            yield f"[ERROR] must be less than 2001 characters [json-pointer:{where}/value]"
    if kind in _CHOICES:
        yield from _choices(kind, element, where)
    for part, most in _CONFIRM.items():
        if element.get("confirm"):
            yield from _text(element["confirm"].get(part), most, f"{where}/confirm/{part}")


def _choices(kind: str, element: dict[str, Any], where: str) -> Iterator[str]:
    groups = element.get("option_groups")
    options = [o for g in groups for o in g.get("options", ())] if groups else element.get("options") or []
    most = _OPTIONS.get(kind, 100)
    if not groups and not 1 <= len(options) <= most:
        yield f"[ERROR] must have 1 to {most} items [json-pointer:{where}/options]"
    for number, option in enumerate(options):
        yield from _text(option.get("text"), _OPTION, f"{where}/options/{number}/text")
        if len(option.get("value") or "") > _OPTION * 2:
            yield f"[ERROR] must be less than 151 characters [json-pointer:{where}/options/{number}/value]"
    initial = element.get("initial_option")
    for chosen in [*([initial] if initial is not None else []), *(element.get("initial_options") or ())]:
        if chosen not in options:
            yield f"[ERROR] initial options must match the options [json-pointer:{where}/initial_option]"


def _text(text: Any, most: int, where: str) -> Iterator[str]:
    if text is None:
        return
    if not isinstance(text, dict) or text.get("type") not in {"plain_text", "mrkdwn"}:
        yield f"[ERROR] unsupported type of text [json-pointer:{where}/type]"
    elif not 1 <= len(text.get("text") or "") <= most:
        yield f"[ERROR] must be 1 to {most} characters [json-pointer:{where}/text]"


def _plain(text: Any, most: int, where: str, *, required: bool = False) -> Iterator[str]:
    if text is None:
        if required:
            yield f"[ERROR] missing required field [json-pointer:{where}]"
        return
    if isinstance(text, dict) and text.get("type") != "plain_text":
        yield f"[ERROR] must be plain_text [json-pointer:{where}/type]"
    else:
        yield from _text(text, most, where)
