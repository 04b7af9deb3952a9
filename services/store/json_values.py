"""Preferences, rules, what is remembered of a profile, and reasons as plain JSON values and back.

Reading checks everything: what comes from an exported file, a form or an older version is not to be trusted.
It raises InputError with `reason` for the operator and, where there is one, the path of the bad value as `field`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from services.domain.errors import InputError, TooManyError
from services.domain.model import (
    Kind,
    Match,
    OwnStatusPolicy,
    Preferences,
    Reason,
    ReasonCode,
    Rule,
    Show,
    ShowAs,
    Standing,
    Status,
    WorkingHours,
)
from services.domain.untrusted import LONGEST_ID, Reader

MOST_RULES = 100
LONGEST_MINUTES = 60 * 24 * 366
LONGEST_LEAD = 24 * 60
MOST_GUESTS = 100_000

_MINUTE = timedelta(minutes=1)
_OPENS_AND_CLOSES = 2


# ── preferences ─────────────────────────────────────────────────────────────────────────────────────


def preferences_to_json(preferences: Preferences) -> dict[str, Any]:
    """All that a person chose. Minutes are numbers, times of day are `HH:MM`."""
    hours = preferences.working_hours
    return {
        "show": {kind.value: _show_to_json(show) for kind, show in sorted(preferences.show.items())},
        "idle": None if preferences.idle is None else {"text": preferences.idle.text, "emoji": preferences.idle.emoji},
        "count_unconfirmed": preferences.count_unconfirmed,
        "working_hours": None
        if hours is None
        else {str(day): [f"{opens:%H:%M}", f"{closes:%H:%M}"] for day, (opens, closes) in sorted(hours.days.items())},
        "own_status": preferences.own_status.value,
        "lead": preferences.lead // _MINUTE,
        "bridge": preferences.bridge // _MINUTE,
        "titles": preferences.titles,
    }


def preferences_from_json(value: object) -> Preferences:
    """The preferences; what is missing is the default, what is unknown is ignored. Raises InputError."""
    found = Reader(value, "preferences")
    return Preferences(
        show=MappingProxyType(
            {
                found.one_of(kind, Kind, "show"): _show(Reader(show, f"show.{kind}"))
                for kind, show in found.mapping("show").items()
            }
        ),
        idle=_idle(found),
        count_unconfirmed=found.flag("count_unconfirmed"),
        working_hours=_hours(found),
        own_status=found.one_of(found.get("own_status") or "cover_and_restore", OwnStatusPolicy, "own_status"),
        lead=timedelta(minutes=found.number("lead", LONGEST_LEAD) or 0),
        bridge=timedelta(minutes=found.number("bridge", LONGEST_LEAD) or 0),
        titles=found.flag("titles"),
    )


def _idle(found: Reader) -> Status | None:
    if found.get("idle") is None:
        return None
    idle = Reader(found.get("idle"), "idle")
    return Status(idle.text("text") or "", idle.text("emoji") or "")


def _hours(found: Reader) -> WorkingHours | None:
    if found.get("working_hours") is None:
        return None
    days: dict[int, tuple[time, time]] = {}
    for day, times in found.mapping("working_hours").items():
        if (
            day not in {"0", "1", "2", "3", "4", "5", "6"}
            or not isinstance(times, list)
            or len(times) != _OPENS_AND_CLOSES
        ):
            raise InputError("working hours are {'0'..'6': ['HH:MM', 'HH:MM']}", field="working_hours")
        days[int(day)] = (_time_of_day(times[0]), _time_of_day(times[1]))
    return WorkingHours(MappingProxyType(days))


def _time_of_day(value: object) -> time:
    try:
        return datetime.strptime(str(value), "%H:%M").time()  # noqa: DTZ007  # a wall-clock time has no zone
    except ValueError as error:
        raise InputError("a time of day is HH:MM", field="working_hours") from error


# ── rules ───────────────────────────────────────────────────────────────────────────────────────────


def rules_to_json(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """The rules in their order; conditions that are not given are left out."""
    return [
        {
            "id": rule.id,
            "name": rule.name,
            "match": _match_to_json(rule.match),
            "show": _show_to_json(rule.show),
            "ignore": rule.ignore,
            "enabled": rule.enabled,
        }
        for rule in rules
    ]


def rules_from_json(value: object) -> tuple[Rule, ...]:
    """The rules. An `id` that is missing is made from the position. Raises InputError, TooManyError."""
    if not isinstance(value, list):
        raise InputError("rules are a list", field="rules")
    if len(value) > MOST_RULES:
        raise TooManyError("too many rules", field="rules", most=MOST_RULES)
    rules = tuple(_rule(Reader(rule, f"rules.{index}"), index) for index, rule in enumerate(value))
    if len({rule.id for rule in rules}) != len(rules):
        raise InputError("two rules have the same id", field="rules")
    return rules


def _rule(found: Reader, index: int) -> Rule:
    found.only("id", "name", "match", "show", "ignore", "enabled")
    return Rule(
        id=found.text("id", LONGEST_ID) or f"rule-{index + 1}",
        name=found.text("name") or "",
        match=_match(Reader(found.get("match") or {}, f"{found.path}.match")),
        show=_show(Reader(found.get("show") or {}, f"{found.path}.show")),
        ignore=found.flag("ignore"),
        enabled=found.flag("enabled", default=True),
    )


def _match_to_json(match: Match) -> dict[str, Any]:
    conditions = {
        "kinds": sorted(kind.value for kind in match.kinds),
        "title_words": list(match.title_words),
        "location_words": list(match.location_words),
        "calendar_ids": sorted(match.calendar_ids),
        "show_as": sorted(show_as.value for show_as in match.show_as),
        "all_day": match.all_day,
        "min_guests": match.min_guests,
        "max_guests": match.max_guests,
        "min_minutes": match.min_minutes,
        "max_minutes": match.max_minutes,
    }
    return {name: condition for name, condition in conditions.items() if condition not in (None, [])}


def _match(found: Reader) -> Match:
    # A condition that is misspelt must not turn a narrow rule into one that names every event.
    found.only(*Match.__slots__)
    return Match(
        kinds=frozenset(found.one_of(kind, Kind, "kinds") for kind in found.texts("kinds")),
        title_words=found.texts("title_words"),
        location_words=found.texts("location_words"),
        calendar_ids=frozenset(found.texts("calendar_ids")),
        show_as=frozenset(found.one_of(show_as, ShowAs, "show_as") for show_as in found.texts("show_as")),
        all_day=None if found.get("all_day") is None else found.flag("all_day"),
        min_guests=found.number("min_guests", MOST_GUESTS),
        max_guests=found.number("max_guests", MOST_GUESTS),
        min_minutes=found.number("min_minutes", LONGEST_MINUTES),
        max_minutes=found.number("max_minutes", LONGEST_MINUTES),
    )


def _show_to_json(show: Show) -> dict[str, Any]:
    return {name: said for name, said in (("text", show.text), ("emoji", show.emoji)) if said is not None}


def _show(found: Reader) -> Show:
    found.only("text", "emoji")
    return Show(found.text("text"), found.text("emoji"))


# ── what is remembered of a profile ─────────────────────────────────────────────────────────────────


def standing_to_json(standing: Standing) -> dict[str, Any]:
    """The memory of `ownership.decide`; what is None is left out."""
    remembered = {
        "applied": _status_to_json(standing.applied),
        "applied_span": _instant_to_json(standing.applied_span),
        "pending": _status_to_json(standing.pending),
        "covered": _status_to_json(standing.covered),
        "own": _status_to_json(standing.own),
        "own_since": _instant_to_json(standing.own_since),
        "looked_at": _instant_to_json(standing.looked_at),
        "wanted": _status_to_json(standing.wanted),
    }
    return {name: value for name, value in remembered.items() if value is not None}


def standing_from_json(value: object) -> Standing:
    """The memory. Raises InputError for what `standing_to_json` cannot have written."""
    found = Reader(value, "standing")
    return Standing(
        applied=_status(found, "applied"),
        applied_span=found.instant("applied_span"),
        pending=_status(found, "pending"),
        covered=_status(found, "covered"),
        own=_status(found, "own"),
        own_since=found.instant("own_since"),
        looked_at=found.instant("looked_at"),
        wanted=_status(found, "wanted"),
    )


def _status_to_json(status: Status | None) -> dict[str, Any] | None:
    if status is None:
        return None
    return {"text": status.text, "emoji": status.emoji, "expiration": _instant_to_json(status.expiration)}


def _status(found: Reader, name: str) -> Status | None:
    if found.get(name) is None:
        return None
    status = Reader(found.get(name), name)
    return Status(status.text("text") or "", status.text("emoji") or "", status.instant("expiration"))


# ── reasons ─────────────────────────────────────────────────────────────────────────────────────────


def reason_to_json(reason: Reason) -> dict[str, Any]:
    """A reason: code, rule, and until when."""
    until = {} if reason.until is None else {"until": _instant_to_json(reason.until)}
    rule = {"rule": reason.rule} if reason.rule else {}
    return {"code": reason.code.value, **rule, **until}


def reason_from_json(value: object) -> Reason:
    """The reason. Raises InputError for an unknown code."""
    found = Reader(value, "reason")
    return Reason(found.one_of(found.get("code"), ReasonCode, "code"), found.text("rule") or "", found.instant("until"))


def _instant_to_json(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat()
