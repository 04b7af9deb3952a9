"""Mail addresses: those that are no person's, because nobody waits for an answer at them, domains, and organizers."""

from __future__ import annotations

import pytest

from services.domain.mail_addresses import (
    MOST_DOMAINS,
    is_anybodys,
    is_no_persons,
    mail_domain,
    mail_domains,
    organizer_text,
)
from services.domain.model import LONGEST_TEXT


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("no-reply@corp.example", True),
        ("DoNotReply+17@corp.example", True),
        ("time.off@hr.example", True),
        ("ann@corp.example", False),
        ("hr.ann@corp.example", False),
        ("", False),
    ],
)
def test_address_of_a_program_or_department_is_no_persons(address: str, expected: bool) -> None:
    assert is_no_persons(address) is expected


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        (" Ann@Corp.EXAMPLE. ", "corp.example"), ("ann@mail", "mail"), ("ann@日本.example", "日本.example"),
        ("ann", ""), ("@corp.example", ""), ("ann@", ""), ("a@b@c", ""), ("a b@c", ""), ("ann@[127.0.0.1]", ""),
        ("/o=ExchangeLabs/cn=1", ""), ("urn:uuid:1", ""), ("ann@" + "x" * 255, "x" * 255), ("ann@" + "x" * 256, ""),
        ("a" * 300 + "@" + "x" * 200, ""), ("c_1@group.calendar.google.com", ""), ("x@calendar.google.com", ""),
        ("x@imip.me.com", ""), ("x@mycalendar.google.com", "mycalendar.google.com"), ("x@google.com", "google.com"),
    ],
)  # fmt: skip
def test_domain_of_a_mail_address(address: str, domain: str) -> None:
    assert mail_domain(address) == domain


@pytest.mark.parametrize(
    ("domain", "anybodys"),
    [
        ("gmail.com", True), ("yahoo.co.jp", True), ("web.de", True), ("proton.me", True), ("", False),
        ("corp.example", False), ("notgmail.com", False), ("gmail.com.example", False), ("mail.corp.example", False),
    ],
)  # fmt: skip
def test_domain_at_which_anybody_has_a_mailbox(domain: str, anybodys: bool) -> None:
    assert is_anybodys(domain) is anybodys


def test_domains_are_no_more_than_are_kept_whatever_their_order() -> None:
    many = [f"ann@{number:03}.example" for number in range(80)]
    assert len(mail_domains(many)) == MOST_DOMAINS
    assert mail_domains(many) == mail_domains([*reversed(many), "nobody"])


@pytest.mark.parametrize(
    ("name", "address", "text"),
    [
        ("", "", ""), ("Boss", "", "Boss"), ("", "boss@corp.example", "boss@corp.example"),
        (" Boss\nHog ", " boss@corp.example ", "Boss Hog <boss@corp.example>"),
        ("Boss@Corp.example", "boss@corp.example", "boss@corp.example"),
        ("Boss", "urn:uuid:1", "Boss"), ("Boss", "a" * 300 + "@" + "x" * 200, "Boss"),
    ],
)  # fmt: skip
def test_organizer_is_a_name_and_an_address(name: str, address: str, text: str) -> None:
    assert organizer_text(name, address) == text


def test_organizer_is_cut_in_the_name_and_never_in_the_address() -> None:
    text = organizer_text("x" * 5000, "boss@corp.example")
    assert len(text) == LONGEST_TEXT
    assert text.endswith("x <boss@corp.example>")
