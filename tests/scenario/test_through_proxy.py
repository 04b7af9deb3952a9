"""The whole app behind a proxy: Slack, Google and Microsoft have names that nobody but the proxy can reach."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from emulators.google import LocalGoogle
from emulators.microsoft import LocalMicrosoft
from emulators.server import Fault
from emulators.slack import AppConfig, LocalSlack
from tests.support.clocks import ManualClock
from tests.support.command_line import run
from tests.support.connect_proxy import LOGIN, PASSWORD, ConnectProxy
from tests.support.engine import ACK_SECONDS
from tests.support.feeds import Feeds, calendar, lasting
from tests.support.providers_app import MAIL, Vendors
from tests.support.running_app import ANN, TEAM, RunningApp, at
from tests.support.sites import Site
from tests.support.slack_files import sends

HOSTS = ("slack.test", "google.test", "microsoft.test")


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[ConnectProxy]:
    async with ConnectProxy(tmp_path, *HOSTS, "localhost") as found:
        yield found


@pytest.fixture
async def office(proxy: ConnectProxy, clock: ManualClock, database_url: str) -> AsyncIterator[Vendors]:
    """The app; Ann has an account at Google and at Microsoft."""
    google, microsoft = LocalGoogle(clock.now), LocalMicrosoft(clock.now)
    google.add_account(MAIL["google"], "Ann")
    microsoft.add_account(MAIL["microsoft"], "Ann")
    async with (
        LocalSlack(clock, AppConfig(ack_seconds=ACK_SECONDS)) as slack, Feeds() as feeds,
        TestServer(google.web, host="127.0.0.1") as googles, TestServer(microsoft.web, host="127.0.0.1") as microsofts,
    ):  # fmt: skip
        where = (slack.url, *(str(one.make_url("")).rstrip("/") for one in (googles, microsofts)))
        proxy.sites.update({f"{host}:443": address for host, address in zip(HOSTS, where, strict=True)})
        slack.url, google.url, microsoft.url = (f"https://{host}" for host in HOSTS)
        slack.add_workspace(TEAM)
        running = RunningApp(clock, slack, feeds, database_url)
        running.more = {**google.settings, **microsoft.settings, **proxy.settings()}
        google.client.redirect_uris.append(f"{running.url}/connect/google/callback")
        microsoft.client.redirect_uris = [f"{running.url}/connect/microsoft/callback"]
        await running.start()
        yield Vendors(running, google, microsoft)
        await running.close()
        await google.close()
        await microsoft.close()


async def test_slack_google_and_microsoft_are_reached_through_it_alone_and_its_password_is_in_no_log(
    office: Vendors, proxy: ConnectProxy, written: StringIO
) -> None:
    app = office.running_app
    app.slack.add_person(ANN, "ann", team_id=TEAM)
    await app.walks_through_the_pages(add="digests")  # the code is exchanged
    await app.settle()
    for office.name, hour in (("google", "10:00"), ("microsoft", "12:00")):
        office.has("Review", at(hour))
        assert (await office.connects())[0] == 200
        await app.until(at(hour))
        assert app.text() == "In a meeting", office.name
    await sends(app, "trip.ics", calendar(lasting("trip", at("14:00"), 60)))
    assert app.told()[-1].startswith("*trip* is a calendar. Events in the next 60 days: 1.")
    app.slack.faults.add(Fault("views.open", error="expired_trigger_id", times=None))
    await app.types("/ooo")  # is answered beside what she typed, at an address that Slack gave
    assert len(app.slack.ephemeral_messages(ANN)) == 1
    assert set(proxy.asked) == {f"{host}:443" for host in HOSTS}
    assert proxy.refused == 0
    said = written.getvalue()
    assert [secret for secret in (PASSWORD, LOGIN, "hunter2") if secret in said] == []


async def test_feed_is_fetched_directly_unless_the_operator_sends_it_through_the_proxy(
    office: Vendors, proxy: ConnectProxy
) -> None:
    app = office.running_app
    await app.joins()
    async with Site(context=proxy.tls) as site:
        where, feed = f"localhost:{site.port}", site.url("/private-4711aa/work.ics", "localhost")
        proxy.sites[where] = site.url("")
        site.gives(calendar(lasting("1", at("09:00"), 60)), content_type="text/calendar")
        await app.submits_feed(feed)
        await app.settle()
        assert (app.text(), where in proxy.asked) == ("In a meeting", False)
        await app.stop()
        app.more["FEEDS_THROUGH_PROXY"] = "true"
        await app.start()
        fetched = len(site.seen)
        await app.polled()
        assert (where in proxy.asked, len(site.seen) > fetched) == (True, True)


async def test_doctor_says_what_is_wrong_on_the_way_and_never_a_password(
    office: Vendors, proxy: ConnectProxy, tmp_path: Path
) -> None:
    given = office.running_app.environment()
    del given["SSL_CERT_FILE"]
    ran = await run("doctor", cwd=tmp_path, **given)
    assert "FAIL  Slack: cannot be reached: the certificate is not trusted: see SSL_CERT_FILE" in ran.out
    wrong = proxy.address.replace("hunter2", "hunter3")
    ran = await run("doctor", cwd=tmp_path, **given | {"HTTPS_PROXY": wrong})
    assert "Slack: cannot be reached: the proxy wants another user and password: see HTTPS_PROXY" in ran.out
    assert "hunter3" not in ran.out + ran.err
