"""How each effect is carried out: read, decide, remember what is about to be done, do it, remember it.

The person's own photo is fetched and sealed before ours is put on.
"""

from __future__ import annotations

from dataclasses import replace

from services.domain.decisions import Action
from services.domain.effects import (
    LONGEST_SNOOZE,
    EffectAction,
    EffectDecision,
    PhotoMemory,
    SnoozeMemory,
    decide_presence,
    decide_snooze,
    refused,
    snoozed,
    too_long,
)
from services.domain.errors import (
    BadPictureError,
    PhotoUnreadableError,
    PictureMovesError,
    PictureTooLargeError,
    SlackError,
    SlackRefusedError,
    SlackUnavailableError,
)
from services.domain.model import Effect, Photo, Picture, Stretch
from services.domain.photos import decide_photo, is_uncertain, set_by_hand
from services.domain.reasons import ReasonCode
from services.engine.effects import Turn
from services.engine.failures import word_of
from services.pictures.reader import PictureReader, Square
from services.ports import Clock
from services.slack.calls import LONGEST_CALL
from services.slack.photos import DELETE_PHOTO, GET_PROFILE, SET_PHOTO, ShownPhoto, SlackPhotos
from services.slack.presence import (
    DND_INFO,
    END_SNOOZE,
    GET_PRESENCE,
    SET_PRESENCE,
    SET_SNOOZE,
    SlackPresence,
)
from services.store.asked_photos import NOT_DONE, AskedPhoto, AskedPhotoStore, PhotoAnswer
from services.store.pictures import ORIGINAL, OURS, OWN, PictureStore


class SnoozeCarrier:
    """Do not disturb: a lease on the person's snooze."""

    effect = Effect.DND

    def __init__(self, slack: SlackPresence, clock: Clock) -> None:
        self._slack = slack
        self._clock = clock
        self._ceilings: dict[str, int] = {}  # of workspaces: what one person has cost calls is spared all others

    def methods(self, stretch: Stretch | None) -> tuple[str, ...]:
        """Return a look, and setting or ending it."""
        return DND_INFO, END_SNOOZE if stretch is None else SET_SNOOZE

    async def carry_out(self, turn: Turn) -> None:
        """Have a snooze run to the stretch's end, or end ours."""
        calls, stretch, team_id = turn.calls, turn.stretch, turn.due.key.team_id
        with calls.making(DND_INFO):
            seen = await self._slack.snooze(calls.token)
        decision = decide_snooze(self._with_ceiling(turn.memory, team_id), seen, stretch, self._clock.now())
        if decision.action is EffectAction.LEAVE:
            await turn.settle(decision.memory, decision.look_again)
            return
        if not await turn.intend(decision.before):
            return
        if stretch is None:
            with calls.making(END_SNOOZE):
                await self._slack.end_snooze(calls.token)
            await turn.settle(decision.memory, action=Action.RESTORE)
            return
        try:
            with calls.making(SET_SNOOZE):
                returned = await self._slack.set_snooze(calls.token, decision.minutes)
        except SlackRefusedError as error:
            if error.reason != "too_long" or decision.minutes == 1:
                raise
            await turn.settle(self._with_ceiling(too_long(decision), team_id), self._clock.now())
            return
        done = snoozed(decision, returned, stretch)
        await turn.settle(done.memory, done.look_again, Action.WRITE)

    def _with_ceiling(self, memory: SnoozeMemory, team_id: str) -> SnoozeMemory:
        """Bound the memory by the least that Slack was found to take in the workspace, remembered for the next."""
        ceiling = min(memory.ceiling, self._ceilings.get(team_id, LONGEST_SNOOZE))
        if ceiling < LONGEST_SNOOZE:
            self._ceilings[team_id] = ceiling
        return replace(memory, ceiling=ceiling)


class PresenceCarrier:
    """Away: a debt of `auto`, remembered before `away` is sent."""

    effect = Effect.AWAY

    def __init__(self, slack: SlackPresence, clock: Clock) -> None:
        self._slack = slack
        self._clock = clock

    def methods(self, stretch: Stretch | None) -> tuple[str, ...]:
        """Return a look, and setting it."""
        return GET_PRESENCE, SET_PRESENCE

    async def carry_out(self, turn: Turn) -> None:
        """Set the person away for the stretch, or pay what is owed."""
        calls, stretch = turn.calls, turn.stretch
        with calls.making(GET_PRESENCE):
            away = await self._slack.is_away_by_hand(calls.token)
        decision = decide_presence(turn.memory, stretch, self._clock.now(), away=away)
        if decision.action is EffectAction.LEAVE:
            await turn.settle(decision.memory)
            return
        if not await turn.intend(decision.before):
            return
        with calls.making(SET_PRESENCE):
            await self._slack.set_presence(calls.token, away=stretch is not None)
        await turn.settle(decision.memory, action=Action.RESTORE if stretch is None else Action.WRITE)


class PhotoCarrier:
    """The photo: the person's own is sealed before ours is put on, and comes back.

    What their agent asks for is put on as their own: where one of ours is on, it is as if they had changed it by hand.
    """

    effect = Effect.PHOTO

    def __init__(
        self, slack: SlackPhotos, pictures: PictureStore, reader: PictureReader, clock: Clock, *, asked: AskedPhotoStore
    ) -> None:
        self._slack = slack
        self._asked = asked
        self._pictures = pictures
        self._reader = reader
        self._clock = clock

    def methods(self, stretch: Stretch | None) -> tuple[str, ...]:
        """Return a look, and setting it, or taking it away."""
        return GET_PROFILE, SET_PHOTO, *(() if stretch is not None else (DELETE_PHOTO,))

    async def carry_out(self, turn: Turn) -> None:
        """Have the photo of the stretch show, or the person's own again."""
        with turn.calls.making(GET_PROFILE):
            shown = await self._slack.read(turn.calls.token)
        if turn.due.asked and await self._put_on_theirs(turn, shown):
            return
        memory: PhotoMemory = turn.memory
        ours = is_uncertain(memory, shown.hash) and await self._is_ours(turn, shown)
        decision = decide_photo(memory, shown.hash, turn.stretch, self._clock.now(), ours=ours)
        if decision.action is EffectAction.TAKE_BACK:
            await self._take_back(turn, decision)
        elif decision.action is EffectAction.PUT_ON and turn.stretch is not None:
            await self._put_on(turn, decision, shown, turn.stretch)
        else:
            await turn.settle(decision.memory)

    async def _put_on_theirs(self, turn: Turn, shown: ShownPhoto) -> bool:
        """Put on what their agent asked for, or tell what came of it; False where there is nothing to do about it."""
        now, key = self._clock.now(), turn.due.key
        asked = await self._asked.waiting(key)
        if asked is None or not turn.due.asks(now):
            return False
        if asked.begun_at is not None:
            return await self._told(turn, asked, shown)
        if asked.until <= now:
            await self._asked.drop(key, asked.request)
            return False
        if not turn.calls.is_ours() or not await self._asked.begin(turn.due, asked.request, shown.hash, now):
            return True  # it stays due, and is read anew
        try:
            with turn.calls.making(SET_PHOTO):
                shown = await self._slack.set(turn.calls.token, asked.content, asked.crop)
        except SlackUnavailableError:  # nobody knows whether it was done
            raise
        except SlackRefusedError as error:
            await turn.settle(turn.memory, now)
            await self._asked.answer(key, asked.request, PhotoAnswer(error=word_of(error)))
            return True
        except SlackError:
            await self._asked.not_called(key, asked.request)
            raise
        await self._is_theirs(turn, asked, shown)
        return True

    async def _told(self, turn: Turn, asked: AskedPhoto, shown: ShownPhoto) -> bool:
        """Return what came of a call whose answer we did not get: what shows tells whether it was carried out.

        False where it was not, or they have changed it since; then what is wanted is looked at as ever.
        """
        over = (asked.begun_at or asked.asked_at) + LONGEST_CALL
        if shown.hash == asked.before and over > self._clock.now():
            await turn.settle(turn.memory, over)
            return True
        if shown.hash != asked.before and await self._shows(turn, asked, shown):
            await self._is_theirs(turn, asked, shown)
            return True
        await self._asked.answer(turn.due.key, asked.request, PhotoAnswer(error=NOT_DONE))
        return False

    async def _shows(self, turn: Turn, asked: AskedPhoto, shown: ShownPhoto) -> bool:
        try:
            square = await self._reader.square(_whose(turn), asked.content, ",".join(map(str, asked.crop)))
            return await self._reader.are_alike(_whose(turn), square.content, await self._slack.fetch(shown))
        except (BadPictureError, PictureTooLargeError, PictureMovesError):
            return False  # what was asked for is none of these

    async def _is_theirs(self, turn: Turn, asked: AskedPhoto, shown: ShownPhoto) -> None:
        memory = set_by_hand(turn.memory, turn.stretch, asked.asked_at)
        again = turn.stretch is not None and not memory.over  # it began after that: it is covered, like any other
        await turn.settle(memory, self._clock.now() if again else None)
        await self._asked.answer(turn.due.key, asked.request, PhotoAnswer(dict(shown.profile)))

    async def _is_ours(self, turn: Turn, shown: ShownPhoto) -> bool:
        """Return whether what shows is the picture that we put on last, as far as Slack has left it as it was."""
        ours = await self._pictures.read(turn.due.key, OURS)
        if ours is None:
            return False
        try:
            return await self._reader.are_alike(_whose(turn), ours, await self._slack.fetch(shown))
        except (BadPictureError, PictureTooLargeError, PictureMovesError):
            return False  # ours is none of these

    async def _square_of(self, whose: str, shown: ShownPhoto) -> Square:
        """Return the square that shows, whole, as Slack takes it back.

        Raises PhotoUnreadableError where there is none.
        """
        try:
            return await self._reader.keep(whose, await self._slack.fetch(shown))
        except (BadPictureError, PictureTooLargeError, PictureMovesError) as error:
            raise PhotoUnreadableError(error.reason) from None

    async def _take_back(self, turn: Turn, decision: EffectDecision[PhotoMemory]) -> None:
        memory, calls = decision.before, turn.calls
        original = await self._pictures.read(turn.due.key, ORIGINAL) if memory.own else None
        if memory.own and original is None:
            raise PhotoUnreadableError("no original")
        if not await turn.intend(memory):
            return
        if original is not None:
            with calls.making(SET_PHOTO):
                await self._slack.put_on(calls.token, original, memory.side)
        else:
            with calls.making(DELETE_PHOTO):
                await self._slack.take_off(calls.token)
        await turn.settle(decision.memory, action=Action.RESTORE)

    async def _put_on(
        self, turn: Turn, decision: EffectDecision[PhotoMemory], shown: ShownPhoto, stretch: Stretch
    ) -> None:
        calls, key, whose, now = turn.calls, turn.due.key, _whose(turn), self._clock.now()
        before, kept = decision.before, []
        if before.ours:  # another one than is on: the person's own is kept already
            original = await self._pictures.read(key, ORIGINAL)
        else:
            square = await self._square_of(whose, shown)
            original, before = square.content, replace(before, own=shown.own, side=square.side)
            kept.append(await self._pictures.sealed(key, ORIGINAL, original, now))
        ours = await self._ours(turn, stretch.photo or Photo(), original)
        if ours is None:
            memory = replace(decision.before, pending="", photo=None)
            await turn.settle(refused(memory, ReasonCode.NO_PICTURE, stretch))
            return
        kept.append(await self._pictures.sealed(key, OURS, ours.content, now))
        if not calls.take_if_there_is(GET_PROFILE):
            return  # it stays due
        with calls.making(GET_PROFILE):
            again = await self._slack.read(calls.token)
        if again.hash != shown.hash:  # they changed it while theirs was fetched: that one is to come back
            await turn.settle(turn.memory, self._clock.now())
            return
        if not await turn.intend(before, kept):
            return
        with calls.making(SET_PHOTO):
            returned = await self._slack.put_on(calls.token, ours.content, ours.side)
        memory = replace(decision.memory, ours=returned, own=before.own, side=before.side)
        await turn.settle(memory, action=Action.WRITE)

    async def _ours(self, turn: Turn, photo: Photo, original: bytes | None) -> Square | None:
        """Return the picture that is to be put on; None where the person has sent none. Raises SlackRefusedError."""
        if photo.picture is not Picture.OWN:
            if original is None:
                raise PhotoUnreadableError("no original")
            return await self._reader.sign(_whose(turn), original, photo.picture.value)
        sent = await self._pictures.read(turn.due.key, OWN)
        return None if sent is None else await self._reader.square(_whose(turn), sent, photo.crop)


def _whose(turn: Turn) -> str:
    return f"{turn.due.key.team_id}/{turn.due.key.user_id}"
