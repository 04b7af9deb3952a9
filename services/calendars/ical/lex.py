"""From bytes to raw components: line endings, unfolding and BEGIN/END, with no look at what the lines say.

RFC 5545 §3.1 folds by octets, so a fold may fall inside a character: everything here works on bytes, and text is made
one component at a time. What real files do and the RFC does not is tolerated: byte-order marks, UTF-16, bare LF or CR,
blank lines between, lower-case names, several calendars in one file.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

_MOST_MARKS = 4
_BLANK = re.compile(rb"\n{2,}")
_NOISE = bytes(code for code in range(32) if code not in b"\t\n") + b"\x7f"
_EDGE = re.compile(rb"^(BEGIN|END)[ \t]*:[ \t]*([A-Za-z0-9_-]+)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_UID = re.compile(rb"^UID(?:;[^:\n]*)?:(.*)$", re.MULTILINE | re.IGNORECASE)
_DEEPEST = 16
"""Components inside one another: a calendar, its entries, their alarms. Deeper ones have lost their ENDs."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A component as it stands in the file: its own unfolded lines, without those of components inside it.

    `children` are the components directly inside it. `whole` is false where its END is missing.
    """

    name: str
    lines: bytes
    children: tuple[Raw, ...] = ()
    whole: bool = True

    @property
    def uid(self) -> str:
        """The UID line's value, untouched; empty where there is none."""
        match = _UID.search(self.lines)
        return "" if match is None else text_of(match[1]).strip()


@dataclass(frozen=True, slots=True)
class RawCalendar:
    """One VCALENDAR: its own lines, its VTIMEZONEs, VEVENTs and VFREEBUSYs. Other components are not ours."""

    lines: bytes
    zones: tuple[Raw, ...]
    events: tuple[Raw, ...]
    whole: bool = True
    busy: tuple[Raw, ...] = ()


@dataclass(slots=True)
class _Open:
    """A component whose END has not been seen yet."""

    name: str
    parts: list[bytes] = field(default_factory=list)
    children: list[Raw] = field(default_factory=list)

    def close(self, *, whole: bool = True) -> Raw:
        """The component, finished."""
        return Raw(self.name, b"\n".join(self.parts), tuple(self.children), whole)


def text_of(line: bytes) -> str:
    """Bytes as text: UTF-8, else Windows-1252 (what latin-1 calendars really hold); never an error."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def without_head(data: bytes) -> bytes:
    """`data` from where it says something: blanks and some byte-order marks before that are skipped."""
    for _ in range(_MOST_MARKS):
        data = data.lstrip().removeprefix(codecs.BOM_UTF8)
    return data.lstrip()


def unfolded(data: bytes) -> bytes:
    """The file as UTF-8-ish octets with one content line per LF-ended line (RFC 5545 §3.1).

    Control characters and blank lines go first: what stands behind them is folded, too, and twice is as good as once.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", errors="replace").encode("utf-8")
    data = without_head(data)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = data.translate(None, _NOISE)
    data = _BLANK.sub(b"\n", data)
    # After that a newline stands alone, so that each replacement is one pass and makes nothing for the other.
    return data.replace(b"\n ", b"").replace(b"\n\t", b"")


def calendars(data: bytes) -> tuple[RawCalendar, ...]:
    """Every VCALENDAR of a file, half ones too (`whole` says so). Empty where the file is no calendar at all."""
    text = unfolded(data)
    found: list[RawCalendar] = []
    stack: list[_Open] = []
    position = 0
    for edge in _EDGE.finditer(text):
        if stack and edge.start() > position:
            stack[-1].parts.append(text[position : edge.start() - 1])
        position = edge.end() + 1
        name = edge[2].decode("ascii").upper()
        if edge[1][:1] in b"Bb":
            _begin(name, stack, found)
        else:
            _end(name, stack, found)
    if stack:
        stack[-1].parts.append(text[position:])
        _unwind(stack, found, 0)
    return tuple(found)


def _begin(name: str, stack: list[_Open], found: list[RawCalendar]) -> None:
    if name == "VCALENDAR":
        _unwind(stack, found, 0)
    elif not stack:
        return
    elif name in {"VEVENT", "VTIMEZONE", "VTODO", "VJOURNAL", "VFREEBUSY"} and stack[-1].name != "VPOLL":
        # These never stand inside one another: whatever is still open has lost its END. What a poll proposes is in it.
        _unwind(stack, found, 1)
    elif len(stack) == _DEEPEST:
        _unwind(stack, found, 1)
    stack.append(_Open(name))


def _end(name: str, stack: list[_Open], found: list[RawCalendar]) -> None:
    depth = next((index for index in range(len(stack) - 1, -1, -1) if stack[index].name == name), None)
    if depth is None:
        return
    _unwind(stack, found, depth + 1)
    _finish(stack, found, whole=True)


def _unwind(stack: list[_Open], found: list[RawCalendar], depth: int) -> None:
    while len(stack) > depth:
        _finish(stack, found, whole=False)


def _finish(stack: list[_Open], found: list[RawCalendar], *, whole: bool) -> None:
    done = stack.pop().close(whole=whole)
    if stack:
        stack[-1].children.append(done)
    else:
        zones, events, busy = (
            tuple(child for child in done.children if child.name == name)
            for name in ("VTIMEZONE", "VEVENT", "VFREEBUSY")
        )
        found.append(RawCalendar(done.lines, zones, events, whole, busy))
