"""From a timeline to the profile: what to write, what to leave, what to put back. Pure.

`decide` is the table of product.md, "From a timeline to the profile". Around a write its caller stores `intent`
before the call and `record` after it, so that a crash at any moment loses nothing. `hint` takes in what an event
tells about a profile; it only ever adds evidence, because the next read is what counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.domain.decisions import GRACE, Action, Decision, Standing, moment_of
from services.domain.model import NO_STATUS, OwnStatusPolicy, Pause, Span, Status
from services.domain.reasons import Reason, ReasonCode
from services.domain.text import same, same_write, whole_seconds

LONGEST_WRITE = timedelta(seconds=30)
"""How long after a look at the profile the write that followed from it may have reached Slack."""

_IDLE = "idle"


@dataclass(frozen=True, slots=True)
class _View:
    """The profile in the light of what we remember: `standing` is the memory after this look at it."""

    profile: Status
    standing: Standing
    ours: bool = False
    own: bool = False
    cleared: bool = False


def decide(
    profile: Status,
    standing: Standing,
    span: Span,
    *,
    policy: OwnStatusPolicy,
    pause: Pause | None,
    now: datetime,
) -> Decision:
    """Return what to do to `profile`, read at `now`, while `span` holds `now`.

    Deciding again after it was done leaves it. `look_again` (UTC) is set for an own status with an end, for a pause
    with an end, and where a status of ours is past its end with nothing after it. No status is ever written whose
    expiration is not after `now`.
    """
    view = _look(profile, standing, now)
    if pause is not None and pause.holds(now):
        return _leave(view, Reason(ReasonCode.PAUSED, until=pause.end), look_again=pause.end)
    target = replace(span.status, expiration=whole_seconds(span.status.expiration)) if span.shows else NO_STATUS
    if target.expiration is not None and target.expiration <= now:
        target = NO_STATUS
    if target.empty or span.rule == _IDLE:
        return _uncovered(view, span, target, now)
    return _covering(view, span, target, policy, now)


def foresee(standing: Standing, span: Span, now: datetime) -> Standing:
    """Return what to store with the pending write of `span` at `now`, before the profile has been looked at.

    Where nothing of theirs is known to be on it, what `span` shows is what will be written: known beforehand, it needs
    no intent of its own. Only with an end: without one, a status that somebody typed could look the same.
    """
    target = whole_seconds(span.status.expiration)
    if not span.shows or target is None or target <= now or span.rule == _IDLE or _is_newer(standing, span):
        return standing
    if standing.pending is not None or standing.own is not None or standing.covered is not None:
        return standing
    return replace(standing, pending=replace(span.status, expiration=target))


def foreseen(before: Standing, decision: Decision) -> bool:
    """Say whether `before`, as stored, says already what is about to be on the profile, and nothing is covered."""
    covers = before.covered is not None or decision.standing.covered is not None or before.own is not None
    return decision.action is Action.WRITE and decision.status == before.pending and not covers


def intent(before: Standing, decision: Decision) -> Standing:
    """Return what to store before a call is made: what the look has told, and what is about to be on the profile.

    What is being covered is in it already, and what is being put back still is.
    """
    seen = decision.seen or before
    after = decision.standing
    return replace(
        seen, pending=decision.status, covered=after.covered or seen.covered, last_by_hand=after.last_by_hand
    )


def record(decision: Decision, returned: Status, unknown_emoji: str = "") -> Standing:
    """Return what to store once Slack has answered a write with `returned`, the status as it now shows it.

    `unknown_emoji` is the one that Slack did not take.
    """
    before = decision.standing
    applied = returned if decision.action is Action.WRITE else before.applied
    own = returned if decision.action is Action.RESTORE else before.own
    return replace(before, pending=None, wanted=decision.status, applied=applied, own=own, unknown_emoji=unknown_emoji)


def withdrawn(standing: Standing, now: datetime) -> Standing:
    """Return the memory after what was about to be written was taken back.

    Slack may do what it has not answered still.
    """
    if standing.pending is None or standing.pending.empty:
        return standing
    return replace(standing, late=standing.pending, late_until=now + LONGEST_WRITE)


def hint(standing: Standing, seen: Status, at: datetime) -> Standing | None:
    """Return the memory after an event told that the profile showed `seen` at `at` (UTC).

    None: nothing new; an echo of our own write, or an expiry. An event older than our last look adds no evidence: what
    it tells that we do not know leaves the memory as it is, for a look. `moment_of` says which is older.
    """
    if _is_pending(seen, standing.pending) or _is(seen, standing.applied) or _is_as_left(seen, standing):
        return None
    if _is_late(seen, standing, at):  # about to be written again, as it was before it was taken back
        return replace(standing, pending=standing.late, late=None, late_until=None)
    at = moment_of(seen, at, standing)
    if standing.looked_at is not None and at <= standing.looked_at:
        return None if seen.empty or _is(seen, standing.own) else standing
    return _told(standing, seen, at)


def _told(standing: Standing, seen: Status, at: datetime) -> Standing | None:
    """Return the memory after an event that is newer than our last look, and not of ours; None for nothing new."""
    if seen.empty and standing.own is not None and not standing.own.empty:
        return _without_own(replace(standing, looked_at=at))
    known = standing.own is not None if seen.empty else _is(seen, standing.own)
    if known or (seen.empty and not _stands(standing.applied, at)):
        return None
    told = replace(standing, own=NO_STATUS if seen.empty else seen, own_since=at, looked_at=at)
    written = standing.pending is not None or standing.wanted is not None
    if written and standing.looked_at is not None and at <= standing.looked_at + LONGEST_WRITE:
        # Typed before our write, which has covered it, or after it: the next look at the profile will tell.
        return told if seen.empty else replace(told, covered=seen)
    return told if standing.applied is not None else replace(told, wanted=None)


# ── whose is it? ────────────────────────────────────────────────────────────────────────────────────


def _is(profile: Status, known: Status | None) -> bool:
    return known is not None and not known.empty and same(profile, known)


def _is_pending(profile: Status, pending: Status | None) -> bool:
    return pending is not None and same_write(profile, pending)


def _is_late(profile: Status, standing: Standing, now: datetime) -> bool:
    """Return whether the profile shows what was taken back, and was done after all."""
    may_be = standing.late_until is not None and now <= standing.late_until
    return may_be and _is_pending(profile, standing.late) and not _is(profile, standing.own)


def _unrecorded(profile: Status, standing: Standing, now: datetime) -> Status | None:
    """Return what of ours the profile shows though no answer of Slack's was recorded; None where it shows nothing such.

    We died between the call and its record; or it was taken back and done after all. What is as it was before is no
    write, also where that was to change its emoji alone.
    """
    pending, before = standing.pending, _is(profile, standing.applied)
    if pending is not None and _is_pending(profile, pending) and (not before or same(profile, pending)):
        return pending
    return standing.late if _is_late(profile, standing, now) and not before else None


def _is_as_left(profile: Status, standing: Standing) -> bool:
    """Say whether the profile is as we left it when we put a status back, or cleared it, not having looked since."""
    return standing.applied is None and standing.wanted is not None and same(profile, standing.wanted)


def _stands(applied: Status | None, now: datetime) -> bool:
    """Return whether Slack should still be showing `applied`, unless somebody took it away."""
    return applied is not None and applied.lasts(now)


def _without_own(standing: Standing) -> Standing:
    """Return what stands once their own status is gone, by their own hand or by its own end; ours went before it."""
    gone = standing.pending is None and standing.own is not None and _is(standing.own, standing.covered)
    return replace(
        standing, applied=None, applied_span=None, covered=None if gone else standing.covered, own=None, own_since=None
    )


def _look(profile: Status, standing: Standing, now: datetime) -> _View:
    """Tell ours, own, cleared by hand and free apart, and bring the memory up to date with this look."""
    if profile.empty:
        return _look_at_nothing(profile, standing, now)
    seen = _looked(standing, now)
    if standing.covered is not None and _is_as_left(profile, standing):
        # It was typed between our look and our putting something else back: what stands is ours to take away.
        return _View(profile, replace(seen, applied=profile, own=None, own_since=None), ours=True)
    put_back = _is(profile, standing.covered) and _is_pending(profile, standing.pending)
    came = _unrecorded(profile, standing, now)
    if not put_back and came is not None:
        # It is ours, as if it had been recorded.
        known = replace(seen, applied=profile, wanted=came, covered=_under(standing), late=None)
        return _View(profile, replace(known, own=None, own_since=None), ours=True)
    if not put_back and _is(profile, standing.applied) and not _is(profile, standing.own):
        return _View(profile, replace(seen, own=None, own_since=None), ours=True)
    if put_back:
        seen = replace(seen, applied=None, covered=None, own=profile, own_since=standing.last_by_hand)
    elif not _is(profile, standing.own):
        # It was something else when we last looked, so it was set after that; how long after, nobody told us.
        seen = replace(seen, own=profile, own_since=standing.looked_at)
    if profile.expiration is not None and profile.expiration <= now:
        return _View(profile, seen)
    # The same as what we covered: either our write never happened, or it was typed anew. Keep it until we know.
    kept = seen.covered if _is(profile, seen.covered) else None
    return _View(profile, replace(seen, covered=kept), own=True)


def _under(standing: Standing) -> Status | None:
    """Return what a write that was never recorded has covered: what was known of, else what we were told of since."""
    if standing.covered is not None or standing.own is None or standing.own.empty:
        return standing.covered
    return standing.own


def _looked(standing: Standing, now: datetime) -> Standing:
    """Return the memory after a look: what was about to be written, and how we left the profile, matter no more."""
    wanted = None if standing.applied is None else standing.wanted
    over = standing.late_until is not None and standing.late_until < now
    late, until = (None, None) if over else (standing.late, standing.late_until)
    return replace(standing, pending=None, looked_at=now, wanted=wanted, late=late, late_until=until)


def _look_at_nothing(profile: Status, standing: Standing, now: datetime) -> _View:
    known = [one for one in (standing.own, standing.pending, standing.applied) if one is not None and one.expiration]
    standing = replace(standing, replaced=next((one for one in known if not one.lasts(now)), standing.replaced))
    seen = _looked(standing, now)
    pending, own = standing.pending, standing.own
    emptied = own is not None and own.empty and _stands(standing.applied, now)  # as we were told since
    if pending is not None and (pending.empty or (not _stands(pending, now) and not emptied)):
        # We cleared it, or wrote it and Slack has cleared it since, and died before the record.
        covered = standing.covered if pending.empty else _under(standing)
        return _View(profile, replace(seen, applied=None, covered=covered, own=None, own_since=None))
    if own is not None and not own.empty:
        if standing.covered is not None and _is_as_left(profile, standing):
            return _View(profile, replace(seen, own=None, own_since=None))  # typed before we cleared the profile
        applied_ended = standing.applied is not None and not _stands(standing.applied, now)
        if applied_ended and _is(own, standing.covered) and standing.own_since == standing.looked_at:
            # Typed before our write or after it, as we were told and have not seen since: rather before than lost.
            return _View(profile, replace(seen, applied=None, applied_span=None, own=None, own_since=None))
        return _View(profile, _looked(_without_own(standing), now))
    if not _stands(standing.applied, now):
        by_hand = standing.last_by_hand if own is None else standing.own_since
        gone = replace(seen, applied=None, applied_span=None, own=None, own_since=None, last_by_hand=by_hand)
        return _View(profile, gone)
    since = standing.own_since if own is not None else standing.looked_at
    return _View(profile, replace(seen, own=NO_STATUS, own_since=since), cleared=True)


# ── what to do ──────────────────────────────────────────────────────────────────────────────────────


def _covering(view: _View, span: Span, target: Status, policy: OwnStatusPolicy, now: datetime) -> Decision:
    """During a span that shows something: an event's, or an override's."""
    during = _is_during(view.standing, span)
    if view.cleared and during:
        return _leave(view, Reason(ReasonCode.CLEARED_BY_HAND, span.rule, span.end))
    if view.own:
        code = _why_left(view.profile, span, policy, during=during)
        if code is not None:
            end = view.profile.expiration
            return _leave(view, Reason(code, span.rule, end), look_again=end)
        code = ReasonCode.OVERRIDE_WINS if span.override else ReasonCode.OWN_COVERED
        return _write(view, span, target, code, covered=view.profile)
    covered = _alive(view.standing.covered, now)
    if _is_newer(view.standing, span):
        return _uncovered(view, span, NO_STATUS, now)
    if covered is not None and not _may_cover(covered, span, policy):
        return _put_back(view, covered)
    code = ReasonCode.OURS_CHANGED if view.ours else ReasonCode.PROFILE_FREE
    return _write(view, span, target, code, covered=covered)


def _uncovered(  # noqa: PLR0911  # one return for each line of the table
    view: _View, span: Span, target: Status, now: datetime
) -> Decision:
    """During a span that shows nothing, or only the person's idle status, which never covers anything."""
    covered, ended = _alive(view.standing.covered, now), view.standing.covered is not None
    end = view.profile.expiration
    if view.own:
        code = ReasonCode.OWN_LEFT if end is None else ReasonCode.OWN_WITH_END
        return _leave(view, Reason(code, span.rule, end), over=True, look_again=end)
    if covered is not None:
        return _put_back(view, covered)
    if not target.empty:
        applied = view.standing.applied
        if view.cleared and applied is not None and same(applied, replace(target, expiration=applied.expiration)):
            return _leave(view, Reason(ReasonCode.CLEARED_BY_HAND, span.rule), over=True)
        code = ReasonCode.OURS_CHANGED if view.ours else ReasonCode.PROFILE_FREE
        return _write(view, span, target, code, covered=None)
    if not view.ours:
        code = ReasonCode.COVERED_HAS_ENDED if ended else ReasonCode.NOTHING
        return _leave(view, Reason(code, span.rule), over=True)
    if end is None or now < end:
        return _clear(view, Reason(ReasonCode.COVERED_HAS_ENDED if ended else ReasonCode.SPAN_OVER, span.rule))
    # Slack should have cleared our status by itself: give it a moment, look once more, and clear it ourselves.
    if now < end + GRACE:
        return _leave(view, Reason(ReasonCode.SPAN_OVER, span.rule), over=True, look_again=end + GRACE)
    return _clear(view, Reason(ReasonCode.NOT_EXPIRED_BY_SLACK, span.rule))


def _since(span: Span) -> datetime:
    """After when something has to be done by hand to be done during `span`."""
    return span.asked_at or span.began or span.start


def _is_during(standing: Standing, span: Span) -> bool:
    """Return whether there is evidence that what the profile shows was done while this span was running already."""
    began = _since(span)
    if standing.applied is not None and standing.applied_span == began:
        return True
    if standing.own_since is None:
        return False
    # An override asked for at the very instant of a typed status is the later word of the two.
    return standing.own_since > began if span.override else standing.own_since >= began


def _is_newer(standing: Standing, span: Span) -> bool:
    """Say whether what they typed or cleared by hand, and was covered since, is newer than an override.

    So it is where one without an end shows again.
    """
    by_hand = standing.last_by_hand
    return span.override and by_hand is not None and by_hand > _since(span)


def _why_left(own: Status, span: Span, policy: OwnStatusPolicy, *, during: bool) -> ReasonCode | None:
    """Return why this own status is left alone during `span`; None: it is covered."""
    if not span.override and policy is OwnStatusPolicy.MINE_ALWAYS_WINS:
        return ReasonCode.OWN_ALWAYS_WINS
    if not _may_cover(own, span, policy):
        return ReasonCode.OWN_WITH_END
    if during and (span.override or policy is not OwnStatusPolicy.CALENDAR_ALWAYS_WINS):
        return ReasonCode.OWN_TYPED_DURING
    return None


def _may_cover(own: Status, span: Span, policy: OwnStatusPolicy) -> bool:
    if span.override or policy is OwnStatusPolicy.CALENDAR_ALWAYS_WINS:
        return True
    return policy is OwnStatusPolicy.COVER_AND_RESTORE and own.expiration is None


def _alive(covered: Status | None, now: datetime) -> Status | None:
    """Return what was covered, unless its own end has passed."""
    return covered if _stands(covered, now) else None


def _leave(view: _View, reason: Reason, *, over: bool = False, look_again: datetime | None = None) -> Decision:
    """Return nothing to write; `over`: nothing is covered any more either."""
    standing = replace(view.standing, covered=None) if over else view.standing
    return Decision(Action.LEAVE, reason, standing, look_again=look_again)


def _write(view: _View, span: Span, target: Status, code: ReasonCode, *, covered: Status | None) -> Decision:
    before = view.standing
    by_hand = before.own_since if view.own or view.cleared else before.last_by_hand
    standing = replace(_set_aside(before), applied_span=_since(span), covered=covered, last_by_hand=by_hand)
    wanted = view.standing.wanted
    if same(view.profile, target) or (view.ours and wanted is not None and same(wanted, target)):
        reason = Reason(ReasonCode.SHOWS_ALREADY, span.rule, target.expiration)
        return Decision(Action.LEAVE, reason, replace(standing, applied=view.profile, wanted=target))
    reason = Reason(code, span.rule, target.expiration)
    return Decision(Action.WRITE, reason, replace(standing, applied=target), status=target, seen=view.standing)


def _put_back(view: _View, covered: Status) -> Decision:
    standing = replace(_set_aside(view.standing), own=covered, own_since=view.standing.last_by_hand)
    end = covered.expiration
    if same(view.profile, covered):
        return Decision(Action.LEAVE, Reason(ReasonCode.OWN_LEFT, until=end), standing, look_again=end)
    reason = Reason(ReasonCode.PUT_BACK, until=end)
    return Decision(Action.RESTORE, reason, standing, status=covered, look_again=end, seen=view.standing)


def _clear(view: _View, reason: Reason) -> Decision:
    return Decision(Action.CLEAR, reason, _set_aside(view.standing), status=NO_STATUS, seen=view.standing)


def _set_aside(standing: Standing) -> Standing:
    """Return the memory without what it knows to be on the profile, or under it; ours is kept for its echo."""
    return replace(
        standing, applied=None, applied_span=None, covered=None, own=None, own_since=None,
        replaced=standing.applied or standing.replaced,
    )  # fmt: skip
