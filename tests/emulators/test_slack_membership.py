"""The local Slack's members: roles, accounts that end, lists in pages, and who may set whose profile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import jsonschema
import pytest
from slack_sdk.errors import SlackApiError

from emulators.slack import LocalSlack
from tests.support.clocks import ManualClock
from tests.support.local_slack import ANN, BEN, TEAM, bot, own, refused, schema_of

OTHER, EVE = "T0OTHER001", "U0EVE00001"
LUNCH = {"status_text": "Lunch", "status_emoji": ":pizza:"}
ROLES = ("guest", "member", "admin", "owner", "primary_owner")


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[LocalSlack]:
    slack = LocalSlack(clock)
    slack.add_workspace(TEAM)
    slack.add_workspace(OTHER, "Other", "other")
    slack.add_person(ANN, "ann", "Ann Example", is_admin=True)
    slack.add_person(BEN, "ben", "Ben Example", tz="Europe/Berlin", locale="de-DE")
    slack.add_person(EVE, "eve", team_id=OTHER)
    slack.install(TEAM)
    async with slack:
        yield slack


async def keep(slack: LocalSlack, user_id: str = BEN, **profile: Any) -> str:
    """What Ann's setting that person's status comes to: an error, or ""."""
    call = own(slack).users_profile_set(user=user_id, profile=profile or LUNCH)
    try:
        await call
    except SlackApiError as error:
        return str(error.response["error"])
    return ""


def heard(slack: LocalSlack) -> list[dict[str, Any]]:
    return [envelope["event"] for envelope in slack.deliveries.delivered]


# ── whose profile somebody may set ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("whose", ROLES)
@pytest.mark.parametrize("role", ROLES)
async def test_token_sets_the_profiles_of_those_below_its_owner(slack: LocalSlack, role: str, whose: str) -> None:
    slack.membership.set_role(ANN, role)
    slack.membership.set_role(BEN, whose)
    below = ROLES.index(whose) < ROLES.index(role)
    expected = "not_admin" if role in {"guest", "member"} else "" if below else "cannot_update_admin_user"
    assert await keep(slack) == expected
    assert slack.member(BEN).text == ("" if expected else "Lunch")


async def test_answer_is_the_others_profile_and_they_are_told_of(slack: LocalSlack) -> None:
    answer = await own(slack).users_profile_set(user=BEN, profile=LUNCH)
    jsonschema.Draft7Validator(schema_of("users.profile.set")).validate(answer.data)
    assert (answer["username"], answer["profile"]["real_name"]) == ("ben", "Ben Example")
    assert [(event["type"], event["user"]["id"]) for event in heard(slack)][-1] == ("user_change", BEN)


async def test_profile_on_a_free_plan_is_ones_own_alone(slack: LocalSlack) -> None:
    slack.workspaces[TEAM].paid = False
    assert await keep(slack) == "paid_only"
    assert await keep(slack, ANN) == ""


async def test_profile_of_a_bot_of_nobody_of_others_and_of_who_left_is_not_set(slack: LocalSlack) -> None:
    slack.membership.deactivate(BEN)
    shared = slack.talk.create("partners", TEAM, {ANN, EVE}, shared=True)
    slack.talk.invite_app(shared.channel_id)
    told = [await keep(slack, one) for one in (slack.bot_of(TEAM).user_id, "U0NOBODY", EVE, BEN)]
    assert told == ["not_app_admin", "user_not_found", "user_not_found", "user_not_found"]


@pytest.mark.parametrize(
    "code", ["sudo_required", "permission_denied", "partial_profile_set_failed", "profile_set_failed"]
)
async def test_refusal_of_one_target_stands_until_it_is_taken_back(slack: LocalSlack, code: str) -> None:
    slack.member(BEN).refuses = code
    assert [await keep(slack), await keep(slack), slack.member(BEN).text] == [code, code, ""]
    slack.member(BEN).refuses = ""
    assert await keep(slack) == ""


async def test_bot_token_sets_nobodys_profile(slack: LocalSlack) -> None:
    assert await refused(bot(slack).users_profile_set(user=BEN, profile=LUNCH)) == "not_allowed_token_type"


async def test_thirty_profiles_a_minute_are_set_by_one_token(slack: LocalSlack, clock: ManualClock) -> None:
    for number in range(31):
        slack.add_person(f"U0MORE{number:04d}", f"more{number}")
    told = []
    for number in range(31):
        told.append(await keep(slack, f"U0MORE{number:04d}"))
        clock.move(seconds=1)
    assert told == [""] * 30 + ["ratelimited"]
    with pytest.raises(SlackApiError) as caught:
        await own(slack).users_profile_set(user=BEN, profile=LUNCH)
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "29")
    await own(slack, BEN).users_profile_set(profile=LUNCH)
    clock.move(seconds=29)
    assert await keep(slack, "U0MORE0030") == ""


async def test_ten_a_minute_are_set_of_one_person_by_whomever(slack: LocalSlack, clock: ManualClock) -> None:
    for number in range(6):
        assert await keep(slack, status_text=f"{number}", status_emoji=":pizza:") == ""
    for number in range(4):
        await own(slack, BEN).users_profile_set(profile={"status_text": f"Own {number}", "status_emoji": ":pizza:"})
    assert await keep(slack) == "ratelimited"
    assert await refused(own(slack, BEN).users_profile_set(profile=LUNCH)) == "ratelimited"
    assert slack.member(BEN).text == "Own 3"
    clock.move(minutes=1)
    assert await keep(slack) == ""


async def test_refused_writes_count(slack: LocalSlack) -> None:
    slack.member(BEN).refuses = "sudo_required"
    assert [await keep(slack) for _ in range(11)] == ["sudo_required"] * 10 + ["ratelimited"]


# ── roles and accounts ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("role", "flags"),
    [
        ("primary_owner", {"is_admin", "is_owner", "is_primary_owner"}),
        ("owner", {"is_admin", "is_owner"}),
        ("admin", {"is_admin"}),
        ("member", set()),
        ("guest", {"is_restricted"}),
        ("single_channel_guest", {"is_restricted", "is_ultra_restricted"}),
    ],
)
async def test_role_is_shown_as_slack_shows_it(slack: LocalSlack, role: str, flags: set[str]) -> None:
    slack.membership.set_role(ANN, role)
    user = (await bot(slack).users_info(user=ANN, include_locale=True))["user"]
    jsonschema.Draft7Validator(schema_of("users.info")["properties"]["user"]["items"][0]).validate(user)
    shown = {name for name, value in user.items() if value is True}
    assert shown == flags
    assert heard(slack)[-1]["type"] == "user_change"
    assert {name for name, value in heard(slack)[-1]["user"].items() if value is True} == flags


async def test_deactivated_has_neither_zone_nor_role_nor_token(slack: LocalSlack) -> None:
    slack.install(TEAM, {"users:read.email"})
    theirs = own(slack, BEN)
    slack.membership.deactivate(BEN)
    user = (await bot(slack).users_info(user=BEN, include_locale=True))["user"]
    jsonschema.Draft7Validator(schema_of("users.info")["properties"]["user"]["items"][0]).validate(user)
    assert (user["deleted"], user["profile"]["real_name"], user["profile"]["email"]) == (
        True, "Ben Example", "ben@example.com",
    )  # fmt: skip
    assert not {"tz", "tz_offset", "is_admin", "is_restricted", "locale"} & user.keys()
    assert await refused(theirs.auth_test()) == "account_inactive"
    assert BEN not in slack.general(TEAM).members
    assert heard(slack)[-1]["user"]["deleted"] is True
    slack.membership.reactivate(BEN)
    assert await refused(theirs.auth_test()) == "account_inactive"
    user = (await bot(slack).users_info(user=BEN))["user"]
    assert (user["deleted"], user["tz"], user["is_admin"]) == (False, "Europe/Berlin", False)
    await own(slack, BEN).auth_test()


async def test_who_joins_moves_or_is_renamed_is_told_of(slack: LocalSlack) -> None:
    slack.membership.join("U0NEW00001", "new", "New Person", team_id=TEAM, tz="Asia/Tokyo")
    slack.membership.rename("U0NEW00001", "Newer Person", display_name="")
    slack.set_zone("U0NEW00001", "Europe/Paris")
    told = [(event["type"], event["user"]["tz"], event["user"]["profile"]["real_name"]) for event in heard(slack)]
    assert told == [
        ("team_join", "Asia/Tokyo", "New Person"),
        ("user_change", "Asia/Tokyo", "Newer Person"),
        ("user_change", "Europe/Paris", "Newer Person"),
    ]
    profile = heard(slack)[-1]["user"]["profile"]
    assert (profile["first_name"], profile["last_name"], profile["display_name"]) == ("Newer", "Person", "")


async def test_app_hears_of_others_people_in_shared_channels(slack: LocalSlack) -> None:
    slack.type_status(EVE, "Lunch", ":pizza:")
    assert heard(slack) == []
    assert await refused(bot(slack).users_info(user=EVE)) == "user_not_found"
    shared = slack.talk.create("partners", TEAM, {ANN, EVE}, shared=True)
    slack.membership.set_role(EVE, "owner")
    (envelope,) = slack.deliveries.delivered
    user = envelope["event"]["user"]
    assert (envelope["team_id"], user["team_id"], user["is_stranger"], user["is_owner"]) == (TEAM, OTHER, True, False)
    slack.talk.invite_app(shared.channel_id)
    slack.install(TEAM, {"users:read.email"})
    user = (await bot(slack).users_info(user=EVE))["user"]
    jsonschema.Draft7Validator(schema_of("users.info")["properties"]["user"]["items"][0]).validate(user)
    assert (user["team_id"], user["is_stranger"], "email" in user["profile"]) == (OTHER, False, False)


# ── users.list ──────────────────────────────────────────────────────────────────────────────────────


async def listed(slack: LocalSlack, **arguments: Any) -> list[list[dict[str, Any]]]:
    """All pages."""
    pages, cursor = [], ""
    while True:
        answer = await bot(slack).users_list(cursor=cursor, **arguments)
        pages.append(answer["members"])
        cursor = answer["response_metadata"]["next_cursor"]
        if not cursor:
            return pages


async def test_list_has_bots_slackbot_who_left_and_others_people(slack: LocalSlack) -> None:
    shared = slack.talk.create("partners", TEAM, {ANN, EVE}, shared=True)
    slack.talk.invite_app(shared.channel_id)
    slack.membership.deactivate(BEN)
    (page,) = await listed(slack, include_locale=True)
    validator = jsonschema.Draft7Validator(schema_of("users.info")["properties"]["user"]["items"][0])
    for user in page:
        validator.validate(user)
    assert {user["id"]: (user["is_bot"], user["deleted"], user["team_id"]) for user in page} == {
        "USLACKBOT": (False, False, TEAM),
        slack.bot_of(TEAM).user_id: (True, False, TEAM),
        ANN: (False, False, TEAM),
        BEN: (False, True, TEAM),
        EVE: (False, False, OTHER),
    }
    assert page[0]["locale"] == "en-US"


async def test_list_comes_in_pages_which_may_be_shorter_than_asked(slack: LocalSlack) -> None:
    for number in range(10):
        slack.add_person(f"U0MORE{number:04d}", f"more{number}")
    pages = await listed(slack, limit=6)
    assert [len(page) for page in pages] == [6, 6, 2]
    assert len({user["id"] for page in pages for user in page}) == 14
    slack.workspaces[TEAM].longest_page = 4
    assert [len(page) for page in await listed(slack, limit=6)] == [4, 4, 4, 2]


async def test_list_of_many_wants_a_limit(slack: LocalSlack) -> None:
    slack.workspaces[TEAM].large = 4
    assert await refused(bot(slack).users_list()) == "limit_required"
    assert [len(page) for page in await listed(slack, limit=3)] == [3, 1]


@pytest.mark.parametrize("cursor", ["nothing", "%%%", "dXNlcjpVMDYxTkZUVDI=", "bWVtYmVyOlUwQU5OMDAwMDE="])
async def test_cursor_that_is_none_is_refused(slack: LocalSlack, cursor: str) -> None:
    assert await refused(bot(slack).users_list(cursor=cursor, limit=2)) == "invalid_cursor"


async def test_list_is_asked_for_twenty_times_a_minute(slack: LocalSlack, clock: ManualClock) -> None:
    for _ in range(20):
        await bot(slack).users_list(limit=2)
        clock.move(seconds=1)
    with pytest.raises(SlackApiError) as caught:
        await bot(slack).users_list(limit=2)
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "40")


async def test_list_needs_its_scope(slack: LocalSlack) -> None:
    slack.tokens.bot(TEAM).scopes -= {"users:read"}  # type: ignore[union-attr]  # it is installed
    token = slack.tokens.bot(TEAM)
    assert token is not None
    client = own(slack)
    client.token = token.value
    assert await refused(client.users_list(limit=2)) == "missing_scope"
