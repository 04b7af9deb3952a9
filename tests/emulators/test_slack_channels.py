"""The local Slack's channels, ephemeral messages, emoji and optional scopes keep Slack's own rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import ClientSession

from emulators.slack import AppConfig, LocalSlack
from emulators.slack.state import Channel
from tests.support.clocks import ManualClock
from tests.support.local_slack import ANN, BEN, TEAM, bot, refused

OTHER, EVE = "T0OTHER001", "U0EVE00001"


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[LocalSlack]:
    slack = LocalSlack(clock)
    slack.add_workspace(TEAM)
    slack.add_workspace(OTHER, "Other", "other")
    slack.add_person(ANN, "ann", "Ann Example")
    slack.add_person(BEN, "ben")
    slack.add_person(EVE, "eve", team_id=OTHER)
    slack.install(TEAM)
    async with slack:
        yield slack


@pytest.fixture
def channel(slack: LocalSlack) -> Channel:
    made = slack.talk.create("project", TEAM, {ANN, BEN})
    slack.talk.invite_app(made.channel_id)
    return made


def events(slack: LocalSlack) -> list[dict[str, Any]]:
    return [envelope["event"] for envelope in slack.deliveries.delivered]


# ── what the app hears ──────────────────────────────────────────────────────────────────────────────


async def test_app_hears_a_mention_in_a_channel_that_it_is_in(slack: LocalSlack, channel: Channel) -> None:
    said = slack.talk.say(BEN, channel.channel_id, f"@ann and <@{ANN}>, is a < b in #project?")
    (event,) = events(slack)
    assert event["text"] == f"<@{ANN}> and <@{ANN}>, is a &lt; b in <#{channel.channel_id}|project>?"
    assert (event["type"], event["channel_type"], event["user"], event["ts"]) == ("message", "channel", BEN, said.ts)
    assert not {"thread_ts", "subtype", "bot_id", "hidden", "user_team"} & event.keys()


async def test_app_hears_nothing_where_it_is_not_or_is_not_allowed(clock: ManualClock, slack: LocalSlack) -> None:
    general, secret = slack.general(TEAM), slack.talk.create("secret", TEAM, {ANN, BEN}, private=True)
    slack.talk.say(BEN, general.channel_id, "@ann")
    assert events(slack) == []
    slack.tokens.bot(TEAM).scopes -= {"groups:history"}  # type: ignore[union-attr]  # it is installed
    slack.talk.invite_app(general.channel_id)
    slack.talk.invite_app(secret.channel_id)
    slack.talk.say(BEN, secret.channel_id, "@ann")
    assert events(slack) == []
    slack.install(TEAM, {"groups:history"})
    slack.talk.say(BEN, secret.channel_id, "@ann")
    slack.talk.leave(general.channel_id, slack.bot_of(TEAM).user_id)
    slack.talk.say(BEN, general.channel_id, "@ann")
    assert [event["channel_type"] for event in events(slack)] == ["group"]


async def test_replies_name_their_parent(slack: LocalSlack, channel: Channel) -> None:
    parent = slack.talk.say(ANN, channel.channel_id, "Hello")
    slack.talk.say(BEN, channel.channel_id, "@ann", thread_ts=parent.ts)
    slack.talk.say(BEN, channel.channel_id, "@ann", thread_ts=parent.ts, broadcast=True)
    _, reply, broadcast = events(slack)
    assert (reply["thread_ts"], reply["parent_user_id"]) == (parent.ts, ANN)
    assert "subtype" not in reply
    assert (broadcast["subtype"], broadcast["thread_ts"]) == ("thread_broadcast", parent.ts)


async def test_edits_and_deletions_are_hidden_and_hold_the_message_inside(slack: LocalSlack, channel: Channel) -> None:
    said = slack.talk.say(BEN, channel.channel_id, "Hello")
    slack.talk.edit(said, "@ann")
    slack.talk.delete(said)
    _, edited, deleted = events(slack)
    assert (edited["subtype"], edited["hidden"], edited["message"]["text"]) == ("message_changed", True, f"<@{ANN}>")
    assert edited["previous_message"]["text"] == "Hello"
    assert (edited["message"]["ts"], edited["message"]["edited"]["user"]) == (said.ts, BEN)
    assert not {"user", "text"} & (edited.keys() | deleted.keys())
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", said.ts)


async def test_bots_are_told_apart(slack: LocalSlack, channel: Channel) -> None:
    slack.talk.says_as_bot(channel.channel_id, "@ann")
    slack.talk.says_as_bot(channel.channel_id, "@ann", subtype=True)
    await bot(slack).chat_postMessage(channel=channel.channel_id, text=f"<@{ANN}>")
    new, old, own = events(slack)
    assert ("subtype" in new, old["subtype"], "user" in old) == (False, "bot_message", False)
    assert all(event["bot_id"] for event in (new, old, own))
    assert (own["user"], own["app_id"]) == (slack.bot_of(TEAM).user_id, slack.app.app_id)


async def test_author_of_another_workspace_in_a_shared_channel(slack: LocalSlack) -> None:
    shared = slack.talk.create("partners", TEAM, {ANN, EVE}, shared=True)
    slack.talk.invite_app(shared.channel_id)
    slack.talk.say(EVE, shared.channel_id, "@ann")
    (envelope,) = slack.deliveries.delivered
    assert (envelope["team_id"], envelope["authorizations"][0]["team_id"]) == (OTHER, TEAM)
    assert (envelope["context_team_id"], envelope["is_ext_shared_channel"]) == (TEAM, True)
    assert (envelope["event"]["user_team"], envelope["event"]["team"]) == (OTHER, OTHER)


# ── what the app says ───────────────────────────────────────────────────────────────────────────────


async def test_ephemeral_is_seen_by_one_person_and_told_to_nobody(slack: LocalSlack, channel: Channel) -> None:
    answer = await bot(slack).chat_postEphemeral(channel=channel.channel_id, user=BEN, text="Ann is out")
    (shown,) = slack.ephemeral_messages(BEN)
    assert (shown.text, shown.channel_id, shown.thread_ts, shown.ts) == (
        "Ann is out", channel.channel_id, "", answer["message_ts"],
    )  # fmt: skip
    assert (slack.ephemeral_messages(ANN), events(slack)) == ([], [])


async def test_ephemeral_in_a_thread_is_shown_where_the_thread_is_active(slack: LocalSlack, channel: Channel) -> None:
    parent = slack.talk.say(ANN, channel.channel_id, "Hello")
    place = {"channel": channel.channel_id, "user": BEN}
    await bot(slack).chat_postEphemeral(**place, text="no thread yet", thread_ts=parent.ts)
    reply = slack.talk.say(BEN, channel.channel_id, "@ann", thread_ts=parent.ts)
    await bot(slack).chat_postEphemeral(**place, text="to a reply", thread_ts=reply.ts)
    await bot(slack).chat_postEphemeral(**place, text="in the thread", thread_ts=parent.ts)
    assert [(one.text, one.thread_ts) for one in slack.ephemeral_messages(BEN)] == [("in the thread", parent.ts)]
    assert [one.text for one in slack.talk.unseen] == ["no thread yet", "to a reply"]


async def test_ephemeral_to_somebody_who_is_offline_is_lost(slack: LocalSlack, channel: Channel) -> None:
    slack.presence.connects(BEN, 0)
    await bot(slack).chat_postEphemeral(channel=channel.channel_id, user=BEN, text="Ann is out")
    assert (slack.ephemeral_messages(BEN), len(slack.talk.unseen)) == ([], 1)


async def test_places_where_the_app_may_not_write(slack: LocalSlack, channel: Channel) -> None:
    secret = slack.talk.create("secret", TEAM, {ANN}, private=True)
    old = slack.talk.create("old", TEAM, {ANN})
    slack.talk.invite_app(old.channel_id)
    old.archived = True
    tried = [
        (slack.general(TEAM).channel_id, ANN), (secret.channel_id, ANN), ("C0NOWHERE", ANN), (old.channel_id, ANN),
        (channel.channel_id, EVE), (channel.channel_id, "U0NOBODY01"),
    ]  # fmt: skip
    errors = [await refused(bot(slack).chat_postEphemeral(channel=where, user=who, text="x")) for where, who in tried]
    assert errors == [
        "not_in_channel", "channel_not_found", "channel_not_found", "is_archived", "user_not_in_channel",
        "user_not_in_channel",
    ]  # fmt: skip
    assert await refused(bot(slack).chat_postMessage(channel=slack.general(TEAM).channel_id, text="x")) == (
        "not_in_channel"
    )
    silent = {"channel": channel.channel_id, "user": BEN}
    assert await refused(bot(slack).api_call("chat.postEphemeral", json=silent)) == "no_text"


# ── emoji ───────────────────────────────────────────────────────────────────────────────────────────


async def test_standard_emoji_are_listed_with_categories_alone(slack: LocalSlack) -> None:
    slack.emoji.add(TEAM, "party_parrot")
    slack.emoji.add(TEAM, "ship", "alias:rocket")
    plain = (await bot(slack).emoji_list()).data
    assert plain["emoji"] == {"party_parrot": f"{slack.url}/emoji/party_parrot.png", "ship": "alias:rocket"}
    assert "categories" not in plain
    body = (await bot(slack).emoji_list(include_categories=True)).data
    names = {category["name"]: category["emoji_names"] for category in body["categories"]}
    assert (len(names), "pizza" in names["Food & Drink"], names["Flags"][0]) == (8, True, "checkered_flag")
    assert "party_parrot" not in {name for listed in names.values() for name in listed}
    assert sum(map(len, names.values())) > 1500


async def test_picture_of_an_emoji_is_served_until_it_is_removed(slack: LocalSlack) -> None:
    slack.emoji.add(TEAM, "party_parrot")
    address = slack.workspaces[TEAM].emoji["party_parrot"]
    async with ClientSession() as browser:
        async with browser.get(address) as answer:
            assert (answer.status, answer.content_type) == (200, "image/png")
        slack.emoji.remove(TEAM, "party_parrot")
        async with browser.get(address) as answer:
            assert answer.status == 404


async def test_changed_emoji_are_told_with_the_scope(slack: LocalSlack) -> None:
    slack.emoji.add(TEAM, "party_parrot", "https://example.com/p.gif")
    slack.emoji.rename(TEAM, "party_parrot", "macaw")
    slack.emoji.remove(TEAM, "macaw")
    assert [{k: v for k, v in event.items() if k not in {"type", "event_ts"}} for event in events(slack)] == [
        {"subtype": "add", "name": "party_parrot", "value": "https://example.com/p.gif"},
        {"subtype": "rename", "old_name": "party_parrot", "new_name": "macaw", "value": "https://example.com/p.gif"},
        {"subtype": "remove", "names": ["macaw"]},
    ]
    slack.install(OTHER, {"commands"})
    slack.emoji.add(OTHER, "party_parrot")
    assert len(events(slack)) == 3


# ── optional scopes ─────────────────────────────────────────────────────────────────────────────────


def test_app_is_registered_as_its_manifest_has_it() -> None:
    manifest = yaml.safe_load((Path(__file__).resolve().parents[2] / "manifest.yml").read_text(encoding="utf-8"))
    scopes, events = manifest["oauth_config"]["scopes"], manifest["settings"]["event_subscriptions"]
    app = AppConfig()
    assert (app.bot_optional, app.user_optional) == (set(scopes["bot_optional"]), set(scopes["user_optional"]))
    assert set(events["bot_events"]) <= app.events
    assert set(events.get("user_events", ())) <= app.user_events


def asked(slack: LocalSlack, **more: str) -> dict[str, str]:
    return {
        "client_id": slack.app.client_id, "redirect_uri": "http://127.0.0.1:1/back", "state": "s",
        "scope": "commands,emoji:read,channels:history", "user_scope": "users.profile:write,dnd:write",
    } | more  # fmt: skip


def granted(slack: LocalSlack, where: str) -> dict[str, Any]:
    code = where.partition("code=")[2].partition("&")[0]
    return slack.oauth.access(
        {"code": code, "redirect_uri": "http://127.0.0.1:1/back"},
        (slack.app.client_id, slack.app.client_secret),
        slack.clock.now(),
    )


async def test_optional_scopes_can_be_left_out_and_required_ones_not(slack: LocalSlack) -> None:
    slack.uninstall(TEAM)
    first = granted(slack, slack.oauth.decide(asked(slack), ANN, without=("emoji:read", "dnd:write")))
    assert (first["scope"], first["authed_user"]["scope"]) == ("channels:history,commands", "users.profile:write")
    with pytest.raises(ValueError, match="commands"):
        slack.oauth.decide(asked(slack), ANN, without=("commands",))
    link = asked(slack, scope="", user_scope="dnd:write,dnd:read")
    later = granted(slack, slack.oauth.decide(link, ANN))
    assert later["authed_user"]["scope"] == "dnd:read,dnd:write,users.profile:write"
    assert "access_token" not in later


async def test_consent_page_has_boxes_for_optional_scopes_alone(slack: LocalSlack) -> None:
    slack.uninstall(TEAM)
    async with ClientSession() as browser:
        async with browser.get(slack.authorize_url, params=asked(slack)) as answer:
            page = await answer.text()
        boxes = {one.partition('"')[0] for one in page.split('name="granted" value="')[1:]}
        assert boxes == {"emoji:read", "channels:history", "dnd:write"}
        form = [*asked(slack).items(), ("account", ANN), ("decision", "allow"), ("granted", "dnd:write")]
        async with browser.post(slack.authorize_url, data=form, allow_redirects=False) as answer:
            body = granted(slack, answer.headers["Location"])
    assert (body["scope"], body["authed_user"]["scope"]) == ("commands", "dnd:write,users.profile:write")


# ── events that the app does not ask for ────────────────────────────────────────────────────────────


async def test_events_come_to_those_who_subscribed_to_them(slack: LocalSlack, channel: Channel) -> None:
    def happen() -> list[str]:
        before = len(events(slack))
        slack.set_zone(ANN, "Asia/Tokyo" if slack.member(ANN).tz != "Asia/Tokyo" else "Etc/UTC")
        slack.dnd.snooze(BEN, 30 + before)
        slack.talk.leave(channel.channel_id, BEN)
        slack.talk.join(channel.channel_id, BEN)
        return [event["type"] for event in events(slack)[before:]]

    assert happen() == ["user_change"]
    slack.app.events |= {"user_profile_changed", "dnd_updated_user", "member_joined_channel"}
    assert happen() == ["user_profile_changed", "user_change", "dnd_updated_user", "member_joined_channel"]
    others = next(event for event in events(slack) if event["type"] == "dnd_updated_user")
    assert not {"snooze_enabled", "snooze_endtime"} & others["dnd_status"].keys()
