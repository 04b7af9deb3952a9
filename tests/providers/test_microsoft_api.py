"""What Graph's statuses, scopes and notifications mean."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.calendars.providers.microsoft.api import (
    REQUIRED,
    SCOPES,
    calendar_path,
    code_of,
    error_for,
    escaped,
    granted,
    needs_resync,
)
from services.calendars.providers.microsoft.push import (
    Lifecycle,
    Notification,
    client_state,
    read_notifications,
    validation,
)
from services.domain.errors import (
    AccessRefusedError,
    CalendarBusyError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarUnreachableError,
)
from services.domain.request_errors import RequestError

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SECRET = "s" * 43


@pytest.mark.parametrize(
    ("status", "wait", "kind", "seconds"),
    [
        (200, None, None, None), (204, "5", None, None),
        (401, None, AccessRefusedError, None),
        (403, None, CalendarRefusedError, None), (400, None, CalendarRefusedError, None),
        (404, None, CalendarGoneError, None), (410, None, CalendarGoneError, None),
        (429, None, CalendarBusyError, None), (429, "120", CalendarBusyError, 120),
        (429, "Tue, 24 Nov 2026 09:01:00 GMT", CalendarBusyError, 60), (429, "soon", CalendarBusyError, None),
        (503, "10", CalendarBusyError, 10), (504, "10", CalendarBusyError, 10), (509, "10", CalendarBusyError, 10),
        (503, None, CalendarUnreachableError, None), (504, None, CalendarUnreachableError, None),
        (500, "10", CalendarUnreachableError, 10), (502, None, CalendarUnreachableError, None),
        (408, None, CalendarUnreachableError, None), (409, None, CalendarUnreachableError, None),
        (423, None, CalendarUnreachableError, None), (302, None, CalendarUnreachableError, None),
    ],
)  # fmt: skip
def test_status(status: int, wait: str | None, kind: type | None, seconds: float | None) -> None:
    error = error_for(status, {} if wait is None else {"retry-after": wait}, {"error": {"code": "Some.Code: x"}}, NOW)
    assert (None if error is None else type(error)) is kind
    if error is not None:
        assert (error.retry_after, error.reason) == (seconds, f"http {status} SomeCodex")
    if isinstance(error, CalendarBusyError):
        assert not error.everybody


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, ""), ({"error": None}, ""), ({"error": {"code": 7}}, ""), ({"error": {"code": "a" * 99}}, "a" * 64)],
)
def test_code_of_an_error(body: dict[str, Any], code: str) -> None:
    assert code_of(body) == code


@pytest.mark.parametrize(
    ("status", "code", "anew"),
    [
        (410, "", True), (410, "anything", True), (400, "syncStateNotFound", True), (404, "ResyncRequired", True),
        (400, "SyncStateInvalid", True), (400, "BadRequest", False), (404, "ErrorItemNotFound", False),
        (200, "syncStateNotFound", False), (500, "syncStateNotFound", False),
    ],
)  # fmt: skip
def test_resync(status: int, code: str, anew: bool) -> None:
    assert needs_resync(status, {"error": {"code": code}}) is anew


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("", "me"), ("default", "me"), ("AAMk-_=", "me/calendars/AAMk-_="),
        ("a/b?c#d e", "me/calendars/a%2Fb%3Fc%23d%20e"),
    ],
)  # fmt: skip
def test_path_of_a_calendar(address: str, path: str) -> None:
    assert calendar_path(address) == path


def test_dots_are_no_id() -> None:
    with pytest.raises(CalendarGoneError):
        escaped("..")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Calendars.Read offline_access", {"Calendars.Read", "offline_access"}),
        ("https://graph.microsoft.com/Calendars.Read  openid", {"Calendars.Read", "openid"}),
        ("https://graph.microsoft.us/calendars.read", {"Calendars.Read"}),
        ("", set()), (None, set()), (7, set()),
    ],
)  # fmt: skip
def test_granted_scopes(text: object, found: set[str]) -> None:
    assert granted(text) == found


def test_required_scopes_are_asked_for() -> None:
    assert set(SCOPES) == {"Calendars.Read", "offline_access"}
    assert set(SCOPES) > REQUIRED


# ── notifications ───────────────────────────────────────────────────────────────────────────────────


def entry(**fields: object) -> dict[str, object]:
    known = {"subscriptionId": "S-1", "clientState": client_state("W_1", SECRET), "changeType": "updated"}
    return {**known, **fields}


def read(*entries: object) -> tuple[Notification, ...]:
    return read_notifications(json.dumps({"value": entries}).encode())


def test_notifications_of_changes_are_read() -> None:
    documented = entry(
        id="x", subscriptionExpirationDateTime="2026-12-01T00:00:00Z", resource="users/x/events/y", tenantId="t",
        resourceData={"@odata.type": "#Microsoft.Graph.Event", "id": "y"},
    )  # fmt: skip
    assert read(documented, entry(changeType="created", subscriptionId="S-2"), entry(changeType="deleted")) == (
        Notification("W_1", SECRET, "S-1", "updated"),
        Notification("W_1", SECRET, "S-2", "created"),
        Notification("W_1", SECRET, "S-1", "deleted"),
    )


@pytest.mark.parametrize("word", ["reauthorizationRequired", "subscriptionRemoved", "missed"])
def test_lifecycle_notifications_are_read(word: str) -> None:
    assert read(entry(changeType=None, lifecycleEvent=word)) == (
        Notification("W_1", SECRET, "S-1", lifecycle_event=Lifecycle(word)),
    )


def test_secret_is_not_shown() -> None:
    assert SECRET not in repr(read(entry()))


@pytest.mark.parametrize(
    "wrong",
    [
        None, 7, "x", [], {}, entry(clientState=None), entry(clientState="no point"), entry(clientState=f".{SECRET}"),
        entry(clientState="W_1."), entry(clientState="W_1." + "s" * 200), entry(clientState=f"{'W' * 41}.{SECRET}"),
        entry(clientState=f"W 1.{SECRET}"), entry(clientState=f"W_1.{SECRET}.x"), entry(subscriptionId=7),
        entry(subscriptionId="../x"), entry(changeType="read"), entry(changeType=None), entry(changeType=["updated"]),
        entry(lifecycleEvent="new word"), entry(lifecycleEvent={}),
    ],
)  # fmt: skip
def test_entries_of_a_wrong_form_are_left_out(wrong: object) -> None:
    assert [found.change for found in read(wrong, entry())] == ["updated"]


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"7", b"null", b"{}", b'{"value": {}}', b'{"value": null}', b"\xff", b"[" * 100_000]
)
def test_body_that_is_no_collection_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError):
        read_notifications(body)


def test_thousand_notifications_are_read_and_no_more() -> None:
    assert len(read(*[entry()] * 1001)) == 1000
    assert read() == ()


@given(st.binary(max_size=200) | st.text(max_size=50).map(lambda text: json.dumps({"value": [text]}).encode()))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    with suppress(RequestError):
        assert isinstance(read_notifications(body), tuple)


@pytest.mark.parametrize(
    ("token", "answer"),
    [
        ("Validation: Testing client application reachability for subscription Request-Id: 5-a",) * 2,
        ("<script>alert('1')</script>", "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;"),
        ("x" * 2048, "x" * 2048),
    ],
)
def test_validation_is_answered_with_its_token(token: str, answer: str) -> None:
    assert validation(token) == answer


@pytest.mark.parametrize("token", ["", "x" * 2049])
def test_validation_without_a_usable_token_is_refused(token: str) -> None:
    with pytest.raises(RequestError):
        validation(token)
