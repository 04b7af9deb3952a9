"""Asks for a passphrase: on the terminal, or from what a job hands in. Never as an argument, which `ps` shows."""

from __future__ import annotations

import sys
from getpass import getpass

from services.domain.errors import InputError

SHORTEST = 12
"""Characters: whoever has the file can try as many as they like."""


def ask(*, new: bool) -> str:
    """Ask for a passphrase at the terminal, a `new` one twice; without one, take the standard input's first line.

    Raises InputError for none, two different ones, and a new one that is too short.
    """
    if sys.stdin.isatty():
        given = getpass("Passphrase: ")
        if new and getpass("Once more: ") != given:
            raise InputError("These were two different passphrases.")
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise InputError("There is no passphrase: type it, or give it as the first line of the standard input.")
    if given.encode(errors="ignore").decode() != given:  # bytes that are none come as surrogates
        raise InputError("The passphrase is no text in UTF-8.")
    if new and len(given) < SHORTEST:
        raise InputError(f"A passphrase needs at least {SHORTEST} characters.")
    return given
