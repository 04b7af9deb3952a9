"""What Google's unhappy answers mean, and what its pushes say."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.calendars.providers.google.api import REQUIRED, SCOPES, error_for, reasons
from services.calendars.providers.google.push import GooglePush, PushState, read_push
from services.domain.errors import (
    AccessRefusedError,
    AppRefusedError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarUnreachableError,
)
from services.domain.request_errors import RequestError

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def body(*names: str) -> dict[str, Any]:
    return {"error": {"errors": [{"domain": "usageLimits", "reason": name} for name in names], "code": 403}}


def newer(name: str) -> dict[str, Any]:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": name, "domain": "googleapis.com"}
    return {"error": {"code": 403, "status": "PERMISSION_DENIED", "details": [info]}}


@pytest.mark.parametrize(
    ("status", "said", "kind", "everybody"),
    [
        (401, body("authError"), AccessRefusedError, None),
        (401, {}, AccessRefusedError, None),
        (403, body("userRateLimitExceeded"), CalendarBusyError, False),
        (403, body("rateLimitExceeded"), CalendarBusyError, False),
        (403, body("quotaExceeded"), CalendarBusyError, False),
        (403, body("dailyLimitExceeded"), CalendarBusyError, True),
        (403, body("userRateLimitExceeded", "rateLimitExceeded"), CalendarBusyError, False),
        (403, body("dailyLimitExceeded", "rateLimitExceeded"), CalendarBusyError, True),
        (403, newer("RATE_LIMIT_EXCEEDED"), CalendarBusyError, False),
        (429, body("userRateLimitExceeded"), CalendarBusyError, False),
        (429, body("rateLimitExceeded"), CalendarBusyError, False),
        (429, {}, CalendarBusyError, True),
        (429, body("somethingNew"), CalendarBusyError, True),
        (403, body("insufficientPermissions"), CalendarRefusedError, None),
        (403, body("forbidden"), CalendarRefusedError, None),
        (403, {}, CalendarRefusedError, None),
        (403, {"error": "access_denied"}, CalendarRefusedError, None),
        (404, body("notFound"), CalendarGoneError, None),
        (410, body("fullSyncRequired"), CalendarError, None),
        (400, body("badRequest"), CalendarError, None),
        (409, {}, CalendarError, None),
        (304, {}, CalendarError, None),
        (408, {}, CalendarUnreachableError, None),
        (500, body("backendError"), CalendarUnreachableError, None),
        (503, {}, CalendarUnreachableError, None),
        (599, {}, CalendarUnreachableError, None),
    ],
)
def test_unhappy_answer_is_a_typed_error(
    status: int, said: dict[str, Any], kind: type[CalendarError], everybody: bool | None
) -> None:
    error = error_for(status, {}, said, NOW)
    assert type(error) is kind
    assert getattr(error, "everybody", None) is everybody
    assert error.retry_after is None


@pytest.mark.parametrize("said", [body("accessNotConfigured"), newer("SERVICE_DISABLED")])
def test_api_that_is_not_turned_on_is_the_operators(said: dict[str, Any]) -> None:
    error = error_for(403, {}, said, NOW)
    assert isinstance(error, AppRefusedError)
    assert (error.everybody, error.retry_after) == (True, 300)


def test_happy_answer_is_no_error() -> None:
    assert [error_for(status, {}, {}, NOW) for status in (200, 201, 204)] == [None, None, None]


@pytest.mark.parametrize(
    ("value", "wait"),
    [("7", 7.0), ("Tue, 24 Nov 2026 09:01:00 GMT", 60.0), ("soon", None), ("9999999", 86400.0), ("-5", None)],
)
@pytest.mark.parametrize("status", [403, 429])
def test_time_to_come_back_is_honoured(status: int, value: str, wait: float | None) -> None:
    error = error_for(status, {"retry-after": value}, body("rateLimitExceeded"), NOW)
    assert isinstance(error, CalendarBusyError)
    assert error.retry_after == wait


def test_server_that_says_when_to_come_back_is_busy_for_whoever_asked() -> None:
    error = error_for(503, {"retry-after": "9"}, {}, NOW)
    assert isinstance(error, CalendarBusyError)
    assert (error.retry_after, error.everybody) == (9.0, False)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (body("push.webhookUrlNotHttps"), {"webhookUrlNotHttps"}),
        ({}, set()),
        ({"error": None}, set()),
        ({"error": []}, set()),
        ({"error": {"errors": {"reason": "x"}}}, set()),
        ({"error": {"errors": [None, 7, {"reason": 7}, {"reason": "x" * 500}, {"reason": "y"}]}}, {"y"}),
        ({"error": {"errors": None, "details": [{"reason": "z"}]}}, {"z"}),
    ],
)
def test_reasons_that_an_answer_names(said: dict[str, Any], named: set[str]) -> None:
    assert reasons(said) == named


def test_reason_of_an_error_tells_the_operator_what_google_said() -> None:
    error = error_for(403, {}, body("rateLimitExceeded"), NOW)
    assert error is not None
    assert error.reason == "http 403 rateLimitExceeded"


def test_least_scopes_are_asked() -> None:
    base = "https://www.googleapis.com/auth/"
    assert list(SCOPES) == [f"{base}calendar.events.readonly", f"{base}calendar.calendarlist.readonly"]
    assert f"{base}calendar.events.readonly" == REQUIRED


# ── pushes ──────────────────────────────────────────────────────────────────────────────────────────

HEADERS = {
    "X-Goog-Channel-ID": "w1",
    "X-Goog-Channel-Token": "secret",
    "X-Goog-Channel-Expiration": "Tue, 01 Dec 2026 09:00:00 GMT",
    "X-Goog-Resource-ID": "r1",
    "X-Goog-Resource-URI": "https://www.googleapis.com/calendar/v3/calendars/a/events?alt=json",
    "X-Goog-Resource-State": "exists",
    "X-Goog-Message-Number": "10",
}


@pytest.mark.parametrize("name", ["sync", "exists", "not_exists"])
@pytest.mark.parametrize("change", [str, str.lower, str.upper])
def test_push_is_what_its_headers_say(name: str, change: Any) -> None:
    headers = {change(key): value for key, value in {**HEADERS, "X-Goog-Resource-State": name}.items()}
    assert read_push(headers) == GooglePush("w1", "secret", PushState(name), "r1", 10)


def test_push_shows_no_secret() -> None:
    assert "secret" not in repr(read_push(HEADERS))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Goog-Channel-ID", None),
        ("X-Goog-Channel-ID", ""),
        ("X-Goog-Channel-ID", "w" * 65),
        ("X-Goog-Channel-ID", "wé"),
        ("X-Goog-Channel-ID", "w\x00"),
        ("X-Goog-Channel-Token", None),
        ("X-Goog-Channel-Token", "s" * 257),
        ("X-Goog-Resource-State", None),
        ("X-Goog-Resource-State", "deleted"),
        ("X-Goog-Resource-State", "EXISTS"),
        ("X-Goog-Resource-ID", None),
        ("X-Goog-Resource-ID", "r" * 257),
        ("X-Goog-Message-Number", None),
        ("X-Goog-Message-Number", "0"),
        ("X-Goog-Message-Number", "-1"),
        ("X-Goog-Message-Number", "1.5"),
        ("X-Goog-Message-Number", "²"),
        ("X-Goog-Message-Number", str(2**63)),
        ("X-Goog-Message-Number", "9" * 5000),
    ],
)
def test_push_with_a_header_that_is_missing_or_absurd_is_refused(name: str, value: str | None) -> None:
    headers = {key: text for key, text in {**HEADERS, name: value}.items() if text is not None}
    with pytest.raises(RequestError) as raised:
        read_push(headers)
    assert raised.value.reason == name.lower()


@given(st.dictionaries(st.sampled_from(list(HEADERS)) | st.text(), st.text()))
def test_any_headers_are_a_push_or_refused(headers: dict[str, str]) -> None:
    with suppress(RequestError):
        assert read_push(headers).number > 0
