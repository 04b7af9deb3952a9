"""Mentions of people who are out, in channels: who is mentioned, how often may be told, when somebody is back. Pure."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.domain.model import PersonKey
from services.domain.timeline import midnight

MOST_MENTIONED = 5
"""A message that mentions more people than these asks none of them."""

MOST_IN_A_CHANNEL = 20
"""So many are told of in one channel within `CROWD`; what comes after is a list of people, not a question."""

CROWD = timedelta(minutes=1)
_CHANNELS = 5_000

LATE = timedelta(minutes=5)
"""Who mentioned somebody longer ago is told nothing any more: the conversation has gone on."""

_MENTION = re.compile(r"<@([UW][A-Z0-9]{1,62})(?:\|[^<>]*)?>")


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody of `home` (a workspace's id) wrote a message that mentions `people`; `at` is Slack's time (UTC).

    `team_id` is the workspace of an org where it was written. `thread` is the `ts` of the message that the thread
    began with; "" for a message outside of any.
    """

    home: str
    team_id: str
    asker_id: str
    people: tuple[str, ...]
    channel_id: str
    thread: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MentionAsker:
    """Who mentioned somebody: where they are, and the language that they speak."""

    zone: str
    locale: str


@dataclass(frozen=True, slots=True)
class OutPerson:
    """Somebody who is out, as Slack shows it, and what they let others be told.

    `until` is None where nobody knows the end. `note` is theirs; `stand_in` a user id, "" for nobody.
    """

    key: PersonKey
    name: str
    zone: ZoneInfo
    until: datetime | None
    note: str = ""
    stand_in: str = ""

    @property
    def back(self) -> date | datetime | None:
        """The day on which they are back, where they are out until a midnight of their own zone; else the instant.

        The day is one of their calendar: told to somebody elsewhere it stays that day.
        """
        if self.until is None:
            return None
        day = self.until.astimezone(self.zone).date()
        return day if midnight(day, self.zone) == self.until else self.until


def mentioned(text: str) -> tuple[str, ...]:
    """Return the ids of the people whom a message mentions, each once; none where they are more than `MOST_MENTIONED`.

    docs.slack.dev, "Formatting message text": a mention is `<@U…>`, with or without a name; what somebody typed to look
    like one is escaped.
    """
    found: dict[str, None] = {}
    for mention in _MENTION.finditer(text):
        found[mention[1]] = None
        if len(found) > MOST_MENTIONED:
            return ()
    return tuple(found)


class Crowds:
    """Counts how many were asked about in each channel of late; of the latest channels, as far as there is room."""

    def __init__(self, most: int = _CHANNELS) -> None:
        self._most = most
        self._asked: OrderedDict[tuple[str, str], deque[datetime]] = OrderedDict()

    def may(self, home: str, channel_id: str, now: datetime) -> bool:
        """Return whether one more may be told of in that channel; it counts."""
        asked = self._asked.setdefault((home, channel_id), deque(maxlen=MOST_IN_A_CHANNEL))
        self._asked.move_to_end((home, channel_id))
        if len(self._asked) > self._most:
            self._asked.popitem(last=False)
        full = len(asked) == MOST_IN_A_CHANNEL and asked[0] > now - CROWD
        asked.append(now)
        return not full
