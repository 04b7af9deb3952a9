"""Profiles, memories and spans for the tests of whose status it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from services.domain.decisions import GRACE, Action, Decision, Standing
from services.domain.model import NO_STATUS, OwnStatusPolicy, Pause, Span, Status
from services.domain.ownership import decide
from services.domain.reasons import Reason, ReasonCode


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, 24, hour, minute, second, tzinfo=UTC)


def shows(start: datetime, end: datetime, text: str = "In a meeting", *, override: bool = False) -> Span:
    rule = "override" if override else "meeting"
    status = Status(text, ":spiral_calendar_pad:", end)
    return Span(start, end, status, rule, Reason(ReasonCode.EVENT), override=override)


def nothing(start: datetime, end: datetime, rule: str = "nothing") -> Span:
    return Span(start, end, NO_STATUS, rule, Reason(ReasonCode.NOTHING))


def idle(start: datetime, end: datetime) -> Span:
    return Span(start, end, Status("Here", ":wave:", end), "idle", Reason(ReasonCode.IDLE))


def look(
    profile: Status,
    standing: Standing,
    span: Span,
    now: datetime,
    *,
    policy: OwnStatusPolicy = OwnStatusPolicy.COVER_AND_RESTORE,
    pause: Pause | None = None,
) -> Decision:
    return decide(profile, standing, span, policy=policy, pause=pause, now=now)


MEETING = shows(at(10), at(11))
MET = MEETING.status
FREE = nothing(at(11), at(12))
LUNCH = Status("Lunch", ":pizza:")
LUNCH_UNTIL_NOON = Status("Lunch", ":pizza:", at(12))
FRESH = Standing(looked_at=at(9))
OURS = Standing(applied=MET, applied_span=at(10), looked_at=at(10))
COVERING = replace(OURS, covered=LUNCH)
MINE = OwnStatusPolicy.MINE_ALWAYS_WINS
CALENDAR = OwnStatusPolicy.CALENDAR_ALWAYS_WINS
ASKED = shows(at(10), at(11), override=True)
ONE_TO_ONE_11 = Status("1:1", ":spiral_calendar_pad:", at(11))
ONE_TO_ONE_12 = Status("1:1", ":spiral_calendar_pad:", at(12))
DURING = replace(OURS, own=LUNCH, own_since=at(10, 20))

WRITE, LEAVE, RESTORE, CLEAR = Action.WRITE, Action.LEAVE, Action.RESTORE, Action.CLEAR
Code = ReasonCode

# What it is, what the profile shows, what we remember, the span, when; then the action, its reason, what is written.
Row = tuple[str, Status, Standing, Span, datetime, Action, ReasonCode, Status | None]
TABLE: list[Row] = [
    # the profile shows nothing, or exactly what we applied: write what the timeline says, if it differs
    ("nothing", NO_STATUS, FRESH, MEETING, at(10), WRITE, Code.PROFILE_FREE, MET),
    ("ours", MET, OURS, MEETING, at(10, 5), LEAVE, Code.SHOWS_ALREADY, None),
    ("ours, other text", MET, OURS, shows(at(10, 30), at(11), "1:1"), at(10, 30), WRITE, Code.OURS_CHANGED,
     ONE_TO_ONE_11),
    ("extended", MET, OURS, shows(at(10), at(12)), at(10, 5), WRITE, Code.OURS_CHANGED,
     replace(MET, expiration=at(12))),
    ("shortened", MET, OURS, shows(at(10), at(10, 30)), at(10, 5), WRITE, Code.OURS_CHANGED,
     replace(MET, expiration=at(10, 30))),
    ("deleted", MET, OURS, nothing(at(9), at(12)), at(10, 5), CLEAR, Code.SPAN_OVER, NO_STATUS),
    ("nothing on", NO_STATUS, FRESH, FREE, at(11), LEAVE, Code.NOTHING, None),
    ("idle", NO_STATUS, FRESH, idle(at(11), at(12)), at(11), WRITE, Code.PROFILE_FREE,
     Status("Here", ":wave:", at(12))),
    ("idle after ours", MET, OURS, idle(at(11), at(12)), at(11), WRITE, Code.OURS_CHANGED,
     Status("Here", ":wave:", at(12))),
    # an own status with an end: left until that end
    ("own with end", LUNCH_UNTIL_NOON, FRESH, MEETING, at(10), LEAVE, Code.OWN_WITH_END, None),
    ("own with end, ended", LUNCH_UNTIL_NOON, FRESH, shows(at(12), at(13)), at(12), WRITE, Code.PROFILE_FREE,
     replace(MET, expiration=at(13))),
    ("own with end, nothing on", LUNCH_UNTIL_NOON, FRESH, FREE, at(11), LEAVE, Code.OWN_WITH_END, None),
    # an own status without an end, set before: covered
    ("own", LUNCH, FRESH, MEETING, at(10), WRITE, Code.OWN_COVERED, MET),
    ("own, first look ever", LUNCH, Standing(), MEETING, at(10, 30), WRITE, Code.OWN_COVERED, MET),
    ("own, idle never covers", LUNCH, FRESH, idle(at(11), at(12)), at(11), LEAVE, Code.OWN_LEFT, None),
    ("own, nothing on", LUNCH, FRESH, FREE, at(11), LEAVE, Code.OWN_LEFT, None),
    # typed or cleared during the span: left until the next one begins
    ("typed during, an event said so", LUNCH, DURING, MEETING, at(10, 30), LEAVE, Code.OWN_TYPED_DURING, None),
    ("typed during, two reads say so", LUNCH, OURS, MEETING, at(10, 30), LEAVE, Code.OWN_TYPED_DURING, None),
    ("typed during, next span", LUNCH, DURING, shows(at(10, 40), at(11), "1:1"), at(10, 40), WRITE,
     Code.OWN_COVERED, ONE_TO_ONE_11),
    ("cleared during", NO_STATUS, OURS, MEETING, at(10, 30), LEAVE, Code.CLEARED_BY_HAND, None),
    ("cleared during, next span", NO_STATUS, OURS, shows(at(10, 40), at(11), "1:1"), at(10, 40), WRITE,
     Code.PROFILE_FREE, ONE_TO_ONE_11),
    ("typed, left, removed", NO_STATUS, DURING, MEETING, at(10, 40), WRITE, Code.PROFILE_FREE, MET),
    ("idle cleared", NO_STATUS, Standing(applied=Status("Here", ":wave:", at(14)), looked_at=at(9)),
     idle(at(11), at(15)), at(11), LEAVE, Code.CLEARED_BY_HAND, None),
    ("meeting cleared, then idle", NO_STATUS, replace(OURS, applied=replace(MET, expiration=at(12))),
     idle(at(11), at(12)), at(11), WRITE, Code.PROFILE_FREE, Status("Here", ":wave:", at(12))),
    # what was covered is put back when the covering spans are over
    ("put back", MET, COVERING, FREE, at(11), RESTORE, Code.PUT_BACK, LUNCH),
    ("put back, expired by Slack", NO_STATUS, COVERING, FREE, at(11), RESTORE, Code.PUT_BACK, LUNCH),
    ("put back after cleared by hand", NO_STATUS, COVERING, nothing(at(10, 30), at(12)), at(10, 30), RESTORE,
     Code.PUT_BACK, LUNCH),
    ("back early", MET, COVERING, nothing(at(10, 30), at(11), "back"), at(10, 30), RESTORE, Code.PUT_BACK, LUNCH),
    ("next meeting keeps it covered", NO_STATUS, COVERING, shows(at(11), at(12), "1:1"), at(11), WRITE,
     Code.PROFILE_FREE, ONE_TO_ONE_12),
    ("covered has ended", MET, replace(COVERING, covered=replace(LUNCH, expiration=at(10, 20))),
     nothing(at(10, 30), at(12)), at(10, 30), CLEAR, Code.COVERED_HAS_ENDED, NO_STATUS),
    ("covered has ended, so have we", NO_STATUS, replace(COVERING, covered=replace(LUNCH, expiration=at(10, 20))), FREE,
     at(11), LEAVE, Code.COVERED_HAS_ENDED, None),
    ("typed over our cover", Status("Tea", ":tea:"), COVERING, FREE, at(11), LEAVE, Code.OWN_LEFT, None),
    # an override is written at once over anything, and what it covered is put back at its end
    ("override over own", LUNCH, FRESH, ASKED, at(10), WRITE, Code.OVERRIDE_WINS, MET),
    ("override over own with end", LUNCH_UNTIL_NOON, FRESH, ASKED, at(10), WRITE,
     Code.OVERRIDE_WINS, MET),
    ("override over what was typed during", LUNCH, DURING, shows(at(10, 40), at(11), override=True), at(10, 40),
     WRITE, Code.OVERRIDE_WINS, MET),
    ("override at the very instant of typing", LUNCH, Standing(own=LUNCH, own_since=at(10), looked_at=at(10)),
     ASKED, at(10), WRITE, Code.OVERRIDE_WINS, MET),
    ("typed after the override", LUNCH, OURS, ASKED, at(10, 30), LEAVE,
     Code.OWN_TYPED_DURING, None),
    ("override over, its covered one has an end, meeting on", MET, replace(OURS, covered=LUNCH_UNTIL_NOON),
     shows(at(10, 30), at(11), "1:1"), at(10, 30), RESTORE, Code.PUT_BACK, LUNCH_UNTIL_NOON),
    ("override over, covered without end, meeting on", MET, COVERING, shows(at(10, 30), at(11), "1:1"), at(10, 30),
     WRITE, Code.OURS_CHANGED, ONE_TO_ONE_11),
    # Slack's expiry has failed before
    ("still there at its end", MET, OURS, FREE, at(11), LEAVE, Code.SPAN_OVER, None),
    ("still there a little later", MET, OURS, FREE, at(11) + GRACE, CLEAR, Code.NOT_EXPIRED_BY_SLACK, NO_STATUS),
    ("still there in the next meeting", MET, OURS, shows(at(11), at(12)), at(11), WRITE, Code.OURS_CHANGED,
     replace(MET, expiration=at(12))),
    # a span that is over by the time we look is never written
    ("late", NO_STATUS, FRESH, MEETING, at(11), LEAVE, Code.NOTHING, None),
    ("the same as theirs", LUNCH, FRESH, Span(at(10), at(11), LUNCH, "override", Reason(Code.OVERRIDE), override=True),
     at(10), LEAVE, Code.SHOWS_ALREADY, None),
]  # fmt: skip
