"""Which messages of channels are looked at further: few fields, and memory, decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.slack.mentions import Mentions, is_in_channel
from services.domain.mentions import Mention
from services.usecases.replies import WhoIsOut

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OUT = ((NOW - timedelta(hours=1), NOW + timedelta(hours=1)),)
COMING = ((NOW + timedelta(minutes=1), NOW + timedelta(hours=1)),)


class StoredOut:
    """Stands in for what is stored: Ann is out, Cat is soon, of the workspace T1; Dan of the org E1."""

    async def out(self, now: datetime, soon: datetime) -> dict[str, dict[str, Any]]:
        assert (now, soon) == (NOW, NOW + timedelta(hours=1))
        return {"T1": {"UANN": OUT, "UCAT": COMING}, "E1": {"UDAN": OUT}}


class Still:
    def now(self) -> datetime:
        return NOW


class Taken:
    """Stands in for what takes mentions: remembers them."""

    def __init__(self, out: WhoIsOut) -> None:
        self.out = out
        self.mentions: list[Mention] = []

    async def take(self, mention: Mention) -> bool:
        self.mentions.append(mention)
        return True


@pytest.fixture
async def taken() -> Taken:
    stored: Any = StoredOut()
    clock: Any = Still()
    out = WhoIsOut(stored, clock)
    await out.refresh()
    return Taken(out)


def payload(envelope: Mapping[str, Any] | None = None, **event: Any) -> dict[str, Any]:
    """What Slack delivers of a message that mentions Ann in a channel; None takes a field away."""
    said = {
        "type": "message", "channel_type": "channel", "channel": "C1", "user": "UBEN", "team": "T1",
        "text": "<@UANN>?", "ts": f"{NOW.timestamp():.6f}", **event,
    }  # fmt: skip
    around = {
        "type": "event_callback", "team_id": "T1", "authorizations": [{"team_id": "T1", "enterprise_id": None}],
        "is_ext_shared_channel": False, **(envelope or {}),
    }  # fmt: skip
    event_left = {name: value for name, value in said.items() if value is not None}
    return {name: value for name, value in around.items() if value is not None} | {"event": event_left}


async def asked(taken: Taken, delivered: dict[str, Any]) -> list[Mention]:
    """The mentions that are taken of it."""
    replies: Any = taken
    assert is_in_channel(delivered)
    outcome = await Mentions(replies).take(delivered)
    assert outcome == ("told_of" if taken.mentions else "passed_over")
    return taken.mentions


async def test_mention_of_somebody_who_is_out_is_taken(taken: Taken) -> None:
    assert await asked(taken, payload(text="<@UANN> or <@UCAT> or <@UNOBODY>?")) == [
        Mention("T1", "T1", "UBEN", ("UANN",), "C1", "", NOW)
    ]


@pytest.mark.parametrize(
    "event",
    [
        {"text": "nobody"},
        {"text": None},
        {"text": "<@UNOBODY>"},
        {"text": "<@UCAT>"},  # not yet
        {"subtype": "bot_message"},
        {"subtype": "message_changed"},
        {"subtype": "file_share"},
        {"bot_id": "B1"},
        {"hidden": True},
        {"edited": {"user": "UBEN", "ts": "1.2"}},
        {"user": None},
        {"user": "USLACKBOT"},
        {"user": {"id": "UBEN"}},
        {"channel": None},
        {"ts": None},
        {"ts": "tomorrow"},
        {"ts": ["1"]},
        {"ts": "1e400"},
        {"ts": "nan"},
    ],
)
async def test_message_that_is_passed_over(taken: Taken, event: dict[str, Any]) -> None:
    assert await asked(taken, payload(**event)) == []


async def test_thread_is_the_parents_and_a_parent_is_in_none(taken: Taken) -> None:
    await asked(taken, payload(thread_ts="1.5"))
    await asked(taken, payload(thread_ts=f"{NOW.timestamp():.6f}"))
    await asked(taken, payload(thread_ts="1.5", subtype="thread_broadcast"))
    assert [mention.thread for mention in taken.mentions] == ["1.5", "", "1.5"]


ORG = {"authorizations": [{"team_id": "T7", "enterprise_id": "E1", "is_enterprise_install": True}], "team_id": "T7"}


@pytest.mark.parametrize(
    ("envelope", "event", "is_ours"),
    [
        ({}, {}, True),
        ({}, {"user_team": "T1"}, True),
        ({}, {"team": "T2"}, False),
        ({}, {"user_team": "T2"}, False),
        ({}, {"source_team": "T2"}, False),
        ({"team_id": "T2"}, {"team": "T2", "user_team": "T2"}, False),  # the envelope names the author's
        ({}, {"team": None}, True),
        ({"is_ext_shared_channel": None}, {"team": None}, True),
        ({"is_ext_shared_channel": True}, {"team": None}, False),
        ({"is_ext_shared_channel": True}, {}, True),
        ({"authorizations": None}, {}, True),
        (ORG, {"text": "<@UDAN>", "team": "T7"}, True),
        (ORG, {"text": "<@UDAN>", "team": "E1"}, True),
        (ORG, {"text": "<@UDAN>", "team": "T8"}, True),  # another workspace of the org: nobody else is in the channel
        (ORG | {"is_ext_shared_channel": True}, {"text": "<@UDAN>", "team": "T8"}, False),
        (ORG | {"is_ext_shared_channel": None}, {"text": "<@UDAN>", "team": "T8"}, False),
    ],
)
async def test_author_has_to_be_of_the_same_organisation(
    taken: Taken, envelope: dict[str, Any], event: dict[str, Any], *, is_ours: bool
) -> None:
    assert bool(await asked(taken, payload(envelope, **event))) is is_ours


async def test_org_that_installed_the_app_is_where_its_people_are_known(taken: Taken) -> None:
    (mention,) = await asked(taken, payload(ORG, text="<@UDAN>", team="T7"))
    assert (mention.home, mention.team_id, mention.people) == ("E1", "T7", ("UDAN",))


@pytest.mark.parametrize(
    "delivered",
    [
        payload(channel_type="im"),
        payload(channel_type="mpim"),
        payload(channel_type=None),
        payload(type="app_home_opened"),
        {"type": "block_actions"},
        {"command": "/quo"},
    ],
)
def test_only_messages_in_channels_are_looked_at(delivered: dict[str, Any]) -> None:
    assert not is_in_channel(delivered)


async def test_nothing_is_looked_at_where_the_operator_allows_none() -> None:
    assert await Mentions(None).take(payload()) == "passed_over"


async def test_nobody_is_out_before_it_was_looked_at(taken: Taken) -> None:
    stored: Any = StoredOut()
    clock: Any = Still()
    out = WhoIsOut(stored, clock)
    assert (out.home("T1", "E1"), out.holds("T1", "UANN")) == ("", False)
    await out.refresh()
    assert (out.home("T1", "E1"), out.home("T9", "E1"), out.home("T9", "")) == ("T1", "E1", "")
    assert [out.holds(*key) for key in (("T1", "UANN"), ("T1", "UCAT"), ("T1", "UDAN"), ("E1", "UDAN"))] == [
        True, False, False, True,
    ]  # fmt: skip
