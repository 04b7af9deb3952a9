"""A Slack workspace in a box: the local Slack, its people, their calendars, a clock that moves, and a page to see it.

Imported by `app.py` (for `app.py demo`) and by the tests, whose stand-in Slack is `emulators.slack.LocalSlack`.
"""
