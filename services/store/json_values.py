"""What is stored as JSON, as msgspec models, and the values of the core that come of it.

A model says what a stored text looks like: names, types, bounds. Names that are missing have their default; unknown
ones are ignored, but for a rule's, where a condition that is misspelt must not turn a narrow rule into one that names
every event. Instants are ISO 8601 with their offset. What does not fit raises InputError with the path as `field`.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, Self

import msgspec
from msgspec import Meta, Struct, field

from services.domain.decisions import Standing
from services.domain.effects import MEMORIES, EffectMemory
from services.domain.errors import InputError
from services.domain.lines import MOST_GUESTS, MOST_MINUTES
from services.domain.model import Effect, Kind, Look, OwnStatusPolicy, Status
from services.domain.people import Preferences, WorkingHours
from services.domain.profile_state import ProfileState
from services.domain.reasons import Reason, ReasonCode

Text = Annotated[str, Meta(max_length=500)]
Id = Annotated[str, Meta(max_length=64)]
Texts = Annotated[list[Text], Meta(max_length=50)]
TextSet = Annotated[set[Text], Meta(max_length=50)]
Instant = Annotated[datetime, Meta(tz=True)]
_Lead = Annotated[int, Meta(ge=0, le=24 * 60)]
Minutes = Annotated[int, Meta(ge=0, le=MOST_MINUTES)]
Guests = Annotated[int, Meta(ge=0, le=MOST_GUESTS)]
Weekday = Annotated[int, Meta(ge=0, le=6)]
TimeOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
_MINUTE = timedelta(minutes=1)
_PATH = re.compile(r" - at (?:`key` in )?`\$([^`]*)`$")


class Stored(Struct):
    """A value as it is stored; `called` is what errors name it, `order` "deterministic" where it has sets."""

    called: ClassVar[str]
    order: ClassVar[Literal["deterministic"] | None] = None

    def to_json(self) -> bytes:
        """Return its JSON."""
        try:
            return msgspec.json.encode(self, order=self.order)
        except UnicodeEncodeError:  # half a surrogate pair
            return json.dumps(msgspec.to_builtins(self, order=self.order)).encode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the value in a stored text. Raises InputError."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.ValidationError as error:
            raise wrong(error, cls.called) from None
        except msgspec.DecodeError:
            pass
        try:  # half a surrogate pair, which msgspec refuses and Slack's own JSON may hold
            return msgspec.convert(json.loads(text), cls)
        except msgspec.ValidationError as error:
            raise wrong(error, cls.called) from None
        except ValueError as error:
            raise InputError("is not JSON", field=cls.called) from error


def wrong(error: msgspec.MsgspecError, name: str) -> InputError:
    """Return what `error` says of the value called `name`: `$[0].match` is `rules.0.match`."""
    reason, path, _ = [*_PATH.split(str(error)), "", ""][:3]
    return InputError(reason, field=name + path.replace("[", ".").replace("]", "").replace("....", ".*"))


class LookJson(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What a line says, as it is stored."""

    text: Text | None = None
    emoji: Text | None = None


# ── what is remembered of a profile ─────────────────────────────────────────────────────────────────


class _Status(Struct):
    text: str = ""
    emoji: str = ""
    expiration: Instant | None = None


class _Standing(Struct, omit_defaults=True):
    applied: _Status | None = None
    applied_span: Instant | None = None
    pending: _Status | None = None
    covered: _Status | None = None
    own: _Status | None = None
    own_since: Instant | None = None
    looked_at: Instant | None = None
    wanted: _Status | None = None
    unknown_emoji: str = ""
    last_by_hand: Instant | None = None
    late: _Status | None = None
    late_until: Instant | None = None
    replaced: _Status | None = None


class _ProfileState(Stored):
    called = "memory"

    standing: _Standing
    decided: str
    override: bool
    look: Instant | None
    owner: str
    refusals: int = 0


def profile_state_to_json(state: ProfileState) -> bytes:
    """Return what we remember of a person's profile; what is None in its `standing` is left out."""
    return msgspec.convert(state, _ProfileState, from_attributes=True).to_json()


def profile_state_from_json(text: str | bytes) -> ProfileState:
    """Return the same from a stored text. Raises InputError."""
    return msgspec.convert(_ProfileState.from_json(text), ProfileState, from_attributes=True)


class _ShownStanding(Struct):
    applied: _Status | None = None
    own: _Status | None = None


class _Shows(Stored):
    called = "memory"

    standing: _ShownStanding


def standing_shown_from_json(text: str | bytes) -> Standing:
    """Of what we remember of a profile only what tells what it shows: for many at once. Raises InputError."""
    found = _Shows.from_json(text).standing
    applied, own = (
        None if one is None else Status(one.text, one.emoji, one.expiration) for one in (found.applied, found.own)
    )
    return Standing(applied=applied, own=own)


def effect_memory_to_json(memory: EffectMemory) -> bytes:
    """Return what we remember of an effect."""
    return msgspec.json.encode(memory)


def effect_memory_from_json(effect: Effect, text: bytes) -> EffectMemory:
    """Return the same from a stored text. Raises InputError."""
    try:
        return msgspec.json.decode(text, type=MEMORIES[effect])
    except msgspec.MsgspecError as error:
        raise wrong(error, "effect") from None


# ── reasons, and what is shown ──────────────────────────────────────────────────────────────────────


class _Reason(Stored, omit_defaults=True):
    called = "reason"

    code: ReasonCode
    rule: str = ""
    until: Instant | None = None


class Shown(Stored):
    """The sealed part of a span: what it shows, whether it ends with the span, its event's title, and since when."""

    called = "span"

    text: str = ""
    emoji: str = ""
    ends: bool = False
    title: str = ""
    began: Instant | None = None
    asked_at: Instant | None = None


class Attempted(Stored):
    """The sealed part of a line of the audit: the status, its event's UID, and the emoji that Slack does not know."""

    called = "write"

    text: str = ""
    emoji: str = ""
    ends: Instant | None = None
    uid: str = ""
    unknown_emoji: str = ""


def reason_to_json(reason: Reason) -> str:
    """Return a reason: code, rule, and until when."""
    return _Reason(reason.code, reason.rule, reason.until).to_json().decode()


def reason_from_json(text: str | bytes) -> Reason:
    """Return the same from a stored text. Raises InputError."""
    found = _Reason.from_json(text)
    return Reason(found.code, found.rule, found.until)


class OverrideJson(Stored, omit_defaults=True):
    """What an override says and does, sealed beside its times."""

    called = "override"
    order = "deterministic"

    text: str = ""
    emoji: str = ""
    effects: set[Effect] = field(default_factory=set)
    stand_in: Id = ""


# ── preferences ─────────────────────────────────────────────────────────────────────────────────────


class _Idle(Struct):
    text: Text = ""
    emoji: Text = ""


class _Preferences(Stored):
    """`show`: what the kinds' own lines say, from before they were part of the list; read, and never changed."""

    called = "preferences"

    show: dict[Kind, LookJson] = field(default_factory=dict)
    idle: _Idle | None = None
    count_unconfirmed: bool = False
    working_hours: dict[Weekday, tuple[TimeOfDay, TimeOfDay]] | None = None
    own_status: OwnStatusPolicy = OwnStatusPolicy.COVER_AND_RESTORE
    lead: _Lead = 0
    bridge: _Lead = 0
    titles: bool = False
    share_absences: bool = True


def preferences_to_json(preferences: Preferences, before: str = "{}") -> str:
    """Return all that a person chose, in the place of `before`. Minutes are numbers, times of day are `HH:MM`."""
    idle, hours = preferences.idle, preferences.working_hours
    stored = _Preferences(
        show=_Preferences.from_json(before).show,
        idle=None if idle is None else _Idle(idle.text, idle.emoji),
        count_unconfirmed=preferences.count_unconfirmed,
        working_hours=None
        if hours is None
        else {day: (f"{opens:%H:%M}", f"{closes:%H:%M}") for day, (opens, closes) in sorted(hours.days.items())},
        own_status=preferences.own_status,
        lead=preferences.lead // _MINUTE,
        bridge=preferences.bridge // _MINUTE,
        titles=preferences.titles,
        share_absences=preferences.share_absences,
    )
    return stored.to_json().decode()


def preferences_from_json(text: str | bytes) -> Preferences:
    """Return the same from a stored text. Raises InputError."""
    if text == "{}":
        return _DEFAULT
    found = _Preferences.from_json(text)
    hours = None
    if found.working_hours is not None:
        days = found.working_hours.items()
        read = time.fromisoformat
        hours = WorkingHours(MappingProxyType({day: (read(opens), read(closes)) for day, (opens, closes) in days}))
    return Preferences(
        idle=None if found.idle is None else Status(found.idle.text, found.idle.emoji),
        count_unconfirmed=found.count_unconfirmed,
        working_hours=hours,
        own_status=found.own_status,
        lead=timedelta(minutes=found.lead),
        bridge=timedelta(minutes=found.bridge),
        titles=found.titles,
        share_absences=found.share_absences,
    )


_DEFAULT = Preferences()


def looks_from_json(text: str | bytes) -> dict[Kind, Look]:
    """Return what the kinds' own lines say where they are not stored, by stored preferences. Raises InputError."""
    if text == "{}":
        return {}
    return {kind: Look(show.text, show.emoji) for kind, show in _Preferences.from_json(text).show.items()}
