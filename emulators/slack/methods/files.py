"""files.info."""

from __future__ import annotations

from typing import Any

from emulators.slack.errors import RefusalError
from emulators.slack.files import as_file
from emulators.slack.request import ApiRequest


def info(request: ApiRequest) -> dict[str, Any]:
    """files.info of a file of the token's workspace."""
    file = request.slack.files.get(request.text("file"))
    if file is None or file.team_id != request.owner.team_id:
        raise RefusalError("file_not_found")
    return {"ok": True, "file": as_file(request.slack, file), "comments": []}
