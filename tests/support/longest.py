"""The longest and most of everything that a view shows, and texts that would do harm in one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from handlers.slack.views import blocks as kit
from handlers.slack.views import (
    modals,
)
from handlers.slack.views.lines import ListView
from handlers.slack.views.workspace import Section, home_part
from services.calendars.accounts import Choice
from services.domain import timeline
from services.domain.calendars import OfferedCalendar
from services.domain.differences import Difference
from services.domain.faults import OperatorFault
from services.domain.lines import Line, Match, Routine, Rule, complete
from services.domain.model import (
    Effect,
    Event,
    Kind,
    Look,
    Override,
    OverrideKind,
    OwnStatusPolicy,
    Pause,
    PersonKey,
    Photo,
    Picture,
    Response,
    ShowAs,
    Status,
)
from services.domain.people import PersonFacts, Preferences, WorkingHours
from services.domain.policy import Policy
from services.domain.reasons import Reason, ReasonCode
from services.domain.undo import AccountChoice, Change
from services.platform import locale
from services.platform.locale import Localizer
from services.store.absences import Absent
from services.store.accounts import AccountView
from services.store.undos import Undoable
from services.store.workspace_numbers import WorkspaceNumbers
from services.usecases.status_reader import Now
from services.usecases.who import Out, ToldOf

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOCALIZERS = [locale.Localizer(code, "Europe/Berlin") for code in ("en-US", "de-DE", "fr-FR", "es-ES", "ja-JP")]
WORDY = {"de-DE", "ja-JP"}
"""One with long words, and one whose letters take more bytes: the slow suite has all."""

each_language = pytest.mark.parametrize(
    "l10n",
    [pytest.param(one, marks=[] if one.locale in WORDY else pytest.mark.slow) for one in LOCALIZERS],
    ids=lambda l10n: l10n.locale,
)
NASTY = "<!channel> & *bold* <https://x.example|y> `code` " + "長" * 400


@dataclass(frozen=True)
class Calendar:
    calendar_id: str = "c1"
    name: str = NASTY
    host: str = "calendar.example.com"
    health: str = "failing"
    sentence: str = "The calendar's server does not answer. I keep trying."
    synced_at: datetime | None = NOW - HOUR
    problems: int = 3
    provider: str = "ics"
    account_id: str = ""
    watched: bool = False


LINK = "https://quo.example/connect/google?link=" + "x" * 500
TYPED = modals.Typed("https://caldav.example.com/" + "x" * 200, "ann")
ACCOUNTS = [AccountView(f"a{index}", "google", NASTY, lost=index > 5) for index in range(10)]
EVERYWHERE = [
    *(Calendar(f"c{index}", account_id=f"a{index % 10}", provider="google", sentence="") for index in range(17)),
    Calendar("feed"), Calendar("hook", provider="hook", synced_at=None), Calendar("file", provider="file"),
]  # fmt: skip


def choice(count: int) -> Choice:
    """An account with that many calendars, every second one connected."""
    calendars = [OfferedCalendar(f"{index}{NASTY}", NASTY if index else " ") for index in range(count)]
    return Choice(ACCOUNTS[0], tuple((one, index % 2 == 0) for index, one in enumerate(calendars)))


COVERED = Reason(ReasonCode.OWN_COVERED, until=NOW + HOUR)


BALLOON = Status("x" * 100, ":speech_balloon:")


@dataclass(frozen=True)
class Attempt:
    at: datetime = NOW
    reason: Reason = COVERED
    outcome: str = "done"
    status: Status = BALLOON
    unknown_emoji: str = ":" + "&" * 99 + ":"


def absent(
    name: str = NASTY[:80], *, place: str = "", until: datetime | None = NOW + HOUR, start: datetime = NOW - HOUR,
    first_day: date | None = None, return_day: date | None = None,
) -> Absent:  # fmt: skip
    return Absent("U1", name, start, until, first_day, return_day, place, True, "a", 0, NOW)


def out(*people: Absent, whose: ToldOf = ToldOf.CHANNEL, days: int = 1) -> Out:
    return Out(NOW, NOW, NOW + days * 24 * HOUR, list(people), whose, "C1")


COMING = absent(start=NOW + 24 * HOUR, first_day=date(2026, 11, 25), return_day=date(2026, 11, 26))
ABSENCES = (
    absent(), absent(until=None), absent(return_day=date(2027, 1, 3)), COMING, absent(start=NOW + HOUR, until=None),
    absent(start=NOW + HOUR, until=NOW + 2 * HOUR), absent(start=NOW + HOUR, until=NOW + 30 * HOUR),
    *(absent(place=place) for place in ("home", "office", "elsewhere")),
)  # fmt: skip


def event(index: int, **fields: Any) -> Event:
    start = NOW + (index - 5) * timedelta(minutes=10)
    return Event("c1", f"u{index}", start, start + timedelta(minutes=7), title=NASTY, **fields)


def now(events: int = 100, *, own: bool = False, paused: bool = False, granted: bool = True) -> Now:
    made = Override("o1", NOW - HOUR, None, NOW - HOUR, text=NASTY[:100], emoji=":x:")
    coming = Override("o2", NOW + 48 * HOUR, NOW + 96 * HOUR, NOW, OverrideKind.OUT_OF_OFFICE)
    many = [event(index, response=Response.DECLINED if index % 3 else Response.NONE) for index in range(events)]
    pause = Pause(NOW - HOUR, NOW + HOUR) if paused else None
    facts = PersonFacts(
        PersonKey("T1", "U1"),
        ZoneInfo("Europe/Berlin"),
        lines=complete(()),
        granted=granted,
        pause=pause,
        events=tuple(many),
    )
    day = timeline.resolve(facts, NOW - 10 * HOUR, NOW + 14 * HOUR)
    return Now(NOW, facts, day.at(NOW), NOW + HOUR, day, Status("Mine", ":cat:") if own else None, made, (coming,) * 9)


EVERY = frozenset(Effect)
WORDS = Match(
    kinds=frozenset(Kind), title_words=(NASTY[:100],) * 20, not_title_words=(NASTY[:100],) * 20,
    location_words=(NASTY[:100],) * 20, organizer=(NASTY[:100],) * 20, calendar_ids=frozenset(map(str, range(50))),
    show_as=frozenset(ShowAs), all_day=False, external=True, recurring=False, days=frozenset(range(7)),
    hours=(time(9), time(17)), min_guests=1, max_guests=2, min_minutes=1, max_minutes=2,
)  # fmt: skip
LOOK = Look(NASTY[:100], ":x:")
RULES = [
    Rule(f"r{index}", NASTY[:60], WORDS, LOOK, ignore=index % 4 == 0, enabled=index % 3 > 0, effects=EVERY,
         photo=Photo(Picture.OWN, "1,2,3"))
    for index in range(30)
]  # fmt: skip
ROUTINES = [
    Routine(f"l{index}", LOOK, frozenset({0, 2, 3, 4}), time(22), time(1, 30), date(2026, 1, 1), date(2027, 1, 1),
            not_when_absent=True, effects=EVERY)
    for index in range(20)
]  # fmt: skip
LONGEST = complete((*RULES, *ROUTINES))


def listed(l10n: Localizer, lines: tuple[Line, ...] = LONGEST) -> ListView:
    """A list with all that it can wait for."""
    facts = PersonFacts(
        PersonKey("T1", "U1"), ZoneInfo("Europe/Berlin"), l10n.locale, lines=lines,
        preferences=replace(FULL, own_status=OwnStatusPolicy.CALENDAR_ALWAYS_WINS, lead=HOUR, bridge=HOUR),
    )  # fmt: skip
    names = {f"c{index}": NASTY for index in range(120)}
    return ListView(l10n, facts, NOW, names, EVERY, LINK, EVERY, LINK)


def fixed(l10n: Localizer) -> ListView:
    """The same in a workspace that has fixed everything."""
    view = listed(l10n)
    return replace(view, facts=replace(view.facts, policy=CLOSED))


def of_admins(l10n: Localizer, policy: Policy) -> list[dict[str, Any]]:
    numbers = WorkspaceNumbers(*[99_999] * 6, ("users:read", "channels:history"), tuple(OperatorFault))
    return home_part(l10n, policy, numbers, SECTIONS, install=LINK, now=NOW)


CLOSED = Policy(
    titles=False, effects=frozenset(), replies=False, digests=False, keeper=False, agents=False,
    looks=dict.fromkeys(Kind, Look("長" * 100, ":x:")), leave_types=("長" * 60,) * 40, members_may=frozenset(),
    set_by="U1", set_at=NOW,
)  # fmt: skip
SECTIONS = [Section((kit.section(NASTY),) * 15, (NASTY,) * 3, (NASTY,) * 3)] * 4
FULL = Preferences(
    idle=Status("x" * 100, ":wave:"),
    count_unconfirmed=True,
    working_hours=WorkingHours(),
    titles=True,
)


BEFORE, AFTER = Status(), Status(NASTY[:100], ":x:")
DIFFERENCES = [Difference(NOW, NOW + HOUR, BEFORE, AFTER, frozenset(), EVERY, NASTY)] * 100
LAST = Override("o1", NOW, NOW + HOUR, NOW, text=NASTY[:100], emoji=":x:")
UNDO = Undoable("x" * 24, Change(overrides=((None, LAST),)), NOW + HOUR)
CHANGES = [
    Change(lines=((), ())), Change(preferences=(FULL, FULL)), Change(pause=(Pause(NOW), None)),
    Change(pause=(None, Pause(NOW))), Change(overrides=((None, LAST), (LAST, None))), Change(overrides=((LAST, None),)),
    Change(overrides=((None, replace(LAST, kind=OverrideKind.BACK)),)), Change(calendar_id="c1"),
    Change(account=AccountChoice("a1", frozenset(), frozenset())),
]  # fmt: skip
