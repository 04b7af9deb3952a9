"""Answers of WebDAV servers as values: what is read, what is left out, and what is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.calendars.providers.caldav import collection as module
from services.calendars.providers.caldav.collection import (
    CALDAV,
    DAV,
    absolute,
    key_of,
    parse_multistatus,
    tidy,
)
from services.calendars.providers.caldav.dav import DavClient, Login, error_for, multiget, path_of, sync_collection
from services.domain.errors import CalendarBusyError, CalendarError, CalendarRefusedError, CalendarTooLargeError
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient

BASE = "https://dav.example/cal/work/"
ETAG = f"{DAV}getetag"


def answer(*parts: str, spaces: str = 'xmlns="DAV:"') -> bytes:
    return f"<multistatus {spaces}>{''.join(parts)}</multistatus>".encode()


def told(body: bytes) -> list[tuple[str, int, str]]:
    return [(one.url, one.status, one.text(ETAG)) for one in parse_multistatus(body, BASE).answers]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("<href>/cal/work/a.ics</href><status>HTTP/1.1 404 Not Found</status>", [("a.ics", 404, "")]),
        ("<href>a.ics</href><status>HTTP/2 410</status>", [("a.ics", 410, "")]),
        ("<href> \n/cal/work/a.ics\n </href>", [("a.ics", 0, "")]),
        ("<href>a</href><href>b</href><status>HTTP/1.1 404 x</status>", [("a", 404, ""), ("b", 404, "")]),
        ("<href>a.ics</href><status>404</status>", [("a.ics", 0, "")]),
        ("<status>HTTP/1.1 404 Not Found</status>", []),
        ("<href></href>", []),
        ("<href/>", []),
        ("<href>mailto:a@b.org</href>", []),
        ("<href>http://[::1/</href>", []),
        ("<href>https://dav.example:99999/</href>", []),
        (
            "<href>a</href><propstat><prop><getetag>1</getetag></prop><status>HTTP/1.1 200 OK</status></propstat>",
            [("a", 0, "1")],
        ),
        ("<href>a.ics</href><propstat><prop><getetag> W/\"1\" </getetag></prop></propstat>", [("a.ics", 0, 'W/"1"')]),
        (
            "<href>a</href><propstat><prop><getetag>1</getetag></prop><status>HTTP/1.1 404 No</status></propstat>",
            [("a", 0, "")],
        ),
        (
            "<href>a.ics</href><propstat><prop><getetag/></prop><status>HTTP/1.1 404 x</status></propstat>"
            "<propstat><status>HTTP/1.1 200 OK</status><prop><getetag>2</getetag></prop></propstat>",
            [("a.ics", 0, "2")],
        ),
        ("<propstat/><href>a.ics</href>", [("a.ics", 0, "")]),
    ],
)  # fmt: skip
def test_a_response_says(response: str, expected: list[tuple[str, int, str]]) -> None:
    body = answer(f"<response>{response}</response>")
    assert told(body) == [(BASE + name, status, etag) for name, status, etag in expected]


@pytest.mark.parametrize("spaces", ['xmlns="DAV:"', 'xmlns="DAV:" xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"'])
def test_a_token_stands_beside_the_responses(spaces: str) -> None:
    body = answer(
        "<response><href>a</href></response>", "<sync-token> http://x/?a=1&amp;b </sync-token>", spaces=spaces
    )
    assert parse_multistatus(body, BASE).sync_token == "http://x/?a=1&b"
    assert parse_multistatus(answer(), BASE).sync_token == ""


def test_links_and_kinds_of_a_property() -> None:
    properties = (
        '<resourcetype><collection/><c:calendar xmlns:c="urn:ietf:params:xml:ns:caldav"/></resourcetype>'
        "<owner><href>/ann/</href><href></href><href>//elsewhere.example/x</href></owner>"
    )
    body = answer(f"<response><href>.</href><propstat><prop>{properties}</prop></propstat></response>")
    (one,) = parse_multistatus(body, BASE).answers
    assert one.kinds(f"{DAV}resourcetype") == {f"{DAV}collection", f"{CALDAV}calendar"}
    assert one.links(f"{DAV}owner") == ("https://dav.example/ann/", "https://elsewhere.example/x")
    assert (one.kinds("x"), one.links("x"), one.text("x")) == (frozenset(), (), "")
    assert "ann" not in repr(one)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"<multistatus/>",
        answer()[:-3],
        answer() + b"<a/>",
        b'<!DOCTYPE a><multistatus xmlns="DAV:"/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><multistatus xmlns="DAV:">&b;</multistatus>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1/">' + answer(),
        b'<?xml version="1.0" encoding="nonsense"?>' + answer(),
        answer("<x>" * 100, "</x>" * 100),
        answer("&undefined;"),
        answer("\x00"),
    ],
)
def test_what_is_no_whole_multistatus_is_refused(body: bytes) -> None:
    with pytest.raises(CalendarError):
        parse_multistatus(body, BASE)


def test_more_elements_than_a_calendar_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ELEMENTS", 10)
    assert told(answer("<a/>" * 9)) == []
    with pytest.raises(CalendarTooLargeError):
        told(answer("<a/>" * 10))


@given(st.binary() | st.text().map(answer))
def test_no_bytes_are_anything_but_an_answer_or_an_error(body: bytes) -> None:
    with contextlib.suppress(CalendarError):
        parse_multistatus(body, BASE)


# ── addresses ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("/a%20b/", "/a b/", True),
        ("/%C3%A4/", "/ä/", True),
        ("/%c3%a4/", "/%C3%A4/", True),
        ("/a%40b.ics", "/a@b.ics", True),
        ("/%7Eann/", "/~ann/", True),
        ("/a+b", "/a%2Bb", True),
        ("/a+b", "/a%20b", False),
        ("/a%2Fb", "/a/b", False),
        ("/a%2fb", "/a%2Fb", True),
        ("/100%", "/100%25", True),
        ("/a", "/a/", False),
        ("/a?x=1", "/a?x=2", False),
        ("/a%3Fx", "/a?x", False),
        ("/A", "/a", False),
        ("/a%ff", "/a%FF", True),
    ],
)
def test_two_spellings_of_one_path_have_one_key(one: str, other: str, *, same: bool) -> None:
    assert (key_of(absolute(BASE, one)) == key_of(absolute(BASE, other))) == same


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("a b.ics", "https://dav.example/cal/work/a%20b.ics"),
        ("/x/../y/%7e", "https://dav.example/y/~"),
        ("https://DAV.example:443/x", "https://dav.example/x"),
        ("http://dav.example:80/x", "http://dav.example/x"),
        ("https://dav.example:8443", "https://dav.example:8443/"),
        ("https://ann:secret@dav.example/x#y", "https://dav.example/x"),
        ("https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ("https://dav.exämple/x", ""),
        ("javascript:alert(1)", ""),
        ("   ", ""),
    ],
)
def test_an_address_is_taken_as_it_is_meant(href: str, url: str) -> None:
    assert absolute(BASE, href) == url


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    url = absolute(BASE, text)
    assert url.isascii()
    if url:
        assert absolute(BASE, url) == url
        assert key_of(url) == key_of(absolute(BASE, path_of(url))) or path_of(url).startswith("//")


@given(st.text())
def test_tidying_twice_is_tidying_once(path: str) -> None:
    assert tidy(tidy(path)) == tidy(path)


# ── requests ────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_server_gave_is_escaped_when_it_is_given_back() -> None:
    assert "<d:sync-token>a&lt;b&amp;c</d:sync-token>" in sync_collection("a<b&c", (ETAG,))
    assert multiget(["/a&b"]).endswith("<d:href>/a&amp;b</d:href>")


@pytest.mark.parametrize(
    ("origin", "url", "own"),
    [
        ("https://dav.example/", "https://dav.example:443/x", "https://dav.example/x"),
        ("https://dav.example/", "http://dav.example:80/x?y=1", "https://dav.example/x?y=1"),
        ("https://dav.example:8443/", "https://ann@dav.example:8443", "https://dav.example:8443/"),
        ("http://[::1]:5232/", "http://[::1]:5232/x", "http://[::1]:5232/x"),
        ("https://dav.example/", "http://dav.example/x", "https://dav.example/x"),
        ("https://dav.example/", "http://dav.example:8080/x", None),
        ("https://dav.example/", "https://dav.example:8443/x", None),
        ("https://dav.example/", "https://evil.example/x", None),
        ("https://dav.example/", "https://dav.example.evil.example/x", None),
        ("http://dav.example/", "https://dav.example/x", None),
        ("https://dav.example:8443/", "http://dav.example/x", None),
        ("https://p1-caldav.icloud.com/", "https://p2-caldav.icloud.com/", None),
    ],
)
def test_only_addresses_of_the_accounts_origin_are_its_own(origin: str, url: str, own: str | None) -> None:
    dav = DavClient(GuardedClient(AddressRules()), Login("ann", "secret"), origin)
    if own is not None:
        assert dav.own(url) == own
        assert dav.toward(url) is dav
        return
    for ask in (dav.own, dav.toward):
        with pytest.raises(CalendarRefusedError):
            ask(url)


def test_an_error_carries_how_long_to_wait() -> None:
    error = error_for(429, 30.0)
    assert (type(error), error.reason, error.retry_after) == (CalendarBusyError, "http 429", 30.0)
