"""Google Calendar: what its API says, as values of ours."""
