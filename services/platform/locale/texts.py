"""The default texts of statuses in each language.

The day in `{until}` is the day back. English says so with "until"; where that word would include the day, the
sentence says "back on".
"""

from __future__ import annotations

from dataclasses import replace

from services.domain.text import ENGLISH, DefaultTexts

TEXTS: dict[str, DefaultTexts] = {
    "en": ENGLISH,
    "de": replace(
        ENGLISH,
        meeting="In einer Besprechung",
        focus="Konzentriert bei der Arbeit",
        out_of_office="Abwesend",
        out_of_office_until_day="Abwesend, zurück am {until}",
        out_of_office_until_time="Abwesend bis {until} Uhr",
        home="Im Homeoffice",
        office="Im Büro",
        elsewhere="Arbeitet von unterwegs",
        elsewhere_at="Arbeitsort: {location}",
    ),
    "fr": replace(
        ENGLISH,
        meeting="En réunion",
        focus="Concentration",
        out_of_office="Absence du bureau",
        out_of_office_until_day="En congé, de retour le {until}",
        out_of_office_until_time="De retour à {until}",
        home="En télétravail",
        office="Au bureau",
        elsewhere="En déplacement",
        elsewhere_at="Travaille depuis : {location}",
    ),
    "es": replace(
        ENGLISH,
        meeting="En una reunión",
        focus="Concentración",
        out_of_office="Fuera de la oficina",
        out_of_office_until_day="Fuera de la oficina, vuelvo el {until}",
        out_of_office_until_time="Fuera de la oficina hasta las {until}",
        home="Teletrabajo",
        office="En la oficina",
        elsewhere="Trabajando en remoto",
        elsewhere_at="Trabajando desde {location}",
    ),
    "ja": replace(
        ENGLISH,
        meeting="会議中",
        focus="集中作業中",
        out_of_office="不在",
        out_of_office_until_day="不在（{until}に戻ります）",
        out_of_office_until_time="不在（{until}まで）",
        home="在宅勤務",
        office="出社中",
        elsewhere="リモート勤務",
        elsewhere_at="{location}で勤務",
    ),
}
