"""The words of titles, phrases and names, folded so that they can be compared. Pure.

Case, accents and width never matter.
"""

from __future__ import annotations

import re
import unicodedata

CJK = r"\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
GAPLESS = re.compile(f"[{CJK}]+")
WORD = re.compile(rf"[{CJK}]+|[^\W\d_{CJK}]+'?|\d+")
_COMBINING = re.compile("[\u0300-\u036f]")
_LETTERS = str.maketrans("łŁøØđĐı\u2044\u2019\u2018`\u00b4\u02bc", "lLoOdDi/'''''")  # what Unicode does not take apart


def words_in(text: str) -> tuple[str, ...]:
    """Return the words of a phrase or a name, for comparison."""
    return tuple(word.casefold() for word in WORD.findall(folded(text)))


def spellings(text: str) -> set[str]:
    """Return a small-lettered text as it is, and with ae for ä."""
    return {text, text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")}


def folded(text: str) -> str:
    """`text` in one width and without accents; kana keep their marks."""
    if text.isascii():
        return text
    text = _COMBINING.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", text).translate(_LETTERS)
