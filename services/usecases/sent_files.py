"""Files that a person sends to the app, besides calendars: the picture for their absences, and their list.

A list is taken in the place of the present one, whole or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog

from services.domain.errors import (
    BadPictureError,
    FileElsewhereError,
    FileTooLargeError,
    InputError,
    NotAListError,
    PictureTooLargeError,
    StatusQuoError,
)
from services.domain.model import PersonKey
from services.pictures import reader as pictures
from services.pictures.reader import PictureReader, TakenPicture
from services.platform.readers import Readers
from services.ports import Clock
from services.slack.files import SentFile, SlackFiles
from services.store import line_file
from services.store.line_json import line_from_json
from services.store.list_mistakes import ListMistakeError, Mistake
from services.store.pictures import PictureStore
from services.store.workspaces import WorkspaceStore
from services.usecases.list_worker import ERRORS
from services.usecases.people import PersonalSettings

log = structlog.get_logger(__name__)

_SECONDS = 5.0
_MEMORY = 512 * 2**20


class ListProblemsError(InputError):
    """Nothing was changed: there are mistakes in this list."""

    def __init__(self, problems: list[ListMistakeError]) -> None:
        """`problems` of the file's fields; of the operator's log they are no part."""
        super().__init__("problems", count=len(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class TakenList:
    """What came of a file: how many lines the list has now, and what takes that back ("" where nothing changed)."""

    lines: int
    undo_id: str


def _list_readers() -> Readers:
    return Readers("services.usecases.list_worker", ERRORS, NotAListError, workers=1, seconds=_SECONDS, memory=_MEMORY)


@dataclass(frozen=True, slots=True)
class SentFiles:
    """What the messages tab calls."""

    slack: SlackFiles
    workspaces: WorkspaceStore
    pictures: PictureStore
    picture_reader: PictureReader
    settings: PersonalSettings
    clock: Clock
    list_readers: Readers = field(default_factory=_list_readers)

    async def has_picture(self, key: PersonKey) -> bool:
        """Return whether a picture is kept that the person sent."""
        return await self.pictures.has_own(key)

    async def take_picture(self, key: PersonKey, file: SentFile) -> TakenPicture:
        """Keep the picture in a file as the person's own, in the place of the one before.

        Raises BadPictureError, PictureTooLargeError, PictureMovesError, NotGrantedError, NotInstalledError, SlackError.
        """
        content = await self._content(key, file, pictures.MOST_BYTES, PictureTooLargeError, BadPictureError)
        taken = await self.picture_reader.take(f"{key.team_id}/{key.user_id}", content)
        await self.pictures.put_own(key, taken.content, self.clock.now())
        log.info("picture_taken", team_id=key.team_id, user_id=key.user_id, bytes=len(taken.content))
        return taken

    async def take_list(self, key: PersonKey, file: SentFile) -> TakenList:
        """Make the list in a file the person's own.

        Raises ListProblemsError, NotAListError, NotGrantedError, NotInstalledError, SlackError.
        """
        content = await self._content(key, file, line_file.MOST_BYTES, NotAListError, NotAListError)
        said, stored = await self.list_readers.ask(f"{key.team_id}/{key.user_id}", {"task": "read"}, [content])
        if said["problems"]:
            raise ListProblemsError(
                [ListMistakeError(Mistake[name], at, **facts) for at, name, facts in said["problems"]]
            )
        lines = tuple(map(line_from_json, stored))
        undo_id = await self.settings.change_lines(key, lambda _: lines)
        log.info("list_taken", team_id=key.team_id, user_id=key.user_id, lines=len(lines))
        return TakenList(len(lines), undo_id)

    async def _content(
        self, key: PersonKey, file: SentFile, most: int, too_large: type[StatusQuoError], wrong: type[StatusQuoError]
    ) -> bytes:
        """Return all of a file, of at most so many bytes."""
        token = await self.workspaces.the_bot_token(key.team_id)
        if file.size > most:
            raise too_large("size")
        try:
            content = await self.slack.download(token, file)
        except FileTooLargeError as error:
            raise too_large(error.reason) from None
        except FileElsewhereError as error:
            raise wrong(error.reason) from None
        if len(content) > most:
            raise too_large("size")
        return content

    async def close(self) -> None:
        """End the process that reads lists."""
        await self.list_readers.close()
