"""The words about time that people type, per language, as data. English is understood in every language.

Words are written as people write them; `fold` brings both the words and the typed text to one form.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

_SAME = {
    "’": "'", "ʼ": "'", "–": "-", "—": "-", "−": "-", "〜": "-", "～": "-", "\u00a0": " ", "\u3000": " ", "\u202f": " ",
}  # fmt: skip


def fold(text: str) -> tuple[str, list[int]]:
    """`text` without case, accents and width, and for each character of that its index in `text` (and the end).

    Japanese voicing marks go too (で → て); the words are folded in the same way, so they still meet.
    """
    folded: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        for piece in unicodedata.normalize("NFKD", _SAME.get(character, character)).casefold():
            if not unicodedata.combining(piece):
                folded.append(_SAME.get(piece, piece))
                origin.append(index)
    origin.append(len(text))
    return "".join(folded), origin


def folded(*words: str) -> tuple[str, ...]:
    """The folded forms, longest first, so that an alternation takes the longest."""
    return tuple(sorted({fold(word)[0] for word in words}, key=lambda word: (-len(word), word)))


@dataclass(frozen=True, slots=True)
class Words:
    """One language. Each entry is an alternation of words that mean the same.

    days         distance from today → words
    next_        before or after a weekday: the one of the next calendar week; `coming`: the next one there is
    literal      what may follow `until` without being a time: "until further notice" is text
    suffix_until the marker stands behind the time (Japanese まで)
    included     the days that "until" includes: "bis Freitag" holds Friday, "until Friday" ends when Friday begins
    """

    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    days: Mapping[int, str]
    minutes: str
    hours: str
    day_units: str
    weeks: str
    one: str
    half_hour: str
    until: str
    for_: str
    from_: str
    to: str
    at: str
    on: str
    coming: str
    next_: str
    next_week: str
    next_month: str
    this_week: str
    rest_of_day: str
    morning: str
    afternoon: str
    evening: str
    noon: str
    midnight: str
    after_midnight: str
    after_noon: str
    off: str
    literal: str = ""
    short_weekdays: tuple[str, ...] = field(default=("",) * 7)
    suffix_until: str = ""
    included: frozenset[str] = frozenset()


ENGLISH = Words(
    months=(
        "january|jan", "february|feb", "march|mar", "april|apr", "may", "june|jun", "july|jul", "august|aug",
        "september|sept|sep", "october|oct", "november|nov", "december|dec",
    ),
    weekdays=("monday|mon", "tuesday|tues|tue", "wednesday|weds|wed", "thursday|thurs|thur|thu", "friday|fri",
              "saturday|sat", "sunday|sun"),
    days={0: "today", 1: "tomorrow|tmrw|tmr", 2: "the day after tomorrow|day after tomorrow"},
    minutes="minutes|minute|mins|min|m", hours="hours|hour|hrs|hr|h", day_units="days|day|d",
    weeks="weeks|week|wks|wk|w", one="an|a|one", half_hour="half an hour|half hour|half-hour",
    until="until|untill|till|til|'til|up to", for_="for", from_="from|starting", to="to|through|thru|until|till|-",
    at="at|@", on="on the|on|the", coming="this|coming|this coming", next_="next", next_week="next week",
    next_month="next month",
    this_week="this week|the week|the rest of the week|rest of the week|end of the week|end of week|eow",
    rest_of_day="the rest of the day|rest of the day|rest of day|rest of today|the rest of today|the day|all day|"
                "end of the day|end of day|the end of the day|eod",
    morning="this morning|in the morning|morning", afternoon="this afternoon|in the afternoon|afternoon",
    evening="this evening|in the evening|tonight|evening", noon="noon|midday", midnight="midnight",
    after_midnight="am|a.m.|in the morning", after_noon="pm|p.m.|in the afternoon|in the evening", off="off|stop|back",
    literal="further notice|then|later|next time",
)  # fmt: skip

GERMAN = Words(
    months=(
        "januar|jänner|jan", "februar|feb", "märz|maerz|mär|mrz", "april|apr", "mai", "juni|jun", "juli|jul",
        "august|aug", "september|sept|sep", "oktober|okt", "november|nov", "dezember|dez",
    ),
    weekdays=("montag|mon", "dienstag|die", "mittwoch|mit", "donnerstag|don", "freitag|fre", "samstag|sonnabend|sam",
              "sonntag|son"),
    short_weekdays=("mo", "di", "mi", "do", "fr", "sa", "so"),
    days={0: "heute", 1: "morgen", 2: "übermorgen|uebermorgen"},
    minutes="minuten|minute|min", hours="stunden|stunde|std", day_units="tagen|tage|tag",
    weeks="wochen|woche", one="einen|einer|eine|ein", half_hour="eine halbe stunde|einer halben stunde|halbe stunde",
    until="bis zum|bis", for_="für|fuer", from_="von|vom|ab", to="bis zum|bis|-", at="um|gegen", on="am|den",
    coming="diesen|kommenden|den kommenden", next_="nächsten|naechsten|nächster|nächste",
    next_week="nächste woche|nächster woche|naechste woche", next_month="nächsten monat|nächster monat",
    this_week="diese woche|dieser woche|ende der woche|den rest der woche",
    rest_of_day="den rest des tages|rest des tages|den ganzen tag|ganzen tag|ende des tages|feierabend",
    morning="heute vormittag|heute früh|vormittag|früh", afternoon="heute nachmittag|nachmittag",
    evening="heute abend|abend", noon="mittag|mittags|12 uhr mittags", midnight="mitternacht",
    after_midnight="uhr morgens|uhr früh|uhr vormittags|morgens|vormittags",
    after_noon="uhr nachmittags|uhr abends|nachmittags|abends", off="aus|ende|zurück",
    literal="auf weiteres|gleich|später|dann|bald|nachher", included=frozenset({"weekday", "date"}),
)  # fmt: skip

FRENCH = Words(
    months=(
        "janvier|janv|jan", "février|fevr|fév", "mars", "avril|avr", "mai", "juin", "juillet|juil", "août",
        "septembre|sept", "octobre|oct", "novembre|nov", "décembre|déc",
    ),
    weekdays=("lundi|lun", "mardi", "mercredi|mer", "jeudi|jeu", "vendredi|ven", "samedi|sam", "dimanche|dim"),
    days={0: "aujourd'hui", 1: "demain", 2: "après-demain|apres demain"},
    minutes="minutes|minute|min|mn", hours="heures|heure|h", day_units="jours|jour|j", weeks="semaines|semaine",
    one="une|un", half_hour="une demi-heure|une demi heure|demi-heure",
    until="jusqu'à ce|jusqu'au|jusqu'à|jusqu'en|jusque", for_="pour|pendant|durant",
    from_="à partir du|à partir de|de|du|dès", to="jusqu'au|jusqu'à|au|à|-", at="à|vers", on="le",
    coming="ce|prochain|prochaine", next_="", next_week="la semaine prochaine|semaine prochaine",
    next_month="le mois prochain|mois prochain", this_week="cette semaine|la fin de la semaine|fin de semaine",
    rest_of_day="le reste de la journée|reste de la journée|toute la journée|la fin de la journée|fin de journée|"
                "la journée",
    morning="ce matin|le matin|matin", afternoon="cet après-midi|cette après-midi|l'après-midi|après-midi",
    evening="ce soir|le soir|soir", noon="midi", midnight="minuit", after_midnight="du matin|heures du matin",
    after_noon="de l'après-midi|du soir|heures du soir", off="fin|arrêter|de retour",
    literal="nouvel ordre", included=frozenset({"weekday", "date"}),
)  # fmt: skip

SPANISH = Words(
    months=(
        "enero|ene", "febrero|feb", "marzo|mar", "abril|abr", "mayo|may", "junio|jun", "julio|jul", "agosto|ago",
        "septiembre|setiembre|sept|sep", "octubre|oct", "noviembre|nov", "diciembre|dic",
    ),
    weekdays=("lunes|lun", "martes", "miércoles|mié", "jueves|jue", "viernes|vie", "sábado|sáb", "domingo|dom"),
    days={0: "hoy", 1: "mañana", 2: "pasado mañana"},
    minutes="minutos|minuto|min", hours="horas|hora|h", day_units="días|día", weeks="semanas|semana", one="una|un|uno",
    half_hour="media hora", until="hasta el|hasta la|hasta las|hasta", for_="por|durante",
    from_="desde el|desde|del|de",
    to="hasta el|hasta|al|a|-", at="a las|a la|las|la", on="el", coming="este|próximo|el próximo|que viene",
    next_="", next_week="la próxima semana|próxima semana|la semana que viene|semana que viene",
    next_month="el próximo mes|próximo mes|el mes que viene", this_week="esta semana|el fin de la semana",
    rest_of_day="el resto del día|resto del día|todo el día|el final del día|fin del día|el día",
    morning="esta mañana|por la mañana", afternoon="esta tarde|por la tarde|tarde",
    evening="esta noche|por la noche|noche", noon="mediodía|el mediodía", midnight="medianoche|la medianoche",
    after_midnight="de la mañana|de la madrugada", after_noon="de la tarde|de la noche", off="fin|parar|de vuelta",
    literal="nuevo aviso|luego|pronto|la vista|siempre", included=frozenset({"weekday", "date"}),
)  # fmt: skip

JAPANESE = Words(
    months=tuple(f"{month}月" for month in range(1, 13)),
    weekdays=tuple(f"{day}曜日|{day}曜" for day in "月火水木金土日"),
    days={0: "今日|きょう|本日", 1: "明日|あした|あす", 2: "明後日|あさって"},
    minutes="分間|分", hours="時間", day_units="日間", weeks="週間", one="", half_hour="半時間",
    until="", suffix_until="まで", for_="", from_="", to="から|-", at="の", on="", coming="今週の|次の|今度の",
    next_="来週の", next_week="来週", next_month="来月", this_week="今週中|今週",
    rest_of_day="今日中|今日いっぱい|終日|一日中|今日一日", morning="今朝|午前中|午前", afternoon="午後",
    evening="今夜|今晩|夜", noon="正午|お昼", midnight="深夜0時|真夜中",
    after_midnight="", after_noon="", off="オフ|終了|解除|戻りました",
    included=frozenset({"weekday", "date", "offset"}),
)  # fmt: skip

LANGUAGES: Mapping[str, Words] = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "es": SPANISH, "ja": JAPANESE}
