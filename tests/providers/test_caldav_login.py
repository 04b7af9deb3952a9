"""Digest as RFC 7616 has it: its own examples, what servers write, and when it is worth trying again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.calendars.providers.caldav.dav import Challenge, Login, challenges

NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
ASKED = (
    f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="{NONCE}", opaque="{OPAQUE}", '
    f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="{NONCE}", opaque="{OPAQUE}"'
)
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_examples_of_the_rfc_come_out(algorithm: str, response: str) -> None:
    challenge = next(one for one in challenges(ASKED) if one.algorithm == algorithm)
    answer = Login("Mufasa", "Circle of Life")._answer(challenge, "GET", "/dir/index.html", CNONCE)
    assert answer == (
        f'Digest username="Mufasa", realm="http-auth@example.org", nonce="{NONCE}", uri="/dir/index.html", '
        f'algorithm={algorithm}, response="{response}", opaque="{OPAQUE}", qop=auth, nc=00000001, cnonce="{CNONCE}"'
    )


def test_old_server_without_qop_is_answered_as_rfc_2069_has_it() -> None:
    """The example of RFC 2617 §3.5 without qop, whose response python-requests and curl give, too."""
    (challenge,) = challenges('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')
    answer = Login("Mufasa", "Circle Of Life")._answer(challenge, "GET", "/dir/index.html", "c")
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in answer
    assert "qop" not in answer
    assert "cnonce" not in answer


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", []),
        ('Basic realm="x, Digest y"', []),
        ('Digest realm="a"', []),
        ('Digest nonce="n"', [Challenge("", "n", qop=False)]),
        ('DIGEST REALM="a \\"b\\" \\\\", NONCE=n, QOP=auth', [Challenge('a "b" \\', "n")]),
        ('Negotiate, Basic realm="x", Digest realm="a",nonce="n=,=",qop="auth-int,auth"', [Challenge("a", "n=,=")]),
        ('Digest realm="a", nonce="n", qop="auth-int"', []),
        ('Digest realm="a", nonce="n", algorithm=SHA-512-256, qop="auth"', []),
        ('Digest realm="a", nonce="n", algorithm=sha-256-sess, qop="auth", stale=TRUE, charset=utf-8',
         [Challenge("a", "n", "SHA-256", session=True, stale=True, utf_8=True)]),
    ],
)  # fmt: skip
def test_what_is_asked_is_read(asked: str, expected: list[Challenge]) -> None:
    assert challenges(asked) == expected


@given(st.text(max_size=300))
def test_what_is_no_header_is_no_challenge_and_no_error(text: str) -> None:
    login = Login("ann", "secret")
    login.header("GET", "/")
    login.refused(text)
    login.heard(text)


def test_strongest_is_chosen_and_a_refused_password_is_not_tried_again() -> None:
    login = Login("ann", "secret")
    assert login.header("GET", "/")["Authorization"].startswith("Basic ")
    assert not login.is_digest
    assert login.refused(ASKED)
    assert "algorithm=SHA-256" in login.header("GET", "/")["Authorization"]
    assert login.is_digest
    assert not login.refused(ASKED)
    assert login.refused(ASKED.replace("qop=", "stale=true, qop="))


def test_nonce_is_counted_and_given_up_when_another_is_named() -> None:
    login = Login("ann", "secret", digest=True)
    assert login.header("GET", "/") == {}
    assert login.refused('Digest realm="a", nonce="n1", qop="auth"')
    for count in range(1, 4):
        assert f"nc={count:08x}" in login.header("GET", "/")["Authorization"]
    login.heard('nextnonce="n2", qop=auth')
    header = login.header("GET", "/")["Authorization"]
    assert 'nonce="n2"' in header
    assert "nc=00000001" in header
    login.header("GET", "/")
    assert login.refused('Digest realm="a", nonce="n3", qop="auth"')  # it took n2 before


def test_name_that_is_not_ascii_is_written_as_servers_that_know_utf_8_read_it() -> None:
    login = Login("Jäsøn Doe", "secret", digest=True)
    login.refused('Digest realm="a", nonce="n", qop="auth", charset=UTF-8')
    assert "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe" in login.header("GET", "/")["Authorization"]
    login.refused('Digest realm="a", nonce="n", qop="auth"')
    assert 'username="Jäsøn Doe"' in login.header("GET", "/")["Authorization"]


@pytest.mark.parametrize("asked", ["", 'Basic realm="dav"', "Negotiate"])
def test_server_that_asks_for_nothing_else_is_not_asked_again(asked: str) -> None:
    login = Login("ann", "secret")
    login.header("GET", "/")
    assert not login.refused(asked)
