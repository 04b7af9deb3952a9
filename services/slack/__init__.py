"""Slack's Web API: the calls that the app makes, what they cost, and what their errors mean."""
