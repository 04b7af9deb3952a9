"""Every reason is one sentence, with a title only for whoever passes one."""

from __future__ import annotations

from datetime import UTC, datetime
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from services.domain.model import Kind
from services.domain.reasons import Reason, ReasonCode, english, sentence
from services.domain.text import default_emoji

AT_TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.mark.parametrize("code", ReasonCode)
@pytest.mark.parametrize("facts", [{}, {"title": "T", "rule": "R", "until": "11:00"}])
def test_every_code_has_one_line(code: ReasonCode, facts: dict[str, str]) -> None:
    message, found = sentence(Reason(code), **facts)
    text = message.format(**found)
    assert text.endswith(".")
    assert "\n" not in text
    assert "{" not in text


def test_messages_are_all_of_them_once_with_known_placeholders() -> None:
    found = [message for code in ReasonCode for message in code.sentences]
    assert len(found) == len(set(found)) == sum(len(code.sentences) for code in ReasonCode)
    names = {name for message in found for _, name, _, _ in Formatter().parse(message) if name is not None}
    assert names == {"title", "rule", "until"}


@pytest.mark.parametrize(
    ("reason", "facts", "expected"),
    [
        (Reason(ReasonCode.DECLINED), {}, "Ignored: you declined it."),
        (Reason(ReasonCode.EVENT), {"title": "Sync", "until": "11:00"}, "Shown because of “Sync” until 11:00."),
        (Reason(ReasonCode.EVENT), {"title": "Sy\nnc"}, "Shown because of “Sy nc”."),
        (Reason(ReasonCode.EVENT), {"until": "11:00"}, "Shown because of your calendar until 11:00."),
        (Reason(ReasonCode.COUNTED_BY_RULE), {"rule": "{x}"}, "Counted by your rule “{x}”."),
    ],
)
def test_sentence_says_as_much_as_it_knows(reason: Reason, facts: dict[str, str], expected: str) -> None:
    message, found = sentence(reason, **facts)
    assert message.format(**found) == expected


def test_english_writes_times_in_the_zone() -> None:
    reason = Reason(ReasonCode.EVENT, "meeting", AT_TEN)
    assert english(reason) == "Shown because of your calendar until 2026-11-24 10:00."
    assert english(reason, ZoneInfo("Europe/Berlin")) == "Shown because of your calendar until 2026-11-24 11:00."


def test_code_without_sentence_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReasonCode.EVENT, "sentences", ("Only “{title}”.",))
    with pytest.raises(LookupError):
        sentence(Reason(ReasonCode.EVENT))


def test_default_emoji_is_the_kinds_own() -> None:
    assert [default_emoji(kind) for kind in (Kind.MEETING, Kind.WORKING_LOCATION, None)] == [
        ":spiral_calendar_pad:",
        "",
        "",
    ]
