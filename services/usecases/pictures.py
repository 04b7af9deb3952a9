"""The picture that a person sends to the app for their absences."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from services.domain.errors import (
    BadPictureError,
    CalendarTooLargeError,
    NotACalendarError,
    NotInstalledError,
    PictureTooLargeError,
)
from services.domain.model import PersonKey
from services.pictures.reader import MOST_BYTES, PictureReader, TakenPicture
from services.ports import Clock
from services.slack.files import SentFile, SlackFiles
from services.store.pictures import PictureStore
from services.store.workspaces import WorkspaceStore

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OwnPictures:
    """What the messages tab calls."""

    slack: SlackFiles
    workspaces: WorkspaceStore
    pictures: PictureStore
    reader: PictureReader
    clock: Clock

    async def has_own(self, key: PersonKey) -> bool:
        """Whether a picture is kept that the person sent."""
        return await self.pictures.has_own(key)

    async def take(self, key: PersonKey, file: SentFile) -> TakenPicture:
        """Keep the picture in a file as the person's own, in the place of the one before.

        Raises BadPictureError, PictureTooLargeError, PictureMovesError, NotGrantedError, NotInstalledError, SlackError.
        """
        token = await self.workspaces.bot_token(key.team_id)
        if token is None:
            raise NotInstalledError("no bot token", team_id=key.team_id)
        if file.size > MOST_BYTES:
            raise PictureTooLargeError("size")
        try:
            content = await self.slack.download(token, file)
        except CalendarTooLargeError as error:
            raise PictureTooLargeError(error.reason) from None
        except NotACalendarError as error:
            raise BadPictureError(error.reason) from None
        taken = await self.reader.take(f"{key.team_id}/{key.user_id}", content)
        await self.pictures.put_own(key, taken.content, self.clock.now())
        log.info("picture_taken", team_id=key.team_id, user_id=key.user_id, bytes=len(taken.content))
        return taken
