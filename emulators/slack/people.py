"""What people do in Slack, sent to the app: commands, clicks, modals, shortcuts, messages and files.

Payloads: docs.slack.dev/interactivity/implementing-slash-commands, …/reference/interaction-payloads,
…/reference/events/message.im, …/message/file_share, …/file_shared, …/objects/file-object.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from emulators.slack import views
from emulators.slack.delivery import AppAnswer
from emulators.slack.kit import problems_of_options
from emulators.slack.state import (
    Channel,
    RefusalError,
    SlackMember,
    SlackMessage,
    StoredFile,
    ViewState,
    with_block_ids,
)
from emulators.slack.text import typed

if TYPE_CHECKING:
    from emulators.slack.server import LocalSlack

_FORM = "application/x-www-form-urlencoded"
Values = dict[str, dict[str, Any]]


class Interactions:
    """Each method is one thing a person does; it returns what the app answered."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack

    async def command(self, user_id: str, command: str, text: str = "", *, channel_id: str = "") -> AppAnswer:
        """Type a slash command. What comes back in the answer is shown to the person as Slack does it."""
        slack = self._slack
        member = slack.member(user_id)
        channel = slack.channels[channel_id] if channel_id else slack.general(member.team_id)
        people = {one.name.lower(): one.user_id for one in slack.people_of(member.team_id)}
        channels = {one.name: one.channel_id for one in slack.channels.values() if one.team_id == member.team_id}
        fields = {
            "team_id": member.team_id,
            "team_domain": slack.workspaces[member.team_id].domain,
            "channel_id": channel.channel_id,
            "channel_name": channel.name,
            "user_id": user_id,
            "user_name": member.name,
            "command": command,
            "text": typed(text, people, channels),
            "api_app_id": slack.app.app_id,
            "is_enterprise_install": "false",
            "response_url": self._response_url("commands", user_id, channel.channel_id),
            "trigger_id": slack.triggers.trigger(user_id),
        }
        answer = await slack.deliveries.send(urlencode(fields).encode(), _FORM)
        self._show_answer(member, channel, command, answer)
        return answer

    async def home_opened(self, user_id: str) -> None:
        """Open the app's Home tab: the `app_home_opened` event."""
        channel = self._slack.direct_channel(user_id)
        home = self._slack.homes.get(user_id)
        view = {"view": views.as_returned(self._slack, home)} if home is not None else {}
        event = {"type": "app_home_opened", "user": user_id, "channel": channel.channel_id, "tab": "home", **view}
        self._slack.deliveries.event(channel.team_id, event, user_id=user_id)

    async def click_in_view(
        self, user_id: str, view_id: str, action: dict[str, Any], values: Values | None = None
    ) -> AppAnswer:
        """Click an element of a Home tab or modal. `action` has `action_id`, `block_id`, `type` and what was chosen."""
        return await self._send(
            user_id,
            "block_actions",
            container={"type": "view", "view_id": view_id},
            view=views.as_returned(self._slack, views.find(self._slack, view_id), values),
            state={"values": values or {}},
            actions=[{**action, "action_ts": self._slack.timestamp()}],
        )

    async def click_in_message(self, user_id: str, message_ts: str, action: dict[str, Any]) -> AppAnswer:
        """Click an element of a message."""
        message = next((one for one in self._slack.messages if one.ts == message_ts), None)
        if message is None:
            raise RefusalError("message_not_found")
        channel = message.channel_id
        ephemeral = bool(message.only_for)
        return await self._send(
            user_id,
            "block_actions",
            container={"type": "message", "message_ts": message.ts, "channel_id": channel, "is_ephemeral": ephemeral},
            channel={"id": channel, "name": self._slack.channels[channel].name},
            message=as_message(self._slack, message),
            state={"values": {}},
            response_url=self._response_url("actions", user_id, channel, message.ts),
            actions=[{**action, "action_ts": self._slack.timestamp()}],
        )

    async def submit(self, user_id: str, view_id: str, values: Values) -> AppAnswer:
        """Submit a modal; does what the app's `response_action` says. `answer.json()` has the errors, if any."""
        state = views.find(self._slack, view_id)
        view = views.as_returned(self._slack, state, values)
        answer = await self._send(user_id, "view_submission", view=view, response_urls=[])
        if answer.ok:
            self._after_submission(state, answer.json() or {})
        return answer

    async def suggest(
        self,
        user_id: str,
        view_id: str,
        action_id: str,
        value: str,
        *,
        block_id: str = "",
        values: Values | None = None,
    ) -> list[dict[str, Any]]:
        """Type into an external_select of a view: the options that the app offers, its groups' one after another.

        Raises RefusalError where Slack would show none: no answer in time, or options that it does not take.
        """
        answer = await self._send(
            user_id,
            "block_suggestion",
            container={"type": "view", "view_id": view_id},
            view=views.as_returned(self._slack, views.find(self._slack, view_id), values),
            action_id=action_id,
            block_id=block_id or action_id,
            value=value,
        )
        offered = answer.json() if answer.ok else None
        if not isinstance(offered, dict):
            raise RefusalError(answer.failure or "dispatch_failed")
        if wrong := problems_of_options(offered):
            raise RefusalError("invalid_options", response_metadata={"messages": wrong})
        groups = offered.get("option_groups") or [offered]
        return [option for group in groups for option in group.get("options") or ()]

    async def dismiss(self, user_id: str, view_id: str, *, whole_stack: bool = False) -> AppAnswer | None:
        """Close a modal by hand; the app is told if it asked for it."""
        state = views.find(self._slack, view_id)
        closed = views.close(self._slack, state, whole_stack=whole_stack)
        if not any(view.view.get("notify_on_close") for view in closed):
            return None
        view = views.as_returned(self._slack, state)
        return await self._send(user_id, "view_closed", view=view, is_cleared=whole_stack)

    async def shortcut(self, user_id: str, callback_id: str) -> AppAnswer:
        """Run a global shortcut."""
        at = self._slack.timestamp()
        return await self._send(user_id, "shortcut", callback_id=callback_id, action_ts=at)

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
        self._show(self._slack.member(place.user_id), place.channel_id, body)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────

    async def _send(self, user_id: str, kind: str, **payload: Any) -> AppAnswer:
        member = self._slack.member(user_id)
        common = {
            "type": kind,
            "api_app_id": self._slack.app.app_id,
            "team": {"id": member.team_id, "domain": self._slack.workspaces[member.team_id].domain},
            "user": {"id": user_id, "username": member.name, "name": member.name, "team_id": member.team_id},
            "enterprise": None,
            "is_enterprise_install": False,
            **({} if kind == "block_suggestion" else {"trigger_id": self._slack.triggers.trigger(user_id)}),
        }
        return await self._slack.deliveries.send(urlencode({"payload": json.dumps(common | payload)}).encode(), _FORM)

    def _after_submission(self, state: ViewState, answer: dict[str, Any]) -> None:
        action = answer.get("response_action") if isinstance(answer, dict) else None
        if action == "update":
            views.update(self._slack, state, answer.get("view"))
        elif action == "push":
            views.open_modal(self._slack, state.user_id, answer.get("view"), push=True)
        elif action != "errors":
            views.close(self._slack, state, whole_stack=action == "clear")

    def _show_answer(self, member: SlackMember, channel: Channel, command: str, answer: AppAnswer) -> None:
        if not answer.ok:
            code = answer.failure if answer.failure == "operation_timeout" else "dispatch_failed"
            text = f'{command} failed with the error "{code}"'
            self._slack.post(channel.channel_id, "USLACKBOT", text, only_for=member.user_id)
            return
        body = answer.json()
        reply = body if isinstance(body, dict) else {"text": answer.body.decode("utf-8", "replace").strip()}
        if reply.get("text") or reply.get("blocks"):
            self._show(member, channel.channel_id, reply)

    def _show(self, member: SlackMember, channel_id: str, reply: dict[str, Any]) -> None:
        only_for = "" if reply.get("response_type") == "in_channel" else member.user_id
        bot = self._slack.bot_of(member.team_id).user_id
        self._slack.post(channel_id, bot, str(reply.get("text") or ""), reply.get("blocks"), only_for=only_for)

    def _response_url(self, kind: str, user_id: str, channel_id: str, message_ts: str = "") -> str:
        secret = self._slack.triggers.response(user_id, channel_id, message_ts)
        return f"{self._slack.url}/{kind}/{self._slack.member(user_id).team_id}/{secret}"


class Conversations:
    """The messages tab: what people write and send to the app. `given` lists the files that were downloaded."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self.given: list[str] = []

    def write(self, user_id: str, text: str) -> None:
        """A person writes to the app."""
        message = self._slack.post(self._slack.direct_channel(user_id).channel_id, user_id, text, bot=False)
        self._tell(user_id, {"text": text, "ts": message.ts})

    def send(
        self, user_id: str, name: str, content: bytes, *, mimetype: str = "text/calendar", filetype: str = "ics",
        address: str = "", size: int | None = None,
    ) -> StoredFile:  # fmt: skip
        """A person sends a file to the app: two events. `address` is of one that lives elsewhere."""
        channel = self._slack.direct_channel(user_id)
        file_id, where = f"F0FILE{self._slack.number():05d}", channel.channel_id
        file = StoredFile(file_id, channel.team_id, user_id, where, name, mimetype, filetype, content, address, size)
        self._slack.files[file_id] = file
        message = self._slack.post(where, user_id, name, bot=False)
        event = {"type": "file_shared", "channel_id": where, "file_id": file_id, "user_id": user_id}
        self._slack.deliveries.event(channel.team_id, event | {"file": {"id": file_id}}, user_id=user_id)
        listed = [as_file(self._slack, file)]
        self._tell(user_id, {"subtype": "file_share", "text": "", "files": listed, "upload": False, "ts": message.ts})
        return file

    def _tell(self, user_id: str, said: dict[str, Any]) -> None:
        channel = self._slack.direct_channel(user_id)
        event = {"type": "message", "channel": channel.channel_id, "channel_type": "im", "user": user_id}
        whole = {**event, "team": channel.team_id, **said}
        self._slack.deliveries.event(channel.team_id, whole, user_id=user_id, subscription="message.im")


def as_message(slack: LocalSlack, message: SlackMessage) -> dict[str, Any]:
    """The message object as payloads carry it."""
    sender = slack.members.get(message.user_id)
    body = {
        "type": "message", "user": message.user_id, "ts": message.ts, "text": message.text, "blocks": message.blocks,
        "app_id": slack.app.app_id,
    }  # fmt: skip
    return body | ({"bot_id": sender.bot_id, "team": sender.team_id} if sender and sender.is_bot else {})


def as_file(slack: LocalSlack, file: StoredFile) -> dict[str, Any]:
    """The file object."""
    address = file.address or f"{slack.url}/files-pri/{file.team_id}-{file.file_id}/download/{file.file_id}.bin"
    return {
        "id": file.file_id, "name": file.name, "title": file.name, "mimetype": file.mimetype,
        "filetype": file.filetype, "user": file.user_id, "size": len(file.content) if file.size is None else file.size,
        "mode": "external" if file.address else "hosted", "is_external": bool(file.address), "url_private": address,
        "url_private_download": address, "ims": [file.channel_id],
    }  # fmt: skip
