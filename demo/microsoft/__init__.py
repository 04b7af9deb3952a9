"""A local Microsoft: consent, tokens and Graph calendars, faithful where it matters to a client."""
