"""What stands behind `/quo`, taken apart: commands, emoji, text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.domain import command_parser, text
from services.domain.command_parser import Command, Name, UnknownCommandError
from services.domain.emoji import standard_names
from services.domain.errors import (
    InputError,
    MentionInStatusError,
    NotAnEmojiError,
    TextMissingError,
    TextTooLongError,
    TimeNotUnderstoodError,
)
from services.domain.markup import as_read
from services.domain.times import Speaker
from tests.support.speaker import at, speaker


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("", Command(Name.HELP)),
        ("  ", Command(Name.HELP)),
        ("help", Command(Name.HELP)),
        ("HELP", Command(Name.HELP)),
        ("pause", Command(Name.PAUSE)),
        ("pause 2h", Command(Name.PAUSE, "2h")),
        ("pause\u00a02h", Command(Name.PAUSE, "2h")),
        ("pause\u30002h", Command(Name.PAUSE, "2h")),
        ("\u3000pause\u3000", Command(Name.PAUSE)),
        ("preview\u202ftuesday\u00a010:15", Command(Name.PREVIEW, "tuesday\u00a010:15")),
        ("calender", Command(Name.STATUS, "calender")),
        ("puase 2h", Command(Name.STATUS, "puase 2h")),
        ("preview tuesday 10:15", Command(Name.PREVIEW, "tuesday 10:15")),
        ("who", Command(Name.WHO)),
        ("who <@U123|ann>", Command(Name.WHO, "", "U123", "ann")),
        ("who <@U123|R&amp;D>", Command(Name.WHO, "", "U123", "R&D")),
        ("who <@W9>", Command(Name.WHO, "", "W9")),
        ("who <@W9> next week", Command(Name.WHO, "next week", "W9")),
        ("who next week <@W9>", Command(Name.WHO, "next week", "W9")),
        ("who <@W9> <@W8>", Command(Name.WHO, "<@W8>", "W9")),
        ("who @ann", Command(Name.WHO, "@ann")),
        ("who next week", Command(Name.WHO, "next week")),
        ("who is out", Command(Name.WHO)),
        ("Who's out next week?", Command(Name.WHO, "next week")),
        ("who’s on vacation", Command(Name.WHO)),
        ("whos away tomorrow", Command(Name.WHO, "tomorrow")),
        ("who is out of office on friday?", Command(Name.WHO, "on friday")),
        ("who is <@W9>?", Command(Name.WHO, "", "W9")),
        ("who is in the office", Command(Name.WHO, "is in the office")),
        ("who's the boss", Command(Name.STATUS, "who's the boss")),
        ("who is out" + "!" * 200, Command(Name.WHO, "is out" + "!" * 200)),
        ("wer fehlt morgen?", Command(Name.WHO, "morgen")),
        ("wer ist weg", Command(Name.WHO)),
        ("Wer ist nächste Woche im Urlaub?", Command(Name.WHO, "nächste Woche")),
        ("wer hat am freitag frei", Command(Name.WHO, "am freitag")),
        ("wer ist Weggefährte", Command(Name.STATUS, "wer ist Weggefährte")),
        ("qui est absent demain ?", Command(Name.WHO, "demain")),
        ("qui n’est pas là", Command(Name.WHO)),
        ("¿quién está fuera?", Command(Name.WHO)),
        ("quienes faltan mañana", Command(Name.WHO, "mañana")),
        ("誰が休み？", Command(Name.WHO)),
        ("来週は誰が休みですか", Command(Name.WHO, "来週")),
        ("誰が不在 明日", Command(Name.WHO, "明日")),
        (":pizza: Lunch for 45m", Command(Name.STATUS, ":pizza: Lunch for 45m")),
        ("Helping", Command(Name.STATUS, "Helping")),
        ("clearly busy", Command(Name.STATUS, "clearly busy")),
    ],
)
def test_command_is_read(line: str, command: Command) -> None:
    assert command_parser.read(line) == command


@pytest.mark.parametrize(
    ("line", "meant"),
    [("clear the desk", "clear"), ("forget everything", "forget"),
     ("setings", "settings"), ("calendar", "calendars"),
      ("puase", "pause"), ("cleer", "clear"), ("whoo", "who"), ("connect https://x.example/a.ics", "connect")],
)  # fmt: skip
def test_command_that_is_not_one_names_what_was_meant(line: str, meant: str) -> None:
    with pytest.raises(UnknownCommandError) as caught:
        command_parser.read(line)
    assert caught.value.meant == meant


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("R&amp;D &lt;3", "R&D <3"),
        ("&amp;lt;", "&lt;"),
        ("with <@U1|ann>", "with @ann"),
        ("with <@U1> today", "with @U1 today"),
        ("in <#C1|general> or <#C2|>", "in #general or #C2"),
        ("<!here> <!subteam^S1|@team> <!date^1^x|soon>", "here @team soon"),
        ("see <https://x.example/a?b=1&amp;c=2>", "see https://x.example/a?b=1&c=2"),
        ("see <https://x.example|the page>", "see the page"),
        ("<mailto:ann@x.example>", "ann@x.example"),
        ("a\nb\t c\u2028d", "a b c d"),
        ("<@ you> &lt;@U1&gt; <@>", "<@ you> <@U1> <@>"),
    ],
)
def test_text_is_as_people_read_it(sent: str, read: str) -> None:
    assert command_parser.plain(sent) == read


@pytest.mark.parametrize(
    ("text", "emoji", "rest"),
    [
        (":pizza: Lunch", ":pizza:", "Lunch"),
        ("Lunch :pizza:", ":pizza:", "Lunch"),
        (":pizza:", ":pizza:", ""),
        (":wave::skin-tone-2: Hi", ":wave::skin-tone-2:", "Hi"),
        (":+1: ok", ":+1:", "ok"),
        (":日本: trip", ":日本:", "trip"),
        ("I :heart: you", "", "I :heart: you"),
        ("12:30:15", "", "12:30:15"),
        (":30: x", "", ":30: x"),
        ("a:b:c", "", "a:b:c"),
        ("🍕 Lunch", ":pizza:", "Lunch"),
        ("Lunch 🍕", ":pizza:", "Lunch"),
        ("🍕Lunch", ":pizza:", "Lunch"),
        ("🧀 Fondue", ":cheese_wedge:", "Fondue"),
        ("🛼 Out", ":roller_skate:", "Out"),
        ("Match 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", ":flag-england:", "Match"),
        ("Working on Foo™", "", "Working on Foo™"),
        ("Working on Foo ™️", ":tm:", "Working on Foo"),
        ("⇧ Upwards", "", "⇧ Upwards"),
        ("☕️", ":coffee:", ""),
        ("👋🏽 Hi", ":wave::skin-tone-4:", "Hi"),
        ("👩‍💻", ":female-technologist:", ""),
        ("🇯🇵 trip", ":flag-jp:", "trip"),
        ("1️⃣ First", ":one:", "First"),
        ("Second 2\u20e3", ":two:", "Second"),
        ("🙂\u200d↔️ No", ":head_shaking_horizontally:", "No"),
        ("1 First", "", "1 First"),
        ("Room 12\u20e3", "", "Room 12\u20e3"),
        ("🫥 hidden", ":dotted_line_face:", "hidden"),
        ("Lunch", "", "Lunch"),
    ],
)
def test_emoji_is_taken_from_the_front_or_the_end(text: str, emoji: str, rest: str) -> None:
    assert command_parser.take_emoji(text) == (emoji, rest)


@pytest.mark.parametrize(
    ("value", "emoji"),
    [("", ""), (":pizza:", ":pizza:"), ("pizza", ":pizza:"), (":pizza", ":pizza:"), (" 🍕 ", ":pizza:"),
     ("👋🏽", ":wave::skin-tone-4:"), ("+1", ":+1:"), (":wave::skin-tone-6:", ":wave::skin-tone-6:")],
)  # fmt: skip
def test_emoji_field_takes_every_way_to_write_one(value: str, emoji: str) -> None:
    assert command_parser.emoji_of(value) == emoji


def test_emoji_field_takes_every_standard_emoji_as_a_character() -> None:
    for name, character in standard_names().items():
        if not name.startswith("skin-tone-"):
            assert standard_names()[command_parser.emoji_of(character).strip(":")] == character, name


@pytest.mark.parametrize(
    "value",
    ["two words", "🍕🍕", "🍕 x", "<@U1>", "a:b", "ランチ", ":", "x" * 101, ":a\0b:", ":\u202ea:", ":a\u200bb:"],
)
def test_emoji_field_refuses_what_is_none(value: str) -> None:
    with pytest.raises(NotAnEmojiError) as caught:
        command_parser.emoji_of(value)
    assert caught.value.field == "emoji"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=110))
@example("🍕" * 51)
@example("🍕" * 50)
def test_status_text_that_is_taken_is_shown_whole(typed: str) -> None:
    try:
        assert command_parser.shown(typed) == as_read(typed)
    except TextTooLongError:
        assert text.cut(typed) != typed


def test_status_text_has_at_most_a_hundred_characters() -> None:
    assert command_parser.shown("x" * 100) == "x" * 100
    with pytest.raises(TextTooLongError):
        command_parser.shown("x" * 101)
    assert command_parser.shown(f"<https://x.example/{'a' * 9_000}|notes>") == "notes"
    with pytest.raises(TextTooLongError):
        command_parser.shown(f"<https://x.example/{'a' * 10_000}|notes>")  # a megabyte of it would hold up the others


@given(st.text(max_size=200))
def test_anything_is_read_or_refused_with_a_typed_error(line: str) -> None:
    try:
        command = command_parser.read(line)
        emoji, rest = command_parser.take_emoji(command_parser.plain(command.rest))
    except InputError:
        return
    assert "\n" not in rest
    assert emoji == "" or (emoji[0] == emoji[-1] == ":")
    assert len(rest) <= len(command_parser.plain(command.rest))


@given(st.text(max_size=60))
def test_emoji_field_of_anything_is_a_name_or_a_typed_error(value: str) -> None:
    try:
        emoji = command_parser.emoji_of(value)
    except NotAnEmojiError:
        return
    assert emoji == "" or (emoji[0] == emoji[-1] == ":" and len(emoji) > 2)


@pytest.mark.parametrize(
    ("language", "typed", "first", "last"),
    [
        ("en", "next week", (11, 30), (12, 7)), ("en", "tomorrow", (11, 25), (11, 26)),
        ("en", "friday", (11, 27), (11, 28)), ("en", "24 dec - 2 jan", (12, 24), (1, 3)),
        ("de", "nächste Woche", (11, 30), (12, 7)),
        ("de", "24. Dez - 2. Jan", (12, 24), (1, 3)), ("fr", "la semaine prochaine", (11, 30), (12, 7)),
        ("fr", "vendredi", (11, 27), (11, 28)), ("es", "la próxima semana", (11, 30), (12, 7)),
        ("es", "mañana", (11, 25), (11, 26)), ("ja", "来週", (11, 30), (12, 7)), ("ja", "明日", (11, 25), (11, 26)),
    ],
)  # fmt: skip
def test_time_that_somebody_asks_about_is_read_in_their_language(
    language: str, typed: str, first: tuple[int, int], last: tuple[int, int]
) -> None:
    speaker = Speaker(datetime(2026, 11, 24, 9, tzinfo=UTC), ZoneInfo("Europe/Berlin"), language)
    start, end = (at.astimezone(speaker.zone) for at in command_parser.period(typed, speaker))
    assert ((start.month, start.day), (end.month, end.day)) == (first, last)
    assert (start.hour, end.hour) == (0, 0)


@pytest.mark.parametrize("typed", ["is out", "ann", "next week skiing", "friday from 2pm to"])
def test_time_that_is_not_a_time_alone_is_not_understood(typed: str) -> None:
    speaker = Speaker(datetime(2026, 11, 24, 9, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
    with pytest.raises(TimeNotUnderstoodError):
        command_parser.period(typed, speaker)


@pytest.mark.parametrize(
    ("words", "emoji", "read"),
    [
        ("Lunch until 13:30", ":pizza:", ("Lunch until 13:30", ":pizza:")), (":pizza: Lunch", "", ("Lunch", ":pizza:")),
        ("Lunch 🍕", "", ("Lunch", ":pizza:")), (":pizza: Lunch", ":tooth:", (":pizza: Lunch", ":tooth:")),
        ("R&D <3\n&amp; more", "", ("R&D <3 &amp; more", "")),
    ],
)  # fmt: skip
def test_status_whose_end_is_said_apart_keeps_its_words(words: str, emoji: str, read: tuple[str, str]) -> None:
    end = at("2026-11-23 14:00")
    found = command_parser.status_with_end(words, emoji, end, speaker())
    assert (found.text, found.emoji, found.start, found.end) == (*read, speaker().now, end)


@pytest.mark.parametrize(("words", "emoji"), [("Done", ":100:"), (":tea: Done", ":tooth:")])
def test_status_whose_emoji_is_said_apart_keeps_its_words(words: str, emoji: str) -> None:
    found = command_parser.status(f"{words} for 45m", speaker(), emoji)
    assert (found.text, found.emoji, found.end) == (words, emoji, speaker().now + timedelta(minutes=45))


def test_status_whose_end_is_said_apart_is_no_longer_than_slack_takes() -> None:
    with pytest.raises(TextTooLongError):
        command_parser.status_with_end("a" * 101, "", at("2026-11-23 14:00"), speaker())


@pytest.mark.parametrize(
    "typed",
    [
        "Lunch with <@U1> for 45m",
        "<@U1> today",
        "ask <@U1|> for 1h",
        "ask <@U1| > for 1h",
        "<@U1|\0> today",
        "in <#C1> for 1h",
        "in <#C1|> today",
        "<!subteam^S1> today",
        "<!date^1392734382^{date}> today",
    ],
)
def test_mention_without_a_name_is_asked_back(typed: str) -> None:
    for read in (command_parser.status, command_parser.absence):
        with pytest.raises(MentionInStatusError):
            read(typed, speaker())
    with pytest.raises(MentionInStatusError):
        command_parser.status_with_end("see <@U1>", "", at("2026-11-23 14:00"), speaker())


def test_what_somebody_typed_in_angle_brackets_is_text() -> None:
    for typed in ("<@ you>", "<@>", "< @x>", "<@u1>", "<@C1>", "<#1>", "<b>", "<!foo>", "<!date^soon>", "vector<T|U>"):
        sent = text.escape(f"see {typed}")
        assert command_parser.status(f"{sent} for 45m", speaker()).text == f"see {typed}"
        assert command_parser.shown(f"see {typed}") == f"see {typed}"
        assert command_parser.shown(sent, escaped=True) == f"see {typed}"


@pytest.mark.parametrize("nothing", ["\u202e", "\0", "\ufeff \u2066"])
def test_text_of_which_nothing_can_be_seen_is_not_an_empty_one(nothing: str) -> None:
    with pytest.raises(TextMissingError):
        command_parser.shown(nothing)
    assert command_parser.shown(" \n") == ""


def test_text_is_as_it_will_be_seen() -> None:
    assert command_parser.status("in <#C1|general> &lt;!here&gt; for 45m", speaker()).text == "in #general here"
    assert command_parser.absence("tomorrow with <@U1|ann> &lt;!here&gt;", speaker()).text == "with @ann here"
