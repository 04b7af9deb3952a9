"""Slack's Web API behind our ports, one adapter for each concern."""

from services.slack.messages import SlackMessages, SlackViews
from services.slack.oauth import SlackAuthority, SlackRotation
from services.slack.profile import SlackProfiles

__all__ = ["SlackAuthority", "SlackMessages", "SlackProfiles", "SlackRotation", "SlackViews"]
