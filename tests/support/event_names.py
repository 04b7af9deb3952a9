"""What is logged, as the code has it: the first argument of each log call and of `guarded`, with level and fields."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
GUARDED = frozenset({"error", "error_id", "reason", "where"})
"""What `guarded` adds: of one of our errors its id and reason, of any other one where it was raised."""


@dataclass(slots=True)
class Logged:
    """One event's levels and fields, of all places that log it."""

    levels: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)


def log_calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Each call that logs, and at which level; `guarded` logs a warning or, for a mistake of ours, an error."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id == "guarded":
            yield node, "guarded"
        elif (
            isinstance(called, ast.Attribute)
            and called.attr in LEVELS
            and isinstance(called.value, ast.Name)
            and called.value.id == "log"
        ):
            yield node, called.attr


def modules(having: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every module that runs for an operator and whose text has the pattern `having`."""
    for path in sorted(path for folder in ("services", "handlers") for path in (ROOT / folder).rglob("*.py")):
        text = path.read_text()
        if re.search(having, text):
            yield path, ast.parse(text)


@cache
def logged() -> dict[str, Logged]:
    """Every event. Raises ValueError for a name that is not written out, or fields that cannot be followed."""
    found: dict[str, Logged] = {}
    for path, tree in modules(r"\blog\.|\bguarded\("):
        if path.name == "logs.py":
            continue
        for call, level in log_calls(tree):
            for name in _names(tree, call.args[0], f"{path}:{call.lineno}"):
                one = found.setdefault(name, Logged())
                one.levels |= {"warning", "error"} if level == "guarded" else {level}
                one.fields |= GUARDED if level == "guarded" else set()
                for keyword in call.keywords:
                    if keyword.arg is None:
                        one.fields |= _spread(tree, call, keyword.value, f"{path}:{call.lineno}")
                    elif keyword.arg != "exc_info":
                        one.fields.add(keyword.arg)
    return found


def event_names() -> set[str]:
    return set(logged())


def _names(tree: ast.Module, first: ast.expr, where: str) -> list[str]:
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return [first.value]
    if isinstance(first, ast.IfExp):
        return [*_names(tree, first.body, where), *_names(tree, first.orelse, where)]
    if isinstance(first, ast.Name):  # a parameter: whatever it is called with in this module
        function = next(
            (one for one in _functions(tree) if first.id in [given.arg for given in one.args.args + one.args.kwonlyargs]
             and first in ast.walk(one)), None,
        )  # fmt: skip
        if function is not None:
            place = [given.arg for given in function.args.args].index(first.id)
            offset = 1 if function.args.args[0].arg == "self" else 0
            calls = [
                node for node in ast.walk(tree)
                if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == function.name
            ]  # fmt: skip
            return [name for call in calls for name in _names(tree, call.args[place - offset], where)]
    raise ValueError(f"{where}: the event's name is not written out")


def _functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _spread(tree: ast.Module, call: ast.Call, value: ast.expr, where: str) -> set[str]:
    """The keys of what is given as `**value`: a dict that is written out, in a name, a function or a property."""
    if isinstance(value, ast.Dict):
        return _keys(value)
    if isinstance(value, ast.Call) and ast.unparse(value.func) in {"of_error", "logs.of_error"}:
        return {"error", "error_id", "reason"}
    if isinstance(value, ast.Name):
        around = [one for one in _functions(tree) if call in ast.walk(one)]
        for function in sorted(around, key=lambda one: -one.lineno):
            for node in ast.walk(function):
                if isinstance(node, ast.Assign) and value.id in [ast.unparse(target) for target in node.targets]:
                    return _spread(tree, call, node.value, where)
            if function.args.kwarg is not None and function.args.kwarg.arg == value.id:
                return set()  # whoever calls it says which
    if isinstance(value, ast.Call | ast.Attribute):
        named = value.func if isinstance(value, ast.Call) else value
        wanted = ast.unparse(named).rpartition(".")[2]
        for other in (tree, *(module for _, module in modules(rf"def {wanted}\("))):
            for function in _functions(other):
                if function.name == wanted and (found := _returned(function)) is not None:
                    return found
    raise ValueError(f"{where}: cannot follow **{ast.unparse(value)}")


def _returned(function: ast.AST) -> set[str] | None:
    """The keys of the dict that it returns, written out."""
    returned = (node.value for node in ast.walk(function) if isinstance(node, ast.Return))
    return next((_keys(value) for value in returned if isinstance(value, ast.Dict)), None)


def _keys(value: ast.Dict) -> set[str]:
    return {key.value for key in value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
