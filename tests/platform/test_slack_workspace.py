"""Members, channels and other people's profiles, asked of a Slack that keeps Slack's own rules."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from emulators.faults import Fault
from emulators.slack import LocalSlack
from services.domain.errors import (
    ChannelRefusedError,
    GrantLostError,
    ScopeMissingError,
    SlackError,
    SlackRateLimitedError,
    SlackRefusedError,
    SlackUnavailableError,
    WorkspaceBlockedError,
)
from services.domain.members import Role, WorkspaceMember
from services.domain.model import Status
from services.slack.client import SlackClients, error_for
from services.slack.conversations import ChannelFacts, SlackConversations
from services.slack.keeper import KeeperProfiles
from services.slack.members import SlackMembers
from services.slack.messages import SlackMessages
from tests.support.clocks import ManualClock
from tests.support.local_slack import ANN, BEN, TEAM

OTHER, EVE = "T0OTHER001", "U0EVE00001"
HOMES = {TEAM}


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[LocalSlack]:
    slack = LocalSlack(clock)
    slack.add_workspace(TEAM)
    slack.add_workspace(OTHER, "Other", "other")
    slack.add_person(ANN, "ann", "Ann Lee", is_admin=True)
    slack.add_person(
        BEN, "ben", "Benjamin Ox", display_name="Ben", first_name="Ben", tz="Europe/Berlin", locale="de-DE"
    )
    slack.add_person(EVE, "eve", "Eve Far", team_id=OTHER)
    slack.install(TEAM)
    slack.install(TEAM, {"users:read.email"})
    async with slack:
        yield slack


@pytest.fixture
async def clients(slack: LocalSlack) -> AsyncIterator[SlackClients]:
    clients = SlackClients(slack.api_url)
    yield clients
    await clients.close()


def bot_token(slack: LocalSlack) -> str:
    return slack.install(TEAM).value


async def refusal(call: Awaitable[Any]) -> SlackError:
    with pytest.raises(SlackError) as caught:
        await call
    return caught.value


# ── members ─────────────────────────────────────────────────────────────────────────────────────────


async def everybody(slack: LocalSlack, clients: SlackClients) -> list[WorkspaceMember]:
    members, cursor = await SlackMembers(clients).page(bot_token(slack), HOMES)
    found = list(members)
    while cursor:
        members, cursor = await SlackMembers(clients).page(bot_token(slack), HOMES, cursor)
        found += members
    return found


async def test_all_members_are_read_page_by_page_and_told_apart(slack: LocalSlack, clients: SlackClients) -> None:
    shared = slack.talk.create("partners", TEAM, {ANN, EVE}, shared=True)
    slack.talk.invite_app(shared.channel_id)
    slack.add_person("U0GONE0001", "gone", "Gone Person")
    slack.membership.deactivate("U0GONE0001")
    slack.workspaces[TEAM].large = slack.workspaces[TEAM].longest_page = 2
    found = {one.user_id: one for one in await everybody(slack, clients)}
    assert {user_id: one.is_colleague for user_id, one in found.items()} == {
        "USLACKBOT": False, slack.bot_of(TEAM).user_id: False, ANN: True, BEN: True, EVE: False, "U0GONE0001": False,
    }  # fmt: skip
    assert found[BEN] == WorkspaceMember(
        BEN, ("Benjamin Ox", "Ben", "Ben Ox"), "ben@example.com", "Europe/Berlin", "de-DE"
    )
    assert found[ANN].role is Role.ADMIN
    assert (found[EVE].stranger, found[EVE].address) == (True, "")
    assert found["U0GONE0001"] == WorkspaceMember(
        "U0GONE0001", ("Gone Person", "gone"), "gone@example.com", deleted=True
    )
    assert len(slack.calls.all("users.list")) == 3


async def test_empty_page_is_not_the_end(slack: LocalSlack, clients: SlackClients) -> None:
    empty = {"ok": True, "members": [], "response_metadata": {"next_cursor": "more"}}
    slack.faults.add(Fault("users.list", error="x", body=empty))
    assert await SlackMembers(clients).page(bot_token(slack), HOMES) == ((), "more")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"ok": True}, "no_members"),
        ({"ok": True, "members": {}}, "no_members"),
        ({"ok": True, "members": [], "response_metadata": {"next_cursor": "again"}}, "cursor_stands"),
    ],
)
async def test_page_that_makes_no_sense_is_none(
    slack: LocalSlack, clients: SlackClients, body: dict[str, Any], reason: str
) -> None:
    slack.faults.add(Fault("users.list", error="x", body=body))
    error = await refusal(SlackMembers(clients).page(bot_token(slack), HOMES, "again"))
    assert (type(error), error.reason) == (SlackUnavailableError, reason)


async def test_list_is_asked_for_as_often_as_slack_allows(slack: LocalSlack, clients: SlackClients) -> None:
    for _ in range(20):
        await SlackMembers(clients).page(bot_token(slack), HOMES)
    error = await refusal(SlackMembers(clients).page(bot_token(slack), HOMES))
    assert isinstance(error, SlackRateLimitedError)
    assert error.retry_after == 60


async def test_one_member_is_read_as_they_are_now(slack: LocalSlack, clients: SlackClients) -> None:
    members = SlackMembers(clients)
    slack.membership.set_role(BEN, "owner")
    assert (await members.member(bot_token(slack), BEN, HOMES)).role is Role.OWNER
    slack.membership.set_role(BEN, "single_channel_guest")
    assert (await members.member(bot_token(slack), BEN, HOMES)).guest
    slack.membership.deactivate(BEN)
    assert (await members.member(bot_token(slack), BEN, HOMES)).deleted
    error = await refusal(members.member(bot_token(slack), "U0NOBODY", HOMES))
    assert (type(error), error.reason) == (SlackRefusedError, "user_not_found")
    slack.faults.add(Fault("users.info", error="x", body={"ok": True, "user": {"id": BEN, "team_id": TEAM}}))
    error = await refusal(members.member(bot_token(slack), ANN, HOMES))
    assert (type(error), error.reason) == (SlackUnavailableError, "no_user")


# ── channels ────────────────────────────────────────────────────────────────────────────────────────


async def test_channel_is_read_with_all_of_its_members(slack: LocalSlack, clients: SlackClients) -> None:
    more = {f"U0MORE{number:04d}" for number in range(450)}
    channel = slack.talk.create("project", TEAM, {ANN, BEN, *more})
    slack.talk.invite_app(channel.channel_id)
    conversations, token = SlackConversations(clients), bot_token(slack)
    assert await conversations.info(token, channel.channel_id) == ChannelFacts(
        channel.channel_id, "project", joined=True
    )
    assert await conversations.members(token, channel.channel_id) == channel.members
    assert len(slack.calls.all("conversations.members")) == 3


async def test_channel_shared_with_others_or_archived_is_told_apart(slack: LocalSlack, clients: SlackClients) -> None:
    conversations, token = SlackConversations(clients), bot_token(slack)
    shared = slack.talk.create("partners", TEAM, {ANN, EVE}, private=True, shared=True)
    slack.talk.invite_app(shared.channel_id)
    slack.talk.archive(shared.channel_id)
    assert await conversations.info(token, shared.channel_id) == ChannelFacts(
        shared.channel_id, "partners", archived=True, shared=True, joined=True
    )
    within = {"id": "C1", "is_shared": True, "is_org_shared": True}
    slack.faults.add(Fault("conversations.info", error="x", body={"ok": True, "channel": within}))
    assert await conversations.info(token, "C1") == ChannelFacts("C1")
    slack.faults.add(Fault("conversations.info", error="x", body={"ok": True, "channel": within}))
    error = await refusal(conversations.info(token, "C2"))
    assert (type(error), error.reason) == (SlackUnavailableError, "no_channel")


async def test_channel_that_the_app_may_not_see_is_refused(slack: LocalSlack, clients: SlackClients) -> None:
    conversations = SlackConversations(clients)
    secret = slack.talk.create("secret", TEAM, {ANN}, private=True)
    for call in (conversations.info, conversations.members):
        error = await refusal(call(bot_token(slack), secret.channel_id))
        assert (type(error), error.reason) == (ChannelRefusedError, "channel_not_found")
    slack.talk.invite_app(secret.channel_id)
    slack.tokens.bot(TEAM).scopes -= {"groups:read"}  # type: ignore[union-attr]  # it is installed
    token = slack.tokens.bot(TEAM)
    assert token is not None
    error = await refusal(conversations.members(token.value, secret.channel_id))
    assert (type(error), error.facts["needed"]) == (ScopeMissingError, "groups:read")


async def test_members_are_all_or_none(slack: LocalSlack, clients: SlackClients) -> None:
    channel = slack.talk.create("project", TEAM, {f"U0MORE{number:04d}" for number in range(450)})
    slack.faults.add(Fault("conversations.members", error="internal_error", skip=1))
    error = await refusal(SlackConversations(clients).members(bot_token(slack), channel.channel_id))
    assert type(error) is SlackUnavailableError
    body = {"ok": True, "members": "U1"}
    slack.faults.add(Fault("conversations.members", error="x", body=body))
    error = await refusal(SlackConversations(clients).members(bot_token(slack), channel.channel_id))
    assert error.reason == "no_members"


async def test_channel_takes_a_message_and_says_why_it_takes_none(
    slack: LocalSlack, clients: SlackClients, clock: ManualClock
) -> None:
    messages, channel = SlackMessages(clients), slack.talk.create("project", TEAM, {ANN, BEN})

    async def post() -> str:
        clock.move(seconds=1)
        try:
            await messages.post_in_channel(bot_token(slack), channel.channel_id, {"text": "Ann Lee is out"})
        except ChannelRefusedError as error:
            return error.reason
        return ""

    told = [await post()]
    slack.talk.invite_app(channel.channel_id)
    told.append(await post())
    for channel.refuses in ("restricted_action", "restricted_action_read_only_channel"):
        told.append(await post())
    slack.talk.archive(channel.channel_id)
    told.append(await post())
    slack.talk.delete_channel(channel.channel_id)
    told.append(await post())
    assert told == [
        "not_in_channel", "", "restricted_action", "restricted_action_read_only_channel", "is_archived",
        "channel_not_found",
    ]  # fmt: skip


async def test_message_that_was_posted_is_known_by_its_ts(slack: LocalSlack, clients: SlackClients) -> None:
    channel = slack.talk.create("project", TEAM, {ANN, BEN})
    slack.talk.invite_app(channel.channel_id)
    ts = await SlackMessages(clients).post_in_channel(bot_token(slack), channel.channel_id, {"text": "Ann Lee is out"})
    (posted,) = slack.talk.posted(channel.channel_id)
    assert (posted.ts, slack.talk.notified(posted)) == (ts, frozenset())


def test_word_of_a_channel_is_one_of_those_methods_alone() -> None:
    assert type(error_for("users.setPresence", "restricted_action")) is WorkspaceBlockedError
    assert type(error_for("chat.postMessage", "restricted_action")) is ChannelRefusedError
    assert type(error_for("files.info", "channel_not_found")) is SlackRefusedError


# ── other people's profiles ─────────────────────────────────────────────────────────────────────────

LEAVE = Status("Out of office until 4 May", ":palm_tree:")


async def test_admins_token_sets_the_status_of_somebody_below(
    slack: LocalSlack, clients: SlackClients, clock: ManualClock
) -> None:
    profiles, token = KeeperProfiles(clients), slack.grant(ANN).value
    end = (clock.now() + timedelta(days=2)).replace(microsecond=0)
    leave = Status("Out <3", ":palm_tree:", end)
    assert await profiles.set_for(token, BEN, leave) == leave
    assert await profiles.read_of(bot_token(slack), BEN) == leave
    assert (slack.member(BEN).text, slack.member(ANN).text) == ("Out <3", "")
    assert await profiles.set_for(token, BEN, Status()) == Status()
    with pytest.raises(ValueError, match="nobody"):
        await profiles.set_for(token, "", LEAVE)
    assert slack.member(ANN).text == ""


def _demoted(slack: LocalSlack) -> None:
    slack.membership.set_role(ANN, "member")


def _an_admin(slack: LocalSlack) -> None:
    slack.membership.set_role(BEN, "admin")


def _free(slack: LocalSlack) -> None:
    slack.workspaces[TEAM].paid = False


def _refusing(code: str) -> Callable[[LocalSlack], None]:
    def refuse(slack: LocalSlack) -> None:
        slack.member(BEN).refuses = code

    return refuse


@pytest.mark.parametrize(
    ("happens", "kind", "reason"),
    [
        (_demoted, WorkspaceBlockedError, "not_admin"),
        (_an_admin, WorkspaceBlockedError, "cannot_update_admin_user"),
        (_free, WorkspaceBlockedError, "paid_only"),
        (_refusing("sudo_required"), WorkspaceBlockedError, "sudo_required"),
        (_refusing("permission_denied"), WorkspaceBlockedError, "permission_denied"),
        (_refusing("partial_profile_set_failed"), SlackUnavailableError, "partial_profile_set_failed"),
        (_refusing("profile_set_failed"), SlackUnavailableError, "profile_set_failed"),
        (lambda slack: slack.membership.deactivate(BEN), SlackRefusedError, "user_not_found"),
        (lambda slack: slack.membership.deactivate(ANN), GrantLostError, "account_inactive"),
        (lambda slack: slack.revoke_of(ANN), GrantLostError, "token_revoked"),
    ],
)
async def test_each_refusal_of_anothers_status_has_its_kind_and_slacks_own_word(
    slack: LocalSlack, clients: SlackClients, happens: Callable[[LocalSlack], None], kind: type[SlackError], reason: str
) -> None:
    token = slack.grant(ANN).value
    happens(slack)
    error = await refusal(KeeperProfiles(clients).set_for(token, BEN, LEAVE))
    assert (type(error), error.reason) == (kind, reason)
    assert slack.member(BEN).text == ""


async def test_bots_profile_is_refused(slack: LocalSlack, clients: SlackClients) -> None:
    bot = slack.bot_of(TEAM).user_id
    error = await refusal(KeeperProfiles(clients).set_for(slack.grant(ANN).value, bot, LEAVE))
    assert (type(error), error.reason) == (SlackRefusedError, "not_app_admin")
