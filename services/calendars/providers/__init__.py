"""The providers of calendars: what each says, read into events. No use case is imported here."""
