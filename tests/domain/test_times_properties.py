"""Whatever somebody types gives a typed result or a typed error; results are aware UTC, ahead, in order, bounded."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.domain import times
from services.domain.errors import InputError
from services.domain.times.lexicon import fold
from services.domain.times.words import LANGUAGES

MOST = timedelta(days=732)

WORDS = sorted(
    {form.rstrip("?!") for words in LANGUAGES.values() for forms in words.values() for form in forms.split("|") if form}
)
PIECES = st.one_of(
    st.sampled_from(WORDS),
    st.integers(-5, 4000).map(str),
    st.tuples(st.integers(0, 30), st.integers(0, 70)).map(lambda pair: f"{pair[0]}:{pair[1]:02}"),
    st.tuples(st.integers(0, 40), st.integers(0, 15)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
    st.tuples(st.integers(0, 40), st.integers(0, 15)).map(lambda pair: f"{pair[0]}.{pair[1]}."),
    st.integers(0, 13).map(lambda hour: f"{hour}pm"),
    st.integers(0, 2000).map(lambda count: f"{count}m"),
    st.dates(date(1990, 1, 1), date(2150, 1, 1)).map(lambda day: day.isoformat()),
    st.sampled_from(
        [":", "-", "–", ",", ".", "半", "時", "月", "日", "曜日", "まで", "から", "½", "İ", "\u0301", "٣", "²", "ß"]
    ),
    st.text(max_size=8),
)
TYPED = st.one_of(
    st.text(max_size=60),
    st.lists(PIECES, min_size=1, max_size=8).map(" ".join),
    st.lists(PIECES, min_size=1, max_size=6).map("".join),
)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Chatham", "Asia/Tokyo", "Pacific/Apia"])
NOWS = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))
SPEAKERS = st.builds(
    times.Speaker, NOWS, ZONES.map(ZoneInfo), st.sampled_from([*LANGUAGES, "xx"]), st.booleans()
)  # fmt: skip


def check(asked: times.Asked, speaker: times.Speaker) -> None:
    assert asked.start.tzinfo is UTC
    assert asked.start >= speaker.now
    if asked.end is not None:
        assert asked.end.tzinfo is UTC
        assert asked.start < asked.end <= speaker.now + MOST


@given(TYPED, SPEAKERS)
def test_status_of_anything_is_a_result_or_a_typed_error(typed: str, speaker: times.Speaker) -> None:
    try:
        asked = times.status(typed, speaker)
    except InputError:
        return
    check(asked, speaker)
    left = iter(typed)
    assert all(character in left for character in "".join(asked.text.split()))
    if asked.end is None:
        assert asked.text == typed.strip()


@given(TYPED, SPEAKERS)
def test_absence_of_anything_is_a_result_or_a_typed_error(typed: str, speaker: times.Speaker) -> None:
    try:
        asked = times.absence(typed, speaker)
    except InputError:
        return
    check(asked, speaker)
    assert asked.end is not None
    left = iter(typed)
    assert all(character in left for character in "".join(asked.text.split()))


@given(TYPED, SPEAKERS)
def test_pause_and_look_of_anything_are_results_or_typed_errors(typed: str, speaker: times.Speaker) -> None:
    with suppress(InputError):
        check(times.pause(typed, speaker), speaker)
    try:
        found = times.look(typed, speaker)
    except InputError:
        return
    if found.instant is not None:
        assert abs(found.instant.astimezone(speaker.zone).date() - found.day) <= timedelta(days=1)


@given(st.dates(), st.none() | st.times(), st.dates(), st.none() | st.times(), SPEAKERS)
def test_form_of_any_dates_is_a_result_or_an_error_at_a_field(
    first: date, first_time: time | None, last: date, last_time: time | None, speaker: times.Speaker
) -> None:
    try:
        start, end = times.by_form(first, first_time, last, last_time, speaker)
    except InputError as error:
        field = error.field
    else:
        check(times.Asked("", start, end), speaker)
        return
    assert field in {"to", "to_time"}


@given(SPEAKERS, st.text("abcdefghijklmnopqrstuvwxyz ", max_size=30), st.integers(1, 600))
def test_length_after_any_words_leaves_exactly_the_words(speaker: times.Speaker, words: str, minutes: int) -> None:
    typed = f"zz {words} zz for {minutes}m"
    asked = times.status(typed, speaker)
    assert asked.text == f"zz {words} zz"
    assert asked.end == speaker.now + timedelta(minutes=minutes)


@given(st.text(max_size=40))
def test_fold_keeps_track_of_where_each_character_came_from(text: str) -> None:
    folded, origin = fold(text)
    assert len(origin) == len(folded) + 1
    assert origin == sorted(origin)
    assert origin[-1] == len(text)
