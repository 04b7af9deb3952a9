"""How the program gets out: which proxy for which address, which certificates, and what is told when it fails."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from services.domain.errors import AddressNotAllowedError, CalendarUnreachableError, SlackUnavailableError
from services.domain.operator_errors import SettingsError
from services.platform import settings
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient
from services.platform.outbound import Outbound
from services.slack.client import SlackClients, SlackHealth
from tests.support.connect_proxy import LOGIN, ConnectProxy
from tests.support.sites import Names, Site

PROXY = "http://quo:hunter2@proxy.example:3128"


def outbound(**given: str) -> Outbound:
    return Outbound.of(settings.load(given, dotenv=None))


# ── which way ───────────────────────────────────────────────────────────────────────────────────────


def test_login_goes_in_a_header_and_is_shown_to_nobody() -> None:
    found = outbound(HTTPS_PROXY="http://quo:p%40ss%3A%C3%A4@proxy.example:3128")
    way = found.way(URL("https://slack.com/api/"))
    login = aiohttp.encode_basic_auth("quo", "p@ss:ä", "latin-1")
    assert way == {"proxy": URL("http://proxy.example:3128"), "proxy_headers": {"Proxy-Authorization": login}}
    assert found.shown == "http://***@proxy.example:3128"
    assert "p%40ss" not in repr(found) + repr(settings.load({"HTTPS_PROXY": PROXY}, None))
    assert outbound(HTTPS_PROXY="https://[::1]:8443").shown == "https://[::1]:8443"


@pytest.mark.parametrize(
    ("exceptions", "address", "through"),
    [
        ("", "https://slack.com/api/", True),
        ("", "wss://wss-primary.slack.com/link", True),
        ("", "http://slack.com/api/", False),
        ("", "ws://127.0.0.1:3/link", False),
        ("*", "https://slack.com/", False),
        ("slack.com", "https://slack.com/", False),
        ("slack.com", "https://files.slack.com/", False),
        (" .corp.example , slack.com", "https://caldav.corp.example/", False),
        ("slack.com", "https://notslack.com/", True),
        ("x, *.slack.com", "https://files.slack.com/", False),
        ("*.slack.com", "https://notslack.com/", True),
        ("corp.example:8443", "https://dav.corp.example:8443/", False),
        ("corp.example:8443", "https://dav.corp.example/", True),
        ("10.0.0.0/8,fd00::/8", "https://10.1.2.3/", False),
        ("10.0.0.0/8,fd00::/8", "https://[fd00::1]/", False),
        ("10.0.0.0/8,fd00::/8", "https://192.0.2.1/", True),
        ("192.0.2.1", "https://192.0.2.1/", False),
    ],
)
def test_proxy_is_the_way_to_secure_addresses_that_are_no_exceptions(
    exceptions: str, address: str, *, through: bool
) -> None:
    found = outbound(HTTPS_PROXY=PROXY, NO_PROXY=exceptions)
    assert bool(found.way(URL(address))) is through
    assert found.direct().way(URL(address)) == {}


def test_names_in_lower_case_count_where_those_in_upper_case_are_not_set() -> None:
    lower = {"https_proxy": PROXY, "no_proxy": "a.example"}
    assert outbound(**lower).proxy == URL(PROXY)
    both = outbound(**lower, HTTPS_PROXY="http://other.example:1", NO_PROXY="")
    assert (both.proxy, both.exceptions) == (URL("http://other.example:1"), "a.example")


@pytest.mark.parametrize(
    "given",
    [
        "proxy.example:3128", "socks5://proxy.example", "http://", "http://h:many", "http://h:0", "http://[::1",
        "http://h/path", "http://h?x=1", "http://quo:hunter2/x@h:1", "http://a%3Ab:hunter2@h:1", "http://quo:hunter2€@h",
    ],
)  # fmt: skip
def test_proxy_that_is_none_is_refused_by_name_and_without_its_password(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({"HTTPS_PROXY": given, "PORT": "many"}, None)
    assert sorted(line.split(":")[0] for line in caught.value.reason.splitlines()) == ["HTTPS_PROXY", "PORT"]
    assert "hunter2" not in caught.value.reason


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"NO_PROXY": "10.0.0.0/99"}, "NO_PROXY: must be hosts, domains and networks"),
        ({"FEEDS_THROUGH_PROXY": "true"}, "FEEDS_THROUGH_PROXY needs HTTPS_PROXY"),
        ({"SSL_CERT_FILE": "nowhere/ca.pem"}, "SSL_CERT_FILE: cannot be read: no such file or directory"),
        ({"SSL_CERT_FILE": "/"}, "SSL_CERT_FILE: cannot be read: is a directory"),
        ({"SSL_CERT_FILE": __file__}, "SSL_CERT_FILE: is no file of certificates (PEM)"),
    ],
)
def test_what_cannot_be_is_refused_by_name(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load(given, None)
    assert caught.value.reason.startswith(said)


def test_nothing_in_the_program_goes_out_without_saying_which_way() -> None:
    """A client that is made without `outbound` would go past the operator's proxy."""
    clients = {"GuardedClient", "SlackClients", "SlackHealth"}
    root, silent, seen = Path(settings.__file__).parents[2], [], 0
    for path in (*(root / "services").rglob("*.py"), *(root / "handlers").rglob("*.py")):
        text = path.read_text()
        if not any(f"{name}(" in text for name in clients):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in clients:
                seen += 1
                if "outbound" not in {keyword.arg for keyword in node.keywords}:
                    silent.append(f"{path.relative_to(root)}:{node.lineno}")
    assert (silent, seen > 5) == ([], True)


# ── on the way ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[ConnectProxy]:
    async with ConnectProxy(tmp_path, "slack.test", "localhost") as found:
        yield found


@pytest.fixture
async def slack(proxy: ConnectProxy) -> AsyncIterator[Site]:
    """It answers everything with `ok`."""
    async with Site() as found:

        async def answer(_request: web.BaseRequest) -> web.StreamResponse:
            return web.json_response({"ok": True})

        found.answer, proxy.sites["slack.test:443"] = answer, found.url("")
        yield found


@pytest.mark.parametrize("plain", [True, False])
async def test_slack_is_called_through_the_proxy_with_and_without_the_sdk(
    proxy: ConnectProxy, slack: Site, *, plain: bool
) -> None:
    clients = SlackClients("https://slack.test/api/", outbound=outbound(**proxy.settings()))
    try:
        assert dict(await clients.call("xoxb-1", "api.test", plain=plain)) == {"ok": True}
    finally:
        await clients.close()
    assert (proxy.asked, proxy.refused) == (["slack.test:443"], 0)
    assert [request.headers.get("Proxy-Authorization") for request in slack.seen] == [None]


@pytest.mark.parametrize("plain", [True, False])
async def test_proxy_of_the_environment_is_nobodys_business_but_the_settings(
    proxy: ConnectProxy, slack: Site, monkeypatch: pytest.MonkeyPatch, *, plain: bool
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.address)
    clients = SlackClients(slack.url("/api/"))
    try:
        assert dict(await clients.call("xoxb-1", "api.test", plain=plain)) == {"ok": True}
    finally:
        await clients.close()
    assert proxy.asked == []


async def test_what_fails_on_the_way_is_told_in_words_without_address_or_password(
    proxy: ConnectProxy, slack: Site
) -> None:
    given = proxy.settings()
    ways = {
        "the proxy wants another user and password: see HTTPS_PROXY": {
            **given, "HTTPS_PROXY": given["HTTPS_PROXY"].replace("hunter2", "hunter3")
        },
        "the proxy cannot be reached: see HTTPS_PROXY": {**given, "HTTPS_PROXY": f"http://{LOGIN}@127.0.0.1:1"},
        "the proxy answers 403": given,
        "the certificate is not trusted: see SSL_CERT_FILE": {"HTTPS_PROXY": given["HTTPS_PROXY"]},
    }  # fmt: skip
    for said, way in ways.items():
        where = "https://other.test/" if "403" in said else "https://slack.test/"
        clients, guarded = SlackClients(where, outbound=outbound(**way)), GuardedClient(
            AddressRules(), outbound=outbound(**way)
        )  # fmt: skip
        for plain in (True, False):
            with pytest.raises(SlackUnavailableError) as failed:
                await clients.call("xoxb-1", "api.test", plain=plain)
            assert failed.value.reason == said
        with pytest.raises(SlackUnavailableError) as unwell:
            await SlackHealth(where, outbound=outbound(**way)).headers_of("api.test", None)
        assert unwell.value.reason == said
        with pytest.raises(CalendarUnreachableError) as unreachable:
            await guarded.request("GET", where)
        assert unreachable.value.reason == said
        await clients.close()
        await guarded.close()
    assert slack.seen == []


async def test_guarded_client_goes_directly_with_every_check_where_a_proxy_is_set_for_others(
    proxy: ConnectProxy, slack: Site
) -> None:
    names = Names(evil_example=[["10.0.0.1"]], mixed_example=[["93.184.216.34", "127.0.0.1"]])
    client = GuardedClient(AddressRules(), resolver=names, outbound=outbound(**proxy.settings()).direct())
    for url in ("https://evil.example/", "https://mixed.example/", "https://127.0.0.1/", "https://localhost/"):
        with pytest.raises(AddressNotAllowedError):
            await client.request("GET", url)
    await client.close()
    assert proxy.asked == []


async def test_guarded_client_behind_the_proxy_still_refuses_addresses_as_they_are_written(
    proxy: ConnectProxy, slack: Site
) -> None:
    client = GuardedClient(AddressRules(), outbound=outbound(**proxy.settings()))
    for url in ("https://127.0.0.1/", "https://[::ffff:10.0.0.1]/", "https://2130706433/", "http://slack.test/",
                "https://metadata.google.internal/", "https://localhost/", "https://slack.test:8443/"):  # fmt: skip
        with pytest.raises(AddressNotAllowedError):
            await client.request("GET", url)
    assert proxy.asked == []
    assert (await client.request("GET", "https://slack.test/feed.ics")).status == 200
    slack.redirects("https://169.254.169.254/latest/")
    with pytest.raises(AddressNotAllowedError):
        await client.request("GET", "https://slack.test/feed.ics")
    assert set(proxy.asked) == {"slack.test:443"}
    await client.close()


async def test_proxy_that_wants_tls_for_itself_is_asked_over_tls(tmp_path: Path) -> None:
    async with ConnectProxy(tmp_path, "localhost", secure=True) as proxy, Site(context=proxy.tls) as site:
        proxy.sites[f"localhost:{site.port}"] = site.url("")
        site.gives(b"through")
        client = GuardedClient(AddressRules(private=True), outbound=outbound(**proxy.settings()))
        assert (await client.request("GET", site.url("/", "localhost"))).body == b"through"
        await client.close()
        assert proxy.asked == [f"localhost:{site.port}"]
