"""A local Google: consent, tokens and calendars, faithful where it matters to a client.

`LocalGoogle` serves; `google.accounts[address].calendars[id]` are edited with `add`, `change`, `move`, `cancel` and the
same for single occurrences of a series; `google.faults` says what goes wrong.
"""

from emulators.google.calendars import Account, Calendar, Entry
from emulators.google.oauth import Client
from emulators.google.server import LocalGoogle

__all__ = ["Account", "Calendar", "Client", "Entry", "LocalGoogle"]
