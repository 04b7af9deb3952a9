from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.domain.mentions import CROWD, MOST_IN_A_CHANNEL, Crowds, OutPerson, mentioned
from services.domain.model import PersonKey

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("<@U1> please", ("U1",)),
        ("<@U1|ann>, <@W2> and <@U1> again", ("U1", "W2")),
        ("no mention", ()),
        ("&lt;@U1&gt; is what somebody typed", ()),
        ("<@u1> <@> <@C1> <!channel> <#C1|general> <!subteam^S1>", ()),
        ("<@U1", ()),
        ("<@U1><@U2><@U3><@U4><@U5>", ("U1", "U2", "U3", "U4", "U5")),
        ("<@U1><@U2><@U3><@U4><@U5><@U6>", ()),
        ("<@U1>" * 6, ("U1",)),
    ],
)
def test_mentioned(text: str, people: tuple[str, ...]) -> None:
    assert mentioned(text) == people


def out(until: datetime | None, zone: str = "Europe/Berlin") -> OutPerson:
    return OutPerson(PersonKey("T1", "U1"), "Ann", ZoneInfo(zone), until)


@pytest.mark.parametrize(
    ("until", "zone", "back"),
    [
        (datetime(2026, 11, 26, 23, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 11, 27)),
        (datetime(2026, 11, 26, 23, 0, tzinfo=UTC), "UTC", datetime(2026, 11, 26, 23, 0, tzinfo=UTC)),
        (datetime(2026, 11, 26, 23, 0, 1, tzinfo=UTC), "Europe/Berlin", datetime(2026, 11, 26, 23, 0, 1, tzinfo=UTC)),
        # there the clocks are put forward at midnight, so that the day begins at one o'clock
        (datetime(2026, 9, 6, 4, 0, tzinfo=UTC), "America/Santiago", date(2026, 9, 6)),
        (None, "UTC", None),
    ],
)
def test_back_is_a_day_of_their_own_calendar_or_an_instant(
    until: datetime | None, zone: str, back: date | datetime | None
) -> None:
    assert out(until, zone).back == back


def test_crowd_is_so_many_within_a_minute_and_a_channel() -> None:
    crowds = Crowds()
    assert all(crowds.may("T1", "C1", NOW) for _ in range(MOST_IN_A_CHANNEL))
    assert not crowds.may("T1", "C1", NOW + CROWD - timedelta(seconds=1))
    assert crowds.may("T1", "C2", NOW)
    assert crowds.may("T2", "C1", NOW)
    assert crowds.may("T1", "C1", NOW + CROWD)


def test_crowds_are_remembered_of_the_latest_channels_alone() -> None:
    crowds = Crowds(most=2)
    for _ in range(MOST_IN_A_CHANNEL):
        crowds.may("T1", "C1", NOW)
    assert not crowds.may("T1", "C1", NOW)
    for channel in ("C2", "C3"):
        crowds.may("T1", channel, NOW)
    assert crowds.may("T1", "C1", NOW)
