"""The peer of `bench.http` and `bench.messages`: bare Bolt that acknowledges, with its own check of signatures."""

from __future__ import annotations

import sys

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck


async def authorize(**_context: object) -> AuthorizeResult:
    """One workspace, no call to Slack: the fairest peer."""
    return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-none", bot_user_id="UB")  # noqa: S106  # nothing


def main(port: int, secret: str) -> None:
    """Listen until ended."""
    bolt = AsyncApp(signing_secret=secret, authorize=authorize)

    @bolt.command("/quo")
    async def quo(ack: AsyncAck) -> None:
        await ack("Hello")

    @bolt.event("message")
    async def message() -> None:
        return

    bolt.server(port=port, path="/slack/events", host="127.0.0.1").start()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
