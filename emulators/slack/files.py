"""What a person writes and sends in their own conversation with the app, and the files that are kept of it.

Payloads: docs.slack.dev/reference/events/message.im, …/message/file_share, …/file_shared, …/objects/file-object.
"""

from __future__ import annotations

from typing import Any

from emulators.slack.core import SlackCore
from emulators.slack.delivery import Deliveries
from emulators.slack.state import StoredFile


class Conversations:
    """The messages tab. `given` lists the files that were downloaded, in order."""

    def __init__(self, slack: SlackCore, deliveries: Deliveries) -> None:
        self._slack = slack
        self._deliveries = deliveries
        self.given: list[str] = []

    def write(self, user_id: str, text: str) -> None:
        """A person writes to the app."""
        channel = self._slack.direct_channel(user_id)
        message = self._slack.post(channel.channel_id, user_id, text, bot=False)
        self._tell(user_id, {"text": text, "ts": message.ts})

    def send(
        self,
        user_id: str,
        name: str,
        content: bytes,
        *,
        mimetype: str = "text/calendar",
        filetype: str = "ics",
        address: str = "",
        size: int | None = None,
    ) -> StoredFile:
        """A person sends a file to the app: two events. `address` is of one that lives elsewhere."""
        member, channel = self._slack.member(user_id), self._slack.direct_channel(user_id)
        file_id = f"F0FILE{self._slack.number():05d}"
        file = StoredFile(
            file_id, member.team_id, user_id, channel.channel_id, name, mimetype, filetype, content, address, size
        )
        self._slack.files[file_id] = file
        message = self._slack.post(channel.channel_id, user_id, name, bot=False)
        event: dict[str, Any] = {
            "type": "file_shared", "channel_id": channel.channel_id, "file_id": file_id, "user_id": user_id,
            "file": {"id": file_id},
        }  # fmt: skip
        self._deliveries.event(member.team_id, event, user_id=user_id)
        listed = [as_file(self._slack, file)]
        self._tell(user_id, {"subtype": "file_share", "text": "", "files": listed, "upload": False, "ts": message.ts})
        return file

    def _tell(self, user_id: str, said: dict[str, Any]) -> None:
        member, channel = self._slack.member(user_id), self._slack.direct_channel(user_id)
        event = {
            "type": "message", "channel": channel.channel_id, "channel_type": "im", "user": user_id,
            "team": member.team_id, **said,
        }  # fmt: skip
        self._deliveries.event(member.team_id, event, user_id=user_id)


def as_file(slack: SlackCore, file: StoredFile) -> dict[str, Any]:
    """The file object."""
    address = file.address or f"{slack.url}/files-pri/{file.team_id}-{file.file_id}/download/{file.file_id}.bin"
    return {
        "id": file.file_id,
        "name": file.name,
        "title": file.name,
        "mimetype": file.mimetype,
        "filetype": file.filetype,
        "user": file.user_id,
        "size": len(file.content) if file.size is None else file.size,
        "mode": "external" if file.address else "hosted",
        "is_external": bool(file.address),
        "url_private": address,
        "url_private_download": address,
        "ims": [file.channel_id],
    }
