"""Bodies that somebody makes who wants a reader to stop: each a function from a size in bytes to about so many."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import quote

MIB = 2**20
Shape = Callable[[int], bytes]

_HEAD = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
_TAIL = b"END:VCALENDAR\r\n"
_START = "DTSTART:20261124T100000Z"
FULL = f"BYHOUR={','.join(map(str, range(24)))};BYMINUTE={(sixty := ','.join(map(str, range(60))))};BYSECOND={sixty}"


def _calendar(inner: bytes, head: bytes = b"") -> bytes:
    return _HEAD + head + inner + _TAIL


def _event(*lines: str, uid: str = "a") -> bytes:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T000000Z", *lines, "END:VEVENT", ""]).encode()


def _filled(size: int, part: Callable[[int], bytes]) -> bytes:
    """As many parts, numbered, as fit."""

    def parts() -> Iterator[bytes]:
        left, number = size - len(_HEAD) - len(_TAIL), 0
        while (one := part(number)) and len(one) <= left:
            yield one
            left, number = left - len(one), number + 1

    return _calendar(b"".join(parts()))


def _long(before: str, filling: bytes, after: bytes = b"", *more: str) -> Shape:
    """One entry with one long line."""

    def made(size: int) -> bytes:
        frame = _calendar(_event(_START, *more, "X"))
        line = before.encode() + filling * max(1, (size - len(frame) - len(before)) // len(filling)) + after
        return frame.replace(b"\r\nX\r\n", b"\r\n" + line + b"\r\n")

    return made


def _zone(name: str, *rules: str, offset: str = "+0100") -> str:
    offsets = (f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}")
    inside = ("BEGIN:STANDARD", "DTSTART:19690101T000000", *offsets, *rules, "END:STANDARD")
    return "\r\n".join(["BEGIN:VTIMEZONE", f"TZID:{name}", *inside, "END:VTIMEZONE"])


CALENDARS: dict[str, Shape] = {
    "newlines": lambda size: _HEAD + b"\n" * (size - len(_HEAD)),
    "newlines in an entry": _long("X:", b"\n"),
    "newlines and blanks": _long("X:", b"\n \n\t"),
    "returns": _long("X:", b"\r"),
    "byte order marks": lambda size: b"\xef\xbb\xbf" * (size // 3) + _calendar(_event(_START)),
    "ends without a begin": lambda size: _filled(size, lambda _: b"END:VEVENT\r\n"),
    "ends that nothing has": lambda size: _HEAD + b"BEGIN:A\r\n" * (size // 20) + b"END:B\r\n" * (size // 16),
    "begins without an end": lambda size: _HEAD + b"BEGIN:X\r\n" * (size // 9) + _TAIL,
    "deep": lambda size: _calendar(b"BEGIN:X\r\n" * (size // 16) + b"END:X\r\n" * (size // 16)),
    "deep zones": lambda size: _calendar(
        b"BEGIN:VTIMEZONE\r\nTZID:Z\r\n" + b"BEGIN:X\r\n" * (size // 16) + b"END:X\r\n" * (size // 16)
        + b"END:VTIMEZONE\r\n" + _event("DTSTART;TZID=Z:20261124T100000")
    ),
    "small components": lambda size: _filled(size, lambda _: b"BEGIN:A\r\nEND:A\r\n"),
    "calendars": lambda size: (_HEAD + _TAIL) * (size // len(_HEAD + _TAIL)),
    "calendars that contradict": lambda size: b"".join(
        _calendar(f"{_zone('Z', offset=f'+{n // 60 % 20:02}{n % 60:02}')}\r\n".encode()) for n in range(size // 200)
    ),
    "half calendars": lambda size: _HEAD * (size // len(_HEAD)),
    "lines without a name": _long("SUMMARY:", b"x\r\n-\r\n"),
    "one line": _long("SUMMARY:", b"x"),
    "folded": _long("SUMMARY:", b"x\r\n "),
    "escapes": _long("SUMMARY:", rb"\n"),
    "backslashes": _long("SUMMARY:", b"\\"),
    "carets": _long("ATTENDEE;CN=", b"^n", b":mailto:a@b.c"),
    "quotes": _long('ATTENDEE;CN="', b'"', b":mailto:a@b.c"),
    "open quotes": _long("ATTENDEE", b';A="', b":mailto:a@b.c"),
    "colons": _long("DTEND;TZID=", b":"),
    "semicolons": _long("ATTENDEE", b";", b":mailto:a@b.c"),
    "parameters": _long("ATTENDEE", b";A=b", b":mailto:a@b.c"),
    "blanks before a colon": _long("SUMMARY", b" "),
    "blanks before a name": _long("", b" ", b"X:y"),
    "blanks in an edge": _long("BEGIN", b" ", b"VEVENT"),
    "a name": _long("", b"A"),
    "nothing": _long("SUMMARY:", b"\0"),
    "zone of slashes": _long("DTEND;TZID=", b"/a", b":20261124T110000"),
    "zone of digits": _long("DTEND;TZID=", b"1", b"x:20261124T110000"),
    "zone of brackets": _long("DTEND;TZID=(UTC+01:00)", b", a", b":20261124T110000"),
    "zones of slashes": lambda size: _filled(
        size, lambda n: _event(f"DTSTART;TZID={n}/{'a/' * 2000}:20261124T100000", uid=str(n))
    ),
    "zones": lambda size: _filled(
        size,
        lambda n: (_zone(f"Z{n}", "RRULE:FREQ=DAILY") + "\r\n").encode()
        + _event(f"DTSTART;TZID=Z{n}:20261124T100000", uid=str(n)),
    ),
    "a zone that cannot be read": lambda size: _calendar(
        _long("EXDATE;TZID=Z:", b"20261124T100000,")(size)[len(_HEAD) : -len(_TAIL)],
        (_zone("Z", f"RRULE:FREQ=YEARLY;{FULL}") + "\r\n").encode(),
    ),
    "zone with dates": lambda size: _calendar(
        (_zone("Z", "RDATE:" + ",".join(["20200101T000000"] * (size // 16))) + "\r\n").encode()
        + _event("DTSTART;TZID=Z:20261124T100000")
    ),
    "the same entry": lambda size: _filled(size, lambda n: _event(_START, f"SEQUENCE:{n}")),
    "the same entry without times": lambda size: _filled(size, lambda n: _event(f"SEQUENCE:{n}")),
    "instances": lambda size: _filled(
        size, lambda n: _event(_START, f"RECURRENCE-ID:2026{1 + n // 28 % 12:02}{1 + n % 28:02}T{n % 24:02}0000Z")
    ),
    "instances onwards": lambda size: _calendar(
        _event(_START, "RRULE:FREQ=MINUTELY")
        + _filled(
            size - 200,
            lambda n: _event(
                f"DTSTART:20261125T{n // 60 % 24:02}{n % 60:02}00Z",
                f"RECURRENCE-ID;RANGE=THISANDFUTURE:2026112{4 + n // 1440 % 5}T{n // 60 % 24:02}{n % 60:02}00Z",
            ),
        )[len(_HEAD) : -len(_TAIL)]
    ),
    "entries": lambda size: _filled(size, lambda n: _event(_START, uid=str(n))),
    "entries that repeat": lambda size: _filled(
        size, lambda n: _event(_START, "RRULE:FREQ=MINUTELY;COUNT=500", uid=str(n))
    ),
    "full year": lambda size: _filled(size, lambda n: _event(_START, f"RRULE:FREQ=YEARLY;{FULL}", uid=str(n))),
    "full day": lambda size: _filled(size, lambda n: _event(_START, f"RRULE:FREQ=DAILY;{FULL}", uid=str(n))),
    "every second": lambda size: _filled(size, lambda n: _event(_START, "RRULE:FREQ=SECONDLY", uid=str(n))),
    "never": lambda size: _filled(
        size, lambda n: _event("DTSTART:00010101T000000Z", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", uid=str(n))
    ),
    "rules": lambda size: _calendar(_event(_START, *["RRULE:FREQ=DAILY"] * (size // 18))),
    "a long rule": _long("RRULE:FREQ=DAILY;BYHOUR=", b"1,"),
    "dates": _long("RDATE:", b"20261125T100000Z,"),
    "different dates": lambda size: _calendar(
        _event(
            _START,
            "RDATE:" + ",".join(f"2026{1 + n % 12:02}{1 + n // 12 % 28:02}T{n % 24:02}{n % 59:02}{n % 58:02}Z"
                                for n in range(size // 17)),
        )
    ),
    "exceptions": _long("EXDATE:", b"20261125T100000Z,", b"", "RRULE:FREQ=DAILY"),
    "guests": lambda size: _calendar(_event(_START, *(f"ATTENDEE:mailto:{n}@example.com" for n in range(size // 32)))),
    "numbers": _long("DURATION:PT", b"9", b"S"),
    "a long day": _long("DTEND:2026", b"0"),
    "sequence": _long("SEQUENCE:", b"9"),
    "stamp": _long("DTSTAMP:", b"9"),
    "properties": lambda size: _calendar(_event(_START, *(f"X-{n}:y" for n in range(size // 10)))),
    "long names": lambda size: _calendar(
        _event(_START, "RRULE:FREQ=HOURLY", *(f"{name}:{'x' * (size // 3)}" for name in ("SUMMARY", "LOCATION")),
               uid="u" * (size // 3))
    ),
    "letters of four bytes": _long("SUMMARY:", "😀".encode(), b"", "RRULE:FREQ=HOURLY"),
    "rubbish": lambda size: bytes(range(256)) * (size // 256),
}  # fmt: skip
"""Calendars: for a hook, a file, a feed, a member of a CalDAV collection."""


def as_message(body: bytes, method: str) -> bytes:
    """The same as a scheduling message."""
    return body.replace(b"VERSION:2.0\r\n", f"VERSION:2.0\r\nMETHOD:{method}\r\n".encode(), 1)


JSONS: dict[str, Shape] = {
    "lists": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "objects": lambda size: b'{"a":' * (size // 6) + b"1" + b"}" * (size // 6),
    "a list": lambda size: b"[" + b"1," * (size // 2 - 2) + b"1]",
    "keys": lambda size: json.dumps({f"a-long-key-{number}": 1 for number in range(size // 26)}).encode(),
    "a number": lambda size: b'{"minutes": ' + b"9" * (size - 20) + b"}",
    "a fraction": lambda size: b'{"minutes": 1.' + b"9" * (size - 20) + b"}",
    "an exponent": lambda size: b'{"minutes": 1e' + b"9" * (size - 20) + b"}",
    "a text": lambda size: json.dumps({"text": "x" * (size - 20)}).encode(),
    "words": lambda size: json.dumps({"text": "x " * (size // 2 - 20)}).encode(),
    "blanks in a text": lambda size: json.dumps({"text": " " * (size - 20)}).encode(),
    "controls": lambda size: json.dumps({"text": "\u0001" * (size // 6 - 20)}).encode(),
    "emoji": lambda size: json.dumps({"emoji": ":" * (size - 20)}).encode(),
    "until": lambda size: json.dumps({"text": "x", "until": "2026-11-24 15:00" + "0" * (size - 60)}).encode(),
    "until blanks": lambda size: json.dumps({"text": "x", "until": " " * (size - 60)}).encode(),
    "escapes": lambda size: b'{"text": "' + b"\\n" * (size // 2 - 20) + b'"}',
    "backslashes": lambda size: b'{"text": "' + b"\\\\" * (size // 2 - 20) + b'u0000"}',
    "blanks": lambda size: b" " * (size - 2) + b"{}",
    "notifications": lambda size: json.dumps(
        {"value": [{"clientState": f"{n}.{n}", "subscriptionId": str(n), "changeType": "updated"}
                   for n in range(size // 90)]}
    ).encode(),
    "an open text": lambda size: b'{"text": "' + b"x" * (size - 20),
    "rubbish": lambda size: b"\xff" * size,
}  # fmt: skip
"""JSON: for a hook, a webhook and Slack's route."""


FORMS: dict[str, Shape] = {
    "ampersands": lambda size: b"&" * size,
    "equals": lambda size: b"=" * size,
    "fields": lambda size: b"&".join(b"a%d=1" % number for number in range(size // 10)),
    "escapes": lambda size: b"payload=" + b"%25" * (size // 3 - 4),
    "half escapes": lambda size: b"payload=" + b"%" * (size - 10),
    "plus": lambda size: b"payload=" + b"+" * (size - 10),
    "lists": lambda size: b"payload=" + b"%5B" * (size // 3 - 4),
    **{
        f"command of {name}": lambda size, text=text: (
            b"command=%2Fquo&team_id=T0DEMO0001&user_id=U0ANN00001&trigger_id=1.1&text="
            + quote(text * ((size - 100) // len(quote(text)))).encode()
        )
        for name, text in {
            "letters": "x", "blanks": " ", "colons": ":", "digits": "1", "words": "until ", "clocks": "10:00 ",
            "days": "monday ", "dashes": "- ", "minutes": "45m ", "emoji": ":pizza:", "signs": "😀", "quotes": "`",
        }.items()
    },
}  # fmt: skip
"""Forms: for Slack's route."""
