"""A person's list as a file: sent to the app, which takes it in the place of the present one, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog

from services.domain.errors import (
    CalendarTooLargeError,
    InputError,
    NotACalendarError,
    NotAListError,
    NotInstalledError,
)
from services.domain.model import PersonKey
from services.platform.readers import Readers
from services.slack.files import SentFile, SlackFiles
from services.store.line_file import MOST_BYTES
from services.store.line_json import line_from_json
from services.store.workspaces import WorkspaceStore
from services.usecases.list_worker import ERRORS
from services.usecases.people import PersonalSettings

log = structlog.get_logger(__name__)

_SECONDS = 5.0
_MEMORY = 512 * 2**20


class ListProblemsError(InputError):
    """Nothing was changed: there are mistakes in this list."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        """`problems` are fields of the file, each with what is wrong there; of the operator's log they are no part."""
        super().__init__("problems", count=len(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class TakenList:
    """What came of a file: how many lines the list has now, and what takes that back ("" where nothing changed)."""

    lines: int
    undo_id: str


def _readers() -> Readers:
    return Readers("services.usecases.list_worker", ERRORS, NotAListError, workers=1, seconds=_SECONDS, memory=_MEMORY)


@dataclass(frozen=True, slots=True)
class ListFiles:
    """What the messages tab calls."""

    slack: SlackFiles
    workspaces: WorkspaceStore
    settings: PersonalSettings
    readers: Readers = field(default_factory=_readers)

    async def take(self, key: PersonKey, file: SentFile) -> TakenList:
        """Make the list in a file the person's own.

        Raises ListProblemsError, NotAListError, NotGrantedError, NotInstalledError, SlackError.
        """
        token = await self.workspaces.bot_token(key.team_id)
        if token is None:
            raise NotInstalledError("no bot token", team_id=key.team_id)
        if file.size > MOST_BYTES:
            raise NotAListError("size")
        try:
            content = await self.slack.download(token, file)
        except (CalendarTooLargeError, NotACalendarError) as error:
            raise NotAListError(error.reason) from None
        if len(content) > MOST_BYTES:
            raise NotAListError("size")
        said, stored = await self.readers.ask(f"{key.team_id}/{key.user_id}", {"task": "read"}, [content])
        if said["problems"]:
            raise ListProblemsError([(name, reason) for name, reason in said["problems"]])
        lines = tuple(map(line_from_json, stored))
        undo_id = await self.settings.change_lines(key, lambda _: lines)
        log.info("list_taken", team_id=key.team_id, user_id=key.user_id, lines=len(lines))
        return TakenList(len(lines), undo_id)

    async def close(self) -> None:
        """End the process that reads lists."""
        await self.readers.close()
