"""What passes between the loop and the store: who is due, what was found out, what is wished for, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.domain.decisions import Action, Standing
from services.domain.model import NO_STATUS, Effect, OwnStatusPolicy, Pause, PersonKey, Span, Status
from services.domain.reasons import Reason
from services.domain.text import same, shown_text, whole_seconds

HOME_LIVES = timedelta(minutes=10)
"""How long a Home tab is kept up to date after its person has opened it; opened again, it is made anew."""


@dataclass(frozen=True, slots=True)
class ProfileState:
    """A person's memory.

    standing  what `ownership.decide` remembers
    decided   digest of what was last decided about; "" asks for a decision at the next tick
    override  whether that was somebody's own word (then what follows it is urgent too)
    look      when the profile is worth another look, whatever the calendar says
    owner     digest of the token whose owner was found to be this person
    refusals  how often in a row Slack has refused what was decided about
    """

    standing: Standing = field(default_factory=Standing)
    decided: str = ""
    override: bool = False
    look: datetime | None = None
    owner: str = ""
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class PendingWrite:
    """Somebody whose profile is to be looked at, with all that this needs, as stored when it was read.

    `token` is None where there is none, or it cannot be opened; `span` None where the stored timeline has run dry.
    `since`: when they were due for it. `sealed`: the memory as it is stored.
    """

    key: PersonKey
    seq: int
    urgency: int
    since: datetime
    failures: int
    granted: bool
    granted_at: datetime | None
    token: str | None
    policy: OwnStatusPolicy
    pause: Pause | None
    memory: ProfileState
    span: Span | None
    sealed: bytes | None = None


@dataclass(frozen=True, slots=True)
class WriteIntent:
    """What is to be remembered before one profile is written to; `until` when the call is over in any case."""

    write: PendingWrite
    state: ProfileState
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What came of one write."""

    write: PendingWrite
    state: ProfileState
    entry: AuditEntry | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit. `outcome`: `done`, `left`, or the class name of the error, a colon, and Slack's word.

    `status` is what was written (as Slack returned it) or, for what was left, what the profile showed; `unknown_emoji`
    the one in whose place its emoji stands, because Slack does not know that. A line about an `effect` tells that it
    was put on (`write`), taken back (`restore`) or left.
    """

    at: datetime
    action: Action
    reason: Reason
    outcome: str
    rule: str = ""
    uid: str = ""
    status: Status = NO_STATUS
    unknown_emoji: str = ""
    effect: Effect | None = None

    @property
    def written(self) -> bool:
        """Whether the profile was changed."""
        return self.outcome.startswith("done")

    @property
    def tried(self) -> bool:
        """Whether it was changed, or could not be."""
        return self.outcome != "left"


@dataclass(frozen=True, slots=True)
class DuePerson:
    """Somebody who is due.

    `span` is the stored one that holds the instant of the batch; `memory` is None where it cannot be read;
    `typed`: they are due by what they did by hand; `waits`: something is to be written, or being written, already;
    `looks_at_home`: they have opened their Home tab lately.
    """

    key: PersonKey
    locale: str
    granted: bool
    policy: OwnStatusPolicy
    pause: Pause | None
    due_at: datetime
    typed: bool
    resolved_until: datetime | None
    waits: bool
    looks_at_home: bool
    memory: ProfileState | None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Of somebody whose timeline is resolved anew: the number of the facts it comes from, since when it is due."""

    facts_seq: int
    due_at: datetime


class Urgency:
    """Who goes first (the smallest): what was done by hand just now, then absences and the rest of what was typed."""

    TYPED = 0
    OUT_OF_OFFICE = 1
    MEETING = 2
    REST = 3
    CHECK = 8


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a tick found out about a person.

    `resolved_until`: how far their timeline reaches, where it was resolved anew. `urgency` (one of `Urgency`) asks the
    sender for a look, for which they were due `since`; `memory` replaces what is remembered; `stale` has the timeline
    resolved anew.
    """

    key: PersonKey
    due_at: datetime | None
    since: datetime | None = None
    resolved_until: datetime | None = None
    urgency: int | None = None
    memory: ProfileState | None = None
    home_stale: bool = False
    stale: bool = False


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A notice to be sent: its subject ("grant", "calendar/<id>", "blocked", "welcome") and the reader's locale."""

    key: PersonKey
    subject: str
    locale: str
    attempts: int


def stands(standing: Standing, wanted: Status, now: datetime) -> bool:
    """Return whether the profile shows, or may be about to show, something of ours at `now` that is not `wanted`."""
    return any(
        ours is not None and ours.lasts(now) and not same(ours, replace(wanted, expiration=ours.expiration))
        for ours in (standing.applied, standing.pending)
    )


def recalled(state: ProfileState, span: Span | None, now: datetime) -> ProfileState:
    """Return the memory where nobody knows what was written since: what is stored is a copy from before.

    `span` is the last one until `now` that shows something. It may have been written: if it is on the profile it is
    ours, as after a crash, and what was known of their own is under it. If it is over by now, it had covered what was
    there when the copy was made, unless that had an end. The profile is looked at in any case.
    """
    again, standing = replace(state, decided="", look=None), state.standing
    if span is None:
        return again
    own, looked_at = standing.own, standing.looked_at
    covers = own is not None and not own.empty and own.expiration is None
    if not span.status.lasts(now) and not (covers and (looked_at is None or span.start >= looked_at)):
        return again
    about = replace(span.status, expiration=whole_seconds(span.status.expiration))
    return replace(again, standing=replace(standing, pending=about))


def instead(standing: Standing, wanted: Status, now: datetime) -> Status | None:
    """Return what the profile shows in the place of `wanted`, whose emoji Slack does not know.

    None where that is not so.
    """
    applied = standing.applied
    if applied is None or not applied.lasts(now) or not wanted.emoji or standing.unknown_emoji != wanted.emoji:
        return None
    return applied if shown_text(applied) == shown_text(wanted) else None


def shown(standing: Standing, now: datetime) -> Status | None:
    """Return what the profile shows of ours at `now`, as far as we know.

    None where it was cleared by hand or is their own.
    """
    applied = standing.applied
    return applied if standing.own is None and applied is not None and applied.lasts(now) else None
