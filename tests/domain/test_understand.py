"""`app.py understand` without its process: what is printed for a line, and for bad options."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest

import app


def ran(*arguments: str) -> tuple[int, str, str]:
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as trouble:
        status = app.main(["understand", *arguments])
    return status, out.getvalue(), trouble.getvalue()


def said(*arguments: str) -> dict[str, Any]:
    status, out, trouble = ran(*arguments, "--timezone", "Europe/Berlin", "--now", "2026-11-24T10:00")
    assert (status, trouble, out.count("\n")) == (0, "", 1)
    found: dict[str, Any] = json.loads(out)
    return found


NOW = "2026-11-24T10:00:00+01:00"


@pytest.mark.parametrize(
    ("arguments", "text", "emoji", "start", "end"),
    [
        ((":tea: Tea 🍕",), "Tea 🍕", ":tea:", NOW, None),
        (("Lunch 🍕 for 45m",), "Lunch", ":pizza:", NOW, "2026-11-24T10:45:00+01:00"),
        (("Lunch", "--as", "quo"), "Lunch", "", NOW, None),
        (("bis Freitag", "--as", "ooo", "--locale", "de-DE"), "", "", NOW, "2026-11-28T00:00:00+01:00"),
        (("1 apr Fools", "--as", "ooo"), "Fools", "", "2027-04-01T00:00:00+02:00", "2027-04-02T00:00:00+02:00"),
        (("3/4", "--as", "ooo", "--locale", "en-US"), "", "", "2027-03-04T00:00:00+01:00", "2027-03-05T00:00:00+01:00"),
        (("3/4", "--as", "ooo", "--locale", "en-GB"), "", "", "2027-04-03T00:00:00+02:00", "2027-04-04T00:00:00+02:00"),
        (("", "--as", "pause"), "", "", NOW, None),
        (("for two hours", "--as", "pause"), "", "", NOW, "2026-11-24T12:00:00+01:00"),
        (("pause\u30002h",), "", "", NOW, "2026-11-24T12:00:00+01:00"),
        (("preview friday",), "", "", "2026-11-27T00:00:00+01:00", "2026-11-28T00:00:00+01:00"),
        (("friday at 9", "--as", "preview"), "", "", "2026-11-27T09:00:00+01:00", None),
        (("x \udcff for 1h",), "x ? ", "", NOW, "2026-11-24T11:00:00+01:00"),
    ],
)
def test_what_a_line_says_is_printed(
    arguments: tuple[str, ...], text: str, emoji: str, start: str, end: str | None
) -> None:
    assert said(*arguments) == {"text": text.strip(), "emoji": emoji, "start": start, "end": end}


@pytest.mark.parametrize(
    ("arguments", "asks"),
    [
        (("Skiing", "--as", "ooo"), "I did not understand that time."),
        (("until 3pm",), "Write a text: Slack takes no status without one."),
        (("x" * 301,), ""),
        (("puase",), "I do not know that. Did you mean `/quo pause`?"),
        (("clear",), "That is a command, not a status."),
        (("",), "Type `/quo [emoji] [text] [for or until when]`, for example"),
        ((" \u3000", "--locale", "de-DE"), "Schreib `/quo"),
        (("clear", "--locale", "de-DE"), "Das ist ein Befehl, kein Status."),
        (("friday from 2pm to 4pm", "--as", "preview"), "I did not understand that time."),
    ],
)
def test_what_is_not_understood_asks_back_in_the_persons_language(arguments: tuple[str, ...], asks: str) -> None:
    answer = said(*arguments)
    assert list(answer) == ["asks"]
    assert answer["asks"].startswith(asks)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--as", "oo"), "--as: 'oo' is none of ooo, quo, pause, preview"),
        (("--locale", "!"), "--locale: '!' is no locale, such as de-DE"),
        (("--timezone", "Mars/Base"), "--timezone: 'Mars/Base' is no IANA zone, such as Europe/Berlin"),
        (("--now", "later"), "--now: 'later' is no ISO date or datetime, such as 2026-11-24"),
        (("--now", "0001-01-01", "--timezone", "Asia/Tokyo"), "--now: '0001-01-01' is no ISO date or datetime"),
    ],
)
def test_bad_option_is_one_sentence_and_two(options: tuple[str, ...], sentence: str) -> None:
    status, out, trouble = ran("x", *options)
    assert (status, out) == (2, "")
    assert trouble.startswith(sentence)
    assert trouble.count("\n") == 1
