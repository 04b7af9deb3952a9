"""The characters of a calendar that came over HTTP: RFC 5545 §3.1.4, the media type's `charset` parameter. Pure.

UTF-8 is the default, and what is valid UTF-8 stays that whatever the header says: many servers say something else of
files that they do not look into. Only then the header is believed.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

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
_PARAMETER = re.compile(r""";\s*charset\s*=\s*["']?([^\s"';]+)""", re.IGNORECASE)
_LONGEST_TYPE = 500
_TEXT = re.compile(
    r"(?:utf-8|iso8859-|cp|koi8|mac-|euc_|shift_jis|iso2022_|gb|big5|hz|johab|tis-620|utf-16|utf-32|kz1048|ptcp154).*"
)
"""Python's names of encodings that HTTP may mean: what else it can decode is no encoding of text."""


def as_utf8(body: bytes, charset: str | None) -> bytes:
    """`body` as UTF-8; as it is where it is UTF-8 already, or where nobody knows what it is."""
    codec = "utf-16" if body.startswith(_UTF16) else codec_of(charset)
    if codec in {"utf-16", "utf-32"} and not body.startswith((*_UTF16, *_UTF32)):
        codec += "-be"  # RFC 2781 §4.3
    if codec is None or codec == "utf-8" or body.startswith(codecs.BOM_UTF8):
        return body
    # Mail's Japanese is all ASCII, and never without its escape character, which no calendar in UTF-8 has.
    if _is_utf8(body) and not (codec.startswith("iso2022") and _ESCAPE in body):
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
    return "".join([*map(decode, _pieces(body)), decode(b"", True)]).encode("utf-8", "replace")


def charset_in(content_type: str) -> str | None:
    """The `charset` parameter of a media type (RFC 9110 §8.3.1)."""
    found = _PARAMETER.search(content_type[:_LONGEST_TYPE])
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


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
