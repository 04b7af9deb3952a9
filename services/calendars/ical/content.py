"""Content lines: `NAME;PARAM=value;PARAM="a,b":value` (RFC 5545 §3.1, §3.2), read leniently."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.calendars.ical.lex import Raw, text_of

_LINE = re.compile(r"^\s*([A-Za-z0-9_.-]+)[ \t]*(?=[;:])")
# Possessive: what was read is never tried again, nor remembered for it, however long a value is.
_PARAM = re.compile(r';\s*([A-Za-z0-9_.-]+)\s*+(?:=((?:"[^"]*"|[^";:]++)*+))?')
_DATES = re.compile(r":(?=\d{4}-?\d\d-?\d\d)", re.ASCII)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NEVER_FOLDED = frozenset(
    {"DTSTART", "DTEND", "DURATION", "DTSTAMP", "RECURRENCE-ID", "SEQUENCE", "STATUS", "TRANSP", "CLASS", "METHOD"}
)
_CARET = {"^n": "\n", "^^": "^", "^'": '"'}


@dataclass(frozen=True, slots=True)
class Property:
    """One content line. Parameter names are upper-case, their values without quotes; `value` is as written."""

    name: str
    value: str
    params: Mapping[str, str]


class Component:
    """The properties of one component, by upper-case name, in the order of the file."""

    __slots__ = ("_properties", "name", "whole")

    def __init__(self, raw: Raw) -> None:
        """Read the lines of `raw`; lines that are none (a fold without its space) belong to the line before."""
        self.name = raw.name
        self.whole = raw.whole
        self._properties: dict[str, list[Property]] = {}
        for line in content_lines(raw.lines):
            self._properties.setdefault(line.name, []).append(line)

    def all(self, name: str) -> list[Property]:
        """Every property of that name that says anything, in the order of the file."""
        return [line for line in self._properties.get(name, ()) if line.value.strip()]

    def first(self, name: str) -> Property | None:
        """The first property of that name that says anything."""
        lines = self._properties.get(name)
        if lines is None:
            return None
        return next((line for line in lines if line.value.strip()), None)

    def value(self, name: str) -> str:
        """The first value of that name, trimmed; empty where there is none."""
        line = self.first(name)
        return "" if line is None else line.value.strip()

    def word(self, name: str) -> str:
        """The same as an upper-case word."""
        return self.value(name).upper()

    def text(self, name: str) -> str:
        """The first TEXT value of that name, un-escaped (RFC 5545 §3.3.11)."""
        line = self.first(name)
        return "" if line is None else unescaped(line.value)

    def number(self, name: str) -> int:
        """The first INTEGER of that name; 0 where there is none or it is none."""
        value = self.value(name)
        return int(value) if value.isascii() and value.isdigit() and len(value) < 12 else 0  # noqa: PLR2004 - a SEQUENCE is a 32-bit integer


def content_lines(lines: bytes) -> Iterator[Property]:
    """The properties among unfolded lines. A line that has no name continues the value before it."""
    name, value = "", [""]
    params: dict[str, str] = {}
    for raw in lines.split(b"\n"):
        line = text_of(raw)
        start = _LINE.match(line)
        colon, found = (None, {}) if start is None else _params(line, start.end())
        if start is None or colon is None:
            # Too short ever to be folded, so what follows one of these is rubbish and no part of it.
            if name not in _NEVER_FOLDED:
                value.append(line)
            continue
        if "TZID" in found:
            colon, found = _unquoted_zone(line, colon, found)
        if name:
            yield Property(name, "".join(value), params)
        name, params, value = start[1].upper().rpartition(".")[2], found, [line[colon + 1 :]]
    if name:
        yield Property(name, "".join(value), params)


def _params(line: str, position: int) -> tuple[int | None, dict[str, str]]:
    """Where the value's colon is (None where there is none), and the parameters before it."""
    if line[position] == ":":
        return position, {}
    params: dict[str, str] = {}
    while (match := _PARAM.match(line, position)) is not None:
        value = match[2] or ""
        value = value.replace('"', "").strip()
        if "^" in value:
            value = re.sub(r"\^[n^']", lambda caret: _CARET[caret[0]], value)  # RFC 6868
        params[match[1].upper()] = value
        position = match.end()
    if position < len(line) and line[position] == ":":
        return position, params
    return None if (colon := line.find(":", position)) < 0 else colon, params


def _unquoted_zone(line: str, colon: int, params: dict[str, str]) -> tuple[int, dict[str, str]]:
    """The same for `TZID=GMT+02:00:20260701T100000`: a zone's name with a colon, which should have been quoted."""
    tzid = params.get("TZID")
    if tzid is None or _DATES.match(line, colon):
        return colon, params
    dates = _DATES.search(line, colon + 1)
    if dates is None:
        return colon, params
    return dates.start(), {**params, "TZID": tzid + line[colon : dates.start()].replace('"', "").strip()}


def unescaped(value: str) -> str:
    r"""TEXT as it is meant: `\n`, `\,`, `\;` and `\\` (RFC 5545 §3.3.11)."""
    if "\\" not in value:
        return value
    return _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)
