"""Mail addresses that are no person's: of programs and departments that publish what needs no answer. Pure."""

from __future__ import annotations

import re

_LISTED = """
    absence absences abwesenheit abwesenheiten automail automailer bot calendar calendars conge conges hr hris holiday
    holidays humanresources jinji kintai leave leaves mailer mailerdaemon notification notifications notify payroll
    people peopleops peopleteam personal personalabteilung pto rh robot rrhh system timeoff unattended urlaub vacaciones
    vacation vacations
"""
_NOBODYS = frozenset(_LISTED.split())


def is_no_persons(address: str) -> bool:
    """Whether nobody waits for an answer at an address, as far as the part before its @ tells."""
    local = re.sub(r"[._-]", "", address.partition("@")[0].partition("+")[0].casefold())
    return local in _NOBODYS or "noreply" in local or "donotreply" in local
