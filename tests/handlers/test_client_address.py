"""Where a request comes from: the peer, or whom a trusted proxy names, read from the right."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from handlers.web.client_address import client_address
from services.domain.operator_errors import SettingsError
from services.platform import settings
from services.platform.settings import Settings

PROXY, OTHER_PROXY, STRANGER, CLIENT = "10.0.0.1", "10.1.2.3", "203.0.113.9", "198.51.100.7"
TRUSTED = "10.0.0.1, 10.1.0.0/16, fd00::/8"


POSTED = make_mocked_request("POST", "/mcp")


def seen(remote: str | None, *forwarded: str, trusted: str = TRUSTED) -> str:
    headers = CIMultiDict([("X-Forwarded-For", one) for one in forwarded])
    request = POSTED.clone(remote=remote, headers=headers)
    return client_address(request, Settings(trusted_proxies=trusted or None).proxies)


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        (STRANGER, [], STRANGER),
        (STRANGER, [CLIENT], STRANGER),  # not a proxy of ours: whatever it says
        (PROXY, [], PROXY),
        (PROXY, [CLIENT], CLIENT),
        (PROXY, [f"1.1.1.1, 2.2.2.2, {CLIENT}"], CLIENT),  # what the client itself wrote stands left of it
        (PROXY, [f"{CLIENT}, {OTHER_PROXY}"], CLIENT),
        (PROXY, [f"1.1.1.1, {CLIENT}, {OTHER_PROXY}, {PROXY}"], CLIENT),
        (PROXY, [f"{OTHER_PROXY}, {PROXY}"], OTHER_PROXY),
        (PROXY, ["1.1.1.1", CLIENT], CLIENT),  # a header that is there twice is one list (RFC 9110 §5.3)
        (PROXY, [CLIENT, OTHER_PROXY], CLIENT),
        (PROXY, [f"{CLIENT}:51234"], CLIENT),
        (PROXY, [f" {CLIENT} ,"], PROXY),
        (PROXY, ["1.1.1.1, unknown"], PROXY),
        (PROXY, ["1.1.1.1, _hidden, " + OTHER_PROXY], OTHER_PROXY),
        (PROXY, ["localhost"], PROXY),
        (PROXY, ["1.2.3"], PROXY),
        (PROXY, ["1.2.3.4:99999999"], PROXY),
        (PROXY, ["9" * 70_000], PROXY),
        (PROXY, ["1.1.1.1, " * 9000 + CLIENT], CLIENT),
        (PROXY, ["1.1.1.1," + f"{PROXY}," * 30 + PROXY], PROXY),  # no chain is that long
        (f"::ffff:{PROXY}", [CLIENT], CLIENT),
        (PROXY, [f"::ffff:{CLIENT}"], CLIENT),
        ("fd00::5", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        (PROXY, ["[2001:db8:1:2:ffff::1]:443"], "2001:db8:1:2::/64"),
        (PROXY, ["[2001:db8:1:2::9]"], "2001:db8:1:2::/64"),
        ("2001:db8::1", [CLIENT], "2001:db8::/64"),
        ("fe80::1%eth0", [], "fe80::/64"),
        (None, [CLIENT], ""),
        ("", [CLIENT], ""),
    ],
)
def test_address_is_the_peers_or_whom_a_trusted_proxy_names(
    remote: str | None, forwarded: list[str], address: str
) -> None:
    assert seen(remote, *forwarded) == address


@pytest.mark.parametrize("remote", [PROXY, STRANGER, "::1", "127.0.0.1"])
def test_without_trusted_proxies_nobodys_word_is_taken(remote: str) -> None:
    assert seen(remote, CLIENT, trusted="") == seen(remote, trusted="")


@given(st.lists(st.text(max_size=30).filter(lambda part: "\r" not in part and "\n" not in part), max_size=6))
def test_whatever_a_client_writes_the_address_is_the_one_that_its_proxy_saw(parts: list[str]) -> None:
    assert seen(PROXY, ",".join([*parts, CLIENT])) == CLIENT


@given(st.ip_addresses())
def test_every_address_is_told_from_those_of_others(address: object) -> None:
    told, kept = seen(PROXY, str(address)), ip_address(str(address))
    mapped = getattr(kept, "ipv4_mapped", None)
    if kept.version == 4 or mapped:
        assert told == str(mapped or kept)
    else:
        assert told.endswith("/64")
        assert kept in ip_network(told)


@pytest.mark.parametrize("wrong", ["proxy.local", "10.0.0.0/33", "10.0.0.1;10.0.0.2", "*", "10.0.0"])
def test_proxies_that_are_no_addresses_are_told_by_name(wrong: str) -> None:
    with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
        settings.load({"TRUSTED_PROXIES": wrong}, dotenv=None)


def test_proxies_are_addresses_and_networks() -> None:
    found = settings.load({"TRUSTED_PROXIES": " 10.0.0.1 ,192.168.7.9/16,2001:db8::/32,"}, dotenv=None).proxies
    assert [str(one) for one in found] == ["10.0.0.1/32", "192.168.0.0/16", "2001:db8::/32"]
