"""Bolt, made anew for each test: it works out the signature of every listener and of its matchers each time, a sixth of
the time of a test that says a word to the app. The names of a function's arguments stand in its code."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from slack_bolt.util import utils


def _arguments(function: Callable[..., Any]) -> Any:
    code = getattr(function, "__code__", None)
    if code is None:
        return inspect.getfullargspec(function)
    return SimpleNamespace(args=list(code.co_varnames[: code.co_argcount]))


utils.inspect = SimpleNamespace(  # type: ignore[attr-defined]  # the module that it imports, as far as it uses it
    getfullargspec=_arguments, unwrap=inspect.unwrap, iscoroutinefunction=inspect.iscoroutinefunction
)
