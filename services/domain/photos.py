"""From a timeline to the profile photo. Pure.

The person's own picture is fetched and sealed before ours is put on, for its address dies with the change. What shows
is known by its hash: ours as Slack returned it. After a crash in between, a look at the picture itself tells whose it
is.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from services.domain.effects import NEARLY, EffectAction, EffectDecision, PhotoMemory, is_same
from services.domain.model import Stretch
from services.domain.reasons import Reason, ReasonCode

CROP = re.compile(r"centre|top|\d{1,5},\d{1,5},[1-9]\d{0,4}")
"""The parts of a picture: `centre`, `top`, or a square as x, y and width in its pixels."""


def is_uncertain(memory: PhotoMemory, seen: str) -> bool:
    """Return whether only a look at the picture of the hash `seen` tells whether it is the one that we put on last.

    So it is where we did not live to see its hash, or Slack has carried a call out twice.
    """
    return bool(memory.ours or memory.pending) and seen not in {memory.pending, memory.ours}


def is_photo_news(memory: PhotoMemory, seen: str) -> bool:
    """Return whether an event that tells of a picture of the hash `seen` is worth a look; most are our own echo."""
    return bool(memory.ours) and not memory.pending and seen != memory.ours


def decide_photo(
    memory: PhotoMemory, seen: str, stretch: Stretch | None, now: datetime, *, ours: bool
) -> EffectDecision[PhotoMemory]:
    """Return what to do where the picture of the hash `seen` shows at `now`; `stretch` is the one wanted, or none.

    `ours`: whether it is the one that we put on last, where that `is_uncertain`. Where one is put on, the caller adds
    the hash that Slack returns, and what is known of the person's own picture.
    """
    lost = False
    if ours and is_uncertain(memory, seen):
        memory = replace(memory, ours=seen, pending="", returning=False)
    elif memory.ours and memory.ours == seen:  # another one, that was pending, was not put on
        memory = replace(memory, pending="", photo=None if memory.pending else memory.photo, returning=False)
    else:
        lost = is_uncertain(memory, seen) and not memory.returning  # else it may be theirs that was put back
        memory = _without_ours(memory)
    if stretch is None:
        left = replace(memory, reason=None)
        if not memory.ours:
            return EffectDecision(EffectAction.LEAVE, left, left)
        back = replace(_without_ours(left), reason=Reason(ReasonCode.PHOTO_BACK))
        return EffectDecision(EffectAction.TAKE_BACK, back, replace(left, returning=True))
    same, rule = is_same(memory, stretch), stretch.rule
    memory = replace(memory, until=stretch.end, over=same and (memory.over or lost))
    on = replace(memory, photo=stretch.photo, reason=Reason(ReasonCode.PHOTO, rule, stretch.end))
    if memory.over:
        left = replace(memory, reason=Reason(ReasonCode.PHOTO_BY_HAND, rule))
    elif memory.ours and memory.photo == stretch.photo:
        left = on
    elif not memory.ours and stretch.end <= now + NEARLY:
        left = replace(memory, reason=None)
    else:
        return EffectDecision(EffectAction.PUT_ON, on, replace(memory, pending=seen, photo=stretch.photo))
    return EffectDecision(EffectAction.LEAVE, left, left)


def set_by_hand(memory: PhotoMemory, stretch: Stretch | None, asked_at: datetime) -> PhotoMemory:
    """Return what to remember once a photo is on that the person asked for at `asked_at`, by an agent, as if by hand.

    Where one of ours was on, or is to be during `stretch`, it is not put over it; what begins later covers it, and puts
    it back.
    """
    left = replace(_without_ours(memory), reason=None)
    if stretch is None or asked_at < stretch.start:
        return left
    return replace(left, until=stretch.end, over=True, reason=Reason(ReasonCode.PHOTO_BY_HAND, stretch.rule))


def _without_ours(memory: PhotoMemory) -> PhotoMemory:
    return replace(memory, ours="", pending="", photo=None, returning=False, own=False, side=0)
