from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from services.domain.errors import CalendarGoneError
from services.platform import logs
from services.platform.metrics import Metrics
from tests.support.log_lines import logged


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    yield from logged("DEBUG")


def test_event_has_its_name_and_ids_and_nothing_under_a_secret_name(lines: io.StringIO) -> None:
    structlog.get_logger("services.x").info(
        "calendar_synced",
        team_id="T1",
        token="xoxp-1-2",
        title="Board: layoffs",
        nested={"password": "hunter2", "n": 1},
    )
    line = json.loads(lines.getvalue())
    del line["timestamp"]
    assert line == {
        "event": "calendar_synced", "level": "info", "logger": "services.x", "team_id": "T1",
        "token": "***", "title": "***", "nested": {"password": "***", "n": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("with xoxp-12-ab and xoxe.xoxp-1-Mi0 or xapp-1-A", "with *** and *** or ***"),
        ("key=quo_" + "Aa-_0" * 8 + "Aa0, not /quo_keys", "key=***, not /quo_keys"),
        (
            "GET https://ann:pw@calendar.example/private-8d2f/basic.ics?x=1 failed",
            "GET https://calendar.example/*** failed",
        ),
        ("webcal://p01.example/published/2/AAA", "webcal://p01.example/***"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("grant code=4/P7q&state=xyz", "grant code=***&state=***"),
        ('{"access_token": "abc"}', '{"access_token": "***"}'),
        ("mailto:ann@example.com", "mailto:***"),
        ("key gAAAAABmZ0000000000000000000000000000==", "key ***"),
        ("link sq1_AbmZ0000000000000000000000000000-_0", "link ***"),
    ],
)  # fmt: skip
def test_text_of_a_library_loses_what_could_leak(lines: io.StringIO, text: str, redacted: str) -> None:
    logging.getLogger("some.library").warning("%s", text)
    assert json.loads(lines.getvalue())["event"] == redacted


def test_traceback_loses_what_could_leak(lines: io.StringIO) -> None:
    try:
        int("xoxb-1-secret")
    except ValueError:
        structlog.get_logger("x").exception("failed")
    assert "xoxb-1" not in lines.getvalue()
    assert "ValueError" in lines.getvalue()


def test_stack_of_a_blocked_loop_is_lines_at_a_terminal(lines: io.StringIO) -> None:
    logs.configure("INFO", "console", lines)
    structlog.get_logger("services.x").warning("loop_blocked", seconds=0.29, stack=["a.py:1 f", "b.py:2 g"], more=0)
    first, *places = lines.getvalue().splitlines()
    assert "loop_blocked" in first
    assert "seconds=0.29" in first
    assert places == ["  a.py:1 f", "  b.py:2 g"]


def test_slack_sdk_is_silent_at_debug_because_it_prints_tokens(lines: io.StringIO) -> None:
    logging.getLogger("slack_sdk.web.async_client").debug("body: whatever")
    logging.getLogger("slack_bolt.AsyncApp").debug("body: whatever")
    assert lines.getvalue() == ""


def test_warnings_and_worse_are_counted_by_event_and_class_whatever_is_logged(lines: io.StringIO) -> None:
    metrics, log = Metrics(), structlog.get_logger("services.x")
    logs.configure("ERROR", "json", lines)
    logs.count_errors(metrics.errors)
    with logs.guarded("calendar_crashed", team_id="T1"):
        raise KeyError("Board: layoffs")
    with logs.guarded("calendar_crashed", team_id="T2"):
        raise CalendarGoneError("404")
    log.warning("budget_unreadable", team_id="T1")
    log.info("calendar_synced", team_id="T1", error="SealError")
    counted = [one for one in next(iter(metrics.errors.collect())).samples if one.name == "statusquo_errors_total"]
    assert {(one.labels["event"], one.labels["error"]): one.value for one in counted} == {
        ("calendar_crashed", "KeyError"): 1.0, ("calendar_crashed", "CalendarGoneError"): 1.0,
        ("budget_unreadable", ""): 1.0,
    }  # fmt: skip
    assert [json.loads(line)["event"] for line in lines.getvalue().splitlines()] == ["calendar_crashed"]
