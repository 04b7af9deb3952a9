"""A local Google: consent, tokens and calendars, faithful where it matters to a client."""
