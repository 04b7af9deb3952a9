"""From a link in Slack to connected calendars, and back out again, with a local Google and a local Microsoft."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.domain.errors import (
    AccountNotAllowedError,
    AdministratorNeededError,
    CalendarUnreachableError,
    ConsentDeniedError,
    LinkExpiredError,
    NotOfferedError,
    StatusQuoError,
    TooManyError,
)
from services.domain.model import PersonKey
from services.store.accounts import AccountView
from services.store.models import Account, Calendar, OAuthState
from tests.support.calendar_stack import ANN, BOB, MAIL, PROVIDERS, Bureau, parsed

both = pytest.mark.parametrize("provider", PROVIDERS)


@both
async def test_consent_connects_the_main_calendar_and_its_events_come(bureau: Bureau, provider: str) -> None:
    bureau.add(provider, "Roadmap")
    found = await bureau.connects(provider)
    assert (found.key, found.provider, found.name, found.more) == (ANN, provider, MAIL[provider], 0)
    assert len(found.calendars) == 1
    assert await bureau.titles() == []
    await bureau.works()
    assert await bureau.titles() == ["Roadmap"]
    assert bureau.wake_signal.rung > 0


@both
async def test_link_is_good_once(bureau: Bureau, provider: str) -> None:
    link = parsed(await bureau.calendars.accounts.link(ANN, provider))["link"]
    await bureau.begin(provider, link)
    with pytest.raises(LinkExpiredError):
        await bureau.begin(provider, link)


async def test_link_is_good_for_ten_minutes(bureau: Bureau) -> None:
    links = [parsed(await bureau.calendars.accounts.link(ANN, "google"))["link"] for _ in range(2)]
    bureau.clock.move(minutes=9, seconds=59)
    await bureau.begin("google", links[0])
    bureau.clock.move(seconds=1)
    with pytest.raises(LinkExpiredError):
        await bureau.begin("google", links[1])


async def test_link_that_is_forged_cut_or_for_another_provider_is_refused_and_stays_good(bureau: Bureau) -> None:
    link = parsed(await bureau.calendars.accounts.link(ANN, "google"))["link"]
    other = parsed(await bureau.calendars.accounts.link(ANN, "microsoft"))["link"]
    wrong = link[:-4] + ("AAAA" if not link.endswith("AAAA") else "BBBB")
    for bad in ("", "x", "ä" * 40, link[:-1], wrong, "A" * 5000, other):
        with pytest.raises(LinkExpiredError):
            await bureau.begin("google", bad)
    assert (await bureau.begin("google", link)).url.startswith(bureau.google.settings["GOOGLE_AUTHORIZE_URL"])


async def test_link_names_its_person_and_nobody_else(bureau: Bureau) -> None:
    found = await bureau.connects("google", BOB)
    assert found.key == BOB
    assert await bureau.calendars.accounts.list(ANN) == []
    assert [one.name for one in await bureau.calendars.accounts.list(BOB)] == [MAIL["google"]]


@both
async def test_state_is_good_once_and_for_ten_minutes(bureau: Bureau, provider: str) -> None:
    first, second = await bureau.consent(provider), await bureau.consent(provider)
    await bureau.comes_back(provider, first)
    with pytest.raises(LinkExpiredError):
        await bureau.comes_back(provider, first)
    bureau.clock.move(minutes=10)
    with pytest.raises(LinkExpiredError):
        await bureau.comes_back(provider, second)


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
async def test_what_did_not_come_from_this_consent_connects_nothing(bureau: Bureau, changed: dict[str, str]) -> None:
    query = {**await bureau.consent("google"), **changed}
    with pytest.raises(LinkExpiredError):
        await bureau.comes_back("google", query)
    assert await bureau.counts() == (0, 0, 0)


async def test_state_of_one_provider_is_none_of_the_other(bureau: Bureau) -> None:
    query = await bureau.consent("google")
    with pytest.raises(LinkExpiredError):
        await bureau.comes_back("microsoft", query)


@pytest.mark.parametrize(
    "said",
    [
        {"error": "consent_required"},
        {"error": "access_denied", "error_description": "AADSTS90094: An administrator of Contoso has set a policy"},
        {"error": "invalid_client", "error_description": "AADSTS65001: The user or administrator has not consented"},
    ],
)
async def test_consent_that_only_an_administrator_can_give_says_so(bureau: Bureau, said: dict[str, str]) -> None:
    query = {**await bureau.consent("microsoft"), "code": "", **said}
    with pytest.raises(AdministratorNeededError):
        await bureau.comes_back("microsoft", query)
    assert await bureau.counts() == (0, 0, 0)


@both
async def test_denied_consent_connects_nothing_and_says_so(bureau: Bureau, provider: str) -> None:
    with pytest.raises(ConsentDeniedError):
        await bureau.comes_back(provider, await bureau.consent(provider, allow=False))
    assert await bureau.counts() == (0, 0, 0)


async def test_permission_that_was_left_out_connects_nothing_and_costs_nothing(bureau: Bureau) -> None:
    without = ("https://www.googleapis.com/auth/calendar.events.readonly",)
    with pytest.raises(AccountNotAllowedError):
        await bureau.comes_back("google", await bureau.consent("google", without=without))
    assert await bureau.counts() == (0, 0, 0)
    bureau.add("google", "Roadmap")
    await bureau.connects("google")
    with pytest.raises(AccountNotAllowedError):
        await bureau.comes_back("google", await bureau.consent("google", without=without))
    await bureau.calendars.cleanup.close()
    await bureau.works()
    assert await bureau.titles() == ["Roadmap"]


async def test_account_that_two_people_connected_is_given_back_by_the_last_of_them(bureau: Bureau) -> None:
    first = await bureau.connects("google")
    second = await bureau.connects("google", BOB)
    await bureau.works()
    assert await bureau.calendars.accounts.disconnect(ANN, first.account_id)
    await bureau.calendars.cleanup.close()
    assert [grant.revoked for grant in bureau.google.oauth.grants] == [False, False]
    bureau.add("google", "Bob's")
    await bureau.works()
    assert await bureau.titles(BOB) == ["Bob's"]
    assert await bureau.calendars.accounts.disconnect(BOB, second.account_id)
    await bureau.calendars.cleanup.close()
    assert bureau.google.oauth.grants[-1].revoked
    assert bureau.watched("google") == 0


async def test_list_that_was_left_out_leaves_the_main_calendar(bureau: Bureau) -> None:
    bureau.add("google", "Roadmap")
    without = ("https://www.googleapis.com/auth/calendar.calendarlist.readonly",)
    found = await bureau.comes_back("google", await bureau.consent("google", without=without))
    assert (len(found.calendars), found.more) == (1, 0)
    await bureau.works()
    assert await bureau.titles() == ["Roadmap"]


async def test_provider_that_is_not_set_up_is_not_offered(bureau: Bureau) -> None:
    for provider in ("apple", "", "caldav"):
        with pytest.raises(NotOfferedError):
            await bureau.begin(provider, "x")
    assert [one.provider for one in await bureau.calendars.accounts.links(ANN)] == ["google", "microsoft"]


async def test_provider_that_is_down_connects_nothing(bureau: Bureau) -> None:
    query = await bureau.consent("google")
    bureau.google.faults.add("/token", status=503)
    with pytest.raises(CalendarUnreachableError):
        await bureau.comes_back("google", query)
    assert await bureau.counts() == (0, 0, 0)


async def test_somebody_who_was_forgotten_meanwhile_gets_no_calendar(bureau: Bureau) -> None:
    query = await bureau.consent("google")
    now = bureau.clock.now()
    assert await bureau.stores.leavers.begin(ANN, now, now)
    with pytest.raises(StatusQuoError):
        await bureau.comes_back("google", query)
    assert await bureau.counts() == (0, 0, 0)


@both
async def test_same_account_again_is_mended_and_not_doubled(bureau: Bureau, provider: str) -> None:
    first = await bureau.connects(provider)
    again = await bureau.connects(provider)
    assert again.account_id == first.account_id
    assert (await bureau.counts())[:2] == (1, 1)


async def test_several_accounts_of_one_person_and_a_calendar_that_both_see_once(bureau: Bureau) -> None:
    bureau.google.add_account("second@gmail.example", "Ann too")
    for mail in (MAIL["google"], "second@gmail.example"):
        bureau.google.accounts[mail].add_calendar("Team", "team@group.example")
    first = await bureau.connects("google")
    second = await bureau.connects("google", mail="second@gmail.example")
    assert first.account_id != second.account_id
    for one in (first, second):
        await bureau.calendars.accounts.choose(ANN, one.account_id, {one.name, "team@group.example"})
    assert (await bureau.counts())[:2] == (2, 3)


async def test_calendars_are_chosen_by_name_and_exactly_these_are_connected(bureau: Bureau) -> None:
    account = bureau.google.accounts[MAIL["google"]]
    for name in ("Team", "Holidays"):
        account.add_calendar(name, f"{name.lower()}@group.example")
    found = await bureau.connects("google")
    assert found.more == 2
    await bureau.works()
    choice = await bureau.calendars.accounts.choice(ANN, found.account_id)
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
    assert await bureau.calendars.accounts.choose(ANN, found.account_id, {"team@group.example", "no@such.example"})
    await bureau.works()
    await bureau.calendars.cleanup.close()
    views = await bureau.calendars.connections.list(ANN)
    assert [(view.name, view.watched) for view in views] == [("Team", True)]
    assert bureau.watched("google") == 1  # that of the other one was stopped
    assert not await bureau.calendars.accounts.choose(BOB, found.account_id, set())


async def test_account_for_whose_calendar_there_is_no_room_is_not_kept(bureau: Bureau) -> None:
    for number in range(20):
        await bureau.calendars.connections.connect_feed(ANN, f"https://feeds.example/{number}.ics")
    with pytest.raises(TooManyError):
        await bureau.connects("google")
    await bureau.calendars.cleanup.close()
    assert await bureau.calendars.accounts.list(ANN) == []
    assert len(await bureau.calendars.connections.list(ANN)) == 20
    assert [grant.revoked for grant in bureau.google.oauth.grants] == [True]


async def test_choice_touches_no_calendar_that_it_did_not_show(bureau: Bureau) -> None:
    bureau.google.accounts[MAIL["google"]].add_calendar("Team", "team@group.example")
    found = await bureau.connects("google")
    await bureau.calendars.accounts.choose(ANN, found.account_id, {MAIL["google"], "team@group.example"})
    assert len(await bureau.calendars.connections.list(ANN)) == 2
    bureau.google.faults.add("/calendar/v3/users/me/calendarList", status=403, times=1)  # then the main one is all
    choice = await bureau.calendars.accounts.choice(ANN, found.account_id)
    assert choice is not None
    assert len(choice.calendars) == 1
    await bureau.calendars.accounts.choose(ANN, found.account_id, [one.address for one, yes in choice.calendars if yes])
    assert len(await bureau.calendars.connections.list(ANN)) == 2


async def test_calendar_that_appeared_since_is_offered_and_what_is_not_answered_is_as_known_last(
    bureau: Bureau,
) -> None:
    found = await bureau.connects("google")
    bureau.google.accounts[MAIL["google"]].add_calendar("New", "new@group.example")
    choice = await bureau.calendars.accounts.choice(ANN, found.account_id)
    assert choice is not None
    assert "New" in [one.name for one, _ in choice.calendars]
    bureau.google.faults.add("/calendar/v3/users/me/calendarList", status=500, times=5)
    assert await bureau.calendars.accounts.choice(ANN, found.account_id) == choice


@both
async def test_disconnected_account_leaves_nothing_here_nor_there(bureau: Bureau, provider: str) -> None:
    bureau.add(provider, "Roadmap")
    found = await bureau.connects(provider)
    await bureau.works()
    assert bureau.watched(provider) == 1
    assert not await bureau.calendars.accounts.disconnect(BOB, found.account_id)
    assert await bureau.calendars.accounts.disconnect(ANN, found.account_id)
    await bureau.calendars.cleanup.close()
    assert await bureau.counts() == (0, 0, 0)
    assert await bureau.titles() == []
    assert bureau.watched(provider) == 0
    if provider == "google":
        assert [grant.revoked for grant in bureau.google.oauth.grants] == [True]


@both
async def test_disconnected_calendar_stops_its_watch_and_leaves_the_account(bureau: Bureau, provider: str) -> None:
    found = await bureau.connects(provider)
    await bureau.works()
    (calendar,) = await bureau.calendars.connections.list(ANN)
    assert await bureau.calendars.connections.disconnect(ANN, calendar.calendar_id)
    await bureau.calendars.cleanup.close()
    assert await bureau.counts() == (1, 0, 0)
    assert bureau.watched(provider) == 0
    assert await bureau.calendars.accounts.list(ANN) == [
        AccountView(found.account_id, provider, MAIL[provider], lost=False)
    ]


async def test_parting_that_fails_costs_nobody_anything(bureau: Bureau) -> None:
    found = await bureau.connects("google")
    await bureau.works()
    bureau.google.faults.add("/calendar/v3/channels/stop", status=500)
    bureau.google.faults.add("/revoke", status=503)
    assert await bureau.calendars.accounts.disconnect(ANN, found.account_id)
    await bureau.calendars.cleanup.close()
    assert await bureau.counts() == (0, 0, 0)


async def test_secrets_are_sealed_and_links_are_kept_as_digests(bureau: Bureau) -> None:
    await bureau.connects("google")
    query = await bureau.consent("google")
    rows = await bureau.rows(sa.select(Account.credentials, Account.name, Account.subject, Account.offer))
    states = await bureau.rows(sa.select(OAuthState.digest, OAuthState.verifier))
    shown = repr([bytes(value) for row in rows for value in row]) + repr(states)
    assert MAIL["google"] not in shown
    assert query["state"].split(".")[1] not in shown
    account = await bureau.stores.accounts.load(ANN, (await bureau.calendars.accounts.list(ANN))[0].account_id)
    assert account is not None
    assert account.credentials["refresh"] not in shown
    assert account.credentials["refresh"] not in repr(account)


async def test_calendar_is_due_and_paced_by_its_account(bureau: Bureau) -> None:
    found = await bureau.connects("google")
    pace, due_at, watch_due_at = await bureau.calendar(Calendar.pace, Calendar.due_at, Calendar.watch_due_at)
    now = bureau.clock.now()
    assert (pace, due_at, watch_due_at) == (found.account_id, now, now)
    await bureau.works()
    renew = await bureau.calendar(Calendar.watch_due_at)
    assert timedelta(days=5) < renew - now < timedelta(days=7)


async def test_person_of_another_workspace_is_another_person(bureau: Bureau) -> None:
    with pytest.raises(StatusQuoError):
        await bureau.connects("google", PersonKey("T9", "U1"))


async def test_trouble_of_an_account_with_several_calendars_is_told_once(bureau: Bureau) -> None:
    account = bureau.google.accounts[MAIL["google"]]
    for name in ("team", "spare"):
        account.add_calendar(name, f"{name}@group.example")
    found = await bureau.connects("google")
    await bureau.calendars.accounts.choose(ANN, found.account_id, list(account.calendars))
    await bureau.works()
    bureau.google.faults.add("/calendar/v3/calendars", status=403, reason="forbidden", times=99)
    bureau.clock.move(hours=1)
    await bureau.works()
    assert [health for (health,) in await bureau.rows(sa.select(Calendar.health))] == ["broken"] * 3
    assert len(await bureau.told()) == 1
