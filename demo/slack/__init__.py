"""A local Slack with Slack's own rules where they matter to an app that sets statuses."""

from demo.slack.calls import Call
from demo.slack.faults import Fault
from demo.slack.server import LocalSlack
from demo.slack.state import AppConfig, Channel, Member, Message, Token, Workspace

__all__ = ["AppConfig", "Call", "Channel", "Fault", "LocalSlack", "Member", "Message", "Token", "Workspace"]
