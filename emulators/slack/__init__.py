"""A local Slack with Slack's own rules where they matter to an app that sets statuses."""

from emulators.slack.server import LocalSlack
from emulators.slack.state import ApiCall, AppConfig, RefusalError, SlackToken

__all__ = ["ApiCall", "AppConfig", "LocalSlack", "RefusalError", "SlackToken"]
