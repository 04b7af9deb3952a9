"""Block Kit's limits (docs.slack.dev/reference/block-kit): what Slack would refuse in a view or a message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_MOST_BLOCKS = {"home": 100, "modal": 100, "message": 50}
_BLOCKS = {
    "actions", "context", "context_actions", "divider", "header", "image", "input", "markdown", "rich_text", "section",
    "video", "alert", "card", "table",
}  # fmt: skip
_OPTIONS = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10, "static_select": 100, "multi_static_select": 100}
_ELEMENTS = {
    "button", "datepicker", "datetimepicker", "email_text_input", "external_select", "multi_users_select",
    "number_input", "plain_text_input", "rich_text_input", "timepicker", "url_text_input", "users_select",
    "conversations_select", "channels_select", "multi_external_select", "image", *_OPTIONS,
}  # fmt: skip
_SHORT, _OPTION, _BUTTON, _ID, _VALUE, _METADATA = 24, 75, 75, 255, 2000, 3000
_TEXTS = {"section": 3000, "header": 150, "input": 2000}
_PARTS = {"actions": 25, "context": 10}
_FIELDS, _MOST_OPTIONS = 10, 100
_CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
Problems = Iterator[str]


def problems_of(view: dict[str, Any], kind: str) -> list[str]:
    """What is wrong with a view of that kind (`home`, `modal`), in Slack's manner; empty for a good one."""
    return [*_view(view, kind), *problems_of_blocks(view.get("blocks"), kind, "/view/blocks")]


def problems_of_blocks(blocks: Any, kind: str, where: str = "/blocks") -> list[str]:
    """What is wrong with a list of blocks."""
    if not isinstance(blocks, list):
        return [_wrong("missing required field: blocks", where)]
    found = [*_count(blocks, 0, _MOST_BLOCKS[kind], where)]
    ids = [one.get("block_id") for one in blocks if isinstance(one, dict) and one.get("block_id")]
    if len(ids) != len(set(ids)):
        found.append(_wrong("block_id is not unique", where))
    return found + [wrong for index, block in enumerate(blocks) for wrong in _block(block, f"{where}/{index}")]


def problems_of_options(offered: dict[str, Any]) -> list[str]:
    """What is wrong with the options (or groups of them) that an app offers in an external_select."""
    groups = offered.get("option_groups")
    held = groups if isinstance(groups, list) else [offered]
    lists: list[Any] = [one.get("options") if isinstance(one, dict) else None for one in held]
    if len(lists) > _MOST_OPTIONS or any(not isinstance(one, list) or len(one) > _MOST_OPTIONS for one in lists):
        return [_wrong(f"must have up to {_MOST_OPTIONS} options", "/options")]
    return [wrong for one in lists for number, option in enumerate(one) for wrong in _option(option, f"/{number}")]


def _wrong(what: str, where: str) -> str:
    return f"[ERROR] {what} [json-pointer:{where}]"


def _view(view: dict[str, Any], kind: str) -> Problems:
    if view.get("type") != kind:
        yield _wrong(f"invalid view type: must be {kind}", "/view/type")
    yield from _length(view.get("private_metadata"), _METADATA, "/view/private_metadata")
    yield from _length(view.get("callback_id"), _ID, "/view/callback_id")
    if kind == "modal":
        for part in ("title", "submit", "close"):
            yield from _text(view.get(part), _SHORT, f"/view/{part}", plain=True, required=part == "title")
        inputs = [one for one in view.get("blocks") or () if isinstance(one, dict) and one.get("type") == "input"]
        if inputs and not view.get("submit"):
            yield _wrong("submit is required when an input block is present", "/view/submit")


def _block(block: Any, where: str) -> Problems:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in _BLOCKS:
        yield _wrong(f"unsupported type: {kind}", f"{where}/type")
        return
    yield from _length(block.get("block_id"), _ID, f"{where}/block_id")
    if kind == "header":
        yield from _text(block.get("text"), _TEXTS[kind], f"{where}/text", plain=True, required=True)
    elif kind == "input":
        yield from _text(block.get("label"), _TEXTS[kind], f"{where}/label", plain=True, required=True)
        yield from _element(block.get("element"), f"{where}/element")
    elif kind == "section":
        yield from _section(block, where)
    elif kind in _PARTS:
        elements = block.get("elements") or []
        yield from _count(elements, 1, _PARTS[kind], f"{where}/elements")
        for number, element in enumerate(elements):
            at = f"{where}/elements/{number}"
            if kind == "actions":
                yield from _element(element, at)
            elif element.get("type") != "image":
                yield from _text(element, _VALUE, at)


def _section(block: dict[str, Any], where: str) -> Problems:
    fields = block.get("fields") or []
    if not block.get("text") and not fields:
        yield _wrong("missing required field: text", where)
    yield from _text(block.get("text"), _TEXTS["section"], f"{where}/text")
    yield from _count(fields, 0, _FIELDS, f"{where}/fields")
    for number, entry in enumerate(fields):
        yield from _text(entry, _VALUE, f"{where}/fields/{number}")
    if block.get("accessory"):
        yield from _element(block["accessory"], f"{where}/accessory")


def _element(element: Any, where: str) -> Problems:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind not in _ELEMENTS:
        yield _wrong(f"unsupported type: {kind}", f"{where}/type")
        return
    yield from _length(element.get("action_id"), _ID, f"{where}/action_id")
    if kind == "button":
        yield from _text(element.get("text"), _BUTTON, f"{where}/text", plain=True, required=True)
        yield from _length(element.get("value"), _VALUE, f"{where}/value")
    if kind in _OPTIONS:
        yield from _choices(kind, element, where)
    if kind == "external_select" and element.get("initial_option") is not None:
        yield from _option(element["initial_option"], f"{where}/initial_option")
    for part, most in _CONFIRM.items() if element.get("confirm") else ():
        yield from _text(element["confirm"].get(part), most, f"{where}/confirm/{part}")


def _choices(kind: str, element: dict[str, Any], where: str) -> Problems:
    groups = element.get("option_groups")
    options = [one for group in groups for one in group.get("options", ())] if groups else element.get("options") or []
    if not groups:
        yield from _count(options, 1, _OPTIONS[kind], f"{where}/options")
    for number, option in enumerate(options):
        yield from _option(option, f"{where}/options/{number}")
    chosen = [element["initial_option"]] if element.get("initial_option") is not None else []
    if any(one not in options for one in [*chosen, *(element.get("initial_options") or ())]):
        yield _wrong("initial options must match the options", f"{where}/initial_option")


def _option(option: Any, where: str) -> Problems:
    if not isinstance(option, dict):
        yield _wrong("must be an object", where)
        return
    yield from _text(option.get("text"), _OPTION, f"{where}/text", required=True)
    yield from _text(option.get("description"), _OPTION, f"{where}/description", plain=True)
    yield from _length(option.get("value"), _OPTION * 2, f"{where}/value")


def _text(text: Any, most: int, where: str, *, plain: bool = False, required: bool = False) -> Problems:
    if text is None:
        if required:
            yield _wrong("missing required field", where)
    elif not isinstance(text, dict) or text.get("type") not in {"plain_text", "mrkdwn"}:
        yield _wrong("unsupported type of text", f"{where}/type")
    elif plain and text["type"] != "plain_text":
        yield _wrong("must be plain_text", f"{where}/type")
    elif not 1 <= len(text.get("text") or "") <= most:
        yield _wrong(f"must be 1 to {most} characters", f"{where}/text")


def _length(text: str | None, most: int, where: str) -> Problems:
    if len(text or "") > most:
        yield _wrong(f"must be less than {most + 1} characters", where)


def _count(items: list[Any], least: int, most: int, where: str) -> Problems:
    if not least <= len(items) <= most:
        yield _wrong(f"must have {least} to {most} items" if least else f"no more than {most} items allowed", where)
