"""A local Microsoft: consent, tokens, Graph's calendars and pushes, faithful where it matters to a client."""

from emulators.microsoft.events import MicrosoftEntry, Recurrence
from emulators.microsoft.server import LocalMicrosoft, microsoft_client

__all__ = ["LocalMicrosoft", "MicrosoftEntry", "Recurrence", "microsoft_client"]
