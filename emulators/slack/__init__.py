"""A local Slack with Slack's own rules where they matter to an app that sets statuses."""

from emulators.slack.calls import Call
from emulators.slack.server import LocalSlack
from emulators.slack.state import AppConfig, Channel, Member, Message, Token, Workspace

__all__ = ["AppConfig", "Call", "Channel", "LocalSlack", "Member", "Message", "Token", "Workspace"]
