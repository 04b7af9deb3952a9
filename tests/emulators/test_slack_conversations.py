"""The local Slack's channels as apps read them, what it takes to post there, and whom a message notifies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from emulators.slack import LocalSlack
from emulators.slack.state import Channel
from tests.support.clocks import ManualClock
from tests.support.local_slack import ANN, BEN, TEAM, bot, own, refused

OTHER, EVE = "T0OTHER001", "U0EVE00001"


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[LocalSlack]:
    slack = LocalSlack(clock)
    slack.add_workspace(TEAM)
    slack.add_workspace(OTHER, "Other", "other")
    slack.add_person(ANN, "ann", "Ann Example")
    slack.add_person(BEN, "ben", "Ben Example")
    slack.add_person(EVE, "eve", team_id=OTHER)
    slack.install(TEAM)
    async with slack:
        yield slack


@pytest.fixture
def channel(slack: LocalSlack) -> Channel:
    made = slack.talk.create("project", TEAM, {ANN, BEN}, creator=ANN)
    slack.talk.invite_app(made.channel_id)
    return made


async def members(slack: LocalSlack, channel: Channel, **more: Any) -> list[list[str]]:
    """All pages of a channel's members."""
    pages, cursor = [], ""
    while True:
        answer = await bot(slack).conversations_members(channel=channel.channel_id, cursor=cursor, **more)
        pages.append(answer["members"])
        cursor = answer["response_metadata"]["next_cursor"]
        if not cursor:
            return pages


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────


async def test_channel_is_shown_with_what_it_is(slack: LocalSlack, channel: Channel) -> None:
    shown = (await bot(slack).conversations_info(channel=channel.channel_id))["channel"]
    flags = ("is_archived", "is_ext_shared", "is_shared", "is_private", "is_member", "is_general")
    assert ({name: shown[name] for name in flags}, shown["name"], shown["creator"]) == (
        dict.fromkeys(flags, False) | {"is_member": True}, "project", ANN,
    )  # fmt: skip
    secret = slack.talk.create("partners", TEAM, {ANN, EVE}, private=True, shared=True)
    slack.talk.invite_app(secret.channel_id)
    slack.talk.archive(secret.channel_id)
    shown = (await bot(slack).conversations_info(channel=secret.channel_id, include_num_members=True))["channel"]
    assert {name for name in flags if shown[name]} == {
        "is_archived", "is_ext_shared", "is_shared", "is_private", "is_member",
    }  # fmt: skip
    assert (shown["shared_team_ids"], shown["num_members"]) == ([TEAM, OTHER], 3)


async def test_members_come_in_pages(slack: LocalSlack, channel: Channel) -> None:
    for number in range(5):
        slack.add_person(f"U0MORE{number:04d}", f"more{number}")
        slack.talk.join(channel.channel_id, f"U0MORE{number:04d}")
    pages = await members(slack, channel, limit=3)
    assert [len(page) for page in pages] == [3, 3, 2]
    assert {one for page in pages for one in page} == channel.members
    assert (ANN in channel.members, slack.bot_of(TEAM).user_id in channel.members) == (True, True)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"cursor": "nothing"}, "invalid_cursor"),
        ({"limit": "1001"}, "invalid_limit"),
        ({"limit": "some"}, "invalid_limit"),
    ],
)
async def test_members_of_what_is_none(
    slack: LocalSlack, channel: Channel, arguments: dict[str, str], error: str
) -> None:
    assert await refused(bot(slack).conversations_members(**{"channel": channel.channel_id, **arguments})) == error


async def test_private_channel_does_not_exist_for_who_is_not_in_it(slack: LocalSlack, channel: Channel) -> None:
    secret = slack.talk.create("secret", TEAM, {ANN}, private=True)
    place = {"channel": secret.channel_id}
    assert await refused(bot(slack).conversations_info(**place)) == "channel_not_found"
    assert await refused(bot(slack).conversations_members(**place)) == "channel_not_found"
    slack.grant(ANN, {"groups:read"})
    assert (await own(slack).conversations_members(**place))["members"] == [ANN]
    slack.talk.invite_app(secret.channel_id)
    assert (await bot(slack).conversations_info(**place))["channel"]["is_private"] is True
    public = await bot(slack).conversations_members(channel=slack.general(TEAM).channel_id)
    assert sorted(public["members"]) == [ANN, BEN]


@pytest.mark.parametrize(("private", "needed"), [(False, "channels:read"), (True, "groups:read")])
async def test_scope_is_of_the_kind_of_channel(slack: LocalSlack, *, private: bool, needed: str) -> None:
    made = slack.talk.create("some", TEAM, {ANN}, private=private)
    slack.talk.invite_app(made.channel_id)
    slack.tokens.bot(TEAM).scopes -= {needed}  # type: ignore[union-attr]  # it is installed
    token = slack.tokens.bot(TEAM)
    assert token is not None
    client = own(slack)
    client.token = token.value
    for call in (client.conversations_info, client.conversations_members):
        with pytest.raises(SlackApiError) as caught:
            await call(channel=made.channel_id)
        assert (caught.value.response["error"], caught.value.response["needed"]) == ("missing_scope", needed)


async def test_conversations_of_a_person_are_those_that_both_may_see(slack: LocalSlack, channel: Channel) -> None:
    old = slack.talk.create("old", TEAM, {BEN})
    secret = slack.talk.create("secret", TEAM, {BEN}, private=True)
    slack.talk.archive(old.channel_id)

    async def names(**arguments: Any) -> list[str]:
        found = await bot(slack).users_conversations(**arguments)
        return [one["name"] for one in found["channels"]]

    both = "public_channel,private_channel"
    assert await names() == ["project"]
    assert await names(user=BEN, types=both) == ["general", "project", "old"]
    slack.talk.invite_app(secret.channel_id)
    assert await names(user=BEN, types=both, exclude_archived=True) == ["general", "project", "secret"]
    assert await refused(bot(slack).users_conversations(types="im")) == "missing_scope"


async def test_channels_that_end_and_who_leaves_are_told_of(slack: LocalSlack, channel: Channel) -> None:
    slack.app.events = frozenset(
        {"channel_archive", "channel_unarchive", "channel_deleted", "group_archive", "member_left_channel"}
    )
    secret = slack.talk.create("secret", TEAM, {ANN}, private=True)
    slack.talk.archive(secret.channel_id)
    slack.talk.leave(channel.channel_id, BEN)
    slack.talk.leave(channel.channel_id, slack.bot_of(TEAM).user_id)
    slack.talk.leave(channel.channel_id, ANN)
    slack.talk.archive(channel.channel_id, ANN)
    slack.talk.unarchive(channel.channel_id, ANN)
    slack.talk.delete_channel(channel.channel_id)
    events = [envelope["event"] for envelope in slack.deliveries.delivered]
    assert [(event["type"], event.get("user", "")) for event in events] == [
        ("member_left_channel", BEN),
        ("member_left_channel", slack.bot_of(TEAM).user_id),
        ("channel_archive", ANN),
        ("channel_unarchive", ANN),
        ("channel_deleted", ""),
    ]
    assert await refused(bot(slack).conversations_info(channel=channel.channel_id)) == "channel_not_found"
    slack.tokens.bot(TEAM).scopes -= {"channels:read"}  # type: ignore[union-attr]  # it is installed
    slack.talk.archive(slack.general(TEAM).channel_id)
    assert len(slack.deliveries.delivered) == len(events)


# ── posting ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "code", ["restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel"]
)
async def test_channel_that_takes_no_posts_says_so(slack: LocalSlack, channel: Channel, code: str) -> None:
    channel.refuses = code
    assert await refused(bot(slack).chat_postMessage(channel=channel.channel_id, text="x")) == code
    assert slack.talk.posted(channel.channel_id) == []


async def test_archived_channel_and_one_without_the_app_take_no_posts(slack: LocalSlack, channel: Channel) -> None:
    slack.talk.leave(channel.channel_id, slack.bot_of(TEAM).user_id)
    first = await refused(bot(slack).chat_postMessage(channel=channel.channel_id, text="x"))
    slack.talk.archive(channel.channel_id)
    second = await refused(bot(slack).chat_postMessage(channel=channel.channel_id, text="x"))
    assert (first, second) == ("not_in_channel", "is_archived")


async def test_one_message_a_second_is_taken_in_a_channel(
    slack: LocalSlack, channel: Channel, clock: ManualClock
) -> None:
    await bot(slack).chat_postMessage(channel=channel.channel_id, text="one")
    with pytest.raises(SlackApiError) as caught:
        await bot(slack).chat_postMessage(channel=channel.channel_id, text="two")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "1")
    await bot(slack).chat_postMessage(channel=ANN, text="elsewhere")
    clock.move(seconds=1)
    await bot(slack).chat_postMessage(channel=channel.channel_id, text="two")
    assert [one.text for one in slack.talk.posted(channel.channel_id)] == ["one", "two"]


async def test_too_much_is_not_taken(slack: LocalSlack, channel: Channel, clock: ManualClock) -> None:
    place = {"channel": channel.channel_id}
    assert await refused(bot(slack).chat_postMessage(**place, text="x" * 40_001)) == "msg_too_long"
    sections = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2_900}} for _ in range(5)]
    assert await refused(bot(slack).chat_postMessage(**place, text="x", blocks=sections)) == "msg_blocks_too_long"
    await bot(slack).chat_postMessage(**place, text="x", blocks=sections[:4])


# ── who is notified ─────────────────────────────────────────────────────────────────────────────────


def section(text: str, kind: str = "mrkdwn", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": kind, "text": text, **more}}


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


@pytest.mark.parametrize(
    ("message", "who"),
    [
        ({"text": "Ann Example is out, ann too"}, ""),
        ({"text": "@ann @here @channel"}, ""),
        ({"text": "&lt;@U0ANN00001&gt; &lt;!channel&gt;"}, ""),
        ({"text": "<@U0ANN00001>"}, "ann"),
        ({"text": "<@U0ANN00001|ann> and <@U0BEN00001>"}, "ann ben"),
        ({"text": "<@U0EVE00001>"}, "eve"),
        ({"text": "<!channel>"}, "ann ben"),
        ({"text": "<!here|here>"}, "ben"),
        ({"text": "<!everyone>"}, "ann ben cho"),
        ({"text": "<!subteam^S0TEAM0001|@team>"}, "cho"),
        ({"text": "@ann", "link_names": True}, "ann"),
        ({"text": "Dear @Ben Example", "parse": "full"}, "ben"),
        ({"text": "@here", "parse": "full"}, "ben"),
        ({"text": "x", "blocks": [section("<@U0ANN00001>")]}, "ann"),
        ({"text": "x", "blocks": [section("@ann @everyone")]}, "ann ben cho"),
        ({"text": "x", "blocks": [section("@ann <!here>", verbatim=True)]}, "ben"),
        ({"text": "x", "blocks": [section("<@U0ANN00001> @ann", "plain_text")]}, ""),
        ({"text": "x", "blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "<!channel>"}]}]},
         "ann ben"),
        ({"text": "x", "blocks": [rich({"type": "user", "user_id": "U0ANN00001"})]}, "ann"),
        ({"text": "x", "blocks": [rich({"type": "usergroup", "usergroup_id": "S0TEAM0001"})]}, "cho"),
        ({"text": "x", "blocks": [rich({"type": "broadcast", "range": "channel"})]}, "ann ben"),
        ({"text": "x", "blocks": [rich({"type": "text", "text": "@ann <@U0ANN00001> @here"})]}, ""),
    ],
)  # fmt: skip
async def test_whom_a_message_notifies(slack: LocalSlack, channel: Channel, message: dict[str, Any], who: str) -> None:
    slack.add_person("U0CHO00001", "cho")
    slack.workspaces[TEAM].usergroups["S0TEAM0001"] = {"U0CHO00001"}
    slack.presence.connects(ANN, 0)
    await bot(slack).chat_postMessage(channel=channel.channel_id, **message)
    (posted,) = slack.talk.posted(channel.channel_id)
    assert {slack.member(one).name for one in slack.talk.notified(posted)} == set(who.split())


async def test_direct_message_notifies_whom_it_is_for(slack: LocalSlack) -> None:
    await bot(slack).chat_postMessage(channel=ANN, text="Hello")
    assert slack.talk.notified(slack.direct_messages(ANN)[0]) == {ANN}
