"""No word of time is lost: it is used, kept in a `/quo` text by the rule, or the line asks back; a note holds none.

Lines are put together from words of five languages, in sensible and in senseless order. What is a word of time is told
here by the lists below, not by the words that the reader knows.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import assume, given
from hypothesis import strategies as st

from services.domain import times
from services.domain.errors import InputError
from tests.support.speaker import speaker

NOW = "2026-11-24 10:00"


@dataclass(frozen=True)
class Speech:
    """Words of one language: `markers` are used before times and before text."""

    days: str
    clocks: str
    lengths: str
    markers: str
    glue: str
    notes: str
    prepositions: str
    between: str = " "

    def pieces(self, *names: str) -> list[str]:
        return [piece for name in names for piece in getattr(self, name).split("|")]


SPEECH = {
    "en": Speech(
        "friday|tomorrow|today|next week|24 dec|Dec 24 2026|24/12|2026-12-24|tuesday next week|the 5th|"
        "tomorrow morning|"
        "this afternoon|the weekend|next month|fridays|yesterday|Firday",
        "3pm|14:30|noon|half past 1|25:00|12:75|quarter to 5|3 o'clock|15h30|midnight",
        "2 hours|45m|half an hour|a quarter of an hour|two weeks|1h30|an hour and a half|fourty minutes|a few days|"
        "3 business days|1.5 hours|90 min|half a day|a fortnight",
        "for|until|from|to|by|before|after|at|on|in|between|since|till|through|every|back", "and|or|-|,|to",
        "Skiing|Lunch with Bob|Dentist|Focus", "for|from|to|by|after|at|on|in|between|before|back",
    ),
    "de": Speech(
        "Freitag|morgen|heute|nächste Woche|24. Dezember|24.12.|24.12.2026|Dienstag nächster Woche|den 5.|"
        "morgen früh|"
        "heute Nachmittag|das Wochenende|nächsten Monat|freitags|gestern|Feitag",
        "15 Uhr|14:30|halb drei|viertel nach 3|15.30 Uhr|25:00|Mitternacht|8 Uhr morgens",
        "zwei Stunden|45 Minuten|eine halbe Stunde|anderthalb Stunden|zwei Wochen|virzig Minuten|ein paar Tage|"
        "3 Arbeitstage|1,5 Stunden|eine Viertelstunde|einen halben Tag",
        "für|bis|von|ab|vor|nach|um|am|in|zwischen|seit|vom|jeden|zurück", "und|oder|-|,|bis",
        "Skifahren|Essen mit Anna|Zahnarzt|Fokus", "für|von|ab|vor|nach|um|am|in|zwischen|vom|zurück",
    ),
    "fr": Speech(
        "vendredi|demain|aujourd'hui|la semaine prochaine|24 décembre|le 24 décembre 2026|24/12|"
        "mardi de la semaine prochaine|"
        "le 5|demain matin|cet après-midi|le week-end|le mois prochain|hier|vendrdi",
        "15h|14h30|midi|3 heures et demie|cinq heures moins le quart|25:00|14:30|minuit|8 heures du matin",
        "deux heures|45 minutes|une demi-heure|une heure et demie|un quart d'heure|deux semaines|quarente minutes|"
        "quelques jours|3 jours ouvrés|1h30|une demi-journée",
        "pour|jusqu'à|jusqu'au|de|à partir de|avant|après|à|dans|entre|depuis|pendant|chaque|de retour", "et|ou|"
        "-|,|à|au",
        "Ski|Déjeuner|Dentiste|Sport", "pour|de|à|dans|entre|avant|après|pendant|au|partir|retour",
    ),
    "es": Speech(
        "viernes|mañana|hoy|la próxima semana|24 de diciembre|24 de diciembre de 2026|24/12|"
        "martes de la próxima semana|el 5|"
        "mañana por la mañana|esta tarde|el fin de semana|el próximo mes|ayer|virnes",
        "las 3|14:30|mediodía|las 3 y media|las 5 menos cuarto|25:00|15 h|medianoche|las 3 de la tarde",
        "dos horas|45 minutos|media hora|una hora y media|un cuarto de hora|dos semanas|cuarente minutos|unos días|"
        "3 días hábiles|medio día",
        "por|hasta|hasta el|desde|a partir de|antes de|después de|a|en|entre|desde hace|durante|cada|"
        "vuelvo", "y|o|-|,|a|al",
        "Esquí|Comida|Dentista|Trabajo", "por|desde|a|en|entre|durante|al|partir|antes|después|de|vuelvo",
    ),
    "ja": Speech(
        "金曜日|明日|今日|来週|12月24日|2026年12月24日|12/24|来週火曜日|5日|明日の午前|今日の午後|今週末|来月|毎週金曜日|昨日",
        "午後3時|14:30|正午|午後3時半|15時30分|25:00|午前9時",
        "2時間|45分|1時間半|二週間|3日間|数日間|3営業日|半日",
        "まで|から|の|に|以降|前|後", "と|、|〜|から|や",
        "スキー|歯医者|ランチ|会議", "の|に", "",
    ),
}  # fmt: skip
READ = {
    "en": "friday|tomorrow|today|next week|3pm|14:30|noon|yesterday|2 hours|25:00",
    "es": "hoy|14:30|ayer|dos horas|25:00",
    "de": "Freitag|heute|nächste Woche|15 Uhr|14:30|gestern|zwei Stunden|25:00",
    "ja": "金曜日|明日|14:30|25:00|2時間",
    "fr": "vendredi|demain|15h|14h30|hier|deux heures|25:00",
}
"""Words that no status ends with, but where they are bound to the one before: "Preparing for Friday", 会議の今日."""
TIMES = ("days", "clocks", "lengths")


BOUND = frozenset({"for", "für", "pour", "por", "de", "の", "desde hace"})


@dataclass(frozen=True)
class Line:
    language: str
    typed: str
    notes: frozenset[str]
    bound: bool = False


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """A note, then words of time and what stands between them in any order; or the other way about."""
    language = draw(st.sampled_from(list(SPEECH)))
    speech = SPEECH[language]
    of_time = st.sampled_from(speech.pieces(*TIMES))
    around = st.sampled_from(speech.pieces("markers", "glue"))
    said = draw(
        st.lists(st.one_of(of_time, of_time, around), min_size=1, max_size=5)
        | st.tuples(around, of_time).map(list)
        | st.tuples(of_time, around, of_time, around, of_time).map(list)
        | st.tuples(around, of_time, around, of_time).map(list)
    )
    assume(any(piece in speech.pieces(*TIMES) for piece in said))
    note = draw(st.sampled_from(["", *speech.pieces("notes")]))
    parts = [note, *said] if draw(st.booleans()) else [*said, note]
    blank = draw(st.sampled_from([" ", "\u00a0", "\u3000"])) if language != "ja" else speech.between
    words = speech.between or " "
    typed = ""
    for part in filter(None, parts):
        numbers = typed[-1:].isdigit() and part[0].isdigit()
        typed += (" " if numbers else blank) * bool(typed) + part
    said = [part for part in parts if part]
    bound = len(said) > 1 and said[-2] in BOUND
    return Line(language, typed, frozenset(words.join(speech.pieces("notes")).split()) | {note}, bound)


def is_note(text: str, line: Line) -> bool:
    """Whether a text is nothing but what was typed as a note, maybe with a preposition: "for Lunch", "Skiing in"."""
    speech = SPEECH[line.language]
    if not speech.between:
        return any(text in {note, f"{note}の", f"に{note}", f"の{note}"} for note in line.notes)
    words = [word for word in text.split() if word not in {"-", ","}]
    return all(word in line.notes or (word in speech.prepositions.split("|") and len(words) > 1) for word in words)


def is_name(text: str, line: Line) -> bool:
    """Whether all words of time in a text stand in front of another word, as in "Sunday roast", and none at its end."""
    speech = SPEECH[line.language]
    return any(note and text.endswith(note) and text in line.typed for note in speech.pieces("notes"))


@given(lines())
def test_note_of_an_absence_holds_no_word_of_time(line: Line) -> None:
    try:
        asked = times.absence(line.typed, speaker(line.language, NOW, month_first=line.language == "ja"))
    except InputError:
        return
    assert is_note(asked.text, line)


@given(lines())
def test_status_uses_the_words_of_time_or_keeps_them_all_or_asks_back(line: Line) -> None:
    try:
        asked = times.status(line.typed, speaker(line.language, NOW, month_first=line.language == "ja"))
    except InputError:
        return
    if asked.text == line.typed.strip():
        assert asked.end or not line.typed.endswith(tuple(READ[line.language].split("|"))) or line.bound
        return
    assert is_note(asked.text, line) or is_name(asked.text, line)


@given(lines())
def test_pause_and_look_use_every_word_or_ask_back(line: Line) -> None:
    assume(not is_note("", line) or not any(word in line.typed for word in line.notes if word))
    somebody = speaker(line.language, NOW)
    for read in (times.pause, times.look):
        try:
            read(line.typed, somebody)
        except InputError:
            continue
        assert all(word not in line.typed for word in line.notes if word)


UNTIL = {"en": "until {}", "de": "bis {}", "fr": "jusqu'à {}", "es": "hasta {}", "ja": "{}まで"}
LONG = {"en": "for {}", "de": "für {}", "fr": "pendant {}", "es": "durante {}", "ja": "{}"}
UNREAD = {
    "en": "fourty minutes|a few hours|several days|tweny minutes|half a day|some hours",
    "de": "virzig Minuten|ein paar Stunden|mehrere Tage|zwanzg Minuten|einen halben Tag|einige Stunden",
    "fr": "quarente minutes|quelques heures|plusieurs jours|vint minutes|une demi-journée",
    "es": "cuarente minutos|algunas horas|varios días|veintee minutos|medio día",
    "ja": "半日",
}


@given(st.sampled_from(list(SPEECH)), st.data())
def test_marker_before_a_time_that_cannot_be_read_asks_back(language: str, data: st.DataObject) -> None:
    speech = SPEECH[language]
    note = data.draw(st.sampled_from(speech.pieces("notes")))
    clock = st.sampled_from(["25:00", "12:75", "24:30"]).map(UNTIL[language].format)
    length = st.sampled_from(UNREAD[language].split("|")).map(LONG[language].format)
    phrase = data.draw(clock if language == "ja" else clock | length)
    for typed in (f"{note} {phrase}", f"{phrase} {note}"):
        try:
            asked = times.status(typed, speaker(language, NOW))
        except InputError:
            continue
        raise AssertionError((typed, asked))


@given(st.sampled_from(list(SPEECH)), st.integers(13, 23), st.integers(0, 59), st.data())
def test_clock_time_means_the_same_in_every_language(
    language: str, hour: int, minute: int, data: st.DataObject
) -> None:
    speech = SPEECH[language]
    note = data.draw(st.sampled_from(speech.pieces("notes")))
    asked = times.status(f"{note} {UNTIL[language].format(f'{hour:02}:{minute:02}')}", speaker(language, NOW))
    assert asked.text == note
    assert asked.end == times.status(f"x until {hour:02}:{minute:02}", speaker("en", NOW)).end


LENGTHS = {
    "en": ("{} minutes", "{} hours", "{} days"), "de": ("{} Minuten", "{} Stunden", "{} Tage"),
    "fr": ("{} minutes", "{} heures", "{} jours"), "es": ("{} minutos", "{} horas", "{} días"),
    "ja": ("{}分", "{}時間", "{}日間"),
}  # fmt: skip


@given(st.sampled_from(list(SPEECH)), st.integers(1, 59), st.integers(0, 2), st.booleans())
def test_length_means_the_same_in_every_language(language: str, count: int, unit: int, absence: bool) -> None:
    read = times.absence if absence else times.status
    phrase = LONG[language].format(LENGTHS[language][unit].format(count))
    note = SPEECH[language].pieces("notes")[0]
    english = read(f"x for {LENGTHS['en'][unit].format(count)}", speaker("en", NOW))
    assert read(f"{note} {phrase}", speaker(language, NOW)) == times.Asked(note, english.start, english.end)
