"""Whose a mail address is, as far as it tells: a person's, nobody's, anybody's; and who organizes an event."""

from __future__ import annotations

import re
from collections.abc import Iterable

from services.domain.model import LONGEST_TEXT

_LISTED = """
    absence absences abwesenheit abwesenheiten automail automailer bot calendar calendars conge conges hr hris holiday
    holidays humanresources jinji kintai leave leaves mailer mailerdaemon notification notifications notify payroll
    people peopleops peopleteam personal personalabteilung pto rh robot rrhh system timeoff unattended urlaub vacaciones
    vacation vacations
"""
_NOBODYS = frozenset(_LISTED.split())


def is_no_persons(address: str) -> bool:
    """Return whether nobody waits for an answer at an address, as far as the part before its @ tells."""
    local = re.sub(r"[._-]", "", address.partition("@")[0].partition("+")[0].casefold())
    return local in _NOBODYS or "noreply" in local or "donotreply" in local


MOST_DOMAINS = 50
"""Mail domains of an event's guests that are kept."""

_LONGEST_ADDRESS = 320  # RFC 5321 §4.5.3.1: 64 characters, the @ and 255
_ADDRESS = re.compile(r"[^\s@<>]{1,255}@[^\s@<>\[\]()/\\,;:\"]{1,255}")
_NO_MAILBOX = re.compile(r"(?:[^@]*\.)?(?:calendar\.google\.com|imip\.me\.com)")
"""Domains under which calendars and rooms have addresses: of Google's (`group.…`, `resource.…`), and of iCloud's."""


def mail_domain(address: str) -> str:
    """Return the lower-case domain of a mail address; "" for what is none, and for a calendar's or a room's own."""
    address = address.strip().lower()
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        return ""
    domain = address.rpartition("@")[2].rstrip(".")
    return "" if _NO_MAILBOX.fullmatch(domain) else domain


def mail_domains(addresses: Iterable[str]) -> frozenset[str]:
    """Return the domains of mail addresses, of very many the first in alphabetical order."""
    return frozenset(sorted({mail_domain(address) for address in addresses} - {""})[:MOST_DOMAINS])


_MAIL_SERVICES = re.compile(
    r"(?:gmail|googlemail|icloud|me|mac|msn|aol|ymail|mail|zoho|qq|163|126|naver|hey|fastmail|protonmail)\.com"
    r"|(?:hotmail|live|outlook|yahoo|gmx)\.[a-z.]+"
    r"|(?:proton|pm)\.me|(?:web|t-online|freenet|posteo|mailbox)\.(?:de|org)|(?:mail|yandex|bk|inbox|list)\.ru"
    r"|(?:orange|wanadoo|free|sfr|laposte|bbox)\.fr|(?:docomo|ezweb|au)\.(?:ne\.jp|com)|(?:i\.)?softbank\.(?:ne\.)?jp"
    r"|(?:telefonica|movistar)\.(?:net|es)"
)


def is_anybodys(domain: str) -> bool:
    """Return whether a domain is that of a service at which anybody has a mailbox: its people are no colleagues."""
    return _MAIL_SERVICES.fullmatch(domain) is not None


def organizer_text(name: str, address: str) -> str:
    """Return who organizes as rules see it: `Name <address>`, or the one of both that is said; at most LONGEST_TEXT.

    What is no mail address is left out: a URN (RFC 5545 lets an ORGANIZER be any URI), Exchange's own `/o=…/cn=…`.
    """
    address = address.strip()
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        address = ""
    name = " ".join(name[:LONGEST_TEXT].split())[: LONGEST_TEXT - len(address) - len(" <>")]
    if not name or not address or name.casefold() == address.casefold():
        return address or name
    return f"{name} <{address}>"
