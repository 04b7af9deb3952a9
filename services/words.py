"""Words that say what an entry is about, and whole-word search that also works where words have no gaps."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from re import Pattern

_READ_AT_MOST = 500
"""Characters of a title that are looked at; a calendar may hold titles of a megabyte."""

_BETWEEN_WORDS = r"[\s_\-\u2010-\u2015]+"

# Absences. English, German, French, Spanish, Japanese.
_OUT_OF_OFFICE = """
    ooo | o.o.o | ooto | out of office | out of the office | vacation | vacations | on vacation | holiday | holidays |
    on holiday | on holidays | annual leave | on leave | on annual leave | pto | on pto | paid time off | time off |
    day off | days off | off sick | sick | sickness | sick leave | parental leave | maternity leave | paternity leave |
    family leave | medical leave | bereavement leave | compassionate leave | unpaid leave | leave of absence |
    sabbatical | off work | not working

    | urlaub | im urlaub | urlaubstag | jahresurlaub | sommerurlaub | winterurlaub | sonderurlaub | resturlaub |
    bildungsurlaub | betriebsurlaub | ferien | in den ferien | feiertag | brückentag | krank | krankgeschrieben |
    krankmeldung | krankheit | abwesend | abwesenheit | nicht im büro | nicht im buero | außer haus | elternzeit |
    mutterschutz | freier tag | zeitausgleich | überstundenabbau

    | vacances | en vacances | congé | congés | conge | conges | en congé | en conge | en congés | congé maladie |
    congé parental | congé maternité | congé paternité | congés payés | rtt | arrêt maladie | arret maladie |
    en arrêt maladie | malade | absent | absente | absence | absent du bureau | absente du bureau | hors du bureau |
    jour férié | férié

    | vacaciones | de vacaciones | fuera de la oficina | fuera de oficina | ausente | ausencia | baja médica |
    baja medica | de baja | baja por enfermedad | enfermo | enferma | permiso parental | permiso de maternidad |
    permiso de paternidad | baja por maternidad | baja por paternidad | día libre | dia libre | días libres |
    día festivo | dia festivo | festivo | feriado | asuntos propios

    | 休暇 | 有給 | 有休 | 年休 | 代休 | 振休 | 育休 | 産休 | 半休 | 全休 | 午前休 | 午後休 | 夏休み | 冬休み | お休み |
    休み | 病欠 | 欠勤 | 不在 | 休業 | 忌引
"""

_FOCUS = """
    focus | focus time | focus block | focus session | focus day | focusing | focused work | deep work |
    deep focus | heads down | no meetings | no meeting | do not disturb | no interruptions | concentration

    | fokus | fokuszeit | fokusblock | fokustag | konzentration | konzentrationszeit | konzentriertes arbeiten |
    stillarbeit | ungestört | bitte nicht stören | nicht stören | keine meetings

    | temps de concentration | travail en profondeur | travail profond | ne pas déranger | pas de réunion |
    pas de réunions

    | enfoque | tiempo de enfoque | concentración | concentracion | tiempo de concentración | trabajo profundo |
    no molestar | sin reuniones

    | 集中 | 集中作業 | 集中時間 | 集中タイム | フォーカス | フォーカスタイム | もくもく | 会議禁止 | ミーティング禁止
"""

_HOME = """
    home | wfh | work from home | working from home | home office | homeoffice | zuhause | zu hause | télétravail |
    teletravail | à la maison | teletrabajo | en casa | desde casa | 在宅 | 在宅勤務 | 自宅 | テレワーク
"""

_OFFICE = "office | at the office | in the office | büro | im büro | bureau | oficina | 出社 | 会社 | オフィス"

# What a script without gaps, or English, would otherwise have us take for an absence or for focus.
_BUT_NOT_AFTER = {"休み": ("昼", "中", "ひと")}
_BUT_NOT_BEFORE = {"集中": ("講義", "豪雨", "治療"), "フォーカス": ("グループ",), "focus": (" group",)}

_NO_GAPS = r"\u3040-\u30ff\u3400-\u9fff"
"""Kana and Han: scripts whose words are written without gaps."""
_BEFORE = rf"(?<![^\W_{_NO_GAPS}])"
_AFTER = rf"(?![^\W_{_NO_GAPS}])"
_GAPLESS = re.compile(f"[{_NO_GAPS}]")


def plain(text: str) -> str:
    """`text` for comparison: NFKC, casefolded, and no more of it than is looked at."""
    text = text[:_READ_AT_MOST]
    return text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


@lru_cache(maxsize=1024)
def _pattern(words: tuple[str, ...]) -> Pattern[str]:
    """One pattern for any of `words`, longest first; those of a script without gaps need no gap around them."""
    gapped: list[str] = []
    gapless: list[str] = []
    for word in sorted({plain(word).strip() for word in words}, key=lambda word: (-len(word), word)):
        parts = [re.escape(part) for part in re.split(_BETWEEN_WORDS, word) if part]
        if not parts:
            continue
        body = _BETWEEN_WORDS.join(parts)
        body = "".join(f"(?<!{other})" for other in _BUT_NOT_AFTER.get(word, ())) + body
        body += "".join(f"(?!{other})" for other in _BUT_NOT_BEFORE.get(word, ()))
        (gapless if _GAPLESS.search(word) else gapped).append(body)
    whole = [_BEFORE + "(?:" + "|".join(gapped) + ")" + _AFTER] if gapped else []
    return re.compile("|".join([*whole, *gapless]) or r"(?!)")


def has_word(text: str, words: tuple[str, ...]) -> bool:
    """Whether `text` holds any of `words` as a whole word (or phrase), whatever its case, width or hyphens."""
    return _pattern(words).search(plain(text)) is not None


def _listed(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split("|") if word.strip())


_OUT_OF_OFFICE_WORDS, _FOCUS_WORDS = _listed(_OUT_OF_OFFICE), _listed(_FOCUS)
_HOME_WORDS, _OFFICE_WORDS = _listed(_HOME), _listed(_OFFICE)
_LEADING = re.compile(r"[\W_]*")


def says_out_of_office(title: str) -> bool:
    """Whether a title names an absence, as a whole word anywhere in it."""
    return has_word(title, _OUT_OF_OFFICE_WORDS)


def starts_out_of_office(title: str) -> bool:
    """Whether a title starts with an absence, after nothing but signs and emoji ("Ann: vacation" does not)."""
    text = plain(title)
    start = _LEADING.match(text)
    return start is not None and _pattern(_OUT_OF_OFFICE_WORDS).match(text, start.end()) is not None


def says_focus(title: str) -> bool:
    """Whether a title names time to oneself, as a whole word anywhere in it."""
    return has_word(title, _FOCUS_WORDS)


def says_home(title: str) -> bool:
    """Whether the title of a working location names the home."""
    return has_word(title, _HOME_WORDS)


def says_office(title: str) -> bool:
    """Whether the title of a working location names the office."""
    return has_word(title, _OFFICE_WORDS)
