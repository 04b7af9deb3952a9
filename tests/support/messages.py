"""Every sentence that the app can say, found in its code: the message ids that each catalogue has to have."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from handlers.slack.views import keeper_section
from handlers.slack.views.replies import COMMANDS
from handlers.slack.views.settings import WEEKDAYS
from handlers.web import oauth
from services.domain.errors import StatusQuoError
from services.domain.reasons import ReasonCode
from services.store.list_mistakes import Mistake

ROOT = Path(__file__).parents[2]
_SAYS = {"say", "_say", "speak"}


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _strings(node: ast.expr, constants: Mapping[str, str]) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.Name) and node.id in constants:
        return [constants[node.id]]
    if isinstance(node, ast.IfExp):
        return [*_strings(node.body, constants), *_strings(node.orelse, constants)]
    return []


def said_in(path: Path) -> set[str]:
    """The constant messages of `say(...)` calls, written out or given by the name of a constant."""
    tree = ast.parse(path.read_text())
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in _SAYS:
            for argument in node.args[:2]:
                found.update(_strings(argument, constants))
    return found


def _errors(kind: type[StatusQuoError]) -> set[str]:
    found = {kind.sentence()}
    for child in kind.__subclasses__():
        found |= _errors(child)
    return found


@cache
def all_messages() -> set[str]:
    """Every message id."""
    found: set[str] = (
        {message for code in ReasonCode for message in code.sentences} | {does for _, does in COMMANDS} | set(WEEKDAYS)
    )
    for folder in ("handlers", "services"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            found |= said_in(path)
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    found |= {mistake.value for mistake in Mistake} | {*keeper_section.WHY.values(), keeper_section.OTHERWISE}
    return found | _errors(StatusQuoError) | set(oauth.SENTENCES.values()) | {oauth.ASKED}
