"""Which addresses may be visited, and what a pasted address becomes."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import AddressNotAllowedError, NotAnAddressError
from services.platform.addresses import AddressRules, clean

PUBLIC = AddressRules()
INTRANET = AddressRules(private=True)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104  # an address to refuse, not one to bind to
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "2400:cb00::5efe:7f00:1",
        "2400:cb00::200:5efe:a00:1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_address_of_a_special_range_is_refused(address: str) -> None:
    assert PUBLIC.allows(ip_address(address)) is False


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "93.184.216.34",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "198.17.255.255",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:4001::200e",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
        "2400:cb00::5efe:101:101",
    ],
)
def test_address_of_the_public_internet_is_allowed(address: str) -> None:
    assert PUBLIC.allows(ip_address(address)) is True


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.5.5", "100.64.0.1", "::1", "fd12::1", "::ffff:127.0.0.1"],
)
def test_private_address_is_allowed_where_the_operator_says_so(address: str) -> None:
    assert INTRANET.allows(ip_address(address)) is True


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe80::1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "0.0.0.0",  # noqa: S104  # an address to refuse, not one to bind to
        "224.0.0.1",
        "255.255.255.255",
        "ff02::1",
    ],
)
def test_metadata_and_broadcast_stay_refused_where_private_addresses_are_allowed(address: str) -> None:
    assert INTRANET.allows(ip_address(address)) is False


@given(st.ip_addresses(v=4))
def test_ipv6_form_of_an_address_is_never_allowed_more_than_itself(address: object) -> None:
    for form in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert PUBLIC.allows(ip_address(form)) == PUBLIC.allows(ip_address(str(address)))


@given(st.ip_addresses())
def test_what_python_calls_private_or_reserved_is_never_allowed(address: object) -> None:
    ip = ip_address(str(address))
    if ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        mapped = getattr(ip, "ipv4_mapped", None)
        assert PUBLIC.allows(ip) is (mapped is not None and PUBLIC.allows(mapped))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://example.org/a.ics", "https://example.org/a.ics"),
        ("  https://example.org/a.ics\n", "https://example.org/a.ics"),
        ("webcal://example.org/a.ics", "https://example.org/a.ics"),
        ("WEBCAL://example.org/a.ics", "https://example.org/a.ics"),
        ("webcals://example.org/a.ics", "https://example.org/a.ics"),
        ("<https://example.org/a.ics>", "https://example.org/a.ics"),
        ("<https://example.org/a.ics?x=1&amp;y=2|example.org/a.ics>", "https://example.org/a.ics?x=1&y=2"),
        ("https://Example.ORG/Secret%2BPath%40x?sig=a%2fb%7E", "https://example.org/Secret%2BPath%40x?sig=a%2fb%7E"),
        ("https://example.org/a.ics#part", "https://example.org/a.ics"),
        ("https://bücher.example/kalender/ü.ics", "https://xn--bcher-kva.example/kalender/%C3%BC.ics"),
        ("https://[2606:4700::1]/a.ics", "https://[2606:4700::1]/a.ics"),
    ],
)
def test_address_as_pasted_becomes_the_one_that_is_fetched(typed: str, meant: str) -> None:
    assert str(PUBLIC.parse(typed)) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "calendar",
        "example.org/a.ics",
        "ftp://example.org/a.ics",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///a.ics",
        "https://example.org:99999/",
        "https://example.org:0/",
        "https://exam ple.org/",
        "https://example.org/a b",
        "https://example.org/\r\nHost: other",
        "https://example.org\\@127.0.0.1/",
        "https://exa%6dple.org/",
        "https://[::zz]/",
        "https://[v1.fe80::a+en1]/",
        "https://user@example.org/a.ics",
        "https://user:password@example.org/a.ics",
        "http://example.org/a.ics",
        "https://example.org/" + "a" * 2048,
    ],
)
def test_what_is_no_calendar_address_is_refused_as_none(typed: str) -> None:
    with pytest.raises(NotAnAddressError):
        PUBLIC.parse(typed)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "2130706433",
        "017700000001",
        "１２７.0.0.1",
        "10.0.0.5",
        "999.1.1.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "calendar.localhost",
        "metadata.google.internal",
        "metadata.google.internal.",
        "169.254.169.254",
    ],
)
def test_host_that_names_the_inside_is_refused_before_anything_is_resolved(host: str) -> None:
    with pytest.raises(AddressNotAllowedError):
        PUBLIC.parse(f"https://{host}/a.ics")


def test_port_other_than_the_web_is_refused_in_public_and_allowed_on_an_intranet() -> None:
    with pytest.raises(AddressNotAllowedError):
        PUBLIC.parse("https://example.org:8443/a.ics")
    assert str(PUBLIC.parse("https://example.org:443/a.ics")) == "https://example.org/a.ics"
    assert str(PUBLIC.parse("https://example.org:80/a.ics")) == "https://example.org:80/a.ics"
    assert str(INTRANET.parse("http://10.0.0.5:8080/a.ics")) == "http://10.0.0.5:8080/a.ics"


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused_as_none(text: str) -> None:
    for candidate in (text, "https://" + text, "https://example.org/" + text):
        try:
            url = clean(candidate)
        except NotAnAddressError:
            continue
        assert url.scheme in {"http", "https"}
        assert url.raw_host
        assert not set(str(url)) & set("\r\n\t \\")
