"""The words of the product as values: frozen, slotted, without behaviour that needs the outside.

All instants are aware UTC datetimes; all intervals are half-open, `[start, end)`; zones are IANA names. A wall-clock
time (naive) is kept beside the instants of all-day and floating events, which follow the person's zone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from services.domain.reasons import Reason, ReasonCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.domain.absences import Absence

STATUS_TEXT_LIMIT = 100
"""Characters that `status_text` may have (users.profile.set, error `too_long`)."""

LONGEST_TEXT = 1_000
"""Characters of a title, a place or a UID; where one enters, what is longer is cut."""


@dataclass(frozen=True, slots=True, order=True)
class PersonKey:
    """One member of one workspace. `team_id` is a T… id, or the E… id of an org-wide install."""

    team_id: str
    user_id: str


class Kind(StrEnum):
    """What an event that counts is about. Their order, where nobody has moved them: `lines.KINDS`."""

    OUT_OF_OFFICE = "out_of_office"
    MEETING = "meeting"
    FOCUS = "focus"
    WORKING_LOCATION = "working_location"


class EventType(StrEnum):
    """What the source itself says the entry is (Google's `eventType`); `default` where it says nothing."""

    DEFAULT = "default"
    OUT_OF_OFFICE = "out_of_office"
    FOCUS = "focus"
    WORKING_LOCATION = "working_location"
    BIRTHDAY = "birthday"


class ShowAs(StrEnum):
    """How the entry blocks time: TRANSP, X-MICROSOFT-CDO-BUSYSTATUS, Graph's `showAs`."""

    FREE = "free"
    TENTATIVE = "tentative"
    BUSY = "busy"
    OUT_OF_OFFICE = "oof"
    WORKING_ELSEWHERE = "working_elsewhere"


class Response(StrEnum):
    """The person's own answer to an invitation; `none` where they were not asked (or are the organizer)."""

    NONE = "none"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    NEEDS_ACTION = "needs_action"
    DECLINED = "declined"


class Organizer(StrEnum):
    """Who asks for the person's time, as far as it tells whose an absence is."""

    NOBODY = ""  # nobody is named
    PERSON = "person"  # the person themselves
    OTHER = "other"  # somebody else, who is a guest as well
    SYSTEM = "system"  # a program that publishes what needs no answer, such as a leave system
    PUBLIC = "public"  # a calendar of public holidays


class Visibility(StrEnum):
    """RFC 5545 CLASS, Google's `visibility`, Graph's `sensitivity`. Only `default` may ever show a title."""

    DEFAULT = "default"
    PUBLIC = "public"
    PRIVATE = "private"
    CONFIDENTIAL = "confidential"


class Location(StrEnum):
    """Where a working-location entry says the person works."""

    HOME = "home"
    OFFICE = "office"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class WallTimes:
    """Naive wall-clock start and end, to be read in whatever zone the person is in."""

    start: datetime
    end: datetime

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the UTC instants of these times in `zone` (PEP 495 fold 0: first of two, gap as before the gap)."""
        start, end = (wall.replace(tzinfo=zone, fold=0).astimezone(UTC) for wall in (self.start, self.end))
        return start, end


@dataclass(frozen=True, slots=True)
class Event:
    """One occurrence of a calendar entry.

    `wall` is set for all-day and floating entries, whose `start` and `end` are those of it in the person's zone (see
    `placed`). `occurrence` tells those of one series apart. Texts come as they are, up to LONGEST_TEXT. `guest_domains`
    are the others' mail domains, in lower case. Of leave calendars alone are kept: `categories`, and the only `guest`.
    """

    calendar_id: str
    uid: str
    start: datetime
    end: datetime
    occurrence: str = ""
    all_day: bool = False
    wall: WallTimes | None = None
    type: EventType = EventType.DEFAULT
    show_as: ShowAs = ShowAs.BUSY
    response: Response = Response.NONE
    cancelled: bool = False
    tentative: bool = False
    visibility: Visibility = Visibility.DEFAULT
    title: str = ""
    location: str = ""
    working_location: Location | None = None
    guests: int = 0
    organizer: Organizer = Organizer.NOBODY
    organizer_text: str = ""
    guest_domains: frozenset[str] = frozenset()
    recurring: bool = False
    guest: str = ""
    categories: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Unique within the person's calendars; the last tie-break between events."""
        return f"{self.uid}\x1f{self.occurrence}\x1f{self.calendar_id}"

    def placed(self, zone: ZoneInfo) -> Event:
        """Return the same event with its instants computed in `zone`, where it follows the wall clock."""
        if self.wall is None:
            return self
        start, end = self.wall.instants(zone)
        return replace(self, start=start, end=end)


@dataclass(frozen=True, slots=True)
class Status:
    """What a Slack profile shows: un-escaped text, emoji as `:name:`, and when Slack clears it (UTC) or never."""

    text: str = ""
    emoji: str = ""
    expiration: datetime | None = None

    @property
    def empty(self) -> bool:
        """Nothing is shown, whatever the expiration says."""
        return not self.text and not self.emoji

    def lasts(self, now: datetime) -> bool:
        """Return whether Slack shows it at `now`, unless somebody took it away."""
        return not self.empty and (self.expiration is None or self.expiration > now)


NO_STATUS = Status()


@dataclass(frozen=True, slots=True)
class Look:
    """What a status says: a template for the text (`{title}`, `{until}`, `{location}`), and an emoji."""

    text: str | None = None
    emoji: str | None = None


class Effect(StrEnum):
    """What happens besides the status: a snooze, presence, the photo, replies to mentions."""

    DND = "dnd"
    AWAY = "away"
    PHOTO = "photo"
    REPLY = "reply"


class Picture(StrEnum):
    """What the photo shows: a picture that the person sent, or their present one with a ring and a sign."""

    OWN = "own"
    PALM = "palm"
    THERMOMETER = "thermometer"
    HEADPHONES = "headphones"
    PLANE = "plane"
    HOUSE = "house"
    CUP = "cup"


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo to be put on; `crop` is `centre`, `top`, or `x,y,w` in pixels of the picture that was sent."""

    picture: Picture = Picture.PALM
    crop: str = "centre"


class OverrideKind(StrEnum):
    """`status`: typed text. `out_of_office`: /ooo. `back`: "I'm back early", shows nothing until it ends."""

    STATUS = "status"
    OUT_OF_OFFICE = "out_of_office"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Override:
    """What a person asked for by hand through us; of several at one instant the one created last wins.

    An empty `text`/`emoji` of an out-of-office one means the default of that kind, whose effects it has; `stand_in` is
    the user id of whom replies name in the person's place.
    """

    id: str
    start: datetime
    end: datetime | None
    created_at: datetime
    kind: OverrideKind = OverrideKind.STATUS
    text: str = ""
    emoji: str = ""
    effects: frozenset[Effect] = frozenset()
    stand_in: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """Leave my status alone, from `start` until `end`, or until resumed."""

    start: datetime
    end: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Return whether nothing may be written at `now`."""
        return self.start <= now and (self.end is None or now < self.end)


class OwnStatusPolicy(StrEnum):
    """What we may cover: see product.md, "From a timeline to the profile"."""

    COVER_AND_RESTORE = "cover_and_restore"
    MINE_ALWAYS_WINS = "mine_always_wins"
    CALENDAR_ALWAYS_WINS = "calendar_always_wins"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one event: its kind where it counts, the rule that named it, and why."""

    event: Event
    counted: bool
    kind: Kind
    rule: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of a timeline. `status.expiration` equals `end`, or is None where the span has no known end.

    `rule` is the kind's name, the person's rule id, `override`, `back`, `idle` or `nothing`; `uid` the event that won,
    `title` its title, for its owner alone. `began` is where it really starts when the window cuts it, or an override
    without an end shows again: "typed during a span" is judged by it. None: at `start`. `asked_at`: asked for again.
    """

    start: datetime
    end: datetime
    status: Status
    rule: str
    reason: Reason
    uid: str = ""
    title: str = ""
    kind: Kind | None = None
    override: bool = False
    began: datetime | None = None
    asked_at: datetime | None = None

    @property
    def shows(self) -> bool:
        """Whether the person's status shall be anything at all during this span."""
        return not self.status.empty

    @property
    def planned(self) -> bool:
        """Whether an event or a routine is what it comes from."""
        return bool(self.uid) or self.reason.code is ReasonCode.ROUTINE

    def which_of(self, running: Sequence[Override]) -> Override | None:
        """Return which of the overrides that run, in the order they were asked for, it shows; else the newest.

        That is the newest, too, but on the day of an absence that was asked for before a status without an end.
        """
        absent = self.kind is Kind.OUT_OF_OFFICE
        shown = [one for one in running if not self.override or (one.kind is OverrideKind.OUT_OF_OFFICE) is absent]
        return shown[-1] if shown else None


@dataclass(frozen=True, slots=True)
class Stretch:
    """For how long one effect is on: neighbouring spans that carry it are one stretch, `[start, end)` in UTC.

    One that runs into the window begins where it really began, as far as is known. `ends`: whether its end is known;
    else it lasts until the window's end at least. `rule` is its first span's; a photo changes where another one begins.
    """

    effect: Effect
    start: datetime
    end: datetime
    ends: bool = True
    rule: str = ""
    photo: Photo | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """A gap-free sequence of spans over `[start, end)`, and a verdict for each event that overlaps it.

    `stretches` of the effects that are on in the window, and `absences` as others may be told of them, by start.
    """

    start: datetime
    end: datetime
    spans: tuple[Span, ...]
    verdicts: tuple[Verdict, ...]
    stretches: tuple[Stretch, ...] = ()
    absences: tuple[Absence, ...] = ()

    def at(self, instant: datetime) -> Span:
        """Return the span that holds `instant`. Raises LookupError outside of the window."""
        for span in self.spans:
            if span.start <= instant < span.end:
                return span
        raise LookupError(instant)
