"""Slack's Web API behind our ports, one adapter for each concern."""

from services.slack.messages import SlackMessages
from services.slack.oauth import SlackAuthority
from services.slack.profile import SlackProfiles
from services.slack.rotation import SlackRotation
from services.slack.views import SlackViews

__all__ = ["SlackAuthority", "SlackMessages", "SlackProfiles", "SlackRotation", "SlackViews"]
