"""What is shown of hooks and files, in every language and within Slack's limits; what of JSON becomes a status."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.slack.views import file_replies, replies
from handlers.slack.views.modals import shown_once
from handlers.web.webhooks import LONGEST, read_status
from services.calendars.ical.content import as_utf8
from services.calendars.ical.expand import UnreadableCalendarError
from services.domain.errors import InputError
from services.domain.request_errors import RequestError
from services.platform import locale
from services.platform.locale import Localizer
from services.store.list_mistakes import ListMistakeError, Mistake
from services.usecases.sent_files import ListProblemsError
from tests.support import blockkit
from tests.support.hooks import address_in

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LOCALIZERS = [locale.Localizer(code, "Europe/Berlin") for code in ("en-US", "de-DE", "fr-FR", "es-ES", "ja-JP")]
NASTY = "<!channel> & *bold* <https://x.example|y> `code` " + "長" * 400


@pytest.mark.parametrize("l10n", LOCALIZERS, ids=lambda l10n: l10n.locale)
def test_views_keep_within_slacks_limits(l10n: Localizer) -> None:
    address = "https://" + "statusquo." * 20 + "example/hooks/" + "a" * 43
    view = shown_once(l10n, address)
    blockkit.check_view(view)
    assert address_in(view) == address
    mistake = ListMistakeError(Mistake.UNKNOWN_FIELD, f"rules.lines.0.{NASTY}", name=NASTY)
    for message in (
        file_replies.file_offered(l10n, NASTY, 10**6, "F0000000001"),
        file_replies.file_updated(l10n, NASTY, 0),
        file_replies.file_added(l10n),
        file_replies.list_taken(l10n, NASTY, 54, "x" * 24),
        file_replies.list_refused(l10n, NASTY, ListProblemsError([mistake] * 20)),
        replies.sentence(l10n, UnreadableCalendarError("x")),
        file_replies.file_hint(l10n),
    ):
        blockkit.check_message(message)
        assert "<!channel>" not in json.dumps(message)


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30)
)
SAID = st.dictionaries(st.sampled_from(["text", "emoji", "until", "minutes", "other"]), VALUES, max_size=4)


@given(SAID)
def test_any_json_is_a_status_that_slack_takes_or_is_refused(said: dict[str, Any]) -> None:
    try:
        wanted = read_status(json.dumps(said).encode(), ZoneInfo("Pacific/Chatham"), NOW)
    except (InputError, RequestError):
        return
    assert wanted.text or wanted.emoji
    assert len(wanted.text) <= 100
    assert wanted.end is None or NOW < wanted.end <= NOW + LONGEST
    assert (wanted.text + wanted.emoji).encode()


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for charset in (None, "utf-8", "utf-16", "latin-1", "shift_jis", "iso-2022-jp", "nonsense"):
        try:
            read_status(as_utf8(body, charset), ZoneInfo("Etc/UTC"), NOW)
        except (InputError, RequestError):
            continue


def test_wall_time_in_a_gap_and_one_that_comes_twice() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2027, 3, 27, 9, tzinfo=UTC)
    gap = read_status(b'{"text": "x", "until": "2027-03-28T02:30"}', berlin, before).end
    assert gap == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    twice = read_status(
        b'{"text": "x", "until": "2026-10-25T02:30"}', berlin, datetime(2026, 10, 24, 9, tzinfo=UTC)
    ).end
    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
