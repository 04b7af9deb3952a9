"""One feed from a real server: what is asked, what is believed, what is refused."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from services.calendars.ical.entry import ReadRequest
from services.calendars.providers.ics import FeedSource
from services.domain.calendars import Changes, Connection
from services.domain.errors import (
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarUnreachableError,
    NotACalendarError,
)
from services.platform.net import GuardedClient
from tests.support.sites import Site
from tests.support.subscriptions import ANN, EMPTY, NOW, Reader, calendar


@dataclass
class Feed:
    """A feed source, and the connection that remembers what it said last."""

    source: FeedSource
    reader: Reader
    connection: Connection
    now: datetime = NOW

    async def fetch(self) -> Changes:
        changes = await self.source.fetch(self.connection, self.now)
        self.connection = dataclasses.replace(self.connection, state=changes.state)
        return changes


@pytest.fixture
def feed(site: Site, client: GuardedClient) -> Feed:
    reader = Reader()
    connection = Connection(ANN, "C1", "ics", site.url("/private/basic.ics"), ZoneInfo("Europe/Berlin"), ("a@b.org",))
    return Feed(FeedSource(client, reader), reader, connection)


def _answers_browsers_alone(site: Site, otherwise: web.Response | None) -> list[str]:
    """From now on the site gives its feed to browsers; to others an error page, or a redirect to one."""
    names: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/error":
            return web.Response(text="<html>Something went wrong</html>", content_type="text/html")
        names.append(request.headers["User-Agent"])
        if "Mozilla" in names[-1]:
            return web.Response(body=calendar("One"))
        return web.Response(status=302, headers={"Location": "/error"}) if otherwise is None else _again(otherwise)

    site.answer = answer
    return names


def _again(answer: web.Response) -> web.Response:
    return web.Response(status=answer.status, body=answer.body)


@pytest.mark.parametrize(
    "otherwise", [None, web.Response(status=403), web.Response(status=400), web.Response(status=500)]
)
async def test_host_that_answers_browsers_alone_is_asked_as_one_that_still_names_us(
    site: Site, feed: Feed, otherwise: web.Response | None
) -> None:
    names = _answers_browsers_alone(site, otherwise)
    assert [event.title for event in (await feed.fetch()).events] == ["One"]
    assert [("Mozilla" in name, "StatusQuo" in name) for name in names] == [(False, True), (True, True)]
    await feed.fetch()
    assert len(names) == 3  # remembered: not asked in vain again


async def test_host_that_does_not_answer_browsers_either_is_tried_as_one_once_a_day(site: Site, feed: Feed) -> None:
    site.gives(b"", 403)
    for asked in (2, 3):
        with pytest.raises(CalendarRefusedError):
            await feed.fetch()
        assert len(site.seen) == asked
    feed.now += timedelta(days=1)
    with pytest.raises(CalendarRefusedError):
        await feed.fetch()
    assert len(site.seen) == 5


async def test_charset_of_the_answer_is_used_unless_it_is_utf8(site: Site, feed: Feed) -> None:
    text = calendar("夏季休暇").decode()
    for body, charset in ((text.encode("shift_jis"), "Shift_JIS"), (text.encode("euc_jp"), "EUC-JP"),
                          (text.encode("iso2022_jp"), "ISO-2022-JP"), (text.encode(), "Shift_JIS")):  # fmt: skip
        site.gives(body, Content_Type=f"text/calendar; charset={charset}")
        feed.connection = dataclasses.replace(feed.connection, state=None)
        assert [event.title for event in (await feed.fetch()).events] == ["夏季休暇"]


async def test_feed_is_read_for_the_person_and_sixty_days(site: Site, feed: Feed) -> None:
    site.gives(calendar("One", "Two", head="X-WR-CALNAME:Family REFRESH-INTERVAL;VALUE=DURATION:PT4H"))
    changes = await feed.fetch()
    assert [(event.title, event.start) for event in changes.events] == [
        ("One", NOW + timedelta(hours=1)),
        ("Two", NOW + timedelta(hours=2)),
    ]
    assert (changes.full, changes.unchanged, changes.name) == (True, False, "Family")
    assert changes.floor == timedelta(hours=4)
    start, end = NOW - timedelta(days=1), NOW + timedelta(days=60)
    assert feed.reader.asked == [(ReadRequest("C1", ("a@b.org",), ZoneInfo("Europe/Berlin"), start, end), None)]
    (request,) = site.seen
    assert (request.method, request.path) == ("GET", "/private/basic.ics")
    assert request.headers["User-Agent"].startswith("StatusQuo/")
    assert {"If-None-Match", "If-Modified-Since"} & set(request.headers) == set()


async def test_unchanged_feed_costs_no_body_and_no_reading(site: Site, feed: Feed) -> None:
    stamp = format_datetime(NOW, usegmt=True)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        headers = {"ETag": '"v1"', "Last-Modified": stamp}
        known = (request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since"))
        if known == ('"v1"', stamp):
            return web.Response(status=304, headers=headers)
        return web.Response(body=calendar("One", head="REFRESH-INTERVAL;VALUE=DURATION:PT4H"), headers=headers)

    site.answer = answer
    first = await feed.fetch()
    again = await feed.fetch()
    assert again == Changes(state=first.state, unchanged=True, full=False, floor=timedelta(hours=4))
    assert (len(site.seen), len(feed.reader.asked)) == (2, 1)


async def test_server_that_ignores_conditions_gives_the_same_bytes_and_nothing_changes(site: Site, feed: Feed) -> None:
    site.gives(calendar("One", head="REFRESH-INTERVAL;VALUE=DURATION:PT4H"), ETag='"v1"')
    first = await feed.fetch()
    again = await feed.fetch()
    assert (again.unchanged, again.state, again.floor) == (True, first.state, timedelta(hours=4))


async def test_changed_feed_is_read_with_the_memory_of_the_last_reading(site: Site, feed: Feed) -> None:
    before = calendar("One")
    site.gives(before, ETag='"v1"')
    await feed.fetch()
    site.gives(calendar("One", "Two"), ETag='"v2"')
    feed.now += timedelta(days=2)
    changes = await feed.fetch()
    assert [event.title for event in changes.events] == ["One", "Two"]
    assert site.seen[1].headers["If-None-Match"] == '"v1"'
    assert feed.reader.asked[1] == (feed.reader.asked[0][0], hashlib.sha256(before).digest())
    site.gives(b"", 304)
    await feed.fetch()
    assert site.seen[2].headers["If-None-Match"] == '"v2"'


async def test_window_that_runs_short_is_read_anew_without_conditions(site: Site, feed: Feed) -> None:
    site.gives(calendar("One"), ETag='"v1"')
    await feed.fetch()
    feed.now = NOW + timedelta(days=30)
    await feed.fetch()
    feed.now = NOW + timedelta(days=30, seconds=1)
    await feed.fetch()
    assert ["If-None-Match" in request.headers for request in site.seen] == [False, True, False]
    assert [asked.end for asked, _ in feed.reader.asked] == [
        NOW + timedelta(days=60),
        NOW + timedelta(days=60),
        NOW + timedelta(days=90, seconds=1),
    ]
    assert feed.reader.asked[2][1] is None


@pytest.mark.parametrize("change", [{"zone": ZoneInfo("Asia/Tokyo")}, {"addresses": ("a@b.org", "new@b.org")}])
async def test_person_who_changed_has_their_feed_read_anew(site: Site, feed: Feed, change: dict[str, object]) -> None:
    site.gives(calendar("One"), ETag='"v1"')
    await feed.fetch()
    feed.connection = dataclasses.replace(feed.connection, **change)  # type: ignore[arg-type]  # fields of Connection
    changes = await feed.fetch()
    assert (changes.unchanged, changes.full) == (False, True)
    assert "If-None-Match" not in site.seen[1].headers
    assert feed.reader.asked[1][1] is None


async def test_state_that_installed_apps_have_stored_is_gone_on_from(site: Site, feed: Feed) -> None:
    site.gives(calendar("One"), ETag='"v1"')
    head, _, rest = ((await feed.fetch()).state or b"").partition(b"\n")
    stored = json.loads(head)
    assert (stored["version"], stored["floor"]) == (1, None)
    told = json.dumps({**stored, "floor": 5400.0}).encode()  # seconds
    feed.connection = dataclasses.replace(feed.connection, state=told + b"\n" + rest)
    site.gives(b"", 304)
    assert (await feed.fetch()).floor == timedelta(seconds=5400)


async def test_what_a_release_stored_that_read_less_is_asked_for_whole_once(site: Site, feed: Feed) -> None:
    site.gives(calendar("One"), ETag='"v1"')
    head, _, rest = ((await feed.fetch()).state or b"").partition(b"\n")
    stored = {name: value for name, value in json.loads(head).items() if name != "reads"}
    feed.connection = dataclasses.replace(feed.connection, state=json.dumps(stored).encode() + b"\n" + rest)
    again = await feed.fetch()
    assert (again.full, [event.title for event in again.events]) == (True, ["One"])
    assert not {"If-None-Match", "If-Modified-Since"} & site.seen[1].headers.keys()
    site.gives(b"", 304)
    assert (await feed.fetch()).unchanged
    assert site.seen[2].headers["If-None-Match"] == '"v1"'


async def test_state_of_another_version_is_as_good_as_none(site: Site, feed: Feed) -> None:
    site.gives(calendar("One"), ETag='"v1"')
    feed.connection = dataclasses.replace(feed.connection, state=b'{"version": 99, "etag": "x"}\n...')
    assert [event.title for event in (await feed.fetch()).events] == ["One"]
    assert "If-None-Match" not in site.seen[0].headers


async def test_large_feed_is_checked_and_read_like_a_small_one(site: Site, feed: Feed) -> None:
    whole = calendar("One").replace(b"VERSION:2.0", b"VERSION:2.0\r\nX-PADDING:" + b"x" * 2_000_000)
    site.gives(whole)
    assert [event.title for event in (await feed.fetch()).events] == ["One"]
    site.gives(whole[:-30])
    with pytest.raises(CalendarError) as caught:
        await feed.fetch()
    assert caught.value.reason == "only half of it"


async def test_validator_that_cannot_be_sent_back_is_not_kept(site: Site, feed: Feed) -> None:
    site.gives(calendar("One"), ETag='"ü"')
    await feed.fetch()
    await feed.fetch()
    assert "If-None-Match" not in site.seen[1].headers


@pytest.mark.parametrize(
    ("body", "answer", "kind"),
    [
        (b"", (200, {}), CalendarError),
        (b" \r\n\r\n", (200, {}), CalendarError),
        (b"<html><body>Please sign in</body></html>", (200, {"Content-Type": "text/html"}), NotACalendarError),
        (b"The words BEGIN:VCALENDAR in a text", (200, {}), NotACalendarError),
        (calendar("One", "Two")[:-40], (200, {}), CalendarError),
        (EMPTY + calendar("One")[:60], (200, {}), CalendarError),
        (b"END:VCALENDAR\r\nBEGIN:VCALENDAR\r\n", (200, {}), CalendarError),
        (calendar("One"), (206, {}), CalendarError),
        (b"", (204, {}), CalendarError),
        (b"", (304, {}), CalendarUnreachableError),
        (b"x", (400, {}), CalendarRefusedError),
        (b"x", (401, {}), CalendarRefusedError),
        (b"x", (403, {}), CalendarRefusedError),
        (calendar("One"), (404, {}), CalendarGoneError),
        (b"x", (410, {}), CalendarGoneError),
        (b"x", (429, {"Retry-After": "120"}), CalendarBusyError),
        (calendar("One"), (500, {}), CalendarUnreachableError),
        (b"x", (503, {}), CalendarUnreachableError),
    ],
)
async def test_answer_that_is_no_whole_calendar_is_never_an_empty_one(
    site: Site, feed: Feed, body: bytes, answer: tuple[int, dict[str, str]], kind: type[CalendarError]
) -> None:
    site.gives(body, answer[0], **answer[1])
    with pytest.raises(CalendarError) as caught:
        await feed.fetch()
    assert type(caught.value) is kind
    assert feed.reader.asked == []


@pytest.mark.parametrize(
    "body",
    [
        EMPTY,
        b"\xef\xbb\xbf" + EMPTY,
        b"  \r\n \xef\xbb\xbf " + EMPTY,
        EMPTY.replace(b"\r\n", b"\n"),
        EMPTY.lower(),
        b"\r\n\r\n" + EMPTY + b"\r\n<!-- made in 3 ms -->",
        EMPTY + EMPTY,
        EMPTY.rstrip(),
        EMPTY.rstrip() + b"\x00\x1a",
    ],
)
async def test_whole_calendar_in_odd_wrapping_is_read(site: Site, feed: Feed, body: bytes) -> None:
    site.gives(body)
    assert (await feed.fetch()).events == ()
