"""Who is out, asked as people ask it: "who's out next week?", in the five languages. Pure."""

from __future__ import annotations

import re

LONGEST = 200
"""Characters of a question; what is longer is none."""

_QUESTIONS = (
    # English: who's out, who is on leave tomorrow; who is @ann is asked about Ann
    r"who(?:['’]?s|\s+is|\s+are)\s+(?:(?:out(?:\s+of\s+office)?|away|off|absent|not\s+here"
    r"|on\s+(?:leave|vacation|holidays?|pto))\b|(?=<@))",
    # German: wer fehlt morgen, wer ist nächste Woche im Urlaub
    r"wer\s+fehlt\b",
    r"wer\s+(?:ist|sind)\b(?P<de_is>.*?)\s(?:weg|abwesend|nicht\s+da|nicht\s+im\s+büro|im\s+urlaub)\b",
    r"wer\s+hat\b(?P<de_has>.*?)\s(?:urlaub|frei)\b",
    # French: qui est absent demain, qui n'est pas là
    r"qui\s+(?:est|sont)\s+(?:absente?s?|en\s+cong[eé]s?|en\s+vacances)\b",
    r"qui\s+n['’]est\s+pas\s+l[àa]\b",
    # Spanish: ¿quién está fuera?, quiénes faltan
    r"¿?\s*qui[eé]n(?:es)?\s+(?:faltan?|est[aá]n?\s+(?:fuera|ausentes?|de\s+(?:vacaciones|baja|permiso)))\b",
    # Japanese: 誰が休み, 来週は誰が休みですか
    r"(?P<ja>.*?)は?\s*(?:誰|だれ)が(?:お?休み|不在|いない|いません)(?:ですか|なの|か)?",
)
_ASKED = tuple(re.compile(rf"{question}(?P<after>.*?)[?？!.。\s]*", re.IGNORECASE) for question in _QUESTIONS)


def when_asked(text: str) -> str | None:
    """Return what is said of when, or of whom, in a question for who is out, "" where nothing is.

    None for anything else.
    """
    if len(text) > LONGEST:
        return None
    for asked in _ASKED:
        if found := asked.fullmatch(text.strip()):
            return " ".join(part.strip() for part in found.groups() if part and part.strip())
    return None
