"""What people, admins and the operator see of what only the operator can mend."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from re import search

import pytest

from emulators.faults import Fault
from services.domain.errors import SlackShutError
from services.domain.operator_errors import BotTokenRefusedError, WrongRedirectError
from services.engine import measuring
from services.ports import Report
from tests.support.clocks import ManualClock
from tests.support.engine import until
from tests.support.faults import standing
from tests.support.install_pages import ALL_SET
from tests.support.install_pages import said as sentence_of
from tests.support.install_side import InstallSide
from tests.support.oauth_stub import BOT_SCOPES, answer
from tests.support.office import project_in
from tests.support.providers_app import MAIL, NAMES, Vendors, open_vendors, quick_at
from tests.support.running_app import ANN, BEN, TEAM, at, open_running_app

CAT = "U0CAT00001"
GAUGE = "statusquo_operator_fault"


@pytest.fixture
async def vendors(request: pytest.FixtureRequest, sqlite_url: str, clock: ManualClock) -> AsyncIterator[Vendors]:
    async with open_vendors(clock, sqlite_url, request.param) as made:
        yield made


async def faults_at_metrics(install_side: InstallSide) -> list[str]:
    """The faults that `/metrics` has a 1 for."""
    async with install_side.browser() as session, session.get("/metrics") as found:
        lines = (await found.text()).splitlines()
    return [line.split('"')[1] for line in lines if line.startswith(GAUGE) and line.endswith(" 1.0")]


@pytest.mark.parametrize("fault", ["slack_redirect", "slack_client"])
async def test_who_installs_is_told_that_the_operator_has_to_mend_it(
    install_side: InstallSide, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "FRESH", 0.0)
    stub, app = install_side.stub, install_side.grants.authority._app
    address, secret = stub.redirect_uri, app["client_secret"]
    if fault == "slack_redirect":
        stub.redirect_uri = "https://elsewhere.example/"
        status, page = await install_side.install(answer())
        assert (status, sentence_of(page)) == (502, WrongRedirectError.sentence())
    else:
        app["client_secret"] = "of last year"
        status, page = await install_side.install(answer())
        assert (status, sentence_of(page)) == (503, SlackShutError.sentence())
    assert search(r"\b[0-9a-f]{8}\b", page)
    assert await standing(install_side.database) == [(fault, "")]
    assert await faults_at_metrics(install_side) == [fault]
    stub.redirect_uri, app["client_secret"] = address, secret
    status, page = await install_side.install(answer())
    assert (status, sentence_of(page)) == (200, ALL_SET)
    assert await standing(install_side.database) == []
    assert await faults_at_metrics(install_side) == []


async def test_app_starts_while_slack_refuses_the_operators_own_bot_token(install_side: InstallSide) -> None:
    await install_side.install(answer())
    install_side.stub.owners.clear()  # no token is taken
    await install_side.given_bot("xoxb-1").adopt()
    assert await install_side.workspaces.bot_token("T1") == "xoxb-1"


async def test_token_that_slack_refuses_and_that_is_none_of_ours_is_the_operators_to_copy_anew(
    install_side: InstallSide,
) -> None:
    with pytest.raises(BotTokenRefusedError, match="invalid_auth"):
        await install_side.given_bot("xoxb-of-last-year").adopt()


async def test_token_is_adopted_once_slack_says_whose_it_is(install_side: InstallSide) -> None:
    stub, clock, bot = install_side.stub, install_side.clock, install_side.given_bot("xoxb-own")
    stub.owners["xoxb-own"], stub.scopes["xoxb-own"] = "UBOT", BOT_SCOPES
    stub.down = True
    await bot.adopt()
    waits = []
    for _ in range(12):
        due = await bot.next_due()
        assert due is not None
        waits.append((due - clock.now()).total_seconds())
        clock.move_to(due)
        assert await bot.run_due() == Report(failed=1)
    assert (waits[:3], waits[-1]) == ([2, 4, 8], 30)
    assert not await bot.is_adopted()
    stub.down = False
    assert await bot.run_due() == Report(done=1, changed=1)
    assert (await bot.is_adopted(), await bot.next_due()) == (True, None)
    assert await install_side.workspaces.bot_token("T1") == "xoxb-own"


@quick_at("google")
async def test_secret_of_a_provider_that_ran_out_is_told_to_an_admin_alone(vendors: Vendors) -> None:
    app, people = vendors.running_app, (ANN, BEN, CAT)
    for user in people:
        await app.joins(user)
        mail = MAIL[vendors.name] if user == ANN else f"{user.lower()}@work.example"
        if user != ANN:
            vendors.vendor.add_account(mail, user)
        made = type(vendors.has("Other day", at("10:00", 27)))
        vendors.vendor.accounts[mail].main.add(made("Plan", at("09:00"), at("19:00")))
        await vendors.connects(user, account=mail)
    app.slack.membership.set_role(BEN, "admin")
    before = {user: len(app.told(user)) for user in people}
    holder = vendors.vendor.client
    secret, holder.client_secret = holder.client_secret, "another"
    for _ in range(10):
        await app.until(app.clock.now() + timedelta(minutes=30))
    assert {user: len(app.told(user)) - before[user] for user in people} == {ANN: 0, BEN: 1, CAT: 0}
    assert "does not take Status Quo any more" in app.told(BEN)[-1]
    assert [app.text(user) for user in people] == ["In a meeting"] * 3
    said = f"{NAMES[vendors.name]} does not take Status Quo at the moment."
    assert [said in str(await vendors.home(user)) for user in people] == [False, True, False]
    holder.client_secret = secret
    vendors.has("Long", at("19:00"), 60)
    await app.until(app.clock.now() + timedelta(minutes=6))
    await vendors.rests()
    await app.until(at("19:30"))
    assert app.shows(ANN)[2] == at("20:00")
    assert {user: len(app.told(user)) - before[user] for user in people} == {ANN: 0, BEN: 1, CAT: 0}
    assert app._look is not None
    assert await standing(app._look) == []


async def test_who_opens_a_form_while_slack_refuses_every_token_is_not_asked_to_allow_it_again(
    sqlite_url: str, clock: ManualClock
) -> None:
    async with open_running_app(clock, sqlite_url) as app:
        await app.joins()
        app.slack.faults.add("*", error="invalid_auth", times=None)
        for typed in ("rules", "settings", "connect"):
            reply = (await app.slack.people.command(ANN, "/quo", typed)).json()
            assert reply["text"].startswith(SlackShutError.sentence())


async def test_digest_waits_while_the_bot_is_refused_and_is_posted_as_long_as_it_is_not_late(
    sqlite_url: str, clock: ManualClock
) -> None:
    async with open_running_app(clock, sqlite_url) as app:
        channel = await project_in(app)
        await app.slack.people.command(ANN, "/quo", "digest weekdays 9:00", channel_id=channel.channel_id)
        await app.types("/ooo", "until friday", BEN)
        await app.until(at("07:59", 25))
        bot = app.slack.tokens.bot(TEAM)
        assert bot is not None
        refused = app.slack.faults.add(Fault(error="account_inactive", times=None, user_id=bot.user_id))
        begun = at("08:00", 25)
        assert app.service is not None
        for minute in range(30):
            app.clock.move_to(begun + timedelta(minutes=minute))
            app.service.engine._sender.wake(typed=False)
            await until(app.service.at_rest)
        asked = [call.method for call in app.slack.calls.all() if call.at >= begun]
        assert asked.count("conversations.info") == 1
        assert asked.count("auth.test") <= 35
        app.slack.faults.remove(refused)
        app.clock.move_to(at("08:32", 25))
        await until(lambda: app.slack.talk.posted(channel.channel_id))
        await app.settle()
        assert len(app.slack.talk.posted(channel.channel_id)) == 1
