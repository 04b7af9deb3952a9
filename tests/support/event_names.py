"""The names of what is logged, as the code has them: the first argument of a log call, and of `guarded`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})


def log_calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Each call that logs, and at which level; `guarded` logs a warning or, for a mistake of ours, an error."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id == "guarded":
            yield node, "warning"
        elif isinstance(called, ast.Attribute) and called.attr in LEVELS and ast.unparse(called.value) == "log":
            yield node, called.attr


@cache
def sources() -> dict[Path, ast.Module]:
    """Every module that logs for an operator."""
    paths = [path for folder in ("services", "handlers") for path in (ROOT / folder).rglob("*.py")]
    return {path: ast.parse(path.read_text()) for path in sorted(paths)}


def event_names() -> set[str]:
    names = {
        call.args[0].value
        for tree in sources().values()
        for call, _ in log_calls(tree)
        if isinstance(call.args[0], ast.Constant)
    }
    return {name for name in names if isinstance(name, str)} | {"request_failed", "request_refused"}
