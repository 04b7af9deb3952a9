"""From a link in Slack to connected calendars, and back out again, with a local Google and a local Microsoft."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.domain.errors import CalendarUnreachableError, StatusQuoError, TooManyError
from services.domain.model import PersonKey
from services.domain.request_errors import (
    AccountNotAllowedError,
    AdministratorNeededError,
    ConsentDeniedError,
    LinkExpiredError,
    NotOfferedError,
)
from services.store.accounts import AccountView
from services.store.calendar_tables import ACCOUNTS, CALENDARS
from services.store.tables import OAUTH_STATES
from tests.support.calendar_stack import ANN, BOB, MAIL, PROVIDERS, CalendarStack, each_on_both, parsed
from tests.support.databases import BOTH

both = pytest.mark.parametrize("provider", PROVIDERS)


@each_on_both
async def test_consent_connects_the_main_calendar_and_its_events_come(stack: CalendarStack, provider: str) -> None:
    stack.add(provider, "Roadmap")
    found = await stack.connects(provider)
    assert (found.key, found.provider, found.name, found.more) == (ANN, provider, MAIL[provider], 0)
    assert len(found.calendars) == 1
    assert await stack.titles() == []
    await stack.works()
    assert await stack.titles() == ["Roadmap"]
    assert stack.wake_signal.rung > 0


@each_on_both
async def test_link_is_good_once(stack: CalendarStack, provider: str) -> None:
    link = parsed(await stack.calendars.accounts.flow.link(ANN, provider))["link"]
    await stack.begin(provider, link)
    with pytest.raises(LinkExpiredError):
        await stack.begin(provider, link)


async def test_link_is_good_for_ten_minutes(stack: CalendarStack) -> None:
    links = [parsed(await stack.calendars.accounts.flow.link(ANN, "google"))["link"] for _ in range(2)]
    stack.clock.move(minutes=9, seconds=59)
    await stack.begin("google", links[0])
    stack.clock.move(seconds=1)
    with pytest.raises(LinkExpiredError):
        await stack.begin("google", links[1])


async def test_link_that_is_forged_cut_or_for_another_provider_is_refused_and_stays_good(stack: CalendarStack) -> None:
    link = parsed(await stack.calendars.accounts.flow.link(ANN, "google"))["link"]
    other = parsed(await stack.calendars.accounts.flow.link(ANN, "microsoft"))["link"]
    wrong = link[:-4] + ("AAAA" if not link.endswith("AAAA") else "BBBB")
    for bad in ("", "x", "ä" * 40, link[:-1], wrong, "A" * 5000, other):
        with pytest.raises(LinkExpiredError):
            await stack.begin("google", bad)
    assert (await stack.begin("google", link)).url.startswith(stack.google.settings["GOOGLE_AUTHORIZE_URL"])


async def test_link_names_its_person_and_nobody_else(stack: CalendarStack) -> None:
    found = await stack.connects("google", BOB)
    assert found.key == BOB
    assert await stack.calendars.accounts.list(ANN) == []
    assert [one.name for one in await stack.calendars.accounts.list(BOB)] == [MAIL["google"]]


@each_on_both
async def test_state_is_good_once_and_for_ten_minutes(stack: CalendarStack, provider: str) -> None:
    first, second = await stack.consent(provider), await stack.consent(provider)
    await stack.comes_back(provider, first)
    with pytest.raises(LinkExpiredError):
        await stack.comes_back(provider, first)
    stack.clock.move(minutes=10)
    with pytest.raises(LinkExpiredError):
        await stack.comes_back(provider, second)


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "T1." + "x" * 43},
        {"state": ""},
        {"cookie": "c" * 43},
        {"cookie": ""},
        {"code": ""},
        {"code": "no-such-code"},
    ],
)
async def test_what_did_not_come_from_this_consent_connects_nothing(
    stack: CalendarStack, changed: dict[str, str]
) -> None:
    query = {**await stack.consent("google"), **changed}
    with pytest.raises(LinkExpiredError):
        await stack.comes_back("google", query)
    assert await stack.counts() == (0, 0, 0)


async def test_state_of_one_provider_is_none_of_the_other(stack: CalendarStack) -> None:
    query = await stack.consent("google")
    with pytest.raises(LinkExpiredError):
        await stack.comes_back("microsoft", query)


@pytest.mark.parametrize(
    "said",
    [
        {"error": "consent_required"},
        {"error": "access_denied", "error_description": "AADSTS90094: An administrator of Contoso has set a policy"},
        {"error": "invalid_client", "error_description": "AADSTS65001: The user or administrator has not consented"},
    ],
)
async def test_consent_that_only_an_administrator_can_give_says_so(stack: CalendarStack, said: dict[str, str]) -> None:
    query = {**await stack.consent("microsoft"), "code": "", **said}
    with pytest.raises(AdministratorNeededError):
        await stack.comes_back("microsoft", query)
    assert await stack.counts() == (0, 0, 0)


@both
async def test_denied_consent_connects_nothing_and_says_so(stack: CalendarStack, provider: str) -> None:
    with pytest.raises(ConsentDeniedError):
        await stack.comes_back(provider, await stack.consent(provider, allow=False))
    assert await stack.counts() == (0, 0, 0)


async def test_permission_that_was_left_out_connects_nothing_and_costs_nothing(stack: CalendarStack) -> None:
    without = ("https://www.googleapis.com/auth/calendar.events.readonly",)
    with pytest.raises(AccountNotAllowedError):
        await stack.comes_back("google", await stack.consent("google", without=without))
    assert await stack.counts() == (0, 0, 0)
    stack.add("google", "Roadmap")
    await stack.connects("google")
    with pytest.raises(AccountNotAllowedError):
        await stack.comes_back("google", await stack.consent("google", without=without))
    await stack.calendars.cleanup.close()
    await stack.works()
    assert await stack.titles() == ["Roadmap"]


@BOTH
async def test_account_that_two_people_connected_is_given_back_by_the_last_of_them(stack: CalendarStack) -> None:
    first = await stack.connects("google")
    second = await stack.connects("google", BOB)
    await stack.works()
    assert await stack.calendars.accounts.disconnect(ANN, first.account_id)
    await stack.calendars.cleanup.close()
    assert [grant.revoked for grant in stack.google.oauth.grants] == [False, False]
    stack.add("google", "Bob's")
    await stack.works()
    assert await stack.titles(BOB) == ["Bob's"]
    assert await stack.calendars.accounts.disconnect(BOB, second.account_id)
    await stack.calendars.cleanup.close()
    assert stack.google.oauth.grants[-1].revoked
    assert stack.watched("google") == 0


async def test_list_that_was_left_out_leaves_the_main_calendar(stack: CalendarStack) -> None:
    stack.add("google", "Roadmap")
    without = ("https://www.googleapis.com/auth/calendar.calendarlist.readonly",)
    found = await stack.comes_back("google", await stack.consent("google", without=without))
    assert (len(found.calendars), found.more) == (1, 0)
    await stack.works()
    assert await stack.titles() == ["Roadmap"]


async def test_provider_that_is_not_set_up_is_not_offered(stack: CalendarStack) -> None:
    for provider in ("apple", "", "caldav"):
        with pytest.raises(NotOfferedError):
            await stack.begin(provider, "x")
    assert [one.provider for one in await stack.calendars.accounts.flow.links(ANN)] == ["google", "microsoft"]


async def test_provider_that_is_down_connects_nothing(stack: CalendarStack) -> None:
    query = await stack.consent("google")
    stack.google.faults.add("/token", status=503)
    with pytest.raises(CalendarUnreachableError):
        await stack.comes_back("google", query)
    assert await stack.counts() == (0, 0, 0)


@BOTH
async def test_somebody_who_was_forgotten_meanwhile_gets_no_calendar(stack: CalendarStack) -> None:
    query = await stack.consent("google")
    now = stack.clock.now()
    assert await stack.stores.leavers.begin(ANN, now, now)
    with pytest.raises(StatusQuoError):
        await stack.comes_back("google", query)
    assert await stack.counts() == (0, 0, 0)


@each_on_both
async def test_same_account_again_is_mended_and_not_doubled(stack: CalendarStack, provider: str) -> None:
    first = await stack.connects(provider)
    again = await stack.connects(provider)
    assert again.account_id == first.account_id
    assert (await stack.counts())[:2] == (1, 1)


@BOTH
async def test_several_accounts_of_one_person_and_a_calendar_that_both_see_once(stack: CalendarStack) -> None:
    stack.google.add_account("second@gmail.example", "Ann too")
    for mail in (MAIL["google"], "second@gmail.example"):
        stack.google.accounts[mail].add_calendar("Team", "team@group.example")
    first = await stack.connects("google")
    second = await stack.connects("google", mail="second@gmail.example")
    assert first.account_id != second.account_id
    for one in (first, second):
        await stack.calendars.accounts.choose(ANN, one.account_id, {one.name, "team@group.example"})
    assert (await stack.counts())[:2] == (2, 3)


@BOTH
async def test_calendars_are_chosen_by_name_and_exactly_these_are_connected(stack: CalendarStack) -> None:
    account = stack.google.accounts[MAIL["google"]]
    for name in ("Team", "Holidays"):
        account.add_calendar(name, f"{name.lower()}@group.example")
    found = await stack.connects("google")
    assert found.more == 2
    await stack.works()
    choice = await stack.calendars.accounts.choice(ANN, found.account_id)
    assert choice is not None
    assert [(one.name, connected) for one, connected in choice.calendars] == [
        (found.calendars[0], True),
        ("Holidays", False),
        ("Team", False),
    ] or {one.name: connected for one, connected in choice.calendars} == {
        found.calendars[0]: True,
        "Team": False,
        "Holidays": False,
    }
    assert await stack.calendars.accounts.choose(ANN, found.account_id, {"team@group.example", "no@such.example"})
    await stack.works()
    await stack.calendars.cleanup.close()
    views = await stack.calendars.connections.list(ANN)
    assert [(view.name, view.watched) for view in views] == [("Team", True)]
    assert stack.watched("google") == 1  # that of the other one was stopped
    assert not await stack.calendars.accounts.choose(BOB, found.account_id, set())


@BOTH
async def test_account_for_whose_calendar_there_is_no_room_is_not_kept(stack: CalendarStack) -> None:
    for number in range(20):
        await stack.calendars.connections.connect_feed(ANN, f"https://feeds.example/{number}.ics")
    with pytest.raises(TooManyError):
        await stack.connects("google")
    await stack.calendars.cleanup.close()
    assert await stack.calendars.accounts.list(ANN) == []
    assert len(await stack.calendars.connections.list(ANN)) == 20
    assert [grant.revoked for grant in stack.google.oauth.grants] == [True]


@BOTH
async def test_choice_touches_no_calendar_that_it_did_not_show(stack: CalendarStack) -> None:
    stack.google.accounts[MAIL["google"]].add_calendar("Team", "team@group.example")
    found = await stack.connects("google")
    await stack.calendars.accounts.choose(ANN, found.account_id, {MAIL["google"], "team@group.example"})
    assert len(await stack.calendars.connections.list(ANN)) == 2
    stack.google.faults.add("/calendar/v3/users/me/calendarList", status=403, times=1)  # then the main one is all
    choice = await stack.calendars.accounts.choice(ANN, found.account_id)
    assert choice is not None
    assert len(choice.calendars) == 1
    await stack.calendars.accounts.choose(ANN, found.account_id, [one.address for one, yes in choice.calendars if yes])
    assert len(await stack.calendars.connections.list(ANN)) == 2


async def test_calendar_that_appeared_since_is_offered_and_what_is_not_answered_is_as_known_last(
    stack: CalendarStack,
) -> None:
    found = await stack.connects("google")
    stack.google.accounts[MAIL["google"]].add_calendar("New", "new@group.example")
    choice = await stack.calendars.accounts.choice(ANN, found.account_id)
    assert choice is not None
    assert "New" in [one.name for one, _ in choice.calendars]
    stack.google.faults.add("/calendar/v3/users/me/calendarList", status=500, times=5)
    assert await stack.calendars.accounts.choice(ANN, found.account_id) == choice


@each_on_both
async def test_disconnected_account_leaves_nothing_here_nor_there(stack: CalendarStack, provider: str) -> None:
    stack.add(provider, "Roadmap")
    found = await stack.connects(provider)
    await stack.works()
    assert stack.watched(provider) == 1
    assert not await stack.calendars.accounts.disconnect(BOB, found.account_id)
    assert await stack.calendars.accounts.disconnect(ANN, found.account_id)
    await stack.calendars.cleanup.close()
    assert await stack.counts() == (0, 0, 0)
    assert await stack.titles() == []
    assert stack.watched(provider) == 0
    if provider == "google":
        assert [grant.revoked for grant in stack.google.oauth.grants] == [True]


@each_on_both
async def test_disconnected_calendar_stops_its_watch_and_leaves_the_account(
    stack: CalendarStack, provider: str
) -> None:
    found = await stack.connects(provider)
    await stack.works()
    (calendar,) = await stack.calendars.connections.list(ANN)
    assert await stack.calendars.connections.disconnect(ANN, calendar.calendar_id)
    await stack.calendars.cleanup.close()
    assert await stack.counts() == (1, 0, 0)
    assert stack.watched(provider) == 0
    assert await stack.calendars.accounts.list(ANN) == [
        AccountView(found.account_id, provider, MAIL[provider], lost=False)
    ]


async def test_parting_that_fails_costs_nobody_anything(stack: CalendarStack) -> None:
    found = await stack.connects("google")
    await stack.works()
    stack.google.faults.add("/calendar/v3/channels/stop", status=500)
    stack.google.faults.add("/revoke", status=503)
    assert await stack.calendars.accounts.disconnect(ANN, found.account_id)
    await stack.calendars.cleanup.close()
    assert await stack.counts() == (0, 0, 0)


async def test_secrets_are_sealed_and_links_are_kept_as_digests(stack: CalendarStack) -> None:
    await stack.connects("google")
    query = await stack.consent("google")
    rows = await stack.rows(sa.select(ACCOUNTS.c.credentials, ACCOUNTS.c.name, ACCOUNTS.c.subject, ACCOUNTS.c.offer))
    states = await stack.rows(sa.select(OAUTH_STATES.c.digest, OAUTH_STATES.c.verifier))
    shown = repr([bytes(value) for row in rows for value in row]) + repr(states)
    assert MAIL["google"] not in shown
    assert query["state"].split(".")[1] not in shown
    account = await stack.stores.accounts.load(ANN, (await stack.calendars.accounts.list(ANN))[0].account_id)
    assert account is not None
    assert account.credentials["refresh"] not in shown
    assert account.credentials["refresh"] not in repr(account)


@BOTH
async def test_calendar_is_due_and_paced_by_its_account(stack: CalendarStack) -> None:
    found = await stack.connects("google")
    pace, due_at, watch_due_at = await stack.calendar(CALENDARS.c.pace, CALENDARS.c.due_at, CALENDARS.c.watch_due_at)
    now = stack.clock.now()
    assert (pace, due_at, watch_due_at) == (found.account_id, now, now)
    await stack.works()
    renew = await stack.calendar(CALENDARS.c.watch_due_at)
    assert timedelta(days=5) < renew - now < timedelta(days=7)


async def test_person_of_another_workspace_is_another_person(stack: CalendarStack) -> None:
    with pytest.raises(StatusQuoError):
        await stack.connects("google", PersonKey("T9", "U1"))


@BOTH
async def test_trouble_of_an_account_with_several_calendars_is_told_once(stack: CalendarStack) -> None:
    account = stack.google.accounts[MAIL["google"]]
    for name in ("team", "spare"):
        account.add_calendar(name, f"{name}@group.example")
    found = await stack.connects("google")
    await stack.calendars.accounts.choose(ANN, found.account_id, list(account.calendars))
    await stack.works()
    stack.google.faults.add("/calendar/v3/calendars", status=403, reason="forbidden", times=99)
    for _ in range(3):
        stack.clock.move(hours=1)
        await stack.works()
    assert [health for (health,) in await stack.rows(sa.select(CALENDARS.c.health))] == ["broken"] * 3
    assert len(await stack.told()) == 1
