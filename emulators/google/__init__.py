"""A local Google: consent, tokens and calendars, faithful where it matters to a client."""

from emulators.google.events import GoogleEntry
from emulators.google.server import LocalGoogle, google_client

__all__ = ["GoogleEntry", "LocalGoogle", "google_client"]
