"""Renders a Helm chart whose templates keep to a small part of Go's language: actions with trim markers, if/else,
range, define, include, pipelines, and the functions named below. What is not known is an error, so nothing is skipped.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_ACTION = re.compile(r"(\s*)\{\{(-?)\s*(.*?)\s*(-?)\}\}(\s*)", re.DOTALL)
_WORD = re.compile(r'"[^"]*"|\||:=|[^\s,|]+|,')
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "default": lambda otherwise, value: value or otherwise,
    "eq": lambda one, other: one == other,
    "nindent": lambda count, text: "".join(f"\n{' ' * count}{line}" for line in text.splitlines()),
    "quote": lambda value: json.dumps(_text(value), ensure_ascii=False),
    "sha256sum": lambda text: hashlib.sha256(text.encode()).hexdigest(),
    "toJson": lambda value: json.dumps(value, sort_keys=True, separators=(",", ":")),
    "toYaml": lambda value: yaml.safe_dump(value).rstrip("\n"),
}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


@dataclass(slots=True)
class _Block:
    """What stands between an action that opens a block and the one that ends it."""

    opened: list[str]
    parts: list[str | list[str] | _Block] = field(default_factory=list)
    otherwise: list[str | list[str] | _Block] | None = None

    def add(self, part: str | list[str] | _Block) -> None:
        (self.parts if self.otherwise is None else self.otherwise).append(part)


def _parsed(text: str) -> _Block:
    open_blocks = [_Block([])]
    for part in _pieces(text):
        if isinstance(part, str):
            open_blocks[-1].add(part)
        elif part[0] in {"if", "range", "define"}:
            block = _Block(part)
            open_blocks[-1].add(block)
            open_blocks.append(block)
        elif part == ["else"]:
            open_blocks[-1].otherwise = []
        elif part == ["end"]:
            open_blocks.pop()
        else:
            open_blocks[-1].add(part)
    (whole,) = open_blocks
    return whole


def _pieces(text: str) -> Iterator[str | list[str]]:
    """Text and actions in turn; an action is its words. A trim marker takes the white space on its side."""
    at = 0
    while found := _ACTION.search(text, at):
        before, left, action, right, _after = found.groups()
        yield text[at : found.start()] + ("" if left else before)
        yield _WORD.findall(action)
        at = found.end() if right else found.end(4) + 2
    yield text[at:]


@dataclass(slots=True)
class _Scope:
    """What names mean: `top` is `$`, `dot` is `.`; others are in `variables`."""

    top: Mapping[str, Any]
    dot: Any
    variables: Mapping[str, Any]
    templates: Mapping[str, _Block]

    def rendered(self, parts: list[str | list[str] | _Block]) -> str:
        return "".join(
            part if isinstance(part, str) else self._block(part) if isinstance(part, _Block) else _text(self._of(part))
            for part in parts
        )

    def _block(self, block: _Block) -> str:
        word, *rest = block.opened
        if word == "define":
            return ""
        if word == "if":
            return self.rendered(block.parts if self._of(rest) else block.otherwise or [])
        if ":=" in rest:  # $name, $value := a map
            key, _, value, _, *of = rest
            items = sorted(self._of(of).items())
            scopes = [_Scope(self.top, one, {key: name, value: one}, self.templates) for name, one in items]
        else:
            scopes = [_Scope(self.top, one, self.variables, self.templates) for one in self._of(rest)]
        return "".join(scope.rendered(block.parts) for scope in scopes)

    def _of(self, words: list[str]) -> Any:
        """A pipeline's value: each command takes what the one before it gave as its last argument."""
        commands: list[list[str]] = [[]]
        for word in words:
            if word == "|":
                commands.append([])
            else:
                commands[-1].append(word)
        given: list[Any] = []
        for name, *arguments in commands:
            values = [*map(self._value, arguments), *given]
            if name == "include":
                template, dot = values
                made = self.templates[template]
                given = [_Scope(self.top, dot, {}, self.templates).rendered(made.parts)]
            else:
                given = [_FUNCTIONS[name](*values) if name in _FUNCTIONS else self._value(name)]
        return given[0]

    def _value(self, word: str) -> Any:
        if word[0] == '"':
            return word[1:-1]
        if word.isdecimal():
            return int(word)
        if word in self.variables:
            return self.variables[word]
        start, _, path = word.partition(".")
        value = {"": self.dot, "$": self.top}[start]
        for name in filter(None, path.split(".")):
            value = value[name]
        return value


def render(chart: Path, values: Mapping[str, Any], release: str = "quo") -> list[dict[str, Any]]:
    """The objects that Helm would send, with `values` over the chart's own, one level deep."""
    top = {
        "Values": _merged(yaml.safe_load((chart / "values.yaml").read_text()), values),
        "Chart": {
            name[0].upper() + name[1:]: value
            for name, value in yaml.safe_load((chart / "Chart.yaml").read_text()).items()
        },
        "Release": {"Name": release, "Service": "Helm"},
    }
    files = {path.name: _parsed(path.read_text()) for path in sorted((chart / "templates").iterdir())}
    templates = {
        part.opened[1].strip('"'): part
        for file in files.values()
        for part in file.parts
        if isinstance(part, _Block) and part.opened[0] == "define"
    }
    scope = _Scope(top, top, {}, templates)
    texts = [scope.rendered(file.parts) for name, file in files.items() if name.endswith(".yaml")]
    return [one for text in texts for one in yaml.safe_load_all(text) if one]


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **base,
        **{
            name: {**base[name], **value} if isinstance(value, dict) and isinstance(base.get(name), dict) else value
            for name, value in over.items()
        },
    }
