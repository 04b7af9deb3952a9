"""What people and programs call time zones besides IANA's and Windows' names: abbreviations, lists of cities, words.

Exchange writes its display names with and without "(UTC+01:00)" and in the language of its computer. A name is taken
only where it means one zone: CST, IST and BST do not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

_LANGUAGES = ("en", "de", "fr", "es", "ja")
_WINTER, _SUMMER = datetime(2026, 1, 1), datetime(2026, 7, 1)  # noqa: DTZ001 - wall-clock times, in whatever zone
_SEPARATORS = re.compile(r"[,;、/]|\band\b|\bund\b|\bet\b|\by\b")
_COMBINING = re.compile("[\u0300-\u036f]")
_AROUND = re.compile(
    r"\(?(?:標準時|夏時間)\)?|\b(?:normalzeit|standardzeit|sommerzeit|hora estandar|hora de verano|heure normale|"
    r"heure d.ete|\(heure standard\))\b"
)

_ABBREVIATIONS = {
    "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "pt": "America/Los_Angeles",
    "mdt": "America/Denver", "cdt": "America/Chicago", "edt": "America/New_York", "et": "America/New_York",
    "adt": "America/Halifax", "nst": "America/St_Johns", "ndt": "America/St_Johns", "akst": "America/Anchorage",
    "akdt": "America/Anchorage", "hdt": "America/Adak",
    "cest": "Europe/Berlin", "mez": "Europe/Berlin",
    "mesz": "Europe/Berlin", "mest": "Europe/Berlin", "eest": "Europe/Athens", "oez": "Europe/Athens",
    "oesz": "Europe/Athens", "west": "Europe/Lisbon", "wesz": "Europe/Lisbon", "msk": "Europe/Moscow",
    "trt": "Europe/Istanbul", "jst": "Asia/Tokyo", "kst": "Asia/Seoul", "hkt": "Asia/Hong_Kong",
    "idt": "Asia/Jerusalem",
    "pkt": "Asia/Karachi", "ict": "Asia/Bangkok", "wib": "Asia/Jakarta", "aest": "Australia/Sydney",
    "aedt": "Australia/Sydney", "acst": "Australia/Adelaide", "acdt": "Australia/Adelaide", "awst": "Australia/Perth",
    "nzst": "Pacific/Auckland", "nzdt": "Pacific/Auckland", "sast": "Africa/Johannesburg", "eat": "Africa/Nairobi",
    "brt": "America/Sao_Paulo",
}  # fmt: skip
"""Abbreviations that mean one zone. What IANA has itself (EST, CET, MST) is asked for before."""

_CITIES = {
    "edinburgh": "Europe/London", "edimbourg": "Europe/London", "edimburgo": "Europe/London",
    "エジンバラ": "Europe/London", "bern": "Europe/Zurich", "berne": "Europe/Zurich", "berna": "Europe/Zurich",
    "ベルン": "Europe/Zurich", "osaka": "Asia/Tokyo", "大阪": "Asia/Tokyo", "sapporo": "Asia/Tokyo",
    "札幌": "Asia/Tokyo",
    "beijing": "Asia/Shanghai", "peking": "Asia/Shanghai", "pekin": "Asia/Shanghai", "北京": "Asia/Shanghai",
    "chennai": "Asia/Kolkata", "mumbai": "Asia/Kolkata", "new delhi": "Asia/Kolkata", "canberra": "Australia/Sydney",
    "kyiv": "Europe/Kiev", "kiew": "Europe/Kiev", "st. petersburg": "Europe/Moscow", "abu dhabi": "Asia/Dubai",
    "wellington": "Pacific/Auckland", "pretoria": "Africa/Johannesburg", "islamabad": "Asia/Karachi",
}  # fmt: skip
"""Cities of Windows' display names that have no zone of their own."""

_ZONES = {
    "Europe_Central": "Europe/Berlin", "Europe_Eastern": "Europe/Athens", "Europe_Western": "Europe/Lisbon",
    "Moscow": "Europe/Moscow", "America_Eastern": "America/New_York", "America_Central": "America/Chicago",
    "America_Mountain": "America/Denver", "America_Pacific": "America/Los_Angeles", "Atlantic": "America/Halifax",
    "Newfoundland": "America/St_Johns", "Alaska": "America/Anchorage", "Brasilia": "America/Sao_Paulo",
    "Argentina": "America/Argentina/Buenos_Aires", "Colombia": "America/Bogota", "Peru": "America/Lima",
    "Japan": "Asia/Tokyo", "Korea": "Asia/Seoul", "China": "Asia/Shanghai", "Hong_Kong": "Asia/Hong_Kong",
    "Singapore": "Asia/Singapore", "India": "Asia/Kolkata", "Israel": "Asia/Jerusalem", "Gulf": "Asia/Dubai",
    "Pakistan": "Asia/Karachi", "Indochina": "Asia/Bangkok", "Africa_Southern": "Africa/Johannesburg",
    "Africa_Eastern": "Africa/Nairobi", "Australia_Eastern": "Australia/Sydney",
    "Australia_Central": "Australia/Adelaide", "Australia_Western": "Australia/Perth",
    "New_Zealand": "Pacific/Auckland",
}  # fmt: skip
"""CLDR's names of zones that look the same for long, and the one that stands for them."""

_WORDS = {
    "romanische zeit": "Europe/Paris", "romanische": "Europe/Paris", "romance": "Europe/Paris",
    "zentraleuropaische zeit": "Europe/Budapest", "mitteleuropaische": "Europe/Berlin",
    "osteuropaische": "Europe/Athens", "westeuropaische": "Europe/Lisbon", "gmt": "Europe/London",
    "greenwich": "Europe/London", "東京": "Asia/Tokyo", "日本": "Asia/Tokyo", "太平洋": "America/Los_Angeles",
    "東部": "America/New_York", "山地": "America/Denver", "ロマンス": "Europe/Paris", "西ヨーロッパ": "Europe/Berlin",
    "中央ヨーロッパ": "Europe/Budapest", "中国": "Asia/Shanghai", "韓国": "Asia/Seoul",
    "pazifik": "America/Los_Angeles", "pacifico": "America/Los_Angeles", "del pacifico": "America/Los_Angeles",
    "del este": "America/New_York", "eastern": "America/New_York", "pacific": "America/Los_Angeles",
    "mountain": "America/Denver", "tokio": "Asia/Tokyo",
}  # fmt: skip
"""Windows' own words in the app's languages, without the words for standard and summer time around them."""

_AMBIGUOUS = frozenset({"hora estandar de europa occidental", "hora de europa occidental"})
"""Windows' Berlin and CLDR's Lisbon."""


def meant(name: str) -> Iterator[str]:
    """IANA names that a display name or abbreviation means, the likeliest first; none where it may mean several."""
    plain = _plain(name)
    if plain in _AMBIGUOUS:
        return
    bare = _AROUND.sub(" ", plain)
    for known in (_ABBREVIATIONS.get(plain), _called().get(plain), _WORDS.get(plain)):
        if known is not None:
            yield known
    if bare != plain and (known := _WORDS.get(" ".join(bare.split()))) is not None:
        yield known
    if plain in _cities():
        yield _cities()[plain]
    zones = [_cities()[city] for city in map(str.strip, _SEPARATORS.split(plain)) if city in _cities()]
    # Of a list it takes two cities that agree: "Rome, New York" is neither's, and old lists hold cities that moved.
    yield from (zone for zone in zones if sum(_offsets(other) == _offsets(zone) for other in zones) > 1)


@cache
def _offsets(zone: str) -> tuple[object, object]:
    here = ZoneInfo(zone)
    return here.utcoffset(_WINTER), here.utcoffset(_SUMMER)


def _plain(name: str) -> str:
    """`name` for comparison: small, without accents, one kind of apostrophe."""
    text = _COMBINING.sub("", unicodedata.normalize("NFKD", name.replace("\u2019", "'").casefold()))
    return " ".join(unicodedata.normalize("NFC", text).split())


@cache
def _called() -> Mapping[str, str]:
    """CLDR's names of zones in the app's languages: "Mitteleuropäische Zeit", "Japan Standard Time"."""
    from babel import Locale  # noqa: PLC0415 - only odd files pay its import

    found: dict[str, str] = {}
    for language in _LANGUAGES:
        names = Locale(language).meta_zones
        for meta, zone in _ZONES.items():
            for name in (names[meta].get("long") or {}).values() if meta in names else ():
                found.setdefault(_plain(str(name)), zone)
    return found


@cache
def _cities() -> Mapping[str, str]:
    """The cities of zones in the app's languages; those of a name that several zones have are left out."""
    from babel import Locale  # noqa: PLC0415 - see above

    text = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    zones = [zone for zone in text.split() if "/" in zone and not zone.startswith(("Etc/", "US/", "Canada/"))]
    found: dict[str, set[str]] = {}
    for zone in zones:
        found.setdefault(_plain(zone.rpartition("/")[2].replace("_", " ")), set()).add(zone)
    for language in _LANGUAGES:
        for zone, names in Locale(language).time_zones.items():
            if "city" in names and zone in zones:
                found.setdefault(_plain(str(names["city"])), set()).add(zone)
    return {**{city: next(iter(named)) for city, named in found.items() if len(named) == 1}, **_CITIES}
