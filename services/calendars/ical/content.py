"""From bytes to components and their lines, with no look at what the values say (RFC 5545 §3.1, §3.2). Pure.

RFC 5545 folds by octets, so a fold may fall inside a character: components are cut out of bytes, and text is made one
component at a time. What real files do and the RFC does not is tolerated: byte-order marks, UTF-16, bare LF or CR,
blank lines between, lower-case names, several calendars in one file.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

# ── what came over HTTP ─────────────────────────────────────────────────────────────────────────────

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_ESCAPE = b"\x1b"
_PIECE = 16 * 1024  # decoded at once: between two pieces other threads run
_MOST_MENDED = 1024 * 1024
_WIDER = {"shift_jis": "cp932", "iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}
"""Encodings that are called by the name of a narrower one (WHATWG Encoding Standard §4.2)."""

_ALIASES = {
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "x-mac-japanese": "cp932",
    "ks_c_5601-1987": "cp949",
}
_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([^\s"';]+)""", re.IGNORECASE)
_LONGEST_TYPE = 500
_TEXT = re.compile(
    r"(?:utf-8|iso8859-|cp|koi8|mac-|euc_|shift_jis|iso2022_|gb|big5|hz|johab|tis-620|utf-16|utf-32|kz1048|ptcp154).*"
)
"""Python's names of encodings that HTTP may mean: what else it can decode is no encoding of text."""


def charset_in(content_type: str) -> str | None:
    """Return the `charset` parameter of a media type (RFC 9110 §8.3.1)."""
    found = _CHARSET.search(content_type[:_LONGEST_TYPE])
    return None if found is None else found[1]


def codec_of(charset: str | None) -> str | None:
    """Python's name of an encoding of text; None for none and for what is none."""
    name = (charset or "").strip().casefold()
    try:
        codec = codecs.lookup(_ALIASES.get(name, name)).name
    except (LookupError, ValueError):
        return None
    codec = _WIDER.get(codec, codec)
    return codec if _TEXT.fullmatch(codec) else None


def as_utf8(body: bytes, charset: str | None) -> bytes:
    """`body` as UTF-8; as it is where it is UTF-8 already, or where nobody knows what it is.

    UTF-8 is the default (RFC 5545 §3.1.4), and what is valid UTF-8 stays that whatever the media type's `charset`
    says: many servers say something else of files that they do not look into.
    """
    codec = "utf-16" if body.startswith(_UTF16) else codec_of(charset)
    if codec in {"utf-16", "utf-32"} and not body.startswith((*_UTF16, *_UTF32)):
        codec += "-be"  # RFC 2781 §4.3
    if codec is None or codec == "utf-8" or body.startswith(codecs.BOM_UTF8):
        return body
    # Mail's Japanese is all ASCII, and never without its escape character, which no calendar in UTF-8 has.
    if not (codec.startswith("iso2022") and _ESCAPE in body):
        try:
            body.decode()
        except UnicodeDecodeError:
            pass  # the header is believed
        else:
            return body
    if not codec.startswith(("utf-16", "utf-32")):
        # RFC 5545 §3.1 folds octets, also inside of a character.
        body = body.replace(b"\r\n", b"\n").replace(b"\n ", b"").replace(b"\n\t", b"")
    try:
        return _decoded(body, codec, "strict")
    except UnicodeError:
        # Replacing what is wrong takes a microsecond each.
        return _decoded(body, codec, "replace") if len(body) <= _MOST_MENDED else body


def _decoded(body: bytes, codec: str, errors: str) -> bytes:
    decode = codecs.getincrementaldecoder(codec)(errors).decode
    pieces = [decode(body[start : start + _PIECE]) for start in range(0, len(body), _PIECE)]
    return "".join([*pieces, decode(b"", True)]).encode("utf-8", "replace")


# ── components ──────────────────────────────────────────────────────────────────────────────────────

_MOST_MARKS = 4
_BLANK = re.compile(rb"\n{2,}")
_NOISE = bytes(code for code in range(32) if code not in b"\t\n") + b"\x7f"
_EDGE = re.compile(rb"^(BEGIN|END)[ \t]*:[ \t]*([A-Za-z0-9_-]+)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_UID = re.compile(rb"^UID(?:;[^:\n]*)?:(.*)$", re.MULTILINE | re.IGNORECASE)
_SIDE_BY_SIDE = frozenset({"VEVENT", "VTIMEZONE", "VTODO", "VJOURNAL", "VFREEBUSY"})
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


def text_of(line: bytes) -> str:
    """Bytes as text: UTF-8, else Windows-1252 (what latin-1 calendars really hold); never an error."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def without_head(data: bytes) -> bytes:
    """Return `data` from where it says something: blanks and some byte-order marks before that are skipped."""
    for _ in range(_MOST_MARKS):
        data = data.lstrip().removeprefix(codecs.BOM_UTF8)
    return data.lstrip()


def unfolded(data: bytes) -> bytes:
    """Return the file as UTF-8-ish octets with one content line per LF-ended line (RFC 5545 §3.1).

    Control characters and blank lines go first: what stands behind them is folded, too, and twice is as good as once.
    """
    if data.startswith(_UTF16):
        data = data.decode("utf-16", errors="replace").encode("utf-8")
    data = without_head(data)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = data.translate(None, _NOISE)
    data = _BLANK.sub(b"\n", data)
    # After that a newline stands alone, so that each replacement is one pass and makes nothing for the other.
    return data.replace(b"\n ", b"").replace(b"\n\t", b"")


def calendars(data: bytes) -> tuple[RawCalendar, ...]:
    """Return every VCALENDAR of a file, half ones too (`whole` says so). Empty where the file is no calendar at all."""
    text = unfolded(data)
    found: list[RawCalendar] = []
    opened: list[_Open] = []
    position = 0
    for edge in _EDGE.finditer(text):
        if opened and edge.start() > position:
            opened[-1].parts.append(text[position : edge.start() - 1])
        position = edge.end() + 1
        name = edge[2].decode("ascii").upper()
        if edge[1][:1] in b"Ee":
            depth = next((at for at in range(len(opened) - 1, -1, -1) if opened[at].name == name), None)
            if depth is not None:
                opened[depth].whole = True
                _close(opened, found, depth)
            continue
        if name == "VCALENDAR":
            _close(opened, found, 0)
        elif not opened:
            continue
        elif (name in _SIDE_BY_SIDE and opened[-1].name != "VPOLL") or len(opened) == _DEEPEST:
            # Whatever is still open has lost its END: these never stand inside one another, but for what a poll holds.
            _close(opened, found, 1)
        opened.append(_Open(name))
    if opened:
        opened[-1].parts.append(text[position:])
        _close(opened, found, 0)
    return tuple(found)


@dataclass(slots=True)
class _Open:
    """A component whose END has not been seen yet."""

    name: str
    parts: list[bytes] = field(default_factory=list)
    children: list[Raw] = field(default_factory=list)
    whole: bool = False


def _close(opened: list[_Open], found: list[RawCalendar], depth: int) -> None:
    """Finish what is open from `depth` on, the innermost first: a part of what it stands in, or a calendar."""
    while len(opened) > depth:
        one = opened.pop()
        lines = b"\n".join(one.parts)
        if opened:
            opened[-1].children.append(Raw(one.name, lines, tuple(one.children), one.whole))
            continue
        zones, events, busy = (
            tuple(child for child in one.children if child.name == name)
            for name in ("VTIMEZONE", "VEVENT", "VFREEBUSY")
        )
        found.append(RawCalendar(lines, zones, events, one.whole, busy))


# ── content lines: `NAME;PARAM=value;PARAM="a,b":value` ─────────────────────────────────────────────

_LINE = re.compile(r"^\s*([A-Za-z0-9_.-]+)[ \t]*(?=[;:])")
# Possessive: what was read is never tried again, nor remembered for it, however long a value is.
_PARAM = re.compile(r';\s*([A-Za-z0-9_.-]+)\s*+(?:=((?:"[^"]*"|[^";:]++)*+))?')
_DATES = re.compile(r":(?=\d{4}-?\d\d-?\d\d)", re.ASCII)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
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

    __slots__ = ("_properties",)

    def __init__(self, lines: bytes) -> None:
        """Read unfolded lines; those that are none (a fold without its space) belong to the line before."""
        self._properties: dict[str, list[Property]] = {}
        for line in content_lines(lines):
            self._properties.setdefault(line.name, []).append(line)

    def all(self, name: str) -> list[Property]:
        """Return every property of that name that says anything, in the order of the file."""
        return [line for line in self._properties.get(name, ()) if line.value.strip()]

    def first(self, name: str) -> Property | None:
        """Return the first property of that name that says anything."""
        lines = self._properties.get(name)
        if lines is None:
            return None
        return next((line for line in lines if line.value.strip()), None)

    def value(self, name: str) -> str:
        """Return the first value of that name, trimmed; empty where there is none."""
        line = self.first(name)
        return "" if line is None else line.value.strip()

    def word(self, name: str) -> str:
        """Return the same as an upper-case word."""
        return self.value(name).upper()

    def text(self, name: str) -> str:
        r"""Return the first TEXT value of that name, with `\n`, `\,`, `\;`, `\\` as meant (RFC 5545 §3.3.11)."""
        line = self.first(name)
        if line is None or "\\" not in line.value:
            return "" if line is None else line.value
        return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], line.value)

    def number(self, name: str) -> int:
        """Return the first INTEGER of that name; 0 where there is none or it is none."""
        value = self.value(name)
        return int(value) if value.isascii() and value.isdigit() and len(value) < 12 else 0  # noqa: PLR2004 - a SEQUENCE is a 32-bit integer


def content_lines(lines: bytes) -> Iterator[Property]:
    """Yield the properties among unfolded lines. A line that has no name continues the value before it."""
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
        if name:
            yield Property(name, "".join(value), params)
        name, params, value = start[1].upper().rpartition(".")[2], found, [line[colon + 1 :]]
    if name:
        yield Property(name, "".join(value), params)


def _params(line: str, position: int) -> tuple[int | None, dict[str, str]]:
    """Return where the value's colon is (None where there is none), and the parameters before it."""
    if line[position] == ":":
        return position, {}
    params: dict[str, str] = {}
    while (match := _PARAM.match(line, position)) is not None:
        value = (match[2] or "").replace('"', "").strip()
        if "^" in value:
            value = re.sub(r"\^[n^']", lambda caret: _CARET[caret[0]], value)  # RFC 6868
        params[match[1].upper()] = value
        position = match.end()
    colon = line.find(":", position)
    if colon < 0:
        return None, params
    # `TZID=GMT+02:00:20260701T100000`: a zone's name with a colon, which should have been quoted.
    if "TZID" in params and not _DATES.match(line, colon) and (dates := _DATES.search(line, colon + 1)) is not None:
        params["TZID"] += line[colon : dates.start()].replace('"', "").strip()
        return dates.start(), params
    return colon, params
