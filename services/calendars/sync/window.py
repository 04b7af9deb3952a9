"""How far around now calendars are expanded. Pure."""

from __future__ import annotations

from datetime import timedelta

BEHIND = timedelta(days=1)
AHEAD = timedelta(days=60)
SHORT = timedelta(days=30)
"""With less of an expanded window left than this, it is moved: the calendar is read anew."""
