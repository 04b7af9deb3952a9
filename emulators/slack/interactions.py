"""What people do in Slack, sent to the app: slash commands, clicks, modals, shortcuts, options.

Payloads: docs.slack.dev/interactivity/implementing-slash-commands and …/reference/interaction-payloads.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from emulators.slack import views
from emulators.slack.core import SlackCore, with_block_ids
from emulators.slack.delivery import Answer, Deliveries
from emulators.slack.errors import RefusalError
from emulators.slack.state import Channel, Member, Message, ViewState
from emulators.slack.text import typed

_FORM = "application/x-www-form-urlencoded"
Values = dict[str, dict[str, Any]]


class Interactions:
    """Each method is one thing a person does; it returns what the app answered."""

    def __init__(self, slack: SlackCore, deliveries: Deliveries) -> None:
        self._slack = slack
        self._deliveries = deliveries

    async def command(self, user_id: str, command: str, text: str = "", *, channel_id: str = "") -> Answer:
        """Type a slash command. What comes back in the answer is shown to the person as Slack does it."""
        slack = self._slack
        member = slack.member(user_id)
        workspace = slack.workspaces[member.team_id]
        channel = slack.channels[channel_id] if channel_id else self._general(member)
        people = {m.name.lower(): m.user_id for m in slack.people_of(member.team_id)}
        channels = {
            c.name: c.channel_id for c in slack.channels.values() if c.team_id == member.team_id and not c.person
        }
        fields = {
            "token": slack.app.verification_token,
            "team_id": member.team_id,
            "team_domain": workspace.domain,
            "channel_id": channel.channel_id,
            "channel_name": channel.name,
            "user_id": user_id,
            "user_name": member.name,
            "command": command,
            "text": typed(text, people, channels),
            "api_app_id": slack.app.app_id,
            "is_enterprise_install": "true" if self._org_wide(member) else "false",
            "response_url": self._response_url("commands", user_id, channel.channel_id),
            "trigger_id": self._slack.triggers.trigger(user_id),
        }
        if workspace.enterprise_id:
            fields |= {"enterprise_id": workspace.enterprise_id, "enterprise_name": workspace.enterprise_name or ""}
        answer = await self._deliveries.send(urlencode(fields).encode(), _FORM)
        self._show_answer(member, channel, command, answer)
        return answer

    async def home_opened(self, user_id: str) -> None:
        """Open the app's Home tab: the `app_home_opened` event."""
        member = self._slack.member(user_id)
        event: dict[str, Any] = {
            "type": "app_home_opened",
            "user": user_id,
            "channel": self._slack.direct_channel(user_id).channel_id,
            "tab": "home",
        }
        home = self._slack.homes.get(user_id)
        if home is not None:
            event["view"] = views.as_returned(self._slack, home)
        self._deliveries.event(member.team_id, event, user_id=user_id)

    async def click_in_view(
        self, user_id: str, view_id: str, action: dict[str, Any], values: Values | None = None
    ) -> Answer:
        """Click an element of a Home tab or modal. `action` has `action_id`, `block_id`, `type` and what was chosen."""
        state = views.find(self._slack, view_id)
        return await self._send(
            {
                **self._common(user_id, "block_actions"),
                "container": {"type": "view", "view_id": view_id},
                "view": views.as_returned(self._slack, state, values),
                "state": {"values": values or {}},
                "actions": [{**action, "action_ts": self._slack.timestamp()}],
            }
        )

    async def click_in_message(self, user_id: str, message_ts: str, action: dict[str, Any]) -> Answer:
        """Click an element of a message."""
        message = next((m for m in self._slack.messages if m.ts == message_ts), None)
        if message is None:
            raise RefusalError("message_not_found")
        ephemeral = bool(message.only_for)
        return await self._send(
            {
                **self._common(user_id, "block_actions"),
                "container": {
                    "type": "message",
                    "message_ts": message.ts,
                    "channel_id": message.channel_id,
                    "is_ephemeral": ephemeral,
                },
                "channel": {"id": message.channel_id, "name": self._slack.channels[message.channel_id].name},
                "message": as_message(self._slack, message),
                "state": {"values": {}},
                "response_url": self._response_url("actions", user_id, message.channel_id, message.ts),
                "actions": [{**action, "action_ts": self._slack.timestamp()}],
            }
        )

    async def submit(self, user_id: str, view_id: str, values: Values) -> Answer:
        """Submit a modal; does what the app's `response_action` says. `answer.json()` has the errors, if any."""
        state = views.find(self._slack, view_id)
        answer = await self._send(
            {
                **self._common(user_id, "view_submission"),
                "view": views.as_returned(self._slack, state, values),
                "response_urls": [],
            }
        )
        if answer.ok:
            self._after_submission(state, answer.json() or {})
        return answer

    async def dismiss(self, user_id: str, view_id: str, *, whole_stack: bool = False) -> Answer | None:
        """Close a modal by hand; the app is told if it asked for it."""
        state = views.find(self._slack, view_id)
        closed = views.close(self._slack, state, whole_stack=whole_stack)
        if not any(view.view.get("notify_on_close") for view in closed):
            return None
        return await self._send(
            {
                **self._common(user_id, "view_closed"),
                "view": views.as_returned(self._slack, state),
                "is_cleared": whole_stack,
            }
        )

    async def shortcut(self, user_id: str, callback_id: str) -> Answer:
        """Run a global shortcut."""
        payload = {
            **self._common(user_id, "shortcut"),
            "callback_id": callback_id,
            "action_ts": self._slack.timestamp(),
        }
        return await self._send(payload)

    async def options(self, user_id: str, view_id: str, action_id: str, block_id: str, value: str) -> Answer:
        """Type into an external select."""
        state = views.find(self._slack, view_id)
        return await self._send(
            {
                **self._common(user_id, "block_suggestion"),
                "container": {"type": "view", "view_id": view_id},
                "view": views.as_returned(self._slack, state),
                "action_id": action_id,
                "block_id": block_id,
                "value": value,
            }
        )

    def respond(self, secret: str, body: dict[str, Any]) -> None:
        """The app posts to a response URL. Raises RefusalError when it is used up or says nothing."""
        place = self._slack.triggers.respond(secret)
        messages = self._slack.messages
        old = next((m for m in messages if place.message_ts and m.ts == place.message_ts), None)
        if body.get("delete_original") and old is not None:
            messages.remove(old)
            self._slack.hub.publish("message_gone", message=old)
            return
        text, blocks = str(body.get("text") or ""), body.get("blocks") or []
        if not text and not blocks:
            raise RefusalError("no_text", status=400)
        if old is not None and body.get("replace_original", True) and body.get("response_type") is None:
            old.text, old.blocks = text, with_block_ids(blocks)
            self._slack.hub.publish("message_changed", message=old)
            return
        public = body.get("response_type") == "in_channel"
        bot = self._slack.bot_of(self._slack.member(place.user_id).team_id)
        only_for = "" if public else place.user_id
        self._slack.post(place.channel_id, bot.user_id, text, blocks, only_for=only_for)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────

    async def _send(self, payload: dict[str, Any]) -> Answer:
        return await self._deliveries.send(urlencode({"payload": json.dumps(payload)}).encode(), _FORM)

    def _common(self, user_id: str, kind: str) -> dict[str, Any]:
        member = self._slack.member(user_id)
        workspace = self._slack.workspaces[member.team_id]
        enterprise = None
        if workspace.enterprise_id:
            enterprise = {"id": workspace.enterprise_id, "name": workspace.enterprise_name or ""}
        return {
            "type": kind,
            "token": self._slack.app.verification_token,
            "api_app_id": self._slack.app.app_id,
            "team": {"id": workspace.team_id, "domain": workspace.domain},
            "user": {"id": user_id, "username": member.name, "name": member.name, "team_id": member.team_id},
            "enterprise": enterprise,
            "is_enterprise_install": self._org_wide(member),
            "trigger_id": self._slack.triggers.trigger(user_id),
        }

    def _after_submission(self, state: ViewState, answer: dict[str, Any]) -> None:
        action = answer.get("response_action") if isinstance(answer, dict) else None
        if action == "errors":
            return
        if action == "update":
            views.update(self._slack, state, answer.get("view"))
        elif action == "push":
            views.push_modal(self._slack, state.user_id, answer.get("view"))
        else:
            views.close(self._slack, state, whole_stack=action == "clear")

    def _show_answer(self, member: Member, channel: Channel, command: str, answer: Answer) -> None:
        if not answer.ok:
            code = answer.failure if answer.failure == "operation_timeout" else "dispatch_failed"
            text = f'{command} failed with the error "{code}"'
            self._slack.post(channel.channel_id, "USLACKBOT", text, only_for=member.user_id)
            return
        body = answer.json()
        reply: dict[str, Any] = (
            body if isinstance(body, dict) else {"text": answer.body.decode("utf-8", "replace").strip()}
        )
        text, blocks = str(reply.get("text") or ""), reply.get("blocks") or []
        if text or blocks:
            public = reply.get("response_type") == "in_channel"
            bot = self._slack.bot_of(member.team_id)
            self._slack.post(channel.channel_id, bot.user_id, text, blocks, only_for="" if public else member.user_id)

    def _response_url(self, kind: str, user_id: str, channel_id: str, message_ts: str = "") -> str:
        secret = self._slack.triggers.response(user_id, channel_id, message_ts)
        return f"{self._slack.url}/{kind}/{self._slack.member(user_id).team_id}/{secret}"

    def _general(self, member: Member) -> Channel:
        return next(c for c in self._slack.channels.values() if c.team_id == member.team_id and not c.person)

    def _org_wide(self, member: Member) -> bool:
        enterprise = self._slack.workspaces[member.team_id].enterprise_id
        bot = self._slack.tokens.bot(enterprise) if enterprise else None
        return bot is not None and bot.org_wide


def as_message(slack: SlackCore, message: Message) -> dict[str, Any]:
    """The message object as payloads carry it."""
    sender = slack.members.get(message.user_id)
    body: dict[str, Any] = {
        "type": "message",
        "user": message.user_id,
        "ts": message.ts,
        "text": message.text,
        "blocks": message.blocks,
        "app_id": slack.app.app_id,
    }
    if sender is not None and sender.is_bot:
        body |= {"bot_id": sender.bot_id, "team": sender.team_id}
    return body
