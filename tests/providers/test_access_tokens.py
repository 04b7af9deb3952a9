"""Access tokens of accounts: renewed when they have to be, by one replica at a time, given up when they are lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.calendars.oauth import AccountTokens, Credentials, OAuthClient
from services.domain.errors import (
    AccountLostError,
    AccountNotConsentedError,
    AppRefusedError,
    CalendarBusyError,
    CalendarError,
    CalendarUnreachableError,
)
from services.domain.model import PersonKey
from services.domain.operator_errors import WrongRedirectError
from services.platform.addresses import AddressRules
from services.platform.crypto import Encryptor
from services.platform.net import GuardedClient
from services.platform.settings import Settings
from services.store.calendar_tables import ACCOUNTS, CALENDARS
from services.store.health import HealthStore
from services.wiring.calendars import oauth_apps
from tests.support.calendar_stack import ANN, MAIL, PROVIDERS, CalendarStack, each_on_both
from tests.support.databases import BOTH

both = pytest.mark.parametrize("provider", PROVIDERS)


def access(stack: CalendarStack, *, patience: float = 10.0) -> AccountTokens:
    """Another replica's."""
    client = GuardedClient(AddressRules(private=True))
    stack.closing.append(client.close)
    config = Settings(
        google_client_id=stack.google.client.client_id,
        google_client_secret=stack.google.client.client_secret,
        google_token_url=stack.google.settings["GOOGLE_TOKEN_URL"],
        microsoft_client_id=stack.microsoft.client.client_id,
        microsoft_client_secret=stack.microsoft.client.client_secret,
        microsoft_authority=stack.microsoft.settings["MICROSOFT_AUTHORITY"],
    )
    clients = {one.provider: OAuthClient(client, one) for one in oauth_apps(config)}
    return AccountTokens(stack.stores.accounts, clients, stack.clock, stack.wake_signal, patience=patience)


async def connected(stack: CalendarStack, provider: str) -> str:
    """Ann's account, connected and quiet; its id."""
    account_id = (await stack.connects(provider)).account_id
    await stack.works()
    stack.google.calls.clear()
    stack.microsoft.calls.clear()
    return account_id


@both
async def test_token_is_kept_while_it_is_good_and_renewed_before_it_expires(
    stack: CalendarStack, provider: str
) -> None:
    account_id, ours = await connected(stack, provider), access(stack)
    first = await ours.token(ANN, account_id)
    stack.clock.move(minutes=30)
    assert await ours.token(ANN, account_id) == first
    assert stack.token_calls() == 0
    stack.clock.move(minutes=29, seconds=30)
    second = await ours.token(ANN, account_id)
    assert second != first
    assert stack.token_calls() == 1
    assert await ours.token(ANN, account_id) == second


@each_on_both
async def test_many_who_need_a_fresh_token_at_once_cost_one_renewal(stack: CalendarStack, provider: str) -> None:
    account_id = await connected(stack, provider)
    stack.clock.move(hours=2)
    replicas = [access(stack) for _ in range(3)]
    found = await asyncio.gather(*(one.token(ANN, account_id) for one in replicas for _ in range(4)))
    assert len(set(found)) == 1
    assert stack.token_calls() == 1


@BOTH
async def test_token_that_was_refused_is_replaced_once_for_all_who_had_it(stack: CalendarStack) -> None:
    account_id, ours = await connected(stack, "google"), access(stack)
    refused = await ours.token(ANN, account_id)
    found = await asyncio.gather(*(ours.token(ANN, account_id, refused=refused) for _ in range(4)))
    assert refused not in found
    assert len(set(found)) == 1
    assert stack.token_calls() == 1


@BOTH
async def test_renewal_that_another_is_at_for_ever_passes(stack: CalendarStack) -> None:
    account_id = await connected(stack, "google")
    account = await stack.stores.accounts.load(ANN, account_id)
    assert account is not None
    stack.clock.move(hours=2)
    now = stack.clock.now()
    assert await stack.stores.accounts.claim(account, now, now + timedelta(seconds=40))
    with pytest.raises(CalendarUnreachableError):
        await access(stack, patience=0.2).token(ANN, account_id)
    stack.clock.move(seconds=40)  # it died over it
    await access(stack).token(ANN, account_id)


@pytest.mark.parametrize(
    ("status", "kind"), [(500, CalendarUnreachableError), (503, CalendarUnreachableError), (429, CalendarBusyError)]
)
async def test_renewal_that_fails_is_tried_again(stack: CalendarStack, status: int, kind: type[CalendarError]) -> None:
    account_id, ours = await connected(stack, "google"), access(stack)
    stack.clock.move(hours=2)
    stack.google.faults.add("/token", status=status)
    with pytest.raises(kind):
        await ours.token(ANN, account_id)
    assert await ours.token(ANN, account_id)
    assert await stack.told() == []


@each_on_both
async def test_account_that_is_refused_is_lost_told_once_and_asked_no_more(stack: CalendarStack, provider: str) -> None:
    stack.add(provider, "Roadmap", hours=24)
    account_id = await connected(stack, provider)
    vendor = stack.google if provider == "google" else stack.microsoft
    stack.revoke(provider)
    stack.clock.move(hours=2)
    await stack.works()
    assert await stack.told() == [f"account/{account_id}"]
    assert [view.lost for view in await stack.calendars.accounts.list(ANN)] == [True]
    health, problem, due_at, watch_due_at = await stack.calendar(
        CALENDARS.c.health, CALENDARS.c.problem, CALENDARS.c.due_at, CALENDARS.c.watch_due_at
    )
    assert (health, problem, due_at, watch_due_at) == ("broken", "AccountLostError", None, None)
    assert await stack.titles() == ["Roadmap"]  # no answer is not "no events"

    vendor.calls.clear()
    stack.clock.move(days=3)
    await stack.calendars.connections.sync_now(ANN)
    await stack.works()
    with pytest.raises(AccountLostError):
        await access(stack).token(ANN, account_id)
    assert list(vendor.calls) == []
    assert await stack.told() == [f"account/{account_id}"]


@each_on_both
async def test_secret_of_ours_that_ran_out_is_the_operators_and_no_members(
    stack: CalendarStack, encryptor: Encryptor, capsys: pytest.CaptureFixture[str], provider: str
) -> None:
    stack.add(provider, "Roadmap", hours=24)
    await connected(stack, provider)
    await stack.works()
    secret, asked = stack.changes_secret(provider, "another"), stack.token_calls()
    capsys.readouterr()
    for _ in range(16):
        stack.clock.move(minutes=15)
        await stack.works()
    assert stack.token_calls() - asked <= 2 * 16
    assert await stack.told() == []
    said = [line for line in capsys.readouterr().out.splitlines() if "fault" in line or "failed" in line]
    assert [("operator_fault" in line, f"{provider}_client" in line) for line in said] == [(True, True)]
    health = await HealthStore(stack.database, encryptor).health()
    assert [(one.fault, one.team_id) for one in health.faults] == [(f"{provider}_client", team) for team in ("", "T1")]
    assert health.faults[0].detail.startswith("invalid_client")
    assert await stack.titles() == ["Roadmap"]
    stack.changes_secret(provider, secret)
    stack.add(provider, "New", hours=25)
    stack.clock.move(minutes=6)
    await stack.works()
    assert await stack.titles() == ["New", "Roadmap"]
    assert (await HealthStore(stack.database, encryptor).health()).faults == ()
    assert "operator_fault_over" in capsys.readouterr().out
    assert await stack.told() == []


@both
async def test_address_to_come_back_at_that_is_not_the_apps_is_the_operators(
    stack: CalendarStack, provider: str
) -> None:
    query = await stack.consent(provider)
    flow = stack.calendars.accounts.flow
    elsewhere = replace(flow, base_url="https://other.example")
    with pytest.raises(WrongRedirectError):
        await elsewhere.finish(provider, query, query["cookie"])
    ((found, theirs),) = [await stack.stores.faults.look()]
    assert (found.fault, found.team_id, theirs.team_id) == (f"{provider}_redirect", "", "T1")
    assert found.detail == f"https://other.example/connect/{provider}/callback"
    await stack.connects(provider)
    assert await stack.stores.faults.look() == []


async def test_app_that_one_organization_has_removed_holds_up_nobody_else(stack: CalendarStack) -> None:
    account_id, ours = await connected(stack, "microsoft"), access(stack)
    stack.clock.move(hours=2)
    gone = {"error": "unauthorized_client", "error_description": "AADSTS700016: not found in the directory"}
    stack.microsoft.faults.add(Fault("/token", status=400, body=gone))
    with pytest.raises(AppRefusedError) as caught:
        await ours.token(ANN, account_id)
    assert (caught.value.everybody, caught.value.reason) == (False, "unauthorized_client AADSTS700016")
    assert await ours.token(ANN, account_id)


async def test_account_that_an_administrator_has_to_allow_says_so(stack: CalendarStack) -> None:
    account_id = await connected(stack, "microsoft")
    stack.clock.move(hours=2)
    refusal = {
        "error": "invalid_grant",
        "error_description": "AADSTS65001: The user or administrator has not consented",
    }
    stack.microsoft.faults.add(Fault("/token", status=400, body=refusal))
    with pytest.raises(AccountNotConsentedError):
        await access(stack).token(ANN, account_id)
    _, _, _, trouble = await stack.calendars.accounts.mending(ANN, account_id) or ("", "", "", "")
    assert trouble.startswith("An administrator of your organization has to allow this first.")
    assert [view.trouble for view in await stack.calendars.accounts.list(ANN)] == [trouble]


@BOTH
async def test_lost_account_that_is_connected_again_is_read_at_once_and_would_be_told_again(
    stack: CalendarStack,
) -> None:
    account_id = await connected(stack, "google")
    stack.google.oauth.revoke(MAIL["google"])
    stack.clock.move(hours=2)
    await stack.works()
    provider, name, link, trouble = await stack.calendars.accounts.mending(ANN, account_id) or ("", "", "", "")
    assert (provider, name, trouble) == ("google", MAIL["google"], AccountLostError.sentence())
    assert link.startswith(f"{stack.url}/connect/google?link=")
    stack.add("google", "New")
    assert (await stack.connects("google")).account_id == account_id
    await stack.works()
    assert await stack.titles() == ["New"]
    assert await stack.told() == []
    assert await stack.calendars.accounts.mending(ANN, account_id) is None
    stack.google.oauth.revoke(MAIL["google"])
    stack.clock.move(hours=2)
    await stack.works()
    assert await stack.told() == [f"account/{account_id}"]


@BOTH
async def test_renewal_that_ends_after_the_account_was_connected_anew_does_not_undo_it(stack: CalendarStack) -> None:
    account_id = await connected(stack, "google")
    old = await stack.stores.accounts.load(ANN, account_id)
    assert old is not None
    await stack.connects("google")
    assert not await stack.stores.accounts.renewed(old, {"access": "old"})
    assert not await stack.stores.accounts.lost(old)
    assert await access(stack).token(ANN, account_id)


async def test_account_of_somebody_else_or_that_is_gone_gives_no_token(stack: CalendarStack) -> None:
    account_id, ours = await connected(stack, "google"), access(stack)
    for key, asked in ((PersonKey("T1", "U2"), account_id), (ANN, "A-none")):
        with pytest.raises(AccountLostError):
            await ours.token(key, asked)


async def test_refresh_token_that_microsoft_rotates_is_kept(stack: CalendarStack) -> None:
    account_id, ours = await connected(stack, "microsoft"), access(stack)
    for _ in range(3):
        stack.clock.move(hours=2)
        await ours.token(ANN, account_id)
    assert await stack.rows(sa.select(ACCOUNTS.c.state, ACCOUNTS.c.seq)) == [("ok", 3)]


class Silent:
    """A token endpoint that takes the request and never answers."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def renew(self, before: Credentials, now: datetime) -> Credentials:
        self.asked.set()
        await asyncio.Event().wait()
        return before


@BOTH
async def test_renewal_whose_asker_gave_up_leaves_no_lease(stack: CalendarStack) -> None:
    account_id = await connected(stack, "google")
    stack.clock.move(hours=2)
    silent = Silent()
    ours = AccountTokens(stack.stores.accounts, {"google": silent}, stack.clock, stack.wake_signal)
    asks = asyncio.create_task(ours.token(ANN, account_id))
    await silent.asked.wait()
    assert await stack.rows(sa.select(ACCOUNTS.c.leased_until)) != [(None,)]
    asks.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asks
    assert await stack.rows(sa.select(ACCOUNTS.c.leased_until)) == [(None,)]
    assert await access(stack).token(ANN, account_id)
