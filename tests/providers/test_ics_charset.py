"""The charset of a calendar: what the header says is used, unless the body shows that it is UTF-8."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.calendars.ical.content import as_utf8, charset_in, codec_of
from tests.support.costs import dearer
from tests.support.few import few

LEAVE = "夏季休暇 ①"
FOLDED = "夏季\r\n 休暇"


@pytest.mark.parametrize(
    ("header", "charset"),
    [
        ("text/calendar", None), ("", None), ("text/calendar; charset=Shift_JIS", "Shift_JIS"),
        ('text/calendar;method=PUBLISH; CHARSET = "EUC-JP"', "EUC-JP"), ("text/calendar; charset=", None),
        ("text/calendar; charset='utf-8'; component=VEVENT", "utf-8"), ("x" * 100_000 + "; charset=utf-8", None),
    ],
)  # fmt: skip
def test_charset_in_a_header(header: str, charset: str | None) -> None:
    assert charset_in(header) == charset


@pytest.mark.parametrize(
    ("charset", "codec"),
    [("Shift_JIS", "cp932"), ("Windows-31J", "cp932"), ("x-sjis", "cp932"), ("EUC-JP", "euc_jp"),
     ("ISO-2022-JP", "iso2022_jp"), ("ISO-8859-1", "cp1252"), ("windows-1252", "cp1252"), ("GB2312", "gb18030")],
)  # fmt: skip
def test_body_in_its_charset_is_read_in_it(charset: str, codec: str) -> None:
    text = (
        "Congés d’été"
        if codec == "cp1252"
        else "夏"
        if codec == "gb18030"
        else LEAVE
        if codec == "cp932"
        else "夏季休暇"
    )
    assert codec_of(charset) == codec
    assert as_utf8(text.encode(codec), charset).decode() == text


@pytest.mark.parametrize("charset", ["Shift_JIS", "EUC-JP", "ISO-2022-JP", "latin-1", "utf-8", "nonsense", None])
def test_body_that_is_utf8_stays_what_it_is(charset: str | None) -> None:
    for text in (LEAVE, "plain", "\ufeffmarked " + LEAVE):
        assert as_utf8(text.encode(), charset) == text.encode()


def test_fold_inside_of_a_character_is_undone_first() -> None:
    for charset in ("shift_jis", "euc-jp", "iso-2022-jp"):
        data = "SUMMARY:夏季休暇".encode(charset)
        for at in range(9, len(data)):
            folded = data[:at] + b"\r\n " + data[at:]
            assert as_utf8(folded, charset).decode() == "SUMMARY:夏季休暇"


@pytest.mark.parametrize(
    "charset", ["base64", "hex", "zip", "rot13", "idna", "punycode", "unicode_escape", "utf-7", ""]
)
def test_what_is_no_encoding_of_text_is_not_used(charset: str) -> None:
    assert codec_of(charset) is None
    assert as_utf8(b"\xff\xfe+", charset) is not None


@given(
    st.binary(max_size=200),
    st.sampled_from(["shift_jis", "euc-jp", "iso-2022-jp", "big5", "gb18030", "utf-32", "koi8-r"]),
)
def test_any_bytes_become_utf8_or_stay(body: bytes, charset: str) -> None:
    as_utf8(body, charset)


@pytest.mark.parametrize("charset", ["shift_jis", "euc-jp", "iso-2022-jp", "gb18030", "utf-16", "cp1252"])
@pytest.mark.parametrize("piece", few([b"\x1b$B", b"\xff", b"\r\n ", b"\x81", b"\x00\xd8"]))
def test_no_body_takes_long(charset: str, piece: bytes) -> None:
    body = b"\xff" + piece * (2**18 // len(piece))
    ordinary = ("Büro " if charset == "cp1252" else "会議 ").encode(charset) * 2**18
    both = (body, body * 8)
    assert dearer(lambda: [as_utf8(one, charset) for one in both], than=lambda: as_utf8(ordinary, charset)) < 60
