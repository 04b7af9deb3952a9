"""A local Microsoft: consent, tokens, Graph's calendars and pushes, faithful where it matters to a client."""
