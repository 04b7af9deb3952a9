"""Calendars: connecting them, fetching what changed, reading what was fetched."""
