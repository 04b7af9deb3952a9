"""Access tokens of accounts: renewed when they have to be, by one replica at a time, given up when they are lost."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.calendars.accounts.access_tokens import AccountTokens
from services.calendars.accounts.oauth import Credentials, OAuthClient
from services.calendars.wiring import oauth_apps
from services.domain.errors import (
    AccountLostError,
    AccountNotConsentedError,
    CalendarBusyError,
    CalendarError,
    CalendarUnreachableError,
)
from services.domain.model import PersonKey
from services.platform.crypto import Encryptor
from services.platform.net import AddressRules, GuardedClient
from services.platform.settings import Settings
from services.store.health import HealthStore
from services.store.models import Account, Calendar
from tests.support.calendar_stack import ANN, MAIL, PROVIDERS, Bureau

both = pytest.mark.parametrize("provider", PROVIDERS)


def access(bureau: Bureau, *, patience: float = 10.0) -> AccountTokens:
    """Another replica's."""
    client = GuardedClient(AddressRules(private=True))
    bureau.closing.append(client.close)
    config = Settings(
        google_client_id=bureau.google.client.client_id,
        google_client_secret=bureau.google.client.client_secret,
        google_token_url=bureau.google.settings["GOOGLE_TOKEN_URL"],
        microsoft_client_id=bureau.microsoft.client.client_id,
        microsoft_client_secret=bureau.microsoft.client.client_secret,
        microsoft_authority=bureau.microsoft.settings["MICROSOFT_AUTHORITY"],
    )
    clients = {one.provider: OAuthClient(client, one) for one in oauth_apps(config)}
    return AccountTokens(bureau.stores.accounts, clients, bureau.clock, bureau.wake_signal, patience=patience)


async def connected(bureau: Bureau, provider: str) -> str:
    """Ann's account, connected and quiet; its id."""
    account_id = (await bureau.connects(provider)).account_id
    await bureau.works()
    bureau.google.calls.clear()
    bureau.microsoft.calls.clear()
    return account_id


@both
async def test_token_is_kept_while_it_is_good_and_renewed_before_it_expires(bureau: Bureau, provider: str) -> None:
    account_id, ours = await connected(bureau, provider), access(bureau)
    first = await ours.token(ANN, account_id)
    bureau.clock.move(minutes=30)
    assert await ours.token(ANN, account_id) == first
    assert bureau.token_calls() == 0
    bureau.clock.move(minutes=29, seconds=30)
    second = await ours.token(ANN, account_id)
    assert second != first
    assert bureau.token_calls() == 1
    assert await ours.token(ANN, account_id) == second


@both
async def test_many_who_need_a_fresh_token_at_once_cost_one_renewal(bureau: Bureau, provider: str) -> None:
    account_id = await connected(bureau, provider)
    bureau.clock.move(hours=2)
    replicas = [access(bureau) for _ in range(3)]
    found = await asyncio.gather(*(one.token(ANN, account_id) for one in replicas for _ in range(4)))
    assert len(set(found)) == 1
    assert bureau.token_calls() == 1


async def test_token_that_was_refused_is_replaced_once_for_all_who_had_it(bureau: Bureau) -> None:
    account_id, ours = await connected(bureau, "google"), access(bureau)
    refused = await ours.token(ANN, account_id)
    found = await asyncio.gather(*(ours.token(ANN, account_id, refused=refused) for _ in range(4)))
    assert refused not in found
    assert len(set(found)) == 1
    assert bureau.token_calls() == 1


async def test_renewal_that_another_is_at_for_ever_passes(bureau: Bureau) -> None:
    account_id = await connected(bureau, "google")
    account = await bureau.stores.accounts.load(ANN, account_id)
    assert account is not None
    bureau.clock.move(hours=2)
    now = bureau.clock.now()
    assert await bureau.stores.accounts.claim(account, now, now + timedelta(seconds=40))
    with pytest.raises(CalendarUnreachableError):
        await access(bureau, patience=0.2).token(ANN, account_id)
    bureau.clock.move(seconds=40)  # it died over it
    await access(bureau).token(ANN, account_id)


@pytest.mark.parametrize(
    ("status", "kind"), [(500, CalendarUnreachableError), (503, CalendarUnreachableError), (429, CalendarBusyError)]
)
async def test_renewal_that_fails_is_tried_again(bureau: Bureau, status: int, kind: type[CalendarError]) -> None:
    account_id, ours = await connected(bureau, "google"), access(bureau)
    bureau.clock.move(hours=2)
    bureau.google.faults.add("/token", status=status)
    with pytest.raises(kind):
        await ours.token(ANN, account_id)
    assert await ours.token(ANN, account_id)
    assert await bureau.told() == []


@both
async def test_account_that_is_refused_is_lost_told_once_and_asked_no_more(bureau: Bureau, provider: str) -> None:
    bureau.add(provider, "Roadmap", hours=24)
    account_id = await connected(bureau, provider)
    vendor = bureau.google if provider == "google" else bureau.microsoft
    bureau.revoke(provider)
    bureau.clock.move(hours=2)
    await bureau.works()
    assert await bureau.told() == [f"account/{account_id}"]
    assert [view.lost for view in await bureau.calendars.accounts.list(ANN)] == [True]
    health, problem, due_at, watch_due_at = await bureau.calendar(
        Calendar.health, Calendar.problem, Calendar.due_at, Calendar.watch_due_at
    )
    assert (health, problem, due_at, watch_due_at) == ("broken", "AccountLostError", None, None)
    assert await bureau.titles() == ["Roadmap"]  # no answer is not "no events"

    vendor.calls.clear()
    bureau.clock.move(days=3)
    await bureau.calendars.connections.sync_now(ANN)
    await bureau.works()
    with pytest.raises(AccountLostError):
        await access(bureau).token(ANN, account_id)
    assert list(vendor.calls) == []
    assert await bureau.told() == [f"account/{account_id}"]


@both
async def test_secret_of_ours_that_ran_out_is_the_operators_and_no_members(
    bureau: Bureau, encryptor: Encryptor, capsys: pytest.CaptureFixture[str], provider: str
) -> None:
    bureau.add(provider, "Roadmap", hours=24)
    await connected(bureau, provider)
    await bureau.works()
    capsys.readouterr()
    secret, asked = bureau.changes_secret(provider, "another"), bureau.token_calls()
    for _ in range(16):
        bureau.clock.move(minutes=15)
        await bureau.works()
    assert bureau.token_calls() - asked <= 2 * 16
    assert await bureau.told() == []
    said = [line for line in capsys.readouterr().out.splitlines() if "refuses" in line or "failed" in line]
    assert [("provider_refuses_the_app" in line, provider in line) for line in said] == [(True, True)]
    assert (await HealthStore(bureau.database, encryptor).health()).refusing == (provider,)
    assert await bureau.titles() == ["Roadmap"]
    bureau.changes_secret(provider, secret)
    bureau.add(provider, "New", hours=25)
    bureau.clock.move(minutes=6)
    await bureau.works()
    assert await bureau.titles() == ["New", "Roadmap"]
    assert (await HealthStore(bureau.database, encryptor).health()).refusing == ()
    assert await bureau.told() == []


async def test_account_that_an_administrator_has_to_allow_says_so(bureau: Bureau) -> None:
    account_id = await connected(bureau, "microsoft")
    bureau.clock.move(hours=2)
    refusal = {
        "error": "invalid_grant",
        "error_description": "AADSTS65001: The user or administrator has not consented",
    }
    bureau.microsoft.faults.add(Fault("/token", status=400, body=refusal))
    with pytest.raises(AccountNotConsentedError):
        await access(bureau).token(ANN, account_id)
    _, _, _, trouble = await bureau.calendars.accounts.mending(ANN, account_id) or ("", "", "", "")
    assert trouble.startswith("An administrator of your organization has to allow this first.")
    assert [view.trouble for view in await bureau.calendars.accounts.list(ANN)] == [trouble]


async def test_lost_account_that_is_connected_again_is_read_at_once_and_would_be_told_again(bureau: Bureau) -> None:
    account_id = await connected(bureau, "google")
    bureau.google.oauth.revoke(MAIL["google"])
    bureau.clock.move(hours=2)
    await bureau.works()
    provider, name, link, trouble = await bureau.calendars.accounts.mending(ANN, account_id) or ("", "", "", "")
    assert (provider, name, trouble) == ("google", MAIL["google"], AccountLostError.sentence())
    assert link.startswith(f"{bureau.url}/connect/google?link=")
    bureau.add("google", "New")
    assert (await bureau.connects("google")).account_id == account_id
    await bureau.works()
    assert await bureau.titles() == ["New"]
    assert await bureau.told() == []
    assert await bureau.calendars.accounts.mending(ANN, account_id) is None
    bureau.google.oauth.revoke(MAIL["google"])
    bureau.clock.move(hours=2)
    await bureau.works()
    assert await bureau.told() == [f"account/{account_id}"]


async def test_renewal_that_ends_after_the_account_was_connected_anew_does_not_undo_it(bureau: Bureau) -> None:
    account_id = await connected(bureau, "google")
    old = await bureau.stores.accounts.load(ANN, account_id)
    assert old is not None
    await bureau.connects("google")
    assert not await bureau.stores.accounts.renewed(old, {"access": "old"})
    assert not await bureau.stores.accounts.lost(old)
    assert await access(bureau).token(ANN, account_id)


async def test_account_of_somebody_else_or_that_is_gone_gives_no_token(bureau: Bureau) -> None:
    account_id, ours = await connected(bureau, "google"), access(bureau)
    for key, asked in ((PersonKey("T1", "U2"), account_id), (ANN, "A-none")):
        with pytest.raises(AccountLostError):
            await ours.token(key, asked)


async def test_refresh_token_that_microsoft_rotates_is_kept(bureau: Bureau) -> None:
    account_id, ours = await connected(bureau, "microsoft"), access(bureau)
    for _ in range(3):
        bureau.clock.move(hours=2)
        await ours.token(ANN, account_id)
    assert await bureau.rows(sa.select(Account.state, Account.seq)) == [("ok", 3)]


class Silent:
    """A token endpoint that takes the request and never answers."""

    async def renew(self, before: Credentials, now: datetime) -> Credentials:
        await asyncio.Event().wait()
        return before


async def test_renewal_whose_asker_gave_up_leaves_no_lease(bureau: Bureau) -> None:
    account_id = await connected(bureau, "google")
    bureau.clock.move(hours=2)
    ours = AccountTokens(bureau.stores.accounts, {"google": Silent()}, bureau.clock, bureau.wake_signal)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await ours.token(ANN, account_id)
    assert await bureau.rows(sa.select(Account.leased_until)) == [(None,)]
    assert await access(bureau).token(ANN, account_id)
