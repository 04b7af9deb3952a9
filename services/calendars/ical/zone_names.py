"""What files call time zones: IANA's names and Windows', offsets, abbreviations, lists of cities, words of languages.

Exchange writes its display names with and without "(UTC+01:00)" and in the language of its computer. A name is taken
only where it means one zone: CST, IST and BST do not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

_NAMES = 4096  # what is remembered of names; they are strangers'
_LONGEST_NAME = 200
"""Characters of a name that may be one we know; a file's own VTIMEZONE may be called as it likes."""

_MOST_PARTS = 3  # of an IANA name: America/Argentina/Buenos_Aires
_LANGUAGES = ("en", "de", "fr", "es", "ja")
_WINTER, _SUMMER = datetime(2026, 1, 1), datetime(2026, 7, 1)  # noqa: DTZ001 - wall-clock times, in whatever zone
_OFFSET_NAME = re.compile(r"\(?(?:UTC|GMT|Z)?\s*([+-])(\d{1,2})(?::?(\d\d))?\)?(?::00)?", re.IGNORECASE)
_DISPLAY = re.compile(r"\((?:UTC|GMT)\s*(?:([+-])(\d{1,2})(?:[:.]?(\d\d))?)?\)\s*(.*)", re.IGNORECASE | re.DOTALL)
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

_SPOKEN_CITIES = {
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


_NEIGHBOURS = {
    "bern": "zurich", "beijing": "shanghai", "chennai": "kolkata", "mumbai": "kolkata", "new_delhi": "kolkata",
    "osaka": "tokyo", "sapporo": "tokyo", "islamabad": "karachi", "abu_dhabi": "dubai", "kyiv": "kiev",
    "canberra": "sydney", "edinburgh": "london", "st._petersburg": "moscow", "brasilia": "sao_paulo",
    "saskatchewan": "regina", "arizona": "phoenix", "hawaii": "honolulu", "alaska": "anchorage",
    "newfoundland": "st_johns", "pretoria": "johannesburg", "harare": "harare", "wellington": "auckland",
}  # fmt: skip
"""Cities of Windows' display names that the IANA database knows by a neighbour."""

_REGIONS = {
    "western/central europe": "Europe/Berlin",
    "eastern time": "America/New_York",
    "central time": "America/Chicago",
    "mountain time": "America/Denver",
    "pacific time": "America/Los_Angeles",
    "atlantic time": "America/Halifax",
    "baja california": "America/Tijuana",
}
"""Display names of Windows that name no city."""


def iana_name(tzid: str) -> str | None:
    """Find the IANA name that a TZID is or ends with (`/mozilla.org/20050126_1/Europe/Berlin`), rightly spelled."""
    return _iana_name(tzid) if len(tzid) <= _LONGEST_NAME else None


@lru_cache(maxsize=_NAMES)
def _iana_name(tzid: str) -> str | None:
    names = _iana()
    cleaned = tzid.strip().strip("\"'").replace(" ", "_").casefold()
    if cleaned in names:
        return names[cleaned]
    if "/" not in cleaned:
        return None
    parts = [part for part in cleaned.split("/") if part]
    # Only what looks like a path of a vendor may be cut: `…/Europe/Berlin`, never the `UTC` of `tzone://Microsoft/Utc`.
    for index in range(max(0, len(parts) - _MOST_PARTS), len(parts)):
        tail = "/".join(parts[index:])
        if tail in names and ("/" in tail or tail in {"utc", "gmt", "zulu"}):
            return names[tail]
    return None


def meant(tzid: str) -> ZoneInfo | timedelta | None:
    """Return the zone, or the offset from UTC, of a name that is not IANA's.

    Windows', a display name, an offset, a city.
    """
    return _meant(tzid) if len(tzid) <= _LONGEST_NAME else None


@lru_cache(maxsize=_NAMES)
def _meant(tzid: str) -> ZoneInfo | timedelta | None:
    name = re.sub(r"\s+", " ", tzid.strip().strip("\"'")).replace("tzone://Microsoft/", "")
    if name.upper() in {"Z", "ZULU", "COORDINATED UNIVERSAL TIME"}:
        return timedelta()
    bare = re.sub(r"[ _-]?\d+$", "", name)  # Exchange numbers its copies: "Eastern Standard Time 1"
    standard = re.sub(r"\bDaylight\b|\bSummer\b", "Standard", name)
    for known in (name, bare, standard, f"{name} Standard Time"):
        zone = _windows().get(known.casefold())
        if zone is not None and zone.casefold() in _iana():
            return ZoneInfo(zone)
    offset = _OFFSET_NAME.fullmatch(name)
    if offset is not None:
        return _offset(offset[1], offset[2], offset[3])
    display = _DISPLAY.fullmatch(name)
    if display is not None:
        return _displayed(display)
    for iana in _plain_names(name):
        if iana.casefold() in _iana():
            return ZoneInfo(_iana()[iana.casefold()])
    return None


def _offset(sign: str, hours: str, minutes: str | None) -> timedelta | None:
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if size >= timedelta(hours=24):
        return None
    return -size if sign == "-" else size


def _displayed(display: re.Match[str]) -> ZoneInfo | timedelta | None:
    """`(UTC+01:00) Amsterdam, Berlin, Bern…`: the zone of the first city that has this offset, else the offset.

    Windows' display names list cities; where none is an IANA name, the part before may be a Windows name.
    """
    sign, hours, minutes, rest = display.groups()
    offset = _offset(sign or "+", hours or "0", minutes)
    if offset is None:
        return None
    known = _windows().get(rest.strip().casefold()) or _windows().get(f"{rest.strip()} standard time".casefold())
    if known is not None:
        return ZoneInfo(known)
    words = [word.strip().replace(" ", "_").casefold() for word in re.split(r"[,;:/]|\band\b", rest)]
    for word in words:
        for name in _cities().get(_NEIGHBOURS.get(word, word), ()):
            if offset in _offsets(name):
                return ZoneInfo(name)
    for region, name in _REGIONS.items():
        if region in rest.casefold() and offset == _offsets(name)[0]:
            return ZoneInfo(name)
    return offset


def _plain_names(name: str) -> Iterator[str]:
    """IANA names that a plain one may mean, the likeliest first; none where it may mean several."""
    yield name.replace("-", "/", 1)  # Apple's US-Eastern
    for region, zone in _REGIONS.items():  # Rails' Eastern Time (US & Canada)
        if name.casefold().startswith(region):
            yield zone
    city = name.casefold().replace(" ", "_")
    named = _cities().get(_NEIGHBOURS.get(city, city), ())
    if len(named) == 1:
        yield named[0]
    plain = _plain(name)
    if plain in _AMBIGUOUS:
        return
    bare = _AROUND.sub(" ", plain)
    for known in (_ABBREVIATIONS.get(plain), _called().get(plain), _WORDS.get(plain)):
        if known is not None:
            yield known
    if bare != plain and (known := _WORDS.get(" ".join(bare.split()))) is not None:
        yield known
    cities = _spoken_cities()
    if plain in cities:
        yield cities[plain]
    zones = [cities[city] for city in map(str.strip, _SEPARATORS.split(plain)) if city in cities]
    # Of a list it takes two cities that agree: "Rome, New York" is neither's, and old lists hold cities that moved.
    yield from (zone for zone in zones if sum(_offsets(other) == _offsets(zone) for other in zones) > 1)


@cache
def _offsets(zone: str) -> tuple[timedelta | None, timedelta | None]:
    here = ZoneInfo(zone)
    return here.utcoffset(_WINTER), here.utcoffset(_SUMMER)


def _plain(name: str) -> str:
    """`name` for comparison: small, without accents, one kind of apostrophe."""
    text = _COMBINING.sub("", unicodedata.normalize("NFKD", name.replace("\u2019", "'").casefold()))
    return " ".join(unicodedata.normalize("NFC", text).split())


# ── tables that are made when the first odd name asks for them ──────────────────────────────────────


@cache
def _iana() -> Mapping[str, str]:
    """Return every name of the IANA database by its folded form.

    Of the tzdata package, so the same on every machine.
    """
    text = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return {name.casefold(): name for name in text.split()}


@cache
def _windows() -> Mapping[str, str]:
    """Windows zone names (CLDR windowsZones, as icalendar ships it) by their folded form."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415 - only odd files pay its import

    return {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}


@cache
def _cities() -> Mapping[str, tuple[str, ...]]:
    """IANA's names by their last part."""
    found: dict[str, tuple[str, ...]] = {}
    for name in _iana().values():
        if "/" in name and not name.startswith("Etc/"):
            city = name.rsplit("/", 1)[1].casefold()
            found[city] = (*found.get(city, ()), name)
    return found


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
def _spoken_cities() -> Mapping[str, str]:
    """Return the cities of zones in the app's languages; those of a name that several zones have are left out."""
    from babel import Locale  # noqa: PLC0415 - see above

    zones = [zone for zone in _iana().values() if "/" in zone and not zone.startswith(("Etc/", "US/", "Canada/"))]
    found: dict[str, set[str]] = {}
    for zone in zones:
        found.setdefault(_plain(zone.rpartition("/")[2].replace("_", " ")), set()).add(zone)
    for language in _LANGUAGES:
        for zone, names in Locale(language).time_zones.items():
            if "city" in names and zone in zones:
                found.setdefault(_plain(str(names["city"])), set()).add(zone)
    return {**{city: next(iter(named)) for city, named in found.items() if len(named) == 1}, **_SPOKEN_CITIES}
