"""Slack's Web API: one client with the table of errors, one class for each family of methods."""
