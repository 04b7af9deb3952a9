"""Which hosts may be asked, and which are left alone until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.domain.host_limits import HostLimits
from services.domain.model import PersonKey

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_host_that_names_no_time_is_left_alone_longer_each_time_until_it_answers() -> None:
    pace = HostLimits()
    waits = [(pace.refused("h", NOW, None) - NOW).total_seconds() / 60 for _ in range(9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    pace.answered("h")
    later = NOW + timedelta(hours=2)
    assert pace.refused("h", later, None) == later + timedelta(minutes=1)
    quick = [(pace.refused("a", NOW, None, timedelta(seconds=10)) - NOW).total_seconds() for _ in range(11)]
    assert quick == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]


def test_pace_opens_a_host_again_when_its_peace_is_over_and_not_before() -> None:
    pace = HostLimits(total=3, per_host=2, kept=0)
    until = pace.refused("h", NOW, 60.0)
    pace.answered("h")
    assert (pace.shut(NOW), pace.opens(NOW), until) == (frozenset({"h"}), until, NOW + timedelta(minutes=1))
    assert (pace.shut(until), pace.opens(until)) == (frozenset(), None)
    ann, bob = PersonKey("T1", "U1"), PersonKey("T1", "U2")
    for key in (ann, bob):
        pace.begin("h", key, "ics")
    assert (pace.shut(NOW), pace.free) == (frozenset({"h"}), 1)
    assert pace.may_begin([("h", ann, "ics"), ("other", ann, "ics"), ("other", bob, "ics")]) == [False, True, False]
    pace.end("h", ann, "ics")
    assert (pace.shut(NOW), pace.free) == (frozenset(), 2)


def test_pace_shuts_people_and_polled_providers_whose_places_are_taken() -> None:
    pace, ann = HostLimits(total=8, kept=4), PersonKey("T1", "U1")
    for number in range(3):
        pace.begin(f"h{number}", ann, "ics")
    assert pace.shut(NOW) == {"polled:T1/U1"}
    pace.begin("account", ann, "google")
    assert pace.shut(NOW) == {"polled:T1/U1", "person:T1/U1"}
    pace.begin("h9", PersonKey("T1", "U2"), "caldav")
    assert pace.shut(NOW) == {"polled:T1/U1", "person:T1/U1", "provider:ics", "provider:caldav"}
    pace.end("h0", ann, "ics")
    assert pace.shut(NOW) == set()
